#!/usr/bin/perl
# t/daemon/daemon_reload.t: SIGHUP reads everything again, and nobody who is being served notices
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Audit qw(check_chain);
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines missing_numbers);
use Authrelay::Load;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Proc qw(descriptors memory has_sanitizer);
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Wait qw(wait_for);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $RELOADS = has_sanitizer(Authrelay::Daemon::program()) ? 200 : 1000;
my $WARM = $RELOADS / 5;
my $GROWTH = 1024;	# KiB, of memory: a leak of a whole configuration would be many times that

my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n")->start;
my $conf_start = read_file($daemon->conf_file) =~ s/local-domains.*//sr;
my $pid = $daemon->pid;

sub records_of { my ($event) = @_; return grep { $_->{event} eq $event } $daemon->records->all }

# How often the daemon has said this since it started.
sub said { my ($pattern) = @_; return scalar(() = $daemon->log_text =~ /$pattern/g) }

sub configure { my ($text) = @_; write_file($daemon->conf_file, $conf_start . $text) }

# Sends SIGHUP and waits until it has been dealt with; returns what was said.
sub reload
{
	my $before = length $daemon->log_text;

	kill 'HUP', $pid;
	return wait_for('end of the reload', 20, sub {
		my $text = substr $daemon->log_text, $before;
		$text =~ /reloaded.*\n/ ? $text : undef;
	});
}

