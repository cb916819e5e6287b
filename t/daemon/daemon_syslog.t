#!/usr/bin/perl
# t/daemon/daemon_syslog.t: records whose only place is the system's log; a permit that it did not take is none
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::Load;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file);
use Authrelay::Syslog;
use Authrelay::Wait qw(wait_until);

need_daemon();
plan skip_all => 'syslog_shim.so is not built' unless -e Authrelay::Syslog::shim() || $ENV{CI};

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $DEFERRED = qr/^451 4\.3\.0 /;

# One in the background, so that its log is syslog's, with no file of records. Returns it, the exit code of
# the start and what that said.
sub start
{
	my ($syslog, $audit) = @_;
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n", audit => "\tsyslog = yes\n$audit");
	my $pid_file = $daemon->folder . '/pid';
	local %ENV = (%ENV, $syslog->environment);

	Authrelay::Cleanup::at_end(sub { kill 'KILL', pid_of($daemon) if -e $pid_file });
	return ($daemon, Authrelay::Process->run(Authrelay::Daemon::program(), '-c', $daemon->conf_file,
	    '-o', "pid-file = \"$pid_file\"", '-o', 'audit.file = ""'));
}

sub pid_of { my ($daemon) = @_; return read_file($daemon->folder . '/pid') =~ /^(\d+)$/ ? $1 : () }

sub ends
{
	my ($daemon) = @_;
	my $pid = pid_of($daemon) or return;

	kill 'TERM', $pid;
	return wait_until(20, sub { !kill 0, $pid });
}

sub session
{
	my ($daemon) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	return $m;
}

# The records of recipients among the lines, with the keys that Load asks for, and the number.
sub records
{
	my ($syslog) = @_;

	return map {
		my %key = $_->[1] =~ /(?:^| )(event|verdict|seq|sender|rcpt)=(\S+)/g;
		%key && $key{event} ? \%key : ();
	} $syslog->lines;
}

