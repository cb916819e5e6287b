#!/usr/bin/perl
# t/ctl_probe_cmd.t: authrelayctl probe against a filter, and against servers that lie
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);

need_daemon();
need_ctl();
$SIG{PIPE} = 'IGNORE';

my @LOCAL = ('--local', 'user@local.test');
my @FILTER = (@LOCAL, qw(--relay-domain relay.test --name mx.example.test --timeout 10));

# One that answers RCPT by a function of what it is asked; all of it in a child.
sub with_server
{
	my ($rcpt, $use) = @_;
	my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
	my $pid = fork // die $!;

	if ($pid == 0) {
		while (my $client = $listener->accept) {
			$client->autoflush(1);
			print $client "220 mx.example.test ESMTP\r\n";
			while (my $line = <$client>) {
				my $reply = $line =~ /^RCPT TO:(.*?)\r/ ? $rcpt->($1) :
				    $line =~ /^EHLO/ ? '250 mx.example.test' : '250 Ok';
				last if !defined $reply;
				print $client "$reply\r\n";
			}
		}
		require POSIX;
		POSIX::_exit(0);
	}
	my @result = $use->('127.0.0.1:' . $listener->sockport);
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return @result;
}

sub probe_server
{
	my ($rcpt, @option) = @_;

	return with_server($rcpt, sub { ctl('probe', @LOCAL, '--timeout', 2, @option, @_) });
}

sub is_own { return $_[0] =~ /^<user\@local\.test>$/ }

sub test_filter
{
	for my $case (['192.0.2.0/24', 0, qr/^All \d{4} tests performed, no relays accepted\.\n\z/m],
	    ['0.0.0.0/0', 2, qr/^All \d{4} tests performed, \d+ relays accepted\.\nRelays:\nthird party /m]) {
		my ($networks, $want, $says) = @$case;
		my $daemon = Authrelay::Daemon->new(conf => <<"EOT")->start;
trusted-networks = { "$networks" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
EOT
		my ($code, $out, $err) = ctl('probe', @FILTER, '--milter', $daemon->socket_file);
		is $code, $want, "filter that trusts $networks" or diag $err;
		like $out, $says, '  and what it says';
		$daemon->stop;
	}
}

sub test_servers
{
	# name => [replies, exit status, what the output has in it]
	my @case = (
		['keeps its own', sub { is_own(@_) ? '250 Ok' : '550 no' }, 0, qr/no relays accepted\.\n\z/],
		['takes a percent hack', sub { is_own(@_) || $_[0] =~ /%example/ ? '250 Ok' : '550 no' }, 2,
		    qr/^percent hack by host name /m],
		['takes all', sub { '250 Ok' }, 2, qr/^third party \(/m],
		['takes any user of its own', sub { $_[0] =~ /\@local\.test>$/ ? '250 Ok' : '550 no' }, 1,
		    qr/without a clear answer/],
		['is busy with strangers', sub { is_own(@_) ? '250 Ok' : '451 later' }, 1, qr/^temporary /m],
		['refuses all', sub { '550 no' }, 3, qr/does not accept the local recipient/],
		['wants a login', sub { '530 5.7.0 Authentication required' }, 0, qr/no relays accepted\.\n\z/],
		['wants TLS', sub { '530 5.7.0 Must issue STARTTLS first' }, 3, qr/wants STARTTLS/],
		['closes', sub { undef }, 3, qr/closes the connection/],
		['talks rubbish', sub { "\0\xff\e[31m" }, 3, qr/^0 tests performed, then they ended/],
		['closes on strangers', sub { is_own(@_) ? '250 Ok' : undef }, 3, qr/^3 tests performed/m],
		['sends escapes', sub { is_own(@_) ? '250 Ok' : "550 a\e[31m" }, 0, qr/\A[^\e]*\z/],
	);
	for my $case (@case) {
		my ($name, $rcpt, $want, $says) = @$case;
		my ($code, $out, $err) = probe_server($rcpt);
		is $code, $want, "a server that $name: exit $want" or diag $err;
		like $out, $says, '  and what is said of it';
	}
}

sub test_formats
{
	my ($code, $out) = probe_server(sub { '250 Ok' }, '--json');
	my $json = eval { decode_json($out) } // {};
	is $code, 2, 'JSON: exit 2';
	is $json->{status}, 'CRITICAL', 'JSON: the status';
	is scalar @{$json->{tests} // []}, $json->{performed} // -1, 'JSON: all tests';
	is scalar(grep { $_->{verdict} eq 'RELAY' } @{$json->{tests}}), $json->{relays}, 'JSON: the relays';

	($code, $out) = probe_server(sub { is_own(@_) ? '250 Ok' : '550 no' }, '--nagios');
	is $code, 0, 'Nagios: exit 0';
	like $out, qr/\ARELAY OK - All \d+ tests performed, no relays accepted\.\n\z/, 'Nagios: one line';
	($code, $out) = probe_server(sub { '250 Ok' }, '--nagios');
	like $out, qr/\ARELAY CRITICAL - [^|]*\z/, 'Nagios: no mark of performance data';
}

sub test_refusals
{
	my ($code, $out, $err) = ctl('probe', @LOCAL, '192.0.2.1:25');
	is $code, 3, 'a public address: exit 3';
	like $err, qr/--yes-i-run-this-server/, 'and why';
	for my $wrong ([], ['127.0.0.1'], [@LOCAL], [@LOCAL, '127.0.0.1', 'x'], [@LOCAL, '--delay', 'x', '127.0.0.1'],
	    ['--local', "a\@b\r\nDATA", '127.0.0.1'], [@LOCAL, '--external', 'a b', '127.0.0.1'],
	    [@LOCAL, '--nothing', '127.0.0.1']) {
		($code) = ctl('probe', @$wrong);
		is $code, 64, 'usage: ' . join(' ', @$wrong) =~ s/[\r\n]+/ /gr;
	}
	($code, $out) = ctl('probe', '--list');
	is $code, 0, 'the list: exit 0';
	cmp_ok scalar(split /\n/, $out), '>', 130, 'the list: all of them';
}

test_filter();
test_servers();
test_formats();
test_refusals();
done_testing;
