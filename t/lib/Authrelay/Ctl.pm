# t/lib/Authrelay/Ctl.pm: authrelayctl, run to its end
# SPDX-License-Identifier: ISC
package Authrelay::Ctl;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Authrelay::Daemon;
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
our @EXPORT_OK = qw(ctl ctl_with_input need_ctl);

my $PROGRAM = $ENV{AUTHRELAYCTL} // Authrelay::Daemon::top() . '/authrelayctl';
my $folder;

sub program { return $PROGRAM }

# Returns the exit code and what was printed, on standard output and on standard error.
sub ctl { return ctl_with_input('', @_) }

sub ctl_with_input
{
	my ($input, @argument) = @_;

	return run_with_input($input, $PROGRAM, @argument);
}

# The same for another command.
sub run_with_input
{
	my ($input, @command) = @_;

	$folder //= scratch_folder();
	write_file("$folder/in", $input);
	my $process = Authrelay::Process->start(command => ['/bin/sh', '-c',
	    'd=$1; shift; exec "$@" <"$d/in" >"$d/out" 2>"$d/err"', 'sh', $folder, @command]);
	my $code = $process->wait_exit(60) // die "@command: not done within 60 seconds\n";
	return ($code, read_file("$folder/out"), read_file("$folder/err"));
}

sub need_ctl
{
	return if -x $PROGRAM;
	plan skip_all => 'authrelayctl is not built' unless $ENV{CI};
	plan tests => 1;
	fail('authrelayctl is built');
	exit 1;
}

1;
