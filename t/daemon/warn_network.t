#!/usr/bin/perl
# t/daemon/warn_network.t: a gateway, a bridge of containers and neighbours in trusted-networks, as this system tells of them
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Ctl qw(need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon need_program need_root);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder write_file);

need_daemon();
need_ctl();
need_root();
need_program('unshare', 'util-linux');
need_program('ip', 'iproute2');

my $folder = scratch_folder();
my $program = Authrelay::Daemon::program();

# A network of its own: a card, a bridge by its name, one by its kind, one that has a card in it; where a kind of interface
# is not to be had, "no KIND" is printed.
my $NET = <<'EOT';
set -e
mount -t sysfs sysfs /sys
ip link set lo up
ip link add eth7 type veth peer name far7 || { echo no veth; exit 0; }
ip link set far7 up
ip addr add 192.0.2.7/24 dev eth7
ip -6 addr add 2001:db8:7::7/64 dev eth7 nodad
ip link set eth7 up
ip link add docker0 type veth peer name far8
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip route add default via 192.0.2.1
ip -6 route add default via 2001:db8:7::1
ip link add guests type bridge || { echo no bridge; exit 0; }
ip addr add 10.9.8.1/24 dev guests
ip link set guests up
EOT

# The warnings of trusted networks, each as the network and what it is, in that network.
sub warnings_of
{
	my ($networks, $net, @command) = @_;
	my $conf = write_file("$folder/test.conf", "user = nobody\nlocal-domains = local.test\naudit { file = /a }\n"
	    . "trusted-networks = { " . join(', ', map { "\"$_\"" } @$networks) . " }\n");
	my $script = write_file("$folder/net.sh", "$net\nexec @command -c $conf\n");
	my ($code, $text) = Authrelay::Process->run('unshare', '-n', '-m', 'sh', $script);

	return undef if $text =~ /^no (\w+)$/m;
	is($code, 0, "exit 0: @$networks") or diag $text;
	return join "\n", map { /trusted-networks: "(.*?)" (?:contains|is) (.*?)(?:, the address of this host|: )/ ? "$1 $2" : () } split /\n/, $text;
}

my ($unshared) = Authrelay::Process->run(qw(unshare -n -m true));
plan skip_all => 'this kernel gives no network of its own' if $unshared != 0 && !$ENV{CI};

# network => what is said of it; undef: nothing
my %WARNING = (
	'192.0.2.0/24' => 'the default gateway 192.0.2.1',
	'192.0.2.1' => 'the default gateway 192.0.2.1',
	'2001:db8:7::/64' => 'the default gateway 2001:db8:7::1',
	'172.17.0.0/16' => '172.17.0.1',
	'10.9.8.0/24' => '10.9.8.1',
	'10.9.8.2' => undef,
	'192.0.2.128/25' => undef,
	'192.0.2.7' => undef,
	'172.17.0.2' => undef,
	'127.0.0.0/8' => undef,
	'::1/128' => undef,
	'2001:db8:7::7' => undef,
);

for my $command ([ $program, '-t' ], [ Authrelay::Daemon::top() . '/authrelayctl', 'check' ]) {
	subtest "@$command" => sub {
		for my $network (sort keys %WARNING) {
			my $said = warnings_of([$network], $NET, @$command);
		      SKIP: {
				skip 'this kernel has no such interfaces', 1 if !defined $said && !$ENV{CI};
				is($said, defined $WARNING{$network} ? "$network $WARNING{$network}" : '', "said of $network");
			}
		}
	};
}

subtest 'the width' => sub {
	# without routes, and without a bridge
	my $net = $NET =~ s/^ip (?:-6 )?route.*\n//mgr =~ s/^.*\b(?:guests|docker0)\b.*\n//mgr;

	is(warnings_of(['192.0.2.0/23'], $net, $program, '-t') // '', '192.0.2.0/23 wider than the network of this host (192.0.2.7/24 on "eth7")',
	    'more than the network of an interface');
	is(warnings_of(['192.0.2.0/24', '2001:db8:7::/64', '2001:db8:7::/48'], $net, $program, '-t') // 'x', '',
	    'its network, and the prefix of its site');
	is(warnings_of(['192.0.2.0/24'], 'ip link set lo up', $program, '-t') // 'x', '', 'where there is no other interface');
};

subtest 'a bridge that the card of this host is part of is its own network' => sub {
	# a card is an interface with a device: here a file system in the place of /sys says so
	my $sys = "mount -t tmpfs tmpfs /sys\nmkdir -p /sys/class/net/guests/bridge /sys/class/net/guests/brif/eth7"
	    . " /sys/class/net/eth7/device\n";
	my $said = warnings_of(['10.9.8.0/24'], "$NET$sys", $program, '-t');

      SKIP: {
		skip 'this kernel has no bridges', 2 if !defined $said && !$ENV{CI};
		is($said, '', 'with a card');
		is(warnings_of(['10.9.8.0/24'], $NET . $sys =~ s{ /sys/class/net/eth7/device}{}r, $program, '-t'),
		    '10.9.8.0/24 10.9.8.1', 'and without');
	}
};

done_testing;
