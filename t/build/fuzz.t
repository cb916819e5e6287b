#!/usr/bin/env perl
# t/build/fuzz.t: a short run of every target of make fuzz, the same each time
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top copy_tree run_in find_program cannot);

my %RUNS = (conf => 300, list => 600);	# these have files to write
my $RUNS = 5000;

# Without a fuzzer's runtime clang can do no more than compile.
sub why_not
{
	find_program('clang') or return 'no clang';
	my $source = write_file(scratch_folder() . '/none.c',
	    "int LLVMFuzzerTestOneInput(const void *p, unsigned long n) { return !p && n; }\n");
	my ($status, $output) = run_in(top(), 'clang', '-fsanitize=fuzzer,address,undefined',
	    '-o', "$source.out", $source);
	return $status == 0 ? undef : "no libFuzzer, or no sanitizers, with clang: $output";
}

sub targets
{
	return split ' ', (read_file(top() . '/Makefile.in') =~ /^FUZZ_TARGETS = (.*(?:\\\n.*)*)/m)[0]
	    =~ s/\\\n//r;
}

sub fuzz
{
	my ($tree, $target) = @_;
	my $runs = $RUNS{$target} // $RUNS;

	my ($status, $output) = run_in($tree, "./t/fuzz/$target", "-runs=$runs", qw(-seed=1 -max_len=1024
	    -timeout=10), (-e "$tree/t/fuzz/$target.dict" ? "-dict=t/fuzz/$target.dict" : ()),
	    "-artifact_prefix=$tree/", "t/fuzz/corpus/$target");
	is $status, 0, "$target: nothing is found" or diag substr $output, -4000;
	my ($done) = $output =~ /^Done (\d+) runs/m;
	cmp_ok $done // 0, '>=', $runs, "$target: it was run";
}

sub test_targets
{
	my $why = why_not();
	return cannot($why) if defined $why;

	my $tree = copy_tree(scratch_folder() . '/tree');
	my ($status, $output) = run_in($tree, './configure', '-q');
	is $status, 0, 'configure' or diag $output;
	($status, $output) = run_in($tree, qw(make -j2 fuzz-build), 'FUZZ_CFLAGS=-O1 ' .
	    '-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined');
	is $status, 0, 'every target builds' or diag substr $output, -4000;
	fuzz($tree, $_) for targets();
}

# A target that is not built is none.
sub test_list
{
	my @source = sort map { m{/(\w+)\.c$} } glob top() . '/t/fuzz/*.c';

	is join(' ', sort(targets())), "@source", 'every target is in the list';
}

test_list();
test_targets();
done_testing;
