#!/usr/bin/perl
# t/daemon/daemon_failure.t: records that cannot be written
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

# What is mounted here is seen by nobody else, and goes with the last of us.
BEGIN {
	if ($> == 0 && !$ENV{AUTHRELAY_OWN_MOUNTS} && system('unshare -m true 2>/dev/null') == 0) {
		local $ENV{AUTHRELAY_OWN_MOUNTS} = 1;
		exec 'unshare', '-m', $^X, (map { "-I$_" } @INC), $0;
	}
}

use Authrelay::Audit qw(check_chain);
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines missing_numbers);
use Authrelay::Load;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Proc qw(set_limit);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree;
use Authrelay::Wait qw(wait_until);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $DEFERRED = qr/^451 4\.3\.0 /;
my $CONF = "local-domains = { \"local.test\" }\n";

# A daemon whose record is on a disk of 64 KiB, or size => BYTES; nothing where there can be none.
sub daemon_with_disk
{
	my ($on_failure, %option) = @_;
	my $folder = scratch_folder();
	my $size = $option{size} // 65536;

	return unless $ENV{AUTHRELAY_OWN_MOUNTS};
	Authrelay::Cleanup::at_end(sub { system 'umount', '-l', $folder });
	system('mount', '-t', 'tmpfs', '-o', "size=$size,mode=0711", 'tmpfs', $folder) == 0 or return;
	return daemon($on_failure, %option, folder => $folder);
}

