#!/usr/bin/perl
# t/daemon/milter_dialogue.t: the daemon, spoken to as an MTA does
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $MALFORMED = qr/^553 5\.1\.3 /;
my $STRANGER = '198.51.100.7';

my $daemon = Authrelay::Daemon->new(conf => <<'EOT')->start;
trusted-networks = { "192.0.2.0/24", "2001:db8:1::/48" }
local-domains = { "local.test", "xn--bcher-kva.test" }
relay-domains = { "relay.test" }
require-auth-on = { "MSA" }
EOT
my $records = $daemon->records;

# A connection on which the two sides have agreed.
sub negotiated
{
	my (%offer) = @_;

	return Authrelay::MilterClient->new($daemon->socket)->negotiate(%offer);
}

# A client that has said HELO; name => value: see MilterClient::client().
sub session
{
	my (%client) = (addr => $STRANGER, @_);
	my $m = negotiated();

	greet($m, %client);
	return $m;
}

sub greet
{
	my ($m, %client) = @_;

	$m->set_macros(j => 'mx.example.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd',
	    '{daemon_port}' => '25');
	is($m->client(%client), 'no reply', 'CONNECT waits for nothing');
	is($m->helo('client.test'), 'no reply', 'HELO waits for nothing');
}

sub login
{
	my ($m, $type, $user) = @_;

	$m->set_macros('{auth_type}' => $type, '{auth_authen}' => $user);
}

# What Postfix says of a recipient beside its text.
sub rcpt
{
	my ($m, $rcpt, $resolved) = @_;

	$m->set_macros('{rcpt_addr}' => $resolved // $rcpt =~ s/^<|>$//gr, '{rcpt_mailer}' => 'smtp',
	    '{rcpt_host}' => 'next.test');
	return $m->rcpt($rcpt);
}

# The records of the two.
sub permitted
{
	my ($rcpt, $reason, %more) = @_;

	return { event => 'rcpt', verdict => 'permit', reason => $reason, rcpt => $rcpt, reply => undef,
	    %more };
}

sub denied
{
	my ($rcpt, %more) = @_;

	return { event => 'rcpt', verdict => 'reject', reason => 'relay-denied', rcpt => $rcpt,
	    reply => $DENIED, %more };
}

sub has { my ($m, $command, $macro) = @_; return scalar grep { $_ eq $macro } $m->wanted($command) }

subtest 'what is negotiated' => sub {
	my $m = negotiated();
	my $steps = $m->steps;

	is($m->version, 6, 'protocol version 6');
	is($m->actions & ~0x100, 0, 'nothing of the message will be changed');
	is($steps & 0xf, 0, 'CONNECT, HELO, MAIL and RCPT are wanted');
	is($steps & 0x8000, 0, 'RCPT waits for a reply');
	is($steps & 0x7000, 0x7000, 'CONNECT, HELO and MAIL do not');
	is($steps & 0x800, 0x800, 'recipients that the MTA has refused are wanted');
	is($steps & 0x170, 0x170, 'headers, body and unknown commands are not');
	ok(has($m, @$_), "$_->[1] is asked for at $_->[0]")
	    for ['M', '{auth_type}'], ['M', '{auth_authen}'], ['R', '{rcpt_addr}'], ['R', '{rcpt_mailer}'],
	    ['R', '{rcpt_host}'], ['C', '{daemon_name}'];
	ok(!has($m, $_, '{auth_author}'), "{auth_author}, which anybody can set, is not asked for at $_")
	    for qw(C H M R);
	$m->quit;
};

