#!/usr/bin/perl
# t/mta/postfix_home.t: the classic Postfix with SMTP AUTH of a home server, and the daemon in front of it
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::SMTP;
use Authrelay::Stage;

need_postfix();

my $HOST = $Authrelay::Postfix::HOST;
my $STRANGER = '198.51.100.7';

# The settings down to broken_sasl_auth_clients are those that guides give. Mail that ends here goes to a sink
# in place of mailboxes, and Postfix's local(8) still does the aliases.
my $MAIN = <<'EOT';
compatibility_level = 0
smtputf8_enable = no
myhostname = mx.example.test
mydomain = example.test
myorigin = $mydomain
mydestination = $myhostname, localhost.$mydomain, $mydomain
mynetworks = 192.168.0.0/23, 127.0.0.0/8
relay_domains = $mydestination
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
broken_sasl_auth_clients = no
smtpd_relay_restrictions =
alias_maps = hash:FOLDER/etc/aliases
alias_database = hash:FOLDER/etc/aliases
local_recipient_maps = unix:passwd.byname $alias_maps
local_transport = local
mailbox_transport = smtp:[127.0.0.1]:LOCAL
EOT

my $stage = Authrelay::Stage->start(conf => <<'EOT', postfix => {
trusted-networks = { "192.168.0.0/23", "127.0.0.0/8" }
local-domains = { "mx.example.test", "localhost.example.test", "example.test" }
EOT
	main => $MAIN,
	mechanisms => 'PLAIN LOGIN DIGEST-MD5 CRAM-MD5',
	users => { alice => 'secret' },
	aliases => "postmaster: root\ninfo: nobody\nfriend: far\@outside.test\n",
	master => sub { "local unix - n n - - local\n"
	    . "127.0.0.1:$_[0] inet n - n - - smtpd -o smtpd_recipient_restrictions=\n"
	    . "    -o smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,defer_unauth_destination\n" }
});
my $records = $stage->records;
my @expected;

# A message with one recipient that has to arrive.
sub passes
{
	my ($c, $mark, $rcpt, $arrival, $reason) = @_;

	$c->mail('<m@sender.test>');
	like($c->rcpt($rcpt), qr/^250 2\.1\.5 /, "$mark: RCPT TO:$rcpt");
	my $reply = $c->data($mark);
	like($reply, qr/^250 /, "$mark: DATA");
	push @expected, "$arrival->[0] $mark $arrival->[1]";
	$records->are("$mark: recorded", { event => 'rcpt', verdict => 'permit', reason => $reason, rcpt => $rcpt },
	    { event => 'message', queue_id => $reply =~ /queued as (\w+)/ });
}

sub is_refused
{
	my ($c, $name, $rcpt, $reply, %record) = @_;

	$c->mail('<m@sender.test>');
	like($c->rcpt($rcpt), $reply, "$name: $rcpt");
	$c->rset;
	$records->are("$name: recorded", { rcpt => $rcpt, verdict => 'reject', client => $STRANGER, %record });
}

subtest 'EHLO' => sub {
	my $c = $stage->client($STRANGER);

	is(join(' ', sort split ' ', $c->extension('AUTH')), 'CRAM-MD5 DIGEST-MD5 LOGIN PLAIN', 'offers these mechanisms');
	is(scalar(() = $c->ehlo =~ /AUTH/g), 1, 'on one line');
	like($c->auth('ANONYMOUS'), qr/^5/, 'and no other');
	$c->quit;
};

