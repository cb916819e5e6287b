#!/usr/bin/perl
# t/daemon/daemon_limits.t: out of descriptors, threads or memory, and with thousands of connections
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Poll qw(POLLIN POLLHUP);
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes ();
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Proc qw(descriptors memory threads limit_of set_limit has_sanitizer);
use Authrelay::Scratch qw(read_file);
use Authrelay::Tree;
use Authrelay::Wait qw(wait_until);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $CONF = "local-domains = { \"local.test\" }\n";
my $FOREIGN = '<x@outside.test>';
my $IS_SLOW = has_sanitizer(Authrelay::Daemon::program());
my ($IDLE, $ACTIVE) = $IS_SLOW ? (300, 200) : (2500, 2500);

sub daemon { my (%option) = @_; return Authrelay::Daemon->new(conf => $CONF, %option) }

sub packet { my ($command, $data) = @_; return pack('N', 1 + length $data) . $command . $data }

my $OPEN = packet('O', pack 'NNN', 6, 0x1ff, 0x1fffff) . packet('C', "client\0004" . pack('n', 1) . "198.51.100.7\0");
my $TRANSACTION = packet('M', "<m\@sender.test>\0") . packet('R', "$FOREIGN\0");

# What one recipient of a stranger's is told who comes now: the answer, or why there is none.
sub answer
{
	my ($daemon, $seconds, $rcpt) = @_;
	local $Authrelay::MilterClient::DEADLINE = $seconds;

	return eval {
		my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;
		$m->client(addr => '198.51.100.7');
		$m->mail('<m@sender.test>');
		my $reply = $m->rcpt($rcpt // $FOREIGN);
		$m->quit;
		$reply;
	} // 'none';
}

# So many connections at once, each of which has sent these bytes; none where one cannot be made.
sub connections
{
	my ($daemon, $count, $bytes) = @_;
	my @socket;

	for (1 .. $count) {
		my $socket = IO::Socket::UNIX->new(Peer => $daemon->socket_file) or last;
		$socket->blocking(0);
		syswrite $socket, $bytes if defined $bytes;
		push @socket, $socket;
	}
	return @socket;
}

# Seconds of processor time that it has used.
sub cpu
{
	my ($pid) = @_;
	my @field = split ' ', read_file("/proc/$pid/stat") =~ s/^.*\) //r;

	return ($field[11] + $field[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Waits until there is no more to come, or the seconds are over; what each has received.
sub received
{
	my ($socket, $seconds, $is_enough) = @_;
	my @text = ('') x @$socket;
	my %index = map { fileno($socket->[$_]) => $_ } 0 .. $#$socket;
	my $poll = IO::Poll->new;
	my $end = time + $seconds;

	$poll->mask($_ => POLLIN) for @$socket;
	while (%index && time <= $end) {
		$poll->poll(1);
		for my $handle ($poll->handles(POLLIN | POLLHUP)) {
			my $i = $index{ fileno $handle } // next;
			my $n = sysread $handle, $text[$i], 4096, length $text[$i];
			next if $n && !$is_enough->($text[$i]);
			$poll->remove($handle);
			delete $index{ fileno $handle };
		}
	}
	return @text;
}

# The commands in a stream of packets.
sub commands
{
	my ($text) = @_;
	my $commands = '';

	while (length $text >= 5) {
		my ($length, $command) = unpack 'N a', $text;
		$commands .= $command;
		substr $text, 0, 4 + $length, '';
	}
	return $commands;
}

sub has_two { my ($text) = @_; return length commands($text) >= 2 }

# Nobody unknown was let pass, whatever the record is otherwise.
sub no_permit
{
	my ($daemon) = @_;
	my ($record) = read_lines($daemon->audit_file);
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	is(scalar(grep { ($_->{verdict} // '') eq 'permit' && $_->{rcpt} eq $FOREIGN } @$record), 0,
	    'no stranger was let pass');
}

# After the trouble everything is as before.
sub recovers
{
	my ($daemon) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	ok($daemon->process->is_running, 'it still runs') or return;
	is(wait_until(30, sub { answer($daemon, 2) eq $DENIED }) ? 'yes' : 'no', 'yes', 'it recovers by itself');
	is(answer($daemon, 10, '<user@local.test>'), 'continue', 'and lets pass what is ours');
	no_permit($daemon);
}

# Starts the daemon by way of a shell that sets limits first.
sub start_limited
{
	my ($daemon, $limits, %option) = @_;

	$daemon->{process} = Authrelay::Process->start(output => $daemon->log_file, code => sub {
		POSIX::setgid($option{id}), POSIX::setuid($option{id}) if $option{id};
		exec 'sh', '-c', "$limits; exec \"\$@\"", 'sh', Authrelay::Daemon::program(), '-f', '-c',
		    $daemon->conf_file;
	});
	wait_until(20, sub { $daemon->answers || !$daemon->process->is_running });
	return $daemon->process->is_running && $daemon->answers;
}

subtest 'descriptors: as many as are allowed' => sub {
	my $daemon = daemon();

	ok(start_limited($daemon, 'ulimit -S -n 40 && ulimit -H -n 300'), 'it starts') or diag $daemon->log_text;
	my ($soft, $hard) = limit_of($daemon->pid, 'Max open files');
	is("$soft $hard", '300 300', 'the soft limit is raised to the hard one');
	my @socket = connections($daemon, 200, $OPEN . $TRANSACTION);
	my @text = received(\@socket, 20, \&has_two);
	is(scalar(grep { commands($_) eq 'Oy' } @text), 200, '200 connections at once are served');
	close $_ for @socket;
	recovers($daemon);
	is($daemon->stop('TERM'), 0, 'it ends well');
};

subtest 'descriptors: none left' => sub {
	my $daemon = daemon();

	ok(start_limited($daemon, 'ulimit -n 64'), 'it starts with 64') or diag $daemon->log_text;
	my $early = Authrelay::MilterClient->new($daemon->socket)->negotiate;
	$early->client(addr => '198.51.100.7');
	my @socket = connections($daemon, 120, $OPEN . $TRANSACTION);
	my @text = received(\@socket, 2, \&has_two);
	my ($used, $start) = (cpu($daemon->pid), Time::HiRes::time());
	Time::HiRes::sleep(0.1) while Time::HiRes::time() - $start < 1;
	$used = cpu($daemon->pid) - $used;
	cmp_ok($used, '<', 0.25, sprintf 'it does not spin: %.2f s of a second', $used);
	is(scalar(() = $daemon->log_text =~ /all 64 file descriptors are in use: .*LimitNOFILE=/g), 1,
	    'one line says what is short, and the cure');
	my $served = grep { commands($_) eq 'Oy' } @text;
	note "$served of 120 were served";
	cmp_ok($served, '<', 64, 'some were not');
	cmp_ok($served, '>', 20, 'some were');
	is(scalar(grep { commands($_) !~ /^(?:Oy?)?$/ } @text), 0, 'none was let pass');
	unlike(answer($daemon, 1), qr/^continue/, 'nor is one who comes now');
	$early->mail('<m@sender.test>');
	is($early->rcpt($FOREIGN), $DENIED, 'a connection from before is served all the while');
	is($early->rcpt('<user@local.test>'), 'continue', 'in both ways');
	kill 'HUP', $daemon->pid;
	like(wait_until(10, sub { $daemon->log_text =~ /(not reloaded: .*)\n/ && $1 }) // '', qr/old configuration/,
	    'a reload cannot read its file, and keeps the rules');
	is($early->rcpt($FOREIGN), $DENIED, 'that hold');
	close $_ for @socket;
	recovers($daemon);
	$early->quit;
	is(wait_until(10, sub { descriptors($daemon->pid) < 20 }) ? 'yes' : 'no', 'yes', 'nothing is left open');
	is($daemon->stop('TERM'), 0, 'it ends well');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'threads: none to be had' => sub {
	plan skip_all => 'needs root, to be somebody with nothing else running' if $> != 0 && !$ENV{CI};
	plan skip_all => 'a sanitizer has threads of its own' if $IS_SLOW;
	my $id = 60000 + $$ % 5000;
	my $daemon = daemon();

	chown $id, $id, $daemon->folder;
	ok(start_limited($daemon, 'true', id => $id), 'it starts') or diag $daemon->log_text;
	my $count = threads($daemon->pid);
	$daemon->stop;
	ok(start_limited($daemon, "ulimit -S -u $count 2>/dev/null || ulimit -S -p $count", id => $id),
	    "it starts with its $count threads, and no more") or return diag $daemon->log_text;
	is((limit_of($daemon->pid, 'Max processes'))[0], $count, 'which is the limit');
	# workers that wait for the rest of a packet are busy
	my @half = connections($daemon, 10, $OPEN . substr $TRANSACTION, 0, 20);
	my @socket = connections($daemon, 40, $OPEN . $TRANSACTION);
	my @text = received(\@socket, 3, \&has_two);
	my $served = grep { commands($_) eq 'Oy' } @text;
	note "$served of 40 were served";
	is(scalar(grep { commands($_) !~ /^(?:Oy?)?$/ } @text), 0, 'none was let pass');
	unlike(answer($daemon, 1), qr/^continue/, 'nor is one who comes now');
	my $lift = Authrelay::Process->start(code => sub {
		POSIX::setgid($id);
		$( = $) = "$id $id";
		POSIX::setuid($id);
		exec 'prlimit', '--pid=' . $daemon->pid, '--nproc=1000:';
	});
	is($lift->wait_exit(10), 0, 'the limit is lifted');
	close $_ for @socket, @half;
	recovers($daemon);
	$daemon->stop;
};

my $HALF = $OPEN . substr $TRANSACTION, 0, 7;

# True when the daemon has closed all of these.
sub are_closed
{
	my ($socket, $seconds) = @_;
	my $open = @$socket;

	received($socket, $seconds, sub { 0 });
	for my $handle (@$socket) {
		my $n = sysread $handle, my $text = '', 1;
		$open-- if defined $n && $n == 0;
	}
	return $open == 0;
}

subtest 'a part of a packet' => sub {
	my $daemon = daemon()->start;
	my $idle = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$idle->client(addr => '198.51.100.7');
	my ($half) = connections($daemon, 1, $HALF);
	my @slow = connections($daemon, 1, $OPEN);
	received(\@slow, 10, sub { length commands($_[0]) });
	# byte by byte, each long before the time of the one before is over
	my $bytes = packet('M', '<' . 'm' x 200 . "\@sender.test>\0");
	my $is_cut = wait_until(60, sub {
		local $SIG{PIPE} = 'IGNORE';
		return 1 if !defined syswrite $slow[0], substr($bytes, 0, 1);
		substr($bytes, 0, 1, '') if length $bytes > 1;
		Time::HiRes::sleep(1);
		return 0;
	});
	ok($is_cut, 'one that sends a byte a second is closed');
	ok(are_closed([$half], 60), 'one that sends no more is closed');
	like($daemon->log_text, qr/closed a connection that sent an incomplete packet/, 'the log says so');
	$idle->mail('<m@sender.test>');
	is($idle->rcpt($FOREIGN), $DENIED, 'one that was silent between two packets all the while is served');
	is($daemon->stop('TERM'), 0, 'it ends well');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'threads: parts of packets hold all of them' => sub {
	plan skip_all => 'needs root, to be somebody with nothing else running' if $> != 0 && !$ENV{CI};
	plan skip_all => 'a sanitizer has threads of its own' if $IS_SLOW;
	my $id = 55000 + $$ % 5000;
	my $daemon = daemon();

	chown $id, $id, $daemon->folder;
	ok(start_limited($daemon, 'ulimit -S -u 20 2>/dev/null || ulimit -S -p 20', id => $id), 'it starts with 20')
	    or return diag $daemon->log_text;
	my $old = Authrelay::MilterClient->new($daemon->socket)->negotiate;
	$old->client(addr => '198.51.100.7');
	my @half = connections($daemon, 150, $HALF);
	ok(wait_until(20, sub { threads($daemon->pid) == 20 }), 'they hold every thread');
	{
		local $Authrelay::MilterClient::DEADLINE = 60;
		$old->mail('<m@sender.test>');
		is($old->rcpt($FOREIGN), $DENIED, 'a connection from before is served');
	}
	is(answer($daemon, 60), $DENIED, 'one that comes now, too');
	ok(are_closed(\@half, 60), 'they are closed');
	is(scalar(() = $daemon->log_text =~ /cannot create a thread for a connection: .*TasksMax=/g), 1, 'one line says what is short');
	recovers($daemon);
	$daemon->stop;
};

subtest 'memory: none to be had' => sub {
	plan skip_all => 'a sanitizer has an address space of its own' if $IS_SLOW;
	my $daemon = daemon()->start;
	my ($size) = read_file('/proc/' . $daemon->pid . '/status') =~ /^VmSize:\s*(\d+)/m;

	set_limit($daemon->pid, as => ($size + 64) * 1024 . ':') or return fail('prlimit');
	my @socket = connections($daemon, 200, $OPEN . packet('M', '<' . 'm' x 30000 . "\@sender.test>\0")
	    . packet('R', "$FOREIGN\0"));
	my @text = received(\@socket, 3, \&has_two);
	note scalar(grep { commands($_) eq 'Oy' } @text) . ' of 200 were served';
	is(scalar(grep { commands($_) !~ /^(?:Oy?)?$/ } @text), 0, 'none was let pass');
	set_limit($daemon->pid, as => 'unlimited:');
	close $_ for @socket;
	recovers($daemon);
	$daemon->stop;
};

SKIP: {
	# ours as well
	set_limit($$, nofile => join(':', ((limit_of($$, 'Max open files'))[1]) x 2));
	my ($soft) = limit_of($$, 'Max open files');
	if ($soft ne 'unlimited' && $soft < $IDLE + $ACTIVE + 100) {
		Authrelay::Tree::cannot("there may be " . ($IDLE + $ACTIVE) . " connections (descriptors: $soft)");
		last SKIP;
	}
	subtest(($IDLE + $ACTIVE) . " connections, $IDLE of them idle" => sub {
		my $daemon = daemon()->start;
		is(answer($daemon, 10), $DENIED, 'it serves');
		my $before = memory($daemon->pid);
		my @idle = connections($daemon, $IDLE, $OPEN);
		my @text = received(\@idle, 60, sub { length commands($_[0]) });
		is(scalar(grep { commands($_) eq 'O' } @text), $IDLE, "$IDLE connections that do nothing");
		wait_until(10, sub { descriptors($daemon->pid) >= $IDLE });
		note sprintf 'memory: %.1f KiB for each idle connection, %d threads',
		    (memory($daemon->pid) - $before) / $IDLE, threads($daemon->pid);
		my $start = Time::HiRes::time();
		my @active = connections($daemon, $ACTIVE, $OPEN . $TRANSACTION);
		@text = received(\@active, 90, \&has_two);
		is(scalar(grep { commands($_) eq 'Oy' } @text), $ACTIVE, "$ACTIVE decisions beside them");
		note sprintf '%.1f s, %d KiB, %d threads', Time::HiRes::time() - $start, memory($daemon->pid),
		    threads($daemon->pid);
		cmp_ok(descriptors($daemon->pid), '>=', $IDLE + $ACTIVE, 'all are open at once');
		syswrite $_, $TRANSACTION for @idle[0 .. 99];
		@text = received([ @idle[0 .. 99] ], 30, sub { length commands($_[0]) });
		is(scalar(grep { commands($_) eq 'y' } @text), 100, 'one that has long been idle is served');
		close $_ for @idle, @active;
		ok(wait_until(60, sub { descriptors($daemon->pid) < 50 }), 'all are closed');
		recovers($daemon);
		note memory($daemon->pid) . ' KiB afterwards';
		is($daemon->stop('TERM'), 0, 'it ends well');
	});
}

done_testing;