subtest 'a stranger' => sub {
	my $m = session(port => 4711);

	is($m->mail('<m@sender.test>'), 'no reply', 'MAIL waits for nothing');
	is(rcpt($m, '<user@local.test>'), 'continue', 'to us');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'to elsewhere');
	is(rcpt($m, '<User@Relay.Test>', 'user@relay.test'), 'continue', 'to a relay domain, in whatever case');
	is(rcpt($m, '<x%outside.test@local.test>', 'x@outside.test'), $DENIED, 'the percent hack');
	is(rcpt($m, '<@local.test:x@outside.test>', 'x@outside.test'), $DENIED, 'a source route');
	is(rcpt($m, '<postmaster>', 'postmaster@local.test'), 'continue', 'postmaster without a domain');
	is(rcpt($m, 'user@local.test', 'user@local.test'), 'continue', 'no brackets, and the MTA reads the same');
	is(rcpt($m, '<x(@local.test)y@local.test>', 'x@outside.test'), $DENIED, 'the MTA reads another domain');
	like(rcpt($m, '<user@local.test', 'user@local.test'), $MALFORMED, 'half a bracket');
	$m->set_macros(i => '4Xq1');
	is($m->message, 'continue', 'the message itself is not held up');
	$records->are('a record for each, and one for the message',
	    permitted('<user@local.test>', 'local-domain', domain => 'local.test', enforced => 1,
		matched => 'local-domains local.test', client => $STRANGER, client_port => 4711,
		client_name => "[$STRANGER]", helo => 'client.test', sender => '<m@sender.test>',
		rcpt_mta => 'user@local.test', mta => 'mx.example.test', daemon => 'smtpd', txn => 1, v => 1,
		queue_id => undef, auth => undef, auth_type => undef, session => qr/./,
		time => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, elapsed_us => qr/^\d+$/),
	    denied('<x@outside.test>', domain => 'outside.test', enforced => 1, matched => undef),
	    permitted('<User@Relay.Test>', 'relay-domain', matched => 'relay-domains relay.test'),
	    denied('<x%outside.test@local.test>', reason => 'routed-address'),
	    denied('<@local.test:x@outside.test>', reason => 'routed-address'),
	    permitted('<postmaster>', 'local-domain'),
	    permitted('user@local.test', 'local-domain'),
	    denied('<x(@local.test)y@local.test>', reason => qr/^(?:divergence|malformed-address)$/,
		reply => qr/^55[03] /),
	    denied('<user@local.test', reason => 'malformed-address', reply => $MALFORMED),
	    { event => 'message', queue_id => '4Xq1', txn => 1, sender => '<m@sender.test>', rcpt => undef,
		verdict => undef, reason => undef });
	$m->quit;
};

subtest 'each transaction has its own login' => sub {
	my $m = session();
	my @state = (
		[ 'alice', sub { login($m, 'PLAIN', 'alice@local.test') } ],
		[ 'nobody', sub { login($m) } ],
		[ 'bob', sub { login($m, 'CRAM-MD5', 'bob@local.test') } ]
	);

	for my $state (@state) {
		$state->[1]->();
		$m->mail('<m@sender.test>');
		my $reply = rcpt($m, '<x@outside.test>');
		is($reply, $state->[0] eq 'nobody' ? $DENIED : 'continue', $state->[0]);
		$m->message;
	}
	$records->are('recorded so',
	    permitted('<x@outside.test>', 'authenticated', auth => 'alice@local.test', auth_type => 'PLAIN',
		txn => 1),
	    { event => 'message', auth => 'alice@local.test', txn => 1 },
	    denied('<x@outside.test>', auth => undef, auth_type => undef, txn => 2),
	    { event => 'message', auth => undef, txn => 2 },
	    permitted('<x@outside.test>', 'authenticated', auth => 'bob@local.test', txn => 3),
	    { event => 'message', auth => 'bob@local.test', txn => 3 });
	$m->quit;
};

