# t/lib/Authrelay/Spray.pm: forged answers, to every port that a question may have come from
# SPDX-License-Identifier: ISC
package Authrelay::Spray;
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use Socket qw(INADDR_LOOPBACK pack_sockaddr_in);
use Authrelay::Scratch qw(read_file);
our @EXPORT_OK = qw(spray);

sub _name { return join('', map { pack 'C/a', $_ } split /\./, $_[0]) . "\0" }

# To the question for the MX records of a name, from a port that is not the server's: that it is this host.
# Returns how many were sent.
sub spray
{
	my ($name, $host) = @_;
	my ($low, $high) = split ' ', read_file('/proc/sys/net/ipv4/ip_local_port_range') || '32768 60999';
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die "udp: $!\n";
	my $data = pack('n', 5) . _name($host);
	my $answer = pack('n6', 0, 0x8180, 1, 1, 0, 0) . _name($name) . pack('nn', 15, 1)
	    . "\xc0\x0c" . pack('nnNn', 15, 1, 300, length $data) . $data;
	my $sent = 0;

	for my $port ($low .. $high) {
		$sent++ if send $socket, $answer, 0, pack_sockaddr_in($port, INADDR_LOOPBACK);
	}
	return $sent;
}

1;
