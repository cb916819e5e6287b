#!/usr/bin/perl
# t/daemon/daemon_notify.t: what the service manager is told, and how the daemon stops
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Time::HiRes qw(time);
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::Load;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Proc qw(limit_of set_limit);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_until);

need_daemon();

my $CONF = "local-domains = { \"local.test\" }\n";
my $DENIED = '550 5.7.1 Relaying denied; authenticate first';

# A service manager's socket; its name is the system's own where it begins with an @.
sub manager
{
	my ($name) = @_;

	return IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name =~ s/^@/\0/r) // die "$name: $!\n";
}

# The next datagram, or nothing when the seconds are over.
sub told
{
	my ($manager, $seconds) = @_;

	IO::Select->new($manager)->can_read($seconds) or return 'nothing';
	$manager->recv(my $text, 4096);
	return $text;
}

# Skips what is not asked for; true if it came.
sub told_of
{
	my ($manager, $pattern, $seconds) = @_;
	my $end = time + $seconds;

	while (time < $end) {
		return 1 if told($manager, $end - time) =~ $pattern;
	}
	return 0;
}

# A daemon under this manager.
sub start
{
	my ($name, %env) = @_;
	local @ENV{'NOTIFY_SOCKET', keys %env} = ($name, values %env);
	my $daemon = Authrelay::Daemon->new(conf => $CONF);

	return $daemon->start;
}

sub session
{
	my ($daemon) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	return $m;
}

