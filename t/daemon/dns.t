#!/usr/bin/env perl
# t/daemon/dns.t: what milter/dns/dns.c makes of a name server that lies, drops and delays
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::NameServer;
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Spray qw(spray);
use Authrelay::Wait qw(wait_for);

my $PROGRAM = "$FindBin::Bin/../lib/dns_ask";
-x $PROGRAM or plan $ENV{CI} ? (tests => 1) : (skip_all => 't/lib/dns_ask is not built');
-x $PROGRAM or do { fail('t/lib/dns_ask is built'); exit 1 };

my $GOOD = 'found .* 10:mx\.ok\.fault$';
my $SILENCE = 'failure .* why: no answer in time$';
my $MALFORMED = 'failure .* queries=1 .* why: malformed reply$';
my $NO_HOST = 'found .* count=1 .* 10:none$';
my $CUT = 'found .* cut=1 .* count=0 ';

# What is asked for, and what comes of it; MX where no type is given.
my @FAULTS = (
	['ok', "$GOOD"], ['ok/A', 'found .* 198\.51\.100\.25$'], ['ok/AAAA', 'found .* 2001:db8::25$'],
	['servfail', 'failure .* queries=1 .* why: SERVFAIL$'],
	['refused', 'failure .* queries=1 .* why: REFUSED$'],
	['formerr', 'failure .* queries=2 .* why: FORMERR$'],
	['notimp', 'failure .* queries=2 .* why: NOTIMP$'],
	['yxdomain', 'failure .* queries=1 .* why: YXDOMAIN$'],
	['nxdomain-30', 'nxdomain ttl=30 '], ['nxbeside', 'failure .* why: NXDOMAIN with records of the name$'],
	['nxlame', 'failure .* why: the server does not offer recursion$'],
	['nodata-30', 'nodata ttl=30 '], ['nodatanosoa', 'nodata ttl=0 '],
	['nullmx', 'found .* count=1 .* 10:null$'], ['nullplus', 'found .* count=2 .* 10:null 10:mx\.us\.fault$'],
	['lame', 'failure .* why: the server does not offer recursion$'],
	['referral', 'failure .* why: referral$'], ['authoritative', $GOOD],

	['drop', $SILENCE], ['udpdrop', $SILENCE], ['dropn-1', "found .* queries=2 .*"],
	['failn-1', 'failure .* queries=1 .* why: SERVFAIL$'], ['slow-200', $GOOD], ['slownx-200', 'nxdomain ttl=60 '], ['twice', $GOOD],
	['flaky', '(?:found .* 10:mx\.ok\.fault|failure .* why: no answer in time)$'],

	['noedns', 'found .* queries=2 '], ['formerrnoedns', 'found .* queries=2 '],
	['badvers', 'found .* queries=2 '], ['extended', 'failure .* why: an unknown rcode$'],

	['tcgood', 'found .* queries=2 .* 10:mx\.ok\.fault$'], ['tclie', "$GOOD"],
	['tcboth', 'failure .* why: truncated over TCP$'], ['tctcpdrop', $SILENCE],
	['tctcpclose', 'failure .* why: connection closed$'], ['tctcpreset', 'failure .* why: connection reset$'],
	['tctcphalf', $SILENCE], ['tctcplen0', 'failure .* why: reply to another query$'],
	['tctcpbadid', 'failure .* why: reply to another query$'],
	['tctcpservfail', 'failure .* why: SERVFAIL$'], ['tctcpdrip', $GOOD],

	['badid', $SILENCE], ['badidgood-3', 'found .* queries=1 .* 10:mx\.ok'],
	['badidgood-9', 'found .* queries=2 .* 10:mx\.ok'],
	['badq', $SILENCE], ['badqgood', $GOOD], ['badqtype', $SILENCE], ['badqclass', $SILENCE], ['noq', $SILENCE],
	['twoq', $SILENCE], ['notresp', $SILENCE], ['opcode', $SILENCE], ['badsrc', $SILENCE], ['badsrcgood', $GOOD],
	['case', $GOOD], ['ad', 'found .* secure=1 '], ['ok', 'found .* secure=0 '],

	['garbage', $SILENCE], ['idgarbage', $SILENCE], ['short', $SILENCE], ['hdr', $SILENCE], ['empty', $SILENCE],
	['cutoff', $MALFORMED], ['trailing', $GOOD], ['loop', $MALFORMED], ['fwdptr', $MALFORMED], ['hdrptr', $MALFORMED],
	['ptrchain-10', $GOOD], ['ptrchain-16', $MALFORMED], ['ptrchain-5000', $MALFORMED],
	['rdover', $MALFORMED], ['rdlonger', $MALFORMED], ['rdshort', $MALFORMED], ['mxrd0', $MALFORMED],
	['mxrd2', $MALFORMED], ['reserved', $MALFORMED], ['longname', $MALFORMED], ['longest', 'found .* count=1 '],
	['ancount', $MALFORMED], ['arcount', $MALFORMED], ['ard-3/A', $MALFORMED], ['ard-16/A', $MALFORMED],
	['ard-4/AAAA', $MALFORMED], ['ard-0/A', $MALFORMED],

	['many-100', 'found .* cut=0 .* count=100 .* 1:mx1'], ['many-101', 'found .* cut=1 .* count=100 '],
	['many-1000', $CUT], ['many-256/A', 'found .* cut=0 .* count=256 '], ['many-257/A', 'found .* cut=1 .* count=256 '],
	['txtbomb-59000', $GOOD], ['tsig-1500', $GOOD],

	['cnameself', $CUT], ['cnameloop', $CUT], ['cnamechain-8', $GOOD], ['cnamechain-9', $CUT],
	['cnameend', 'nodata ttl=60 '], ['cnamelame', 'failure .* why: the server does not offer recursion$'],
	['twocnames', 'failure .* why: records of another name or class$'],
	['cnamestranger', 'failure .* why: records of another name or class$'],
	['wrongowner', 'failure .* why: records of another name or class$'],
	['wrongowner/A', 'failure .* why: records of another name or class$'],
	['wrongclass', 'failure .* why: records of another name or class$'],
	['wrongtype', 'nodata ttl=60 '], ['mixed', 'found .* count=1 '],
	['capitals', 'found .* 10:mx\.us\.fault$'], ['nul', $NO_HOST], ['dot', $NO_HOST], ['single', $NO_HOST],
	['numbers', $NO_HOST], ['hyphen', $NO_HOST],
	['ttl-2147483648', 'found ttl=0 '], ['ttl-2147483647', 'found ttl=2147483647 '], ['ttl-7', 'found ttl=7 '],
);

