# t/lib/Authrelay/NameServer.pm: a name server that lies, drops, delays: what it does stands in the name asked for
# SPDX-License-Identifier: ISC
package Authrelay::NameServer;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF MSG_DONTWAIT);
use Time::HiRes ();
use Authrelay::Process;
use Authrelay::Scratch qw(read_file);

# ANYTHING.BEHAVIOUR[-NUMBER].fault is answered as %BEHAVIOUR says; every other name as "ok".
my %TYPE = (A => 1, NS => 2, CNAME => 5, SOA => 6, MX => 15, TXT => 16, AAAA => 28, OPT => 41, TSIG => 250);
my %TYPE_NAME = reverse %TYPE;
my ($QR, $TC, $RD, $RA, $AD) = (0x8000, 0x0200, 0x0100, 0x0080, 0x0020);
my $OWNER = "\xc0\x0c";
my $ADDRESS = '198.51.100.25';
my $ADDRESS6 = "\x20\x01\x0d\xb8" . "\0" x 11 . "\x25";

# file => the log; port => N, else a free one. Serves until it is stopped.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { file => $option{file} }, $class;

	for (1 .. 20) {
		$self->{udp} = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1',
		    LocalPort => $option{port}) or die "udp: $!\n";
		$self->{tcp} = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1', ReuseAddr => 1,
		    LocalPort => $self->{udp}->sockport) and last;
	}
	$self->{tcp} or die "no port for both: $!\n";
	$self->{port} = $self->{udp}->sockport;
	setsockopt $self->{udp}, SOL_SOCKET, SO_RCVBUF, 1 << 20;
	$self->{process} = Authrelay::Process->start(code => sub { $self->_serve }, output => "$option{file}.out");
	$self->{tcp}->close;
	$self->{udp}->close;
	return $self;
}

sub port { return $_[0]{port} }
sub address { return "127.0.0.1:$_[0]{port}" }
sub process { return $_[0]{process} }
sub stop { return $_[0]{process}->stop('KILL') }

# What was asked, a line each: "udp NAME TYPE edns"; only what matches, where something is given.
sub queries
{
	my ($self, $pattern) = @_;

	return grep { !defined $pattern || /$pattern/ } split /\n/, read_file($self->{file});
}

#
# Messages
#

sub _name { return join('', map { pack 'C/a', $_ } grep { $_ ne '' } split /\./, $_[0]) . "\0" }