for my $kind ('a path', 'an abstract name') {
	subtest "ready, reloading, stopping: $kind" => sub {
		my $name = $kind eq 'a path' ? scratch_folder() . '/notify' : "\@authrelay-test-$$";
		my $manager = manager($name);
		my $daemon = start($name);
		my $pid = $daemon->pid;

		is(told($manager, 10), "READY=1\nMAINPID=$pid", 'ready, with its pid');
		my $answers = $daemon->answers;
		ok($answers, 'and it is');
		kill 'HUP', $pid;
		my ($usec) = told($manager, 10) =~ /\ARELOADING=1\nMONOTONIC_USEC=(\d+)\z/;
		my $now = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
		ok(defined $usec, 'reloading, with the time');
		cmp_ok(abs(($usec // 0) / 1e6 - $now), '<', 60, 'of the right clock');
		is(told($manager, 10), "READY=1\nMAINPID=$pid", 'ready again');
		write_file($daemon->conf_file, "mode = perhaps\n");
		kill 'HUP', $pid;
		like(told($manager, 10), qr/\ARELOADING=1\n/, 'a reload that fails');
		like(told($manager, 10), qr/\AREADY=1\n/, 'ends as well');
		kill 'TERM', $pid;
		is(told($manager, 10), 'STOPPING=1', 'stopping');
		is($daemon->process->wait_exit(20), 0, 'and it has stopped');
		is(told($manager, 0), 'nothing', 'there was no watchdog to feed');
	};
}

subtest 'in the background the pid is that of the daemon' => sub {
	my $name = scratch_folder() . '/notify';
	my $manager = manager($name);
	my $daemon = Authrelay::Daemon->new(conf => $CONF);
	local $ENV{NOTIFY_SOCKET} = $name;
	my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-c', $daemon->conf_file, '-o',
	    'pid-file = "' . $daemon->folder . '/pid"');
	my ($pid) = read_file($daemon->folder . '/pid') =~ /^(\d+)$/;

	Authrelay::Cleanup::at_end(sub { kill 'KILL', $pid if $pid });
	is($code, 0, 'started') or diag $text;
	is(told($manager, 10), "READY=1\nMAINPID=" . ($pid // 'none'), 'ready');
	kill 'TERM', $pid;
	ok(told_of($manager, qr/STOPPING=1/, 10), 'stopping');
	ok(wait_until(20, sub { !kill 0, $pid }), 'stopped');
	undef $pid;
};

subtest 'nobody there' => sub {
	for my $name ('/nonexistent/notify', 'word', '', '@', '/' . 'x' x 200) {
		my $daemon = start($name);
		is($daemon->stop('TERM'), 0, "it starts and ends all the same: '" . substr($name, 0, 30) . "'");
	}
};

subtest 'watchdog' => sub {
	my $name = scratch_folder() . '/notify';
	my $manager = manager($name);
	my $daemon = start($name, WATCHDOG_USEC => 600_000, WATCHDOG_PID => '');
	my $pid = $daemon->pid;

	ok(told_of($manager, qr/\AWATCHDOG=1\z/, 10), 'a ping') for 1 .. 5;
	my $early = session($daemon);
	# No descriptor is left, so that nobody who comes is answered.
	my ($soft, $hard) = limit_of($pid, 'Max open files');
	ok(set_limit($pid, nofile => '40:'), 'with 40 descriptors only');
	my @m = map { eval { Authrelay::MilterClient->new($daemon->socket) } // () } 1 .. 60;
	ok(wait_until(20, sub { $daemon->log_text =~ /error: watchdog: the self-check got no answer\n/ }),
	    'that it does not answer its own probe is logged');
	told($manager, 0) eq 'nothing' or redo_told($manager);
	is(told($manager, 1.5), 'nothing', 'and there is no ping as long as it does not');
	is($early->rcpt('<x@outside.test>'), $DENIED, 'a connection from before is served');
	$_->close for @m;
	set_limit($pid, nofile => "$soft:");
	ok(told_of($manager, qr/\AWATCHDOG=1\z/, 20), 'pings again, when it answers') for 1 .. 3;
	$early->quit;
	is($daemon->stop('TERM'), 0, 'it ends well');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

# Reads away what was sent before.
sub redo_told { my ($manager) = @_; 1 while told($manager, 0) ne 'nothing' }

subtest 'the watchdog is for somebody else, or off' => sub {
	for my $env ({ WATCHDOG_USEC => 300_000, WATCHDOG_PID => 1 }, { WATCHDOG_USEC => 'x' }, { WATCHDOG_USEC => 0 }) {
		my $name = scratch_folder() . '/notify';
		my $manager = manager($name);
		my $daemon = start($name, %$env);
		like(told($manager, 10), qr/\AREADY=1/, 'ready');
		is(told($manager, 0.5), 'nothing', 'and no ping: ' . join ' ', map { "$_=$env->{$_}" } sort keys %$env);
		$daemon->stop;
	}
};

subtest 'a stop, with sessions under way' => sub {
	my $daemon = Authrelay::Daemon->new(conf => $CONF)->start;
	my @m = map { session($daemon) } 1 .. 30;

	is($_->rcpt('<x@outside.test>'), $DENIED, 'before') for @m[0, 1];
	my $start = time;
	kill 'TERM', $daemon->pid;
	my %seen;
	# all ask, twenty times, before anybody listens
	for (1 .. 20) {
		eval { $_->write_packet('R', "<x\@outside.test>\0<x\@outside.test>\0") } for @m;
	}
	for my $m (@m) {
		my $count = 0;
		while (my ($command, $data) = eval { $m->read_packet }) {
			$seen{ $command eq 'y' ? $data =~ s/\0//r : $command }++;
			last if ++$count == 20;
		}
	}
	is($daemon->process->wait_exit(20), 0, 'exit code');
	my $took = time - $start;
	note sprintf '%.3f s from SIGTERM to the end', $took;
	cmp_ok($took, '<', 5, 'libmilter is not waited for');
	note join ', ', map { "$_: $seen{$_}" } sort keys %seen;
	is(scalar(grep { $_ ne $DENIED && !/^451 4\.3\.0 / } keys %seen), 0, 'refused, or 451, or the end');
	my ($record) = read_lines($daemon->audit_file);
	cmp_ok(scalar(grep { ($_->{verdict} // '') eq 'reject' } @$record), '>=', $seen{$DENIED} // 0,
	    'each refusal has its record');
	is(join(' ', map { $_->{event} } @$record[-2, -1]), 'stop anchor', 'the last record is the stop, and an anchor');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'stopped under load' => sub {
	for my $signal ('TERM', 'INT', 'TERM') {
		my $daemon = Authrelay::Daemon->new(conf => $CONF)->start;
		my $load = Authrelay::Load->start($daemon, clients => 4);
		$load->wait_for_answers(400);
		my $start = time;
		is($daemon->stop($signal), 0, "SIG$signal: exit code");
		my $took = time - $start;
		note sprintf '%.3f s', $took;
		cmp_ok($took, '<', 5, 'soon');
		$load->stop;
		my @wrong = $load->wrong(may_defer => 1);
		is(scalar @wrong, 0, 'right answers, or 451') or diag $wrong[0];
		my ($record, $torn) = read_lines($daemon->audit_file);
		my @unrecorded = grep { !/ 451 4\.3\.0 / } $load->unrecorded($record);
		is(scalar @unrecorded, 0, 'each answer that a client saw has its record') or diag $unrecorded[0];
		is(join(' ', map { $_->{event} } @$record[-2, -1]), 'stop anchor', 'the last record is the stop, and an anchor');
		is(scalar @$torn, 0, 'and every line is whole');
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	}
};

done_testing;