subtest 'a login is over where the MTA says nothing at all' => sub {
	my $m = session();

	login($m, 'PLAIN', 'alice@local.test');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<x@outside.test>'), 'continue', 'alice');
	for my $between (sub { $m->message }, sub { $m->abort }, sub { $m->helo('again.test') }, sub { }) {
		$between->();
		$m->clear_macros;
		$m->mail('<m@sender.test>');
		is($m->rcpt('<x@outside.test>'), $DENIED, 'no macro packets after that');
	}
	# As with Postfix, after AUTH, EHLO and STARTTLS, and no EHLO after that.
	login($m, 'PLAIN', 'alice@local.test');
	$m->helo('client.test');
	$m->clear_macros;
	$m->mail('<m@sender.test>');
	is($m->rcpt('<x@outside.test>'), $DENIED, 'nor does a login stay that was seen at HELO');
	$records->are('recorded so', permitted('<x@outside.test>', 'authenticated'), { event => 'message' },
	    map { denied('<x@outside.test>', auth => undef) } 1 .. 5);
	$m->quit;
};

subtest 'what is no login' => sub {
	my $m = session();
	my @case = (
		[ 'ANONYMOUS', 'anonymous@local.test', 'anonymous' ],
		[ 'anonymous', 'anonymous', 'anonymous' ],
		[ 'PLAIN', undef, 'incomplete' ],
		[ undef, 'alice', 'incomplete' ],
		[ 'PLAIN', '', 'incomplete' ]
	);

	for my $case (@case) {
		my ($type, $user, $why) = @$case;
		login($m, $type, $user);
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), $DENIED, ($type // 'none') . ' and ' . ($user // 'none'));
		$m->abort;
	}
	# A certificate of any authority, where client-certificates has none.
	login($m, 'EXTERNAL', 'client.test');
	$m->set_macros('{cert_subject}' => 'client.test', '{cert_issuer}' => 'Test CA', '{tls_version}' => 'TLSv1.3');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'EXTERNAL and a certificate that is not listed');
	$m->abort;
	push @case, [ undef, undef, 'certificate' ];
	login($m);
	$m->send_macros('M', '{auth_author}', 'alice@local.test');
	$m->mail('<m@sender.test>', 'AUTH=alice@local.test');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'AUTH= of MAIL');
	$records->are('the record says why', (map { denied('<x@outside.test>', auth_refused => $_->[2]) } @case),
	    denied('<x@outside.test>', auth_refused => undef, auth => undef));
	$m->quit;
};

subtest 'RSET, and a transaction without a recipient' => sub {
	my $m = session();

	login($m, 'PLAIN', 'alice@local.test');
	$m->mail('<m@sender.test>');
	$m->abort;
	$m->abort;
	login($m);
	$m->mail('<n@sender.test>');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'alice has gone with RSET');
	$m->abort;
	$m->mail('<o@sender.test>');
	$m->mail('<p@sender.test>');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'a second MAIL without RSET');
	$m->abort;
	$records->are('no message, and the senders are right',
	    denied('<x@outside.test>', sender => '<n@sender.test>'),
	    denied('<x@outside.test>', sender => '<p@sender.test>'));
	$m->quit;
};

subtest 'HELO: none, and a second one' => sub {
	my $m = negotiated();

	$m->client(addr => $STRANGER);
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<user@local.test>'), 'continue', 'MAIL without HELO');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'and to elsewhere');
	$m->abort;
	$m->helo('first.test');
	$m->helo('second.test');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<user@local.test>'), 'continue', 'HELO twice');
	$m->helo('third.test');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'HELO in a transaction');
	$records->are('recorded so', permitted('<user@local.test>', 'local-domain', helo => undef),
	    denied('<x@outside.test>', helo => undef),
	    permitted('<user@local.test>', 'local-domain', helo => 'second.test'),
	    denied('<x@outside.test>', helo => 'third.test'));
	$m->quit;
};

subtest 'macros missing at every stage' => sub {
	my $m = negotiated();

	$m->client(addr => $STRANGER);
	$m->helo('client.test');
	$m->mail('<m@sender.test>');
	is($m->rcpt('<user@local.test>'), 'continue', 'plain, to us');
	is($m->rcpt('<x@outside.test>'), $DENIED, 'plain, to elsewhere');
	like($m->rcpt('user@local.test'), $MALFORMED, 'not plain');
	is($m->rcpt('<x%outside.test@local.test>'), $DENIED, 'routed');
	is($m->message, 'continue', 'the message');
	$records->are('recorded so',
	    permitted('<user@local.test>', 'local-domain', rcpt_mta => undef, mta => undef),
	    denied('<x@outside.test>'),
	    denied('user@local.test', reason => 'malformed-address', reply => $MALFORMED),
	    denied('<x%outside.test@local.test>', reason => 'routed-address'),
	    { event => 'message', queue_id => undef });
	$m->quit;
};

