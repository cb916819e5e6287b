#!/usr/bin/perl
# t/daemon/mx_resolv_conf.t: name servers by /etc/resolv.conf, read at the start and again from within the sandbox
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Crowd;
use Authrelay::Daemon;
use Authrelay::NameServer;
use Authrelay::Need qw(need_daemon need_program need_root);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);

need_daemon();
need_root();
need_program('unshare', 'util-linux');
need_program('ip', 'iproute2');

# A network and an /etc/resolv.conf of our own: its name servers have no port but 53. They go with us.
my $file = $ENV{AUTHRELAY_RESOLV_CONF};
if (!defined $file) {
	$file = write_file(scratch_folder() . '/resolv.conf', "nameserver 127.0.0.1\n", 0644);
	my ($code, $text) = Authrelay::Process->run(qw(unshare -m -n -- /bin/sh -c),
	    "ip link set lo up && mount --bind $file /etc/resolv.conf");
	if ($code != 0) {
		cannot("no network and no mount of our own: $text");
		done_testing;
		exit;
	}
	$ENV{AUTHRELAY_RESOLV_CONF} = $file;
	system qw(unshare -m -n -- /bin/sh -c), 'ip link set lo up && mount --bind "$AUTHRELAY_RESOLV_CONF" '
	    . '/etc/resolv.conf && exec "$0" "$@"', $^X, $0;
	exit $? >> 8;
}

my $folder = scratch_folder();
my $server = Authrelay::NameServer->start(file => "$folder/queries", port => 53);
my $daemon = Authrelay::Daemon->new(conf => <<'END')->start;
own-addresses = { 198.51.100.25 }
mx { accept = any domains = { .fault } timeout = 2 }
END
my $number = 0;

sub answer
{
	my ($name) = @_;
	my $rcpt = "<u\@$name.ok.fault>";
	my ($answer) = Authrelay::Crowd->start(socket => $daemon->socket, asks => [['192.0.2.' . ++$number, $rcpt]])->end(20);

	return $answer->{reply};
}

sub reloads { return scalar grep { $_->{event} eq 'reload' } $daemon->records->all }
sub last_mx { return (grep { $_->{event} eq 'rcpt' } $daemon->records->all)[-1]{mx} }

# In the same file, which is mounted.
sub resolv_conf
{
	my ($text) = @_;
	my $count = reloads();

	write_file($file, $text);
	kill 'HUP', $daemon->pid;
	ok wait_until(20, sub { reloads() > $count }), 'a reload with ' . $text =~ s/\n/; /gr or diag $daemon->log_text;
}

is answer('a'), 'continue', 'the name server of resolv.conf is asked';
is scalar(() = $server->queries(qr/^udp a\.ok\.fault MX/)), 1, 'which hears of it';
resolv_conf("nameserver 127.0.0.1\n");
is answer('a'), 'continue', 'with the same one';
like last_mx(), qr/, cached$/, 'the verdict is kept';

resolv_conf("nameserver 127.0.0.2\n");
like answer('a'), qr/^451 4\.4\.3 /, 'with another one, that is not there, it is not';
like last_mx(), qr/^tempfail: a\.ok\.fault MX: connection refused/, 'and that one is asked';
resolv_conf("nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions use-vc\n");
is answer('b'), 'continue', 'the second one has the answer';
is scalar(() = $server->queries(qr/^tcp b\.ok\.fault MX/)), 1, 'and is asked by TCP';
is scalar(() = $server->queries(qr/^udp b\.ok\.fault/)), 0, 'alone';
unlike $daemon->log_text, qr/not reloaded|Permission denied/, 'nothing is forbidden';
is $daemon->sanitizer_report, '', 'no sanitizer has anything to say';
$daemon->stop;
$server->stop;
done_testing;
