#!/usr/bin/perl
# t/daemon/daemon_start.t: how the daemon starts, refuses to, and stops
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Syslog;
use Authrelay::Wait qw(wait_until);

need_daemon();

my $PROGRAM = Authrelay::Daemon::program();
my $CONF = "local-domains = { \"local.test\" }\n";

# Exit code and output of the daemon with these arguments.
sub run { return Authrelay::Process->run($PROGRAM, @_) }

# A daemon that is not started yet.
sub daemon { my (%option) = @_; return Authrelay::Daemon->new(conf => $CONF, %option) }

# One that works answers a stranger.
sub answer_of
{
	my ($daemon) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	my $reply = $m->rcpt('<x@outside.test>');
	$m->quit;
	return $reply;
}

subtest 'options' => sub {
	my $daemon = daemon();
	my $file = $daemon->conf_file;
	my ($code, $text) = run('-V');

	is($code, 0, '-V');
	like($text, qr/^authrelay-milter \S+\n/, 'the version');
	like($text, qr/libmilter \d/, 'and that of libmilter');
	($code, $text) = run('-t', '-c', $file);
	is($code, 0, '-t with a good file') or diag $text;
	ok(!-e $daemon->socket_file, 'which starts nothing');
	for my $bad (['-x'], ['-c'], ['word'], ['-t', '-c', $file, 'word']) {
		($code, $text) = run(@$bad);
		is($code, 64, "usage: @$bad");
		like($text, qr/^authrelay-milter: .*\nSee: authrelay-milter --help$/, 'says why and where help is');
	}
};

subtest '-n prints what reads back to the same' => sub {
	my $daemon = daemon();
	my ($code, $first) = run('-n', '-c', $daemon->conf_file, '-o', 'mode = monitor',
	    '-o', 'trusted-networks = { "192.0.2.0/24", "2001:db8::/32" }', '-o', 'auth.min-ssf = 128');

	is($code, 0, '-n');
	like($first, qr/^mode *= *"?monitor"?$/m, 'an override is in it');
	like($first, qr/min-ssf *= *128$/m, 'one of a section too');
	like($first, qr/"local\.test"/, 'the file is in it');
	my $copy = write_file($daemon->folder . '/copy.conf', $first);
	($code, my $second) = run('-n', '-c', $copy);
	is($code, 0, 'it reads back');
	is($second, $first, 'to the same');
};

subtest 'configuration errors' => sub {
	my $folder = scratch_folder();
	my $file = "$folder/bad.conf";
	my %bad = (
		"mode = enforce\nmode-of = 1\n" => 2,
		"\n\nmode = perhaps\n" => 3,
		"trusted-networks = { \"192.0.2.1/24\" }\n" => 1,
		"local-domains = { \"a..test\" }\n" => 1,
		"auth {\n\tmin-ssf = 99999\n}\n" => 2,
		"audit {\n\tsyslog = no\n" => qr/\d+/,
		"local-domains = { \"file:$folder/none\" }\n" => 1,
		"denied-reply = \"450 4.7.1 Later\"\n" => 1,
		"socket = \"nowhere\"\n" => 1,
		"user = \"no-such-user-here\"\n" => 1,
		"mx {\n\taccept = backup\n}\n" => 2
	);

	for my $text (sort keys %bad) {
		write_file($file, $text);
		for my $option ('-t', '-n', '-f') {
			my ($code, $output) = run($option, '-c', $file);
			is($code, 78, "exit code with $option: " . $text =~ s/\s+/ /gr);
			like($output, qr/^\Q$file\E:$bad{$text}: ./m, 'file and line') if $option eq '-t';
		}
	}
	my ($code, $output) = run('-t', '-c', "$folder/none.conf");
	is($code, 78, 'no file');
	like($output, qr/\Q$folder\E\/none\.conf/, 'is named');
	write_file($file, "mode = perhaps\ntrusted-networks = { \"192.0.2.1/24\" }\nuser = \"\"\n");
	($code, $output) = run('-t', '-c', $file);
	like($output, qr/:1: .*\n.*:2: /, 'all errors in one run');
	($code, $output) = run('-t', '-c', daemon()->conf_file, '-o', 'mode = perhaps');
	is($code, 78, 'a bad override');
	like($output, qr/^-o 'mode = perhaps': ./m, 'is named');
};

subtest 'start and stop' => sub {
	my $daemon = daemon()->start;

	like(answer_of($daemon), qr/^550 5\.7\.1 /, 'it works');
	is($daemon->stop('TERM'), 0, 'SIGTERM ends it, exit code 0');
	ok(!-e $daemon->socket_file, 'the socket has gone');
	my @event = map { $_->{event} } $daemon->records->all;
	is("@event", 'start rcpt stop anchor', 'the last record is there');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	$daemon->records->check_file($daemon);
};

