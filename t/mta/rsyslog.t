#!/usr/bin/perl
# t/mta/rsyslog.t: the audit record reaches a central store by contrib/rsyslog, byte for byte
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Authrelay::Chain;
use Authrelay::Ctl qw(ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon need_program);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Tree qw(top run_in cannot);
use Authrelay::Wait qw(wait_for wait_until);

$ENV{PATH} .= ':/usr/sbin:/sbin';
need_daemon();
need_program('rsyslogd', 'rsyslog');

my $CONTRIB = top() . '/contrib/rsyslog';
my $FOLDER = scratch_folder();
my $PORT = free_port();
my $STORE = "$FOLDER/store/127.0.0.1";

mkdir "$FOLDER/$_" for qw(spool log run);

# A copy of a file of contrib, with some texts in it replaced; every one of them has to be there.
sub edited
{
	my ($name, @replace) = @_;
	my $text = read_file("$CONTRIB/$name");

	while (my ($from, $to) = splice @replace, 0, 2) {
		$text =~ s/\Q$from\E/$to/g or fail("$name has $from");
	}
	return $text;
}

# An rsyslogd of our own, with one of the files as all of its configuration.
sub start
{
	my ($name, $text) = @_;
	my $file = write_file("$FOLDER/$name.conf", $text);
	my ($code, $out) = run_in('/', 'rsyslogd', '-N1', '-f', $file);
	my @command = ('rsyslogd', '-n', '-f', $file, '-i', "$FOLDER/run/$name.pid");

	is $code, 0, "$name: rsyslogd takes the configuration" or diag $out;
	unlike $out, qr/error|warning/i, "$name: and complains of nothing" or diag $out;
	return Authrelay::Process->start(command => \@command, output => "$FOLDER/$name.out");
}

sub start_store
{
	my ($name, $port) = @_;
	my $process = start($name, edited('authrelay-receive.conf', '/var/log/authrelay-store' => "$FOLDER/$name",
	    'port="10514"' => "port=\"$port\""));

	wait_for($name, 20, sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") });
	return $process;
}

# What it sends is in the folder "log" below its own.
sub start_sender
{
	my ($folder, $port) = @_;
	my $text = edited('authrelay-send.conf', '/var/spool/rsyslog' => "$folder/spool",
	    '/var/log/authrelay/audit.json' => "$folder/log/audit.jsonl", 'port="10514"' => "port=\"$port\"",
	    'logs.example.org' => '127.0.0.1', 'action.resumeInterval="5"' => 'action.resumeInterval="1"');
	my $process = start("sender-$port", $text . "module(load=\"imuxsock\" SysSock.Use=\"off\")\n"
	    . "input(type=\"imuxsock\" socket=\"$folder/run/log\")\n");

	wait_for('socket of the sender', 20, sub { -S "$folder/run/log" });
	return $process;
}

sub say_to_syslog
{
	my ($folder, $program, $text) = @_;
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "$folder/run/log") or die "socket: $!\n";

	$socket->send("<22>Nov 24 06:34:42 $program\[4711]: $text") // die "send: $!\n";
}

# One transaction; the texts are as wild as a client may send them.
sub play
{
	my ($daemon, $helo, @rcpt) = @_;
	my $c = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$c->client(addr => '198.51.100.7');
	$c->helo($helo);
	$c->mail("<$helo\@sender.test>");
	$c->rcpt("<$_>") for @rcpt;
	$c->quit;
}

# What is in the file and its older ones, in the order in which it was written.
sub written
{
	my ($daemon) = @_;
	my $file = $daemon->audit_file;

	return join '', map { read_file($_) } sort({ ($b =~ /(\d+)$/)[0] <=> ($a =~ /(\d+)$/)[0] } glob "$file.*"), $file;
}

