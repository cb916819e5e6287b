#!/usr/bin/perl
# t/daemon/daemon_signals.t: a signal during the start is handled by the daemon, not by libmilter
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Wait qw(wait_until);

need_daemon();

my $STARTS = 20;	# of each kind
my $HUPS = 40;	# for each start: the moment in which another thread could take one is short

# A daemon whose socket exists, and which may still be starting.
sub start
{
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = local.test\n");
	my $process = Authrelay::Process->start(command => [Authrelay::Daemon::program(), '-f', '-c',
	    $daemon->conf_file], output => $daemon->log_file);
	my $end = time + 20;

	# No pause: it would miss the moment.
	1 until -e $daemon->socket_file || !$process->is_running || time > $end;
	return ($daemon, $process);
}

# One signal after the other, a little apart: two that wait together are one.
sub reload_while_it_starts
{
	my ($process) = @_;

	for (1 .. $HUPS) {
		kill 'HUP', $process->pid;
		select undef, undef, undef, 0.0005;
	}
}

sub events
{
	my ($daemon) = @_;
	my ($records) = read_lines($daemon->audit_file);

	return join ' ', map { $_->{event} } grep { $_->{event} !~ /^(?:reload|anchor)$/ } @$records;
}

subtest 'SIGHUP during the start is a reload' => sub {
	for my $n (1 .. $STARTS) {
		my ($daemon, $process) = start();

		reload_while_it_starts($process);
		ok(wait_until(20, sub { $daemon->answers || !$process->is_running }) && $process->is_running,
		    "start $n: it serves") or diag $daemon->log_text;
		is($process->stop('TERM'), 0, "start $n: SIGTERM ends it, exit code 0");
		is(events($daemon), 'start stop', "start $n: and that is in the record");
		like($daemon->log_text, qr/: reloaded, /, "start $n: it was reloaded");
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	}
};

subtest 'SIGTERM during the start is the end' => sub {
	for my $n (1 .. $STARTS) {
		my ($daemon, $process) = start();

		reload_while_it_starts($process) if $n % 2;
		is($process->stop('TERM'), 0, "start $n: exit code 0") or diag $daemon->log_text;
		is(events($daemon), 'start stop', "start $n: it started and stopped");
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	}
};

done_testing;