subtest 'a recipient\'s macros do not stay for the next' => sub {
	my $m = session();

	$m->mail('<m@sender.test>');
	is(rcpt($m, 'user@local.test', 'user@local.test'), 'continue', 'resolved by the MTA');
	$m->clear_macros;
	like($m->rcpt('other@local.test'), $MALFORMED, 'the next without macros: the old ones do not count');
	$m->send_macros('R', '{rcpt_mailer}', 'error', '{rcpt_host}', '5.1.1', '{rcpt_addr}', 'User unknown');
	is($m->rcpt('<none@outside.test>'), $DENIED, 'one that the MTA has refused');
	is($m->rcpt('<user@local.test>'), 'continue', 'the next without macros');
	$records->are('recorded so', permitted('user@local.test', 'local-domain'),
	    denied('other@local.test', reason => 'malformed-address', reply => $MALFORMED, rcpt_mta => undef),
	    { event => 'mta-reject' }, permitted('<user@local.test>', 'local-domain', rcpt_mta => undef));
	$m->quit;
};

subtest '1,000 recipients in one transaction' => sub {
	my $m = session();
	my $bad = 0;
	my (@want, @rcpt);

	$m->mail('<m@sender.test>');
	for my $i (1 .. 1000) {
		my $is_ours = $i % 3 != 0;
		my $rcpt = "<user$i\@" . ($is_ours ? 'local.test' : 'outside.test') . '>';
		$bad++ if rcpt($m, $rcpt) ne ($is_ours ? 'continue' : $DENIED);
		push @want, $is_ours ? permitted($rcpt, 'local-domain', txn => 1) : denied($rcpt, txn => 1);
	}
	is($bad, 0, 'each has the right answer');
	$m->set_macros(i => 'BIG1');
	is($m->message, 'continue', 'the message');
	$records->are('a record for each, in order', @want, { event => 'message', queue_id => 'BIG1' });
	$m->quit;
};

for my $version (2, 3, 4, 6) {
	subtest "protocol version $version" => sub {
		my $m = negotiated(version => $version);

		is($m->version, $version, 'is agreed on') or diag 'version ' . $m->version;
		like($m->client(addr => $STRANGER), qr/^(?:continue|no reply)$/, 'CONNECT');
		like($m->helo('client.test'), qr/^(?:continue|no reply)$/, 'HELO');
		like($m->mail('<m@sender.test>'), qr/^(?:continue|no reply)$/, 'MAIL');
		is(rcpt($m, '<user@local.test>'), 'continue', 'to us');
		is(rcpt($m, '<x@outside.test>'), $DENIED, 'to elsewhere');
		login($m, 'PLAIN', 'alice');
		$m->set_macros(i => "Q$version");
		is($m->message, 'continue', 'the message');
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), 'continue', 'with a login');
		$m->abort;
		login($m);
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), $DENIED, 'and without one again');
		$records->are('recorded so', permitted('<user@local.test>', 'local-domain'),
		    denied('<x@outside.test>'), { event => 'message', queue_id => "Q$version" },
		    permitted('<x@outside.test>', 'authenticated'), denied('<x@outside.test>', auth => undef));
		$m->quit;
	};
}