sub daemon
{
	my ($on_failure, %option) = @_;

	return Authrelay::Daemon->new(conf => $CONF,
	    audit => "\tsyslog = no\n\ton-failure = $on_failure\n" . ($option{more} // "\tmin-free = 0\n"), %option);
}

sub fill { my ($daemon) = @_; eval { write_file($daemon->folder . '/ballast', 'x' x ($daemon->{size} // 65536)) } }
sub make_room { my ($daemon) = @_; unlink $daemon->folder . '/ballast' }

sub session
{
	my ($daemon) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	return $m;
}

# Until the disk has really no room for another line.
sub until_deferred
{
	my ($m) = @_;

	for (1 .. 100) {
		return 1 if $m->rcpt('<a@local.test>') =~ $DEFERRED;
	}
	return 0;
}

sub losses { my ($daemon) = @_; return $daemon->log_text =~ /records lost: (\d+)/g }

# The numbers that are missing in the file are as many as the log says in the end.
sub check_numbers
{
	my ($daemon, $name) = @_;
	my ($record, $torn) = read_lines($daemon->audit_file);
	my @count = $daemon->log_text =~ /written again; records lost: (\d+)|error: audit: records lost: (\d+)/g;
	my $said = 0;

	$said += $_ // 0 for @count;
	is(missing_numbers(@$record), $said, "$name: the log says how many numbers are missing") or
	    diag $daemon->log_text;
	is(scalar(grep { /^\{"v":1.*\}$/ } @$torn), 0, 'and no line has another in it');
	return scalar @$torn;
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail');
	unless ($daemon) {
		Authrelay::Tree::cannot('a small disk can be mounted');
		last SKIP;
	}
	subtest 'disk full, tempfail' => sub {
		$daemon->start;
		my $m = session($daemon);
		is($m->rcpt('<a@local.test>'), 'continue', 'as long as there is room');
		fill($daemon);
		ok(until_deferred($m), 'then 451 4.3.0');
		like($m->rcpt('<x@outside.test>'), $DEFERRED, 'a stranger too');
		like(session($daemon)->rcpt('<a@local.test>'), $DEFERRED, 'on a new connection too') for 1 .. 20;
		is(scalar losses($daemon), 1, 'one message of it');
		like($daemon->log_text, qr/error: audit: No space left on device; records lost: 1$/m, 'which says why');
		make_room($daemon);
		is($m->rcpt('<a@local.test>'), 'continue', 'recovers by itself');
		is($m->rcpt('<x@outside.test>'), $DENIED, 'and enforces');
		like($daemon->log_text, qr/warning: audit: written again; records lost: \d\d+$/m, 'the count is logged');
		check_numbers($daemon, 'first time');
		fill($daemon);
		ok(until_deferred($m), 'full again, within the minute');
		make_room($daemon);
		is($m->rcpt('<a@local.test>'), 'continue', 'and recovered again');
		cmp_ok(scalar losses($daemon), '<=', 3, 'of which not everything is said at once');
		is($daemon->stop('TERM'), 0, 'it ends well');
		check_numbers($daemon, 'at the end');
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	};
}

SKIP: {
	my $daemon = daemon_with_disk('continue');
	last SKIP unless $daemon;
	subtest 'disk full, continue' => sub {
		$daemon->start;
		my $m = session($daemon);
		fill($daemon);
		my %seen = map { $m->rcpt('<a@local.test>') => 1 } 1 .. 50;
		is(join(' ', keys %seen), 'continue', 'everybody is answered as if nothing were');
		is($m->rcpt('<x@outside.test>'), $DENIED, 'which is no open relay');
		like($daemon->log_text, qr/No space left on device; records lost: 1$/m, 'it is logged');
		make_room($daemon);
		is($m->rcpt('<x@outside.test>'), $DENIED, 'when there is room');
		check_numbers($daemon, 'afterwards');
		is($daemon->stop('TERM'), 0, 'it ends well');
	};
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail');
	last SKIP unless $daemon;
	subtest 'disk full under load' => sub {
		$daemon->start;
		my $load = Authrelay::Load->start($daemon, clients => 3, pause => 0.002, folder => scratch_folder());
		for my $i (1 .. 5) {
			$load->wait_for_answers(30);
			fill($daemon);
			$load->wait_for_answers(30);
			make_room($daemon);
			unlink $daemon->audit_file if $i == 3;	# makes room, too
		}
		$load->stop;
		is($load->lost, 0, 'no connection is lost');
		my @wrong = $load->wrong(may_defer => 1);
		is(scalar @wrong, 0, 'right answers, or 451') or diag $wrong[0];
		cmp_ok(scalar(grep { $_->{reply} =~ $DEFERRED } $load->answers), '>', 0, 'some were deferred');
		ok($daemon->process->is_running, 'it still runs') or return;
		unlink $daemon->audit_file;
		is($daemon->stop('TERM'), 0, 'it ends well');
	};
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail');
	last SKIP unless $daemon;
	subtest 'disk full to the end' => sub {
		$daemon->start;
		my $m = session($daemon);
		fill($daemon);
		ok(until_deferred($m), 'full');
		$m->rcpt('<x@outside.test>') for 1 .. 20;
		isnt($daemon->stop('TERM'), 0, 'that the stop is not recorded shows in the exit code');
		my @count = losses($daemon);
		is($count[-1], 23, 'the last that is logged is how many were lost, the stop and the anchor among them') or
		    diag $daemon->log_text;
	};
}

# Buffered: the client has its answer before the disk is asked.
my $BUFFERED = "\tmin-free = 0\n\tdurability = buffered\n";

sub is_permitted { my ($record) = @_; return $record->{event} eq 'rcpt' && $record->{verdict} eq 'permit' }

SKIP: {
	my $daemon = daemon_with_disk('tempfail', more => $BUFFERED, size => 4 << 20);
	last SKIP unless $daemon;
	subtest 'disk full, buffered' => sub {
		$daemon->start;
		my $m = session($daemon);
		my ($permits, $deferred) = (0, 0);
		like($daemon->log_text, qr/audit.durability is buffered: .* up to audit.queue \(10000\) recipients/,
		    'the start says what may be lost');
		fill($daemon);
		for (1 .. 20000) {
			my $reply = $m->rcpt('<a@local.test>');
			$permits++ if $reply eq 'continue';
			last if $reply =~ $DEFERRED && ++$deferred;
		}
		is($deferred, 1, "after $permits permits it is known that there is no room");
		like($daemon->log_text, qr/error: audit: No space left on device; no other record is taken until these are written: \d+$/m,
		    'which the log says, with how many wait');
		for (1 .. 1200) {
			$m->rcpt('<a@local.test>') eq 'continue' ? $permits++ : $deferred++;
		}
		is($deferred, 1201, 'and from then on none of 1200 is permitted');
		like($daemon->log_text, qr/error: audit: No space left on device; records lost: 1$/m, 'which is logged');
		make_room($daemon);
		ok(wait_until(20, sub { $m->rcpt('<a@local.test>') eq 'continue' ? ++$permits : ++$deferred && 0 }),
		    'recovers by itself');
		is($m->rcpt('<x@outside.test>'), $DENIED, 'and enforces');
		is($daemon->stop('TERM'), 0, 'it ends well');
		check_numbers($daemon, 'at the end');
		my ($record) = read_lines($daemon->audit_file);
		is(scalar(grep { is_permitted($_) } @$record), $permits, 'each permit has its record');
		is(missing_numbers(@$record), $deferred, 'and nobody else has');
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	};
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail', more => $BUFFERED, size => 4 << 20);
	last SKIP unless $daemon;
	subtest 'disk full under load, buffered' => sub {
		$daemon->start;
		my $load = Authrelay::Load->start($daemon, clients => 3, pause => 0.002, folder => scratch_folder());
		for my $i (1 .. 5) {
			$load->wait_for_answers(30);
			fill($daemon);
			$load->wait_for_answers(30);
			wait_until(20, sub { session($daemon)->rcpt('<a@local.test>') =~ $DEFERRED });
			kill 'HUP', $daemon->pid if $i == 2;
			make_room($daemon);
			wait_until(20, sub { session($daemon)->rcpt('<a@local.test>') eq 'continue' });
		}
		$load->stop;
		is($load->lost, 0, 'no connection is lost');
		my @wrong = $load->wrong(may_defer => 1);
		is(scalar @wrong, 0, 'right answers, or 451') or diag $wrong[0];
		cmp_ok(scalar(grep { $_->{reply} =~ $DEFERRED } $load->answers), '>', 0, 'some were deferred');
		is($daemon->stop('TERM'), 0, 'it ends well');
		my ($record) = read_lines($daemon->audit_file);
		my @unrecorded = $load->unrecorded($record, permits => 1);
		is(scalar @unrecorded, 0, 'each permit that a client saw is recorded') or diag $unrecorded[0];
		my %seen;
		is(scalar(grep { $seen{ $_->{seq} }++ } @$record), 0, 'no record is there twice');
		check_numbers($daemon, 'in all');
		is(eval { check_chain($daemon->audit_file); 'holds' } // $@, 'holds', 'the chain');
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	};
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail', more => $BUFFERED);
	last SKIP unless $daemon;
	subtest 'disk full to the end, buffered' => sub {
		$daemon->start;
		my $m = session($daemon);
		fill($daemon);
		my $permits = 0;
		$permits++ while $permits < 20000 && $m->rcpt('<a@local.test>') eq 'continue';
		isnt($daemon->stop('TERM'), 0, 'that the stop is not recorded shows in the exit code');
		my ($record) = read_lines($daemon->audit_file);
		my $written = grep { is_permitted($_) } @$record;
		my @count = losses($daemon);
		# One was deferred; the stop and the anchor are lost, too.
		is($count[-1], $permits - $written + 3, "of $permits permits $written have a record: the log has the count in the end")
		    or diag $daemon->log_text;
	};
}

for my $durability (qw(written synced buffered)) {
	SKIP: {
		my $daemon = daemon_with_disk('tempfail', size => 1 << 20, more => "\tmin-free = 512k\n\tdurability = $durability\n");
		last SKIP unless $daemon;
		subtest "a disk that is nearly full, $durability" => sub {
			$daemon->start;
			my $m = session($daemon);
			is($m->rcpt('<a@local.test>'), 'continue', 'as long as there is room');
			write_file($daemon->folder . '/ballast', 'x' x (600 << 10));
			ok(wait_until(20, sub { $m->rcpt('<a@local.test>') =~ $DEFERRED }), 'then 451 4.3.0');
			like($m->rcpt('<x@outside.test>'), $DEFERRED, 'a stranger too') for 1 .. 20;
			like($daemon->log_text, qr{error: audit \Q@{[$daemon->audit_file]}\E: only \d+k are free on its file system, audit.min-free is 512k: },
			    'the log says how much is free, and how much has to be');
			like($daemon->log_text, qr/error: audit: free space is below audit.min-free; records lost: 1$/m,
			    'and that records are lost');
			kill 'HUP', $daemon->pid;
			ok(wait_until(20, sub { grep { $_->{event} eq 'reload' } $daemon->records->all }), 'a reload is recorded all the same');
			ok(wait_until(20, sub { $m->rcpt('<a@local.test>') =~ $DEFERRED }), 'and changes nothing');
			make_room($daemon);
			ok(wait_until(20, sub { $m->rcpt('<a@local.test>') eq 'continue' }), 'recovers by itself');
			is($m->rcpt('<x@outside.test>'), $DENIED, 'and enforces');
			like($daemon->log_text, qr/: \d+k are free again, audit.min-free is 512k$/m, 'the log says that, too');
			write_file($daemon->folder . '/ballast', 'x' x (600 << 10));
			ok(wait_until(20, sub { $m->rcpt('<a@local.test>') =~ $DEFERRED }), 'nearly full again');
			is($daemon->stop('TERM'), 0, 'it ends well');
			my ($record) = read_lines($daemon->audit_file);
			is(join(' ', map { $_->{event} } @$record[-2, -1]), 'stop anchor', 'with its last record, and the anchor');
			check_numbers($daemon, 'at the end');
			is(eval { check_chain($daemon->audit_file); 'holds' } // $@, 'holds', 'the chain');
			is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
		};
	}
}

SKIP: {
	my $daemon = daemon_with_disk('tempfail', size => 1 << 20, more => "\tmin-free = auto\n");
	last SKIP unless $daemon;
	subtest 'a small disk, and no more said' => sub {
		$daemon->start;
		my $m = session($daemon);
		my %seen = map { $m->rcpt('<a@local.test>') => 1 } 1 .. 500;
		is(join(' ', keys %seen), 'continue', 'is used');
		write_file($daemon->folder . '/ballast', 'x' x (700 << 10));
		ok(wait_until(20, sub { $m->rcpt('<a@local.test>') =~ $DEFERRED }), 'until 2 % of it are left');
		like($daemon->log_text, qr/free on its file system, audit.min-free is 20k: /, 'as the log says');
		is($daemon->stop('TERM'), 0, 'it ends well');
	};
}

subtest 'each permit has its record, whatever fails' => sub {
	my $daemon = daemon('tempfail')->start;
	my $load = Authrelay::Load->start($daemon, clients => 3, pause => 0.002);

	for my $i (1 .. 5) {
		$load->wait_for_answers(30);
		my $size = -s $daemon->audit_file;
		set_limit($daemon->pid, fsize => ($size + 100) . ':') or last;
		$load->wait_for_answers(30);
		last unless $daemon->process->is_running;
		set_limit($daemon->pid, fsize => 'unlimited:');
	}
	$load->stop;
	ok($daemon->process->is_running, 'a file that may not grow does not end it') or return;
	my ($record, $torn) = read_lines($daemon->audit_file);
	my @wrong = $load->wrong(may_defer => 1);
	is(scalar @wrong, 0, 'right answers, or 451') or diag $wrong[0];
	cmp_ok(scalar(grep { $_->{reply} =~ $DEFERRED } $load->answers), '>', 0, 'some were deferred');
	my @unrecorded = $load->unrecorded($record, permits => 1);
	is(scalar @unrecorded, 0, 'each permit that a client saw is recorded') or diag $unrecorded[0];
	my %seen;
	is(scalar(grep { $seen{ $_->{seq} }++ } @$record), 0, 'no record is there twice');
	is($daemon->stop('TERM'), 0, 'it ends well');
	check_numbers($daemon, 'in all');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'a file that has gone, in a folder that is closed' => sub {
	plan skip_all => 'needs root, and somebody else' if $> != 0 && !$ENV{CI};
	my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
	my $folder = scratch_folder();
	my $records = "$folder/records";

	mkdir $records, 0700;
	chown $uid, $gid, $records;
	my $daemon = daemon('tempfail', folder => $folder, arguments => ['-o', 'user = "nobody"', '-o',
	    "audit.file = \"$records/audit.jsonl\""])->start;
	my $m = session($daemon);
	is($m->rcpt('<a@local.test>'), 'continue', 'before');
	chown 0, 0, $records;
	is($m->rcpt('<a@local.test>'), 'continue', 'a file that is open needs no folder');
	unlink "$records/audit.jsonl";
	like($m->rcpt('<a@local.test>'), $DEFERRED, 'gone, and not to be made anew: 451');
	like($m->rcpt('<x@outside.test>'), $DEFERRED, 'for all');
	like($daemon->log_text, qr/error: audit: Permission denied; records lost: 1$/m, 'it says why');
	chown $uid, $gid, $records;
	is($m->rcpt('<a@local.test>'), 'continue', 'recovers by itself');
	is($m->rcpt('<x@outside.test>'), $DENIED, 'and enforces');
	my ($record) = read_lines("$records/audit.jsonl");
	is(join(' ', map { $_->{seq} } @$record), '6 7', 'the new file goes on with the right number');
	like($daemon->log_text, qr/file was removed; created a new one\n.*written again; records lost: 2$/m,
	    'and the log has the count');
	is($daemon->stop('TERM'), 0, 'it ends well');
};

subtest 'a device that is full for ever' => sub {
	my $daemon = daemon('tempfail', arguments => ['-o', 'audit.file = "/dev/full"']);
	my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-f', '-c', $daemon->conf_file,
	    '-o', 'audit.file = "/dev/full"');

	is($code, 1, 'no start without its first record');
	like($text, qr/No space left on device/, 'which says why');
};

done_testing;
