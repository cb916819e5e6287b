#!/usr/bin/perl
# t/mta/postfix_flood.t: a stranger beyond the bound of his network is told by Postfix to come again, and others are not
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Stage;

need_postfix();

my $stage = Authrelay::Stage->start(conf => <<'EOT');
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test" }
audit { stranger-rate = 1 stranger-burst = 5 }
EOT

sub events { my ($event) = @_; return grep { $_->{event} eq $event } $stage->records->all }

# One message to so many recipients; the replies.
sub send_to
{
	my ($client, $count, $domain, $mark) = @_;
	my $c = $stage->client($client);

	$c->mail('<m@sender.test>');
	my @reply = map { $c->rcpt("<u$_\@$domain>") } 1 .. $count;
	like($c->data($mark), qr/^250 /, "message $mark") if grep { /^250 / } @reply;
	$c->quit;
	return @reply;
}

my @reply = send_to('198.51.100.7', 15, 'local.test', 1);
my $taken = grep { /^250 / } @reply;

cmp_ok($taken, '>=', 5, 'the burst is taken');
cmp_ok($taken, '<', 15, 'and not all');
is(scalar(grep { /^451 4\.7\.1 .*Too many recipients from your network; try again later/ } @reply), 15 - $taken,
    'all others are to come again') or diag @reply;
is(scalar events('rcpt'), $taken, 'a record for each that was taken');
is((send_to('198.51.101.7', 5, 'local.test', 2))[4] =~ s/ .*//sr, '250', 'another network is free');
is(scalar(grep { /^250 / } send_to('192.0.2.7', 12, 'outside.test', 3)), 12, 'and so is a trusted one');

# Once the bucket has filled again, what was put off comes through.
my $later;
for (1 .. 30) {
	($later) = send_to('198.51.100.8', 1, 'local.test', 4);
	last if $later =~ /^250 /;
	select undef, undef, undef, 0.25;
}
like($later, qr/^250 /, 'a second attempt is taken');

my %count;
$count{ (split ' ')[1] }++ for $stage->delivered;
is_deeply(\%count, { 1 => $taken, 2 => 5, 3 => 12, 4 => 1 }, 'each recipient that was taken has its message, and no other')
    or diag explain \%count;
my @flood = events('flood');
cmp_ok(scalar @flood, '>=', 1, 'the others are counted');
is($flood[0]{matched}, 'audit.stranger-rate 198.51.100.0/24', 'of their network');
like($flood[0]{rcpt}, qr/^<u\d+\@local\.test>$/, 'with an example');
$stage->records->check_file($stage->daemon);
done_testing;