my $folder = scratch_folder();
my $server = Authrelay::NameServer->start(file => "$folder/queries");
my $closed = free_port();

# Returns the lines; the first says which servers, the last what stayed open.
sub ask
{
	my (@arg) = @_;
	my ($code, $output) = Authrelay::Process->run($PROGRAM, @arg);

	is $code, 0, 'dns_ask goes well' or diag $output;
	return split /\n/, $output;
}

# A question with the behaviour in it.
sub question
{
	my ($fault, $prefix) = @_;
	my ($behaviour, $type) = split m{/}, $fault;

	return "$prefix.$behaviour.fault/" . ($type // 'MX');
}

sub test_faults
{
	my $n = 0;
	my @line = ask(-t => 2500, -s => $server->address, map { question($_->[0], 'q' . $n++) } @FAULTS);
	my ($servers, $open) = (shift @line, pop @line);

	is $open, 'left open: 0', 'no descriptor stays open';
	is scalar @line, scalar @FAULTS, 'as many answers as questions';
	for my $i (0 .. $#FAULTS) {
		like $line[$i] // '', qr/^\S+ \S+ $FAULTS[$i][1]/, "$FAULTS[$i][0]";
	}
	my %tested = map { $_->[0] =~ /^(\w+)/ ? ($1 => 1) : () } @FAULTS;
	is join(' ', grep { !$tested{$_} && !/^(?:flip|okthenfail)$/ } Authrelay::NameServer::behaviours()), '',
	    'every fault is tested';
}

sub test_names
{
	my @bad = ('', '.', 'a..b', '.a.test', 'a b.test', 'mx\\.us.test', 'a@b.test', 'A.test', 'a.test.', '192.0.2.1',
	    'x' x 64 . '.test', "a\x01.test");
	my @line = ask(-s => $server->address, map { "$_/MX" } @bad);

	is scalar(grep { / failure .* queries=0 .* why: not a host name$/ } @line), scalar @bad,
	    'what is no name is not asked for' or diag join "\n", @line;
}

sub test_types
{
	my @line = ask(-s => $server->address, 'both.ok.fault/A+AAAA', 'both.slow-500.fault/A+AAAA');

	like $line[1], qr/ A found .* 198\.51\.100\.25$/, 'two types: the first';
	like $line[2], qr/ AAAA found .* 2001:db8::25$/, 'and the second';
	# One after the other would be a second at least.
	is scalar(grep { /ms=[5-9]\d\d / } @line[3, 4]), 2, 'both at the same time' or diag "@line";
}

sub test_servers
{
	my ($dead, $good) = ("127.0.0.1:$closed", $server->address);
	my @line = ask(-s => $dead, -s => $good, 'dead1.ok.fault/MX', 'dead1.servfail.fault/MX');
	like $line[1], qr/ found .* queries=2 .*server=\Q$good\E /, 'a closed port: the next one';
	like $line[2], qr/ failure .* why: connection refused$/, 'SERVFAIL, and no other there';
	@line = ask(-s => $good, -s => $good, map { "two.$_.fault/MX" } qw(failn-1 ok tctcpclose lame));
	like $line[1], qr/ found .* queries=2 /, 'SERVFAIL: the next one is asked';
	like $line[2], qr/ found .* queries=1 /, 'an answer: it is not';
	like $line[4], qr/ failure .* queries=2 /, 'lame, each is asked once';
	@line = ask(-t => 600, -s => $dead, 'dead2.ok.fault/MX');
	like $line[1], qr/ failure .* queries=2 .* why: connection refused$/, 'all are closed: twice, and no more';
	@line = ask(-t => 0, -s => $good, 'late.ok.fault/MX');
	like $line[1], qr/ failure .* queries=0 .* why: no answer in time$/, 'no time: nothing is sent';
	@line = ask(-s => '127.0.0.1:' . $server->port, -a => 'no', 'no.ad.fault/MX');
	like $line[1], qr/ found .* secure=0 /, 'AD is not trusted where that is said';
}

sub test_many
{
	my @line = ask('-j' => 32, -s => $server->address, 'many.ok.fault/MX', 'many.tcgood.fault/A+AAAA',
	    'many.slow-50.fault/MX');
	my $open = pop @line;

	is scalar(grep { / found / } @line), 32 * 4, '32 threads at once: all are answered';
	is $open, 'left open: 0', 'and nothing stays open';
	@line = ask(-f => 0, -s => $server->address, 'none.ok.fault/MX');
	like $line[1], qr/ failure .* why: out of file descriptors$/, 'without a descriptor';
	@line = ask(-f => 1, -s => $server->address, 'one.ok.fault/A+AAAA');
	like $line[1], qr/ found /, 'with one alone: the first';
	like $line[2], qr/ failure .* why: out of file descriptors$/, 'and not the second';
}

sub test_spray
{
	my $name = 'spray.slow-900.fault';
	my $output = "$folder/spray";
	my $process = Authrelay::Process->start(command => [$PROGRAM, -t => 3000, -s => $server->address, "$name/MX"],
	    output => $output);

	wait_for('query', 10, sub { scalar $server->queries(qr/^udp \Q$name\E /) });
	cmp_ok spray($name, 'evil.us'), '>', 20000, 'forged answers to every port';
	is $process->wait_exit(20), 0, 'the look-up ends';
	like read_file($output), qr/ found .* 10:mx\.ok\.fault$/m, 'and has the right answer';
	unlike read_file($output), qr/evil/, 'not the forged one';
}

sub test_resolv_conf
{
	my @line = ask(-r => "$folder/missing");
	is $line[0], 'servers: 127.0.0.1:53 (resolv.conf; 1 s, 2 attempts; AD is trusted)', 'no resolv.conf';
	write_file("$folder/resolv.conf", "nameserver 192.0.2.1\noptions timeout:3 attempts:4 rotate\n");
	@line = ask(-r => "$folder/resolv.conf");
	is $line[0], 'servers: 192.0.2.1:53 (resolv.conf; 3 s, 4 attempts, in turn; AD is not trusted)', 'one with options';
	write_file("$folder/resolv.conf", "nameserver 192.0.2.1\noptions trust-ad\n");
	@line = ask(-r => "$folder/resolv.conf");
	like $line[0], qr/AD is trusted/, 'trust-ad';
	write_file("$folder/resolv.conf", "nameserver 192.0.2.1\noptions use-vc\n");
	@line = ask(-r => "$folder/resolv.conf");
	is $line[0], 'servers: 192.0.2.1:53 (resolv.conf; 1 s, 2 attempts, by TCP; AD is not trusted)', 'use-vc';
	@line = ask(-r => "$folder/resolv.conf", -s => '[::1]:5353', -s => '192.0.2.7');
	is $line[0], 'servers: [::1]:5353, 192.0.2.7:53 (dns.servers; 1 s, 2 attempts; AD is not trusted)',
	    'servers that are given stand in its place';
}

test_faults();
test_names();
test_types();
test_servers();
test_many();
test_spray();
test_resolv_conf();
done_testing;
