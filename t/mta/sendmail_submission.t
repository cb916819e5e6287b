#!/usr/bin/perl
# t/mta/sendmail_submission.t: the ways in which mail of this host enters a real Sendmail; one with relay rules of its own
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(_exit dup2);
use Test::More;
use Authrelay::Need qw(need_sendmail);
use Authrelay::Process;
use Authrelay::Scratch qw(write_file);
use Authrelay::SMTP;
use Authrelay::Stage;

need_sendmail();

my $DENIED = qr/^550 5\.7\.1 <\S+>\.\.\. Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;
my ($STRANGER, $TRUSTED) = ('127.0.0.9', '127.0.0.10');

# A message as a program gives it to sendmail(8).
sub submit
{
	my ($stage, $mark, @argument) = @_;
	my @command = $stage->sendmail->command(@argument);
	my $file = write_file($stage->sendmail->folder . "/message", "To: $mark\@outside.test\nX-Mark: $mark\n\ntext\n");

	my ($code, $text) = Authrelay::Process->run('sh', '-c', 'file=$1; shift; exec "$@" <"$file"', 'sh', $file, @command);
	is($code, 0, "$mark: exit code") or diag($text);
}

# What sendmail -bs says on these handles, to a client that has the others; it says EHLO.
sub bs
{
	my ($stage, $input, $output, %client) = @_;
	my @command = $stage->sendmail->command('-bs');
	my $process = Authrelay::Process->start(code => sub {
		dup2(fileno $input, 0);
		dup2(fileno $output, 1);
		exec { $command[0] } @command or _exit(127);
	});

	close $_ for $input, $output;
	my $c = Authrelay::SMTP->new(%client);
	$c->ehlo;
	return ($c, $process);
}

sub bs_pipe
{
	my ($stage) = @_;

	pipe my $their_input, my $our_output or die "pipe: $!\n";
	pipe my $our_input, my $their_output or die "pipe: $!\n";
	return bs($stage, $their_input, $their_output, socket => $our_input, output => $our_output);
}

sub bs_unix_socket
{
	my ($stage) = @_;
	my ($ours, $theirs) = IO::Socket::UNIX->socketpair(AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!\n";

	return bs($stage, $theirs, $theirs, socket => $ours);
}

# As inetd does it.
sub bs_inet_socket
{
	my ($stage, $from) = @_;
	my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "$@\n";
	my $ours = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport, LocalAddr => $from)
	    or die "$@\n";
	my $theirs = $listener->accept or die "accept: $!\n";

	return bs($stage, $theirs, $theirs, socket => $ours);
}

sub relays
{
	my ($c, $mark, $reply) = @_;

	$c->mail('<m@sender.test>');
	like(my $got = $c->rcpt("<$mark\@outside.test>"), $reply, "$mark: to elsewhere");
	like($c->data($mark), qr/^250 /, "$mark: taken") if $got =~ /^250/;
	$c->quit;
}

sub ends
{
	my ($name, $process) = @_;

	is($process->wait_exit(20), 0, "$name: sendmail -bs ends");
}

sub arrived_are
{
	my ($stage, $name, @mark) = @_;

	is(join("\n", $stage->delivered), join("\n", map { "relay $_ <$_\@outside.test>" } sort @mark), $name);
	is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	$stage->records->check_file($stage->daemon);
}

