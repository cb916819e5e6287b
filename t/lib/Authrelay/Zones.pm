# t/lib/Authrelay/Zones.pm: nsd with a signed root of its own, and unbound that validates by it
# SPDX-License-Identifier: ISC
package Authrelay::Zones;
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(strftime);
use Socket qw(SOCK_DGRAM);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Wait qw(wait_for);

my $SOA = "@ SOA ns.test. root.test. 1 3600 600 86400 60\n@ NS ns.test.\n";
my $ROOT = "\$ORIGIN .\n\$TTL 3600\n${SOA}test. NS ns.test.\nunsigned. NS ns.test.\nbogus. NS ns.test.\n"
    . "ns.test. A 127.0.0.1\n";
my $MAIL = <<'END';
primary      MX 10 mx.us.test.
primary      MX 20 mx.other.test.
backup       MX 10 mx.other.test.
backup       MX 20 mx.us.test.
notus        MX 10 mx.other.test.
END
my %ZONE = (
	unsigned => $MAIL,
	bogus => $MAIL,
	test => $MAIL . <<'END',
ns           A    127.0.0.1
mx.us        A    198.51.100.25
mx.us        AAAA 2001:db8::25
mx.other     A    203.0.113.1
alias.us     CNAME mx.us
nullmx       MX 0 .
implicit     A    198.51.100.25
cnamedom     CNAME backup
cnameloop    CNAME cnameloop2
cnameloop2   CNAME cnameloop
insecure     CNAME primary.unsigned.
nodata       TXT "no mx, no address"
*.wild       MX 10 mx.us
escdot       MX 10 mx\.us.test.
escnul       MX 10 mx.us.test\000.evil.test.
case         MX 10 MX.US.TEST.
END
);

# What is missing, or undef.
sub why_not
{
	for my $program (qw(nsd unbound ldns-keygen ldns-signzone)) {
		_program($program) or return "no $program";
	}
	return;
}

sub _program { return (grep { -x } map { "$_/$_[0]" } qw(/usr/sbin /usr/local/sbin /usr/bin /usr/local/bin))[0] }

# zones => { NAME => TEXT }: more records; `test` is signed.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { folder => scratch_folder() }, $class;
	my %zone = %ZONE;

	@$self{qw(nsd_port unbound_port)} = free_port(2);
	$zone{$_} .= $option{zones}{$_} for keys %{ $option{zones} // {} };
	$self->_sign(%zone);
	$self->start_nsd;
	$self->start_unbound;
	return $self;
}

sub resolver { return "127.0.0.1:$_[0]{unbound_port}" }
sub authority { return "127.0.0.1:$_[0]{nsd_port}" }
sub nsd { return $_[0]{nsd} }
sub unbound { return $_[0]{unbound} }

sub stop
{
	my ($self) = @_;

	$_->stop('KILL') for grep { defined } @$self{qw(unbound nsd)};
}

sub _run
{
	my (@command) = @_;
	my ($code, $output) = Authrelay::Process->run(@command);

	$code == 0 or die "@command: $output\n";
	return $output;
}

sub _key
{
	my ($self, $zone, $name) = @_;
	my ($made) = _run('/bin/sh', '-c', 'cd "$0" && exec "$1" -r /dev/urandom -a ECDSAP256SHA256 -k "$2"',
	    $self->{folder}, _program('ldns-keygen'), $zone) =~ /^(K\S+)/m;

	rename "$self->{folder}/$made.$_", "$self->{folder}/$name.$_" or die "$made.$_: $!\n" for qw(key private ds);
	return "$self->{folder}/$name";
}

# Signatures of these hours, counted from now.
sub _sign_zone
{
	my ($self, $zone, $name, $text, $from, $to) = @_;
	my $file = write_file("$self->{folder}/$name.zone", $text);
	my ($begin, $end) = map { strftime '%Y%m%d%H%M%S', gmtime time + 3600 * $_ } $from, $to;

	_run(_program('ldns-signzone'), '-i', $begin, '-e', $end, '-o', $zone, '-f', "$file.signed", $file,
	    "$self->{folder}/$name");
}