subtest 'a stale socket is replaced' => sub {
	my $daemon = daemon()->start;

	$daemon->stop('KILL');
	ok(-S $daemon->socket_file, 'one is left');
	$daemon->start;
	like(answer_of($daemon), qr/^550 /, 'it works all the same');
	$daemon->stop;
};

subtest 'a live socket is not' => sub {
	my $daemon = daemon()->start;
	my ($code, $text) = run('-f', '-c', $daemon->conf_file);

	is($code, 1, 'the second instance does not start');
	like($text, qr/\Q@{[$daemon->socket_file]}\E/, 'and names the socket');
	like(answer_of($daemon), qr/^550 /, 'the first goes on serving');
	$daemon->stop;
};

subtest 'what is no socket is left alone' => sub {
	my $daemon = daemon();

	write_file($daemon->socket_file, "precious\n");
	my ($code, $text) = run('-f', '-c', $daemon->conf_file);
	is($code, 1, 'no start');
	like($text, qr/\Q@{[$daemon->socket_file]}\E/, 'the file is named');
	is(read_file($daemon->socket_file), "precious\n", 'and as it was');
	unlink $daemon->socket_file;
	symlink '/nonexistent', $daemon->socket_file;
	is((run('-f', '-c', $daemon->conf_file))[0], 1, 'nor is a symbolic link followed');
	ok(-l $daemon->socket_file, 'it is still there');
};

subtest 'a folder that is not there' => sub {
	my $daemon = daemon();
	my ($code, $text) = run('-f', '-c', $daemon->conf_file, '-o',
	    'socket = "unix:' . $daemon->folder . '/none/milter.sock"');

	is($code, 1, 'no start');
	like($text, qr{/none/milter\.sock}, 'it is named');
	($code, $text) = run('-f', '-c', $daemon->conf_file, '-o',
	    'audit.file = "' . $daemon->folder . '/none/audit.jsonl"');
	is($code, 1, 'nor without a place for records');
	like($text, qr{/none/audit\.jsonl}, 'which is named');
	ok(!$daemon->answers, 'nobody is at the socket');
};

subtest 'a TCP socket' => sub {
	my $daemon = daemon();
	my $port = Authrelay::Scratch::free_port();
	my $process = Authrelay::Process->start(output => $daemon->log_file, command => [$PROGRAM, '-f', '-c',
	    $daemon->conf_file, '-o', "socket = \"inet:$port\@127.0.0.1\""]);
	my $m = wait_until(20, sub { eval { Authrelay::MilterClient->new("inet:$port\@127.0.0.1") } });

	ok($m, 'accepts connections') or diag $daemon->log_text;
	$m->negotiate;
	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	like($m->rcpt('<x@outside.test>'), qr/^550 /, 'and works');
	is((run('-f', '-c', $daemon->conf_file, '-o', "socket = \"inet:$port\@127.0.0.1\""))[0], 1,
	    'a second instance cannot have it');
	$process->stop('KILL');
};

subtest 'the socket has its mode' => sub {
	for my $mode ('0600', '0660', '0666') {
		my $daemon = daemon(arguments => ['-o', "socket-mode = \"$mode\""])->start;
		is(sprintf('%04o', (stat $daemon->socket_file)[2] & 07777), $mode, "mode $mode");
		$daemon->stop;
	}
};

# Fields of /proc/PID/status, as lists of numbers.
sub status_of
{
	my ($pid) = @_;
	my %field = read_file("/proc/$pid/status") =~ /^(\w+):[ \t]*(.*)$/mg;

	return %field;
}

SKIP: {
	skip 'group and user need root', 2 if $> != 0 && !$ENV{CI};
	my ($user, $uid, $gid) = (getpwnam 'nobody')[0, 2, 3];
	my $group = getgrgid 1;

	subtest 'the socket has its group' => sub {
		my $daemon = daemon(arguments => ['-o', "socket-group = \"$group\""])->start;
		is((stat $daemon->socket_file)[5], 1, $group);
		$daemon->stop;
	};
	subtest 'root becomes somebody else' => sub {
		my $daemon = daemon(arguments => ['-o', "user = \"$user\"", '-o', "socket-group = \"$group\""]);
		chown $uid, $gid, write_file($daemon->audit_file, '');
		$daemon->start;
		my %status = status_of($daemon->pid);
		is($status{Uid}, join("\t", ($uid) x 4), 'all user ids');
		is($status{Gid}, join("\t", ($gid) x 4), 'all group ids');
		is(join(' ', grep { $_ != $gid } split ' ', $status{Groups}), '', 'no group of root\'s');
		is($status{$_}, '0' x 16, "no capability is left in $_") for qw(CapInh CapPrm CapEff CapAmb);
		is((stat $daemon->socket_file)[5], 1, 'the socket has its group all the same');
		like(answer_of($daemon), qr/^550 /, 'and it works');
		is($daemon->stop('TERM'), 0, 'and ends well');
		is(($daemon->records->all)[-2]{event}, 'stop', 'with its last record');
	};
}

