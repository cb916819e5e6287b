#!/usr/bin/perl
# t/daemon/daemon_memory.t: no memory, at each call that asks for some
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Proc qw(has_sanitizer);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree;
use Authrelay::Wait qw(wait_until);

need_daemon();

my $SHIM = $ENV{AUTHRELAY_MALLOC_SHIM} // "$FindBin::Bin/../lib/malloc_shim.so";
my ($PROGRAM, $LIBMILTER) = (1, 2);
my $MAX = 400;	# calls of one transaction
my $RELOAD_MAX = 5000;

unless (-e $SHIM) {
	Authrelay::Tree::cannot('malloc_shim.so is built');
	done_testing;
	exit;
}

my $conf = <<'EOT';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", ".sub.test" }
relay-domains = { "relay.test" }
EOT
my $order_file = write_file(scratch_folder() . '/order', "\0" x 4096);
my $daemon = Authrelay::Daemon->new(conf => $conf);

# The order that the shim follows from now on: five numbers of 32 bits.
sub order
{
	my ($fail_at, $from, $keep_failing) = @_;

	open my $file, '+<:raw', $order_file or die "$order_file: $!\n";
	syswrite $file, pack 'L5', $fail_at, $keep_failing // 0, $from, 0, 0;
}

# How many calls there were, and how many of them failed.
sub outcome { return (unpack 'L5', read_file($order_file))[3, 4] }

sub start
{
	local @ENV{qw(LD_PRELOAD MALLOC_SHIM_FILE)} = ($SHIM, $order_file);
	local $ENV{ASAN_OPTIONS} = join ':', 'verify_asan_link_order=0', $ENV{ASAN_OPTIONS} // ();

	order(0, 0);
	return eval { $daemon->start };
}

# The shim does in this daemon what it is told.
sub shim_works
{
	order(0, $PROGRAM);
	$daemon->answers;
	play('plain');
	my ($count) = outcome();
	order(0, 0);
	return $count > 0;
}

# Three kinds of whole SMTP sessions; the answers to their recipients. A stranger's recipients elsewhere are
# marked: those must never be let pass.
our $PATIENCE = 15;
my %SESSION = (
	plain => [ '198.51.100.7', undef, '<user@local.test>', '!<x@outside.test>', '!<x%outside.test@local.test>',
	    'user@local.test', '!' . '<' . 'u' x 2000 . '@outside.test>' ],
	login => [ '198.51.100.7', 'alice', '<x@outside.test>', '<user@a.sub.test>' ],
	trusted => [ '192.0.2.9', undef, '<x@outside.test>', '<user@relay.test>' ]
);

