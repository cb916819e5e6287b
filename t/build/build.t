#!/usr/bin/env perl
# t/build/build.t: make builds without a warning, installs what it should, and leaves nothing behind
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top sources files_below copy_tree run_in compiler find_program cannot);

my @WARNINGS = qw(-Wall -Wextra -Wconversion -Wshadow -Werror);

my %INSTALLED = (
	'sbin/authrelay-milter' => '0755',
	'sbin/authrelayctl' => '0755',
	'etc/authrelay.conf' => '0644',
	'share/man/man8/authrelay-milter.8' => '0644',
	'share/man/man8/authrelayctl.8' => '0644',
	'share/man/man5/authrelay.conf.5' => '0644',
	'share/man/man5/authrelay-audit.5' => '0644',
	map { ("share/doc/authrelay/$_" => '0644') } qw(README LICENSE authrelay.conf
	    audit.schema.json postfix-main.cf sendmail.mc),
);

# What a system may not have; then these are not built.
my %HEADER = (
	'milter/sandbox_landlock.c' => 'linux/landlock.h',
	'milter/sandbox_seccomp.c' => 'seccomp.h',
);

# Says so where one cannot be compiled.
sub can_compile
{
	my ($source) = @_;
	my $header = $HEADER{$source} // return 1;
	my ($status) = run_in(top(), compiler(), '-fsyntax-only', '-include', $header, '-xc', '/dev/null');

	cannot("no <$header> for $source") if $status != 0;
	return $status == 0;
}

# What was made besides the sources, as names below the folder.
sub made_in
{
	my ($tree) = @_;
	my %source = map { $_ => 1 } sources();

	return join ' ', grep { !$source{$_} } files_below($tree);
}

sub succeeds
{
	my ($name, $folder, @command) = @_;
	my ($status, $output) = run_in($folder, @command);

	is $status, 0, "$name: exit 0" or diag $output;
	return $output;
}

sub test_install
{
	my ($name, $make, $tree, $prefix) = @_;
	my $dest = scratch_folder() . '/a b';
	my $root = "$dest$prefix";
	my $before = join ' ', files_below($tree);

	succeeds("$name install", $tree, $make, "DESTDIR=$dest", 'install');
	my %mode = map { $_ => sprintf '%04o', (stat "$dest/$_")[2] & 07777 } files_below($dest);
	is_deeply \%mode, { map { substr("$prefix/$_", 1) => $INSTALLED{$_} } keys %INSTALLED },
	    "$name install: every file, and its mode";
	ok !-e $prefix, "$name install: nothing outside DESTDIR";
	is join(' ', files_below($tree)), $before, "$name install: nothing new in the tree";
	for my $page (grep { m{/man/} } keys %INSTALLED) {
		unlike read_file("$root/$page"), qr/%%/, "$page: every place is filled";
	}
	like read_file("$root/share/man/man8/authrelay-milter.8"), qr{\Q$prefix\E/etc/authrelay\.conf},
	    'the manual names the file that the daemon reads';
	my (undef, $strings) = run_in($root, 'grep', '-c', "$prefix/etc/authrelay.conf", 'sbin/authrelay-milter');
	is $strings, "1\n", 'and so does the daemon';

	write_file("$root/etc/authrelay.conf", "changed\n");
	succeeds("$name install again", $tree, $make, "DESTDIR=$dest", 'install');
	is read_file("$root/etc/authrelay.conf"), "changed\n", 'a configuration is not overwritten';
	succeeds("$name uninstall", $tree, $make, "DESTDIR=$dest", 'uninstall');
	is join(' ', files_below($dest)), substr("$prefix/etc/authrelay.conf", 1),
	    "$name uninstall: nothing is left but a changed configuration";
	write_file("$root/etc/authrelay.conf", read_file("$tree/conf/authrelay.conf"));
	succeeds("$name uninstall again", $tree, $make, "DESTDIR=$dest", 'uninstall');
	is join(' ', files_below($dest)), '', "$name uninstall: an unchanged one goes too";
	ok !-d "$root/share/doc/authrelay", "$name uninstall: nor is the folder of its own";
}

