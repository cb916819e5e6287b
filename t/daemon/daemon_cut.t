#!/usr/bin/perl
# t/daemon/daemon_cut.t: a configuration that was emptied, cut or is half written takes nothing away from a running daemon
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use IO::Handle;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes ();
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Wait qw(wait_for);

need_daemon();

my $DENIED = '550 5.7.1 Relaying denied; authenticate first';
my $LOCAL = "local-domains = { local.test }\n";
my $daemon = Authrelay::Daemon->new(conf => $LOCAL)->start;
my $good = read_file($daemon->conf_file);
my $lists = $daemon->folder;

# Sends SIGHUP and returns what was said until it had been dealt with.
sub reload
{
	my $before = length $daemon->log_text;

	kill 'HUP', $daemon->pid;
	return wait_for('end of the reload', 20, sub {
		my $text = substr $daemon->log_text, $before;
		$text =~ /reloaded.*\n/ ? $text : undef;
	});
}

sub answer
{
	my ($rcpt) = @_;
	my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$m->client(addr => '198.51.100.7');
	$m->mail('<m@sender.test>');
	my $reply = $m->rcpt($rcpt);
	$m->quit;
	return $reply;
}

sub recorded { return scalar(grep { $_->{event} eq 'rcpt' } $daemon->records->all) }

# All is as it was: who is local, who is refused, and both are recorded.
sub is_as_before
{
	my ($name) = @_;
	my $before = recorded();

	is(answer('<a@local.test>'), 'continue', "$name: mail to us is taken");
	is(answer('<a@outside.test>'), $DENIED, '  other mail is not');
	is(recorded(), $before + 2, '  and both are recorded');
}

# A reload of this text is refused for this reason, and all is as it was.
sub refused
{
	my ($name, $text, $why) = @_;

	write_file($daemon->conf_file, $text);
	my $said = reload();
	like($said, qr/error: \Q@{[$daemon->conf_file]}\E: $why/, "$name: why") or diag $said;
	like($said, qr/error: not reloaded: the old configuration stays in force$/m, "$name: not reloaded");
	is_as_before($name);
}

my $NO_DOMAIN = qr/local-domains and relay-domains are empty, .*set one of them, or no-local-domains = yes/;
my $NO_FILE = qr/audit\.file: records would no longer go to a file; if that is intended, write audit \{ file = "" \}, or restart/;

