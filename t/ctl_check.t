#!/usr/bin/perl
# t/ctl_check.t: authrelayctl check finds what authrelay-milter -t finds, and warns of more
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder write_file);

need_daemon();
need_ctl();

my $folder = scratch_folder();
my $file = "$folder/test.conf";

# Nothing to warn of; the lists are on line 2 and 3.
my $GOOD = <<'EOT';
user = nobody
local-domains = { local.test }
trusted-networks = { "10.0.0.0/8", "2001::/16", "192.0.2.1" }
EOT
my $USER = 'user = nobody';
my $LOCAL = 'local-domains = { local.test }';
my $OWN = 'own-addresses = 198.51.100.25';

# What check says of a configuration, its file being FILE; the last line, that it is valid, is left out.
sub warnings_of
{
	my ($text, @override) = @_;

	write_file($file, $text);
	my ($code, $out, $err) = ctl('check', '-c', $file, map { ('-o', $_) } @override);
	is($code, 0, 'exit 0') or diag $err;
	is($out, '', 'nothing on standard output');
	like($err, qr/^\Q$file\E: the configuration is valid\n\z/m, 'it is valid');
	return $err =~ s/[^\n]*\n\z//r =~ s/\Q$folder\E\/test\.conf/FILE/gr;
}

subtest 'nothing to warn of' => sub {
	is(warnings_of($GOOD), '', 'a good one');
	is(warnings_of($GOOD, @$_), '', "@$_") for ['denied-reply = "554 5.7.1 No"'],
	    ['socket-mode = 0664'], ['socket = "inet:8891@127.0.0.1"', 'socket-mode = 0666'],
	    ['audit.syslog = no', 'audit.file = /var/log/x'], ['local-domains = { }', 'relay-domains = r.test'],
	    ['trusted-networks = { "128.0.0.0/8", "8000::/16" }'];
};

my $NETWORK = 'warning: trusted-networks:';
my $LICENCE = 'all of it may relay without a login';
my %WARNING = (
	"$USER\n$LOCAL\nsocket-mode = 0662\n" =>
	    'FILE:3: warning: socket-mode: every user of this host may talk to the filter',
	"$LOCAL\n" => 'FILE: warning: user: empty: started by root, the daemon stays root',
	"$LOCAL\nuser = ''\n" => 'FILE:2: warning: user: empty: started by root, the daemon stays root',
	"$USER\n$LOCAL\n\nmode = monitor\n" => 'FILE:4: warning: mode: monitor: nothing is refused',
	"$USER\n$LOCAL\ndenied-reply = '551 5.7.1 No'\n" =>
	    'FILE:3: warning: denied-reply: another code than 550 or 554, which mean a refusal by policy',
	"$USER\n" => 'FILE: warning: local-domains: empty, and so is relay-domains: '
	    . 'strangers can write to nobody but users without a domain',
	"$USER\n$LOCAL\naudit {\n\tsyslog = no\n}\n" =>
	    'FILE:4: warning: audit.syslog: no, and audit.file is empty: nothing is recorded',
	"$USER\n$LOCAL\naudit {\n\n\ton-failure = continue\n}\n" =>
	    'FILE:5: warning: audit.on-failure: continue: what cannot be recorded is decided all the same',
	"$USER\n$LOCAL\n$OWN\nmx { accept = primary }\n" => 'FILE:4: warning: mx.accept: without mx.domains or '
	    . 'mx.networks, whoever points an MX record here may use this server',
	"$USER\n$LOCAL\n$OWN\nmx {\n accept = any }\n" => 'FILE:5: warning: mx.accept: without mx.domains or '
	    . 'mx.networks, whoever points an MX record here may use this server',
	"$USER\n$LOCAL\n$OWN\nmx { accept = any domains = a.test\n require-dnssec = yes }\ndns { trust-ad = no }\n" =>
	    'FILE:5: warning: mx.require-dnssec: no answer is ever authenticated where dns.trust-ad is no',
	"$USER\n$LOCAL\ntrusted-networks = {\n\t\"0.0.0.0/0\"\n}\n" =>
	    "FILE:4: $NETWORK \"0.0.0.0/0\" is the whole Internet; $LICENCE",
	"$USER\n$LOCAL\ntrusted-networks = \"::/0\"\n" =>
	    "FILE:3: $NETWORK \"::/0\" is the whole Internet; $LICENCE",
	"$USER\n$LOCAL\ntrusted-networks = \"10.0.0.0/7\"\n" =>
	    "FILE:3: $NETWORK \"10.0.0.0/7\" is a very wide network; $LICENCE",
	"$USER\n$LOCAL\ntrusted-networks = \"[2000::]/15\"\n" =>
	    "FILE:3: $NETWORK \"[2000::]/15\" is a very wide network; $LICENCE",
);

