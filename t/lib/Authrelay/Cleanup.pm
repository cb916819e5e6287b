# t/lib/Authrelay/Cleanup.pm: what has to be undone when the program ends, however it ends
# SPDX-License-Identifier: ISC
package Authrelay::Cleanup;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(at_end forget_all fail_at_end);

my (@undo, $has_failed);
my $owner = $$;

# Signals have to reach END, and that they do by way of exit.
$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';

# The last one given is done first.
sub at_end
{
	my ($code) = @_;

	push @undo, $code;
}

# Leaves everything as it is.
sub forget_all
{
	@undo = ();
}

# The program ends with a failure, whatever its checks were.
sub fail_at_end
{
	my ($why) = @_;

	warn "$why\n";
	$has_failed = 1;
}

# A forked child has nothing to undo: it would take the parent's things away.
END {
	if ($$ == $owner) {
		{
			local ($?, $!, $@);
			while (my $code = pop @undo) {
				eval { $code->(); 1 } or fail_at_end($@);
			}
		}
		$? = 1 if $has_failed && $? == 0;
	}
}

1;
