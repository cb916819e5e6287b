#!/usr/bin/perl
# t/daemon/milter_torture.t: what no MTA says, what dies in the middle, and a daemon that is killed
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::Load;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Proc qw(descriptors has_sanitizer);
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Wait qw(wait_until);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $OURS = '<user@local.test>';
my $FOREIGN = '<x@outside.test>';
my $SEED = $ENV{AUTHRELAY_SEED} // int(time * 1000) % 1_000_000_000;
my $IS_SLOW = has_sanitizer(Authrelay::Daemon::program());

my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n")->start;
my $pid = $daemon->pid;
my $played_last = 'nothing';

sub client { return Authrelay::MilterClient->new($daemon->socket) }
sub packet { my ($command, $data) = @_; return pack('N', 1 + length($data // '')) . $command . ($data // '') }
sub offer { my ($version, $actions, $steps) = @_; return packet('O', pack 'NNN', $version // 6, $actions // 0x1ff, $steps // 0x1fffff) }

my $CONNECT = packet('C', "client.test\0004" . pack('n', 4711) . "198.51.100.7\0");
my $HELO = packet('H', "client.test\0");
my $MAIL = packet('M', "<m\@sender.test>\0");
my $RCPT = packet('R', "$FOREIGN\0");

# libmilter (8.17.1) takes the macros of a packet in pairs and looks for the end only at each name: a last
# name without a value has it read beyond the list, and perhaps end the process. Nothing of ours is between, so
# this alone is not played.
sub has_lone_macro
{
	my ($bytes) = @_;

	while (length $bytes >= 5) {
		my ($length, $command) = unpack 'N a', $bytes;
		last if $length == 0 || $length > 0x200000;
		my $data = substr $bytes, 5, $length - 1;
		return 1 if $command eq 'D' && length $data && (substr($data, 1) =~ tr/\0//) % 2;
		last if length $bytes < 4 + $length;
		substr $bytes, 0, 4 + $length, '';
	}
	return 0;
}

# Sends bytes, ends the sending side, and reads everything up to the end; the commands of what came.
sub play
{
	my ($bytes, %option) = @_;
	return '' if has_lone_macro($bytes);
	my $m = eval { client() } or BAIL_OUT("the daemon has gone: $played_last\n" . $daemon->log_text);
	my $answers = '';

	$played_last = unpack 'H*', substr $bytes, 0, 500;
	eval { $m->write_bytes($bytes); 1 } && !$option{vanish} && shutdown $m->{handle}, 1;
	eval {
		while (my ($command) = $m->read_packet(5)) { $answers .= $command }
		1;
	} or $answers .= '!' unless $option{vanish};
	$m->close;
	return $answers;
}

# After each group: the same process serves, refuses strangers, and has let none pass.
sub still_well
{
	my ($group) = @_;
	my $m = eval { client()->negotiate };
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	ok($m, "$group: it serves") or do { diag $daemon->log_text; return };
	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	is($m->rcpt($FOREIGN), $DENIED, 'a stranger is refused');
	is($m->rcpt($OURS), 'continue', 'and mail to us is not');
	$m->quit;
	ok($daemon->process->is_running && $daemon->pid == $pid, 'in the same process');
	my ($record, $torn) = read_lines($daemon->audit_file);
	is(scalar @$torn, 0, 'every line of the record is whole');
	my @bad = grep { ($_->{verdict} // '') eq 'permit' && ($_->{client} // '') ne '127.0.0.1' && !$_->{auth} &&
	    $_->{rcpt} !~ /^<user\@local\.test>$|^<[^@%!]*>$/i } @$record;
	is(scalar @bad, 0, 'and no stranger was let pass') or diag explain $bad[0];
}

subtest 'wrong order' => sub {
	my %part = (C => $CONNECT, H => $HELO, M => $MAIL, R => $RCPT, T => packet('T'), E => packet('E'),
	    A => packet('A'), Q => packet('Q'), K => packet('K'), N => packet('N'), O => offer(),
	    B => packet('B', 'x'), L => packet('L', "a\0b\0"), U => packet('U', "x\0"), D => packet('D', "Mi\0Q\0"));
	my @case = (qw(R CR HR MR CMRR CMMR CMRMR CHRM CMTR CMER CMRER CMRAR AR EMR TMR NR BR LR UR CCMR HHMR
	    CMRCR CMRHR CMROR KMR CKMR CMRKR CMKR QR CMRQ KKKK OOO AAAA EEEE TTTT CMLRBR CMDR DDDD), 'C' x 50, 'M' x 50,
	    'CM' . 'R' x 50, 'CM' . 'RA' x 20, 'CMRE' x 20, 'K' . 'OCMRK' x 5);

	for my $case (@case) {
		my $answers = play(offer() . join '', map { $part{$_} } split //, $case);
		my $rcpts = () = $case =~ /R/g;
		unlike($answers, qr/!/, "$case: comes to an end");
		# what is said to RCPT is "y" and a text; a lone "c" or "a" is for an end of message or another command
		unlike($answers =~ s/^O//r, qr/^[ca]/, "$case: no permit") if $case =~ /^[CHMDK]*R/;
		play(join '', map { $part{$_} } split //, $case);
	}
	still_well('wrong order');
};

subtest 'unknown commands' => sub {
	for my $byte (0 .. 255) {
		my $command = chr $byte;
		play(offer() . $CONNECT . $MAIL . packet($command, "x\0") . $RCPT);
		play(offer() . packet($command));
	}
	still_well('unknown commands');
};

subtest 'wrong lengths' => sub {
	my @length = (0, 1, 2, 3, 4, 0x7f, 0xffff, 0x10000, 0xfffff, 0x100000, 0x1000000, 0x7ffffffe, 0x7fffffff,
	    0x80000000, 0x80000001, 0xfffffffe, 0xffffffff);

	for my $length (@length) {
		for my $before ('', offer(), offer() . $CONNECT, offer() . $CONNECT . $MAIL) {
			play($before . pack('N', $length) . "R$FOREIGN\0");
			play($before . pack('N', $length));
			play($before . pack('N', $length) . "D\0");
		}
	}
	still_well('wrong lengths');
	like(play(offer() . $CONNECT . $MAIL . packet('R', '<' . 'u' x 900000 . '@local.test>' . "\0")), qr/^Oy?$/,
	    'a recipient of 900 kB is refused, or hung up on');
	like(play(offer() . $CONNECT . $MAIL . packet('R', '<' . 'u' x 2000000 . '@local.test>' . "\0")), qr/^O[y!]?$/,
	    'one of 2 MB too');
	still_well('oversized');
};

subtest 'half packets, and connections that die at each stage' => sub {
	my $whole = offer() . packet('D', "Cj\0mx.test\0") . $CONNECT . packet('D', 'H') . $HELO
	    . packet('D', "Mi\0Q1\0") . $MAIL . packet('D', "R{rcpt_addr}\0x\@outside.test\0") . $RCPT . packet('A') . packet('Q');

	for my $length (1 .. length $whole) {
		play(substr($whole, 0, $length), vanish => $length % 2);
	}
	still_well('half packets');
	my $m = client();
	for my $byte (split //, offer() . $CONNECT . $MAIL . $RCPT) {
		$m->write_bytes($byte);
	}
	is(join('', map { ($m->read_packet)[0] } 1 .. 2), 'Oy', 'byte by byte it is a dialogue like any other');
	$m->close;
	still_well('byte by byte');
};

subtest 'NUL everywhere, and nowhere' => sub {
	for my $command (split //, 'OCHMRDTENBLUAKQ') {
		for my $data ('', "\0", "\0" x 3, "\0" x 4096, 'x', 'x' x 4096, "x\0y", "\0x", "\xff" x 64, "x\0" x 2000) {
			play(offer() . $CONNECT . $MAIL . packet($command, $data) . $RCPT);
			play(offer() . packet($command, $data));
		}
	}
	for my $data ('', 'client', "client\0", "client\0004", "client\0004\0", "client\0004\0\0", "client\0004\0\0001.2.3.4",
	    "client\0006\0\0::1", "c\0006\0\0not an address\0", "c\0004\0\000999.1.1.1\0", "c\0L\0\0/x\0", "c\0U", "c\0X\0\0y\0", "\0U\0") {
		play(offer() . packet('C', $data) . $MAIL . $RCPT);
	}
	for my $macros ('', 'M', 'R', 'Z', "\0", "Ma\0", "Ma\0b", "M\0\0\0", "Ma\0b\0c\0", "M{auth_type}\0", "M{auth_type}\0PLAIN\0{auth_authen}\0",
	    "M{auth_type}\0PLAIN\0", "M{auth_authen}\0alice\0", 'M' . "a\0b\0" x 5000) {
		my $answers = play(offer() . $CONNECT . packet('D', $macros) . $MAIL . $RCPT);
		unlike($answers, qr/^O[ca]/, 'macros: no permit');
	}
	still_well('NUL');
};

subtest 'QUIT_NC and a second CONNECT' => sub {
	my $trusted = packet('C', "localhost\0004" . pack('n', 1) . "127.0.0.1\0");
	my $login = packet('D', "M{auth_type}\0PLAIN\0{auth_authen}\0alice\0");
	my %case = (
		'a session after a trusted one' => [ offer() . $trusted . $MAIL . packet('A') . packet('K') . $CONNECT . $MAIL . $RCPT, 'Oy' ],
		'no CONNECT before' => [ offer() . $MAIL . packet('A') . packet('K') . $CONNECT . $MAIL . $RCPT, undef ],
		'a login before it' => [ offer() . $CONNECT . $login . $MAIL . packet('A') . packet('K') . $CONNECT . $MAIL . $RCPT, 'Oy' ],
		'a login, and a negotiation' => [ offer() . $CONNECT . $login . $MAIL . packet('A') . packet('K') . offer() . $CONNECT . $MAIL . $RCPT, undef ],
		'a login, and no CONNECT' => [ offer() . $CONNECT . $login . $MAIL . packet('A') . packet('K') . $MAIL . $RCPT, undef ],
		'a login, and no MAIL' => [ offer() . $CONNECT . $login . $MAIL . packet('A') . packet('K') . $CONNECT . $RCPT, undef ]
	);

	for my $name (sort keys %case) {
		my ($bytes, $want) = @{ $case{$name} };
		my $answers = play($bytes);
		is($answers, $want, $name) if defined $want;
		unlike($answers =~ s/^O//r, qr/^O?[ca]/, "$name: no permit");
	}
	# libmilter passes over a command that does not fit: in a transaction there is no QUIT_NC for it, and never a
	# second CONNECT. Then this is still the first client's session, and has to say so.
	for my $rest (packet('A') . $CONNECT, $CONNECT, packet('K') . $CONNECT) {
		play(offer() . $trusted . $MAIL . $rest . $MAIL . $RCPT);
		my ($record) = read_lines($daemon->audit_file);
		my $last = $record->[-1];
		is("$last->{client} $last->{verdict}", '127.0.0.1 permit', 'what the filter was not told of is not mixed up');
	}
	still_well('QUIT_NC');
};

subtest 'every version, with and without each flag' => sub {
	my $bad = 0;
	my $plays = 0;

	for my $version (0 .. 7, 0x7fffffff, 0xffffffff) {
		for my $bit (-1 .. 31) {
			for my $steps ($bit < 0 ? (0, 0x1fffff) : (1 << $bit, 0x1fffff & ~(1 << $bit))) {
				my $actions = $plays++ % 3 ? 0x1ff : $bit % 2 ? 0 : 1 << ($bit & 7);
				my $answers = play(offer($version, $actions, $steps) . $CONNECT . $HELO . $MAIL . $RCPT
				    . packet('A') . packet('Q'));
				# RCPT is the only command of these that may not be let pass
				my $yes = () = $answers =~ /[ca]/g;
				my $no = () = $answers =~ /[yrt]/g;
				$bad++ if $answers =~ /O/ && ($yes > 3 || $yes && !$no);
			}
		}
	}
	is($bad, 0, "in none of $plays a stranger was let pass");
	still_well('versions');
};

# The same seed plays the same.
sub random_bytes
{
	my ($length) = @_;

	return join '', map { chr int rand 256 } 1 .. $length;
}

sub random_packet
{
	my @known = ($CONNECT, $HELO, $MAIL, $RCPT, packet('A'), packet('E'), packet('T'), packet('K'), offer(),
	    packet('D', "Mi\0Q\0"), packet('D', "R{rcpt_mailer}\0error\0{rcpt_host}\0005.1.1\0"));
	my $packet = $known[rand @known];
	my $kind = int rand 10;

	return $packet if $kind < 5;
	if ($kind < 7) {
		substr $packet, rand length $packet, 1, random_bytes(1);
		return $packet;
	}
	return substr $packet, 0, rand length $packet if $kind == 7;
	return packet(substr('OCHMRDTENBLUAKQ', rand 15, 1), random_bytes(rand 40)) if $kind == 8;
	return random_bytes(rand 20);
}

my $FUZZ = $IS_SLOW ? 600 : 2000;
subtest "$FUZZ random sequences" => sub {
	srand $SEED;
	note "AUTHRELAY_SEED=$SEED plays them again";
	my $silent = 0;
	for my $i (1 .. $FUZZ) {
		my $bytes = rand(10) < 8 ? offer() . $CONNECT : '';
		$bytes .= random_packet() for 1 .. 1 + rand 12;
		$silent++ if play($bytes, vanish => $i % 3 == 0) =~ /!/;
	}
	is($silent, 0, 'each comes to an end');
	still_well("random, AUTHRELAY_SEED=$SEED");
};

subtest 'hundreds at once' => sub {
	my @m = map { client() } 1 .. 300;
	my $bad = 0;

	for my $i (0 .. $#m) {
		my $bytes = offer() . $CONNECT . $MAIL . $RCPT;
		eval { $m[$i]->write_bytes($i % 4 == 3 ? substr($bytes, 0, $i % length $bytes) : $bytes) };
	}
	# a worker of libmilter's waits for the rest of a packet, and others may wait for that worker
	$_->close for @m[map { 4 * $_ + 3 } 0 .. 74];
	for my $m (@m[map { (4 * $_ + 1, 4 * $_ + 2) } 0 .. 74]) {
		my @command = eval { (($m->read_packet)[0], ($m->read_packet)[0]) };
		$bad++ if join('', map { $_ // '' } @command) ne 'Oy';
	}
	is($bad, 0, 'each that asks in full has its answer');
	$_->close for @m;
	still_well('hundreds');
};

my $fds = wait_until(20, sub { my $n = descriptors($pid); $n < 30 && $n });
ok($fds, 'no descriptor is left of all that') or diag descriptors($pid);

subtest 'killed under load' => sub {
	my $load = Authrelay::Load->start($daemon, clients => 3, reconnect => 1, pause => 0.001);

	for my $i (1 .. 5) {
		$load->wait_for_answers(50);
		$daemon->stop('KILL');
		# as a crash of the machine leaves it
		if ($i == 3) {
			open my $file, '>>', $daemon->audit_file or die;
			syswrite $file, '{"v":1,"time":"20';
		}
		$daemon->start;
	}
	$load->wait_for_answers(50);
	$load->stop;
	my @wrong = $load->wrong;
	is(scalar @wrong, 0, 'each answer is right') or diag $wrong[0];
	my ($record, $torn) = read_lines($daemon->audit_file);
	my @unrecorded = $load->unrecorded($record);
	is(scalar @unrecorded, 0, 'each answer that a client saw has its record') or diag @unrecorded;
	note scalar($load->answers) . ' answers';
	ok(scalar(grep { $_ eq "{\"v\":1,\"time\":\"20<torn>\n" } @$torn), 'the torn line is closed');
	is(scalar(grep { !/\n\z/ } @$torn), 0, 'and so is every other');
	my @start = grep { $_->{event} eq 'start' } @$record;
	is(scalar @start, 6, 'each start is recorded');
	my %session = map { $_->{session} => 1 } grep { $_->{session} } @$record;
	cmp_ok(scalar keys %session, '>', 15, 'sessions have names of their own');
	$pid = $daemon->pid;
};

is($daemon->stop('TERM'), 0, 'it ends well');
is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
done_testing;
