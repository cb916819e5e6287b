#!/usr/bin/perl
# t/ctl/probe_relays.t: authrelayctl probe finds the relays of an open Postfix and Sendmail, and none where we guard
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use Test::More;
use Authrelay::Ctl qw(need_ctl);
use Authrelay::Need qw(need_postfix need_program need_sendmail);
use Authrelay::Nmap qw(nmap nmap_relays);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Stage;

need_postfix();
need_sendmail();
need_ctl();
need_program('nmap', 'nmap');

my $CONF = <<'EOT';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
EOT

# Servers that know their users: of one that takes any user, nobody can say from outside whether a percent sign
# is part of a name. After a while Postfix waits at each recipient unless mail goes out as fast as it comes in.
my %KNOWS_USERS = (
	postfix => { main => "local_recipient_maps = inline:{ user=x }\nin_flow_delay = 0\n" },
	sendmail => { mc => "MODIFY_MAILER_FLAGS(`LOCAL', `+w')dnl\n", aliases => "user: root\n" },
);

# One of them may relay, with a password that stands in a file.
my %USERS = (users => { alice => 'secret' });
my @LOGIN = ('--auth', 'alice', '--allow-plaintext-auth', '--password-file',
    write_file(scratch_folder() . '/password', "secret\n", 0600));

# What nmap's senders are called here.
my %SENDER = ('<>' => 'null sender', '<antispam@outside.test>' => 'third party',
    '<antispam@mx.example.test>' => 'host name', '<antispam@[127.0.0.1]>' => 'address literal');

# The server's name is what it says itself.
sub start_probe
{
	my ($server, @option) = @_;
	my $file = scratch_folder() . '/out';
	my $process = Authrelay::Process->start(output => $file, command => [Authrelay::Ctl::program(), 'probe',
	    qw(--local user@local.test --relay-domain relay.test --external outside.test), @option,
	    '127.0.0.1:' . $server->port]);

	return { process => $process, file => $file };
}

# Returns the exit code and what was said on both streams.
sub finish
{
	my ($probe) = @_;

	return ($probe->{process}->wait_exit(300), read_file($probe->{file}));
}