subtest 'submission on this host' => sub {
	my $stage = Authrelay::Stage->start(sendmail => {}, conf => <<"EOT");
trusted-networks = { "127.0.0.1/32", "$TRUSTED/32" }
local-domains = { "local.test", "mx.example.test" }
EOT
	my $records = $stage->records;

	submit($stage, 'program', '-t');
	is(scalar $records->take(0), 0, 'sendmail -t: Sendmail shows it to no filter');

	for my $way ([ 'pipe', \&bs_pipe ], [ 'unix-socket', \&bs_unix_socket ]) {
		my ($c, $process) = $way->[1]->($stage);
		relays($c, "bs-$way->[0]", $OK);
		ends($way->[0], $process);
		my %local = (client => undef, client_name => 'localhost', daemon => undef);
		$records->are("sendmail -bs, $way->[0]: recorded so", { event => 'rcpt', verdict => 'permit',
		    reason => 'local-submission', %local }, { event => 'message', %local });
	}

	my ($c, $process) = bs_inet_socket($stage, $TRUSTED);
	relays($c, 'bs-inet', $OK);
	ends('inet', $process);
	$records->are('sendmail -bs, a socket of the network: a client like others', { verdict => 'permit',
	    reason => 'trusted-network', client => $TRUSTED, daemon => undef }, { event => 'message' });
	($c, $process) = bs_inet_socket($stage, $STRANGER);
	relays($c, 'bs-stranger', $DENIED);
	ends('inet', $process);
	$records->are('and strangers are strangers', { verdict => 'reject', reason => 'relay-denied', client => $STRANGER });

	submit($stage, 'msp', '-Ac', '-t');
	$records->are('sendmail -Ac: the submission program is a client from 127.0.0.1, without a login',
	    { verdict => 'permit', reason => 'trusted-network', client => '127.0.0.1', auth => undef },
	    { event => 'message' });
	arrived_are($stage, 'what was permitted arrived', qw(program bs-pipe bs-unix-socket bs-inet msp));
};

# It lets 127.0.0.1 relay whatever is configured, and we do not. What it refuses itself it does not tell us.
subtest 'Sendmail with relay rules' => sub {
	my $stage = Authrelay::Stage->start(conf => <<"EOT", sendmail => {
trusted-networks = { "$TRUSTED/32" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "backup.test" }
local-submission = reject
EOT
		strict => 1,
		users => { alice => 'secret' },
		maps => { access => "Connect:$TRUSTED RELAY\nTo:backup.test RELAY\nTo:old.test RELAY\n" }
	});
	my $records = $stage->records;
	my $session = sub {
		my ($from) = @_;
		my $c = $stage->sendmail->connect(from => $from);
		$c->ehlo;
		$c->auth('CRAM-MD5', 'alice', 'secret', $stage->sendmail->host) if $from eq '127.0.0.13';
		return $c;
	};

	my $c = $session->($STRANGER);
	$c->mail('<m@sender.test>');
	like($c->rcpt('<x@outside.test>'), qr/^550 5\.7\.1 .*Relaying denied/, 'a stranger is refused by Sendmail');
	like($c->rcpt('<user@backup.test>'), $OK, 'but not to a domain that it relays for');
	like($c->rcpt('<user@old.test>'), $DENIED, 'which has to be one of ours, too');
	$c->quit;
	$records->are('the first is not in the record', { verdict => 'permit', reason => 'relay-domain' },
	    { verdict => 'reject', domain => 'old.test' });

	relays($session->('127.0.0.1'), 'localhost', $DENIED);
	$records->are('127.0.0.1 is no exception', { verdict => 'reject', client => '127.0.0.1' });
	relays($session->($TRUSTED), 'trusted', $OK);
	$records->are('a trusted network', { reason => 'trusted-network' }, { event => 'message' });
	relays($session->('127.0.0.13'), 'login', $OK);
	$records->are('a login', { reason => 'authenticated', auth => 'alice' }, { event => 'message' });

	($c, my $process) = bs_pipe($stage);
	relays($c, 'pipe', $DENIED);
	ends('pipe', $process);
	$records->are('local-submission = reject', { verdict => 'reject', reason => 'relay-denied', client => undef });
	arrived_are($stage, 'what was permitted arrived', qw(trusted login));
};

subtest 'monitor mode' => sub {
	my $stage = Authrelay::Stage->start(sendmail => {}, conf => <<'EOT');
mode = monitor
trusted-networks = { }
local-domains = { "local.test", "mx.example.test" }
EOT

	my $c = $stage->sendmail->connect(from => $STRANGER);
	$c->ehlo;
	relays($c, 'watched', $OK);
	$stage->records->are('what would have been said', { verdict => 'reject', reason => 'relay-denied', enforced => 0,
		reply => '550 5.7.1 Relaying denied; authenticate first' }, { event => 'message' });
	arrived_are($stage, 'and all passes', 'watched');
};

done_testing;