# Waits, for what differs is seen better by its length and first place than as two long texts.
sub arrives
{
	my ($name, $daemon) = @_;
	my $want = written($daemon);

	wait_until(30, sub { (-s "$STORE/audit.json" // 0) >= length $want });
	my $got = read_file("$STORE/audit.json");
	ok $got eq $want, "$name: every byte is there" and return;
	($got ^ $want) =~ /^(\0*)/;
	diag 'of ' . length($want) . ' bytes there are ' . length($got) . ', the first difference is at ' . length $1;
}

my $daemon = Authrelay::Daemon->new(conf => 'local-domains = { "local.test" }', folder => "$FOLDER/log",
    audit => "\tsyslog = yes\n");
my $file = $daemon->audit_file;

my $store = start_store('store', $PORT);
$daemon->start;
play($daemon, 'before', 'x@local.test', 'y@outside.test');
my $sender = start_sender($FOLDER, $PORT);
arrives('what was there before', $daemon);

play($daemon, $_, 'x@local.test') for "b\xc3\xbccher", "\xff\xfe\x00", "tab\there \e[2J", " %msg% \$!all \\ \" \xe2\x80\xae", '#011';
arrives('what a client writes', $daemon);
play($daemon, 'x' x $_, 'x@local.test') for 1000, 2048, 8192, 16384, 60000;
play($daemon, "\1" x 60000, "\2" x 60000 . '@local.test');
arrives('long lines', $daemon);
cmp_ok((sort { $b <=> $a } map { length } split /\n/, written($daemon))[0], '>', 1400, 'they are as long as any is');

sub rotate
{
	my ($number) = @_;

	rename $file, "$file.$number" or die "$file: $!\n";
	play($daemon, "the renamed file $_", 'x@local.test') for 1 .. 3;
	kill 'HUP', $daemon->pid;
	wait_for('new file', 20, sub { -s $file });
	play($daemon, "the new file $_", 'x@local.test') for 1 .. 3;
}

rotate(2);
arrives('over a rotation', $daemon);

$store->stop('TERM');
play($daemon, "while the store is down $_", 'x@local.test') for 1 .. 50;
rotate(1);
$store = start_store('store', $PORT);
arrives('what came while the store was down', $daemon);

$sender->stop('TERM');
play($daemon, "while the sender is down $_", 'x@local.test') for 1 .. 50;
$sender = start_sender($FOLDER, $PORT);
arrives('what came while the sender was down', $daemon);

# Lines of syslog that only look like anchors are no anchors.
my $ANCHOR = 'event=anchor v=1 time=2026-11-24T06:34:42.123456Z seq=124 count=124 chain=0123456789abcdef0123456789abcdef';
say_to_syslog($FOLDER, 'authrelay-milter', $ANCHOR);
say_to_syslog($FOLDER, 'authrelay-milter', 'verdict=permit helo=" event=anchor "');
say_to_syslog($FOLDER, 'postfix/smtpd', $ANCHOR);
say_to_syslog($FOLDER, 'authrelay-milter', "$ANCHOR last");
wait_until(30, sub { read_file("$STORE/anchors") =~ / last\n/ });
is join('', read_file("$STORE/anchors") =~ / authrelay-milter\[4711\] (.*\n)/g), "$ANCHOR\n$ANCHOR last\n",
    'anchors are there, and nothing else';
is scalar(() = read_file("$STORE/anchors") =~ /\n/g), 2, 'two lines';

$daemon->stop('TERM');
arrives('the last line', $daemon);

# Another mail host: the store goes by where a connection comes from, not by what it says.
subtest 'many mail hosts' => sub {
	my $record = '{"v":1,"time":"2026-11-24T06:34:42.123456Z","seq":1,"event":"stop"}';
	my $before = read_file("$STORE/audit.json");
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$PORT", LocalAddr => '127.0.0.2') or die "socket: $!\n";

	for my $name (qw(other authrelay-audit)) {
		for my $host ('127.0.0.1', '../127.0.0.1') {
			my $message = "<22>1 2026-11-24T06:34:42Z $host $name - - - $record";
			print $socket length($message) . " $message";
		}
	}
	close $socket;
	wait_until(30, sub { (-s "$FOLDER/store/127.0.0.2/audit.json" // 0) > length "$record\n" });
	is read_file("$FOLDER/store/127.0.0.2/audit.json"), "$record\n" x 2, 'each has a file of its own';
	is join(' ', map { s{.*/}{}r } glob "$FOLDER/store/*"), '127.0.0.1 127.0.0.2', 'and no other';
	ok read_file("$STORE/audit.json") eq $before, 'nothing came into that of the first';
};

# With chained records, over a rotation: the lines of two files are one behind the other in the store.
subtest 'what arrives verifies' => sub {
	return cannot('authrelayctl is not built') unless -x Authrelay::Ctl::program();
	my ($folder, $port) = ("$FOLDER/chained", free_port());
	my ($file, $place) = ("$folder/log/audit.jsonl", "$FOLDER/store2/127.0.0.1");
	my $chain = Authrelay::Chain->new;
	my $sent = '';
	my @anchor;

	mkdir $_ for $folder, map { "$folder/$_" } qw(spool log run);
	my $second = start_store('store2', $port);
	my $sending = start_sender($folder, $port);
	for my $part (1 .. 3) {
		$chain->record for 1 .. 100;
		push @anchor, $chain->anchor;
		my $text = $chain->begin_file;
		rename $file, "$file.$part" if -e $file;
		write_file($file, $text);
		$sent .= $text;
		say_to_syslog($folder, 'authrelay-milter', $anchor[-1] =~ s/.*?: //r =~ s/\n//r);
		wait_until(30, sub { (-s "$place/audit.json" // 0) >= length $sent });
	}
	wait_until(30, sub { (() = read_file("$place/anchors") =~ /\n/g) == @anchor });
	ok read_file("$place/audit.json") eq $sent, 'every byte is there';
	my ($code, $out, $err) = ctl('verify', '--anchors', "$place/anchors", "$place/audit.json");
	is $code, 0, 'all of it is good' or diag $out, $err;
	write_file("$place/audit.json", $sent =~ s/permit(?=.*\n.*anchor)/reject/r);
	is((ctl('verify', '--anchors', "$place/anchors", "$place/audit.json"))[0], 1, 'and a word that was changed is found');
	write_file("$place/audit.json", $sent =~ s/.*\n\z//r);
	is((ctl('verify', '--anchors', "$place/anchors", "$place/audit.json"))[0], 1, 'and an end that was cut off');
	$_->stop('TERM') for $sending, $second;
};

is join(' ', glob "$FOLDER/spool/authrelay_*"), '', 'nothing waits any more';

done_testing;
