#!/usr/bin/perl
# t/daemon/daemon_peers.t: who may connect as a mail server, and who it was
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Wait qw(wait_until);

need_daemon();

my $CONF = "local-domains = { \"local.test\" }\n";
my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my ($USER, $UID, $GID) = (getpwnam 'nobody')[0, 2, 3];
my ($OTHER, $OTHER_UID) = (getpwnam 'daemon')[0, 2];

sub daemon { my (%option) = @_; return Authrelay::Daemon->new(conf => $CONF, %option) }

# What a mail server is told of a stranger's recipient: the reply, or "closed".
sub answer
{
	my ($socket, %macro) = @_;

	return eval {
		local $SIG{PIPE} = 'IGNORE';
		my $m = Authrelay::MilterClient->new($socket)->negotiate;
		$m->set_macros(%macro);
		$m->client(addr => '198.51.100.7');
		$m->mail('<m@sender.test>');
		my $reply = $m->rcpt('<x@outside.test>');
		$m->quit;
		$reply;
	} // ($@ =~ /refused/ ? 'nobody listens' : 'closed');
}

# The same, by a process of this user.
sub answer_as
{
	my ($uid, $socket, %macro) = @_;
	my $file = scratch_folder() . '/answer';
	my $process = Authrelay::Process->start(output => $file, code => sub {
		$( = $) = "$GID $GID";
		POSIX::setuid($uid) or die;
		print STDOUT answer($socket, %macro);
		STDOUT->flush;
	});

	$process->wait_exit(20);
	return Authrelay::Scratch::read_file($file);
}

# The notes of the mail servers that were recorded.
sub notes
{
	my ($daemon) = @_;

	return map { $_->{event} eq 'mta' ? $_->{note} : () } $daemon->records->all;
}

sub free_port
{
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "$!\n";

	return $socket->sockport;
}