subtest 'a reload of what is left' => sub {
	my ($socket) = $good =~ /^(socket = .*\n)/m;

	is_as_before('at first');
	refused('emptied', '', $NO_DOMAIN);
	refused('cut before the domains', $good =~ s/^local-domains.*//msr, $NO_DOMAIN);
	refused('all of it a comment', $good =~ s/^/# /mgr, $NO_DOMAIN);
	refused('without the section of the record', "$socket$LOCAL", $NO_FILE);
	refused('without the file in it', $good =~ s/^\tfile = .*\n//mr, $NO_FILE);
	refused('domains that are relayed for, alone', $good =~ s/local-domains/relay-domains/r,
	    qr/local-domains: no domain would be local any longer; if that is intended, write local-domains = \{ \}, or restart/);
	refused('allowed to have none', $good =~ s/^local-domains.*/no-local-domains = yes/mr, qr/local-domains: no domain would/);
	write_file("$lists/list", "# nothing yet\n");
	refused('a list file without entries', $good =~ s/\{ local\.test \}/"file:list"/r . "relay-domains = r.test\n",
	    qr/local-domains: no domain would/);
	is(scalar(grep { $_->{event} eq 'reload' } $daemon->records->all), 0, 'no reload is recorded that was none');
};

subtest 'a file that is being written' => sub {
	open my $fh, '>', $daemon->conf_file or die;
	refused('an editor has truncated it', read_file($daemon->conf_file), $NO_DOMAIN);
	$fh->autoflush;
	print $fh substr $good, 0, length($good) / 2;
	like(reload(), qr/the last line has no newline.*\n.*not reloaded/s, 'and has written one half');
	is_as_before('half');
	print $fh substr $good, length($good) / 2;
	close $fh or die;
	like(reload(), qr/reloaded, .*changed: nothing$/m, 'and the other');
};

# Every line of the file is good by itself, and a mixture of two versions is neither of them.
subtest 'a file that is rewritten over and over' => sub {
	my @version = map { my $name = $_; "relay-domains = {\n" . join('', map { "$name$_.test,\n" } 10000 .. 19999) . "}\n" } 'a', 'b';
	write_file($daemon->conf_file, $good . $version[0]);
	# It says so where it was kept from the second half for so long that nobody could know of that.
	pipe my $late, my $tell or die;
	$late->blocking(0);
	my $pid = fork // die;
	if ($pid == 0) {
		open my $fh, '+<', $daemon->conf_file or POSIX::_exit(1);
		for (my $i = 1; ; $i = !$i) {
			my $start = Time::HiRes::time();
			for my $at (0 .. 1) {
				my $half = length($version[0]) >> 1;
				sysseek $fh, length($good) + $at * $half, 0;
				syswrite $fh, substr $version[$i], $at * $half, $at ? length $version[$i] : $half;
				select undef, undef, undef, 0.003 if !$at;
			}
			syswrite $tell, '.' if Time::HiRes::time() - $start > 0.006;
			select undef, undef, undef, 0.05;
		}
	}
	my ($mixed, $reloaded, $discarded) = (0, 0, 0);
	for (1 .. 20) {
		sysread $late, my $old, 1000;
		my $said = reload();
		$reloaded++ if $said =~ /: reloaded, /;
		my %in = map { $_ => scalar(grep { answer("<x\@$_->[0]>") eq 'continue' }
		    [ "${_}10000.test" ], [ "${_}19999.test" ]) } 'a', 'b';
		if ($said =~ /: reloaded, / && grep { $_ == 1 } values %in) {
			select undef, undef, undef, 0.3;	# so that it can say so
			sysread($late, my $dots, 1000) ? $discarded++ : $mixed++;
		}
		like($said, qr/: reloaded, |it keeps changing; write a new file, and rename it to this one/, 'reloaded, or why not');
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	is($mixed, 0, 'no mixture is ever in force');
	note "the writer was late: $discarded" if $discarded;
	cmp_ok($reloaded, '>', 0, "and it is read in the pauses: $reloaded of 20 times");
};

subtest 'what is no file' => sub {
	write_file($daemon->conf_file, $good);
	like(reload(), qr/: reloaded, /, 'as it was');
	POSIX::mkfifo("$lists/fifo", 0600) or die;
	for my $list ("$lists/fifo", '/dev/zero', $lists) {
		write_file($daemon->conf_file, $good . "relay-domains = \"file:$list\"\n");
		like(reload(), qr/relay-domains: invalid entry "file:\Q$list\E": (?:not a regular file|Is a directory)$/m, "$list: an error");
		is_as_before($list);
		my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $daemon->conf_file);
		is($code, 78, 'and of -t at once');
	}
	# the configuration itself
	unlink $daemon->conf_file;
	POSIX::mkfifo($daemon->conf_file, 0600) or die;
	like(reload(), qr/error: \Q@{[$daemon->conf_file]}\E: $NO_DOMAIN/, 'a FIFO in the place of the configuration');
	is_as_before('a FIFO');
	unlink $daemon->conf_file;
};

subtest 'what is meant is done' => sub {
	write_file($daemon->conf_file, $good =~ s/^local-domains.*/local-domains = { }\nno-local-domains = yes/mr);
	like(reload(), qr/reloaded, .*changed: local-domains, no-local-domains$/m, 'no local domain');
	is(answer('<a@local.test>'), $DENIED, 'is local');
	write_file($daemon->conf_file, $good);
	like(reload(), qr/reloaded, /, 'as it was');
	write_file($daemon->conf_file, $good =~ s/^\tfile = .*/\tfile = ""/mr);
	my $said = reload();
	like($said, qr/reloaded, .*changed: audit\.file$/m, 'no record');
	like($said, qr/warning: \S+: audit\.syslog: no, and audit\.file is empty: nothing is recorded/, 'which is warned of');
	is($daemon->stop('TERM'), 0, 'it ends well');
	write_file($daemon->conf_file, "socket = \"@{[$daemon->socket]}\"\nrelay-domains = local.test\n");
	$daemon->start;
	is(answer('<a@local.test>'), 'continue', 'a start takes the file as it is');
	is($daemon->stop('TERM'), 0, 'it ends well');
	is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
};

subtest 'a start of what is left' => sub {
	for my $text ('', "# nothing\n", "mode = monitor\n") {
		write_file($daemon->conf_file, $text);
		for my $option ('-t', '-n', '-f') {
			my ($code, $said) = Authrelay::Process->run(Authrelay::Daemon::program(), $option, '-c', $daemon->conf_file);
			is($code, 78, "exit code with $option: " . $text =~ s/\s+/ /gr);
			like($said, qr/^\Q@{[$daemon->conf_file]}\E: $NO_DOMAIN/, 'and why');
		}
	}
};

done_testing;