subtest 'mail flows as before' => sub {
	my $c = $stage->client($STRANGER);
	passes($c, 'in', '<nobody@example.test>', [ 'local', '<nobody@example.test>' ], 'local-domain');
	passes($c, 'host', '<nobody@mx.example.test>', [ 'local', '<nobody@mx.example.test>' ], 'local-domain');
	passes($c, 'localhost', '<nobody@localhost.example.test>', [ 'local', '<nobody@localhost.example.test>' ],
	    'local-domain');
	passes($c, 'alias', '<info@example.test>', [ 'local', '<nobody@example.test>' ], 'local-domain');
	passes($c, 'postmaster', '<postmaster>', [ 'local', '<root@example.test>' ], 'local-domain');
	passes($c, 'forward', '<friend@example.test>', [ 'relay', '<far@outside.test>' ], 'local-domain');
	$c->quit;

	for my $addr ('192.168.1.20', '127.0.0.1') {
		$c = $stage->client($addr);
		passes($c, "lan-$addr", '<x@outside.test>', [ 'relay', '<x@outside.test>' ], 'trusted-network');
		passes($c, "lan-in-$addr", '<nobody@example.test>', [ 'local', '<nobody@example.test>' ], 'trusted-network');
		$c->quit;
	}
};

for my $mechanism (qw(PLAIN LOGIN DIGEST-MD5 CRAM-MD5)) {
	subtest "a user on the road, $mechanism" => sub {
		my $c = $stage->client($STRANGER);

		like($c->auth($mechanism, 'alice', 'wrong', $HOST), qr/^535 /, 'a wrong password');
		is_refused($c, 'then', '<x@outside.test>', qr/^554 5\.7\.1 /, event => 'mta-reject');
		like($c->auth($mechanism, 'alice', 'secret', $HOST), qr/^235 /, 'the right one');
		passes($c, $mechanism, '<x@outside.test>', [ 'relay', '<x@outside.test>' ], 'authenticated');
		$c->quit;
	};
}

subtest 'refused by Postfix' => sub {
	my $c = $stage->client($STRANGER);
	my %mta = (event => 'mta-reject', reason => 'mta-reject');
	my $relay = qr/^554 5\.7\.1 .*Relay access denied/;

	is_refused($c, 'elsewhere', '<x@outside.test>', $relay, %mta, reply => qr/^5\.7\.1 .*Relay access denied/);
	is_refused($c, 'percent hack', '<x%outside.test@example.test>', $relay, %mta);
	is_refused($c, 'quoted', '<"x@outside.test"@example.test>', $relay, %mta);
	is_refused($c, 'bang path', '<outside.test!x@example.test>', $relay, %mta);
	is_refused($c, 'source route', '<@example.test:x@outside.test>', $relay, %mta);
	is_refused($c, 'nobody of that name', '<no-such-user@example.test>', qr/^550 5\.1\.1 /, %mta,
	    reply => qr/^5\.1\.1 .*User unknown/);
	$c->quit;
	$c = $stage->client('192.168.2.1');
	is_refused($c, 'just outside of the home network', '<x@outside.test>', $relay, %mta, client => '192.168.2.1');
	$c->quit;
};

# relay_domains = $mydestination makes Postfix a relay for every name below its domains; we are none.
subtest 'refused by us alone' => sub {
	my $c = $stage->client($STRANGER);
	my $denied = qr/^550 5\.7\.1 Relaying denied; authenticate first$/;

	is_refused($c, 'a name below our domain', '<x@attic.example.test>', $denied, event => 'rcpt',
	    reason => 'relay-denied');
	is_refused($c, 'a percent hack behind it', '<x%outside.test@attic.example.test>', qr/^55[04] 5\.7\.1 /);
	$c->quit;
};

subtest 'refused for now by Postfix' => sub {
	my $c = Authrelay::SMTP->new(port => $stage->postfix->second_port);

	$c->ehlo;
	$c->xclient(ADDR => $STRANGER);
	$c->ehlo;
	is_refused($c, 'defer_unauth_destination', '<x@outside.test>', qr/^454 4\.7\.1 /, event => 'mta-reject',
	    verdict => 'tempfail', reply => qr/^4\.7\.1 /);
	$c->quit;
};

is(join("\n", $stage->delivered), join("\n", sort @expected), 'everything arrived that should, and nothing else');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$records->check_file($stage->daemon);
done_testing;
