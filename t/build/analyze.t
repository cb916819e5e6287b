#!/usr/bin/env perl
# t/build/analyze.t: two static analysers have nothing to say of the sources
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Tree qw(top sources run_in find_program cannot);

my @DEFS = qw(-D_GNU_SOURCE -DAUTHRELAY_VERSION="" -DAUTHRELAY_CONF="" -Imilter);

# A path over many calls costs most of the time: it is followed in core/, which judges. All of it
# takes ten times as long: AUTHRELAY_ANALYZE=deep.
my $DEEP = ($ENV{AUTHRELAY_ANALYZE} // '') eq 'deep' ? qr{^milter/} : qr{^milter/core/};
my @SHALLOW = map { ('-Xclang', $_) } qw(-analyzer-config mode=shallow);
my @CLANG = (qw(clang --analyze --analyzer-output text -Xclang -analyzer-werror -w -std=c11), @DEFS);

my %NOT_ASKED = (
	variableScope => 'declarations are at the head of a function or block',
	shadowFunction => 'a variable that is named like a function hides none that is called: -Wshadow',
	ctuuninitvar => 'what a function fills by its parameter needs no value before',
);
my @CPPCHECK = (qw(cppcheck --quiet -j2 --std=c11 --error-exitcode=1 --inline-suppr),
    '--enable=warning,performance,portability,style', '--template={file}:{line}: {message} [{id}]',
    (map { "--suppress=$_" } sort keys %NOT_ASKED), @DEFS);

my $folder = scratch_folder();
my @source = grep { m{^milter/.*\.c$} } sources();

# What a command says of files; empty where it finds nothing.
sub said_of
{
	my ($command, @file) = @_;
	my $list = write_file("$folder/list", join "\n", @file, '');
	my ($status, $output) = run_in(top(), 'sh', '-c', 'list=$1; shift; exec xargs -r -P2 -n6 "$@" <"$list"', 'sh',
	    $list, @$command);

	return $status == 0 && $output eq '' ? '' : "exit $status\n$output";
}

sub test_clang
{
	find_program('clang') or return cannot('no clang');
	my $wrong = write_file("$folder/wrong.c",
	    "int\nf(int a)\n{\n\tint *p = 0;\n\n\tif (a > 1)\n\t\tp = &a;\n\treturn *p;\n}\n");

	for my $mode ([], \@SHALLOW) {
		like said_of([@CLANG, @$mode], $wrong), qr/exit 123\n.*wrong\.c:8:9: .*null/s, "clang @$mode finds an error";
	}
	is said_of([@CLANG], grep { $_ =~ $DEEP } @source), '', "clang finds none in what matches $DEEP";
	is said_of([@CLANG, @SHALLOW], grep { $_ !~ $DEEP } @source), '', 'nor elsewhere';
}

sub test_cppcheck
{
	find_program('cppcheck') or return cannot('no cppcheck');
	my $wrong = write_file("$folder/wrong.c",
	    "#include <stdlib.h>\nint\nf(int a)\n{\n\tchar *p = malloc(3);\n\n\treturn a - a + (p == NULL);\n}\n");
	my (undef, $said) = run_in(top(), @CPPCHECK, $wrong);

	like $said, qr/wrong\.c:7:.*\[$_\]/, "cppcheck finds a $_" for qw(memleak duplicateExpression);
	my ($status, $output) = run_in(top(), @CPPCHECK, @source);
	is $output, '', 'and nothing in the sources';
	is $status, 0, 'exit 0';
}

cmp_ok scalar @source, '>', 100, 'the sources are there';
test_clang();
test_cppcheck();
done_testing;
