#!/usr/bin/perl
# t/ctl/ctl_probe_cmd.t: authrelayctl probe against a filter, and against servers that lie
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use Digest::MD5 qw(md5);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::IP;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY getaddrinfo AF_INET6);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;
use Authrelay::Certificates;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_for);

need_daemon();
need_ctl();
$SIG{PIPE} = 'IGNORE';

my $CAN_TLS = eval { require IO::Socket::SSL };
my @LOCAL = ('--local', 'user@local.test');
my @FILTER = (@LOCAL, qw(--relay-domain relay.test --name mx.example.test --timeout 10));
my $folder = scratch_folder();
my $PASSWORD = 'open sesame';
my $password_file = write_file("$folder/password", "$PASSWORD\r\nnot this\n");
chmod 0600, $password_file;

sub is_own { return $_[0] =~ /^<user\@local\.test>$/ }
sub keeps { return is_own(@_) ? '250 Ok' : '550 5.7.1 no' }
sub takes_all { return '250 Ok' }

# A server for one client at a time, all of it in a child. What it does, each may be left out:
#	rcpt => sub (recipient, session): the reply, undef to hang up
#	ehlo => [lines], greeting => text, first => sub (client): takes the place of the greeting
#	starttls => sub (client): 1 once there is TLS; tls => 1: from the first byte on; cert => [file, key]
#	auth => sub (rest of the line, client): the reply
#	mail => FILE that gets the messages; data_end => the reply to one
#	address => where it listens; from => FILE that gets the clients' addresses
sub serve
{
	my ($listener, $server) = @_;

	$SIG{PIPE} = 'IGNORE';
	while (my $client = $listener->accept) {
		$client->autoflush(1);
		setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
		append($server->{from}, $client->peerhost . "\n") if $server->{from};
		$client = to_tls($client, $server) or next if $server->{tls};
		$server->{first} ? $server->{first}->($client) : print {$client} $server->{greeting} // "220 mx.example.test ESMTP\r\n";
		serve_session($client, $server);
		close $client;
	}
}

sub append
{
	my ($file, $text) = @_;

	open my $out, '>>', $file or die "$file: $!";
	print {$out} $text;
	close $out or die "$file: $!";
}

sub to_tls
{
	my ($client, $server) = @_;

	$server->{context} //= IO::Socket::SSL::SSL_Context->new(SSL_server => 1, SSL_cert_file => $server->{cert}[0],
	    SSL_key_file => $server->{cert}[1]);
	return IO::Socket::SSL->start_SSL($client, SSL_server => 1, SSL_reuse_ctx => $server->{context}, SuppressRaggedEofs => 1);
}