# Other flags are other objects: what was built without a sanitizer says nothing about it.
sub test_flags
{
	my ($name, $make, $tree) = @_;
	my @other = ('CFLAGS=-O0 -DOTHER=1', 'TESTS=t/lib/none.t', 'PROVE=true');
	my $objects = sub { scalar(() = $_[0] =~ / -c -o milter/g) };

	is $objects->(succeeds("$name check", $tree, $make, @other, 'check')) > 15, 1,
	    "$name check with other CFLAGS builds anew";
	my $again = succeeds("$name check", $tree, $make, @other, 'check');
	is $objects->($again), 0, "$name check with the same ones does not";
	is $objects->(succeeds($name, $tree, $make)), 0, "$name after it does not";
}

# With more arguments for configure.
sub test_make
{
	my ($name, @argument) = @_;
	my $make = find_program($name) or return cannot("no $name");
	my $folder = scratch_folder();
	my $tree = copy_tree("$folder/tree");
	my $prefix = "$folder/prefix";

	is made_in($tree), '', 'a copy has the sources only';
	succeeds("$name: configure", $tree, './configure', "--prefix=$prefix", '-q', @argument);
	my $output = succeeds("$name -j2", $tree, $make, '-j2');
	is join("\n", grep { /warning/i } split /\n/, $output), '', "$name: no warning";
	$output = succeeds($name, $tree, $make);
	unlike $output, qr/ -o /, "$name: nothing is left to build";
	test_install($name, $make, $tree, $prefix);
	test_flags($name, $make, $tree) if !@argument;
	cmp_ok scalar(split ' ', made_in($tree)), '>', 50, "$name: much was made";
	succeeds("$name distclean", $tree, $make, 'distclean');
	is made_in($tree), '', "$name distclean: nothing is left";
}

# Macros and rules of Makefile.in, so far as they are lists.
sub dependencies
{
	my $text = read_file(top() . '/Makefile.in') =~ s/\\\n/ /gr;
	my (%macro, %needs);

	for my $line (split /\n/, $text) {
		$line =~ s/\$\((\w+)\)/$macro{$1} \/\/ ''/ge;
		if ($line =~ /^(\w+) = (.*)/) {
			$macro{$1} = $2;
		} elsif ($line =~ /^([\w.\/][\w.\/ \t-]*):(?: (.*))?$/) {
			my @needed = split ' ', $2 // '';
			push @{$needs{$_}}, @needed for split ' ', $1;
		}
	}
	return %needs;
}

sub test_dependencies
{
	my %needs = dependencies();

	for my $object (sort grep { m{/.*\.o$} } keys %needs) {
		my $source = $object =~ s/o$/c/r;
		next unless can_compile($source);
		my ($status, $output) = run_in(top(), compiler(), qw(-std=c11 -D_GNU_SOURCE -MM), $source);
		is $status, 0, "$source: read" or diag $output;
		$output =~ s/\\\n|^.*?://g;
		my %known = map { $_ => 1 } @{$needs{$object}}, $object =~ /_test\.o$/ ? $source : ();
		my @missing = grep { !$known{$_} } map { 1 while s{[^/.]+/\.\./}{}; $_ } split ' ', $output;
		is "@missing", '', "Makefile.in knows what $source includes";
	}
	my @source = map { s{^\Q@{[top()]}\E/}{}r =~ s/c$/o/r } map { glob top() . "/$_" }
	    qw(milter/*.c t/*_test.c t/bench/*.c);
	is join(' ', grep { !$needs{$_} } @source), '', 'every source is in Makefile.in';
}

sub test_warnings
{
	my @source = grep { /\.c$/ && can_compile($_) } sources();
	my $is_gcc = (run_in(top(), compiler(), '--version'))[1] =~ /Free Software Foundation/;

	for my $compiler (qw(gcc clang)) {
		find_program($compiler) or cannot("no $compiler"), next;
		# What make builds, it warns of itself; see test_make().
		for my $source (grep { !$is_gcc || $compiler ne 'gcc' || !m{^milter/} } @source) {
			my ($status, $output) = run_in(top(), $compiler, qw(-std=c11 -D_GNU_SOURCE
			    -DAUTHRELAY_VERSION="" -DAUTHRELAY_CONF=""), @WARNINGS, '-fsyntax-only', $source);
			is $status, 0, "$compiler: $source" or diag $output;
		}
	}
}

test_warnings();
test_dependencies();
test_make('make');
# The flags make no difference to a make, but for the time.
test_make('bmake', 'CFLAGS=-O0');
done_testing;
