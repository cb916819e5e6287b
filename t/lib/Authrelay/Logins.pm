# t/lib/Authrelay/Logins.pm: what SMTP AUTH has to do, by every mechanism, on either mail server
# SPDX-License-Identifier: ISC
package Authrelay::Logins;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
our @EXPORT_OK = qw(test_mechanisms);

# host => the realm of alice, whose password is "secret"; client => code that returns the session of a stranger;
# may_relay and may_not_relay => code that gets a session and a word, and tests it; records; alice => what
# records have of her besides the mechanism.
sub test_mechanisms
{
	my (%given) = @_;

	for my $mechanism (qw(PLAIN LOGIN CRAM-MD5 DIGEST-MD5)) {
		subtest "AUTH $mechanism" => sub { _test_mechanism($mechanism, %given) };
	}
}

sub _test_mechanism
{
	my ($mechanism, %given) = @_;
	my ($may_relay, $may_not_relay) = @given{qw(may_relay may_not_relay)};
	my $c = $given{client}->();
	my $mark = lc $mechanism;

	like($c->auth($mechanism, 'alice', 'wrong', $given{host}), qr/^535 /, 'a wrong password');
	$may_not_relay->($c, 'with it');
	like($c->auth($mechanism, 'alice', 'secret', $given{host}), qr/^235 /, 'the right one');
	$may_relay->($c, "$mark-1");
	$may_relay->($c, "$mark-2");
	$c->ehlo('other.test');
	$may_relay->($c, "$mark-3");
	$c->quit;
	my %alice = (%{ $given{alice} }, auth_type => $mechanism);
	my @message = ({ event => 'rcpt', verdict => 'permit', reason => 'authenticated', %alice },
	    { event => 'message', %alice });
	$given{records}->are('recorded so', { event => 'rcpt', verdict => 'reject', reason => 'relay-denied',
		auth => undef, auth_type => undef }, (@message) x 3);
}

1;
