#!/usr/bin/perl
# t/mta/sendmail_tls.t: a real Sendmail keeps a login over STARTTLS; whether TLS was there before it is what counts
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Authrelay::Need qw(need_sendmail);
use Authrelay::SMTP;
use Authrelay::Scratch qw(free_port);
use Authrelay::Stage;

need_sendmail();

unless (eval { require IO::Socket::SSL }) {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $ENV{CI};
	fail('IO::Socket::SSL is installed');
}

my $DENIED = qr/^550 5\.7\.1 <\S+>\.\.\. Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;
my $HOST = $Authrelay::Sendmail::HOST;
my ($smtps) = free_port(1);
my @expected;	# deliveries

sub stage
{
	my ($auth) = @_;

	return Authrelay::Stage->start(conf => "trusted-networks = { }\nlocal-domains = { local.test }\nauth { $auth }\n", sendmail => {
		users => { alice => 'secret' },
		tls => 1,
		mc => "DAEMON_OPTIONS(`Family=inet, Name=SMTPS, Addr=127.0.0.1, Port=$smtps, M=s')dnl\n"
	});
}

my $stage = stage('require-tls = yes');

sub client { return $stage->sendmail->connect(from => '127.0.0.9') }

sub smtps_client
{
	my $socket = IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $smtps, SSL_verify_mode => 0,
	    Timeout => 10) or die "TLS: $IO::Socket::SSL::SSL_ERROR\n";

	return Authrelay::SMTP->new(socket => $socket);
}

# What the words stand for, one after the other. "wrong" and "alice" are logins.
my %STEP = (
	EHLO => sub { like($_[0]->ehlo, qr/^250/, 'EHLO') },
	STARTTLS => sub { like($_[0]->starttls, qr/^220 /, 'STARTTLS') },
	wrong => sub { like($_[0]->auth('PLAIN', 'alice', 'wrong', $HOST), qr/^535 /, 'a wrong password') },
	alice => sub { like($_[0]->auth('PLAIN', 'alice', 'secret', $HOST), qr/^235 /, 'AUTH') },
	again => sub { like($_[0]->auth('PLAIN', 'alice', 'secret', $HOST), qr/^503 /, 'AUTH again, which is refused') },
	RSET => sub { like($_[0]->rset, qr/^250 /, 'RSET') },
	MAIL => sub { like($_[0]->mail('<m@sender.test>'), qr/^250 /, 'MAIL'); $_[0]->rset }
);

my %TLS = (tls => qr/^TLSv1/, cipher => qr/./);
my %ALICE = (auth => 'alice', auth_type => 'PLAIN');

# Two messages after these steps. Those that are refused: with this reason.
sub may
{
	my ($name, $steps, $c) = @_;

	subtest $name => sub {
		my $mark = $name =~ s/\W+/-/gr;
		$c //= client();
		$STEP{$_}->($c) for split ' ', $steps;
		for my $i (1, 2) {
			$c->mail('<m@sender.test>');
			like($c->rcpt("<$mark\@outside.test>"), $OK, 'may relay');
			like($c->data("$mark-$i"), qr/^250 /, 'and does');
			push @expected, "relay $mark-$i <$mark\@outside.test>";
		}
		$c->quit;
		$stage->records->are('recorded so', ({ verdict => 'permit', reason => 'authenticated', %TLS, %ALICE,
			auth_clear => undef, auth_refused => undef }, { event => 'message', %TLS, %ALICE }) x 2);
	};
}

sub may_not
{
	my ($name, $steps, $refused, %more) = @_;

	subtest $name => sub {
		my $c = client();
		$STEP{$_}->($c) for split ' ', $steps;
		for (1, 2) {
			$c->mail('<m@sender.test>');
			like($c->rcpt('<x@outside.test>'), $DENIED, 'may not relay');
			$c->rset;
		}
		$c->quit;
		$stage->records->are('recorded so', ({ verdict => 'reject', reason => 'relay-denied',
			auth_refused => $refused, %ALICE, %more }) x 2);
	};
}

my @CLEAR = (%TLS, auth_clear => JSON::PP::true());

may('TLS first', 'EHLO STARTTLS EHLO alice');
may('TLS first, and EHLO after the login', 'EHLO STARTTLS EHLO alice EHLO EHLO');
may('TLS first, and the login after a message', 'EHLO STARTTLS EHLO MAIL alice');
may('a wrong password in clear', 'EHLO wrong STARTTLS EHLO wrong alice');
may('a wrong password under TLS', 'EHLO STARTTLS EHLO wrong EHLO alice');
may('EHLO twice', 'EHLO EHLO STARTTLS EHLO EHLO alice');
may('smtps', 'EHLO alice', smtps_client());
may('smtps, and EHLO after the login', 'EHLO alice EHLO', smtps_client());
may_not('no TLS', 'EHLO alice', 'tls', tls => undef, auth_clear => undef);
may_not('the login first', 'EHLO alice STARTTLS EHLO', 'tls', @CLEAR);
may_not('the login first, EHLO before and after STARTTLS', 'EHLO alice EHLO STARTTLS EHLO EHLO', 'tls', @CLEAR);
may_not('the login first, and no EHLO after STARTTLS', 'EHLO alice STARTTLS', 'tls', @CLEAR);
may_not('EHLO and the login, but no EHLO after STARTTLS', 'EHLO alice EHLO STARTTLS', 'tls', @CLEAR);
# Sendmail takes this, and nobody can see which of the two was first.
may_not('TLS first, and no EHLO', 'EHLO STARTTLS alice', 'tls', @CLEAR);
may_not('the login first, and a message before TLS', 'EHLO alice MAIL STARTTLS EHLO', 'tls', @CLEAR);
may_not('the login first, and another under TLS', 'EHLO alice STARTTLS EHLO again RSET EHLO', 'tls', @CLEAR);

is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$stage->records->check_file($stage->daemon);
is(join("\n", $stage->delivered), join("\n", sort @expected), 'what was permitted arrived, and nothing else');
$stage->sendmail->stop;

# The same holds for the strength that is asked for.
$stage = stage('min-ssf = 128');
@expected = ();
may('strength, TLS first', 'EHLO STARTTLS EHLO alice');
may_not('strength, the login first', 'EHLO alice STARTTLS EHLO', 'strength', @CLEAR);
is(join("\n", $stage->delivered), join("\n", sort @expected), 'what was permitted arrived, and nothing else');
$stage->records->check_file($stage->daemon);
done_testing;