sub session
{
	my ($client) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->set_macros('{daemon_name}' => 'smtpd');
	$m->client(addr => $client // '198.51.100.7');
	$m->mail('<m@sender.test>');
	return $m;
}

# The answer to one recipient of a stranger's, who comes now.
sub answer
{
	my ($rcpt) = @_;
	my $m = session();
	my $reply = $m->rcpt($rcpt);

	$m->quit;
	return $reply;
}

subtest 'a transaction under way keeps its rules' => sub {
	my ($m, $trusted) = (session(), session('192.0.2.1'));

	is($m->rcpt('<a@new.test>'), $DENIED, 'by the old rules');
	configure("local-domains = { \"new.test\" }\ntrusted-networks = { \"192.0.2.0/24\" }\n"
	    . "denied-reply = \"554 5.7.1 Go away\"\n");
	like(reload(), qr/: reloaded, enforce mode; changed: denied-reply, trusted-networks, local-domains$/m,
	    'the log says what changed');
	is($m->rcpt('<a@new.test>'), $DENIED, 'still the old rules, the old reply');
	is($m->rcpt('<a@local.test>'), 'continue', 'and the old domains');
	is($trusted->rcpt('<a@new.test>'), $DENIED, 'and the old networks');
	is(answer('<a@new.test>'), 'continue', 'a new connection has the new ones');
	$m->abort;
	$m->mail('<m@sender.test>');
	is($m->rcpt('<a@new.test>'), 'continue', 'and so has the next transaction of the old one');
	is($m->rcpt('<a@local.test>'), '554 5.7.1 Go away', 'what was ours is no more');
	$trusted->abort;
	$trusted->mail('<m@sender.test>');
	is($trusted->rcpt('<a@elsewhere.test>'), 'continue', 'a network has come to be trusted');
	is((records_of('reload'))[-1]{note}, 'denied-reply, trusted-networks, local-domains', 'it is recorded');
	$_->quit for $m, $trusted;
};

subtest 'an error keeps what was' => sub {
	my $file = $daemon->conf_file;
	my $m = session();
	my $first = 1 + $conf_start =~ tr/\n//;
	my %bad = (
		"\nlocal-domains = { \"a..test\" }\n" => $first + 1,
		"mode = perhaps\n" => $first,
		"unknown-setting = 1\n" => $first,
		"auth {\n\tmin-ssf = 1\n" => qr/\d+/,
		"local-domains = { \"file:/nonexistent/list\" }\n" => $first
	);

	for my $text (sort keys %bad) {
		configure($text);
		my $said = reload();
		my $name = $text =~ s/\s+/ /gr;
		like($said, qr/error: \Q$file\E:$bad{$text}: ./, "file and line: $name");
		like($said, qr/error: not reloaded: the old configuration stays in force$/m, 'and what follows');
		is(answer('<a@new.test>'), 'continue', 'the old rules hold');
	}
	unlink $file;
	like(reload(), qr/\Q$file\E.*\n.*not reloaded/, 'no file at all');
	is(answer('<a@local.test>'), '554 5.7.1 Go away', 'the old rules hold');
	is($m->rcpt('<a@new.test>'), 'continue', 'and the connection that was open is');
	is(scalar records_of('reload'), 1, 'no reload is recorded that was none');
	$m->quit;
};

subtest 'list files are read again' => sub {
	my $list = write_file($daemon->folder . '/list', "one.test\n");

	configure("local-domains = { \"file:$list\" }\n");
	like(reload(), qr/reloaded, /, 'with a list');
	is(answer('<a@one.test>'), 'continue', 'it is in the list');
	write_file($list, "two.test\n");
	like(reload(), qr/changed: local-domains$/m, 'another list in the same file is a change');
	is(answer('<a@one.test>'), $DENIED, 'it is not any more');
	is(answer('<a@two.test>'), 'continue', 'but another is');
	write_file($list, "two.test\nnot a domain\n");
	like(reload(), qr/error: \Q$list\E:2: .*\n.*not reloaded/, 'an error in it has file and line');
	is(answer('<a@two.test>'), 'continue', 'and the old list holds');
	write_file($list, "two.test\n");
	like(reload(), qr/changed: nothing$/m, 'and where all is as before, nothing changed');
	is((records_of('reload'))[-1]{note}, 'nothing changed', 'it is recorded so');
};

subtest 'monitor and enforce' => sub {
	my $m = session();

	configure("mode = monitor\nlocal-domains = { \"local.test\" }\n");
	like(reload(), qr/reloaded, monitor mode; changed: mode, /, 'monitor');
	is($m->rcpt('<x@outside.test>'), $DENIED, 'the transaction under way is enforced to its end');
	is(answer('<x@outside.test>'), 'continue', 'the next passes');
	configure("local-domains = { \"local.test\" }\n");
	like(reload(), qr/reloaded, enforce mode; changed: mode$/m, 'enforce');
	is(answer('<x@outside.test>'), $DENIED, 'and the next does not');
	$m->quit;
};

subtest 'what needs a restart' => sub {
	my %setting = ('socket' => 'socket = "unix:/nonexistent/other.sock"', 'socket-mode' => 'socket-mode = "0600"',
	    'pid-file' => 'pid-file = "/nonexistent/pid"', $> == 0 ? (user => 'user = "nobody"') : ());

	for my $name (sort keys %setting) {
		my $conf = $conf_start =~ s/^\Q$name\E .*\n//mr;
		write_file($daemon->conf_file, "$conf\n$setting{$name}\nlocal-domains = { \"local.test\" }\n");
		like(reload(), qr/warning: .*\b\Q$name\E\b.*at the next start/, "$name is warned of");
		is(answer('<a@local.test>'), 'continue', 'and the old one serves');
	}
	configure("local-domains = { \"local.test\" }\n");
	unlike(reload(), qr/at the next start/, 'and as it was at the start, there is no warning of it');
};

subtest 'the record goes on in a new file' => sub {
	my $file = $daemon->audit_file;
	my $seq = ($daemon->records->all)[-1]{seq};

	rename $file, "$file.1" or die "$file: $!\n";
	is(answer('<x@outside.test>'), $DENIED, 'one between the renaming and the signal');
	like(read_file("$file.1"), qr/"seq":@{[$seq + 1]},.*\n\z/, 'is in the old file');
	reload();
	my @record = $daemon->records->all;
	is($record[0]{event}, 'reload', 'the new file begins with the reload');
	is($record[0]{seq}, $seq + 3, 'and no number is missing');
	like(read_file("$file.1"), qr/"seq":@{[$seq + 2]},"event":"anchor",.*\n\z/, 'but for the anchor of the old one');
	is(eval { check_chain("$file.1", $file)->{missing} } // $@, 0, 'the chain goes on');
	is((stat $file)[2] & 0777, 0640, 'nobody else reads it');
	answer('<x@outside.test>');
	is(($daemon->records->all)[-1]{seq}, $seq + 4, 'and goes on');
	unlink $file;
	is(answer('<x@outside.test>'), $DENIED, 'a file that somebody removed');
	is(($daemon->records->all)[0]{seq}, $seq + 5, 'is made anew at once');
	like($daemon->log_text, qr/warning: audit \Q$file\E: file was removed; created a new one/, 'and that is said');
	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s{\Q$file\E}{/nonexistent/audit}r);
	like(reload(), qr{error: audit /nonexistent/audit: .*\n.*not reloaded}, 'one that cannot be written');
	is(answer('<x@outside.test>'), $DENIED, 'leaves all as it was');
	is(($daemon->records->all)[-1]{seq}, $seq + 6, 'the old file too');
	configure("local-domains = { \"local.test\" }\n");
	reload();
};

# The file is read on from where it ended before: it gets long. A line may be seen before all of it is there.
my $rest = '';

sub count_reloads
{
	my ($handle) = @_;

	1 while sysread $handle, $rest, 1 << 20, length $rest;
	my ($whole, $begun) = $rest =~ /\A(.*\n)?([^\n]*)\z/s;
	$rest = $begun;
	return scalar(() = ($whole // '') =~ /"event":"reload"/g);
}

subtest "$RELOADS reloads under load" => sub {
	my $load = Authrelay::Load->start($daemon, clients => 3, pause => 0.01);
	my ($done, $fds, $size) = (0);

	open my $handle, '<', $daemon->audit_file or die;
	count_reloads($handle);
	for my $i (1 .. $RELOADS) {
		configure('local-domains = { "local.test"' . ($i % 2 ? ', "flip.test"' : '') . " }\n");
		kill 'HUP', $pid;
		my $end = time + 20;
		until (($done += count_reloads($handle)) >= $i || time > $end) {
			select undef, undef, undef, 0.001;
		}
		last if $done < $i;
		($fds, $size) = (descriptors($pid), memory($pid)) if $i == $WARM;
	}
	is($done, $RELOADS, 'each is recorded') or diag substr $daemon->log_text, -2000;
	ok($daemon->process->is_running, 'the daemon is still there') or return;
	my ($fds_after, $size_after) = (descriptors($pid), memory($pid));
	$load->stop;
	my @answer = $load->answers;
	my @wrong = $load->wrong;
	note scalar(@answer) . ' answers meanwhile';
	cmp_ok(scalar @answer, '>', $RELOADS / 10, 'transactions went on all the time');
	is(scalar @wrong, 0, 'each has the right answer, and the same rules to its end') or diag $wrong[0];
	is($load->lost, 0, 'no connection was lost');
	my %seen = map { $_->{reply} => 1 } grep { !$_->{entitled} && $_->{rcpt} =~ /flip/ } @answer;
	is(scalar keys %seen, 2, 'both configurations were in force');
	my ($records, $torn) = read_lines($daemon->audit_file);
	is(scalar @$torn, 0, 'every line is a record') or diag explain $torn;
	my @unrecorded = $load->unrecorded($records);
	is(scalar @unrecorded, 0, 'each answer has its record') or diag $unrecorded[0];
	cmp_ok($fds_after, '<=', $fds + 1, "no growth in descriptors: $fds, then $fds_after");
	note "memory: $size KiB after $WARM, $size_after KiB after $RELOADS";
      SKIP: {
		skip 'a sanitizer keeps memory that was given back', 1
		    if has_sanitizer(Authrelay::Daemon::program());
		cmp_ok($size_after, '<', $size + $GROWTH, 'no growth in memory');
	}
};

subtest 'reloads as fast as they can be, beside writers as fast as they can be' => sub {
	my $load = Authrelay::Load->start($daemon, clients => 4, name => 'fast');
	my $end = time + 3;
	# It holds all signals back while it has one (sa_mask is full, whatever was asked for), and libmilter gets the next.
	my $is_tsan = has_sanitizer(Authrelay::Daemon::program(), 'tsan');

	while (time < $end && $daemon->process->is_running) {
		if ($is_tsan) {
			reload();
			next;
		}
		kill 'HUP', $pid;
		select undef, undef, undef, 0.0005;
	}
	$load->stop;
	ok($daemon->process->is_running, 'the daemon is still there') or diag substr $daemon->log_text, -2000;
	my ($record, $torn) = read_lines($daemon->audit_file);
	is(scalar @$torn, 0, 'every line is a record') or diag explain $torn;
	is($load->lost, 0, 'no connection was lost');
	my @wrong = $load->wrong;
	is(scalar @wrong, 0, 'each answer is right') or diag $wrong[0];
	my @unrecorded = $load->unrecorded($record);
	is(scalar @unrecorded, 0, 'and has its record') or diag $unrecorded[0];
};

is($daemon->stop('TERM'), 0, 'it ends well');
my ($record) = read_lines($daemon->audit_file);
is(join(' ', map { $_->{event} } @$record[-2, -1]), 'stop anchor', 'with its last record');
is(missing_numbers(@$record), 0, 'and no number is missing');
is(scalar(grep { $record->[$_]{seq} == $record->[$_ - 1]{seq} } 1 .. $#$record), 0, 'or there twice');
is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
done_testing;
