#!/usr/bin/perl
# t/mta/postfix_relay.t: a real Postfix that relays for everybody, but for us
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Logins qw(test_mechanisms);
use Authrelay::Need qw(need_postfix);
use Authrelay::SMTP;
use Authrelay::Stage;

need_postfix();

my $DENIED = qr/^550 5\.7\.1 Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;
my $HOST = $Authrelay::Postfix::HOST;
my $STRANGER = '198.51.100.7';

# Which of the two servers is meant is told by {daemon_name}, as with Sendmail's.
my $stage = Authrelay::Stage->start(conf => <<'EOT', postfix => {
trusted-networks = { "192.0.2.0/24", "2001:db8:1::/48", "127.0.0.9/32" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
require-auth-on = { "MSA" }
mta-peers = { "postfix" }
EOT
	users => { alice => 'secret', bob => 'hunter2' },
	tls => eval { require IO::Socket::SSL },
	master => sub { "127.0.0.1:$_[0] inet n - n - - smtpd -o milter_macro_daemon_name=MSA\n" }
});
my $postfix = $stage->postfix;
my $records = $stage->records;
my @expected;	# deliveries
my %queue;	# queue id => recipients
my $shown = 0;	# recipients that Postfix let the daemon see

sub rcpt
{
	my ($c, @word) = @_;
	my $reply = $c->rcpt(@word);

	$shown++ unless $reply =~ /^50[13] /;
	return $reply;
}

# Ends the message and notes where its recipients have to arrive.
sub data
{
	my ($c, $mark, %place) = @_;
	my $reply = $c->data($mark);

	like($reply, qr/^250 .*queued as \w+$/, "message $mark is taken");
	push @expected, map { "$place{$_} $mark $_" } keys %place;
	$queue{$1} = join ' ', sort keys %place if $reply =~ /queued as (\w+)/;
}

# One message to elsewhere from a client that may relay.
sub may_relay
{
	my ($c, $mark) = @_;

	$c->mail('<m@sender.test>');
	like(rcpt($c, "<$mark\@outside.test>"), $OK, "$mark may relay");
	data($c, $mark, "<$mark\@outside.test>" => 'relay');
}

sub may_not_relay
{
	my ($c, $name, @parameter) = @_;

	like($c->mail('<m@sender.test>', @parameter), qr/^250 /, "$name: MAIL");
	like(rcpt($c, '<x@outside.test>'), $DENIED, "$name: may not relay");
	$c->rset;
}

subtest 'a stranger' => sub {
	my $c = $stage->client($STRANGER);

	may_not_relay($c, 'stranger');
	$c->mail('<m@sender.test>');
	like(rcpt($c, '<user@local.test>'), $OK, 'to us');
	like(rcpt($c, '<x@outside.test>'), $DENIED, 'to elsewhere, after a good one');
	like(rcpt($c, '<user@relay.test>'), $OK, 'to a relay domain');
	data($c, 'stranger', '<user@local.test>' => 'local', '<user@relay.test>' => 'relay');
	may_not_relay($c, 'after a message to us');
	$c->mail('<m@sender.test>');
	like(rcpt($c, '<user@local.test>'), $OK, 'to us');
	$c->rset;
	may_not_relay($c, 'after RSET');
	$c->quit;
	my @record = $records->take(7);
	is($record[0]{client}, $STRANGER, 'the record has the address');
	is($record[0]{reply}, '550 5.7.1 Relaying denied; authenticate first', 'and the reply');
};

subtest 'pipelined commands' => sub {
	my $c = $stage->client($STRANGER);

	my @reply = $c->command(join "\r\n", 'MAIL FROM:<m@sender.test>', 'RCPT TO:<user@local.test>',
	    'RCPT TO:<x@outside.test>', 'RCPT TO:<root@local.test>', 'DATA');
	push @reply, $c->read_reply for 1 .. 4;
	is(join(' ', map { substr $_, 0, 3 } @reply), '250 250 550 250 354', 'replies');
	$shown += 3;
	like($c->command("X-Mark: pipe\r\n\r\ntext\r\n."), qr/^250 .*queued as (\w+)/, 'taken');
	push @expected, 'local pipe <root@local.test>', 'local pipe <user@local.test>';
	$c->quit;
};

subtest 'BDAT' => sub {
	my $c = $stage->client($STRANGER);
	my $text = "X-Mark: bdat\r\n\r\ntext\r\n";

	$c->mail('<m@sender.test>');
	like(rcpt($c, '<user@local.test>'), $OK, 'to us');
	my $reply = $c->command('BDAT ' . length($text) . " LAST\r\n" . substr $text, 0, -2);
	like($reply, qr/^250 .*queued as \w+$/, 'taken');
	$queue{$1} = '<user@local.test>' if $reply =~ /queued as (\w+)/;
	push @expected, 'local bdat <user@local.test>';
	may_not_relay($c, 'after BDAT');
	$c->quit;
};

subtest 'trusted networks' => sub {
	my %case = ('trusted4' => '192.0.2.77', 'trusted6' => '2001:db8:1:2::7', 'mapped' => '::ffff:192.0.2.78');

	for my $mark (sort keys %case) {
		my $c = $stage->client($case{$mark});
		may_relay($c, $mark);
		$c->quit;
	}
	for my $addr ('192.0.3.1', '2001:db8:2::7', '::ffff:198.51.100.1', '127.0.0.1', '::1') {
		my $c = $stage->client($addr);
		may_not_relay($c, $addr);
		$c->quit;
	}
	my $c = $postfix->connect(from => '127.0.0.9');
	$c->ehlo;
	may_relay($c, 'loopback');
	like($c->xclient(ADDR => $STRANGER), qr/^220 /, 'and is then somebody else');
	$c->ehlo;
	may_not_relay($c, 'who');
	$c->quit;
	$records->skip_to_end;
};

test_mechanisms(host => $HOST, client => sub { $stage->client($STRANGER) }, records => $records,
    may_relay => \&may_relay, may_not_relay => \&may_not_relay, alice => { auth => 'alice', auth_realm => $HOST });

subtest 'two users, one after the other' => sub {
	for my $user ([ alice => 'secret' ], [ bob => 'hunter2' ]) {
		my $c = $stage->client($STRANGER);
		$c->auth('PLAIN', @$user, $HOST);
		may_relay($c, $user->[0]);
		$c->quit;
		$records->are('recorded so', map { { auth => $user->[0], auth_realm => $HOST } } 1 .. 2);
	}
	my $c = $stage->client($STRANGER);
	may_not_relay($c, 'somebody after them');
	$c->quit;
	$records->take(1);
};

subtest 'what is no login' => sub {
	my $c = $stage->client($STRANGER);

	like($c->auth('ANONYMOUS'), qr/^235 /, 'Postfix takes AUTH ANONYMOUS');
	may_not_relay($c, 'anonymous');
	$c->quit;
	$records->are('recorded so', { auth_refused => 'anonymous', auth_type => 'ANONYMOUS' });

	$c = $stage->client($STRANGER);
	may_not_relay($c, 'a forged AUTH= on MAIL', 'AUTH=alice@mx.example.test');
	$c->command('AUTH CRAM-MD5');
	$c->command('*');
	may_not_relay($c, 'a login broken off');
	$c->quit;
	$records->are('recorded so', map { { auth => undef, auth_type => undef, auth_refused => undef } } 1 .. 2);
};

subtest 'STARTTLS' => sub {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $postfix->{tls} || $ENV{CI};
	my $c = $stage->client($STRANGER);

	$c->auth('PLAIN', 'alice', 'secret', $HOST);
	may_relay($c, 'before-tls');
	like($c->starttls, qr/^220 /, 'after AUTH');
	may_not_relay($c, 'the login is over, also without another EHLO');
	$c->ehlo;
	may_not_relay($c, 'and with it');
	$c->auth('PLAIN', 'alice', 'secret', $HOST);
	may_relay($c, 'under-tls');
	$c->quit;
	$records->are('recorded so', map({ { tls => undef, auth => qr/alice/ } } 1 .. 2),
	    map({ { tls => qr/^TLSv1/, cipher => qr/./, auth => undef } } 1 .. 2),
	    map { { tls => qr/^TLSv1/, auth => qr/alice/ } } 1 .. 2);
};

subtest 'XCLIENT takes a login away' => sub {
	my $c = $stage->client;

	$c->auth('PLAIN', 'alice', 'secret', $HOST);
	may_relay($c, 'before-xclient');
	$c->xclient(ADDR => $STRANGER);
	$c->ehlo;
	may_not_relay($c, 'the new client');
	$c->quit;
	$records->take(3);
};

subtest 'a client whose address is withheld' => sub {
	my $c = $stage->client;

	$c->xclient(ADDR => '[UNAVAILABLE]', NAME => 'localhost');
	$c->ehlo;
	$c->mail('<m@sender.test>');
	unlike($c->rcpt('<x@outside.test>'), qr/^2/, 'may not relay');
	$c->quit;
	$shown += () = $records->take(0);
};

subtest 'SMTPUTF8' => sub {
	my $c = $stage->client($STRANGER);

	$c->mail('<m@sender.test>', 'SMTPUTF8');
	like(rcpt($c, "<x\@au\xc3\x9fen.test>"), $DENIED, 'to elsewhere');
	like(rcpt($c, "<j\xc3\xb6rg\@local.test>"), $OK, 'to us');
	data($c, 'utf8', "<j\xc3\xb6rg\@local.test>" => 'local');
	$c->quit;
	$records->are('recorded so', { verdict => 'reject', domain => 'xn--auen-wna.test' },
	    { rcpt => "<j\x{f6}rg\@local.test>", verdict => 'permit' }, { event => 'message' });
};

subtest 'a submission service' => sub {
	my $c = Authrelay::SMTP->new(port => $postfix->second_port);

	$c->ehlo;
	$c->mail('<m@sender.test>');
	like(rcpt($c, '<user@local.test>'), qr/^530 5\.7\.0 /, 'wants a login, also to us');
	$c->rset;
	$c->auth('LOGIN', 'alice', 'secret', $HOST);
	may_relay($c, 'submission');
	$c->quit;
	$records->are('recorded so', { reason => 'authentication-required', daemon => 'MSA' },
	    { reason => 'authenticated', daemon => 'MSA' }, { event => 'message' });
};

subtest 'the daemon goes away and comes back' => sub {
	my $old = $stage->client($STRANGER);

	$old->mail('<m@sender.test>');
	like(rcpt($old, '<user@local.test>'), $OK, 'a session is open');
	$stage->daemon->stop('KILL');
	like($old->rcpt('<x@outside.test>'), qr/^451 4\./, 'in the middle of a transaction: 451');
	$old->rset;
	like($old->mail('<m@sender.test>'), qr/^451 4\./, 'and from then on');
	my $new = $stage->client($STRANGER);
	like($new->mail('<m@sender.test>'), qr/^451 4\./, 'a new session: 451');
	$stage->daemon->start;
	like($new->mail('<m@sender.test>'), qr/^451 4\./, 'that session has to end');
	my $c = $stage->client($STRANGER);
	may_not_relay($c, 'the daemon is back');
	$_->quit for $old, $new, $c;
	$records->take(2);
};

is(join("\n", $stage->delivered), join("\n", sort @expected), 'everything arrived that should, and nothing else');

my @record = grep { $_->{session} } $records->all;
my @permitted = grep { $_->{event} eq 'rcpt' && $_->{verdict} eq 'permit' } @record;
my %rcpts;	# queue id => recipients
for my $message (grep { $_->{event} eq 'message' } @record) {
	my @own = grep { $_->{session} eq $message->{session} && $_->{txn} == $message->{txn} } @permitted;
	$rcpts{ $message->{queue_id} } = join ' ', sort map { $_->{rcpt} =~ s/\xf6/\xc3\xb6/r } @own;
}
is(scalar(grep { $_->{event} ne 'message' } @record), $shown, 'a record for each recipient that Postfix showed');
is(scalar keys %rcpts, scalar(keys %queue) + 1, 'and one for each message');
is_deeply({ map { $_ => $rcpts{$_} } keys %queue }, \%queue, 'queue ids lead to recipients');
is(scalar(grep { $_->{event} eq 'start' } $records->all), 2, 'two starts');
my $uid = getpwnam 'postfix';
is(scalar(grep { $_->{event} eq 'mta' && $_->{note} =~ /^Postfix .*; peer uid:$uid$/ } $records->all), 2,
    'and each time the mail server with its user, who alone may connect');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$records->check_file($stage->daemon);
done_testing;
