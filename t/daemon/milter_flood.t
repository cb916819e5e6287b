#!/usr/bin/perl
# t/daemon/milter_flood.t: what one network of strangers can have recorded, and what is counted in its place
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Wait qw(wait_until);

need_daemon();
need_ctl();

my ($RATE, $BURST, $RCPTS) = (20, 200, 3000);
my $TOO_MANY = '451 4.7.1 Too many recipients from your network; try again later';
my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $CONF = <<'EOT';
local-domains = { "local.test" }
trusted-networks = { "192.0.2.0/24" }
EOT

sub audit_with
{
	my ($rate) = @_;

	return "\tsyslog = no\n\tstranger-rate = $rate\n\tstranger-burst = $BURST\n";
}

my $began = time;
my $daemon = Authrelay::Daemon->new(conf => $CONF, audit => audit_with($RATE))->start;

sub session
{
	my ($client, %macro) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->set_macros(j => 'mx.test', v => 'Postfix 3.7', '{daemon_name}' => 'smtpd', %macro);
	$m->client(addr => $client, family => $client =~ /:/ ? 6 : 4);
	$m->helo('client.test');
	$m->mail('<m@sender.test>');
	return $m;
}

# How often each reply came to so many recipients, of which every third is refused by the mail server, if asked.
sub replies
{
	my ($m, $rcpt, $count, $is_refused) = @_;
	my %count;

	for my $i (1 .. $count) {
		my @macro = $is_refused && $i % 3 == 0 ? ('error', '5.1.1', 'no such user') : (undef, undef, undef);
		$m->set_macros('{rcpt_mailer}' => $macro[0], '{rcpt_host}' => $macro[1], '{rcpt_addr}' => $macro[2]);
		$count{ $m->rcpt($rcpt) }++;
	}
	return \%count;
}

