# t/lib/Authrelay/Tree.pm: the source tree, copies of it, and commands run in them
# SPDX-License-Identifier: ISC
package Authrelay::Tree;
use strict;
use warnings;
use Cwd ();
use Exporter 'import';
use File::Basename qw(dirname);
use File::Copy ();
use File::Find ();
use File::Path ();
use Test::More;
our @EXPORT_OK = qw(top sources files_below copy_tree run_in compiler find_program cannot);

my $TOP = Cwd::abs_path(dirname(__FILE__) . '/../../..');

# A make that runs this test would hand its own flags on.
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKE DESTDIR
    CFLAGS CPPFLAGS LDFLAGS LIBS PKG_CONFIG PREFIX)};
$ENV{LC_ALL} = 'C';

sub top { return $TOP }

sub compiler { return split ' ', $ENV{CC} || 'cc' }

sub find_program
{
	my ($name) = @_;

	return (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0];
}

# Inside a subtest or a SKIP block: a skip, and where CI is set a failure.
sub cannot
{
	my ($why) = @_;

	if ($ENV{CI}) {
		fail("this can be tested here: $why");
	} else {
		SKIP: { skip $why, 1 }
	}
}

# The few forms that our .gitignore uses: /PATH and NAME, with * for anything within a name.
sub _ignored
{
	open my $fh, '<', "$TOP/.gitignore" or die ".gitignore: $!\n";
	my @pattern;
	while (my $line = <$fh>) {
		chomp $line;
		next if $line eq '' || $line =~ /^#/;
		my $re = join '[^/]*', map { quotemeta } split /\*/, $line, -1;
		push @pattern, $re =~ s{^\\/}{} ? "^$re\$" : "(?:^|/)$re\$";
	}
	my $any = join '|', @pattern;
	return qr/$any/;
}

sub files_below
{
	my ($folder) = @_;
	my @file;

	File::Find::find({ no_chdir => 1, wanted => sub {
		if ($_ eq "$folder/.git") {
			$File::Find::prune = 1;
		} elsif (!-d || -l) {
			push @file, substr($_, length($folder) + 1);
		}
	} }, $folder);
	return sort @file;
}

# Whatever make does not make, as names below the top.
sub sources
{
	my $ignored = _ignored();

	return grep { $_ !~ $ignored } files_below($TOP);
}

sub copy_tree
{
	my ($to) = @_;

	for my $file (sources()) {
		File::Path::make_path(dirname("$to/$file"));
		File::Copy::copy("$TOP/$file", "$to/$file") or die "$file: $!\n";
		chmod((stat "$TOP/$file")[2] & 0777, "$to/$file") or die "$file: $!\n";
	}
	return $to;
}

# Returns the exit status (of a signal: 128 and its number) and what was printed, both streams.
sub run_in
{
	my ($folder, @command) = @_;
	my $pid = open(my $fh, '-|') // die "fork: $!\n";

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		chdir $folder && exec { $command[0] } @command;
		print "$command[0]: $!\n";
		require POSIX;
		POSIX::_exit(127);
	}
	local $/;
	my $output = <$fh> // '';
	close $fh;
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $output);
}

1;
