#!/usr/bin/perl
# t/daemon/audit_kill.t: the daemon is killed while it writes; no permit that a client saw lacks its record
# SPDX-License-Identifier: ISC
#
# AUTHRELAY_KILLS: how often for each durability that loses nothing; AUTHRELAY_SEED: what the random
# moments begin with.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Audit qw(check_chain write_key);
use Authrelay::Daemon;
use Authrelay::Lines qw(read_lines);
use Authrelay::Load;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(scratch_folder read_file);

need_daemon();

my $KILLS = $ENV{AUTHRELAY_KILLS} // 6;
my $SEED = $ENV{AUTHRELAY_SEED} // time;
my $PIECE_MAX = 200;	# bytes of a line that a kill leaves

srand $SEED;
note "AUTHRELAY_SEED=$SEED AUTHRELAY_KILLS=$KILLS";

sub daemon
{
	my ($durability, $more) = @_;
	my $folder = scratch_folder();
	my $key = write_key("$folder/audit.key");

	return Authrelay::Daemon->new(folder => $folder, conf => "local-domains = { \"local.test\" }\n",
	    audit => "\tsyslog = no\n\tdurability = $durability\n\tkey = \"$key\"\n$more");
}

# From the oldest to the newest.
sub files
{
	my ($file) = @_;
	my @number = map { /\.(\d+)\z/ ? $1 : () } glob "$file.*";

	return ((map { "$file.$_" } sort { $b <=> $a } @number), $file);
}

# A write is seldom cut by a kill where there is memory enough: what it would leave is added.
sub tear
{
	my ($file) = @_;
	my ($line) = read_file($file) =~ /^(.+)\n/m or return 0;

	open my $handle, '>>', $file or die "$file: $!\n";
	print $handle substr $line, 0, 1 + int rand $PIECE_MAX;
	close $handle;
	return 1;
}

# Returns what the clients saw, the records, and how many pieces were left.
sub kill_often
{
	my ($daemon, $kills) = @_;
	my ($torn, $killed) = (0, 0);

	$daemon->start;
	my $load = Authrelay::Load->start($daemon, clients => 3, reconnect => 1, folder => scratch_folder());
	for my $round (1 .. $kills) {
		$load->wait_for_answers(20) or last;
		kill 'HUP', $daemon->pid if $round % 2;
		select undef, undef, undef, rand 0.1;
		$daemon->stop('KILL');
		$killed++;
		$torn += tear($daemon->audit_file) if $round % 3 == 0;
		$daemon->start;
	}
	$load->wait_for_answers(20);
	$load->stop;
	is($killed, $kills, "killed $kills times under load");
	is($daemon->stop('TERM'), 0, 'then stopped');
	return ($load, $torn);
}

sub check
{
	my ($daemon, $load, $torn) = @_;
	my @file = files($daemon->audit_file);
	my $chain = eval { check_chain(@file) };

	is($@, '', 'the chain holds over all restarts') or return;
	cmp_ok($chain->{torn}, '>=', $torn, "at least $torn torn lines are marked: $chain->{torn}");
	my (@record, @other);
	for my $file (@file) {
		my ($record, $other) = read_lines($file);
		push @record, @$record;
		push @other, @$other;
	}
	is(scalar(grep { !/<torn>\n\z/ } @other), 0, 'every other line is a whole record') or diag $other[0];
	my @note = grep { /a torn line was closed/ } map { $_->{note} // '' } grep { $_->{event} eq 'start' } @record;
	is(scalar @note, scalar @other, 'and each was said in the next start');
	is(scalar(grep { $_->{event} eq 'anchor' && !defined $_->{sig} } @record), 0, 'every anchor is signed');
	my @answer = $load->answers;
	my @lost = $load->unrecorded(\@record, permits => 1);
	my %tally = (answers => scalar @answer, permits => scalar(grep { $_->{reply} eq 'continue' } @answer),
	    records => $chain->{count}, lost => scalar @lost, files => scalar @file, torn => $chain->{torn});
	note join ', ', map { "$_ $tally{$_}" } sort keys %tally;
	my @wrong = $load->wrong;
	is(scalar @wrong, 0, 'each answer is right') or diag join "\n", $wrong[0], $daemon->log_text =~ /^.*error: .*$/mg;
	return @lost;
}

for my $row ([written => ''], [written => "\trotate-size = 16k\n\tkeep = 9999\n"], [synced => '']) {
	my ($durability, $more) = @$row;

	subtest $durability . ($more ? ', and rotated' : '') => sub {
		my $daemon = daemon($durability, $more);
		my ($load, $torn) = kill_often($daemon, $KILLS);
		my @lost = check($daemon, $load, $torn);
		is(scalar @lost, 0, 'no permit that a client saw lacks its record') or diag $lost[0];
		is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	};
}

# What is in the queue goes with the daemon; what is written holds together.
subtest 'buffered' => sub {
	my $daemon = daemon('buffered', '');
	my ($load, $torn) = kill_often($daemon, $KILLS);
	my @lost = check($daemon, $load, $torn);

	note scalar(@lost) . ' records lost';
};

done_testing;