sub permits { my ($syslog) = @_; return scalar grep { ($_->{verdict} // '') eq 'permit' } records($syslog) }

subtest 'no syslog daemon, and no file' => sub {
	for my $on_failure (qw(tempfail continue)) {
		my ($daemon, $code, $text) = start(Authrelay::Syslog->new, "\ton-failure = $on_failure\n");
		is($code, 1, "$on_failure: no start without its first record") or diag $text;
		like($text, qr{error:\ audit:\ cannot\ write\ records\ to\ /dev/log:\ No\ such\ file\ or\ directory;\ set\ audit\.file
		    \ to\ keep\ them\ in\ a\ file;\ records\ lost:\ 1$}mx, 'which says why, and the way out');
		ok(!-e $daemon->socket_file, 'and leaves no socket');
	}
};

for my $type (qw(datagram stream)) {
	subtest "a syslog daemon that is restarted, $type" => sub {
		my $syslog = Authrelay::Syslog->new(stream => $type eq 'stream')->start;
		my ($daemon, $code, $text) = start($syslog, '');
		is($code, 0, 'it starts') or diag $text;
		my $m = session($daemon);
		is($m->rcpt('<a@local.test>'), 'continue', 'a permit');
		ok($syslog->hears(qr/^verdict=permit .* rcpt=<a\@local\.test> /), 'is in the log');
		$syslog->stop;
		my @answer = map { $m->rcpt('<b@local.test>') } 1 .. 20;
		is(scalar(grep { $_ =~ $DEFERRED } @answer), 20, 'without it each is deferred') or diag "@answer";
		like($m->rcpt('<x@outside.test>'), $DEFERRED, 'a stranger, too');
		like(session($daemon)->rcpt('<a@local.test>'), $DEFERRED, 'on a new connection, too');
		$syslog->start;
		is($m->rcpt('<c@local.test>'), 'continue', 'with another one it goes on by itself');
		is($m->rcpt('<x@outside.test>'), $DENIED, 'and enforces');
		ok($syslog->hears(qr/ rcpt=<x\@outside\.test> /), 'and that is in the log');
		ok($syslog->hears(qr/^warning: audit: written again; records lost: 22$/), 'with the count of what is not')
		    or diag join "\n", $syslog->messages;
		is(scalar(grep { ($_->{rcpt} // '') eq '<b@local.test>' } records($syslog)), 0, 'those that were deferred');
		my @seq = map { $_->{seq} } records($syslog);
		is("@seq", '1 2 25 26', 'whose numbers are missing');
		$syslog->stop;
		$syslog->start;
		is($m->rcpt('<d@local.test>'), 'continue', 'a restart that nobody notices: goes on');
		ok($syslog->hears(qr/ rcpt=<d\@local\.test> /), 'with the record');
		ok(ends($daemon), 'it ends');
		ok($syslog->hears(qr/event=stop/), 'with its last record');
	};
}

subtest 'no syslog daemon any more, continue' => sub {
	my $syslog = Authrelay::Syslog->new->start;
	my ($daemon) = start($syslog, "\ton-failure = continue\n");
	my $m = session($daemon);

	$syslog->stop;
	is($m->rcpt('<a@local.test>'), 'continue', 'the decision stands');
	is($m->rcpt('<x@outside.test>'), $DENIED, 'the other one too');
	ok(ends($daemon), 'it ends');
};

# Its queue takes some, and what it has taken it has read in the end.
subtest 'a syslog daemon that hangs' => sub {
	my $syslog = Authrelay::Syslog->new->start;
	my ($daemon) = start($syslog, '');
	my $m = session($daemon);

	ok($syslog->hears(qr/^started/), 'it is read from');
	$syslog->hang;
	my @answer = map { $m->rcpt('<a@local.test>') } 1 .. 3000;
	my $permits = grep { $_ eq 'continue' } @answer;
	my $deferred = grep { $_ =~ $DEFERRED } @answer;
	is($permits + $deferred, 3000, 'each is answered') or diag @answer[-3 .. -1];
	cmp_ok($deferred, '>', 0, "$permits as permitted, the others as deferred");
	like($answer[-1], $DEFERRED, 'the last one too');
	$syslog->go_on;
	ok(wait_until(20, sub { permits($syslog) >= $permits }), 'each permit is in the log once it is read again');
	is(permits($syslog), $permits, 'and no other');
	ok(wait_until(20, sub { $m->rcpt('<a@local.test>') eq 'continue' }), 'it goes on by itself');
	ok(ends($daemon), 'it ends');
};

subtest 'each permit has its record, whatever happens to the syslog daemon' => sub {
	my $syslog = Authrelay::Syslog->new->start;
	my ($daemon) = start($syslog, '');
	my $load = Authrelay::Load->start($daemon, clients => 3, pause => 0.002, folder => scratch_folder());

	for my $i (1 .. 6) {
		$load->wait_for_answers(30) or last;
		$syslog->hang if $i % 2;
		$load->wait_for_answers(30) or last;
		$syslog->go_on;
		$syslog->stop if $i % 3 == 0;
		$load->wait_for_answers(30) or last;
		$syslog->start if $i % 3 == 0;
	}
	$load->wait_for_answers(30);
	$load->stop;
	ok(ends($daemon), 'it ends');
	$syslog->hears(qr/event=stop/);
	is($load->lost, 0, 'no connection is lost');
	my @wrong = $load->wrong(may_defer => 1);
	is(scalar @wrong, 0, 'right answers, or 451') or diag $wrong[0];
	cmp_ok(scalar(grep { $_->{reply} =~ $DEFERRED } $load->answers), '>', 0, 'some were deferred');
	my @records = records($syslog);
	my @unrecorded = $load->unrecorded(\@records, permits => 1);
	is(scalar @unrecorded, 0, 'each permit that a client saw is recorded') or diag $unrecorded[0];
	note scalar(grep { $_->{reply} eq 'continue' } $load->answers) . ' permits, ' . @records . ' records';
};

subtest 'standard error that is full' => sub {
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n", audit => "\tsyslog = yes\n");
	my $process = Authrelay::Process->start(output => '/dev/full', command => [Authrelay::Daemon::program(), '-f',
	    '-c', $daemon->conf_file, '-o', 'audit.file = ""']);

	is($process->wait_exit(20), 1, 'no start without its first record');
};

done_testing;