subtest 'an MTA that offers version 6 and little more' => sub {
	my $m = negotiated(actions => 0x1, steps => 0x2);	# 0 would mean what version 1 had

	is($m->actions, 0, 'no action is taken that was not offered');
	is($m->steps, 0, 'nor a step');
	is($m->client(addr => $STRANGER), 'continue', 'CONNECT has its reply');
	is($m->helo('client.test'), 'continue', 'HELO too');
	is($m->mail('<m@sender.test>'), 'continue', 'MAIL too');
	is(rcpt($m, '<x@outside.test>'), $DENIED, 'to elsewhere');
	is(rcpt($m, '<user@local.test>'), 'continue', 'to us');
	is($m->message, 'continue', 'a whole message with its headers and body');
	$records->are('recorded so', denied('<x@outside.test>'), permitted('<user@local.test>', 'local-domain'),
	    { event => 'message' });
	$m->quit;
};

subtest 'clients by address' => sub {
	my @case = (
		[ 'in a trusted network', { addr => '192.0.2.200' }, 1, '192.0.2.200',
		    'trusted-networks 192.0.2.0/24' ],
		[ 'just outside of it', { addr => '192.0.3.0' }, 0, '192.0.3.0' ],
		[ 'IPv6, trusted', { family => '6', addr => '2001:db8:1:ffff::7' }, 1, '2001:db8:1:ffff::7',
		    'trusted-networks 2001:db8:1::/48' ],
		[ 'IPv6 with its prefix', { family => '6', addr => 'IPv6:2001:db8:1::7' }, 1, '2001:db8:1::7' ],
		[ 'IPv6, a stranger', { family => '6', addr => '2001:db8:2::7' }, 0, '2001:db8:2::7' ],
		[ 'v4-mapped is v4', { family => '6', addr => '::ffff:192.0.2.9' }, 1, '192.0.2.9' ],
		[ 'v4-mapped, a stranger', { family => '6', addr => '::ffff:198.51.100.1' }, 0, '198.51.100.1' ],
		[ 'a trusted name is nothing', { name => 'localhost', addr => $STRANGER }, 0, $STRANGER ],
		[ 'family unknown', { family => 'U', name => 'unknown' }, 0, undef ],
		[ 'family unknown, and a listener', { family => 'U', name => 'localhost' }, 0, undef ],
		[ 'a unix socket, and a listener', { family => 'L', name => 'localhost', addr => '/x' }, 0, undef ]
	);

	for my $case (@case) {
		my ($name, $client, $is_trusted, $addr, $matched) = @$case;
		my $m = session(%$client);
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), $is_trusted ? 'continue' : $DENIED, $name);
		my %more = (client => $addr, defined $matched ? (matched => $matched) : ());
		$records->are('recorded so', $is_trusted ? permitted('<x@outside.test>', 'trusted-network', %more)
		    : denied('<x@outside.test>', %more));
		$m->quit;
	}
};

subtest 'submission on this host' => sub {
	my $m = negotiated();

	$m->client(family => 'U', name => 'localhost');
	$m->helo('localhost');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<x@outside.test>'), 'continue', 'no address, no listener, localhost');
	$records->are('recorded so', permitted('<x@outside.test>', 'local-submission', client => undef));
	$m->quit;
};

subtest 'a listener that wants a login' => sub {
	my $m = negotiated();

	$m->set_macros('{daemon_name}' => 'MSA');
	$m->client(addr => $STRANGER);
	$m->helo('client.test');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<user@local.test>'), '530 5.7.0 Authentication required', 'to us, without one');
	$m->abort;
	login($m, 'PLAIN', 'alice');
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<user@local.test>'), 'continue', 'with one');
	$records->are('recorded so',
	    denied('<user@local.test>', reason => 'authentication-required', daemon => 'MSA',
		reply => '530 5.7.0 Authentication required', matched => 'require-auth-on MSA'),
	    permitted('<user@local.test>', 'authenticated'));
	$m->quit;
};

# The MTA's mailer, host and address of the recipient
sub refused_rcpt
{
	my ($m, $rcpt, $mailer, $host, $text) = @_;

	$m->set_macros('{rcpt_mailer}' => $mailer, '{rcpt_host}' => $host, '{rcpt_addr}' => $text);
	return $m->rcpt($rcpt);
}

