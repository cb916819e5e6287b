#!/usr/bin/perl
# t/ctl/ctl_explain.t: authrelayctl explain says what the daemon decides, and why
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Authrelay::Ctl qw(ctl ctl_with_input need_ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Records;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(cannot find_program run_in);

need_daemon();
need_ctl();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $MALFORMED = '553 5.1.3 Ambiguous or malformed recipient address';
my $STRANGER = '198.51.100.7';
my $CONF = <<'EOT';
trusted-networks = { "192.0.2.0/24", "2001:db8:1::/48" }
local-domains = {
	"local.test", .sub.local.test,
	"bücher.test" }
relay-domains = { "relay.test" }
own-addresses = { "198.51.100.200", "2001:db8:2::25" }
require-auth-on = { "MSA", "587" }
client-certificates = { "Some CA|relay.example.test", "host.example.test" }
auth {
	mechanisms = { PLAIN, LOGIN }
	min-ssf = 56
	require-tls = yes
}
EOT

my $folder = scratch_folder();
my $file = write_file("$folder/test.conf", $CONF);

sub ask { return ctl('explain', '-c', $file, @_) }
sub ask_lines { my ($input, @option) = @_; return ctl_with_input($input, 'explain', '-c', $file, @option) }

# A word as it stands in a line of standard input.
sub quoted { my ($text) = @_; return '"' . $text =~ s/(["\\])/\\$1/gr . '"' }

# The lines that a rule leaves that did not hold.
my @NO = split /\n/, <<'EOT';
   1  oversized                no: the HELO name and the sender address are not too long
   2  authenticated            no: the client has not logged in
   3  trusted-network          no: its address is not in trusted-networks
   4  local-submission         no: it does not submit on this host, or local-submission is reject
   5  client-certificate       no: it has no verified certificate listed in client-certificates
   6  authentication-required  no: the listener is not in require-auth-on
   7  malformed-address        no: the recipient address can be parsed
   8  routed-address           no: the recipient address has no routing
   9  divergence               no: the address is plain, or the mail server reads it the same way
  10  local-domain             no: the recipient has a domain
  11  local-domain             no: its domain is not in local-domains
  12  own-literal              no: it is not at an address of this host
  13  relay-domain             no: its domain is not in relay-domains
  14  mx                       no: this server is not a mail exchanger that mx.accept permits
  15  dns-failure              no: no MX lookup has failed
EOT

# The rule for what is too long is not counted.
sub rules
{
	my ($number, $reason, $verdict) = @_;

	return join "\n", 'rules:', @NO[0 .. $number - 1], sprintf("%4d  %-23s  %s\n", $number + 1, $reason, $verdict);
}

# [name, options, exit code, what is printed before the rules, number and reason of the rule that decided]
my @client = ('--client', $STRANGER);
my @EXACT = (
	[ 'a stranger to elsewhere', [ @client, '--rcpt', 'x@outside.test' ], 1, <<"EOT", 15, 'relay-denied' ],
verdict: reject
reason: relay-denied
reply: $DENIED
recipient: <x\@outside.test>
read as: plain, domain outside.test
EOT
	[ 'a stranger to us', [ @client, '--rcpt', '<x@Local.Test>' ], 0, <<"EOT", 10, 'local-domain' ],
verdict: permit
reason: local-domain
matched: local-domains local.test
place: FILE:3
recipient: <x\@Local.Test>
read as: plain, domain local.test
EOT
	[ 'below a domain', [ @client, '--rcpt', 'x@a.b.sub.local.test' ], 0, <<"EOT", 10, 'local-domain' ],
verdict: permit
reason: local-domain
matched: local-domains .sub.local.test
place: FILE:3
recipient: <x\@a.b.sub.local.test>
read as: plain, domain a.b.sub.local.test
EOT
	[ 'a U-label', [ @client, '--utf8', '--rcpt', 'x@bücher.test' ], 0, <<"EOT", 10, 'local-domain' ],
verdict: permit
reason: local-domain
matched: local-domains xn--bcher-kva.test
place: FILE:4
recipient: "<x\@bücher.test>"
read as: plain, domain xn--bcher-kva.test
EOT
	[ 'a relay domain', [ @client, '--rcpt', 'x@relay.test' ], 0, <<"EOT", 12, 'relay-domain' ],
verdict: permit
reason: relay-domain
matched: relay-domains relay.test
place: FILE:5
recipient: <x\@relay.test>
read as: plain, domain relay.test
EOT
	[ 'an own literal', [ @client, '--rcpt', 'x@[IPv6:2001:db8:2:0::25]' ], 0, <<"EOT", 11, 'own-literal' ],
verdict: permit
reason: own-literal
matched: own-addresses 2001:db8:2::25/128
place: FILE:6
recipient: <x\@[IPv6:2001:db8:2:0::25]>
read as: plain, address literal 2001:db8:2::25
EOT
	[ 'postmaster', [ @client, '--rcpt', 'postmaster' ], 0, <<'EOT', 9, 'local-domain' ],
verdict: permit
reason: local-domain
recipient: <postmaster>
read as: plain, a user without a domain
it depends on the mail server in which domain this user is (Postfix: myorigin); --rcpt-mta says it
EOT
	[ 'postmaster of ours', [ @client, '--rcpt', 'postmaster', '--rcpt-mta', 'postmaster@local.test' ], 0, <<"EOT", 10, 'local-domain' ],
verdict: permit
reason: local-domain
matched: local-domains local.test
place: FILE:3
recipient: <postmaster>
read as: plain, a user without a domain
resolved by the mail server: postmaster\@local.test
read as: plain, domain local.test
EOT
	[ 'postmaster elsewhere', [ @client, '--rcpt', 'postmaster', '--rcpt-mta', 'postmaster@outside.test' ], 1, <<"EOT", 15, 'relay-denied' ],
verdict: reject
reason: relay-denied
reply: $DENIED
recipient: <postmaster>
read as: plain, a user without a domain
resolved by the mail server: postmaster\@outside.test
read as: plain, domain outside.test
EOT
	[ 'a stray dot', [ @client, '--rcpt', 'joe.@local.test', '--rcpt-mta', 'joe.@local.test' ], 0, <<"EOT", 10, 'local-domain' ],
verdict: permit
reason: local-domain
matched: local-domains local.test
place: FILE:3
recipient: <joe.\@local.test>
read as: loose, domain local.test (the local part has a dot at an end, or beside another)
resolved by the mail server: joe.\@local.test
read as: plain, domain local.test
EOT
	[ 'a stray dot, of which nothing else is known', [ @client, '--rcpt', 'joe.@local.test' ], 1, <<"EOT", 6, 'malformed-address' ],
verdict: reject
reason: malformed-address
reply: 553 5.1.3 Ambiguous or malformed recipient address
recipient: <joe.\@local.test>
read as: loose, domain local.test (the local part has a dot at an end, or beside another)
it depends on how the mail server reads this address; --rcpt-mta says it
EOT
	[ 'the percent hack', [ @client, '--rcpt', 'x%outside.test@local.test' ], 1, <<"EOT", 7, 'routed-address' ],
verdict: reject
reason: routed-address
reply: $DENIED
recipient: <x%outside.test\@local.test>
read as: plain, domain local.test, with routing
EOT
	[ 'what cannot be read', [ @client, '--raw-rcpt', "<x\@local.test\e[2J>" ], 1, <<"EOT", 6, 'malformed-address' ],
verdict: reject
reason: malformed-address
reply: $MALFORMED
recipient: "<x\@local.test\\x1b[2J>"
read as: bad (it has a control character)
EOT
	[ 'read in two ways', [ @client, '--raw-rcpt', 'x@local.test', '--rcpt-mta', 'x@outside.test' ], 1, <<"EOT", 8, 'divergence' ],
verdict: reject
reason: divergence
reply: $DENIED
recipient: x\@local.test
read as: loose, domain local.test (it is not in angle brackets)
resolved by the mail server: x\@outside.test
read as: plain, domain outside.test
EOT
	[ 'a trusted network', [ '--client', '::ffff:192.0.2.9', '--rcpt', 'x@outside.test' ], 0, <<"EOT", 2, 'trusted-network' ],
verdict: permit
reason: trusted-network
matched: trusted-networks 192.0.2.0/24
place: FILE:1
recipient: <x\@outside.test>
read as: plain, domain outside.test
EOT
	[ 'submission on this host', [ '--local', '--rcpt', 'x@outside.test' ], 0, <<"EOT", 3, 'local-submission' ],
verdict: permit
reason: local-submission
recipient: <x\@outside.test>
read as: plain, domain outside.test
EOT
	[ 'a certificate', [ @client, '--cert-issuer', 'Some CA', '--cert-subject', 'relay.example.test', '--rcpt', 'x@outside.test' ],
	    0, <<"EOT", 4, 'client-certificate' ],
verdict: permit
reason: client-certificate
matched: client-certificates "Some CA|relay.example.test"
place: FILE:8
recipient: <x\@outside.test>
read as: plain, domain outside.test
EOT
	[ 'a listener that wants a login', [ @client, '--daemon', 'msa', '--rcpt', 'x@local.test' ], 1, <<"EOT", 5, 'authentication-required' ],
verdict: reject
reason: authentication-required
reply: 530 5.7.0 Authentication required
matched: require-auth-on MSA
place: FILE:7
recipient: <x\@local.test>
read as: plain, domain local.test
EOT
	[ 'a login', [ @client, '--auth', 'alice', '--mech', 'PLAIN', '--tls', '--tls-bits', '256', '--rcpt', 'x@outside.test' ], 0, <<"EOT", 1, 'authenticated' ],
verdict: permit
reason: authenticated
recipient: <x\@outside.test>
read as: plain, domain outside.test
EOT
);

subtest 'what is printed' => sub {
	for my $row (@EXACT) {
		my ($name, $options, $want_code, $want, $number, $reason) = @$row;
		my ($code, $out, $err) = ask(@$options);
		my $verdict = $want_code == 0 ? 'permit' : 'reject';
		is($err, '', "$name: no complaint");
		is($code, $want_code, "$name: exit code");
		is($out =~ s/\Q$file\E/FILE/gr, $want . rules($number, $reason, $verdict), $name);
	}
};

subtest 'why a login does not count' => sub {
	my @login = ('--auth', 'alice', '--mech', 'PLAIN', '--tls', '--tls-bits', '256');
	my %why = (
		incomplete => [ [ '--auth', 'alice', '--tls' ], 'a user without a mechanism, or a mechanism without a user' ],
		anonymous => [ [ '--auth', 'a', '--mech', 'anonymous' ], 'it is anonymous' ],
		mechanism => [ [ '--auth', 'a', '--mech', 'CRAM-MD5', '--tls=TLSv1.2' ], 'the mechanism is not in auth.mechanisms' ],
		certificate => [ [ '--auth', '/CN=a', '--mech', 'EXTERNAL', '--cert-subject', '/CN=a', '-o', 'auth.mechanisms = { }' ],
		    'it has no verified certificate in client-certificates, and EXTERNAL is not in auth.mechanisms' ],
		tls => [ [ '--auth', 'a', '--mech', 'LOGIN', '--ssf', '128' ], 'it was not made under TLS, and auth.require-tls is yes' ],
		strength => [ [ '--auth', 'a', '--mech', 'LOGIN', '--tls', '--tls-bits', '40' ], 'the connection is weaker than auth.min-ssf' ],
	);
	for my $name (sort keys %why) {
		my ($options, $words) = @{ $why{$name} };
		my ($code, $out) = ask(@client, @$options, '--rcpt', 'x@outside.test');
		is($code, 1, "$name: refused");
		like($out, qr/^   2  authenticated            no: the login does not count \($name\): \Q$words\E$/m, $name);
	}
	my ($code, $out) = ask(@client, '--auth', 'a', '--mech', 'LOGIN', '--tls', '--ssf', '56', '--rcpt', 'x@outside.test');
	is($code, 0, 'the strength of the mechanism counts, too');
	is((ask(@client, '--auth', '', '--mech', '', '--rcpt', 'x@local.test'))[1],
	    (ask(@client, '--rcpt', 'x@local.test'))[1], 'an empty login is none');
};

# Each place of an entry; [options, entry, place].
subtest 'the place of what decided' => sub {
	write_file("$folder/domains", "# ours\n\n  Einz.Test # one\nzwei.test\n.rei.test\n.drei.test\ndrei.test\n");
	write_file("$folder/a b", "192.0.2.128/25\n");
	my $add = 'local-domains += { third.test, "file:domains", zwei.test, }';
	my @local = (@client, '-o', $add, '--rcpt');
	my @trusted = ('-o', 'trusted-networks = { "198.51.100.0/24", "file:a b", "2001:db8:1:0::0/48" }', '--rcpt', 'x@x.test');
	my @row = (
		[ [ @local, 'x@third.test' ], 'local-domains third.test', "-o '$add'" ],
		[ [ @local, 'x@einz.test' ], 'local-domains einz.test', "$folder/domains:3" ],
		[ [ @local, 'x@zwei.test' ], 'local-domains zwei.test', "$folder/domains:4" ],
		[ [ @local, 'x@drei.test' ], 'local-domains drei.test', "$folder/domains:7" ],
		[ [ @local, 'x@a.drei.test' ], 'local-domains .drei.test', "$folder/domains:6" ],
		[ [ @local, 'x@local.test' ], 'local-domains local.test', "$file:3" ],
		[ [ @client, @trusted ], 'trusted-networks 198.51.100.0/24', "-o '$trusted[1]'" ],
		[ [ '--client', '192.0.2.200', @trusted ], 'trusted-networks 192.0.2.128/25', "\"$folder/a b\":1" ],
		[ [ '--client', '2001:db8:1::9', @trusted ], 'trusted-networks 2001:db8:1::/48', "-o '$trusted[1]'" ],
		[ [ @client, '--port', '587', '--rcpt', 'x' ], 'require-auth-on 587', "$file:7" ],
		[ [ @client, '--cert-subject', 'host.example.test', '--rcpt', 'x@x.test' ],
		    'client-certificates host.example.test', "$file:8" ],
	);
	for my $row (@row) {
		my ($options, $matched, $place) = @$row;
		my ($code, $out, $err) = ask(@$options);
		like($out, qr/^matched: \Q$matched\E\nplace: \Q$place\E$/m, "$matched: $place") or diag $err;
	}
	my $empty = write_file("$folder/empty.conf", "no-local-domains = yes\n");
	my (undef, $out) = ctl('explain', '-c', $empty, '--client', '127.0.0.9', '--rcpt', 'x@x.test');
	like($out, qr{^matched: trusted-networks 127\.0\.0\.0/8\nplace: default$}m, 'a default');
	$out = qx(cd '$folder' && @{[Authrelay::Ctl::program()]} explain -c test.conf --client $STRANGER --rcpt x\@relay.test);
	like($out, qr/^place: test\.conf:5$/m, 'a relative file');
};

# Gives the loopback interface an address, in a network of its own, and becomes another program.
my $WITH_ADDRESS = <<'EOT';
use Socket;
socket my $socket, AF_INET, SOCK_DGRAM, 0 or die;
my $address = pack 'a16 S n a4 x8', 'lo', AF_INET, 0, inet_aton(shift);
ioctl $socket, 0x8916, $address or die "SIOCSIFADDR: $!\n";
my $up = pack 'a16 s x22', 'lo', 1;
ioctl $socket, 0x8914, $up or die "SIOCSIFFLAGS: $!\n";
exec @ARGV;
EOT

subtest 'an address of an interface' => sub {
	return cannot('no unshare -n') unless find_program('unshare') && (run_in('/', 'unshare', '-n', 'true'))[0] == 0;
	my ($code, $out) = Authrelay::Ctl::run_with_input('', 'unshare', '-n', $^X, '-e', $WITH_ADDRESS, '203.0.113.77',
	    Authrelay::Ctl::program(), 'explain', '-c', $file, @client, '--rcpt', 'x@[203.0.113.77]');
	is($code, 0, 'is ours');
	like($out, qr{^matched: own-addresses 203\.0\.113\.77/32\nplace: interface$}m, 'and has no line');
};

subtest 'brackets' => sub {
	my %rcpt = ('--rcpt x@x.test' => '<x@x.test>', '--rcpt <x@x.test>' => '<x@x.test>',
	    '--rcpt x@x.test>' => 'x@x.test>', '--rcpt <x@x.test' => '<x@x.test', '--rcpt ' => '<>',
	    '--raw-rcpt x@x.test' => 'x@x.test', '--raw-rcpt ' => '', '--rcpt  x ' => '< x >');
	for my $options (sort keys %rcpt) {
		my ($code, $out) = ask(@client, '--json', split / /, $options, 2);
		is(JSON::PP::decode_json($out)->{rcpt}, $rcpt{$options}, "'$options'");
	}
};

subtest 'monitor mode' => sub {
	my ($code, $out) = ask(@client, '-o', 'mode = monitor', '--rcpt', 'x@outside.test');
	is($code, 1, 'the verdict is the same');
	like($out, qr/^reply: \Q$DENIED\E\nmode: monitor; nothing is refused$/m, 'and it is said');
	($code, $out) = ask(@client, '-o', 'mode = monitor', '--json', '--rcpt', 'x@outside.test');
	like($out, qr/"enforced":false/, 'a record says it, too');
};

subtest 'usage' => sub {
	my %bad = (
		'--rcpt x@x.test' => '--client or --local is missing',
		'--client 1.2.3 --rcpt x' => '--client 1.2.3: invalid address; allowed: an IPv4 or IPv6 address, unknown',
		'--client 192.0.2.0/24 --rcpt x' => '--client 192.0.2.0/24: invalid address; allowed: an IPv4 or IPv6 address, unknown',
		'--client 1.2.3.4 --local --rcpt x' => '--client and --local exclude each other',
		'--local --rcpt x --raw-rcpt y' => '--rcpt and --raw-rcpt exclude each other',
		'--local --rcpt x --rcpt y' => '--rcpt: given twice',
		'--local --rcpt' => '--rcpt: ADDRESS is missing',
		'--local --recipient x' => '--recipient: unknown option',
		'--local -xc --rcpt x' => '-x: unknown option',
		'--local=yes --rcpt x' => '--local: this option takes no value',
		'--local word --rcpt x' => 'word: unexpected argument',
		'--local --rcpt x word' => 'word: unexpected argument',
		'--local --ssf 12b --rcpt x' => '--ssf 12b: invalid number; allowed: 0 to 65536',
		'--local --ssf 65537 --rcpt x' => '--ssf 65537: invalid number; allowed: 0 to 65536',
		'--local --tls-bits -1 --rcpt x' => '--tls-bits -1: invalid number; allowed: 0 to 65536',
		'--local --port 0 --rcpt x' => '--port 0: invalid port; allowed: 1 to 65535',
		'--local --port 65536 --rcpt x' => '--port 65536: invalid port; allowed: 1 to 65535',
		"--local \e]0;\a" => '"\x1b]0;\x07": unexpected argument',
	);
	for my $options (sort keys %bad) {
		my ($code, $out, $err) = ask(split / /, $options);
		is($code, 64, "exit code: $options");
		like($err, qr/\Aauthrelayctl: explain: \Q$bad{$options}\E\nSee: authrelayctl explain --help\n\z/, $options);
		is($out, '', 'nothing else is said');
	}
	my ($code, $out, $err) = ask('-o', 'mode = perhaps', '--local', '--rcpt', 'x');
	is($code, 78, 'a configuration with errors');
	like($err, qr/\A-o 'mode = perhaps': /, 'which are printed');
	is((ctl('explain', '-c', "$folder/none.conf", '--local', '--rcpt', 'x'))[0], 78, 'or none');
};

subtest 'standard input' => sub {
	my ($code, $out, $err) = ask_lines(<<'EOT', '--client', $STRANGER);
# a comment
--rcpt x@local.test

	--client 192.0.2.9	--rcpt 'a b'@x.test   
--rcpt "\"a \\b\"@local.test"
--raw-rcpt=' x@y.test' --rcpt-mta x@local.test
--raw-rcpt '<x\y"@x.test>' --client 192.0.2.1
 # another
--local --rcpt x\y@x.test
--rcpt '' --client unknown
EOT
	is($err, '', 'no complaint');
	is($code, 0, 'exit code');
	is($out, <<'EOT', 'a line for each query');
verdict=permit reason=local-domain rcpt=<x@local.test> matched="local-domains local.test"
verdict=permit reason=trusted-network rcpt="<a b@x.test>" matched="trusted-networks 192.0.2.0/24"
verdict=permit reason=local-domain rcpt="<\"a \\b\"@local.test>" matched="local-domains local.test"
verdict=reject reason=divergence rcpt=" x@y.test"
verdict=permit reason=trusted-network rcpt="<x\\y\"@x.test>" matched="trusted-networks 192.0.2.0/24"
verdict=permit reason=local-submission rcpt="<x\\y@x.test>"
verdict=reject reason=malformed-address rcpt=<>
EOT
	is_deeply([ ask_lines('--rcpt x@local.test', @client) ],
	    [ 0, "verdict=permit reason=local-domain rcpt=<x\@local.test> matched=\"local-domains local.test\"\n", '' ],
	    'the last line needs no end');
	is_deeply([ ask_lines('--client unknown --rcpt x@x.test', '--local') ],
	    [ 0, "verdict=reject reason=relay-denied rcpt=<x\@x.test>\n", '' ], 'a client that is unknown is not on this host');
	is_deeply([ ask_lines('') ], [ 0, '', '' ], 'nothing is no error');
};

subtest 'bad lines' => sub {
	my ($code, $out, $err) = ask_lines(<<"EOT" . "--local --rcpt a\0b\n--local --rcpt ok\@local.test\n");
--local --rcpt first\@local.test
--rcpt x\@local.test
--local
--local --rcpt 'x
--local --rcpt "x\\
--local -o mode=monitor --rcpt x
--local --rcpt x -c $file
--local --json --rcpt x
--nothing --rcpt x
@{[join ' ', ('--utf8') x 65]}
--local --rcpt \e\a --rcpt
EOT
	is($code, 64, 'exit code');
	is($out, "verdict=permit reason=local-submission rcpt=<first\@local.test>\n"
	    . "verdict=permit reason=local-submission rcpt=<ok\@local.test>\n", 'the good ones are answered');
	is($err =~ s/^authrelayctl: standard input://mgr, <<"EOT", 'the others are named');
2: --client or --local is missing
3: --rcpt or --raw-rcpt is missing
4: unclosed quotation mark
5: unclosed quotation mark
6: -o "mode=monitor": on the command line only
7: --config $file: on the command line only
8: --json: on the command line only
9: --nothing: unknown option
10: too many words
11: --rcpt: ADDRESS is missing
12: contains a NUL byte
EOT
};

subtest 'nothing of a line is left for the next' => sub {
	my $plain = '--rcpt x@outside.test';
	my @full = ("--auth a --mech PLAIN --tls --tls-bits 256 $plain", "--client 192.0.2.1 $plain", "--local $plain",
	    "--cert-subject host.example.test $plain", "--daemon MSA $plain", "--port 587 $plain",
	    '--utf8 --raw-rcpt x@bücher.test --rcpt-mta x@xn--bcher-kva.test');
	my (undef, $out) = ask_lines(join('', map { "$_\n$plain\n" } @full), @client);
	my @line = split /\n/, $out;
	my @second = @line[map { 2 * $_ + 1 } 0 .. $#full];
	my @first = @line[map { 2 * $_ } 0 .. $#full];
	is_deeply(\@second, [ ('verdict=reject reason=relay-denied rcpt=<x@outside.test>') x @full ], 'defaults are back');
	is(join(' ', map { /reason=(\S+)/ } @first), 'authenticated trusted-network local-submission client-certificate '
	    . 'authentication-required authentication-required local-domain', 'each had what it asked for');
};

# A program may write a line, and wait for its answer.
subtest 'one after the other' => sub {
	require IPC::Open2;
	my $pid = IPC::Open2::open2(my $from, my $to, Authrelay::Ctl::program(), 'explain', '-c', $file, @client);
	local $SIG{ALRM} = sub { kill 'KILL', $pid };
	alarm 20;
	for my $domain (qw(local outside relay)) {
		syswrite $to, "--rcpt x\@$domain.test\n";
		like(scalar <$from>, qr/rcpt=<x\@$domain\.test>/, $domain);
	}
	close $to;
	waitpid $pid, 0;
	alarm 0;
	is($?, 0, 'done');
};

subtest 'many' => sub {
	my $count = 100_000;
	my $input = join '', map { "--rcpt <user$_\@outside.test> --auth 'a b' --mech PLAIN\n" } 1 .. $count;
	my ($code, $out) = ask_lines($input, @client);
	is($code, 0, 'exit code');
	is($out =~ tr/\n//, $count, "$count lines");
	like($out, qr/ rcpt=<user$count\@outside\.test>\n\z/, 'to the last one');
};

# What is compared with a daemon: options for explain, and the same for a mail server. Each client has its
# macros, what stands in CONNECT, and its options.
my %POSTFIX = (j => 'mx.example.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd', '{daemon_port}' => '25');
my %TLS = ('{tls_version}' => 'TLSv1.3', '{cipher_bits}' => '256');
my @LISTENER = ('--daemon', 'smtpd', '--port', '25');
my @TLS = ('--tls=TLSv1.3', '--tls-bits', '256');

sub login { my ($mechanism, $user) = @_; return ('{auth_type}' => $mechanism, '{auth_authen}' => $user) }
sub at { my ($address, $family) = @_; return { addr => $address, name => 'c.test', family => $family // 4 } }

my @CLIENTS = (
	[ {}, at($STRANGER), [ '--client', $STRANGER ] ],
	[ {}, at('IPv6:2001:db8::7', 6), [ '--client', '2001:db8::7' ] ],
	[ {}, at('192.0.2.255'), [ '--client', '192.0.2.255' ] ],
	[ {}, at('IPv6:::ffff:192.0.2.3', 6), [ '--client', '::ffff:192.0.2.3' ] ],
	[ {}, at('IPv6:2001:db8:1::7', 6), [ '--client', '2001:db8:1::7' ] ],
	[ {}, { family => 'U', name => 'c.test' }, [ '--client', 'unknown' ] ],
	[ { '{daemon_name}' => undef, '{daemon_port}' => undef }, { family => 'U', name => 'localhost' },
	    [ '--local', '--client-name', 'localhost' ], 1 ],
	[ { '{daemon_name}' => 'MSA' }, at($STRANGER), [ '--client', $STRANGER, '--daemon', 'MSA', '--port', '25' ], 1 ],
	[ { '{daemon_port}' => '587' }, at($STRANGER), [ '--client', $STRANGER, '--daemon', 'smtpd', '--port', '587' ], 1 ],
	[ { %TLS, login('PLAIN', 'alice') }, at($STRANGER), [ '--client', $STRANGER, @TLS, '--auth', 'alice', '--mech', 'PLAIN' ] ],
	[ { %TLS, login('ANONYMOUS', 'a') }, at($STRANGER), [ '--client', $STRANGER, @TLS, '--auth', 'a', '--mech', 'ANONYMOUS' ] ],
	[ { %TLS, login('CRAM-MD5', 'a') }, at($STRANGER), [ '--client', $STRANGER, @TLS, '--auth', 'a', '--mech', 'CRAM-MD5' ] ],
	[ { login('LOGIN', 'a'), '{auth_ssf}' => '128' }, at($STRANGER),
	    [ '--client', $STRANGER, '--auth', 'a', '--mech', 'LOGIN', '--ssf', '128' ] ],
	[ { %TLS, '{cert_subject}' => 'relay.example.test', '{cert_issuer}' => 'Some CA' }, at($STRANGER),
	    [ '--client', $STRANGER, @TLS, '--cert-subject', 'relay.example.test', '--cert-issuer', 'Some CA' ] ],
	[ { %TLS, '{cert_subject}' => 'relay.example.test', '{cert_issuer}' => 'Other CA' }, at($STRANGER),
	    [ '--client', $STRANGER, @TLS, '--cert-subject', 'relay.example.test', '--cert-issuer', 'Other CA' ] ],
);

# [as sent, as resolved, SMTPUTF8]
my @RCPTS = (
	[ '<x@local.test>', 'x@local.test' ],
	[ '<x@LOCAL.test.>', 'x@local.test' ],
	[ '<x@a.sub.local.test>', 'joe@elsewhere.test' ],
	[ '<x@sub.local.test>' ],
	[ '<x@relay.test>', 'x@relay.test' ],
	[ '<x@outside.test>', 'x@outside.test' ],
	[ '<x%outside.test@local.test>', 'x@outside.test' ],
	[ '<@local.test:x@outside.test>', 'x@outside.test' ],
	[ '<postmaster>', 'postmaster@local.test' ],
	[ '<postmaster>', 'postmaster@outside.test' ],
	[ '<postmaster>', 'postmaster@relay.test' ],
	[ '<postmaster>' ],
	[ '<joe.@local.test>', 'joe.@local.test' ],
	[ '<joe.@local.test>', '"joe."@local.test' ],
	[ '<joe.@local.test>', 'joe.' ],
	[ '<joe.@local.test>' ],
	[ "<x\@B\xc3\x9cCHER.test>", "x\@b\xc3\xbccher.test", 1 ],
	[ '<x@[198.51.100.200]>' ],
	[ '<x@[198.51.100.201]>', 'x@[198.51.100.201]' ],
	[ 'x@local.test', 'x@local.test' ],
	[ 'x@local.test', 'x@outside.test' ],
	[ 'x@local.test' ],
	[ '<x@local.test', 'x@local.test' ],
	[ '<"a b\"c"@local.test>' ],
	[ "<x\@local.test\e>" ],
	[ "<x\@b\xc3\xbccher.test>", "x\@xn--bcher-kva.test", 1 ],
	[ "<x\@b\xc3\xbccher.test>", "x\@xn--bcher-kva.test" ],
	[ "<\xff\@local.test>" ],
);

# Plays one client, a transaction a recipient.
sub play
{
	my ($daemon, $macros, $client) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->set_macros(%POSTFIX, %$macros);
	$m->client(%$client);
	$m->helo('c.test');
	for my $rcpt (@RCPTS) {
		my ($sent, $resolved, $utf8) = @$rcpt;
		$m->mail('<m@sender.test>', $utf8 ? 'SMTPUTF8' : ());
		$m->set_macros('{rcpt_addr}' => $resolved);
		$m->rcpt($sent);
		$m->abort;
	}
	$m->quit;
}

sub queries
{
	my ($options, $has_listener) = @_;
	my @common = (@$options, $has_listener ? () : @LISTENER, '--sender', '<m@sender.test>');

	push @common, '--client-name', 'c.test' unless grep { $_ eq '--client-name' } @common;
	return map {
		my ($sent, $resolved, $utf8) = @$_;
		join(' ', map { quoted($_) } @common, '--raw-rcpt', $sent, defined $resolved ? ('--rcpt-mta', $resolved) : (),
		    $utf8 ? '--utf8' : ()) . "\n";
	} @RCPTS;
}

# Without what only a session has.
sub essence
{
	my ($record) = @_;
	my %essence = %$record;

	delete @essence{qw(time seq session txn mta client_port helo elapsed_us prev chain)};
	return \%essence;
}

subtest 'the daemon decides the same' => sub {
	my $daemon = Authrelay::Daemon->new(conf => $CONF)->start;
	my @query = map { queries(@$_[2, 3]) } @CLIENTS;

	play($daemon, @$_[0, 1]) for @CLIENTS;
	my @want = $daemon->records->take(scalar @query);
	my ($code, $out, $err) = ctl_with_input(join('', @query), 'explain', '-c', $daemon->conf_file, '--json');
	my $copy = write_file("$folder/explained.jsonl", $out);
	my @got = Authrelay::Records->new($copy)->all;
	is($code, 0, 'all are queries') or diag $err;
	cmp_ok(scalar @query, '>', 250, scalar(@query) . ' of them');
	is(scalar @got, scalar @want, 'as many records');
	for my $i (0 .. $#want) {
		is_deeply(essence($got[$i]), essence($want[$i]), "$want[$i]{reason}: $query[$i]" =~ s/[^ -~]/?/gr =~ s/#//gr);
	}
	my %seen = map { $_->{reason} => 1 } @want;
	is(join(' ', sort keys %seen), 'authenticated authentication-required client-certificate divergence local-domain '
	    . 'local-submission malformed-address own-literal relay-denied relay-domain routed-address trusted-network',
	    'every reason there is without look-ups');
	Authrelay::Records->new($copy)->check_file('Authrelay::Daemon');
	$daemon->stop;
};

subtest 'a record alone' => sub {
	my ($code, $out) = ask(@client, '--json', '--tls', '--auth', 'a', '--rcpt', 'x@outside.test');
	my $record = write_file("$folder/one.jsonl", $out);
	is($code, 1, 'exit code');
	is_deeply(essence(JSON::PP::decode_json($out)), { v => 1, event => 'rcpt', verdict => 'reject', reason => 'relay-denied',
	    enforced => JSON::PP::true(), reply => $DENIED, client => $STRANGER, tls => 'TLSv1.3', auth => 'a',
	    auth_refused => 'incomplete', rcpt => '<x@outside.test>', domain => 'outside.test' }, 'what is known');
	Authrelay::Records->new($record)->check_file('Authrelay::Daemon');
};

done_testing;