# Starts it in the background; returns the exit code and what was said.
sub start_in_background
{
	my ($daemon, @argument) = @_;

	return run('-c', $daemon->conf_file, '-o', 'pid-file = "' . $daemon->folder . '/pid"', @argument);
}

# Ends a daemon in the background, by its own pid file; true when it has gone.
sub end
{
	my ($daemon, $signal) = @_;
	my ($pid) = read_file($daemon->folder . '/pid') =~ /^(\d+)$/ or return 0;

	kill $signal, $pid;
	return wait_until(20, sub { !kill 0, $pid });
}

subtest 'in the background' => sub {
	my $daemon = daemon();
	my $pid_file = $daemon->folder . '/pid';

	Authrelay::Cleanup::at_end(sub { end($daemon, 'KILL') });
	my ($code, $text) = start_in_background($daemon);
	is($code, 0, 'the command comes back') or diag $text;
	# where there is no log, warnings are for standard error
	is($text =~ s/^authrelay-milter: warning: .*\n//mgr, '', 'and says nothing but warnings');
	like(read_file($pid_file), qr/^\d+\n$/, 'with the pid file written');
	like(answer_of($daemon), qr/^550 /, 'and serving');
	my ($pid) = read_file($pid_file) =~ /(\d+)/;
	like(readlink "/proc/$pid/exe", qr/authrelay-milter/, 'the pid is its own');
	is(readlink "/proc/$pid/fd/$_", '/dev/null', "descriptor $_") for 0 .. 2;
	is((split ' ', read_file("/proc/$pid/stat"))[5], $pid, 'in a session of its own');
	is((start_in_background($daemon))[0], 1, 'a second one fails, and says so by its exit code');
	is(read_file($pid_file), "$pid\n", 'the pid file is still the first one\'s');
	ok(end($daemon, 'TERM'), 'SIGTERM ends it');
	ok(!-e $pid_file, 'the pid file has gone');
	is(($daemon->records->all)[-2]{event}, 'stop', 'the last record is there');
};

subtest 'a start in the background that cannot be' => sub {
	my $daemon = daemon();

	write_file($daemon->socket_file, "precious\n");
	my ($code, $text) = start_in_background($daemon);
	is($code, 1, 'exit code');
	like($text, qr/\Q@{[$daemon->socket_file]}\E/, 'the reason reaches the terminal');
	($code, $text) = start_in_background($daemon, '-o', 'mode = perhaps');
	is($code, 78, 'exit code of a configuration error');
	($code, $text) = start_in_background($daemon, '-o', 'socket = "unix:' . $daemon->folder . '/other.sock"',
	    '-o', 'audit.file = "' . $daemon->folder . '/none/audit"');
	is($code, 1, 'exit code where records cannot be written');
	like($text, qr{/none/audit}, 'and the reason');
};

subtest 'syslog' => sub {
	plan skip_all => 'syslog_shim.so is not built' unless -e Authrelay::Syslog::shim() || $ENV{CI};
	my $daemon = daemon(audit => "\tsyslog = yes\n\tfacility = local3\n");
	my $syslog = Authrelay::Syslog->new->start;

	{
		local %ENV = (%ENV, $syslog->environment);
		is((start_in_background($daemon))[0], 0, 'started');
	}
	Authrelay::Cleanup::at_end(sub { end($daemon, 'KILL') });
	answer_of($daemon);
	ok(end($daemon, 'TERM'), 'stopped');
	$syslog->hears(qr/^stopped$/);
	my @line = $syslog->lines;
	is(scalar @line, scalar(my @message = $syslog->messages), 'each message has the header of syslog(3)');
	my ($record) = grep { $_->[1] =~ /verdict=reject/ } @line;
	is($record->[0] & ~7, 19 << 3, 'the facility asked for') or diag $syslog->messages;
	like($record->[1], qr/^verdict=reject .*reason=relay-denied .*rcpt=<x\@outside\.test>/, 'verdict first');
	cmp_ok(length $record->[1], '<', 1024, 'on one line that syslog takes whole');
	is(scalar(grep { $_->[1] =~ /event=(?:start|stop)/ } @line), 2, 'start and stop too');
	is(join(' ', map { $_->{event} } $daemon->records->all), 'start rcpt stop anchor', 'and the file has the same');
};

done_testing;
