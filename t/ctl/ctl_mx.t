#!/usr/bin/perl
# t/ctl/ctl_mx.t: authrelayctl mx, from a domain through a name server that lies to the verdict
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::NameServer;
use Authrelay::Scratch qw(scratch_folder free_port write_file);

need_ctl();

my $folder = scratch_folder();
my $file = "$folder/mx.conf";
my $server = Authrelay::NameServer->start(file => "$folder/queries");
my $address = $server->address;

sub look_up
{
	my ($domain, %o) = @_;
	my $servers = $o{server} // $address;

	write_file($file, "user = nobody\nlocal-domains = { local.test }\nown-addresses = { 198.51.100.25 }\n"
	    . 'mx { ' . ($o{mx} // 'accept = any domains = { .fault }') . " }\n"
	    . "dns { servers = { \"$servers\" } }\n");
	return ctl('mx', '-c', $file, $domain);
}

# What the name server does, the exit code, and what the line mx: begins with.
my @STANDINGS = (
	['ok', 0, 'primary 10 mx.ok.fault via 198.51.100.25, ad=0, '],
	['ad', 0, 'primary 10 mx.ok.fault via 198.51.100.25, ad='],
	['nullmx', 1, 'not: null MX, '], ['nullplus', 1, 'not: null MX beside other MX records, '],
	['nxdomain', 1, 'not: no such domain, '],
	['nodata', 1, 'not: this server is not a mail exchanger, '],
	['servfail', 2, "tempfail: x.servfail.fault MX: SERVFAIL ($address), ad=0, 1 query, "],
	['many-101', 1, 'not: more than 100 MX records'], ['cnameloop', 1, 'not: '],
	['mxrd0', 2, 'tempfail: '], ['dot', 1, 'not: '], ['nul', 1, 'not: '],
);

for my $row (@STANDINGS) {
	my ($fault, $want, $text) = @$row;
	my ($code, $out, $err) = look_up("x.$fault.fault");
	is($code, $want, "$fault: exit code") or diag $err;
	like($out, qr/^mx: \Q$text\E.* us, fresh$/m, "$fault: the verdict") or diag $out;
	is($err, '', "$fault: no complaint");
}

subtest 'what is printed' => sub {
	my ($code, $out) = look_up('X.ok.Fault.');
	is($code, 0, 'exit code');
	like($out, qr/\Adomain: x\.ok\.fault\nservers: \Q$address\E \(.*; AD is trusted\)\n/, 'who is asked');
	like($out, qr/^x\.ok\.fault MX: 10 mx\.ok\.fault \(server \Q$address\E, ad=0, ttl \d+, 1 query, \d+ us\)$/m,
	    'a question');
	like($out, qr/^mx\.ok\.fault A: 198\.51\.100\.25 \(server \Q$address\E, ad=0, ttl \d+, 1 query, \d+ us\)$/m,
	    'and another one');
	like($out, qr/^standing: primary\nmx: primary .*\nverdict: permit\n\z/m, 'and what comes of it');
};

subtest 'which standing permits' => sub {
	my @want = ([none => 1], ['backup domains = { .fault }' => 1], ['primary domains = { .fault }' => 0],
	    ['any domains = { .fault }' => 0], ['any domains = { .other }' => 1],
	    ['any networks = { 192.0.2.0/24 }' => 1], ['any domains = { .fault } require-dnssec = yes' => 1],
	    ['any domains = { .fault } names = { mx.ok.fault }' => 0]);
	for my $row (@want) {
		my ($code, $out) = look_up('x.ok.fault', mx => "accept = $row->[0]");
		is($code, $row->[1], "accept = $row->[0]") or diag $out;
	}
	like((look_up('x.ok.fault', mx => 'accept = none'))[1], qr/^standing: primary\n.*\nverdict: reject \(mx\.accept is none\)\n\z/m,
	    'none permits nothing, and says so');
};

subtest 'what is no question' => sub {
	my $before = () = $server->queries;
	my ($code, $out, $err) = look_up('local host');
	is($code, 64, 'no domain');
	like($err, qr/^authrelayctl: mx: "local host": ./, 'is said');
	($code, $out) = look_up('localhost');
	is($code, 1, 'a single label');
	like($out, qr/^standing: badname$/m, 'has no MX record');
	($code, $out) = look_up('x.ok.other', mx => 'accept = any domains = { .fault }');
	is($code, 1, 'not in mx.domains');
	like($out, qr/^mx: not: not in mx\.domains$/m, 'is said');
	is(scalar(() = $server->queries), $before, 'and nobody was asked');
};

# What the daemon would do, with the same questions.
sub explained
{
	my ($rcpt, @option) = @_;

	look_up('x.ok.fault');
	return ctl('explain', '-c', $file, '--client', '192.0.2.1', '--rcpt', $rcpt, @option);
}

subtest 'explain' => sub {
	my ($code, $out, $err) = explained('u@explain.ok.fault');
	is($code, 0, 'exit code') or diag $err;
	like($out, qr/\Averdict: permit\nreason: mx\n/, 'a permit');
	like($out, qr/^question: mx: .* explain\.ok\.fault\nexplain\.ok\.fault MX: 10 mx\.ok\.fault \(server \Q$address\E, ad=0, ttl 300, 1 query, \d+ us\)\nmx\.ok\.fault A: 198\.51\.100\.25 \(server /m,
	    'each question, with server, answer and time');
	like($out, qr/^mx: primary 10 mx\.ok\.fault via 198\.51\.100\.25, ad=0, .*, fresh$/m, 'what comes of them');
	like($out, qr/^ +\d+  mx  +permit\n\z/m, 'and the rule');
	is(scalar(() = $server->queries(qr/^udp explain\.ok\.fault MX/)), 1, 'it was really asked');
	explained('u@explain.ok.fault');
	is(scalar(() = $server->queries(qr/^udp explain\.ok\.fault MX/)), 2, 'and is each time');

	($code, $out) = explained('u@x.nxdomain.fault');
	is($code, 1, 'no such domain');
	like($out, qr/^x\.nxdomain\.fault MX: no such domain \(.*\)\nmx: not: no such domain, .*\nreply: 550 5\.7\.1 /m, 'is refused');
	($code, $out) = explained('u@x.servfail.fault');
	is($code, 2, 'no answer');
	like($out, qr/^verdict: tempfail\nreason: dns-failure\n.*\nx\.servfail\.fault MX: failed: SERVFAIL \(server \Q$address\E, 1 query, /ms,
	    'is a temporary failure');
	unlike((explained('u@local.test'))[1], qr/question|mx: /, 'what nobody has to be asked for');
	like((explained('u@explain.ok.fault', '--json'))[1], qr/"reason":"mx",.*"mx":"primary 10 mx\.ok\.fault via [^"]*, fresh"/, 'as a record');
};

subtest 'no name server' => sub {
	my $closed = '127.0.0.1:' . free_port();
	my ($code, $out) = look_up('x.ok.fault', server => $closed, mx => 'accept = any domains = { .fault } timeout = 1');
	is($code, 2, 'later');
	like($out, qr/^x\.ok\.fault MX: failed: /m, 'with why');
	like($out, qr/^verdict: tempfail$/m, 'which is temporary');
};

subtest 'usage' => sub {
	for my $bad ([], ['a.test', 'b.test'], ['-x', 'a.test'], ['-c']) {
		my ($code, $out, $err) = ctl('mx', @$bad);
		is($code, 64, "mx @$bad");
		like($err, qr/^See: authrelayctl mx --help$/m, 'where help is');
	}
	my ($code, undef, $err) = ctl('mx', '-c', "$folder/none.conf", 'a.test');
	is($code, 78, 'no configuration');
	like($err, qr/none\.conf: No such file/, 'is said');
};

$server->stop;
done_testing();