sub _sign
{
	my ($self, %zone) = @_;
	my $folder = $self->{folder};
	my %text = map { $_ => "\$ORIGIN $_.\n\$TTL 300\n$SOA$zone{$_}" } keys %zone;

	$self->_key(@$_) for ['.', 'root'], ['test.', 'test'], ['bogus.', 'bogus'];
	$self->_sign_zone('test.', 'test', $text{test}, -1, 720);
	$self->_sign_zone('bogus.', 'bogus', $text{bogus}, -1440, -720);
	write_file("$folder/unsigned.zone.signed", $text{unsigned});
	$self->_sign_zone('.', 'root', $ROOT . read_file("$folder/test.ds") . read_file("$folder/bogus.ds"), -1, 720);
	write_file("$folder/anchor", read_file("$folder/root.key"));
}

sub _answers
{
	my ($port) = @_;
	my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $port) or return 0;

	send $socket, pack('n6', 1, 0x100, 1, 0, 0, 0) . "\0" . pack('nn', 6, 1), 0 or return 0;
	vec(my $readable = '', fileno $socket, 1) = 1;
	return select($readable, undef, undef, 0.2) > 0 && defined recv $socket, my $reply, 4096, 0;
}

sub _daemon
{
	my ($self, $name, $port, @command) = @_;
	my $log = "$self->{folder}/$name.log";

	$self->{$name} = Authrelay::Process->start(command => \@command, output => $log);
	eval { wait_for("answer from $name", 30, sub { _answers($port) }) } or die $@ . read_file($log);
}

sub start_nsd
{
	my ($self) = @_;
	my $folder = $self->{folder};
	my $zones = join '', map { sprintf qq(zone:\n name: "%s."\n zonefile: "%s.zone.signed"\n), $_ eq 'root' ? '' : $_, $_ }
	    qw(root test unsigned bogus);

	write_file("$folder/nsd.conf", <<"END" . $zones);
server:
 ip-address: 127.0.0.1\@$self->{nsd_port}
 server-count: 1
 username: ""
 chroot: ""
 zonesdir: "$folder"
 database: ""
 pidfile: "$folder/nsd.pid"
 zonelistfile: "$folder/zone.list"
 xfrdfile: "$folder/xfrd.state"
 xfrdir: "$folder"
 zonefiles-check: no
 zonefiles-write: 0
 rrl-ratelimit: 0
 rrl-whitelist-ratelimit: 0
remote-control:
 control-enable: no
END
	$self->_daemon('nsd', $self->{nsd_port}, _program('nsd'), '-d', '-c', "$folder/nsd.conf");
}

# It would answer for "test." and the like by itself (RFC 6761).
sub start_unbound
{
	my ($self) = @_;
	my $folder = $self->{folder};

	write_file("$folder/unbound.conf", <<"END");
server:
 directory: "$folder"
 username: ""
 chroot: ""
 pidfile: "$folder/unbound.pid"
 use-syslog: no
 do-daemonize: no
 interface: 127.0.0.1\@$self->{unbound_port}
 port: $self->{unbound_port}
 access-control: 127.0.0.0/8 allow
 do-ip6: no
 do-not-query-localhost: no
 minimal-responses: yes
 prefetch: no
 serve-expired: no
 infra-host-ttl: 1
 module-config: "validator iterator"
 trust-anchor-file: "$folder/anchor"
 trust-anchor-signaling: no
 root-key-sentinel: no
 val-bogus-ttl: 1
 local-zone: "test." nodefault
remote-control:
 control-enable: no
stub-zone:
 name: "."
 stub-addr: 127.0.0.1\@$self->{nsd_port}
END
	$self->_daemon('unbound', $self->{unbound_port}, _program('unbound'), '-d', '-c', "$folder/unbound.conf");
}

1;
