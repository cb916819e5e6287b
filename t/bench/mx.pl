#!/usr/bin/perl
# t/bench/mx.pl: t/bench/mx before a real resolver, and before a name server that is slow
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Authrelay::NameServer;
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Zones;

my $folder = scratch_folder();
if (defined(my $why = Authrelay::Zones::why_not())) {
	print "not measured: $why\n";
	exit;
}
my $zones = Authrelay::Zones->start;
my $server = Authrelay::NameServer->start(file => "$folder/queries");

sub conf
{
	my ($name, $address) = @_;

	return write_file("$folder/$name.conf", "own-addresses = { 198.51.100.25 }\n"
	    . "mx { accept = any domains = { .test, .fault } timeout = 10 }\ndns { servers = { \"$address\" } }\n");
}

my $name = 'one.slow-500.fault';
my ($code, $text) = Authrelay::Process->run("$FindBin::Bin/mx", conf('quick', $zones->resolver), 'wild.test',
    conf('slow', $server->address), $name);
print $text, 'and the name server was asked ', scalar(() = $server->queries), " times\n";
$zones->stop;
exit $code;