sub _rr
{
	my ($type, $data, %o) = @_;

	return ($o{owner} // $OWNER)
	    . pack('nnNn', $TYPE{$type} // $type, $o{class} // 1, $o{ttl} // 300, $o{length} // length $data) . $data;
}

sub _mx { my ($host, %o) = @_; return _rr(MX => pack('n', $o{preference} // 10) . ($o{wire} // _name($host)), %o) }
sub _cname { my ($to, %o) = @_; return _rr(CNAME => _name($to), %o) }

sub _soa
{
	my ($minimum) = @_;

	return _rr(SOA => _name('ns.fault') . _name('root.fault') . pack('N5', 1, 3600, 600, 86400, $minimum),
	    owner => _name('fault'), ttl => 3600);
}

# What the name would have if nothing were wrong.
sub _records
{
	my ($q, %o) = @_;

	return _mx('mx.ok.fault', %o) if $q->{type} eq 'MX';
	return _rr(AAAA => $ADDRESS6, %o) if $q->{type} eq 'AAAA';
	return _rr(A => pack('C4', split /\./, $ADDRESS), %o);
}

# an, ns, ar => [records]; id, flags, question, counts => what stands there instead; rcode, off, on => flags.
sub _reply
{
	my ($q, %o) = @_;
	my ($an, $ns, $ar) = map { $o{$_} // [] } qw(an ns ar);
	my $flags = $o{flags} // ($QR | $RD | $RA | ($o{rcode} // 0) | ($o{on} // 0)) & ~($o{off} // 0);
	my $counts = $o{counts} // [1, scalar @$an, scalar @$ns, scalar @$ar];

	return pack('n6', $o{id} // $q->{id}, $flags, @$counts) . ($o{question} // $q->{question})
	    . join '', @$an, @$ns, @$ar;
}

sub _good { my ($q, %o) = @_; return _reply($q, an => [_records($q)], %o) }

#
# Behaviours: given the question and the number, they return what to send: bytes, or hashes with
# bytes, after => SECONDS, other => 1 (from another port), and for TCP raw => BYTES, close => 1, reset => 1
#

sub _rcode { my ($rcode) = @_; return sub { _reply($_[0], rcode => $rcode) } }
sub _bad_id { my ($q) = @_; return _good($q, id => $q->{id} ^ 0x5555) }
sub _bad_question { return _good($_[0], question => _name('evil.fault') . substr $_[0]{question}, -4) }
sub _on_tcp { my ($code) = @_; return sub { $_[0]{tcp} ? $code->(@_) : _reply($_[0], on => $TC) } }
sub _raw_mx { my ($rdata, %o) = @_; return sub { _reply($_[0], an => [_rr(MX => $rdata, %o)]) } }
sub _target { my ($wire) = @_; return sub { _reply($_[0], an => [_mx('', wire => $wire)]) } }

sub _many
{
	my ($q, $count) = @_;

	return _reply($q, an => [map { $q->{type} eq 'MX' ? _mx("mx$_.us.fault", preference => $_)
	    : _rr(A => pack 'N', 0xc6336400 + $_) } 1 .. $count]);
}

sub _chain
{
	my ($q, $links) = @_;
	my @link = map { _cname("l$_.fault", owner => $_ == 1 ? $OWNER : _name('l' . ($_ - 1) . '.fault')) } 1 .. $links;

	return _reply($q, an => [@link, _records($q, owner => _name("l$links.fault"))]);
}

# Names that are pointers to pointers.
sub _pointers
{
	my ($q, $count) = @_;
	my $start = 12 + length($q->{question}) + 2 + 10;
	my $data = join '', map { pack 'n', 0xc000 | ($_ == 0 ? 12 : $start + 2 * ($_ - 1)) } 0 .. $count - 1;

	return _reply($q, an => [_rr(TXT => $data), _records($q, owner => pack 'n', 0xc000 | ($start + 2 * ($count - 1)))]);
}

sub _nth { my ($q, $n, $first, $then) = @_; return $q->{seen} <= $n ? $first->() : $then->() }

my %BEHAVIOUR = (
	ok => sub { _good($_[0]) },
	(map { $_->[0] => _rcode($_->[1]) } ['servfail', 2], ['refused', 5], ['formerr', 1], ['notimp', 4],
	    ['yxdomain', 6]),
	nxdomain => sub { _reply($_[0], rcode => 3, ns => [_soa($_[1] // 60)]) },
	nxbeside => sub { _good($_[0], rcode => 3) },
	nxlame => sub { _reply($_[0], rcode => 3, ns => [_soa(60)], off => $RA) },
	nodata => sub { _reply($_[0], ns => [_soa($_[1] // 60)]) },
	nodatanosoa => sub { _reply($_[0]) },
	nullmx => _target("\0"),
	lame => sub { _reply($_[0], off => $RA) },
	referral => sub { _reply($_[0], ns => [_rr(NS => _name('ns.fault'))]) },
	authoritative => sub { _good($_[0], off => $RA) },

	drop => sub { () },
	udpdrop => sub { $_[0]{tcp} ? _good($_[0]) : () },
	dropn => sub { my ($q, $n) = @_; _nth($q, $n, sub { () }, sub { _good($q) }) },
	failn => sub { my ($q, $n) = @_; _nth($q, $n, sub { _reply($q, rcode => 2) }, sub { _good($q) }) },
	okthenfail => sub { my ($q, $n) = @_; _nth($q, $n, sub { _good($q) }, sub { _reply($q, rcode => 2) }) },
	slow => sub { { bytes => _good($_[0]), after => $_[1] / 1000 } },
	slownx => sub { { bytes => _reply($_[0], rcode => 3, ns => [_soa(60)]), after => $_[1] / 1000 } },
	twice => sub { (_good($_[0])) x 2 },
	flaky => sub { my $good = _good($_[0]); @{ ([], [({ bytes => $good, after => 0.3 }) x 2], [$good])[rand 3] } },

	noedns => sub { $_[0]{edns} ? pack('n6', $_[0]{id}, $QR | 1, 0, 0, 0, 0) : _good($_[0]) },
	formerrnoedns => sub { _reply($_[0], rcode => $_[0]{edns} ? 1 : 0, an => $_[0]{edns} ? [] : [_records($_[0])]) },
	badvers => sub { $_[0]{edns} ? _reply($_[0], ar => ["\0" . pack 'nnNn', 41, 1232, 1 << 24, 0]) : _good($_[0]) },
	extended => sub { _reply($_[0], ar => ["\0" . pack 'nnNn', 41, 1232, 2 << 24, 0]) },

	tcgood => _on_tcp(sub { _good($_[0]) }),
	tcboth => _on_tcp(sub { _reply($_[0], on => $TC) }),
	tclie => sub { $_[0]{tcp} ? _good($_[0]) : _reply($_[0], on => $TC, an => [_mx('evil.fault')]) },
	tctcpdrop => _on_tcp(sub { () }),
	tctcpclose => _on_tcp(sub { { close => 1 } }),
	tctcpreset => _on_tcp(sub { { reset => 1 } }),
	tctcphalf => _on_tcp(sub { my $good = _good($_[0]); { raw => pack('n', length $good) . substr $good, 0, 20 } }),
	tctcplen0 => _on_tcp(sub { { raw => "\0\0" } }),
	tctcpbadid => _on_tcp(\&_bad_id),
	tctcpservfail => _on_tcp(_rcode(2)),
	tctcpdrip => _on_tcp(sub {
		my $bytes = pack 'n/a', _good($_[0]);
		map { { raw => substr($bytes, $_, 1), after => 0.01 * $_ } } 0 .. length($bytes) - 1;
	}),

	badid => \&_bad_id,
	badidgood => sub { my ($q, $n) = @_; ((map { _bad_id($q) } 1 .. ($q->{tcp} ? 0 : $n)), _good($q)) },
	badq => \&_bad_question,
	badqgood => sub { (_bad_question($_[0]), _good($_[0])) },
	badqtype => sub { _good($_[0], question => substr($_[0]{question}, 0, -4) . pack 'nn', 16, 1) },
	badqclass => sub { _good($_[0], question => substr($_[0]{question}, 0, -2) . pack 'n', 3) },
	noq => sub { _good($_[0], question => '', counts => [0, 1, 0, 0]) },
	twoq => sub { _good($_[0], question => $_[0]{question} x 2, counts => [2, 1, 0, 0]) },
	notresp => sub { _good($_[0], flags => $RD | $RA) },
	opcode => sub { _good($_[0], on => 0x2800) },
	badsrc => sub { { bytes => _good($_[0]), other => 1 } },
	badsrcgood => sub { ({ bytes => _reply($_[0], an => [_mx('evil.fault')]), other => 1 },
	    { bytes => _good($_[0]), after => 0.05 }) },
	case => sub { _good($_[0], question => uc(substr $_[0]{question}, 0, -4) . substr $_[0]{question}, -4) },
	ad => sub { _good($_[0], on => $AD) },

	garbage => sub { join '', map { chr int rand 256 } 1 .. 60 },
	idgarbage => sub { pack('n', $_[0]{id}) . "\xff" x 60 },
	short => sub { pack 'nCCC', $_[0]{id}, 0x80, 0, 0 },
	hdr => sub { pack 'n6', $_[0]{id}, $QR | $RA, 0, 0, 0, 0 },
	empty => sub { { bytes => '' } },
	cutoff => sub { substr _good($_[0]), 0, -3 },
	trailing => sub { _good($_[0]) . 'xyz' },
	loop => sub { my $at = 12 + length $_[0]{question}; _reply($_[0], an => [_records($_[0], owner => pack 'n', 0xc000 | $at)]) },
	fwdptr => sub { my $at = 12 + length($_[0]{question}) + 14;
		_reply($_[0], an => [_records($_[0], owner => pack 'n', 0xc000 | $at)]) },
	hdrptr => sub { _reply($_[0], an => [_records($_[0], owner => "\xc0\x02")]) },
	ptrchain => \&_pointers,
	rdover => _raw_mx(pack('n', 10) . _name('mx.us.fault'), length => 6),
	rdlonger => _raw_mx(pack('n', 10) . _name('mx.us.fault') . 'xx'),
	rdshort => _raw_mx(pack('n', 10) . "\x02mx", length => 5),
	mxrd0 => _raw_mx(''),
	mxrd2 => _raw_mx(pack 'n', 10),
	reserved => _raw_mx(pack('n', 10) . "\x42mx\0"),
	longname => _target(("\x3f" . 'a' x 63) x 4 . "\0"),
	longest => _target(("\x3f" . 'a' x 63) x 3 . "\x3d" . 'a' x 61 . "\0"),
	ancount => sub { _good($_[0], counts => [1, 50, 0, 0]) },
	arcount => sub { _good($_[0], counts => [1, 1, 0, 9]) },
	ard => sub { _reply($_[0], an => [_rr($_[0]{type}, 'x' x $_[1])]) },

	many => \&_many,
	txtbomb => _on_tcp(sub { _reply($_[0], an => [_records($_[0]), _rr(TXT => "\0" x $_[1])]) }),
	tsig => _on_tcp(sub { _good($_[0], ar => [map { _rr(TSIG => _name('hmac') . "\0" x 16, class => 255, ttl => 0) }
	    1 .. $_[1]]) }),

	cnameself => sub { my ($q) = @_; _reply($q, an => [_cname($q->{name})]) },
	cnameloop => sub { my ($q) = @_; _reply($q, an => [_cname('b.fault'), _cname($q->{name}, owner => _name('b.fault'))]) },
	cnamechain => \&_chain,
	cnameend => sub { _reply($_[0], an => [_cname('l1.fault')], ns => [_soa(60)]) },
	cnamelame => sub { _reply($_[0], an => [_cname('l1.fault')], off => $RA) },
	twocnames => sub { _reply($_[0], an => [_cname('l1.fault'), _cname('l2.fault'), _records($_[0], owner => _name('l1.fault'))]) },
	cnamestranger => sub { _reply($_[0], an => [_cname('l1.fault', owner => _name('evil.fault'))], ns => [_soa(60)]) },
	wrongowner => sub { _reply($_[0], an => [_records($_[0], owner => _name('evil.fault'))]) },
	wrongclass => sub { _reply($_[0], an => [_records($_[0], class => 3)]) },
	wrongtype => sub { _reply($_[0], an => [_rr(TXT => "\x01x")], ns => [_soa(60)]) },
	mixed => sub { _reply($_[0], an => [_records($_[0]), _records($_[0], owner => _name('evil.fault'))]) },
	capitals => _target("\x02MX\x02US\x05FAULT\0"),
	nul => _target("\x05mx.us\x05fault\0" =~ s/x/\0/r),
	dot => _target("\x08mx.us.ok\x05fault\0"),
	single => _target("\x02mx\0"),
	numbers => _target("\x03198\x0251\x03100\x0225\0"),
	hyphen => _target("\x03-mx\x02us\0"),
	nullplus => sub { _reply($_[0], an => [_mx('', wire => "\0"), _mx('mx.us.fault')]) },
	ttl => sub { _reply($_[0], an => [_records($_[0], ttl => $_[1])]) },
	flip => sub { my ($q) = @_; _nth($q, 1, sub { _good($q) }, sub { _reply($q, an => [_mx('mx.other.fault')]) }) },
);

sub behaviours { return sort keys %BEHAVIOUR }

#
# Serving
#

sub _question
{
	my ($message) = @_;
	my ($id, undef, undef, undef, undef, $additional) = unpack 'n6', $message;
	my ($at, @label) = (12);

	while ((my $length = ord substr $message, $at, 1) > 0) {
		push @label, substr $message, $at + 1, $length;
		$at += 1 + $length;
	}
	my $type = unpack 'n', substr $message, $at + 1, 2;
	return { id => $id, name => lc join('.', @label), label => \@label, question => substr($message, 12, $at + 5 - 12),
	    type => $TYPE_NAME{$type} // $type, edns => $additional };
}

sub _answers
{
	my ($self, $message, $tcp) = @_;
	my $q = _question($message);
	my ($behaviour, $number) = ($q->{name} =~ /(?:^|\.)([a-z]\w*?)(?:-(\d+))?\.fault$/);

	$q->{tcp} = $tcp;
	$q->{seen} = ++$self->{seen}{"$q->{name} $q->{type}"};
	syswrite $self->{log}, join(' ', $tcp ? 'tcp' : 'udp', $q->{name}, $q->{type}, $q->{edns} ? 'edns' : 'plain') . "\n";
	return map { ref ? $_ : { bytes => $_ } } ($BEHAVIOUR{$behaviour // 'ok'} // $BEHAVIOUR{ok})->($q, $number);
}

# Sends now what is not for later.
sub _send_udp
{
	my ($self, $peer, $answer) = @_;

	send $answer->{other} ? $self->{other} : $self->{udp}, $answer->{bytes}, 0, $peer;
}

sub _send_tcp
{
	my ($self, $client, $answer) = @_;

	syswrite $client, $answer->{raw} // pack 'n/a', $answer->{bytes} if exists $answer->{raw} || exists $answer->{bytes};
	setsockopt $client, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $answer->{reset};
	return unless $answer->{close} || $answer->{reset};
	$self->{select}->remove($client);
	delete $self->{buffer}{$client};
	close $client;
}

sub _give
{
	my ($self, $send, @answer) = @_;

	for my $answer (@answer) {
		if ($answer->{after}) {
			push @{ $self->{later} }, [Time::HiRes::time + $answer->{after}, $send, $answer];
		} else {
			$send->($answer);
		}
	}
	@{ $self->{later} } = sort { $a->[0] <=> $b->[0] } @{ $self->{later} };
}

sub _read_client
{
	my ($self, $client) = @_;

	if (!sysread $client, $self->{buffer}{$client}, 65536, length($self->{buffer}{$client} // '')) {
		$self->{select}->remove($client);
		delete $self->{buffer}{$client};
		close $client;
		return;
	}
	while (length($self->{buffer}{$client} // '') >= 2) {
		my $length = unpack 'n', $self->{buffer}{$client};
		last if length $self->{buffer}{$client} < 2 + $length;
		my $message = substr $self->{buffer}{$client}, 2, $length;
		substr $self->{buffer}{$client}, 0, 2 + $length, '';
		$self->_give(sub { $self->_send_tcp($client, $_[0]) }, $self->_answers($message, 1));
	}
}

sub _read_udp
{
	my ($self) = @_;

	while (defined(my $peer = recv $self->{udp}, my $message, 4096, MSG_DONTWAIT)) {
		next if length $message < 17;
		$self->_give(sub { $self->_send_udp($peer, $_[0]) }, $self->_answers($message, 0));
	}
}

sub _serve
{
	my ($self) = @_;

	open $self->{log}, '>>', $self->{file} or die "$self->{file}: $!\n";
	$self->{other} = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die "udp: $!\n";
	$self->{select} = IO::Select->new(@$self{qw(udp tcp)});
	$self->{later} = [];
	for (;;) {
		my $wait = @{ $self->{later} } ? $self->{later}[0][0] - Time::HiRes::time : 10;
		for my $handle ($self->{select}->can_read($wait > 0 ? $wait : 0)) {
			if ($handle == $self->{udp}) {
				$self->_read_udp;
			} elsif ($handle == $self->{tcp}) {
				my $client = $handle->accept or next;
				$self->{select}->add($client);
			} else {
				$self->_read_client($handle);
			}
		}
		while (@{ $self->{later} } && $self->{later}[0][0] <= Time::HiRes::time) {
			my (undef, $send, $answer) = @{ shift @{ $self->{later} } };
			$send->($answer);
		}
	}
}

1;
