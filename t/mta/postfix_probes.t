#!/usr/bin/perl
# t/mta/postfix_probes.t: every probe for open relays, from every kind of sender, through a Postfix that is one
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Probes qw(probe_senders probe_recipients);
use Authrelay::Stage;

need_postfix();

my $stage = Authrelay::Stage->start(conf => <<'EOT');
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
EOT

my @recipient = probe_recipients();
my %accepted;	# mark => [expected, address, queue id]
my $shown = 0;	# recipients that Postfix let the daemon see

# Postfix speaks of these alone: bad syntax, bad parameters.
sub is_shown { my ($reply) = @_; return $reply !~ /^(?:50\d|555|452) / }

# One transaction with one recipient; a message where it is accepted. Returns what went wrong.
sub probe
{
	my ($c, $mark, $sender, $expected, $rcpt) = @_;

	$c->mail($sender) =~ /^250 / or return "MAIL FROM:$sender is refused";
	my $reply = $c->rcpt($rcpt);
	$shown++ if is_shown($reply);
	if ($reply !~ /^250 /) {
		$c->rset;
		return "is not refused for good: $reply" if $reply !~ /^5/;
		return $expected eq 'ours' ? "is refused: $reply" : '';
	}
	my ($id) = $c->data($mark) =~ /^250 .*queued as (\w+)/ or return 'the message is not taken';
	$accepted{$mark} = [ $expected, $rcpt, $id ];
	return $expected eq 'refused' ? "is accepted: $reply" : '';
}

for my $sender (probe_senders()) {
	my ($name, $helo, $from) = @$sender;
	my $c = $stage->client('198.51.100.7', $helo);
	my @bad;

	for my $i (0 .. $#recipient) {
		my $what = probe($c, "$name.$i", $from, @{ $recipient[$i] });
		push @bad, "RCPT TO:$recipient[$i][1] $what" if $what ne '';
	}
	is(join("\n", @bad), '', "$name: HELO $helo, MAIL FROM:$from");
	$c->quit;
}

my @delivered = $stage->delivered;
my @left = grep { !/^local / && !/^relay \S+ <[^@>]+\@relay\.test>$/ } @delivered;

cmp_ok(scalar keys %accepted, '>', 100, 'messages were accepted');
is(join("\n", @left), '', 'nothing left for elsewhere');
is(scalar @delivered, scalar keys %accepted, 'every message that was accepted arrived, once');
is(join(' ', grep { !$accepted{$_} } map { (split)[1] } @delivered), '', 'and no other');

my @record = $stage->records->all;
my @rcpt = grep { $_->{event} =~ /^(?:rcpt|mta-reject)$/ } @record;
my @permitted = grep { $_->{verdict} eq 'permit' } @rcpt;
my %message = map { ("$_->{session} $_->{txn}" => $_->{queue_id}) } grep { $_->{event} eq 'message' } @record;
my %permit;	# queue id => recipients
push @{ $permit{ $message{"$_->{session} $_->{txn}"} } }, $_->{rcpt} for @permitted;
my @unjoined = grep {
	my (undef, $address, $id) = @{ $accepted{$_} };
	$address =~ s/ [A-Z]+=.*//;	# NOTIFY and the like
	"@{ $permit{$id} // [] }" ne $address;
} sort keys %accepted;

is(scalar @rcpt, $shown, 'a record for each recipient that Postfix showed');
is(scalar keys %message, scalar keys %accepted, 'and one for each message');
is("@unjoined", '', 'which has the queue id, and so the recipient');
is(join(' ', grep { !/^(?:local\.test|relay\.test|mx\.example\.test)$/ } map { $_->{domain} // () } @permitted), '',
    'no other domain was permitted');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$stage->records->check_file($stage->daemon);
done_testing;
