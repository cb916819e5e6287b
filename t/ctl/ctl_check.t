#!/usr/bin/perl
# t/ctl/ctl_check.t: authrelayctl check finds what authrelay-milter -t finds, and warns of more
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_for);

need_daemon();
need_ctl();

my $folder = scratch_folder();
my $file = "$folder/test.conf";

# Nothing to warn of, on any host; each warning is in t/unit/conf_warn.c.
my $GOOD = <<'EOT';
user = nobody
local-domains = { local.test }
trusted-networks = { "198.51.100.0/24", "2001:db8:5::/64", "127.0.0.0/8", "::1/128" }
audit { file = /var/log/x }
EOT

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
	is(warnings_of($GOOD, @$_), '', "@$_") for ['socket-mode = 0664'],
	    ['local-domains = { }', 'relay-domains = r.test'], ['local-domains = { }', 'no-local-domains = yes'];
};

my $WIDE = 'is a very wide network; all of it may relay without a login; name the networks of your own machines';
my $MONITOR = 'warning: mode: monitor: nothing is refused; use enforce once the records show no surprise';

subtest 'where a warning is' => sub {
	write_file("$folder/nets", "# mine\n198.51.100.0/24\n 128.0.0.0/1 # half\n");
	is(warnings_of($GOOD, 'trusted-networks = "file:nets"'),
	    "$folder/nets:3: warning: trusted-networks: \"128.0.0.0/1\" $WIDE\n", 'a list file');
	is(warnings_of($GOOD, 'mode = monitor'), "-o 'mode = monitor': $MONITOR\n", 'an override');
	is(warnings_of("mode = monitor\n$GOOD", 'trusted-networks += "::/1"'), <<"EOT", 'all, in order');
FILE:1: $MONITOR
-o 'trusted-networks += "::/1"': warning: trusted-networks: "::/1" $WIDE
EOT
	like(warnings_of("local-domains = a.test\nuser = nobody\n"), qr/^FILE: warning: audit\.file: empty: /m,
	    'the file as a whole, where it does not have the setting');
};

# Many at once, by the file, a list file and defaults.
my $MANY = <<'EOT';
mode = monitor
local-domains = { local.test }
trusted-networks = { "file:nets", "8.0.0.0/8" }
auth {
	mechanisms = { PLAIN, EXTERNAL }
}
mx { accept = any timeout = 20 }
EOT

subtest 'check, -t, the start and a reload say the same' => sub {
	my $daemon = Authrelay::Daemon->new(conf => $MANY);
	my $conf = $daemon->conf_file;

	write_file($daemon->folder . '/nets', "0.0.0.0/0\n");
	my ($code, $out, $check) = ctl('check', '-c', $conf);
	my ($test_code, $test) = Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $conf);
	is("$code $test_code", '0 0', 'both exit with 0');
	is($test, $check, '-t says what check says');
	my @want = map { s/: warning: /: /r } grep { /: warning: / } split /\n/, $check;
	cmp_ok(scalar @want, '>=', 7, 'which is a lot') or diag $check;
	like($check, qr/ \Q$_\E: /, "$_ is among it")
	    for qw(mode trusted-networks auth.mechanisms mx.accept mx.timeout socket-mode);
	$daemon->start;
	my $said = sub { return grep { $_ ne '' } map { /warning: (\S+: \S+: .*)/ ? $1 : '' } split /\n/, $_[0] };
	is_deeply([ $said->($daemon->log_text) ], \@want, 'the start says it');
	$daemon->answers for 1 .. 3;	# until all its threads run
	my $before = length $daemon->log_text;
	kill 'HUP', $daemon->pid;
	wait_for('end of the reload', 20, sub { substr($daemon->log_text, $before) =~ /reloaded.*\n/ });
	is_deeply([ $said->(substr $daemon->log_text, $before) ], \@want, 'and a reload');
	$daemon->stop;
};

subtest 'the examples and the sample' => sub {
	my @example = glob Authrelay::Daemon::top() . '/conf/examples/*.conf';

	is(scalar @example, 5, 'there are examples');
	for my $path (@example) {
		my $text = read_file($path) =~ s/^(socket-group|user) .*\n//mgr =~ s/"file:[^"]*"/listed.test/gr;
		my $said = warnings_of("$text\n", 'user = nobody', $text =~ /accept/ ? 'mx.names = mx.test' : ());
		# this host may be in one of these networks itself
		$said =~ s/^.*(?:contains the default gateway|is wider than the network of this host|the address of this host on the bridge).*\n//mg;
		is($said, '', 'nothing to warn of: ' . $path =~ s{.*/}{}r);
	}
	my $sample = read_file(Authrelay::Daemon::top() . '/conf/authrelay.conf');
	like(warnings_of($sample, 'local-domains = local.test', 'user = nobody'), qr/\AFILE:\d+: warning: audit\.file: [^\n]*\n\z/,
	    'of the sample, with a domain: only that there is no file for records');
	my ($code, undef, $err) = ctl('check', '-c', write_file($file, $sample));
	is($code, 78, 'as it comes, the sample lacks a domain');
	like($err, qr/^\Q$file\E: local-domains and relay-domains are empty, .*no-local-domains = yes/, 'and says so');
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
		like($err, qr/^authrelayctl: .*\nSee: authrelayctl (?:check )?--help$/, 'says why and where help is');
	}
	my ($code, $out) = ctl('--version');
	is($code, 0, '--version');
	like($out, qr/\Aauthrelayctl \S+\nlibidn2 \S+\n\z/, 'the version and the libraries');
};

done_testing;
