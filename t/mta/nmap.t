#!/usr/bin/perl
# t/mta/nmap.t: nmap's test for open relays finds none where we guard, and finds them where we do not
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix need_program need_sendmail);
use Authrelay::Nmap qw(nmap);
use Authrelay::Stage;

need_postfix();
need_sendmail();
need_program('nmap', 'nmap');

my $CONF = <<'EOT';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
EOT

# It takes any refusal for a good one: that a local recipient is accepted, it does not ask.
sub accepts_local_mail
{
	my ($server) = @_;
	my $c = $server->connect(from => '127.0.0.9');

	$c->ehlo;
	$c->mail('<m@sender.test>');
	like($c->rcpt('<user@local.test>'), qr/^250 2\.1\.5 /, 'which takes mail for us all the same');
	$c->quit;
}

sub check_guarded
{
	my ($stage, $server, $name) = @_;

	like(nmap($server->port), qr/^Server doesn't seem to be an open relay, all tests failed$/m, "$name, guarded");
	accepts_local_mail($server);
	my @tried = grep { $_->{event} eq 'rcpt' && $_->{rcpt} =~ /outside\.test/ } $stage->records->all;
	cmp_ok(scalar @tried, '>=', 13, 'the daemon has seen what was tried');
	is(join(' ', map { $_->{rcpt} } grep { $_->{verdict} ne 'reject' } @tried), '', 'and refused it all');
}

sub check_unguarded
{
	my ($server, $name, $least) = @_;
	my $text = nmap($server->port);

	like($text, qr{^Server is an open relay \(\d+/16 tests\)}m, "$name, without us: relays are found");
	cmp_ok($text =~ m{\((\d+)/16 tests\)} ? $1 : 0, '>=', $least, 'most of them');
	note($text);
}

subtest 'Postfix' => sub {
	my $stage = Authrelay::Stage->start(conf => $CONF);

	check_guarded($stage, $stage->postfix, 'Postfix');
	check_unguarded(Authrelay::Postfix->start(sink => $stage->sink, milter => ''), 'Postfix', 14);
};

# Sendmail itself refuses two of the sixteen.
subtest 'Sendmail' => sub {
	my $stage = Authrelay::Stage->start(conf => $CONF, sendmail => {});

	check_guarded($stage, $stage->sendmail, 'Sendmail');
	check_unguarded(Authrelay::Sendmail->start(sink => $stage->sink, milter => ''), 'Sendmail', 14);
};

done_testing;
