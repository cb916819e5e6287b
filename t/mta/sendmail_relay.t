#!/usr/bin/perl
# t/mta/sendmail_relay.t: a real Sendmail that relays for everybody, but for us
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Logins qw(test_mechanisms);
use Authrelay::Need qw(need_sendmail);
use Authrelay::Scratch qw(free_port read_file);
use Authrelay::SMTP;
use Authrelay::Stage;

need_sendmail();

my $DENIED = qr/^550 5\.7\.1 <\S+>\.\.\. Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;
my $HOST = $Authrelay::Sendmail::HOST;
my ($STRANGER, $TRUSTED) = ('127.0.0.9', '127.0.0.10');
my $DN = '/O=Clients/CN=client.test';
# As much of a longer name as Sendmail has room for.
my $CUT = '/O=' . ('x' x 60) . ('/OU=' . ('x' x 60)) x 3;
my $has_tls = eval { require IO::Socket::SSL };

# Besides the listeners that go by conf/sendmail.mc one for each of the other ways that Sendmail has for a filter
# which is not there.
my %port;
@port{qw(R 4 none)} = free_port(3);
my $others = join '', map {
	my $flag = $_ eq 'none' ? '' : " F=$_,";
	"MAIL_FILTER(`filter$_', `S=unix:/run/authrelay/milter.sock,$flag T=C:10s;S:10s;R:30s;E:5m')dnl\n"
	    . "DAEMON_OPTIONS(`Family=inet, Name=with$_, Addr=127.0.0.1, Port=$port{$_}, InputMailFilters=filter$_')dnl\n"
} sort keys %port;

my $stage = Authrelay::Stage->start(conf => <<"EOT", sendmail => {
trusted-networks = { "$TRUSTED/32" }
local-domains = { "local.test", "mx.example.test", "virtual.test" }
relay-domains = { "relay.test", "table.test" }
client-certificates = { "$DN", "/CN=Test CA|/O=Clients/CN=both.test", "/CN=Other CA|/O=Clients/CN=other.test" }
client-certificates += { "/O=Two+20Words/CN=a+5C+2Bb", "$CUT", "part.test" }
require-auth-on = { "MSA" }
EOT
	users => { alice => 'secret', bob => 'hunter2', 'a b+c' => 'secret', "t\tb" => 'secret', 'c@other' => 'secret' },
	tls => $has_tls,
	aliases => "friend: far\@outside.test\n",
	maps => {
		access => "To:backup.test RELAY\nConnect:127.0.0.11 RELAY\n",
		mailertable => "table.test esmtp:[127.0.0.1]\nlost.test esmtp:[127.0.0.1]\n",
		virtusertable => "forward\@local.test joe\@outside.test\n\@virtual.test %1\@outside.test\n"
	},
	more_filters => $others,
	mc => "VIRTUSER_DOMAIN(`virtual.test')dnl\n"
});
my $sendmail = $stage->sendmail;
my $records = $stage->records;
my @expected;	# deliveries

