#!/usr/bin/env perl
# t/daemon/dns_unbound.t: milter/dns/dns.c before a real unbound with a signed root, and before a real nsd
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Process;
use Authrelay::Scratch qw(free_port);
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);
use Authrelay::Zones;

my $PROGRAM = "$FindBin::Bin/../lib/dns_ask";
my $why = -x $PROGRAM ? Authrelay::Zones::why_not() : 't/lib/dns_ask is not built';
if (defined $why) {
	cannot($why);
	done_testing;
	exit;
}

# What is asked; what unbound says; what nsd says, which does no recursion.
my $LAME = 'failure .* why: the server does not offer recursion$';
my @ROWS = (
	['primary.test/MX', 'found .* secure=1 .* count=2 ', 'found .* secure=0 .* count=2 '],
	['backup.test/MX', 'found .* secure=1 .* (?:10:mx.other.test 20:mx.us.test|20:mx.us.test 10:mx.other.test)$',
	    'found .* secure=0 '],
	['case.test/MX', 'found .* 10:mx.us.test$', 'found .* 10:mx.us.test$'],
	['x.wild.test/MX', 'found .* secure=1 .* 10:mx.us.test$', 'found .* 10:mx.us.test$'],
	['nullmx.test/MX', 'found .* 0:null$', 'found .* 0:null$'],
	['escdot.test/MX', 'found .* 10:none$', 'found .* 10:none$'],
	['escnul.test/MX', 'found .* 10:none$', 'found .* 10:none$'],
	['cnamedom.test/MX', 'found .* secure=1 .* count=2 ', 'found .* count=2 '],
	['mx.us.test/A', 'found .* secure=1 .* 198.51.100.25$', 'found .* 198.51.100.25$'],
	['mx.us.test/AAAA', 'found .* secure=1 .* 2001:db8::25$', 'found .* 2001:db8::25$'],
	['alias.us.test/A', 'found .* secure=1 .* 198.51.100.25$', 'found .* 198.51.100.25$'],
	['mx.other.test/AAAA', 'nodata ttl=60 secure=1 ', $LAME],
	['implicit.test/MX', 'nodata ttl=60 secure=1 ', $LAME],
	['nodata.test/MX', 'nodata ttl=60 secure=1 ', $LAME],
	['nosuch.test/MX', 'nxdomain ttl=60 secure=1 ', $LAME],
	['cnameloop.test/MX', 'failure .* why: SERVFAIL$', 'found .* cut=1 .* count=0 '],
	['primary.unsigned/MX', 'found .* secure=0 .* count=2 ', 'found .* secure=0 .* count=2 '],
	['nosuch.unsigned/MX', 'nxdomain ttl=60 secure=0 ', $LAME],
	['insecure.test/MX', 'found .* secure=0 .* count=2 ', 'found .* secure=0 '],
	['primary.bogus/MX', 'failure .* secure=0 .* why: SERVFAIL$', 'found .* secure=0 .* count=2 '],
	['nosuch.bogus/MX', 'failure .* why: SERVFAIL$', $LAME],
);

sub ask
{
	my ($code, $output) = Authrelay::Process->run($PROGRAM, @_);

	is $code, 0, 'dns_ask goes well' or diag $output;
	return split /\n/, $output;
}

my $zones = Authrelay::Zones->start;
# Twice: once from nsd, once from unbound's cache, which counts TTLs down.
for my $server ([1, 'unbound', $zones->resolver], [2, 'nsd', $zones->authority]) {
	my ($column, $name, $address) = @$server;
	my @line = ask(-t => 5000, -s => $address, map { $_->[0] } @ROWS);
	for my $i (0 .. $#ROWS) {
		like $line[1 + $i] // '', qr/^\S+ \S+ $ROWS[$i][$column]/, "$name: $ROWS[$i][0]";
	}
}

my @line = ask(-t => 5000, '-j' => 32, -s => $zones->resolver, 'primary.test/MX', 'mx.us.test/A+AAAA');
is scalar(grep { / found .* secure=1 / } @line), 96, '32 threads at once';
is $line[-1], 'left open: 0', 'nothing stays open';

@line = ask(-a => 'no', -s => $zones->resolver, 'primary.test/MX');
like $line[1], qr/ found .* secure=0 /, 'AD is not trusted where that is said';

@line = ask(-s => '127.0.0.1:' . free_port(), -s => $zones->resolver, 'primary.test/MX');
like $line[1], qr/ found .* queries=2 /, 'a server that is not there, and one that is';

# A resolver that hangs, and one that comes back, are as good as new.
kill 'STOP', $zones->unbound->pid;
@line = ask(-t => 300, -s => $zones->resolver, 'primary.test/MX');
like $line[1], qr/ failure .* why: no answer in time$/, 'one that was stopped: a failure';
kill 'CONT', $zones->unbound->pid;
ok wait_until(20, sub { (Authrelay::Process->run($PROGRAM, -s => $zones->resolver, 'primary.test/MX'))[1] =~ / found / }),
    'one that goes on: an answer';
$zones->unbound->stop('KILL');
@line = ask(-s => $zones->resolver, 'primary.test/MX');
like $line[1], qr/ failure .* why: connection refused$/, 'one that is gone: a failure at once';
$zones->start_unbound;
@line = ask(-t => 5000, -s => $zones->resolver, 'primary.test/MX');
like $line[1], qr/ found .* secure=1 /, 'one that is back: an answer';
$zones->stop;
done_testing;
