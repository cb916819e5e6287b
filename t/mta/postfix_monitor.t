#!/usr/bin/perl
# t/mta/postfix_monitor.t: monitor mode lets everything pass, and so shows what Postfix alone would relay
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Probes qw(probe_recipients);
use Authrelay::Stage;

need_postfix();

my $stage = Authrelay::Stage->start(conf => <<'EOT');
mode = monitor
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
EOT

my @recipient = probe_recipients();
my (%reply, %verdict, %is_enforced, %place);
my $c = $stage->client('198.51.100.7');

for my $i (0 .. $#recipient) {
	$c->mail('<m@sender.test>');
	$reply{$i} = $c->rcpt($recipient[$i][1]);
	if ($reply{$i} =~ /^250 /) {
		like($c->data($i), qr/^250 /, "message $i");
		my @record = $stage->records->take(2);
		is(join(' ', map { $_->{event} } @record), 'rcpt message', "records for $recipient[$i][1]");
		$verdict{$i} = $record[0]{verdict};
		$is_enforced{ $record[0]{enforced} ? 1 : 0 }++;
	} else {
		$c->rset;
		$stage->records->skip_to_end;
	}
}
$c->quit;

for my $line ($stage->delivered) {
	my ($sink, $mark, $rcpt) = split ' ', $line, 3;
	$place{$mark} = $sink eq 'relay' && $rcpt !~ /\@relay\.test>$/ ? 'elsewhere' : 'here';
}
my @leak = grep { $place{$_} eq 'elsewhere' } keys %place;

cmp_ok(scalar @leak, '>', 30, 'without enforcement Postfix relays: the probes do test something');
is(join("\n", map { $recipient[$_][1] } grep { $verdict{$_} ne 'reject' } @leak), '',
    'whatever left for elsewhere was recorded as to be refused');
my @ours = grep { $recipient[$_][0] eq 'ours' } 0 .. $#recipient;
is(join("\n", map { $recipient[$_][1] } grep { $verdict{$_} ne 'permit' } @ours), '',
    'whatever is ours, as permitted');
is(join(' ', grep { !$place{$_} } keys %verdict), '', 'every message arrived');
is(join(' ', keys %is_enforced), '0', 'no record claims to be enforced');

subtest 'the reply that would have been given' => sub {
	my $c = $stage->client('198.51.100.7');

	$c->mail('<m@sender.test>');
	like($c->rcpt('<x@outside.test>'), qr/^250 /, 'passes');
	$stage->records->are('is recorded', { verdict => 'reject', reason => 'relay-denied', enforced => 0,
		reply => '550 5.7.1 Relaying denied; authenticate first' });
	$c->quit;
};

$stage->records->check_file($stage->daemon);
done_testing;