subtest 'recipients that the MTA has refused' => sub {
	my $m = session();

	$m->mail('<m@sender.test>');
	is(refused_rcpt($m, '<x@outside.test>', 'error', '5.7.1', 'Relay access denied'), $DENIED,
	    'the answer is ours, lest the MTA only said so');
	refused_rcpt($m, '<y@local.test>', 'error', '5.1.1', 'er@local.test>: User unknown');
	refused_rcpt($m, '<z@outside.test>', 'error', '4.7.1', 'Relay access denied');
	is(refused_rcpt($m, '<x@outside.test>', 'error', '5.1.1 User unknown in virtual alias table',
	    'x@outside.test'), $DENIED, 'an error transport is no refusal');
	$m->set_macros(i => 'R1');
	my %mta = (event => 'mta-reject', reason => 'mta-reject', rcpt_mta => undef);
	$records->are('recorded as such',
	    { %mta, verdict => 'reject', reply => '5.7.1 Relay access denied', rcpt => '<x@outside.test>',
		domain => 'outside.test' },
	    { %mta, verdict => 'reject', reply => '5.1.1 er@local.test>: User unknown', rcpt => '<y@local.test>' },
	    { %mta, verdict => 'tempfail', reply => '4.7.1 Relay access denied', rcpt => '<z@outside.test>' },
	    denied('<x@outside.test>'));
	$m->quit;
};

subtest 'SMTPUTF8' => sub {
	my $m = session();
	my $rcpt = "<user\@b\xc3\xbccher.test>";

	$m->mail('<m@sender.test>', 'BODY=8BITMIME', 'SMTPUTF8');
	is(rcpt($m, $rcpt), 'continue', 'a local domain in its own letters');
	like(rcpt($m, "<user\@local\xe3\x80\x82test>"), qr/^55[03] /, 'an ideographic full stop is no dot');
	$m->abort;
	$m->mail('<m@sender.test>');
	isnt(rcpt($m, $rcpt), 'bare', 'not announced');
	my @record = $records->take(3);
	is($record[0]{domain}, 'xn--bcher-kva.test', 'recorded by its A-label');
	is($record[0]{rcpt}, "<user\@b\x{fc}cher.test>", 'and as it was sent');
	isnt($record[1]{verdict}, 'permit', 'the look-alike is none of ours');
	is(scalar @record, 3, 'three records');
	$m->quit;
};

# libmilter takes this only where no transaction is under way.
subtest 'one socket for SMTP sessions one after the other' => sub {
	my $m = session(addr => '192.0.2.1');
	my @record;

	for my $end (sub { $m->abort }, sub { $m->message }) {
		login($m, 'PLAIN', 'alice');
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), 'continue', 'trusted, or logged in');
		$end->();
		$m->quit_new;
		greet($m, addr => $STRANGER);
		$m->mail('<m@sender.test>');
		is(rcpt($m, '<x@outside.test>'), $DENIED, 'the next is a stranger');
	}
	my %session = map { $_->{session} => $_->{client} } @record = $records->take(5);
	is(scalar @record, 5, 'five records');
	is(scalar keys %session, 3, 'of three sessions');
	is(join(' ', sort values %session), "192.0.2.1 $STRANGER $STRANGER", 'each with its own address');
	$m->quit;
};

subtest 'huge and hostile arguments' => sub {
	my $m = session();
	my @rcpt = ('<' . 'u' x 60000 . '@local.test>', "<a\@local.test\e[2J\r\n{}\x7f>",
	    "<\xff\xfe\@local.test>", '<' . '@a.test,' x 5000 . ':u@local.test>', '"' x 3000, '', '<"\\"@local.test>');

	$m->mail('<' . 'm' x 300 . '@sender.test>', map { "X$_=" . 'y' x 100 } 1 .. 20);
	for my $rcpt (@rcpt) {
		like($m->rcpt($rcpt), qr/^55[03] /, 'refused: ' . length($rcpt) . ' bytes');
	}
	my @record = $records->take(scalar @rcpt);
	is(scalar @record, scalar @rcpt, 'a record for each');
	like($record[0]{cut}, qr/\brcpt 60013 [0-9a-f]{32}/, 'it is cut, and what it was is there');
	is(join(',', map { $_->{verdict} } @record), join(',', ('reject') x @rcpt), 'all refused');
	my $text = Authrelay::Scratch::read_file($daemon->audit_file);
	unlike($text, qr/[\x00-\x09\x0b-\x1f\x7f]/, 'no control character in the file');
	$m->quit;
};

