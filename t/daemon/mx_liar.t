#!/usr/bin/perl
# t/daemon/mx_liar.t: what the daemon answers while a name server lies, drops, delays and hangs
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use IO::Socket::INET;
use Socket qw(MSG_DONTWAIT);
use Authrelay::Crowd;
use Authrelay::Daemon;
use Authrelay::NameServer;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Spray qw(spray);
use Authrelay::Wait qw(wait_until wait_for);

need_daemon();

my $TIMEOUT = 4;	# mx.timeout
my $PATIENCE = $TIMEOUT + 15;	# of ours, for a machine that is busy
my ($PERMIT, $REJECT, $LATER) = (qr/^continue$/, qr/^550 5\.7\.1 /, qr/^451 4\.4\.3 /);

# Whose mail exchanger is this server, who says that it is not, and whose cannot be known.
my %FAULTS = (
	permit => [$PERMIT, qw(ok ad authoritative slow-200 twice dropn-1 noedns formerrnoedns badvers tcgood tclie tctcpdrip
	    badidgood-3 badidgood-9 badqgood badsrcgood case trailing ptrchain-10 longest many-100 txtbomb-59000 tsig-1500
	    cnamechain-8 mixed capitals ttl-0 ttl-2147483648 flip okthenfail-9)],
	reject => [$REJECT, qw(nxdomain-30 slownx-200 nodata-30 nodatanosoa nullmx nullplus many-101 many-1000 cnameself
	    cnameloop cnamechain-9 cnameend wrongtype nul dot single numbers hyphen)],
	later => [$LATER, qw(servfail refused formerr notimp yxdomain nxbeside nxlame lame referral failn-1 extended tcboth
	    tctcpclose tctcpreset tctcplen0 tctcpbadid tctcpservfail cutoff loop fwdptr hdrptr ptrchain-16 ptrchain-5000
	    rdover rdlonger rdshort mxrd0 mxrd2 reserved longname ancount arcount ard-3 cnamelame twocnames cnamestranger
	    wrongowner wrongclass)],
	silence => [$LATER, qw(drop udpdrop tctcpdrop tctcphalf badid badq badqtype badqclass noq twoq notresp opcode
	    badsrc garbage idgarbage short hdr empty)],
	either => [qr/$PERMIT|$LATER/, qw(flaky)],
);
my $CONF = <<"EOT";
local-domains = { local.test }
own-addresses = { 198.51.100.25, "2001:db8::25" }
mx {
	accept = any
	domains = { .fault }
	timeout = $TIMEOUT
}
EOT

my $folder = scratch_folder();
my $server = Authrelay::NameServer->start(file => "$folder/queries");
my $number = 0;

sub daemon
{
	my (@server) = @_;

	return Authrelay::Daemon->new(conf => "${CONF}dns { servers = { " . join(', ', map { qq("$_") } @server) . " } }\n")->start;
}

# Every one of them has a network of its own, so that the bounds for one client and one site hold nobody up.
sub client { $number++; return sprintf '10.%d.%d.1', $number >> 8, $number & 255 }
sub strangers { return map { [client(), $_] } @_ }
sub descriptors { my ($pid) = @_; return scalar(() = glob "/proc/$pid/fd/*") }

# One look-up after the other would take minutes, and not more than 24 may be under way for strangers' domains.
sub answers
{
	my ($daemon, @rcpt) = @_;
	my @answer;

	while (my @some = splice @rcpt, 0, 22) {
		push @answer, Authrelay::Crowd->start(socket => $daemon->socket, asks => [strangers(@some)])->end($PATIENCE);
	}
	return @answer;
}

