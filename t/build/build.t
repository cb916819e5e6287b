#!/usr/bin/env perl
# t/build/build.t: make builds without a warning, installs what it should, and leaves nothing behind
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use feature 'state';
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
	'share/bash-completion/completions/authrelayctl' => '0644',
	'share/zsh/site-functions/_authrelayctl' => '0644',
	(map { ("share/doc/authrelay/$_" => '0644') } qw(README LICENSE authrelay.conf
	    audit.schema.json postfix-main.cf sendmail.mc)),
	(map { ("share/doc/authrelay/examples/$_.conf" => '0644') } qw(home-server company submission-host
	    backup-mx backup-mx-dns)),
);

# What a system may not have; then these are not built.
my %HEADER = (
	'milter/os/sandbox_landlock.c' => 'linux/landlock.h',
	'milter/os/sandbox_seccomp.c' => 'seccomp.h',
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
	is join("\n", grep { /\bwarning:/i } split /\n/, $output), '', "$name: no warning";
	$output = succeeds($name, $tree, $make);
	unlike $output, qr/ -o /, "$name: nothing is left to build";
	test_install($name, $make, $tree, $prefix);
	test_style($name, $make, $tree);
	test_dependencies($name, $make, $tree);
	test_flags($name, $make, $tree) if !@argument;
	cmp_ok scalar(split ' ', made_in($tree)), '>', 50, "$name: much was made";
	succeeds("$name distclean", $tree, $make, 'distclean');
	is made_in($tree), '', "$name distclean: nothing is left";
}

# What a source includes of our own, as the compiler sees it: name => 1.
sub includes_of
{
	my ($source) = @_;
	state %seen;

	return $seen{$source} if $seen{$source};
	my ($status, $output) = run_in(top(), compiler(), qw(-std=c11 -D_GNU_SOURCE -Imilter -It/unit -MM), $source);

	is $status, 0, "$source: read" or diag $output;
	$output =~ s/\\\n|^.*?://g;
	return $seen{$source} = { map { $_ => 1 } split ' ', $output };
}

# The objects that Makefile knows.
sub listed_objects
{
	my ($name, $make, $tree) = @_;

	write_file("$tree/show.mk", "include Makefile\nshow:\n\t\@echo \$(ALL_OBJECTS)\n");
	my $output = succeeds("$name: the lists", $tree, $make, '-f', 'show.mk', 'show');
	unlink "$tree/show.mk";
	return map { $_ => 1 } split ' ', $output;
}

# Every source is in a list, but what stands in for what is not built in. A header that changes
# rebuilds its users, and nothing else.
sub test_dependencies
{
	my ($name, $make, $tree) = @_;
	my %listed = listed_objects($name, $make, $tree);

	is join(' ', grep { !$listed{s/c$/o/r} && !m{/sandbox_|_(?:psl|none|linux)\.c$} }
	    grep { m{^(?:milter|t/unit|t/bench)/.*\.c$} } sources()), '', "$name: every source is in Makefile.in";
	my @source = grep { m{^milter/.*\.c$} && $listed{s/c$/o/r} } sources();

	for my $header (qw(milter/core/utf8.h milter/os/log.h milter/core/buf.h)) {
		my @user = grep { includes_of($_)->{$header} } @source;
		my $now = time + 1;
		utime $now, $now, "$tree/$header" or die "$header: $!\n";
		my $output = succeeds("$name after $header", $tree, $make, '-n');
		is join(' ', sort $output =~ / -c -o \S+ (milter\S+\.c)$/mg), join(' ', sort @user),
		    "$name: $header has changed, and exactly its users would be built again";
		utime $now - 100, $now - 100, "$tree/$header";
	}
}

# The style sheet is in the program as it is in the tree, but for comments and indentation.
sub test_style
{
	my ($name, $make, $tree) = @_;
	my $sheet = "$tree/milter/report/report.css";
	my $text = read_file($sheet);

	# Some makes see no difference within a second.
	utime time - 100, time - 100, map { "$tree/$_" } qw(milter/report/report_css.c
	    milter/report/report_css.o milter/authrelay.a authrelayctl);
	write_file($sheet, $text . "q::after { content: \"\\201d\" }\n");
	my $output = succeeds("$name after report.css", $tree, $make);
	is join(' ', $output =~ / -c -o \S+ (\S+\.c)$/mg), 'milter/report/report_css.c',
	    "$name: the style sheet has changed, and it alone is compiled again";
	my ($status, $page) = run_in($tree, './authrelayctl', 'report', '--html', '-', '/dev/null');
	my ($style) = $page =~ m{<style>\n(.*)</style>}s;
	is $style, read_file($sheet) =~ s{^/\*.*\*/\n|^\n|^\s+}{}mgr, "$name: the page has all of it";
	write_file($sheet, $text);
	utime time - 100, time - 100, $sheet;
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
			    -DAUTHRELAY_VERSION="" -DAUTHRELAY_CONF="" -Imilter -It/unit), @WARNINGS, '-fsyntax-only', $source);
			is $status, 0, "$compiler: $source" or diag $output;
		}
	}
}

test_warnings();
test_make('make');
# The flags make no difference to a make, but for the time.
test_make('bmake', 'CFLAGS=-O0');
done_testing;