# On an inet socket; the library's own answers() knows unix sockets only.
sub start_inet
{
	my ($daemon, $port) = @_;

	$daemon->{process} = Authrelay::Process->start(command => [Authrelay::Daemon::program(), '-f', '-c',
	    $daemon->conf_file, '-o', "socket = \"inet:$port\@127.0.0.1\"", @{ $daemon->{arguments} // [] }],
	    output => $daemon->log_file);
	wait_until(20, sub { $daemon->log_text =~ /started/ });
	return "inet:$port\@127.0.0.1";
}

SKIP: {
	skip 'to be several users needs root', 3 if $> != 0 && !$ENV{CI};

	subtest 'users of a unix socket' => sub {
		my $daemon = daemon(arguments => ['-o', "mta-peers = { \"$OTHER\" }"])->start;
		my $socket = $daemon->socket;

		is(answer_as($OTHER_UID, $socket), $DENIED, 'one that is named may connect');
		is(answer_as($UID, $socket), 'closed', 'another may not') for 1 .. 3;
		is(answer($socket), $DENIED, 'root may');
		my @note = notes($daemon);
		is_deeply([ grep { /refused/ } @note ], ["refused: not in mta-peers; peer uid:$UID"], 'one record says so');
		my @line = $daemon->log_text =~ /^(.*refused a connection.*)$/mg;
		is(scalar @line, 1, 'and one line of the log');
		like($line[0], qr/uid:$UID: not in mta-peers/, 'it names the user');
		is(grep({ ($_->{event} eq 'rcpt') } $daemon->records->all), 2, 'no other record was made');
		is($daemon->stop('TERM'), 0, 'it ends well');
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
		$daemon->records->check_file($daemon);
	};

	subtest 'a reload' => sub {
		my $folder = scratch_folder();
		my $daemon = daemon(folder => $folder)->start;
		my $socket = $daemon->socket;

		is(answer_as($UID, $socket), $DENIED, 'at first anybody may connect');
		daemon(folder => $folder, conf => "${CONF}mta-peers = { \"uid:$OTHER_UID\" }\n");
		kill 'HUP', $daemon->pid;
		ok(wait_until(20, sub { $daemon->log_text =~ /reloaded.*changed: mta-peers$/m }), 'it says what has changed');
		is(answer_as($UID, $socket), 'closed', 'then only who is named');
		is(answer_as($OTHER_UID, $socket), $DENIED, 'by number');
		daemon(folder => $folder);
		kill 'HUP', $daemon->pid;
		ok(wait_until(20, sub { 2 == (() = $daemon->log_text =~ /reloaded/g) }), 'and back');
		is(answer_as($UID, $socket), $DENIED, 'anybody again');
		$daemon->stop;
	};

	subtest 'the user that a mail server runs as' => sub {
		my $daemon = daemon()->start;
		my $socket = $daemon->socket;
		my %postfix = (v => 'Postfix 3.7.11', j => 'mx.local.test');

		answer_as($UID, $socket, %postfix) for 1 .. 2;
		answer($socket, %postfix);
		my @note = notes($daemon);
		like($note[0], qr/^Postfix 3\.7\.11: .*; peer uid:$UID$/, 'is in the record of the mail server');
		like($note[1], qr/^Postfix 3\.7\.11: .*; peer uid:0$/, 'the same one as another user is another');
		is(scalar @note, 2, 'each is recorded once');
		answer($socket);
		answer_as($OTHER_UID, $socket);
		@note = notes($daemon);
		is(scalar @note, 3, 'one that tells nothing is recorded, too, but root is not');
		like($note[2], qr/^mail server of unknown version.*; peer uid:$OTHER_UID$/, 'by its user');
		answer_as($OTHER_UID, $socket, v => "8.$_.0") for 1 .. 10;
		is(scalar(notes($daemon)), 2 + 8, 'one peer is in so many records and no more');
		answer_as($UID, $socket, v => '8.17.1', j => 'other.local.test');
		like((notes($daemon))[-1], qr/^Sendmail 8\.17\.1: .*; peer uid:$UID$/, 'and another still in one of its own');
		$daemon->stop;
	};
}

subtest 'networks of an inet socket' => sub {
	my $port = free_port();
	my $daemon = daemon(arguments => ['-o', 'mta-peers = { "192.0.2.0/24", "127.0.0.2" }']);
	my $socket = start_inet($daemon, $port);

	is(answer($socket), 'closed', 'an address outside may not connect');
	my $m = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => '127.0.0.2');
	ok($m, 'one inside may');
	my $open = pack('N', 13) . 'O' . pack('NNN', 6, 0x1ff, 0x1fffff);
	my $client = "client\0004" . pack('n', 1) . "198.51.100.7\0";
	syswrite $m, $open . pack('N', 1 + length $client) . "C$client";
	my $text = '';
	sysread $m, $text, 5 if IO::Select->new($m)->can_read(20);
	like($text, qr/O\z/, 'and is answered');
	ok(wait_until(20, sub { notes($daemon) == 2 }), 'both are recorded');
	my @note = notes($daemon);
	is($note[0], 'refused: not in mta-peers; peer 127.0.0.1', 'who was refused');
	like($note[1], qr/; peer 127\.0\.0\.2$/, 'and who was not');
	is($daemon->stop('TERM'), 0, 'it ends well');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

# A peer that nobody but the daemon could be: its watchdog has to get an answer.
sub is_watched
{
	my ($start) = @_;
	my $name = scratch_folder() . '/notify';
	my $manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name) or die "$!\n";

	chmod 0777, $name;
	{
		local @ENV{qw(NOTIFY_SOCKET WATCHDOG_USEC)} = ($name, 300_000);
		$start->();
	}
	return wait_until(20, sub {
		my $text = '';
		$manager->recv($text, 4096) if IO::Select->new($manager)->can_read(1);
		$text =~ /WATCHDOG=1/;
	}) ? 1 : 0;
}

subtest 'the daemon itself' => sub {
	my $inet = daemon(arguments => ['-o', 'mta-peers = { "192.0.2.0/24" }']);
	my $port = free_port();
	my $socket;

	is(is_watched(sub { $socket = start_inet($inet, $port) }), 1, 'may always connect to an inet socket');
	is(answer($socket), 'closed', 'another process of its host may not');
	$inet->stop;
	SKIP: {
		skip 'a user needs root', 2 if $> != 0 && !$ENV{CI};
		my $unix = daemon(arguments => ['-o', "mta-peers = { \"uid:$OTHER_UID\" }", '-o', "user = $USER"]);
		chown $UID, $GID, $unix->folder;
		is(is_watched(sub { $unix->start }), 1, 'and to a unix socket, whatever its user is');
		is(answer_as($UID, $unix->socket), $DENIED, 'as may all that its user runs');
		$unix->stop;
	}
};

subtest 'configuration errors' => sub {
	my $file = daemon()->conf_file;
	my %bad = (
		'{ "no-such-user-here" }' => qr/no such user, and not a network; allowed: /,
		'{ "uid:" }' => qr/not a user number/,
		'{ "uid:4294967295" }' => qr/not a user number/,
		'{ "uid:99999999999999999999999" }' => qr/not a user number/,
		'{ "192.0.2.1/24" }' => qr/no such user/,
		'{ "192.0.2.0/24" }' => qr/no mail server could connect: it has only networks, and socket is a unix socket; add the name of a user/,
	);

	for my $value (sort keys %bad) {
		my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $file,
		    '-o', "mta-peers = $value");
		is($code, 78, "$value is refused");
		like($text, $bad{$value}, 'with the reason');
	}
	my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $file,
	    '-o', 'mta-peers = { root }', '-o', 'socket = "inet:8891@127.0.0.1"');
	is($code, 78, 'users alone are refused on an inet socket');
	like($text, qr/it has only users, and socket is an inet socket; add a network/, 'with the reason');
	($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-n', '-c', $file,
	    '-o', 'mta-peers = { root, "uid:0", "::1" }');
	is($code, 0, 'both kinds may be given');
	like($text, qr/^mta-peers = \{ "?root"?, "uid:0", "::1" \}$/m, 'and are printed as they were written');
};

done_testing;