sub of_event { my ($event, @record) = @_; return grep { $_->{event} eq $event } @record }
sub recorded { return grep { $_->{event} =~ /^(?:rcpt|mta-reject)$/ } @_ }
sub of_network { my ($network, @record) = @_; return grep { ($_->{client} // '') =~ /^\Q$network\E/ } @record }

sub counted
{
	my $sum = 0;
	$sum += $_->{count} for of_event('flood', @_);
	return $sum;
}

my %sent;

subtest 'a flood from one network' => sub {
	my @m = map { session("203.0.113.$_") } 1 .. 3;
	my %reply;

	# the first transaction has 1,000 recipients
	for my $rcpt ('<u@local.test>', '<u@outside.test>', '<u%x@local.test>') {
		my $got = replies(shift @m, $rcpt, $RCPTS / 3, $rcpt =~ /outside/);
		$reply{$_} += $got->{$_} for keys %$got;
	}
	my $seconds = time - $began;
	my @record = $daemon->records->all;
	my $written = recorded(@record);
	cmp_ok($written, '<=', $RATE * $seconds + $BURST + 1, "records: no more than the burst and $RATE a second");
	cmp_ok($written, '>=', $BURST, 'and no fewer than the burst');
	is($reply{$TOO_MANY}, $RCPTS - $written, 'all others are told to come again');
	is(join(' ', map { defined $_->{session} ? 'one' : 'none' } (of_event('flood', @record))[0]), 'one',
	    'the first summary has an example');
	cmp_ok(scalar of_event('flood', @record), '<=', $seconds + 1, 'one a second, at most');
	$sent{'203.0.113.'} = $RCPTS;
};

subtest 'others at the same time' => sub {
	my %want = ('continue' => 50);

	is_deeply(replies(session('203.0.114.1'), '<u@local.test>', 50), \%want, 'another network');
	is_deeply(replies(session('2001:db8::1'), '<u@local.test>', 50), \%want, 'IPv6');
	is_deeply(replies(session('192.0.2.1'), '<u@outside.test>', 2 * $BURST), { continue => 2 * $BURST }, 'a trusted network');
	is_deeply(replies(session('203.0.113.1', '{auth_type}' => 'PLAIN', '{auth_authen}' => 'alice'), '<u@outside.test>',
	    2 * $BURST), { continue => 2 * $BURST }, 'a login, from the flooding network');
	my $reply = replies(session('203.0.113.200'), '<u@outside.test>', 3 * $BURST);
	cmp_ok($reply->{$TOO_MANY} // 0, '>', 0, 'but not a stranger there');
	is(($reply->{$TOO_MANY} // 0) + ($reply->{$DENIED} // 0), 3 * $BURST, 'who gets no other answer');
	$sent{'203.0.113.'} += 5 * $BURST;
};

subtest 'the last summary' => sub {
	my $sum = sub {
		my @record = of_network('203.0.113.', $daemon->records->all);
		return recorded(@record) + counted(@record);
	};

	ok(wait_until(30, sub { $sum->() == $sent{'203.0.113.'} }), 'comes by itself: records and counts are all that was sent')
	    or diag $sum->() . " of $sent{'203.0.113.'}";
};

subtest 'IPv6' => sub {
	my $written = 0;

	for my $client ('2001:db8:5::1', '2001:db8:5:ffff::1') {
		my $reply = replies(session($client), '<u@local.test>', $BURST);
		$written += $reply->{continue} // 0;
	}
	cmp_ok($written, '<', 2 * $BURST, 'a /48 is one network');
	$sent{'2001:db8:5:'} = 2 * $BURST;
};

subtest 'a transaction of which nothing is recorded' => sub {
	my $m = session('2001:db8:5::2');
	my $before = of_event('message', $daemon->records->all);
	my $reply = replies($m, '<u@local.test>', 1);

	SKIP: {
		skip('a recipient was recorded', 1) if !$reply->{$TOO_MANY};
		$m->data;
		$m->abort;
		is(scalar of_event('message', $daemon->records->all), $before, 'has no record of its message');
	}
	$sent{'2001:db8:5:'}++;
};

subtest 'a bound that a reload takes away' => sub {
	my $reloads = of_event('reload', $daemon->records->all);

	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s/stranger-rate = \d+/stranger-rate = 0/r);
	kill 'HUP', $daemon->pid;
	ok(wait_until(10, sub { of_event('reload', $daemon->records->all) > $reloads }), 'it is read');
	is_deeply(replies(session('203.0.113.9'), '<u@outside.test>', 2 * $BURST), { $DENIED => 2 * $BURST },
	    'every recipient is decided');
	$sent{'203.0.113.'} += 2 * $BURST;
};

is($daemon->stop('TERM'), 0, 'it ends well');
my @record = $daemon->records->all;
for my $network (sort keys %sent) {
	my @of_it = of_network($network, @record);
	is(recorded(@of_it) + counted(@of_it), $sent{$network}, "${network}: at the end records and counts are all that was sent");
}
$daemon->records->check_file($daemon);

subtest 'authrelayctl' => sub {
	my $file = $daemon->audit_file;
	my $flood = of_event('flood', @record);

	is((ctl('verify', $file))[0], 2, 'verify: whole, as far as the file alone can tell');
	my ($code, $out) = ctl('log', '--event', 'flood', $file);
	is($code, 0, 'log --event flood');
	is(scalar(() = $out =~ /^.* tempfail +too-many +(?:203\.0\.113|2001:db8:5:).*\(audit\.stranger-rate (?:203\.0\.113\.0\/24|2001:db8:5::\/48): \d+ recipients? not recorded\)$/mg),
	    $flood, 'shows each') or diag $out;
	($code, $out) = ctl('log', '--reason', 'too-many', '--client', '203.0.113.0/24', $file);
	is(scalar(() = $out =~ /too-many/g), scalar of_network('203.0.113.', of_event('flood', @record)), 'and by client');
	($code, $out) = ctl('report', '--json', $file);
	my $report = JSON::PP::decode_json($out);
	is($report->{unrecorded}{now}, counted(@record), 'report --json counts the recipients');
	my %verdict = map { $_ => $report->{verdicts}{$_}{now} } keys %{ $report->{verdicts} };
	is($verdict{permit} + $verdict{reject} + $verdict{tempfail}, scalar recorded(@record), 'and nowhere else');
	($code, $out) = ctl('report', $file);
	like($out, qr/^\s+[\d,.' ]+ more not recorded: audit\.stranger-rate$/m, 'report says it') or diag $out;
	($code, $out) = ctl('report', '--html', "$file.html", $file);
	like(read_file("$file.html"), qr/more not recorded: audit\.stranger-rate/, 'the page says it');
	($code, $out) = ctl('replay', '-c', $daemon->conf_file, '--json', $file);
	is($code, 0, 'replay: nothing differs') or diag $out;
};

is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
done_testing;
