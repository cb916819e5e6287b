#!/usr/bin/perl
# t/ctl/ctl_replay.t: authrelayctl replay says what a configuration would have decided over what is recorded
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
use Authrelay::NameServer;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(scratch_folder read_file write_file);

need_daemon();
need_ctl();

$ENV{TZ} = 'UTC';
my $FOLDER = scratch_folder();
my $CONF = <<'CONF';
trusted-networks = { "192.0.2.0/24", "2001:db8:1::/48" }
local-domains = { "local.test", ".sub.local.test", "bücher.test" }
relay-domains = { "relay.test" }
own-addresses = { "198.51.100.200" }
require-auth-on = { MSA }
client-certificates = { "host.example.test" }
auth { mechanisms = { PLAIN, LOGIN } }
CONF
my $OLD = write_file("$FOLDER/old.conf", $CONF);

sub with { my ($from, $to) = @_; my $text = $CONF; $text =~ s/\Q$from\E/$to/ or die "no $from\n"; return $text }

# What replay says of the files, under a configuration's text: the exit code, and its JSON.
sub replay
{
	my ($conf, @argument) = @_;
	my ($code, $out, $err) = ctl('replay', '--json', '--config', write_file("$FOLDER/new.conf", "$conf\n"), '-o', 'no-local-domains = yes', @argument);

	diag $err if $code > 1;
	return ($code, eval { JSON::PP::decode_json($out) } // { broken => $out });
}

sub counts
{
	my ($answer) = @_;

	return join ' ', map { "$_=" . ($answer->{$_} // 'none') }
	    qw(decisions same other_reason changed refused_now permitted_now cannot_tell);
}

# "then verdict reason matched > now verdict reason matched: count"
sub groups
{
	my ($answer) = @_;

	return map {
		my $group = $_;
		join(' > ', map { my $c = $group->{$_}; join ' ', map { $c->{$_} // '-' } qw(verdict reason matched) } qw(then now))
		    . ": $group->{count}";
	} @{ $answer->{groups} };
}

sub file { my ($text) = @_; return write_file("$FOLDER/records.json", $text) }

my $number = 0;

# A record of a recipient, its values JSON already.
sub record
{
	my (%value) = @_;
	my @order = qw(verdict reason enforced reply session txn daemon client client_name helo tls cert_subject auth auth_type auth_clear
	    sender rcpt rcpt_mta domain matched mx cut);
	my %all = (verdict => '"reject"', reason => '"relay-denied"', enforced => 'true', reply => '"550 5.7.1 no"',
	    session => '"1.1"', txn => 1, client => '"198.51.100.7"', rcpt => '"<x@outside.test>"', %value);

	return sprintf(qq({"v":1,"time":"2026-11-24T06:34:42.000000Z","seq":%d,"event":"rcpt"), ++$number)
	    . join('', map { defined $all{$_} ? qq(,"$_":$all{$_}) : () } @order) . "}\n";
}

sub permitted { my ($reason, @value) = @_; return record(verdict => '"permit"', reason => qq("$reason"), reply => undef, @value) }

#
# What the daemon itself has recorded
#

# [client, recipient, macros]
my @login = ('{auth_type}' => 'PLAIN', '{auth_authen}' => "al\xff\\x5cice");
my @cert = (v => 'Postfix 3.7.11', '{cert_subject}' => 'host.example.test', '{cert_issuer}' => 'CA');
my @SESSIONS = (
	[ '198.51.100.7', '<x@outside.test>' ], [ '198.51.100.7', '<x@outside.test>', @login ],
	[ '198.51.100.7', '<x@outside.test>', '{auth_type}' => 'CRAM-MD5', '{auth_authen}' => 'alice' ],
	[ '192.0.2.9', '<x@outside.test>' ], [ '2001:db8:1::9', '<x@outside.test>' ], [ '2001:db8:2::9', '<x@local.test>' ],
	[ '198.51.100.7', '<x@a.sub.local.test>' ], [ '198.51.100.7', '<x@[198.51.100.200]>' ],
	[ '198.51.100.7', '<x@relay.test>' ], [ '198.51.100.7', '<x%outside.test@local.test>' ],
	[ '198.51.100.7', '<x@local.test>', '{daemon_name}' => 'msa' ], [ '198.51.100.7', '<postmaster>' ],
	[ '198.51.100.7', '<x@local.test', '{rcpt_addr}' => 'x@outside.test' ],
	[ '198.51.100.7', 'x@local.test', '{rcpt_addr}' => 'x@local.test' ],
	[ '198.51.100.7', "<\xff\xfe\\x5c\@outside.test>" ], [ '198.51.100.7', "<x\@local.test\e>" ],
	[ '198.51.100.7', '<x@outside.test>', @cert ], [ undef, '<x@outside.test>' ],
);

# The file of a daemon that has seen them all.
sub recorded
{
	my $daemon = Authrelay::Daemon->new(conf => $CONF)->start;

	for my $row (@SESSIONS) {
		my ($client, $rcpt, @macro) = @$row;
		my $c = Authrelay::MilterClient->new($daemon->socket)->negotiate;
		my %macro = (v => 'Sendmail', defined $client ? ('{daemon_name}' => 'mta') : (), @macro);

		$c->set_macros(%macro);
		$client ? $c->client(addr => $client, family => $client =~ /:/ ? 6 : 4) : $c->client(family => 'U', name => 'localhost');
		$c->helo('helo.test');
		$c->mail('<s@sender.test>');
		$c->rcpt($rcpt);
		$c->data;
		$c->quit;
	}
	$daemon->stop;
	return $daemon->audit_file;
}

my $RECORDED = recorded();

subtest 'the same configuration' => sub {
	my ($code, $answer) = replay($CONF, $RECORDED);
	is $code, 0, 'exit code';
	is counts($answer), 'decisions=18 same=18 other_reason=0 changed=0 refused_now=0 permitted_now=0 cannot_tell=0',
	    'decides the same, for the same reasons';
	is_deeply $answer->{groups}, [], 'no group';
	is $answer->{bad_lines}, 0, 'every line is a record';
};

# [name, configuration, exit code, counts but of decisions, groups]
my @CHANGES = (
	[ 'a network less', with('"192.0.2.0/24", ', ''), 1, 'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0',
	    'permit trusted-network trusted-networks 192.0.2.0/24 > reject relay-denied -: 1' ],
	[ 'a network more', with('"192.0.2.0/24"', '"192.0.2.0/24", "198.51.100.0/24"'), 0,
	    'same=11 other_reason=6 changed=7 refused_now=0 permitted_now=7 cannot_tell=0',
	    'reject malformed-address - > permit trusted-network trusted-networks 198.51.100.0/24: 3',
	    'reject relay-denied - > permit trusted-network trusted-networks 198.51.100.0/24: 2',
	    'reject routed-address - > permit trusted-network trusted-networks 198.51.100.0/24: 1',
	    'reject authentication-required require-auth-on MSA > permit trusted-network trusted-networks 198.51.100.0/24: 1' ],
	[ 'other networks: who loses comes first', with('"192.0.2.0/24", "2001:db8:1::/48"', '"198.51.100.0/24"'), 1,
	    'same=9 other_reason=6 changed=9 refused_now=2 permitted_now=7 cannot_tell=0',
	    'permit trusted-network trusted-networks 192.0.2.0/24 > reject relay-denied -: 1',
	    'permit trusted-network trusted-networks 2001:db8:1::/48 > reject relay-denied -: 1',
	    'reject malformed-address - > permit trusted-network trusted-networks 198.51.100.0/24: 3',
	    'reject relay-denied - > permit trusted-network trusted-networks 198.51.100.0/24: 2',
	    'reject routed-address - > permit trusted-network trusted-networks 198.51.100.0/24: 1',
	    'reject authentication-required require-auth-on MSA > permit trusted-network trusted-networks 198.51.100.0/24: 1' ],
	[ 'another network entry', with('"192.0.2.0/24"', '"192.0.2.8/29"'), 0,
	    'same=18 other_reason=0 changed=0 refused_now=0 permitted_now=0 cannot_tell=0' ],
	[ 'a domain less', with('"local.test", ', ''), 1, 'same=16 other_reason=0 changed=2 refused_now=2 permitted_now=0 cannot_tell=0',
	    'permit local-domain local-domains local.test > reject relay-denied -: 2' ],
	[ 'a listener more', with('MSA', 'MTA'), 1, 'same=11 other_reason=6 changed=7 refused_now=6 permitted_now=1 cannot_tell=0' ],
	[ 'a mechanism less', with('{ PLAIN, LOGIN }', '{ LOGIN }'), 1, 'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0',
	    'permit authenticated - > reject relay-denied -: 1' ],
	[ 'login under TLS only', with('auth {', 'auth { require-tls = yes '), 1,
	    'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0' ],
	[ 'no certificate', with('"host.example.test"', ''), 1, 'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0',
	    'permit client-certificate client-certificates host.example.test > reject relay-denied -: 1' ],
	[ 'no local submission', "local-submission = reject\n$CONF", 1,
	    'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0', 'permit local-submission - > reject relay-denied -: 1' ],
	[ 'a relay domain that becomes local', with('"relay.test"', '') =~ s/"local\.test", /"local.test", "relay.test", /r, 0,
	    'same=18 other_reason=1 changed=0 refused_now=0 permitted_now=0 cannot_tell=0' ],
	[ 'monitor', "mode = monitor\n" . with('"192.0.2.0/24", ', ''), 1,
	    'same=17 other_reason=0 changed=1 refused_now=1 permitted_now=0 cannot_tell=0' ],
);

subtest 'changes' => sub {
	for my $row (@CHANGES) {
		my ($name, $conf, $want_code, $counts, @groups) = @$row;
		my ($code, $answer) = replay($conf, $RECORDED);
		is $code, $want_code, "$name: exit code";
		is counts($answer), "decisions=18 $counts", $name;
		is join("\n", groups($answer)), join("\n", @groups), "$name: groups" if @groups;
	}
};

#
# By explain: the same queries under both configurations, and the records of one replayed under the other
#

# The randomness is the same each time.
my $seed = 20261124;
sub random { $seed = ($seed * 1103515245 + 12345) % 2**31; return int($seed / 65536) % $_[0] }
sub pick { return $_[random(scalar @_)] }

sub query
{
	my @word;
	push @word, pick(map({ "--client $_" } qw(192.0.2.1 192.0.3.9 198.51.100.7 2001:db8:1::1 2001:db8:2::1 unknown)),
	    '--local --client-name localhost');
	push @word, '--daemon ' . pick(qw(MSA smtpd)) unless $word[0] =~ /local|unknown/ || random(2);
	push @word, '--mech ' . pick(qw(PLAIN LOGIN ANONYMOUS CRAM-MD5)) if random(3) == 0;
	push @word, '--auth ' . pick(qw(alice bob)) if random(3) == 0;
	push @word, '--tls' if random(2);
	my $domain = pick(qw(local.test x.sub.local.test sub.local.test relay.test outside.test LOCAL.test [198.51.100.200] [198.51.100.201] xn--bcher-kva.test));
	push @word, '--raw-rcpt ' . pick("<x\@$domain>", "<x%outside.test\@$domain>", "x\@$domain", '<postmaster>', "<\@$domain:x\@outside.test>", "<x\@$domain>>");
	push @word, '--rcpt-mta ' . pick('x@local.test', 'x@relay.test', 'x@outside.test', "x\@$domain") if random(2);
	return join ' ', @word;
}

subtest 'as explain has it' => sub {
	my $queries = join '', map { query() . "\n" } 1 .. 3000;
	my @conf = ($OLD, map { write_file("$FOLDER/$_->[0].conf", $_->[1]) }
	    [ networks => with('"192.0.2.0/24"', '"192.0.3.0/24", "198.51.100.0/24"') ],
	    [ domains => with('{ "local.test", ".sub.local.test", "bücher.test" }', '{ "sub.local.test", "relay.test" }') ],
	    [ logins => with('{ PLAIN, LOGIN }', '{ PLAIN, CRAM-MD5 }') =~ s/auth \{/auth { require-tls = yes /r =~ s/MSA/MSA, SMTPD/r ]);
	my @record = map { [ split /^/, (ctl_with_input($queries, 'explain', '--json', '-c', $_))[1] ] } @conf;
	is scalar(@$_), 3000, 'explain answers each' for @record;
	for my $i (0 .. $#conf) {
		my %want = (same => 0, other_reason => 0, refused_now => 0, permitted_now => 0);
		for my $n (0 .. 2999) {
			my ($then, $now) = map { /"verdict":"(\w+)","reason":"([\w-]+)"/ ? [$1, $2] : [] } $record[0][$n], $record[$i][$n];
			if ($then->[0] eq $now->[0]) {
				$want{same}++;
				$want{other_reason}++ if $then->[1] ne $now->[1];
			} else {
				$want{$now->[0] eq 'permit' ? 'permitted_now' : 'refused_now'}++;
			}
		}
		my (undef, $answer) = replay(read_file($conf[$i]), file(join '', @{ $record[0] }));
		is_deeply { map { $_ => $answer->{$_} } keys %want }, \%want, $conf[$i] =~ s{.*/}{}r or diag explain $answer;
		is $answer->{cannot_tell}, 0, 'nothing is unknown';
	}
};

#
# What a record does not say
#

my $WITHOUT = {
	strength => "how strong the login's connection was", verified => 'whether the certificate was verified',
	issuer => 'who issued the certificate', port => "the listener's port", utf8 => 'whether SMTPUTF8 was announced',
	mx => 'what DNS says (try --live)', redacted => 'the address, of which a hash was kept',
	cut => 'a text that was too long, of which the beginning was kept',
};
my $HASH = '0123456789abcdef' x 2;
my @LOGIN = (auth => '"alice"', auth_type => '"PLAIN"');
my @EXTERNAL = (auth => '"host"', auth_type => '"EXTERNAL"');
my @CERT = (cert_subject => '"host"');

# [name, configuration, record, its verdict now or what is missing]
my @UNKNOWN = (
	[ 'strength', 'auth { min-ssf = 56 }', permitted('authenticated', @LOGIN), 'strength' ],
	[ 'strength that does not matter', 'auth { min-ssf = 56 } local-domains = { outside.test }', permitted('authenticated', @LOGIN), 'same' ],
	[ 'strength without a login', 'auth { min-ssf = 56 }', record(), 'same' ],
	[ 'a login under TLS', 'auth { require-tls = yes }', permitted('authenticated', tls => '"TLSv1.3"', @LOGIN), 'same' ],
	[ 'a login before TLS', 'auth { require-tls = yes }', permitted('authenticated', tls => '"TLSv1.3"', @LOGIN, auth_clear => 'true'), 'refused' ],
	[ 'a login before TLS, where that does not matter', '', permitted('authenticated', tls => '"TLSv1.3"', @LOGIN, auth_clear => 'true'), 'same' ],
	[ 'EXTERNAL by a certificate, and no list', '', permitted('authenticated', @CERT, @EXTERNAL), 'refused' ],
	[ 'EXTERNAL by a certificate in no list', 'client-certificates = { other }', permitted('authenticated', @CERT, @EXTERNAL), 'refused' ],
	[ 'EXTERNAL by a listed certificate', 'client-certificates = { host }', permitted('authenticated', @CERT, @EXTERNAL), 'verified' ],
	[ 'EXTERNAL that is named', 'auth { mechanisms = { EXTERNAL } }', permitted('authenticated', @CERT, @EXTERNAL), 'same' ],
	[ 'strength of one that does not count', 'auth { min-ssf = 56 mechanisms = { LOGIN } }', permitted('authenticated', @LOGIN), 'refused' ],
	[ 'a certificate that was not verified, or not listed', 'client-certificates = { host }', record(@CERT), 'verified' ],
	[ 'a certificate that was', 'client-certificates = { host }', permitted('client-certificate', @CERT), 'same' ],
	[ 'another certificate', 'client-certificates = { other }', record(@CERT), 'same' ],
	[ 'its issuer', 'client-certificates = { "CA|host" }', permitted('client-certificate', @CERT), 'issuer' ],
	[ 'both', 'client-certificates = { "CA|host" }', record(@CERT), 'verified issuer' ],
	[ 'an issuer of two', 'client-certificates = { host, "CA|host" }', permitted('client-certificate', @CERT), 'same' ],
	[ 'a port', 'require-auth-on = { 587 } local-domains = { outside.test }', permitted('local-domain'), 'port' ],
	[ 'a port that makes no difference', 'require-auth-on = { 587 }', record(), 'same' ],
	[ 'a port and a login', 'require-auth-on = { 587 }', permitted('authenticated', @LOGIN), 'same' ],
	[ 'SMTPUTF8', 'local-domains = { bücher.test }', permitted('local-domain', rcpt => '"<x@bücher.test>"'), 'utf8' ],
	[ 'SMTPUTF8 for elsewhere', '', record(rcpt => '"<x@bücher.test>"'), 'same' ],
	[ 'a redacted address', 'local-domains = { outside.test }', permitted('trusted-network', rcpt => '"<~0123456789abcdef0123@outside.test>"'), 'redacted' ],
	[ 'one that is refused in any case', '', permitted('trusted-network', rcpt => '"<~0123456789abcdef0123@outside.test>"'), 'refused' ],
	[ 'one that was good', 'local-domains = { outside.test }', record(rcpt => '"<~0123456789abcdef0123@outside.test>"'), 'permitted' ],
	[ 'one that was not', 'local-domains = { outside.test }', record(reason => '"routed-address"', rcpt => '"<~0123456789abcdef0123@outside.test>"'), 'same' ],
	[ 'one of a login', '', permitted('authenticated', @LOGIN, rcpt => '"<~0123456789abcdef0123@outside.test>"'), 'same' ],
	[ 'submission on this host', '', permitted('local-submission', client => undef, client_name => '"localhost"'), 'same' ],
	[ 'a client without an address', '', record(client => undef, client_name => '"localhost"', daemon => '"smtpd"'), 'same' ],
	[ 'a name with a backslash', "client-certificates = { 'h\\x41' }", permitted('client-certificate', cert_subject => '"h\\\\x5cx41"'), 'same' ],
	[ 'an oversized one', 'local-domains = { outside.test }', record(reason => '"oversized"', helo => '"hhh..."', cut => "\"helo 300 $HASH\""), 'same' ],
	[ 'one that is too long by the record', 'local-domains = { outside.test }', permitted('local-domain', helo => '"' . 'h' x 256 . '"'), 'refused' ],
	[ 'and its sender', 'local-domains = { outside.test }', permitted('local-domain', sender => '"<' . 's' x 321 . '>"'), 'refused' ],
	[ 'a recipient that is cut', 'local-domains = { outside.test }', record(rcpt => '"<xxx..."', cut => "\"rcpt 300 $HASH\""), 'cut' ],
	[ 'one of a login', '', permitted('authenticated', @LOGIN, rcpt => '"<xxx..."', cut => "\"rcpt 300 $HASH\""), 'same' ],
	[ 'what matters not', 'local-domains = { outside.test }', permitted('local-domain', helo => '"h..."', cut => "\"helo 200 $HASH, auth 400 $HASH\""), 'same' ],
	[ 'some that had no room', 'local-domains = { outside.test }', permitted('local-domain', helo => '"h..."', cut => "\"helo 200 $HASH, ...\""), 'cut' ],
	[ 'a certificate that is cut', 'client-certificates = { "h..." }', permitted('client-certificate', cert_subject => '"h..."', cut => "\"cert_subject 300 $HASH\""), 'cut' ],
	[ 'a NUL in a forged one', 'local-domains = { outside.test }', record(rcpt => '"<x@outside.test>\\\\x00"'), 'same' ],
);
my $ACCEPT = 'own-addresses = { 192.0.2.25 } mx { domains = { .test } accept';
my %MX = (not => 'not: null MX, ad=0', primary => 'primary 10 mx.x via 192.0.2.25', backup => 'backup 20 mx.x via 192.0.2.25',
    tempfail => 'tempfail: SERVFAIL', badname => 'badname');
push @UNKNOWN, (
	[ 'nobody had asked', "$ACCEPT = any }", record(), 'mx' ],
	[ 'and nobody asks', '', record(), 'same' ],
	[ 'no answer of ours', "$ACCEPT = any }", record(mx => '"primarily"'), 'mx' ],
	[ 'a domain that is not to be asked for', "$ACCEPT = any }", record(rcpt => '"<x@outside.example>"'), 'same' ],
	map({ my ($accept, %now) = @$_; map { [ "$_, accept = $accept", "$ACCEPT = $accept }", record(mx => qq("$MX{$_}")), $now{$_} // 'same' ] } sort keys %MX }
	    [ any => (primary => 'permitted', backup => 'permitted', tempfail => 'later') ], [ backup => (backup => 'permitted', tempfail => 'later') ],
	    [ primary => (primary => 'permitted', tempfail => 'later') ], [ none => () ]),
	[ 'a permit by MX', '', permitted('mx', mx => qq("$MX{backup}")), 'refused' ],
	[ 'a failure then', "$ACCEPT = any }", record(verdict => '"tempfail"', reason => '"dns-failure"', mx => qq("$MX{tempfail}")), 'same' ],
	[ 'a failure of ours then', 'local-domains = { outside.test }', record(verdict => '"tempfail"', reason => '"internal"'), 'permitted' ],
);

subtest 'what a record does not say' => sub {
	for my $row (@UNKNOWN) {
		my ($name, $conf, $line, $want) = @$row;
		my ($code, $a) = replay($conf, file($line));
		my $without = join ' ', grep { $a->{cannot_tell_without}{ $WITHOUT->{$_} } }
		    qw(strength verified issuer port utf8 mx redacted cut);
		my $got = $a->{cannot_tell} ? $without : $a->{same} ? 'same' : $a->{refused_now} ? 'refused' : $a->{permitted_now} ? 'permitted' : 'later';
		is $got, $want, $name;
		is $code, $want eq 'refused' ? 1 : 0, "$name: exit code";
	}
};

subtest 'live' => sub {
	my $server = Authrelay::NameServer->start(file => "$FOLDER/queries");
	my $conf = 'own-addresses = { 198.51.100.25 } mx { accept = any domains = { .fault } } dns { servers = { "' . $server->address . '" } }';
	my @line = (record(rcpt => '"<x@x.ok.fault>"'), record(rcpt => '"<x@x.ok.fault>"', mx => qq("$MX{not}")),
	    permitted('mx', rcpt => '"<x@x.nxdomain.fault>"', mx => qq("$MX{primary}")),
	    permitted('mx', rcpt => '"<x@x.servfail.fault>"', mx => qq("$MX{primary}")));
	my ($code, $answer) = replay($conf, file(join '', @line));
	is counts($answer), 'decisions=4 same=3 other_reason=0 changed=0 refused_now=0 permitted_now=0 cannot_tell=1', 'by the records';
	is scalar($server->queries), 0, 'nobody is asked';
	($code, $answer) = replay($conf, '--live', "$FOLDER/records.json");
	is counts($answer), 'decisions=4 same=0 other_reason=0 changed=4 refused_now=2 permitted_now=2 cannot_tell=0', 'by DNS';
	is $code, 1, 'exit code';
	cmp_ok scalar(my @query = $server->queries), '>', 0, 'which was asked';
};

#
# What is printed
#

subtest 'for a reader' => sub {
	my $wild = record(auth => '"a\u001b[2Jb \\\\xff"', sender => '"<\u202e@x.test>"', rcpt => '"<x@trusted.test>"', client => '"192.0.2.66"');
	my $text = join '', map({ permitted('trusted-network', client => qq("192.0.2.$_"), sender => '"<a@x.test>"',
	    matched => '"trusted-networks 192.0.2.0/24"') } 1, 1, 2, 3, 4), $wild, "torn\n", qq({"v":1,"time":"2026-11-24T06:34:42.000000Z","seq":1,"event":"stop"}\n),
	    permitted('local-domain', client => '"198.51.100.8"', rcpt => '"<x@trusted.test>"', matched => '"local-domains trusted.test"');
	my $new = write_file("$FOLDER/new.conf", 'local-domains = { trusted.test } client-certificates = { host }' . "\n");
	my ($code, $out, $err) = ctl('replay', '--config', $new, file($text . record(@CERT)));
	is $err, '', 'no complaint';
	is $code, 1, 'exit code';
	is $out, <<'EOT', 'the report';
decisions                           8
the same                            1
changed                             6
  permitted, now refused            5
  refused, now permitted            1
cannot tell                         1
        1 without whether the certificate was verified
lines that are not records          1

        5 permit -> reject
          then permit trusted-network: trusted-networks 192.0.2.0/24
          now  reject relay-denied
          2026-11-24 06:34:42  192.0.2.1  -  <a@x.test> -> <x@outside.test>
          2026-11-24 06:34:42  192.0.2.2  -  <a@x.test> -> <x@outside.test>
          2026-11-24 06:34:42  192.0.2.3  -  <a@x.test> -> <x@outside.test>

        1 reject -> permit
          then reject relay-denied
          now  permit local-domain: local-domains trusted.test
          2026-11-24 06:34:42  192.0.2.66  "a\x1b[2Jb \\xff"  "<\xe2\x80\xae@x.test>" -> <x@trusted.test>
EOT
	(undef, my $answer) = replay(read_file($new), "$FOLDER/records.json");
	is_deeply $answer->{groups}[1]{examples}, [ { time => '2026-11-24T06:34:42.000000Z', client => '192.0.2.66', auth => "a\e[2Jb \\xff",
	    sender => "<\x{202e}\@x.test>", rcpt => '<x@trusted.test>' } ], 'an example in JSON has the very values';
	(undef, $out) = ctl('replay', '--json', '--config', $new, "$FOLDER/records.json");
	unlike $out, qr/[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae/, 'and is written without what moves a cursor';
	($code, $answer) = replay(read_file($new), '--client', '198.51.100.0/24', "$FOLDER/records.json");
	is counts($answer), 'decisions=2 same=1 other_reason=0 changed=0 refused_now=0 permitted_now=0 cannot_tell=1', 'of some clients only';
	is $code, 0, 'exit code';
};

subtest 'many causes' => sub {
	my $text = join '', map { permitted('trusted-network', matched => qq("trusted-networks 10.0.$_.0/32")) } map { ($_) x 2 } 1 .. 1100;
	my ($code, $answer) = replay('', file($text));
	is counts($answer), 'decisions=2200 same=0 other_reason=0 changed=2200 refused_now=2200 permitted_now=0 cannot_tell=0', 'all count';
	is scalar(@{ $answer->{groups} }), 1000, 'groups have an end';
	is $answer->{others}, 200, 'and those without one are counted';
};

subtest 'usage' => sub {
	my $file = file(record());
	my @bad = ([ 64, [] ], [ 64, [ $file ] ], [ 64, [ '--config', $OLD ] ], [ 64, [ '--config', $OLD, '--no', $file ] ],
	    [ 64, [ '--config', $OLD, '--reason', 'x', $file ] ], [ 78, [ '--config', "$FOLDER/none", $file ] ],
	    [ 78, [ '--config', $OLD, '-o', 'mode = perhaps', $file ] ], [ 2, [ '--config', $OLD, "$FOLDER/none.json" ] ],
	    [ 2, [ '--config', $OLD, $file, "$FOLDER/none.json" ] ], [ 2, [ '--config', $OLD, $FOLDER ] ]);
	for my $row (@bad) {
		my ($want, $arguments) = @$row;
		my ($code, $out, $err) = ctl('replay', @$arguments);
		is $code, $want, "exit code: @$arguments";
		isnt $err, '', 'and why';
		is $out, '', 'and nothing else';
	}
	my ($code, $out) = ctl_with_input(record(), 'replay', '--config', $OLD, '-o', 'local-domains += { outside.test }', '-');
	is $code, 0, 'an override, and standard input';
	like $out, qr/^  refused, now permitted +1$/m, 'count';
};

done_testing;