sub serve_session
{
	my ($client, $server) = @_;
	my $session = { client => $client };

	while ($client->opened) {
		defined(my $line = <$client>) or return;
		my $reply = '250 Ok';
		if ($line =~ /^RCPT TO:(.*?)\r/) {
			$reply = ($server->{rcpt} // \&keeps)->($1, $session);
		} elsif ($line =~ /^EHLO/) {
			my @line = ('mx.example.test', @{$server->{ehlo} // []});
			$reply = join "\r\n", map { ($_ == $#line ? '250 ' : '250-') . $line[$_] } 0 .. $#line;
		} elsif ($line =~ /^STARTTLS/ && $server->{starttls}) {
			$client = $server->{starttls}->($client, $server) or return;
			next;
		} elsif ($line =~ /^AUTH (.*?)\r/ && $server->{auth}) {
			$reply = $server->{auth}->($1, $client);
			$session->{login} = 1 if defined $reply && $reply =~ /^235/;
		} elsif ($line =~ /^DATA\r/ && $server->{mail}) {
			print {$client} "354 go on\r\n";
			my $text = '';
			$text .= $line while defined($line = <$client>) && $line ne ".\r\n";
			append($server->{mail}, "$text.\r\n");
			$reply = $server->{data_end} // '250 2.0.0 queued';
		}
		return if !defined $reply;
		print {$client} "$reply\r\n";
	}
}

sub with_server
{
	my ($server, $use) = @_;
	my $address = $server->{address} // '127.0.0.1';
	my $listener = IO::Socket::IP->new(Listen => 5, LocalHost => $address) or die "$address: $@";
	my $process = Authrelay::Process->start(code => sub { serve($listener, $server) });
	my $port = $listener->sockport;

	close $listener;
	my @result = $use->($address =~ /:/ ? "[$address]:$port" : "$address:$port", $port);
	$process->stop('KILL');
	return @result;
}

sub probe_server
{
	my ($server, @option) = @_;

	return with_server($server, sub { ctl('probe', @LOCAL, '--timeout', 3, @option, $_[0]) });
}

# [name, server, options, exit status, what the output has in it]; what a server does to one sender, it does to all
sub check_rows
{
	for my $row (@_) {
		my ($name, $server, $option, $want, @says) = @$row;
		my ($code, $out, $err) = probe_server($server, '--quick', @$option);
		is $code, $want, "a server that $name: exit $want" or diag $out, $err;
		like $out, $_, '  and what is said of it' for @says;
	}
}

sub filter_conf
{
	my ($networks, $more) = @_;

	return "trusted-networks = { \"$networks\" }\nlocal-domains = { \"local.test\", \"mx.example.test\" }\n"
	    . "relay-domains = { \"relay.test\" }\n" . ($more // '');
}

sub test_filter
{
	my $none = qr/^All \d{4} tests performed, no relays accepted\.\n\z/m;
	my $some = qr/^All \d{4} tests performed, \d+ relays accepted\.\nRelays:\nthird party /m;
	# [networks, more of the configuration, options, exit status, what is said]
	my @case = (
		['192.0.2.0/24', '', [], 0, $none],
		['0.0.0.0/0', '', [], 2, $some],
		['2001:db8::/32', '', ['--client', '2001:db8::9'], 2, $some],
		['192.0.2.0/24', '', ['--auth', 'joe@local.test'], 0, $none,
		    qr/^served +authenticated client relays, from the user who logs in: /m],
		['192.0.2.0/24', "auth { mechanisms = { CRAM-MD5 } }\n", ['--auth', 'joe'], 2,
		    qr/ no relays accepted\. An authenticated client cannot relay\.\n\z/, qr/^FAILED +authenticated client relays/m],
	);
	for my $case (@case) {
		my ($networks, $more, $option, $want, @says) = @$case;
		my $daemon = Authrelay::Daemon->new(conf => filter_conf($networks, $more))->start;
		my ($code, $out, $err) = ctl('probe', @FILTER, @$option, '--milter', $daemon->socket_file);
		is $code, $want, "filter that trusts $networks, @$option" or diag $out, $err;
		like $out, $_, '  and what it says' for @says;
		# Each is answered for itself, not as the one before.
		is scalar(() = $out =~ /^kept +local recipient, from /mg), 11, '  it accepts its own, from each sender';
		is $daemon->sanitizer_report, '', '  no sanitizer has anything to say';
		$daemon->stop;
	}
}

# A filter that says on which of its sockets it was asked.
sub test_filter_sockets
{
	for my $case (['127.0.0.1', 'inet:%d@127.0.0.1'], ['127.0.0.1', 'inet:%d@[127.0.0.1]'], ['::1', 'inet6:%d@::1'],
	    ['::1', 'inet6:%d@[::1]']) {
		my ($address, $format) = @$case;
		my ($code, $out) = with_server({ address => $address, first => sub { sysread $_[0], my $offer, 17; close $_[0] } },
		    sub { ctl('probe', @LOCAL, '--milter', sprintf $format, $_[1]) });
		is "$code $out", "3 0 tests performed, then stopped: the filter closed the connection.\n", "asked at $format";
	}
	for my $wrong ('inet:@127.0.0.1', 'inet:1@', 'inet:1', 'tcp:1@127.0.0.1', 'inet6:1@127.0.0.1', 'unix:' . 'x' x 200,
	    "$folder/none", 'inet:1@[]') {
		my ($code, undef, $err) = ctl('probe', @LOCAL, '--milter', $wrong);
		is $code, 3, "no filter: $wrong";
	}
}

sub test_servers
{
	my $first = 1;
	check_rows(
		['keeps its own', {}, [], 0, qr/no relays accepted\.\n\z/, qr/^session   in clear$/m],
		['takes a percent hack', { rcpt => sub { $_[0] =~ /%example/ ? '250 Ok' : keeps(@_) } }, [], 2,
		    qr/^percent hack by host name /m],
		['takes all', { rcpt => \&takes_all }, [], 2, qr/^third party \(/m],
		['takes any user of its own', { rcpt => sub { $_[0] =~ /\@local\.test>$/ ? '250 Ok' : '550 no' } }, [], 1,
		    qr/without a clear answer/],
		['is busy with strangers', { rcpt => sub { is_own(@_) ? '250 Ok' : '451 later' } }, [], 1, qr/^temporary /m],
		['puts all off', { rcpt => sub { '450 4.2.0 greylisted' } }, [], 1,
		    qr/^0 tests performed, then stopped: the server does not accept the local recipient now \(450\)\.\n\z/m],
		['is not there now', { greeting => "421 4.3.2 too busy\r\n" }, [], 1, qr/the server is not available now \(421\)/],
		['wants nobody', { greeting => "554 5.7.1 go away\r\n" }, [], 3, qr/the server refused the session/],
		['has had enough', { rcpt => sub { is_own(@_) ? '250 Ok' : '421 4.7.0 too many errors' } }, [], 1,
		    qr/^3 tests performed, then stopped: the server is not available any more \(421\)/m],
		['has enough once in a session', { rcpt => sub { is_own(@_) || $_[1]{n}++ < 5 ? keeps(@_) : '421 4.7.0 too many' } },
		    [], 0, qr/no relays accepted\.\n\z/],
		['refuses all', { rcpt => sub { '550 no' } }, [], 3, qr/does not accept the local recipient, /],
		['wants a login', { rcpt => sub { '530 5.7.0 Authentication required' } }, [], 0, qr/no relays accepted\.\n\z/],
		['wants TLS', { rcpt => sub { '530 5.7.0 Must issue STARTTLS first' } }, [], 3, qr/requires STARTTLS/],
		['closes on strangers', { rcpt => sub { is_own(@_) ? '250 Ok' : undef } }, [], 3, qr/^3 tests performed/m,
		    qr/^lost +third party, from third party: .*: 000 the server closed the connection$/m],
		['closes on one form', { rcpt => sub { $_[0] eq '<!b>' ? undef : keeps(@_) } }, [], 1, qr/^All .* without a clear answer/m],
		['sends escapes', { rcpt => sub { is_own(@_) ? '250 Ok' : "550 a\e[31m" } }, [], 0, qr/\A[^\e]*\z/],
	);
}

# A reply of 64 KB.
sub lines
{
	my ($code) = @_;

	return join("\r\n", map { "$code-$_ " . 'x' x 640 } 1 .. 99) . "\r\n$code end";
}

# Says nothing more until the client has gone.
sub hang
{
	my ($client) = @_;

	1 while sysread $client, my $bytes, 1000;
	return;
}

# Whatever a peer does, there is an end, and no crash.
sub test_bad_peers
{
	my @fast = ('--timeout', 0.5);
	my $ended = qr/^0 tests performed, then stopped: /m;
	my $long = 'x' x 65536;
	check_rows(
		['closes', { rcpt => sub { undef } }, [], 3, qr/closed the connection/],
		['talks rubbish', { rcpt => sub { "\0\xff\e[31m" } }, [], 3, $ended],
		['closes at once', { first => sub { close $_[0] } }, [], 3, $ended],
		['greets with rubbish', { first => sub { print {$_[0]} map { chr int rand 256 } 1 .. 5000 } }, [], 3, $ended],
		['speaks HTTP', { greeting => "HTTP/1.1 400 Bad Request\r\n\r\n" }, [], 3, qr/: not an SMTP reply\.$/m],
		['says nothing', { first => \&hang }, \@fast, 3, qr/: no answer in time\.$/m],
		['says nothing to RCPT', { rcpt => sub { hang($_[1]{client}) } }, \@fast, 3, qr/: no answer in time\.$/m],
		['has one line of 64 KB', { rcpt => sub { "250 $long" } }, [], 3, qr/: a reply with too long a line\.$/m],
		['has a reply of 64 KB', { rcpt => sub { $_[0] eq '<>' ? lines(250) : keeps(@_) } }, [], 0,
		    qr/^kept +empty, .*: 250 "1 x+\.\.\."$/m],
		['has a refusal of 64 KB', { rcpt => sub { $_[0] eq '<>' ? lines(550) : keeps(@_) } }, [], 0,
		    qr/^refused +empty, .*: 550 "1 x+\.\.\."$/m],
		['has no end of lines', { first => sub { 1 while print {$_[0]} "220-hello\r\n" } }, [], 3, qr/: a reply of too many lines\.$/m],
		['has a line without an end', { first => sub { 1 while print {$_[0]} 'x' x 1000 } }, [], 3, qr/too long a line/],
		['says a byte at a time', { first => sub { for (1 .. 100) { print {$_[0]} '2'; select undef, undef, undef, 0.05 } } },
		    \@fast, 3, qr/: no answer in time\.$/m],
		['changes its mind in a reply', { rcpt => sub { "250-a\r\n550 b" } }, [], 3, qr/: a reply with two codes\.$/m],
		['wants no EHLO and no HELO', { first => sub { print {$_[0]} "220 a\r\n502 no\r\n502 no\r\n" } }, [], 3,
		    qr/refused the session/],
	);
	my ($code, $out) = ctl('probe', @LOCAL, '--timeout', 1, '127.0.0.1:1');
	is $code, 3, 'nobody there: exit 3';
	like $out, qr/${ended}Connection refused/, '  and why';
}

# STARTTLS, as far as it can be had without TLS.
sub test_starttls
{
	my @offers = (ehlo => ['STARTTLS', 'SIZE']);
	my $go = "220 2.0.0 go on\r\n";
	my $rubbish = sub { my ($client) = @_; print {$client} $go; sysread $client, my $hello, 1000; print {$client} 'rubbish' x 100; return };
	my $ended = qr/^0 tests performed, then stopped: /m;

	check_rows(
		['offers no TLS', {}, ['--starttls'], 3, qr/${ended}the server does not offer STARTTLS\./],
		['refuses TLS', { @offers, starttls => sub { print {$_[0]} "454 4.7.0 not now\r\n"; return $_[0] } }, ['--starttls'], 1,
		    qr/${ended}the server is not available now \(454\)/],
		['speaks too early', { @offers, starttls => sub { print {$_[0]} "${go}250 injected\r\n"; return } }, ['--starttls'], 3,
		    qr/${ended}the server sent data between STARTTLS and TLS\./],
		['speaks no TLS', { @offers, starttls => $rubbish }, ['--starttls'], 3, qr/${ended}TLS: /],
		['hangs in TLS', { @offers, starttls => sub { print {$_[0]} $go; hang($_[0]) } }, ['--starttls', '--timeout', 0.5], 3,
		    qr/${ended}TLS: no answer in time\./],
		['closes in TLS', { @offers, starttls => sub { print {$_[0]} $go; return } }, ['--starttls'], 3, qr/${ended}TLS: /],
		['has no TLS at once', {}, ['--tls'], 3, qr/${ended}TLS: /],
		['has broken TLS that nobody demands', { @offers, starttls => $rubbish }, [], 0, qr/^session   in clear: TLS: /m,
		    qr/no relays accepted/],
		['refuses TLS that nobody demands', { @offers, starttls => sub { print {$_[0]} "454 4.7.0 not now\r\n"; return $_[0] } },
		    [], 0, qr/^session   in clear: STARTTLS was refused \(454\)$/m],
		['has broken TLS that is not used', { @offers, starttls => $rubbish }, ['--no-tls'], 0, qr/^session   in clear$/m],
		['has TLS to be checked, and broken', { @offers, starttls => $rubbish }, ['--tls-verify'], 3, qr/${ended}TLS: /],
	);
}

sub test_tls
{
	if (!$CAN_TLS) {
		ok !$ENV{CI}, 'no IO::Socket::SSL: TLS is not tested';
		return;
	}
	my $authority = Authrelay::Certificates->new($folder);
	my %good = (cert => [$authority->issue('named', '/CN=mx.example.test')]);
	my %offers = (%good, ehlo => ['STARTTLS'], starttls => sub { print {$_[0]} "220 go on\r\n"; return to_tls(@_) });
	my @ca = ('--ca-file', $authority->file);
	my @name = ('--name', 'mx.example.test');
	my $unchecked = qr/^session   TLSv1\.[23] \S+, certificate not checked$/m;

	check_rows(
		['offers TLS', \%offers, [], 0, $unchecked, qr/no relays accepted/],
		['offers TLS that is demanded', \%offers, ['--starttls'], 0, $unchecked],
		['has TLS at once', { %good, tls => 1 }, ['--tls'], 0, $unchecked],
		['has a good certificate', { %offers }, [@ca, @name], 0, qr/^session   TLSv1\.[23] \S+, certificate checked$/m],
		['has a good certificate at once', { %good, tls => 1 }, ['--tls', @ca, @name], 0, qr/, certificate checked$/m],
		['has one for another name', { %good, tls => 1 }, ['--tls', @ca, '--name', 'mx.example.com'], 3,
		    qr/the server's certificate: hostname mismatch/i],
		['has one for no address', { %offers }, [@ca], 3, qr/the server's certificate: IP address mismatch/i],
		['has one of nobody', { %offers }, ['--tls-verify', @name], 3, qr/the server's certificate: /],
		['has no list of authorities', { %offers }, ['--ca-file', "$folder/none", @name], 3, qr/stopped: TLS: /],
		['keeps its relays for TLS', { %offers, rcpt => \&takes_all }, [], 2, qr/^RELAY /m],
	);
}

# How a client logs in; returns a server's `auth`.
sub check_login
{
	my ($user, $how, $reply) = @_;
	my $ask = sub { my ($client, $text) = @_; print {$client} '334 ' . encode_base64($text, '') . "\r\n";
	    return decode_base64(<$client> =~ s/\r\n\z//r) };
	my %said = (
		PLAIN => sub { $_[1] =~ /^PLAIN (\S+)$/ ? decode_base64($1) : '' },
		LOGIN => sub { join "\0", '', map { $ask->($_[0], $_) } 'Username:', 'Password:' },
		'CRAM-MD5' => sub { $ask->($_[0], '<1.2@mx.example.test>') },
	);
	my %want = (map({ $_ => "\0$user\0$PASSWORD" } qw(PLAIN LOGIN)), 'CRAM-MD5' => "$user " . hmac('<1.2@mx.example.test>'));

	return sub {
		my ($rest, $client) = @_;
		return $reply if defined $reply;
		return '504 5.5.4 not this' if $rest !~ /^\Q$how\E\b/;
		return $said{$how}->($client, $rest) eq $want{$how} ? '235 2.7.0 welcome' : '535 5.7.8 no';
	};
}

# RFC 2104, by hand: the other side's is OpenSSL's.
sub hmac
{
	my ($text) = @_;
	my ($inner, $outer) = map { $PASSWORD . "\0" x (64 - length $PASSWORD) ^ chr($_) x 64 } 0x36, 0x5c;

	return unpack 'H*', md5($outer . md5($inner . $text));
}

# What the first client is greeted with, and all others.
sub once
{
	my ($first, $other) = @_;
	my $count = 0;

	return sub { print {$_[0]} $count++ ? $other : $first };
}

sub relays_for_users { return $_[1]{login} ? '250 Ok' : keeps(@_) }

sub test_login
{
	my @user = ('--auth', 'joe@local.test', '--password-file', $password_file);
	my @clear = (@user, '--allow-plaintext-auth');
	my %offers = (ehlo => ['AUTH PLAIN LOGIN CRAM-MD5'], rcpt => \&relays_for_users);
	my $served = qr/^served +authenticated client relays, from the user who logs in: <relaytest\@example\.org>: 250 Ok$/m;
	my $failed = qr/no relays accepted\. An authenticated client cannot relay\.\n\z/;
	my %login = map { $_ => check_login('joe@local.test', $_) } qw(PLAIN LOGIN CRAM-MD5);

	check_rows(
		['takes PLAIN', { %offers, ehlo => ['AUTH PLAIN'], auth => $login{PLAIN} }, \@clear, 0, $served, qr/^All \d+ .*no relays/m],
		['takes LOGIN', { %offers, ehlo => ['AUTH=LOGIN'], auth => $login{LOGIN} }, \@clear, 0, $served],
		['takes CRAM-MD5, in clear', { %offers, auth => $login{'CRAM-MD5'} }, \@user, 0, $served],
		['takes the password in clear only', { %offers, ehlo => ['AUTH PLAIN LOGIN'], auth => $login{PLAIN} }, \@user, 3,
		    qr/^0 tests performed, then stopped: the password would be sent without TLS\.$/m],
		['takes mechanisms that are not ours', { %offers, ehlo => ['AUTH GSSAPI'] }, \@clear, 3, qr/offers neither PLAIN/],
		['offers no AUTH', { %offers, ehlo => [] }, \@clear, 2, $failed, qr/: 000 the server does not offer AUTH$/m],
		['refuses the login', { %offers, auth => check_login('', '', '535 5.7.8 bad') }, \@clear, 2, $failed,
		    qr/^FAILED +authenticated client relays, .*: 535 "5\.7\.8 bad"$/m],
		['cannot say now', { %offers, auth => check_login('', '', '454 4.7.0 later') }, \@clear, 1,
		    qr/^temporary +authenticated client relays/m],
		['asks for ever', { %offers, auth => check_login('', '', '334 ') }, \@clear, 2, $failed],
		['has a challenge of rubbish', { %offers, ehlo => ['AUTH CRAM-MD5'], auth => check_login('', '', "334 a\xff" . '=' x 999) },
		    \@clear, 2, $failed],
		['hangs at AUTH', { %offers, auth => sub { hang($_[1]) } }, [@clear, '--timeout', 0.5], 1, qr/^lost +authenticated client relays/m],
		['has enough after one session', { %offers, first => once("220 mx.example.test ESMTP\r\n", "554 5.7.1 go away\r\n") },
		    \@clear, 3, qr/refused the session/],
		['relays for nobody', { %offers, rcpt => \&keeps, auth => $login{'CRAM-MD5'} }, \@clear, 2, $failed],
		['relays for users later', { %offers, auth => $login{'CRAM-MD5'}, rcpt => sub { $_[1]{login} ? '451 later' : keeps(@_) } },
		    \@clear, 1, qr/^temporary +authenticated/m],
		['has nothing for strangers', { %offers, auth => $login{'CRAM-MD5'}, rcpt => sub { $_[1]{login} ? '250 Ok' : '554 5.7.1 no' } },
		    \@clear, 0, $served, qr/no relays accepted\.\n\z/],
		['has nothing for anybody', { %offers, auth => $login{'CRAM-MD5'}, rcpt => sub { '554 5.7.1 no' } }, \@clear, 2,
		    qr/^1 tests performed, .*accept the local recipient.* An authenticated client cannot relay/m],
		['relays for all', { %offers, auth => $login{'CRAM-MD5'}, rcpt => \&takes_all }, \@clear, 2, qr/relays accepted/, $served],
	);
	my ($code, $out) = probe_server({ %offers, auth => $login{'CRAM-MD5'} }, @clear, '--json');
	my $json = eval { decode_json($out) } // {};
	is_deeply [map { $json->{$_} } qw(status relays failed unclear why session)], ['OK', 0, 0, 0, '', 'in clear'], 'JSON of a login';
	is "$json->{tests}[0]{form} $json->{tests}[0]{verdict}", 'authenticated client relays served', '  and its test';
}

# Each line of RCPT that the server accepted, by the number in the message.
sub test_data
{
	my $mail = "$folder/mail";
	my %server = (mail => $mail, rcpt => sub { $_[0] =~ /%|\@example.org>/ ? '250 Ok' : keeps(@_) });

	my ($code, $out) = probe_server(\%server, '--data', '--relay-domain', 'relay.test');
	my $text = read_file($mail);
	my @number = $text =~ /^X-Authrelay-Test: (\d+)\r$/mg;
	my %line = map { /^RELAY .* \(message (\d+)\)$/ ? ($1 => $_) : () } split /\n/, $out;
	my ($count) = $out =~ /, (\d+) relays accepted\./;
	is $code, 2, 'with --data: exit 2';
	cmp_ok scalar @number, '>', 100, '  messages came';
	is join(' ', @number), join(' ', sort { $a <=> $b } keys %line), '  one for each relay, by number';
	is scalar @number, $count, '  and for nothing else';
	my ($first) = $text =~ /\A(.*?)^\.\r\n/ms;
	like $first, qr/\ADate: \w{3}, \d+ \w{3} \d{4} [\d:]{8} \+0000\r\nMessage-ID: <\S+\.1\@probe\.invalid>\r\nFrom: /, 'its header';
	like $first, qr/^Subject: authrelay relay test 1: third party\r\n.*^Auto-Submitted: auto-generated\r\n.*^\r\n/ms, '  all of it';
	like $first, qr/^test:      1, third party\r\nsender:    <>\r\nrecipient: <relaytest\@example\.org>\r\n\z/m, 'its text';
	unlike $text, qr/[^\r\x20-\x7e\n]|[^\r]\n|^[^\r\n]{998}/, 'all of it is plain';

	unlink $mail;
	($code, $out) = probe_server({ %server, data_end => '554 5.7.1 not this' }, '--data');
	is $code, 0, 'refused at the end: exit 0' or diag $out;
	like $out, qr/^refused +third party, from null sender: .*: 554 "5\.7\.1 not this" \(message 1\)$/m, '  and what is said';
	($code, $out) = probe_server({ %server, mail => undef, rcpt => sub { keeps(@_) } }, '--data');
	unlike $out, qr/message/, 'nothing goes where nothing is accepted';
	($code, $out) = probe_server({ %server, data_end => undef, mail => "$folder/mail2", ehlo => ['AUTH PLAIN'],
	    auth => check_login('joe', 'PLAIN'), rcpt => \&relays_for_users }, '--data', '--json', '--auth', 'joe', '--password-file',
	    $password_file, '--allow-plaintext-auth');
	is read_file("$folder/mail2") =~ s/.*^Subject: (.*?)\r.*/$1/msr, 'authrelay relay test 1: authenticated client relays',
	    'one message goes from who logs in';
	is eval { decode_json($out)->{tests}[0]{message} }, 1, '  its number in JSON';
}

sub test_passwords
{
	my @auth = ('--auth', 'joe', '--password-file');
	my %file = (empty => ["\n", 0600, qr/the password is empty/], open => ["x\n", 0604, qr/other users have access to this file/],
	    nul => ["a\0b\n", 0600, qr/a NUL/], long => ['x' x 513, 0600, qr/too long/]);

	for my $name (sort keys %file) {
		my ($text, $mode, $why) = @{$file{$name}};
		write_file("$folder/$name", $text);
		chmod $mode, "$folder/$name";
		my ($code, $out, $err) = ctl('probe', @LOCAL, @auth, "$folder/$name", '127.0.0.1:1');
		is $code, 3, "a password file, $name: exit 3";
		like $err, $why, '  and why';
	}
	my ($code, $out, $err) = ctl('probe', @LOCAL, '--nagios', @auth, "$folder/none", '127.0.0.1:1');
	is "$code $out", "3 RELAY UNKNOWN - 0 tests performed, then stopped: No such file or directory.\n", 'none, for a monitor';
	my $said = "$folder/said";
	my $process = Authrelay::Process->start(detach => 1, output => $said,
	    command => [Authrelay::Ctl::program(), 'probe', @LOCAL, '--auth', 'joe', '127.0.0.1:1']);
	is $process->wait_exit(20), 3, 'no terminal: exit 3';
	like read_file($said), qr/no terminal to ask at; use --password-file/, '  and why';
}

sub test_formats
{
	my ($code, $out, $err) = probe_server({ rcpt => \&takes_all }, '--json');
	my $json = eval { decode_json($out) } // {};
	is $code, 2, 'JSON: exit 2';
	is $json->{status}, 'CRITICAL', 'JSON: the status';
	is scalar @{$json->{tests} // []}, $json->{performed} // -1, 'JSON: all tests';
	is scalar(grep { $_->{verdict} eq 'RELAY' } @{$json->{tests}}), $json->{relays}, 'JSON: the relays';

	($code, $out, $err) = probe_server({}, '--nagios');
	is "$code $err", '0 ', 'Nagios: exit 0, and no progress bar';
	like $out, qr/\ARELAY OK - All \d+ tests performed, no relays accepted\.\n\z/, 'Nagios: one line';
	($code, $out) = probe_server({ rcpt => \&takes_all }, '--nagios');
	like $out, qr/\ARELAY CRITICAL - [^|]*\z/, 'Nagios: no mark of performance data';
	($code, $out, $err) = ctl('probe', @LOCAL, '--nagios', '192.0.2.1:25');
	is $code, 3, 'Nagios: what may not be probed';
	like $out, qr/\ARELAY UNKNOWN - .*neither loopback nor private/, '  and its line';
	($code, $out) = ctl('probe', @LOCAL, '--json', '192.0.2.1:25');
	is eval { decode_json($out)->{status} }, 'UNKNOWN', 'JSON of it';
}

# Each line can be read when its test is over.
sub test_line_by_line
{
	my ($said, $release) = map { "$folder/$_" } qw(lines release);
	my $n = 0;
	my $server = { rcpt => sub { $n++ == 12 and wait_for('release', 30, sub { -e $release }); return keeps(@_) } };

	with_server($server, sub {
		my $process = Authrelay::Process->start(output => $said, command => [Authrelay::Ctl::program(), 'probe', @LOCAL, $_[0]]);
		my @line = wait_for('lines', 30, sub { my @l = -e $said ? read_file($said) =~ /^refused .*\n/mg : (); @l > 5 && \@l });
		is $process->is_running, 1, 'lines come before the end';
		unlike read_file($said), qr/All \d+ tests/, '  and not the last one';
		write_file($release, '');
		is $process->wait_exit(60), 0, '  which comes then';
	});
	with_server({}, sub {
		is system('/bin/sh', '-c', 'exec "$@" >/dev/full 2>/dev/null', 'sh', Authrelay::Ctl::program(), 'probe', @LOCAL, $_[0]) >> 8, 3,
		    'output that cannot be written: exit 3';
	}) if -e '/dev/full';
}

sub test_addresses
{
	my $from = "$folder/from";

	for my $case (['127.0.0.1', '127.0.0.1'], ['127.0.0.1', '127.0.0.7', '--source', '127.0.0.7'], ['::1', '::1'],
	    ['::1', '::1', '--source', '::1']) {
		my ($address, $want, @option) = @$case;
		my ($code, $out, $err) = probe_server({ address => $address, from => $from, rcpt => sub { $_[0] =~ /^<user\@\[IPv6:::1\]>/ ?
		    '250 Ok' : keeps(@_) } }, @option);
		is $code, 0, "$address, @option: exit 0" or diag $out, $err;
		is join(' ', keys %{{ map { $_ => 1 } split /\n/, read_file($from) }}), $want, '  from the address asked for';
		like $out, qr/^kept +own address literal, .*<user\@\[IPv6:::1\]>/m, '  its literal' if $address eq '::1';
		unlink $from;
	}
	with_server({}, sub { is((ctl('probe', @LOCAL, "localhost:$_[1]"))[0], 0, 'localhost, that has IPv6 too') });
	my (undef, @name) = getaddrinfo('localhost', 25);
	with_server({ address => '::1' }, sub { is((ctl('probe', @LOCAL, "localhost:$_[1]"))[0], 0, 'localhost on IPv6 alone') })
	    if grep { $_->{family} == AF_INET6 } @name;
	my ($code, $out, $err) = ctl('probe', @LOCAL, '--source', '::1', '127.0.0.1:25');
	is $code, 3, 'a source of another family: exit 3';
	($code, $out, $err) = ctl('probe', @LOCAL, '--source', '192.0.2.1', '127.0.0.1:25');
	is $code, 3, 'a source that is not ours: exit 3';
}

sub test_refusals
{
	for my $address ('192.0.2.1:25', '[2001:db8::1]:25', '100.128.0.1', '172.32.0.1', '224.0.0.1', '::') {
		my ($code, $out, $err) = ctl('probe', @LOCAL, $address);
		is $code, 3, "$address: exit 3";
		like $err, qr/--yes-i-run-this-server/, '  and why';
	}
	for my $name ('nowhere.invalid', '[::1', '[::1]x', '127.0.0.1:', ':25', '127.0.0.1:nothing', 'x' x 300) {
		my ($code, $out, $err) = ctl('probe', @LOCAL, $name);
		is $code, 3, 'no server: ' . substr $name, 0, 20;
		like $err, qr/^authrelayctl: probe: .+/, '  and why';
	}
	my @filter = (@LOCAL, '--milter', "$folder/none");
	for my $wrong ([], ['127.0.0.1'], [@LOCAL], [@LOCAL, '127.0.0.1', 'x'], [@LOCAL, '--delay', 'x', '127.0.0.1'],
	    ['--local', "a\@b\r\nDATA", '127.0.0.1'], [@LOCAL, '--external', 'a b', '127.0.0.1'],
	    [@LOCAL, '--nothing', '127.0.0.1'], [@LOCAL, '--tls', '--starttls', '127.0.0.1'],
	    [@LOCAL, '--no-tls', '--tls-verify', '127.0.0.1'], [@LOCAL, '--auth', '', '127.0.0.1'],
	    [@LOCAL, '--auth', 'x' x 513, '127.0.0.1'], [@LOCAL, '--password-file', 'x', '127.0.0.1'],
	    [@LOCAL, '--allow-plaintext-auth', '127.0.0.1'], [@LOCAL, '--client', '192.0.2.1', '127.0.0.1'],
	    (map { [@filter, @$_] } ['--tls'], ['--starttls'], ['--tls-verify'], ['--no-tls'], ['--data'], ['--source', '127.0.0.1'],
	    ['--ca-file', 'x'], ['--auth', 'joe', '--password-file', 'x'], ['--client', 'here'], ['127.0.0.1'])) {
		my ($code) = ctl('probe', @$wrong);
		is $code, 64, 'usage: ' . substr join(' ', @$wrong) =~ s/[\r\n]+/ /gr, 0, 80;
	}
	my ($code, $out) = ctl('probe', '--list');
	is $code, 0, 'the list: exit 0';
	cmp_ok scalar(split /\n/, $out), '>', 130, 'the list: all of them';
	like $out, qr/^authenticated client relays\tauthrelay\t/m, 'the list: also the login';
}

test_filter();
test_filter_sockets();
test_servers();
test_bad_peers();
test_starttls();
test_tls();
test_login();
test_data();
test_passwords();
test_formats();
test_line_by_line();
test_addresses();
test_refusals();
done_testing;
