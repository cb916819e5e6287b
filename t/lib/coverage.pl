#!/usr/bin/env perl
# t/lib/coverage.pl: what gcov counted below the current directory, a room a line; see make coverage
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Basename qw(dirname);
use File::Find qw(find);
use JSON::PP ();

# A branch that no test took is listed where its file matches.
my $LISTED = qr{$ARGV[0]};
my $TOP = getcwd();

# file => line => { count => N, branches => [N, ...] }. A source that is compiled twice, as a test does
# to make its memory fail, has the sum.
my %seen;

sub add_line
{
	my ($file, $line) = @_;
	my $entry = $seen{$file}{$line->{line_number}} //= { count => 0, branches => [] };

	$entry->{count} += $line->{count};
	$entry->{branches}[$_] += $line->{branches}[$_]{count} for 0 .. $#{$line->{branches}};
}

sub add_object
{
	my ($data) = @_;
	my $object = $data =~ s/\.gcda$/.o/r;

	open my $gcov, '-|', 'gcov', '--json-format', '--stdout', '--branch-probabilities', $object
	    or die "gcov: $!\n";
	for my $text (<$gcov>) {
		for my $file (@{JSON::PP::decode_json($text)->{files}}) {
			my $name = $file->{file} =~ s{^\Q$TOP\E/}{}r;
			next if $name !~ m{^milter/\w+/};
			add_line($name, $_) for @{$file->{lines}};
		}
	}
	close $gcov or die "gcov $object: exit status $?\n";
}

# A switch that has a case for each value, which the compiler sees to, has a way for any other all the
# same: gcov counts it as the last branch.
sub is_way_out
{
	my ($file, $number, $branch, @all) = @_;
	open my $fh, '<', $file or die "$file: $!\n";
	my @text = <$fh>;
	my ($indent) = $text[$number - 1] =~ /^(\s*)switch \(/ or return 0;

	for my $line (@text[$number .. $#text]) {
		return 0 if $line =~ /^${indent}default:/;
		last if $line =~ /^${indent}\}/;
	}
	return $branch == $#all && grep { $_ > 0 } @all;
}

sub share { my ($part, $whole) = @_; return sprintf '%5d of %5d %5.1f%%', $part, $whole, 100 * $part / ($whole || 1) }

my @data;
find({ no_chdir => 1, wanted => sub { push @data, $_ if /\.gcda$/ } }, '.');
add_object($_) for @data;
die "nothing was counted\n" if !%seen;

my (%room, @missed);
for my $file (sort keys %seen) {
	my $count = $room{dirname($file)} //= { map { $_ => 0 } qw(lines run branches taken) };
	for my $number (sort { $a <=> $b } keys %{$seen{$file}}) {
		my ($line, @branch) = ($seen{$file}{$number}, @{$seen{$file}{$number}{branches}});
		pop @branch if @branch && $branch[-1] == 0 && is_way_out($file, $number, $#branch, @branch);
		$count->{lines}++;
		$count->{run}++ if $line->{count} > 0;
		$count->{branches} += @branch;
		$count->{taken} += grep { $_ > 0 } @branch;
		push @missed, "$file:$number: " . ($line->{count} == 0 ? 'never run' : 'branch '
		    . join(' ', map { $_ + 1 } grep { $branch[$_] == 0 } 0 .. $#branch) . ' of ' . @branch)
		    if $file =~ $LISTED && ($line->{count} == 0 || grep { $_ == 0 } @branch);
	}
}
printf "%-16s %24s %24s\n", 'room', 'lines that were run', 'branches that were taken';
for my $name (sort keys %room) {
	my $count = $room{$name};
	printf "%-16s %24s %24s\n", $name, share(@{$count}{qw(run lines)}), share(@{$count}{qw(taken branches)});
}
print map { "$_\n" } @missed;