sub client
{
	my ($from) = @_;
	my $c = $sendmail->connect(from => $from // $STRANGER);

	$c->ehlo;
	return $c;
}

# Ends the message and notes where it has to arrive.
sub data
{
	my ($c, $mark, @arrival) = @_;

	like($c->data($mark), qr/^250 2\.0\.0 \w+ Message accepted/, "message $mark is taken");
	push @expected, map { s/^\S+\K/ $mark/r } @arrival;
}

# One message to a recipient, from a client that may send it.
sub may_send
{
	my ($c, $mark, $rcpt, $arrival, @parameter) = @_;

	$c->mail('<m@sender.test>', @parameter);
	like($c->rcpt($rcpt), $OK, "$mark: $rcpt");
	data($c, $mark, $arrival);
}

sub may_relay { my ($c, $mark) = @_; return may_send($c, $mark, "<$mark\@outside.test>", "relay <$mark\@outside.test>") }

sub may_not_relay
{
	my ($c, $name, @parameter) = @_;

	like($c->mail('<m@sender.test>', @parameter), qr/^250 /, "$name: MAIL");
	like($c->rcpt('<x@outside.test>'), $DENIED, "$name: may not relay");
	$c->rset;
}

sub permit { my ($reason, %more) = @_; return { event => 'rcpt', verdict => 'permit', reason => $reason, %more } }
sub refusal { return { event => 'rcpt', verdict => 'reject', reason => 'relay-denied', @_ } }
sub message { return { event => 'message', queue_id => qr/^\w{14}$/, @_ } }

my ($line) = read_file("$FindBin::Bin/../../conf/sendmail.mc") =~ /^(INPUT_MAIL_FILTER.*)/m;
like(read_file("$FindBin::Bin/../../README"), qr/^    \Q$line\E$/m, 'what the README says to add is what runs here');

subtest 'a stranger' => sub {
	my $c = client();

	may_not_relay($c, 'stranger');
	$c->mail('<m@sender.test>');
	like($c->rcpt('<user@local.test>'), $OK, 'to us');
	like($c->rcpt('<x@outside.test>'), $DENIED, 'to elsewhere, after a good one');
	like($c->rcpt('<user@relay.test>'), $OK, 'to a relay domain');
	data($c, 'stranger', 'local <user>', 'relay <user@relay.test>');
	may_not_relay($c, 'after a message to us');
	may_send($c, 'postmaster', '<postmaster>', 'local <root>');
	$c->quit;
	$records->are('recorded so', refusal(client => $STRANGER, client_name => "[$STRANGER]", mta => $HOST,
		daemon => 'MTA', rcpt => '<x@outside.test>', rcpt_mta => 'x@outside.test', auth => undef,
		reply => '550 5.7.1 Relaying denied; authenticate first'),
	    permit('local-domain', rcpt_mta => 'user'), refusal(), permit('relay-domain', domain => 'relay.test'),
	    message(), refusal(), permit('local-domain'), message());
};

subtest 'a stranger with a name' => sub {
	my $c = client('127.0.0.12');

	may_not_relay($c, 'a name');
	$c->quit;
	$records->are('recorded so', refusal(client => '127.0.0.12', client_name => 'outside.example'));
};

subtest 'pipelined commands' => sub {
	my $c = client();

	my @reply = $c->command(join "\r\n", 'MAIL FROM:<m@sender.test>', 'RCPT TO:<user@local.test>',
	    'RCPT TO:<x@outside.test>', 'RCPT TO:<root@local.test>', 'DATA');
	push @reply, $c->read_reply for 1 .. 4;
	is(join(' ', map { substr $_, 0, 3 } @reply), '250 250 550 250 354', 'replies');
	like($c->command("X-Mark: pipe\r\n\r\ntext\r\n."), qr/^250 /, 'taken');
	push @expected, 'local pipe <root>', 'local pipe <user>';
	$c->quit;
	$records->take(4);
};

# Sendmail's own rules let 127.0.0.1 relay always; we do not.
subtest 'trusted networks' => sub {
	my $c = client($TRUSTED);

	may_relay($c, 'trusted');
	$c->quit;
	$records->are('recorded so', permit('trusted-network', matched => "trusted-networks $TRUSTED/32"), message());
	for my $addr ('127.0.0.1', '127.0.0.11') {
		$c = client($addr);
		may_not_relay($c, $addr);
		$c->quit;
		$records->are("$addr: recorded so", refusal(client => $addr));
	}
};

test_mechanisms(host => $HOST, client => \&client, records => $records,
    may_relay => \&may_relay, may_not_relay => \&may_not_relay, alice => { auth => 'alice' });

# One user has one name, however it is coded, or written by its owner.
subtest 'names of users' => sub {
	my %login = ("alice\@$HOST" => { auth => 'alice', auth_realm => $HOST },
		'a b+c' => { auth => 'a b+c', auth_realm => undef },
		'c@other' => { auth => 'c@other', auth_realm => undef });

	for my $name (sort keys %login) {
		my $c = client();
		my $mark = $name =~ s/\W/-/gr;
		like($c->auth('PLAIN', $name, 'secret', $HOST), qr/^235 /, $name);
		may_relay($c, $mark);
		$c->quit;
		$records->are('recorded so', permit('authenticated', %{ $login{$name} }), message(%{ $login{$name} }));
	}

	my $c = client();
	like($c->auth('PLAIN', "t\tb", 'secret', $HOST), qr/^235 /, 'a name with a control character is one to Sendmail');
	may_not_relay($c, 'and none to us');
	$c->quit;
	$records->are('recorded so', refusal(auth => "t\tb", auth_refused => 'unreadable'));
};

subtest 'what is no login' => sub {
	my $c = client();

	may_not_relay($c, 'a forged AUTH= on MAIL', 'AUTH=alice@mx.example.test');
	$c->command('AUTH CRAM-MD5');
	$c->command('*');
	may_not_relay($c, 'a login broken off');
	like($c->auth('EXTERNAL'), qr/^5/, 'EXTERNAL without a certificate');
	may_not_relay($c, 'nor that');
	$c->quit;
	$records->are('recorded so', map { refusal(auth => undef, auth_type => undef) } 1 .. 3);
};

subtest 'STARTTLS' => sub {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $has_tls || $ENV{CI};
	my $c = client();

	like($c->starttls, qr/^220 /, 'is offered');
	$c->ehlo;
	may_not_relay($c, 'encrypted, and still a stranger');
	$c->auth('PLAIN', 'alice', 'secret', $HOST);
	may_relay($c, 'under-tls');
	$c->quit;
	my %tls = (tls => qr/^TLSv1/, cipher => qr/./);
	$records->are('recorded so', refusal(%tls, auth => undef), permit('authenticated', %tls, auth => 'alice'),
	    message(%tls));

	# Postfix forgets the login, Sendmail keeps it: it was one in either case.
	$c = client();
	$c->auth('PLAIN', 'alice', 'secret', $HOST);
	$c->starttls;
	$c->ehlo;
	may_relay($c, 'login-before-tls');
	$c->quit;
	$records->are('recorded so', permit('authenticated', %tls, auth => 'alice', auth_clear => 1), message());
};

# Sendmail shows every certificate, also one that nobody vouches for; {verify} says so.
subtest 'client certificates' => sub {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $has_tls || $ENV{CI};
	my $ca = $sendmail->certificates;
	my %file = (
		listed => [ $ca->issue('listed', $DN) ],
		both => [ $ca->issue('both', '/O=Clients/CN=both.test') ],
		unlisted => [ $ca->issue('unlisted', '/O=Clients/CN=unlisted.test') ],
		coded => [ $ca->issue('coded', '/O=Two Words/CN=a\+b') ],
		part => [ $ca->issue('part', '/CN=client.test') ],
		# Names that read alike: listed as a common name; a common name that is the text of a listed name, and
		# another part that is; and more than Sendmail shows.
		common => [ $ca->issue('common', '/CN=part.test') ],
		crossed => [ $ca->issue('crossed', '/CN=\/O=Clients\/CN=client.test') ],
		'crossed-part' => [ $ca->issue('crossed-part', '/O=Clients\/CN=client.test') ],
		cut => [ $ca->issue('cut', "$CUT/OU=y/CN=cut.test") ],
		'other-issuer' => [ $ca->issue('other-issuer', '/O=Clients/CN=other.test') ],
		rogue => [ $ca->self_signed('rogue', $DN) ]
	);

	for my $name (qw(listed both coded)) {
		my $c = client();
		$c->starttls(@{ $file{$name} });
		$c->ehlo;
		may_relay($c, "cert-$name");
		$c->quit;
		$records->are("$name: recorded so", permit('client-certificate',
			cert_subject => qr{^/O=(?:Clients|Two Words)/CN=}), message());
	}
	for my $name (qw(unlisted part common crossed crossed-part cut other-issuer rogue)) {
		my $c = client();
		$c->starttls(@{ $file{$name} });
		$c->ehlo;
		may_not_relay($c, $name);
		$c->quit;
		$records->are("$name: recorded so", refusal(tls => qr/^TLSv1/,
			$name eq 'cut' ? (cert_subject => $CUT) : ()));
	}

	my $c = client();
	$c->starttls($ca->issue('external', '/O=Some Clients/CN=a\+b'));
	like($c->ehlo, qr/AUTH .*EXTERNAL/, 'EXTERNAL is offered to whom Sendmail knows');
	like($c->auth('EXTERNAL'), qr/^235 /, 'and succeeds');
	may_not_relay($c, 'which is nothing without a listed certificate');
	$c->mail('<m@sender.test>');
	like($c->rcpt('<user@local.test>'), $OK, 'but for mail to us');
	$c->quit;
	my %external = (auth => '/O=Some Clients/CN=a\+b', auth_type => 'EXTERNAL', auth_refused => 'certificate');
	$records->are('recorded so', refusal(%external), permit('local-domain', %external));

	for my $name (qw(listed both coded)) {
		$c = client();
		$c->starttls(@{ $file{$name} });
		$c->ehlo;
		like($c->auth('EXTERNAL'), qr/^235 /, "EXTERNAL by the certificate $name");
		may_relay($c, "external-$name");
		$c->quit;
		$records->are('recorded so', permit('authenticated', auth_type => 'EXTERNAL', auth_refused => undef), message());
	}
	for my $name (qw(part other-issuer cut)) {
		$c = client();
		$c->starttls(@{ $file{$name} });
		$c->ehlo;
		like($c->auth('EXTERNAL'), qr/^235 /, "EXTERNAL by the certificate $name");
		may_not_relay($c, $name);
		$c->quit;
		$records->are('recorded so', refusal(auth_type => 'EXTERNAL', auth_refused => 'certificate'));
	}

	$c = client();
	$c->starttls(@{ $file{rogue} });
	unlike($c->ehlo, qr/AUTH .*EXTERNAL/, 'but not to a rogue');
	like($c->auth('EXTERNAL'), qr/^5/, 'for whom it fails');
	may_not_relay($c, 'rogue');
	$c->quit;
	$records->are('recorded so', refusal(auth => undef, auth_type => undef));
};

# What Sendmail makes of a recipient that is ours may be elsewhere: its own maps say so, not the client.
subtest 'maps of Sendmail' => sub {
	my $c = client();

	may_send($c, 'forward', '<forward@local.test>', 'relay <joe@outside.test>');
	may_send($c, 'virtual', '<any@virtual.test>', 'relay <any@outside.test>');
	may_send($c, 'alias', '<friend@local.test>', 'relay <far@outside.test>');
	may_send($c, 'table', '<user@table.test>', 'relay <user@table.test>');
	$c->mail('<m@sender.test>');
	like($c->rcpt('<user@lost.test>'), $DENIED, 'in mailertable, not in relay-domains');
	like($c->rcpt('<user@backup.test>'), $DENIED, 'RELAY in access, not in relay-domains');
	$c->quit;
	$records->are('recorded so', permit('local-domain', rcpt_mta => 'joe@outside.test', domain => 'local.test'),
	    message(), permit('local-domain', rcpt_mta => 'any@outside.test'), message(),
	    permit('local-domain', rcpt_mta => 'friend'), message(), permit('relay-domain'), message(),
	    refusal(), refusal());
};

subtest 'a listener that wants a login' => sub {
	my $c = Authrelay::SMTP->new(port => $sendmail->second_port, from => $STRANGER);

	$c->ehlo;
	$c->mail('<m@sender.test>');
	like($c->rcpt('<user@local.test>'), qr/^530 5\.7\.0 /, 'also to us');
	$c->rset;
	$c->auth('LOGIN', 'bob', 'hunter2', $HOST);
	may_relay($c, 'submission');
	$c->quit;
	$records->are('recorded so', { reason => 'authentication-required', daemon => 'MSA' },
	    permit('authenticated', daemon => 'MSA', auth => 'bob'), message());
};

# Sendmail takes the reply's own "%" for the start of something.
subtest 'strange recipients' => sub {
	my $c = client();

	for my $rcpt ('<x%outside.test@local.test>', '<@local.test:x@outside.test>', '<outside.test!x@local.test>',
	    '<"x@outside.test"@local.test>', '<user@local.test>,<x@outside.test>') {
		$c->mail('<m@sender.test>');
		like($c->rcpt($rcpt), qr/^55\d 5\.\d\.\d /, $rcpt);
		$c->rset;
	}
	$c->quit;
	$_->{verdict} eq 'reject' or fail("$_->{rcpt} is recorded as $_->{verdict}") for $records->take(5);
};

# Returns how Sendmail answers MAIL and RCPT of a new session: their codes.
sub codes
{
	my ($port) = @_;
	my $c = Authrelay::SMTP->new(port => $port, from => $STRANGER);
	my @reply = ($c->banner, $c->mail('<m@sender.test>'), $c->rcpt('<x@outside.test>'));

	$c->quit;
	return join ' ', map { substr $_, 0, 3 } @reply;
}

subtest 'the daemon goes away and comes back' => sub {
	my %old = (T => client(), map { $_ => Authrelay::SMTP->new(port => $port{$_}, from => $STRANGER) } keys %port);

	for my $way (sort keys %old) {
		$old{$way}->mail('<m@sender.test>');
		like($old{$way}->rcpt('<user@local.test>'), $OK, "F=$way: a session is open");
		like($old{$way}->rcpt('<x@outside.test>'), $DENIED, 'and guarded');
	}
	$stage->daemon->stop('KILL');
	my %want = (T => qr/^451 4\./, R => qr/^550 5\./, 4 => qr/^421 4\./, none => $OK);
	like($old{$_}->rcpt('<x@outside.test>'), $want{$_}, "F=$_: in the middle of a transaction") for sort keys %old;
	$old{T}->rset;
	like($old{T}->mail('<m@sender.test>'), qr/^451 4\./, 'F=T: and from then on');
	like($old{none}->data('open'), qr/^250 /, 'without F= mail passes: what the README warns of');
	push @expected, 'local open <user>', 'relay open <x@outside.test>';
	is(codes($sendmail->port), '220 451 503', 'F=T: a new session');
	is(codes($port{R}), '554 550 550', 'F=R');
	is(codes($port{4}), '421 clo clo', 'F=4');
	is(codes($port{none}), '220 250 250', 'without F=');
	$_->quit for values %old;

	$stage->daemon->start;
	is(codes($sendmail->port), '220 250 550', 'the daemon is back');
	is(codes($port{none}), '220 250 550', 'for all of them');
	$records->take(2);
};

is(join("\n", $stage->delivered), join("\n", sort @expected), 'everything arrived that should, and nothing else');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$records->check_file($stage->daemon);
done_testing;
