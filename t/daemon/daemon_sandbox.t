#!/usr/bin/perl
# t/daemon/daemon_sandbox.t: the daemon is confined once it serves, and can do all the same what it has to
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use IO::Socket::UNIX;
use Test::More;
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Syslog;
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);

need_daemon();

my $PROGRAM = Authrelay::Daemon::program();
my $CONF = "local-domains = { \"local.test\" }\n";

# What -V says of each: "ABI 7", "libseccomp 2.5.4", "not built in", "not in this kernel".
my %there = (Authrelay::Process->run($PROGRAM, '-V'))[1] =~ /^(landlock|seccomp): (.*)$/mg;
my @in_force = grep { $there{$_} !~ /^not / } qw(landlock seccomp);

sub daemon { my (%option) = @_; return Authrelay::Daemon->new(conf => $CONF, %option) }

sub answer_of
{
	my ($socket, $rcpt) = @_;
	my $m = Authrelay::MilterClient->new($socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	my $reply = $m->rcpt($rcpt // '<x@outside.test>');
	$m->quit;
	return $reply;
}

sub records_in
{
	my ($file, $event) = @_;

	return scalar(() = read_file($file) =~ /"event":"$event"/g);
}

# Sends SIGHUP; true when the record of it is there.
sub reloads
{
	my ($pid, $file) = @_;
	my $before = records_in($file, 'reload');

	kill 'HUP', $pid;
	return wait_until(20, sub { records_in($file, 'reload') > $before });
}

# The lines of /proc/PID/task/TID/status, of each thread one hash.
sub threads_of
{
	my ($pid) = @_;

	return map { +{ read_file($_) =~ /^(\w+):[ \t]*(.*)$/mg } } glob "/proc/$pid/task/*/status";
}

sub is_confined
{
	my ($pid) = @_;
	my @thread = threads_of($pid);

	cmp_ok(scalar @thread, '>', 1, 'it has threads');
	# ThreadSanitizer has a thread of its own, from before.
	@thread = grep { $_->{Pid} == $pid } @thread if read_file($PROGRAM) =~ /__tsan_init/;
	is(join(' ', map { $_->{NoNewPrivs} } @thread), join(' ', ('1') x @thread),
	    'none of them can get new privileges') if @in_force;
	is(join(' ', map { $_->{Seccomp} } @thread), join(' ', ('2') x @thread),
	    'and each has a filter') if grep { $_ eq 'seccomp' } @in_force;
}

subtest 'what there is' => sub {
	for my $name (qw(landlock seccomp)) {
		like($there{$name}, qr/^(?:ABI \d+|libseccomp \d\S+|not built in|not in this kernel)$/,
		    "-V: $name");
		cannot("no $name in this kernel") if $there{$name} eq 'not in this kernel';
	}
	my $daemon = daemon()->start;
	like(($daemon->records->all)[0]{note}, qr/, sandbox: \Q@{[join(', ', @in_force) || 'none']}\E, record: a new chain begins$/,
	    'the start is recorded with it');
	is_confined($daemon->pid);
	$daemon->stop;
};

subtest 'a day in it' => sub {
	my $daemon = daemon()->start;
	my $audit = $daemon->audit_file;

	like(answer_of($daemon->socket), qr/^550 5\.7\.1 /, 'a stranger is refused');
	my $list = write_file(scratch_folder() . '/domains', "outside.test\n");
	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s/"local\.test"/"file:$list"/r
	    . "socket-group = \"@{[scalar getgrgid 1]}\"\n");
	ok(reloads($daemon->pid, $audit), 'a reload') or diag $daemon->log_text;
	is(answer_of($daemon->socket), 'continue', 'reads a list in another folder');

	rename $audit, "$audit.1";
	ok(reloads($daemon->pid, $audit), 'the records are rotated');
	answer_of($daemon->socket);
	is(records_in($audit, 'rcpt'), 1, 'and go on in a new file');
	unlink $audit;
	answer_of($daemon->socket);
	is(records_in($audit, 'rcpt'), 1, 'one that was removed is made anew');

	is($daemon->stop('TERM'), 0, 'it ends well');
	ok(!-e $daemon->socket_file, 'and removes its socket');
	is(records_in($audit, 'stop'), 1, 'with its last record');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'records in a folder that was not in use at the start' => sub {
	plan skip_all => 'Landlock is not in force' unless grep { $_ eq 'landlock' } @in_force;
	my $daemon = daemon()->start;
	my $other = scratch_folder() . '/audit.jsonl';
	my $text = read_file($daemon->conf_file);

	write_file($daemon->conf_file, $text =~ s/^\tfile = .*$/\tfile = "$other"/mr);
	kill 'HUP', $daemon->pid;
	ok(wait_until(20, sub { $daemon->log_text =~ /the old configuration stays in force/ }),
	    'the reload fails') or diag $daemon->log_text;
	like($daemon->log_text, qr/audit \Q$other\E: Permission denied/, 'and says why');
	ok(!-e $other, 'nothing is there');
	like(answer_of($daemon->socket), qr/^550 /, 'the daemon goes on');
	is(records_in($daemon->audit_file, 'rcpt'), 1, 'and records where it did');
	write_file($daemon->conf_file, $text);
	ok(reloads($daemon->pid, $daemon->audit_file), 'the folder of the start is taken again');
	$daemon->stop;
};

# In the background, with a pid file; ended by it.
sub in_background
{
	my ($daemon, @argument) = @_;
	my $pid_file = $daemon->folder . '/pid';
	my ($code, $text) = Authrelay::Process->run($PROGRAM, '-c', $daemon->conf_file,
	    '-o', "pid-file = \"$pid_file\"", @argument);

	is($code, 0, 'it starts in the background') or diag $text;
	my ($pid) = read_file($pid_file) =~ /^(\d+)$/ or return;
	Authrelay::Cleanup::at_end(sub { kill 'KILL', $pid if -e $pid_file });
	return $pid;
}

sub ends_in_background
{
	my ($daemon, $pid) = @_;

	kill 'TERM', $pid;
	ok(wait_until(20, sub { !kill 0, $pid }), 'it ends');
	ok(!-e $daemon->folder . '/pid', 'its pid file has gone');
	ok(!-e $daemon->socket_file, 'and so has its socket');
	is(records_in($daemon->audit_file, 'stop'), 1, 'the last record is there');
}

subtest 'in the background, with syslog' => sub {
	plan skip_all => 'syslog_shim.so is not built' unless -e Authrelay::Syslog::shim() || $ENV{CI};
	my $daemon = daemon(audit => "\tsyslog = yes\n\tfacility = local3\n");
	my $syslog = Authrelay::Syslog->new->start;
	my $pid;

	{
		local %ENV = (%ENV, $syslog->environment);
		$pid = in_background($daemon) or return;
	}
	is_confined($pid);
	like(answer_of($daemon->socket), qr/^550 /, 'it works');
	is(readlink "/proc/$pid/fd/1", '/dev/null', 'standard output leads nowhere');
	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s/local3/local5/r);
	ok(reloads($pid, $daemon->audit_file), 'a reload');
	answer_of($daemon->socket);
	wait_until(20, sub { 2 == grep { $_->[1] =~ /^verdict=reject/ } $syslog->lines });
	my @facility = map { $_->[1] =~ /^verdict=reject/ ? $_->[0] >> 3 : () } $syslog->lines;
	is("@facility", '19 21', 'syslog has the records, under the facility of each time')
	    or diag $syslog->messages;
	$syslog->stop;
	like(answer_of($daemon->socket), qr/^550 5\.7\.1 /, 'without syslog it goes on: the file has the record');
	$syslog->start;
	like(answer_of($daemon->socket), qr/^550 5\.7\.1 /, 'and so it does with another');
	ok($syslog->hears(qr/^warning: \S+ did not take all lines: .*; lines lost: \d+$/), 'which hears of what it missed');
	@facility = map { $_->[1] =~ /^verdict=reject/ ? $_->[0] >> 3 : () } $syslog->lines;
	is("@facility", '19 21 21', 'and has the records from then on') or diag $syslog->messages;
	ends_in_background($daemon, $pid);
};

# The socket of a service manager.
sub manager
{
	my ($name) = @_;

	return IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name =~ s/^\@/\0/r) // die "$name: $!\n";
}