sub finish_json
{
	my ($code, $text) = finish(@_);

	return ($code, eval { decode_json($text) } // { why => "not JSON: $text", tests => [] });
}

sub verdicts
{
	my ($json, @verdict) = @_;

	return grep { my $test = $_; grep { $test->{verdict} eq $_ } @verdict } @{ $json->{tests} };
}

# What every guarded server has to show: in each format.
sub check_text
{
	my ($probe) = @_;
	my ($code, $text) = finish($probe);

	is($code, 0, 'guarded: exit 0');
	like($text, qr/^All \d+ tests performed, no relays accepted\.\n\z/m, 'and what people know');
	like($text, qr/^kept +local recipient, from null sender: <user\@local\.test>: 250 /m, 'local mail is accepted');
	like($text, qr/^served +authenticated client relays, /m, 'and who logs in may relay');
}

sub check_monitor
{
	my ($probe) = @_;
	my ($code, $text) = finish($probe);

	is($code, 0, 'guarded, for a monitor: exit 0');
	like($text, qr/\ARELAY OK - All \d+ tests performed, no relays accepted\.\n\z/, 'and its line');
}

sub check_json
{
	my ($probe, $name) = @_;
	my ($code, $json) = finish_json($probe);

	is($code, 0, "$name, JSON: exit 0");
	is("$json->{status} $json->{relays} $json->{unclear}", 'OK 0 0', 'and what it says') or diag $json->{why};
	is(scalar @{ $json->{tests} }, $json->{performed}, 'with every test') or diag $json->{why};
	is(join(' ', map { $_->{recipient} } verdicts($json, qw(RELAY doubtful temporary lost))), '', 'all clear');
	my @local = grep { $_->{recipient} eq '<user@local.test>' } @{ $json->{tests} };
	is(join(' ', grep { $_->{verdict} ne 'kept' } @local), '', 'local mail is accepted');
}

sub check_daemon
{
	my ($stage) = @_;
	my @rcpt = grep { $_->{event} eq 'rcpt' } $stage->records->all;
	my @local = grep { $_->{rcpt} eq '<user@local.test>' } @rcpt;

	cmp_ok(scalar(grep { $_->{verdict} eq 'reject' } @rcpt), '>', 500, 'the daemon refused most of it');
	cmp_ok(scalar(grep { $_->{verdict} eq 'permit' } @local), '>', 10, 'but no local mail');
	is(scalar(grep { $_->{verdict} ne 'permit' } @local), 0, 'none of it');
	my @served = grep { ($_->{auth} // '') eq 'alice' && $_->{verdict} eq 'permit' } @rcpt;
	is(join(' ', map { "$_->{reason} $_->{rcpt}" } @served), 'authenticated <relaytest@outside.test>',
	    'and let one through to elsewhere: of who had logged in');
	is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
}

# A form may be played in more than one place of a session, so its name belongs to it.
sub check_open
{
	my ($server, $probe) = @_;
	my ($code, $json) = finish_json($probe);
	my @found = verdicts($json, 'RELAY');
	my %found = map { ("$_->{sender}: $_->{recipient}" => 1) } @found;
	my @nmap = map { ($SENDER{ $_->[0] } // $_->[0]) . ": $_->[1]" } nmap_relays(nmap($server->port));

	is($code, 2, 'open, JSON: exit 2');
	is("$json->{status} $json->{relays}", 'CRITICAL ' . @found, 'and how many there are') or diag $json->{why};
	cmp_ok(scalar @nmap, '>=', 14, 'nmap finds relays');
	is(join("\n", grep { !$found{$_} } @nmap), '', 'each of which is found here too');
	cmp_ok(scalar @found, '>', 25 * @nmap, 'and many more are');
	note(@nmap . ' relays found by nmap, ' . @found . " of $json->{performed} here");
	return scalar @found;
}

# Where the probe goes all the way, what it calls a relay is one.
sub check_deliveries
{
	my ($server, $sink, $relays) = @_;

	$server->wait_empty_queue;
	is(scalar(grep { $_->{sink} eq 'relay' } $sink->messages), $relays, 'each of them has sent a message on');
}

sub check_open_monitor
{
	my ($probe) = @_;
	my ($code, $text) = finish($probe);

	is($code, 2, 'open, for a monitor: exit 2');
	like($text, qr/\ARELAY CRITICAL - All \d+ tests performed, \d+ relays accepted\.\nthird party /,
	    'and what it says first');
}

# As many at once as there are to wait for: a server needs a while for so many sessions.
subtest 'Postfix' => sub {
	my $knows = $KNOWS_USERS{postfix}{main};
	my $stage = Authrelay::Stage->start(conf => $CONF, postfix => { main => $knows, %USERS });
	my ($open, $closed) = map { Authrelay::Postfix->start(sink => $stage->sink, milter => '',
	    main => $knows . $_) } '', "smtpd_relay_restrictions = reject_unauth_destination\n";
	my @guarded = map { start_probe($stage->postfix, @$_) } [@LOGIN], ['--json', '--quick'], ['--nagios', '--quick'];
	my @open = map { start_probe($open, @$_) } ['--json', '--data'], ['--nagios', '--quick'];
	my $closed_probe = start_probe($closed, '--json', '--quick');

	check_text($guarded[0]);
	check_json($guarded[1], 'guarded');
	check_monitor($guarded[2]);
	check_daemon($stage);
	check_deliveries($open, $stage->sink, check_open($open, $open[0]));
	check_open_monitor($open[1]);
	check_json($closed_probe, 'closed by itself');
};

subtest 'Sendmail' => sub {
	my $knows = $KNOWS_USERS{sendmail};
	my $stage = Authrelay::Stage->start(conf => $CONF, sendmail => { %$knows, %USERS });
	my $open = Authrelay::Sendmail->start(sink => $stage->sink, milter => '', %$knows);
	my $guarded_probe = start_probe($stage->sendmail, '--nagios', @LOGIN);
	my $open_probe = start_probe($open, '--json');

	check_monitor($guarded_probe);
	check_daemon($stage);
	check_open($open, $open_probe);
};

done_testing;
