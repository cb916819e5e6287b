#!/usr/bin/env perl
# t/build/tap_self.t: a check that does not hold, and a program that does not come to its end, fail
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use TAP::Parser;
use Test::More;
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Tree qw(top run_in compiler find_program);

my $folder = scratch_folder();

# Builds the statements into a test and runs it: its exit status, its standard output, both streams.
sub test_with
{
	my ($statements) = @_;
	my $tap = top() . '/t/unit';

	write_file("$folder/x.c", "#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include \"tap.h\"\n"
	    . "int main(void) { $statements return tap_done(); }\n");
	my ($status, $output) = run_in($folder, compiler(), '-std=c11', '-D_GNU_SOURCE', "-I$tap",
	    '-o', 'x', 'x.c', "$tap/tap.c");
	die "x.c does not build: $output" if $status != 0;
	my (undef, $stdout) = run_in($folder, 'sh', '-c', './x 2>/dev/null');
	return (run_in($folder, './x'))[0], $stdout, (run_in($folder, './x'))[1];
}

# What prove would make of it: the numbers of failed checks, and whether it takes the whole for good.
sub judged
{
	my ($status, $tap) = @_;
	my $parser = TAP::Parser->new({ tap => $tap });

	$parser->run;
	return join(' ', $parser->failed), $status == 0 && !$parser->has_problems ? 'good' : 'bad';
}

delete $ENV{CI};

my ($status, $tap, $all) = test_with('tap_ok(1, "one %d", 1); tap_is_str("a", "a", "two");'
    . ' tap_is_int(-3, -3, "three"); tap_is_str(NULL, NULL, "four"); tap_note("n%d", 5);');
is $tap, "ok 1 - one 1\nok 2 - two\nok 3 - three\nok 4 - four\n# n5\n1..4\n", 'checks that hold';
is $status, 0, 'exit 0 where all hold';
is $all, $tap, 'nothing on standard error where all hold';

for my $case (
	[ 'tap_ok(0, "x");', 'a false tap_ok()', qr/failed: x/ ],
	[ 'tap_is_str("a", "b", "x");', 'another text', qr/got: 'a'\n# +want: 'b'/ ],
	[ 'tap_is_str(NULL, "", "x");', 'NULL for an empty text', qr/got: NULL\n# +want: ''/ ],
	[ 'tap_is_str("", NULL, "x");', 'an empty text for NULL', qr/got: ''\n# +want: NULL/ ],
	[ 'tap_is_int(1, 2, "x");', 'another number', qr/got: 1\n# +want: 2/ ],
	[ 'tap_ok(0, "x # TODO later");', 'a name that looks like TODO', qr/failed/ ],
	[ 'tap_ok(0, "x # SKIP now");', 'a name that looks like SKIP', qr/failed/ ],
	[ 'tap_ok(0, "x\nok 2 - y");', 'a name with a line end', qr/failed/ ],
    ) {
	my ($statements, $name, $says) = @$case;

	($status, $tap, $all) = test_with("$statements tap_ok(1, \"last\");");
	like $tap, qr/^not ok 1 - x.*\nok 2 - last\n1\.\.2\n\z/, "$name: not ok";
	is_deeply [judged($status, $tap)], ['1', 'bad'], "$name: prove counts it";
	is $status, 1, "$name: exit 1";
	like $all, $says, "$name: it says why";
}

($status, $tap) = test_with('tap_ok(1, "x"); exit(0);');
is_deeply [judged($status, $tap)], ['', 'bad'], 'a test that ends early has no plan';
($status, $tap) = test_with('');
is $status, 1, 'a test without a check fails';

($status, $tap) = test_with('tap_skip(2, "no %s", "root"); tap_ok(1, "x");');
is $tap, "ok 1 # SKIP no root\nok 2 # SKIP no root\nok 3 - x\n1..3\n", 'a skip is said aloud';
is $status, 0, 'a skip is no failure';
$ENV{CI} = 'yes';
($status, $tap) = test_with('tap_skip(2, "no %s", "root"); tap_ok(1, "x");');
is_deeply [judged($status, $tap)], ['1 2', 'bad'], 'a skip is a failure where CI is set';

# What prove itself says of a program: its exit status.
sub proved
{
	my ($file) = @_;

	return (run_in($folder, find_program('prove'), '-q', "./$file"))[0];
}

my $good = 'tap_ok(1, "x");';
for my $case (
	[ $good, 'one that comes to its end', 1 ],
	["$good abort();", 'one that aborts after a check'],
	["$good kill(getpid(), SIGKILL);", 'one that is killed'],
	["$good exit(0);", 'one that exits with 0 after a check'],
	[ 'exit(0);', 'one that exits with 0 at once' ],
	[ 'tap_ok(0, "x"); tap_done(); exit(0);', 'one that hides its failure' ],
	["atexit(abort); $good", 'one that aborts after its plan'],
	["$good fork();", 'one whose child comes to the end, too'],
	["fork(); $good", 'and has checks'],
    ) {
	my ($statements, $name, $is_good) = @$case;

	test_with($statements);
	rename "$folder/x", "$folder/x.t";
	is proved('x.t') == 0, !!$is_good, "in C, $name" . ($is_good ? '' : ': prove fails');
}

my $lib = top() . '/t/lib';
for my $case (
	[ 'ok 1;', 'one that comes to its end', 1 ],
	[ 'ok 1; die;', 'one that dies after a check' ],
	[ 'ok 1; exit 0;', 'one that exits with 0 after a check' ],
	[ 'exit 0;', 'one that exits with 0 at once' ],
	[ 'subtest x => sub { ok 1; exit 0 };', 'one that exits with 0 in a part' ],
	[ 'subtest x => sub { die };', 'one that dies in a part' ],
	[ 'subtest x => sub { };', 'one that has a part without checks' ],
	[ 'ok 1; my $p = Authrelay::Process->start(code => sub { 1 }); $p->wait_exit(20);', 'one with a child', 1 ],
	[ 'ok 1; my $p = Authrelay::Process->start(code => sub { die }); $p->wait_exit(20);', 'one whose child dies' ],
	[ 'ok 1; Authrelay::Cleanup::at_end(sub { die });', 'one that cannot clean up' ],
	[ 'ok 1; kill "TERM", $$; sleep 20;', 'one that is ended' ],
    ) {
	my ($statements, $name, $is_good) = @$case;

	write_file("$folder/x.t", "use lib '$lib';\nuse Test::More;\nuse Authrelay::Process;\n$statements\ndone_testing;\n");
	is proved('x.t') == 0, !!$is_good, "in Perl, $name" . ($is_good ? '' : ': prove fails');
}

done_testing;