sub play
{
	my ($kind) = @_;
	my ($addr, $user, @rcpt) = @{ $SESSION{$kind} };
	local $Authrelay::MilterClient::DEADLINE = $PATIENCE;
	my $m = Authrelay::MilterClient->new($daemon->socket);
	my %answer;

	eval {
		$m->negotiate;
		$m->set_macros(j => 'mx.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd', i => 'Q1',
		    '{tls_version}' => 'TLSv1.3', '{cipher}' => 'X', $user ? ('{auth_type}' => 'PLAIN',
		    '{auth_authen}' => $user) : ());
		$m->client(addr => $addr);
		$m->helo('client.test');
		$m->mail('<m@sender.test>', 'SMTPUTF8');
		for my $rcpt (@rcpt) {
			$m->set_macros('{rcpt_addr}' => $rcpt =~ tr/<>!//dr, '{rcpt_mailer}' => 'smtp');
			$answer{$rcpt} = $m->rcpt($rcpt =~ s/^!//r);
		}
		$m->message;
		$m->abort;
		$m->mail('<n@sender.test>');
		$m->quit;
		1;
	} or $answer{died} = $@;
	return \%answer;
}

# What must not be among the answers.
sub faults
{
	my ($answer) = @_;

	return grep {
		my $reply = $answer->{$_};
		$_ eq 'died' ? $reply =~ /no answer/ : /^!/ ?
		    $reply !~ /^(?:451 4\.3\.0 |5\d\d |closed)/ : $reply !~ /^(?:451 4\.3\.0 |continue|closed)/;
	} keys %$answer;
}

unless (start() && shim_works()) {
	$daemon->stop if $daemon->process;
	my $why = 'allocations of this daemon can be made to fail';
	if (has_sanitizer(Authrelay::Daemon::program())) {
		plan skip_all => "not under this sanitizer: $why";
	}
	Authrelay::Tree::cannot($why);
	done_testing;
	exit;
}

for my $keep (0, 1) {
	for my $kind (sort keys %SESSION) {
		subtest "a session: $kind, " . ($keep ? 'all calls from the n-th on' : 'the n-th call') => sub {
			my ($n, $deferred, @fault) = (0, 0);
			for ($n = 1; $n <= $MAX; $n++) {
				order($n, $PROGRAM, $keep);
				my $answer = play($kind);
				my (undef, $failed) = outcome();
				order(0, 0);
				push @fault, map { "n = $n: $_: $answer->{$_}" } faults($answer);
				$deferred += grep { /^451/ } values %$answer;
				last if !$failed || !$daemon->process->is_running;
			}
			ok($daemon->process->is_running, 'the daemon lives') or diag "n = $n\n" . $daemon->log_text;
			cmp_ok($n, '>', 10, 'calls of it failed one after the other: ' . ($n - 1));
			cmp_ok($n, '<=', $MAX, 'up to the last');
			is(scalar @fault, 0, 'no stranger was let pass, the others had 250 or 451') or diag $fault[0];
			cmp_ok($deferred, '>', 0, 'some had 451');
			is(scalar faults(play($kind)), 0, 'and when there is memory, it is as ever');
		};
		BAIL_OUT('the daemon has gone') unless $daemon->process->is_running;
	}
}

subtest 'a reload' => sub {
	my ($n, $reloaded, $kept) = (0, 0, 0);
	my $step = 1;

	for ($n = 1; $n <= $RELOAD_MAX; $n += $step) {
		my $before = length $daemon->log_text;
		order($n, $PROGRAM);
		kill 'HUP', $daemon->pid;
		my $said = wait_until(20, sub {
			return 'gone' unless $daemon->process->is_running;
			my $text = substr $daemon->log_text, $before;
			$text =~ /reloaded.*\n/ ? $text : undef;
		}) // 'nothing';
		my (undef, $failed) = outcome();
		order(0, 0);
		$said =~ /not reloaded/ ? $kept++ : $said =~ /reloaded/ ? $reloaded++ : last;
		last unless $failed;
		$step = 1 + int($n / 50);
	}
	ok($daemon->process->is_running, 'the daemon lives') or diag "n = $n\n" . $daemon->log_text;
	note "$n calls; $kept times the old configuration was kept";
	cmp_ok($n, '<=', $RELOAD_MAX, 'calls of it failed one after the other');
	cmp_ok($kept, '>', 0, 'the old configuration was kept');
	is(scalar faults(play($_)), 0, "$_ is answered as ever") for sort keys %SESSION;
};

# libmilter looks after its own memory, or does not: that is not ours, but nobody may pass for it.
subtest 'inside libmilter' => sub {
	my ($n, $died, $hung, @fault) = (0, 0, 0);
	local $PATIENCE = 1.5;

	for ($n = 1; $n <= 120; $n++) {
		order($n, $LIBMILTER);
		my $answer = eval { play('plain') } // {};
		my (undef, $failed) = outcome();
		order(0, 0);
		$hung++ if ($answer->{died} // '') =~ /no answer/;
		push @fault, map { "n = $n: $_: $answer->{$_}" } grep { /^!/ && $answer->{$_} =~ /^(?:continue|accept)/ }
		    keys %$answer;
		if (!$daemon->process->is_running) {
			$died++;
			note "n = $n: it has gone: " . ($daemon->log_text =~ s/.*\n(?=.*\n\z)//sr);
			start() or last;
		}
		last unless $failed;
	}
	is(scalar @fault, 0, 'no stranger was let pass') or diag $fault[0];
	note "$n calls; the process ended at $died of them, and $hung were not answered in time";
};

my ($record, $torn) = read_lines($daemon->audit_file);
is(scalar(grep { ($_->{verdict} // '') eq 'permit' && $_->{client} eq '198.51.100.7' && !$_->{auth} &&
    $_->{rcpt} !~ /^<?user\@local\.test>?$/ } @$record), 0, 'no record says that a stranger was let pass');
is(scalar @$torn, 0, 'and every line is a record');
is($daemon->sanitizer_report =~ s/^.*(?:failed to allocate|WARNING: AddressSanitizer).*$//mgr, '',
    'no sanitizer has anything to say');
$daemon->stop;
done_testing;
