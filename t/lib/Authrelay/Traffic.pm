# t/lib/Authrelay/Traffic.pm: two weeks of a mail server's records, the same each time
# SPDX-License-Identifier: ISC
package Authrelay::Traffic;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use POSIX qw(strftime);
use Authrelay::Scratch qw(read_file);
use Authrelay::Tree qw(top);
our @EXPORT_OK = qw(traffic record_line record_keys $TRAFFIC_END $HOSTILE);

our $TRAFFIC_END = 1795478400;	# 2026-11-24 00:00 UTC
my $SECONDS = 14 * 86400;

# What a stranger may put into an address; as the daemon's text, before JSON.
our $HOSTILE = "<\x{202e}\e[31m<b onclick='x()'>&amp;\"\x{9b}1m%elsewhere.example\@example.org>";

my $state;

# Numbers below n, by a generator of our own: perl's is another on another system.
sub _below
{
	my ($n) = @_;

	$state = ($state * 1103515245 + 12345) & 0x7fffffff;
	return ($state >> 8) % $n;
}

# A few come often.
sub _mostly_first
{
	my ($n) = @_;

	return _below(1 + _below(1 + _below($n)));
}

my @FORMS = ('<spam%d@elsewhere.example>') x 5;
push @FORMS, '<spam%d%%elsewhere.example@example.org>', '<elsewhere.example!spam%d@example.org>',
    '<@example.org:spam%d@elsewhere.example>', '<"spam%d@elsewhere.example"@example.org>',
    '<spam%d@elsewhere.example@example.org>', 'spam%d@elsewhere.example', '<spam%d@[192.0.2.1]>';

sub _user
{
	my ($time) = @_;
	my $user = _mostly_first(40);
	# the eighth has moved in the last week, and the 41st is new
	my $is_late = $time > $TRAFFIC_END - $SECONDS / 2;
	$user = 40 if $is_late && _below(50) == 0;
	my $net = $user == 7 && $is_late ? 200 : $user % 9 + (_below(10) == 0 ? 20 : 0);

	return (client => "198.51.$net." . (1 + $user), auth => "user$user", auth_type => 'PLAIN');
}

sub _sent
{
	my $name = _below(300);
	my $domain = 'dom' . _mostly_first(30) . '.example';

	return (rcpt => "<friend$name\@$domain>", domain => $domain);
}

# Every reason for which a login may not count.
sub _why { return (qw(incomplete unreadable anonymous mechanism certificate tls strength))[$_[0] % 7] }

sub _refused
{
	my $client = _mostly_first(120);
	my $rcpt = $client == 5 && _below(4) == 0 ? $HOSTILE : sprintf $FORMS[_below(scalar @FORMS)], _below(500);
	my $reason = $rcpt =~ /^<spam\d+\@elsewhere/ ? 'relay-denied' : 'routed-address';

	return (verdict => 'reject', reason => $reason, enforced => JSON::PP::true,
	    client => $client % 4 == 0 ? "2001:db8:$client\::1" : "192.0.2.$client", rcpt => $rcpt,
	    domain => 'elsewhere.example', _below(20) == 0 ? (auth => 'info', auth_type => 'PLAIN', auth_refused => _why($client)) : ());
}

# The rest of a record, by what happens how often.
sub _what
{
	my ($time) = @_;
	my $what = _below(100);
	my @decided = (event => 'rcpt', enforced => JSON::PP::true);

	return (@decided, verdict => 'permit', reason => 'authenticated', _user($time), _sent()) if $what < 40;
	return (event => 'message', _user($time), queue_id => '4Qx') if $what < 50;
	return (@decided, verdict => 'permit', reason => 'trusted-network', client => '203.0.113.' . _below(3),
	    _sent()) if $what < 55;
	return (@decided, verdict => 'permit', reason => 'local-submission', _sent()) if $what < 57;
	return (@decided, verdict => 'permit', reason => 'local-domain', client => '203.0.113.77',
	    rcpt => '<joe@example.org>', domain => 'example.org') if $what < 75;
	return (event => 'mta-reject', verdict => 'reject', reason => 'mta-reject', client => '203.0.113.9',
	    rcpt => '<nobody@example.org>') if $what < 80;
	return (@decided, verdict => 'tempfail', reason => 'dns-failure', client => '203.0.113.8',
	    rcpt => '<a@slow.example>', domain => 'slow' . _below(3) . '.example', mx => 'no answer') if $what < 83;
	return (event => 'start', note => 'authrelay') if $what < 84;
	return (@decided, _refused(), $what < 86 ? (enforced => JSON::PP::false) : ());
}

# So many records, as hashes, in the order of their time.
sub traffic
{
	my ($count) = @_;
	my @record;

	$state = 20261124;
	for my $i (0 .. $count - 1) {
		my $second = $TRAFFIC_END - $SECONDS + int($SECONDS * $i / $count);
		my $hour = int($second / 3600) % 24;
		# nights are quiet: what would happen there waits for the morning
		$second += (9 - $hour) * 3600 + _below(8 * 3600) if $hour < 6 && _below(4);
		push @record, { v => 1, seq => $i + 1,
			time => strftime('%Y-%m-%dT%H:%M:%S', gmtime $second) . sprintf('.%06dZ', _below(1000000)),
			session => '64451a7a4f000.' . sprintf('%x', $i), txn => 1, sender => '<a@example.net>',
			_what($second) };
		delete @{ $record[-1] }{qw(session txn sender)} if $record[-1]{event} eq 'start';
	}
	return @record;
}

my @keys;

# The order of a record's keys, by the schema.
sub record_keys
{
	my ($properties) = read_file(top() . '/conf/audit.schema.json') =~ /^\t"properties": \{\n(.*?)^\t\},?\n/ms;

	@keys = $properties =~ /^\t\t"(\w+)":/mg unless @keys;
	return @keys;
}

# A line as the daemon writes it.
sub record_line
{
	my ($record) = @_;
	my $json = JSON::PP->new->allow_nonref->ascii;

	return '{' . join(',', map { "\"$_\":" . ($json->encode($record->{$_}) =~ s/\x7f/\\u007f/gr) }
	    grep { defined $record->{$_} } record_keys()) . "}\n";
}

1;
