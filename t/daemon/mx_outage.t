#!/usr/bin/perl
# t/daemon/mx_outage.t: a real resolver that stops for seconds and is killed, under load, before the daemon
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep time);
use Authrelay::Crowd;
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);
use Authrelay::Zones;

need_daemon();
if (defined(my $why = Authrelay::Zones::why_not())) {
	cannot($why);
	done_testing;
	exit;
}

my $CLIENTS = 8;
my $PATIENCE = 20;	# with one answer, on a machine that is busy
my ($PERMIT, $REJECT, $LATER) = (qr/^continue$/, qr/^550 5\.7\.1 /, qr/^451 4\.4\.3 /);

# What each client asks for in turn, which answer is right, and whether DNS has to be asked. Every domain of
# wild.test has us for its mail exchanger.
my @KIND = (
	{ name => 'new', rcpt => sub { "u\@$_[0].wild.test" }, right => $PERMIT, asks => 1 },
	{ name => 'local', rcpt => sub { "$_[0]\@local.test" }, right => $PERMIT },
	{ name => 'nobody', rcpt => sub { "u\@$_[0].test" }, right => $REJECT, asks => 1 },
	{ name => 'known', rcpt => sub { 'u@backup.test' }, right => $PERMIT },
);

my $zones = Authrelay::Zones->start;
my $daemon = Authrelay::Daemon->new(conf => <<"END")->start;
local-domains = { local.test }
own-addresses = { 198.51.100.25, "2001:db8::25" }
mx { accept = any domains = { .test } timeout = 2 }
dns { servers = { "@{[$zones->resolver]}" } }
END
my $folder = $daemon->folder;

sub ask
{
	my ($addr, $rcpt) = @_;

	return (Authrelay::Crowd->start(socket => $daemon->socket, asks => [[$addr, "<$rcpt>"]])->end($PATIENCE))[0];
}

sub descriptors { return scalar(() = glob '/proc/' . $daemon->pid . '/fd/*') }

# Until there is a file "over". Writes a line for each answer: when, which kind, how long it took, what it was.
sub load
{
	my ($client) = @_;

	for (my $n = 0; !-e "$folder/over"; $n++) {
		my $kind = $KIND[$n % @KIND];
		my $answer = ask("10.$client.0.1", $kind->{rcpt}->("c${client}n$n"));
		syswrite STDOUT, sprintf "%.3f %s %.3f %s\n", time, $kind->{name}, $answer->{after} // $PATIENCE,
		    $answer->{reply} // 'none came';
	}
}

# [when, kind, seconds, reply] of all clients.
sub all_answers
{
	return map { [split ' ', $_, 4] } map { split /\n/, read_file("$folder/load$_") } 1 .. $CLIENTS;
}

# Waits until each client has had an answer that DNS was asked for, since then.
sub recovers
{
	my ($name) = @_;
	my $since = time;

	ok wait_until(40, sub {
		my %is_new = map { $_->[1] => 1 } grep { $_->[0] > $since && $_->[3] =~ /^(?:continue|550)/ } all_answers();
		$is_new{new} && $is_new{nobody};
	}), "$name: new verdicts again";
	return time - $since;
}

sub longest { return (sort { $b <=> $a } 0, map { $_->[2] } @_)[0] }

like ask('10.9.0.1', 'u@backup.test')->{reply}, $PERMIT, 'a domain is known';
my $before = descriptors();
my @load = map { my $client = $_; Authrelay::Process->start(code => sub { load($client) }, output => "$folder/load$_") } 1 .. $CLIENTS;
recovers('at the start');

my $stopped = time;
kill 'STOP', $zones->unbound->pid;
sleep 7;
kill 'CONT', $zones->unbound->pid;
my $goes_on = time;
my $first = recovers('after seven seconds without a word');

my $killed = time;
$zones->unbound->stop('KILL');
ok wait_until(20, sub { grep { $_->[0] > $killed && $_->[3] =~ $LATER } all_answers() }), 'without a resolver it is later';
$zones->start_unbound;
my $second = recovers('with a new one');

write_file("$folder/over", '');
is join(' ', map { $_->wait_exit(30) // 'hangs' } @load), join(' ', (0) x $CLIENTS), 'the clients end';
my @answer = all_answers();
for my $kind (@KIND) {
	my @of_kind = grep { $_->[1] eq $kind->{name} } @answer;
	my @wrong = grep { $_->[3] !~ $kind->{right} && !($kind->{asks} && $_->[3] =~ $LATER) } @of_kind;
	is scalar @wrong, 0, "$kind->{name}: none of " . @of_kind . ' answers is wrong' or diag "@{ $wrong[0] }";
}
my @meanwhile = grep { $_->[0] > $stopped && $_->[0] < $goes_on } @answer;
my %kind = map { my $name = $_->{name}; $name => [grep { $_->[1] eq $name } @meanwhile] } @KIND;
cmp_ok scalar @{ $kind{local} }, '>', 0, 'local recipients are answered all the while';
diag sprintf '%d answers, %d of them later; while it was stopped: local after %.3f s at most, known %.3f s, others %.3f s (mx.timeout '
    . 'is 2); verdicts came back %.1f s after it went on, and %.1f s after a new one was started', scalar @answer,
    scalar(grep { $_->[3] =~ $LATER } @answer), longest(@{ $kind{local} }), longest(@{ $kind{known} }),
    longest(@{ $kind{new} }, @{ $kind{nobody} }), $first, $second;
ok wait_until(30, sub { descriptors() <= $before }), 'no descriptor stays open' or diag descriptors() . " from $before";
is $daemon->sanitizer_report, '', 'no sanitizer has anything to say';
$daemon->stop;
$zones->stop;
done_testing;