# The daemon has to be there after each, for others.
sub still_serves
{
	my ($name) = @_;
	my $m = negotiated();

	$m->client(addr => $STRANGER);
	$m->mail('<m@sender.test>');
	is(rcpt($m, '<x@outside.test>'), $DENIED, "serves after $name");
	$m->quit;
	return scalar $records->take(1);
}

subtest 'what no MTA says' => sub {
	my %case = (
		'RCPT before MAIL' => sub { my $m = session(); eval { rcpt($m, '<user@local.test>') } },
		'RCPT before CONNECT' => sub { my $m = negotiated(); eval { rcpt($m, '<user@local.test>') } },
		'MAIL before CONNECT' => sub { my $m = negotiated(); $m->mail('<m@sender.test>');
			eval { rcpt($m, '<x@outside.test>') } },
		'EOM before RCPT' => sub { my $m = session(); $m->write_packet('E'); eval { $m->read_packet(1) } },
		'no negotiation' => sub { my $m = Authrelay::MilterClient->new($daemon->socket);
			$m->write_packet('C', "x\0U"); '' },
		'version 1' => sub { eval { negotiated(version => 1, actions => 0xf, steps => 0x3f) }; '' },
		'an unknown command' => sub { my $m = session(); $m->write_packet('~', 'x'); '' },
		'a packet of 4 GiB' => sub { my $m = session(); $m->write_bytes("\xff\xff\xff\xffR"); '' },
		'an empty packet' => sub { my $m = session(); $m->write_bytes("\0\0\0\0"); '' },
		'half a packet' => sub { my $m = session(); $m->write_bytes("\0\0\0\x40R<us"); $m->close; '' },
		'a recipient without its end' => sub { my $m = session(); $m->mail('<m@sender.test>');
			$m->write_packet('R', '<user@local.test>'); eval { ($m->read_packet(2))[0] } },
		'an IPv6 address that is none' => sub { my $m = negotiated();
			eval { $m->client(family => '6', addr => 'unknown'); $m->mail('<m@s.test>');
			rcpt($m, '<x@outside.test>') } }
	);

	for my $name (sort keys %case) {
		local $Authrelay::MilterClient::DEADLINE = 2;
		my $answer = $case{$name}->() // 'hung up, or silent';
		unlike($answer, qr/^(?:continue|accept|c|a)$/, "$name: nothing is permitted");
		$records->skip_to_end;
		is(still_serves($name), 1, 'with a record');
	}
};

subtest 'fifty at once' => sub {
	my @m = map { session(addr => $STRANGER) } 1 .. 50;
	my %seen;

	for my $round (1 .. 4) {
		$_->mail('<m@sender.test>') for @m;
		rcpt($_, '<x@outside.test>') eq $DENIED or fail 'an answer' for @m;
		$_->abort for @m;
	}
	$seen{ $_->{session} }{ $_->{txn} }++ for $records->take(200);
	is(scalar keys %seen, 50, 'fifty sessions');
	is(join(',', map { join '', map { $_ // 0 } @$_{1 .. 4} } values %seen), join(',', ('1111') x 50),
	    'four transactions in each, with one record');
	$_->quit for @m;
};

is(scalar($records->take(0)), 0, 'no record is left that was not looked at');
is($daemon->stop('TERM'), 0, 'it ends well');
is(($records->all)[-2]{event}, 'stop', 'and says so in its last record');
is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$records->check_file($daemon);
done_testing;
