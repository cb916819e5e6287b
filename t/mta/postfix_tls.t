#!/usr/bin/perl
# t/mta/postfix_tls.t: where a login has to be under TLS, and a real Postfix ends it when TLS begins
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

unless (eval { require IO::Socket::SSL }) {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $ENV{CI};
	fail('IO::Socket::SSL is installed');
}

my $DENIED = qr/^550 5\.7\.1 Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;
my $HOST = $Authrelay::Postfix::HOST;
my @expected;	# deliveries

my $stage = Authrelay::Stage->start(conf => <<'EOT', postfix => {
trusted-networks = { }
local-domains = { local.test }
auth { require-tls = yes min-ssf = 128 }
EOT
	users => { alice => 'secret' },
	tls => 1,
	master => sub { "127.0.0.1:$_[0] inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n" }
});

sub smtps_client
{
	my $socket = IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $stage->postfix->second_port,
	    SSL_verify_mode => 0, Timeout => 10) or die "TLS: $IO::Socket::SSL::SSL_ERROR\n";

	return Authrelay::SMTP->new(socket => $socket);
}

# What the words stand for, one after the other. "wrong", "alice" and "carol" are logins.
my %STEP = (
	EHLO => sub { like($_[0]->ehlo, qr/^250/, 'EHLO') },
	STARTTLS => sub { like($_[0]->starttls, qr/^220 /, 'STARTTLS') },
	wrong => sub { like($_[0]->auth('PLAIN', 'alice', 'wrong', $HOST), qr/^535 /, 'a wrong password') },
	alice => sub { like($_[0]->auth('PLAIN', 'alice', 'secret', $HOST), qr/^235 /, 'AUTH') },
	carol => sub { like($_[0]->xclient(LOGIN => 'carol'), qr/^220 /, 'a proxy says who has logged in') },
	MAIL => sub { like($_[0]->mail('<m@sender.test>'), qr/^250 /, 'MAIL'); $_[0]->rset }
);

# One recipient after these steps, who may be relayed to, or not.
sub check
{
	my ($name, $steps, $may, $record, $c) = @_;

	subtest $name => sub {
		my $mark = $name =~ s/\W+/-/gr;
		$c //= $stage->postfix->connect;
		$STEP{$_}->($c) for split ' ', $steps;
		$c->mail('<m@sender.test>');
		like($c->rcpt("<$mark\@outside.test>"), $may ? $OK : $DENIED, $may ? 'may relay' : 'may not relay');
		if ($may) {
			like($c->data($mark), qr/^250 /, 'and does');
			push @expected, "relay $mark <$mark\@outside.test>";
		}
		$c->quit;
		my @message = $may ? { event => 'message' } : ();
		$stage->records->are('recorded so', { auth_clear => undef, reason => $may ? 'authenticated' : 'relay-denied',
			%$record }, @message);
	};
}

my %alice = (auth => 'alice', auth_refused => undef, tls => qr/^TLSv1/);
my %nobody = (auth => undef, auth_type => undef, auth_refused => undef, tls => qr/^TLSv1/);

check('TLS first', 'EHLO STARTTLS EHLO alice', 1, \%alice);
check('TLS first, and EHLO after the login', 'EHLO STARTTLS EHLO alice EHLO EHLO', 1, \%alice);
check('a wrong password in clear', 'EHLO wrong STARTTLS EHLO alice', 1, \%alice);
check('smtps', 'EHLO alice', 1, \%alice, smtps_client());
check('smtps, and EHLO after the login', 'EHLO alice EHLO', 1, \%alice, smtps_client());
check('no TLS', 'EHLO alice', 0, { auth => 'alice', auth_refused => 'tls', tls => undef });
check('the login first', 'EHLO alice STARTTLS EHLO', 0, \%nobody);
check('the login first, EHLO before and after STARTTLS', 'EHLO alice EHLO STARTTLS EHLO EHLO', 0, \%nobody);
check('the login first, and no EHLO after STARTTLS', 'EHLO alice EHLO MAIL STARTTLS', 0, \%nobody);
check('the login first, and again under TLS', 'EHLO alice EHLO STARTTLS EHLO alice', 1, \%alice);
check('the login first, and again under TLS, without EHLO', 'EHLO alice STARTTLS alice', 1, \%alice);
check('a proxy whose connection is under TLS', 'EHLO STARTTLS EHLO carol EHLO', 1,
    { auth => 'carol', auth_type => 'XCLIENT', tls => qr/^TLSv1/ });
check('a proxy that says no EHLO', 'EHLO STARTTLS EHLO carol', 1,
    { auth => 'carol', auth_type => 'XCLIENT', tls => qr/^TLSv1/ });

is(join("\n", $stage->delivered), join("\n", sort @expected), 'what was permitted arrived, and nothing else');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$stage->records->check_file($stage->daemon);
done_testing;
