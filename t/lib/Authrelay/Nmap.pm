# t/lib/Authrelay/Nmap.pm: nmap's script smtp-open-relay, run to its end
# SPDX-License-Identifier: ISC
package Authrelay::Nmap;
use strict;
use warnings;
use Exporter 'import';
use Authrelay::Process;
our @EXPORT_OK = qw(nmap nmap_relays);

# Returns what the script says. The "+" makes it run whatever nmap takes the port for; it asks for RSET,
# MAIL and RCPT alone, so nothing is sent.
sub nmap
{
	my ($port) = @_;
	my ($code, $text) = Authrelay::Process->run('nmap', '-Pn', '-n', '-sT', '-v', '-p', $port,
	    '--script', '+smtp-open-relay', '--script-args',
	    'smtp-open-relay.domain=outside.test,smtp-open-relay.ip=127.0.0.1', '127.0.0.1');

	return $code == 0 && $text =~ /^\|_?\s*smtp-open-relay: *((?:.*\n)(?:\|.*\n)*)/m ? $1 : "exit $code: $text";
}

# Returns pairs [sender, recipient], as they stand in the commands, of the relays that it says it has found.
sub nmap_relays
{
	my ($text) = @_;
	my @pair;

	push @pair, [ $1, $2 ] while $text =~ /^\|[_ ] MAIL FROM:(\S+) -> RCPT TO:(\S+)\n/mg;
	return @pair;
}

1;
