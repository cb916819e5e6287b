#!/usr/bin/perl
# t/ctl/probe_filter.t: authrelayctl probe --milter tells whether the running daemon guards, and has every probe that we know
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Probes qw(probe_recipients probe_senders);
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Wait qw(wait_for);

need_daemon();
need_ctl();

# A filter is asked as if by a client with an address of 203.0.113.0/24.
my $GUARDS = <<'EOT';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
EOT
my $RELAYS = $GUARDS =~ s/192\.0\.2\.0/203.0.113.0/r;

my $NONE = qr/^All \d{4} tests performed, no relays accepted\.\n\z/m;
my $SOME = qr/^All \d{4} tests performed, [1-9]\d+ relays accepted\.\nRelays:\nthird party \(from null sender\)\n/m;

# What stands for the letters of a form, in the list of ours.
my %NAME = (u => 'u', x => 'outside.test', h => 'mx.example.test', i => '127.0.0.1', l => 'user',
    d => 'local.test', r => 'relay.test', L => 'USER', D => 'LOCAL.TEST', c => 'local.tes', _ => 'local_test');

sub start { return Authrelay::Daemon->new(conf => $_[0])->start }

sub probe
{
	my ($daemon, @option) = @_;

	return ctl('probe', qw(--local user@local.test --relay-domain relay.test --external outside.test
	    --name mx.example.test), @option, '--milter', $daemon->socket);
}

sub says
{
	my ($name, $daemon, $want, $pattern) = @_;
	my ($code, $out, $err) = probe($daemon);

	is($code, $want, "$name: exit $want") or diag $err;
	like($out, $pattern, '  and what it says');
}

# The case of a domain is nothing that a test could be about.
sub spelling { return $_[0] =~ s/(\@[^\@]*)\z/lc $1/er }

subtest 'every form of ours is in the list, as it is spelled' => sub {
	my ($code, $out) = ctl('probe', '--list');
	my %has = map { (spelling((split /\t/)[2] =~ s/\$(.)/$NAME{$1}/gr) => 1) } split /\n/, $out;

	is($code, 0, 'the list: exit 0');
	is(join("\n", grep { !$has{ spelling($_) } } map { $_->[1] } probe_recipients()), '', 'none is missing');
};

subtest 'a daemon that guards' => sub {
	my $daemon = start($GUARDS);

	says('text', $daemon, 0, $NONE);
	my ($code, $out) = probe($daemon, '--nagios');
	is($code, 0, 'for a monitor: exit 0');
	like($out, qr/\ARELAY OK - All \d{4} tests performed, no relays accepted\.\n\z/, '  and its line');
	($code, $out) = probe($daemon, '--json');
	my $json = decode_json($out);
	is("$code $json->{status} $json->{relays} $json->{unclear}", '0 OK 0 0', 'JSON');
	is(scalar @{ $json->{tests} }, $json->{performed}, '  with every test');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

# Each test for itself: none is written down that was not asked. A parameter is nothing that a record has.
subtest 'what the daemon hears' => sub {
	my $daemon = start($GUARDS);
	my ($code, $out) = probe($daemon, '--json');
	my (@name, %said, %heard);

	for my $test (@{ decode_json($out)->{tests} }) {
		push @name, $test->{sender} unless $said{ $test->{sender} };
		$said{ $test->{sender} }{ $test->{recipient} =~ s/> [A-Z]+=.*/>/r } = 1;
	}
	for my $record (grep { $_->{event} eq 'rcpt' } $daemon->records->all) {
		my $sender = $record->{sender} =~ s/\@probe[0-9a-f]+\./\@x7k2./r =~ s/<relaytest\b/<u/r;
		$heard{"$record->{helo} $sender"}{ $record->{rcpt} } = 1;
	}
	my @want = map { ($_->[1] =~ s/^probe\.outside\.test$/probe.invalid/r) . " $_->[2]" } probe_senders();
	is(join("\n", sort keys %heard), join("\n", sort @want), 'every sender, by every name of a client');
	for my $i (0 .. $#name) {
		is_deeply($heard{ $want[$i] }, $said{ $name[$i] }, "every recipient from $want[$i]");
	}
};

subtest 'after a reload' => sub {
	my $daemon = start($RELAYS);
	my $settings = read_file($daemon->conf_file) =~ s/^trusted-networks.*//msr;
	my $reload = sub {
		my $before = length $daemon->log_text;
		write_file($daemon->conf_file, $settings . $_[0]);
		kill 'HUP', $daemon->pid;
		wait_for('end of the reload', 20, sub { substr($daemon->log_text, $before) =~ /reloaded.*\n/ });
	};

	says('the client is trusted', $daemon, 2, $SOME);
	$reload->($GUARDS);
	says('no more', $daemon, 0, $NONE);
	$reload->($RELAYS);
	says('and again', $daemon, 2, $SOME);
	$reload->("mode = monitor\n$GUARDS");
	says('monitor mode', $daemon, 2, $SOME);
	$reload->("mode = perhaps\n$GUARDS");
	says('a fault: monitor mode stays', $daemon, 2, $SOME);
	$reload->($GUARDS);
	says('all is well', $daemon, 0, $NONE);
	$daemon->stop;
	my ($code, undef, $err) = probe($daemon);
	is($code, 3, 'the daemon is gone: exit 3');
};

subtest 'a daemon that only watches' => sub {
	my $daemon = start("mode = monitor\n$GUARDS");

	says('text', $daemon, 2, $SOME);
	my ($code, $out) = probe($daemon, '--nagios');
	is($code, 2, 'for a monitor: exit 2');
	like($out, qr/\ARELAY CRITICAL - All \d{4} tests performed, [1-9]\d+ relays accepted\.\n/, '  and its line');
};

done_testing;