sub has_message
{
	my ($manager, $text) = @_;

	return wait_until(20, sub {
		while (IO::Select->new($manager)->can_read(0)) {
			$manager->recv(my $message, 4096);
			return 1 if $message =~ /^\Q$text\E$/m;
		}
		return 0;
	});
}

subtest 'a service manager' => sub {
	my $port = free_port();
	my $folder = scratch_folder();
	my %socket = ("$folder/notify" => undef, "\@$folder/notify" => "inet:$port\@localhost");

	for my $name (sort keys %socket) {
		my $manager = manager($name);
		my @argument = $socket{$name} ? ('-o', "socket = \"$socket{$name}\"") : ();
		local @ENV{qw(NOTIFY_SOCKET WATCHDOG_USEC)} = ($name, 600_000);
		my $daemon = daemon();
		my $process = Authrelay::Process->start(output => $daemon->log_file,
		    command => [$PROGRAM, '-f', '-c', $daemon->conf_file, @argument]);
		ok(has_message($manager, 'READY=1'), "hears that the daemon is ready, at $name")
		    or diag $daemon->log_text;
		for my $time (1, 2) {
			ok(has_message($manager, 'WATCHDOG=1'), 'and that it answers its own probe');
		}
		kill 'TERM', $process->pid;
		ok(has_message($manager, 'STOPPING=1'), 'and that it stops');
		is($process->wait_exit(20), 0, 'it ends well');
	}
};

SKIP: {
	skip 'to become another user needs root', 1 if $> != 0 && !$ENV{CI};
	subtest 'as another user' => sub {
		my ($user, $uid, $gid) = (getpwnam 'nobody')[0, 2, 3];
		my $daemon = daemon();

		chown $uid, $gid, $daemon->folder;
		my $pid = in_background($daemon, '-o', "user = \"$user\"") or return;
		is_confined($pid);
		like(answer_of($daemon->socket), qr/^550 /, 'it works');
		rename $daemon->audit_file, $daemon->audit_file . '.1';
		ok(reloads($pid, $daemon->audit_file), 'the records are rotated');
		ends_in_background($daemon, $pid);
	};
}

done_testing;