subtest 'warnings' => sub {
	for my $text (sort keys %WARNING) {
		is(warnings_of($text), "$WARNING{$text}\n", $text =~ s/\s+/ /gr);
	}
};

subtest 'where a warning is' => sub {
	write_file("$folder/nets", "# mine\n192.0.2.0/24\n 128.0.0.0/1 # half\n");
	is(warnings_of("$GOOD", 'trusted-networks = "file:nets"'),
	    "$folder/nets:3: $NETWORK \"128.0.0.0/1\" is a very wide network; $LICENCE\n", 'a list file');
	is(warnings_of($GOOD, 'mode = monitor'),
	    "-o 'mode = monitor': warning: mode: monitor: nothing is refused\n", 'an override');
	is(warnings_of("mode = monitor\n$GOOD", 'trusted-networks += "::/1"'), <<"EOT", 'all, in order');
FILE:1: warning: mode: monitor: nothing is refused
-o 'trusted-networks += "::/1"': $NETWORK "::/1" is a very wide network; $LICENCE
EOT
};

subtest 'errors are those of authrelay-milter -t' => sub {
	for my $text ("mode = perhaps\n\ntrusted-networks = \"192.0.2.1/24\"\nusers = 1\n",
	    "audit {\n\tsyslog = no\n", "local-domains = \"file:none\"\nmx { accept = any }\n") {
		write_file($file, $text);
		for my $options ([], ['-o', 'auth.min-ssf = x']) {
			my ($want_code, $want) = Authrelay::Process->run(Authrelay::Daemon::program(), '-t',
			    '-c', $file, @$options);
			my ($code, $out, $err) = ctl('check', '-c', $file, @$options);
			is($code, 78, 'exit code');
			is($want_code, 78, 'of both');
			is($out . $err, $want, 'the same text');
		}
	}
	my ($code, undef, $err) = ctl('check', '-c', "$folder/none.conf");
	is($code, 78, 'no file');
	is($err, "$folder/none.conf: No such file or directory\n", 'is said');
	write_file($file, $GOOD);
	is_deeply([ (ctl('check', '-c', $file))[0, 2] ],
	    [ Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $file) ],
	    'and of a good one both say the same');
};

subtest 'usage' => sub {
	for my $bad ([], ['chek'], ['-c', $file], ['check', '-x'], ['check', '-c'], ['check', 'word'],
	    ['check', '-c', $file, 'word'], ['check', '--json']) {
		my ($code, $out, $err) = ctl(@$bad);
		is($code, 64, "usage: @$bad");
		like($err, qr/^usage: authrelayctl check /m, 'says how');
	}
	for my $option ('--help', '-h') {
		my ($code, $out) = ctl($option);
		is($code, 0, $option);
		like($out, qr/^usage: authrelayctl check .*^ +authrelayctl explain /ms, 'has every command');
	}
	my ($code, $out) = ctl('--version');
	is($code, 0, '--version');
	like($out, qr/\Aauthrelayctl \S+\nlibconfuse \S+\nlibidn2 \S+\n\z/, 'the version and the libraries');
};

done_testing;
