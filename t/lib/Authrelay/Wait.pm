# t/lib/Authrelay/Wait.pm: waiting for a condition, with an end
# SPDX-License-Identifier: ISC
package Authrelay::Wait;
use strict;
use warnings;
use Carp qw(croak);
use Exporter 'import';
use Time::HiRes qw(sleep time);
our @EXPORT_OK = qw(wait_until wait_for);

# Returns the first true value of the code, or nothing when the seconds are over.
sub wait_until
{
	my ($seconds, $code) = @_;
	my $end = time + $seconds;

	for (;;) {
		my $value = $code->();
		return $value if $value;
		return if time > $end;
		sleep 0.01;
	}
}

# The same, but dies with the name of what did not come.
sub wait_for
{
	my ($what, $seconds, $code) = @_;

	return wait_until($seconds, $code) // croak "no $what within $seconds seconds";
}

1;