sub longest
{
	return sprintf '%.3f s', (sort { $b <=> $a } map { $_->{after} // $PATIENCE } @_)[0];
}

sub reply
{
	my ($daemon, $rcpt, $addr) = @_;

	return (Authrelay::Crowd->start(socket => $daemon->socket, asks => [[$addr // client(), $rcpt]])->end($PATIENCE))[0];
}

sub test_faults
{
	my ($daemon, $name, @kind) = @_;
	my @row = map { my ($want, @fault) = @{ $FAULTS{$_} }; map { [$_, $want] } @fault } @kind;
	my @answer = answers($daemon, map { "<u\@$name.$_->[0].fault>" } @row);

	for my $i (0 .. $#row) {
		like $answer[$i]{reply} // 'no answer', $row[$i][1], "$name: $row[$i][0]";
	}
	diag "$name: " . @row . ' faults, the last answer after ' . longest(@answer)
	    . " where mx.timeout is $TIMEOUT";
}

subtest 'every fault' => sub {
	my $daemon = daemon($server->address);
	my $before = descriptors($daemon->pid);
	my %tested = map { /^(\w+)/ ? ($1 => 1) : () } map { @$_ } values %FAULTS;

	is join(' ', grep { !$tested{$_} } map { s/^many$/many/r } Authrelay::NameServer::behaviours()), '', 'there is no other';
	test_faults($daemon, 'one', qw(silence either later permit reject));
	ok wait_until(20, sub { descriptors($daemon->pid) <= $before }), 'no descriptor stays open';
	my @wrong = grep { ($_->{mx} // '') !~ /^(?:primary|backup|not|tempfail)\b.*, \d+ quer(?:y|ies), \d+ us, fresh$/ }
	    grep { ($_->{event} // '') eq 'rcpt' } $daemon->records->all;
	is scalar @wrong, 0, 'every record says what was asked and what came' or diag explain $wrong[0];
	my $failures = grep { ($_->{reason} // '') eq 'dns-failure' } $daemon->records->all;
	my $told = () = $daemon->log_text =~ /MX lookup for \S+: tempfail: /g;
	cmp_ok $told, '>', 0, 'failures are logged';
	cmp_ok $told, '<', $failures / 2, "not each of them: $told lines for $failures";
	$daemon->records->check_file($daemon);
	is $daemon->sanitizer_report, '', 'no sanitizer has anything to say';
	$daemon->stop;
};

subtest 'beside a server that is dead' => sub {
	my $daemon = daemon('127.0.0.1:' . free_port(), $server->address);

	test_faults($daemon, 'two', qw(permit reject));
	$daemon->stop;
};

# Each question would wait for it first; as it was silent three times, it is asked last, where nobody comes to.
subtest 'beside a server that is silent' => sub {
	my $silent = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die "udp: $!\n";
	my $daemon = daemon('127.0.0.1:' . $silent->sockport, $server->address);
	my @answer = map { reply($daemon, "<u\@s$_.ok.fault>") } 1 .. 20;
	my $asked = 0;

	$asked++ while defined recv $silent, my $message, 4096, MSG_DONTWAIT;
	is scalar(grep { ($_->{reply} // '') !~ $PERMIT } @answer), 0, 'the other one is believed';
	cmp_ok $asked, '>=', 3, 'the silent one was asked';
	cmp_ok $asked, '<=', 10, "and then it was not, for 20 domains: $asked times";
	for my $round (1 .. 5) {
		wait_for('reload', 20, sub {
			kill 'HUP', $daemon->pid;
			$round <= grep { $_->{event} eq 'reload' } $daemon->records->all;
		});
		reply($daemon, "<u\@t$round.$_.ok.fault>") for 1 .. 2;
	}
	$asked++ while defined recv $silent, my $again, 4096, MSG_DONTWAIT;
	cmp_ok $asked, '<=', 10, "nor do five reloads forget that: $asked times";
	$daemon->stop;
};

# Else it is over after two tries, before.
subtest 'a deadline within the second try' => sub {
	my $daemon = daemon($server->address);

	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s/timeout = \d+/timeout = 1/r);
	kill 'HUP', $daemon->pid;
	ok wait_until(20, sub { grep { $_->{event} eq 'reload' } $daemon->records->all }), 'mx.timeout is 1 now';
	my @answer = answers($daemon, map { "<u\@late$_.drop.fault>" } 1 .. 30);
	is scalar(grep { ($_->{reply} // '') !~ $LATER } @answer), 0, 'no answer is a temporary failure';
	diag 'the last of ' . @answer . ' answers after ' . longest(@answer) . ' where mx.timeout is 1';
	$daemon->stop;
};

subtest 'packets lost, delayed and doubled' => sub {
	my $daemon = daemon($server->address);
	my @answer = answers($daemon, map { "<u\@f$_.flaky.fault>" } 1 .. 30);
	my $answered = grep { ($_->{reply} // '') eq 'continue' } @answer;

	is scalar(grep { ($_->{reply} // '') !~ /$PERMIT|$LATER/ } @answer), 0, 'nobody hears a wrong verdict';
	cmp_ok $answered, '>', 15, "and most of them the right one: $answered of " . @answer;
	$daemon->stop;
};

# Each would be permitted if one forged answer were believed; and that DNS says no is cached, too.
subtest 'a spray of forged answers' => sub {
	my $daemon = daemon($server->address);
	my $name = 'spray.slownx-1500.fault';
	my $crowd = Authrelay::Crowd->start(socket => $daemon->socket, asks => [[client(), "<u\@$name>"]]);

	wait_for('query', 10, sub { scalar $server->queries(qr/^udp \Q$name\E /) });
	my $sent = spray($name, 'mx.ok.fault');
	cmp_ok $sent, '>', 20000, "$sent of them";
	like +($crowd->end($PATIENCE))[0]{reply}, $REJECT, 'change nothing';
	like reply($daemon, "<u\@$name>")->{reply}, $REJECT, 'nor do they later';
	$daemon->stop;
};

# How many wait for the name server; of the kernel's list of sockets that have a peer.
sub look_ups
{
	my $peer = sprintf '0100007F:%04X', $server->port;

	return scalar(() = read_file('/proc/net/udp') =~ /^ *\d+: \S+ \Q$peer\E /mg);
}

# As long as the name server is stopped, all that is asked for hangs; by the number of tries, for nine seconds.
sub hang_daemon
{
	my $daemon = daemon(($server->address) x 3);

	write_file($daemon->conf_file, read_file($daemon->conf_file) =~ s/timeout = \d+/timeout = 30/r);
	kill 'HUP', $daemon->pid;
	wait_for('reload', 20, sub { grep { $_->{event} eq 'reload' } $daemon->records->all });
	return $daemon;
}

subtest 'look-ups that hang' => sub {
	my $daemon = hang_daemon();
	my $before = descriptors($daemon->pid);

	like reply($daemon, '<u@known.ok.fault>')->{reply}, $PERMIT, 'one domain is known';
	my $alone = reply($daemon, '<u@local.test>');
	kill 'STOP', $server->process->pid;
	my $crowd = Authrelay::Crowd->start(socket => $daemon->socket,
	    asks => [strangers(map { "<u\@h$_.ok.fault>" } 1 .. 24)]);
	ok wait_until($PATIENCE, sub { look_ups() == 24 }), '24 look-ups hang' or diag look_ups();
	my $refused = reply($daemon, '<u@more.ok.fault>');
	my $local = reply($daemon, '<u@local.test>');
	my $known = reply($daemon, '<u@known.ok.fault>');
	is $crowd->look(0), 24, 'and all the while';
	like $refused->{reply}, $LATER, 'one more is turned away';
	like $local->{reply}, $PERMIT, 'a local recipient is not';
	like $known->{reply}, $PERMIT, 'nor one of a domain that is known';
	kill 'CONT', $server->process->pid;
	is scalar(grep { ($_->{reply} // '') =~ $PERMIT } $crowd->end($PATIENCE)), 24, 'and they come to an end';
	diag sprintf 'while 24 look-ups hang: the next one is refused after %.1f ms, a local recipient permitted after %.1f ms '
	    . '(%.1f ms without), a known domain after %.1f ms', map { 1000 * $_->{after} } $refused, $local, $alone, $known;
	like reply($daemon, '<u@again.ok.fault>')->{reply}, $PERMIT, 'then there is room again';
	my ($record) = grep { ($_->{rcpt} // '') eq '<u@more.ok.fault>' } $daemon->records->all;
	is $record->{mx}, 'tempfail: too many MX lookups in progress', 'the record says why';
	ok wait_until(20, sub { descriptors($daemon->pid) <= $before }), 'no descriptor stays open';
	$daemon->stop;
};

# Those of one client and of one site; and of somebody else all the while.
subtest 'nobody has all look-ups' => sub {
	my $daemon = hang_daemon();

	for my $row ([4, [map { '192.0.2.1' } 1 .. 10], [map { "203.0.113.$_" } 1 .. 24]],
	    [6, [map { "2001:db8:9:1::$_" } 1 .. 10], [map { "2001:db8:8:$_\::1" } 1 .. 24]]) {
		my ($family, @side) = @$row;
		kill 'STOP', $server->process->pid;
		my @crowd = map {
			Authrelay::Crowd->start(socket => $daemon->socket,
			    asks => [map { [$_, '<u@d' . $number++ . '.ok.fault>'] } @$_]);
		} @side;
		wait_until($PATIENCE, sub { $crowd[0]->look(0.01) + $crowd[1]->look(0.01) == 20 && look_ups() == 20 });
		is $crowd[0]->look(0), 4, "IPv$family: one client has 4 look-ups, and no more";
		is $crowd[1]->look(0), 16, "IPv$family: one site has 16, and no more";
		my $other = Authrelay::Crowd->start(socket => $daemon->socket, asks => [strangers("<u\@o$family.ok.fault>")]);
		ok wait_until($PATIENCE, sub { look_ups() == 21 }), "IPv$family: others have theirs";
		kill 'CONT', $server->process->pid;
		is scalar(grep { ($_->{reply} // '') =~ $PERMIT } map { $_->end($PATIENCE) } @crowd, $other), 21,
		    "IPv$family: and who was not turned away is answered in the end";
	}
	$daemon->stop;
};

# A stranger has a zone whose name servers say nothing, and clients in two networks. Anybody's domain may be ours.
subtest 'mail for domains that were ours, while strangers keep look-ups busy' => sub {
	my $daemon = Authrelay::Daemon->new(conf => $CONF =~ s/^\tdomains.*\n//mr . 'dns { servers = { "' . $server->address
	    . "\" } }\n")->start;
	my @ours = map { 'k.ttl-' . '0' x $_ . '1.fault' } 0 .. 11;	# their permits live for a second
	my @sender = map { client() } @ours;
	my $asked = 0;
	my $flood = sub {
		my ($count) = @_;
		my @ask = map { my $net = $_; map { ["$net.$_", '<u@r' . $asked++ . '.drop.fault>'] } 1 .. $count } qw(192.0.2 203.0.113);

		return Authrelay::Crowd->start(socket => $daemon->socket, asks => \@ask);
	};
	my $mail = sub {
		my @answer = Authrelay::Crowd->start(socket => $daemon->socket,
		    asks => [map { [$sender[$_], "<u\@$ours[$_]>"] } 0 .. $#ours])->end($PATIENCE);

		return scalar grep { ($_->{reply} // 'none') !~ $PERMIT } @answer;
	};

	is $mail->(), 0, 'they are ours';
	my $known = time;
	my $crowd = $flood->(40);
	ok wait_until($PATIENCE, sub { look_ups() == 24 }), 'strangers have 24 look-ups' or diag look_ups();
	ok wait_until(10, sub { time > $known + 1 }), 'all permits have ended';
	my $before = $server->queries(qr/ttl-0*1\.fault MX/);
	is $mail->(), 0, 'and are permitted while look-ups hang';
	cmp_ok scalar $server->queries(qr/ttl-0*1\.fault MX/), '>=', $before + @ours, 'each was looked up';
	is scalar(grep { ($_->{reply} // '') !~ $LATER } $crowd->end($PATIENCE)), 0, 'strangers hear: later';

	my $silent = $server->queries(qr/drop\.fault MX/);
	my $second = $flood->(40);
	is $mail->(), 0, 'ours are permitted all the while';
	like reply($daemon, '<u@new.ok.fault>')->{reply}, $PERMIT, 'and a new one for somebody else';
	is scalar(grep { ($_->{reply} // '') !~ $LATER } $second->end($PATIENCE)), 0, 'strangers hear: later';
	my %why;
	$why{$_->{mx}}++ for grep { ($_->{rcpt} // '') =~ /drop\.fault/ } $daemon->records->all;
	my $silence = 'tempfail: too many failed MX lookups for such domains from the client\'s network';
	cmp_ok $why{$silence} // 0, '>=', 80 - 4, 'but at once: their networks pause';
	cmp_ok $server->queries(qr/drop\.fault MX/) - $silent, '<=', 4 * 4, 'and nearly nobody was asked';
	$daemon->stop;
};

$server->stop;
done_testing;
