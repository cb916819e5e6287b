# t/lib/Authrelay/Scratch.pm: a temporary folder that others may pass through, and free ports
# SPDX-License-Identifier: ISC
package Authrelay::Scratch;
use strict;
use warnings;
use Exporter 'import';
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use Authrelay::Cleanup qw(at_end);
our @EXPORT_OK = qw(scratch_folder free_port read_file write_file);

# Short, because a unix socket's path is; mode 0711, because user postfix has to reach sockets in it.
sub scratch_folder
{
	my $folder = File::Temp::tempdir('authrelay-XXXXXX', TMPDIR => 1);

	chmod 0711, $folder or die "$folder: $!\n";
	at_end(sub { File::Path::remove_tree($folder) });
	return $folder;
}

# Below those that the kernel gives to clients, else one of these might take a port before who asked
# for it does. Tests that run at once begin at other places.
my ($FIRST, $LAST) = (10000, 32767);
my $next_port = $FIRST + $$ * 32 % ($LAST - $FIRST + 1);

sub _take_port
{
	for ($FIRST .. $LAST) {
		my $port = $next_port;
		$next_port = $port == $LAST ? $FIRST : $port + 1;
		my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:$port");
		return $port if $socket;
	}
	die "no free port: $!\n";
}

sub free_port
{
	my ($count) = @_;
	my @port = map { _take_port() } 1 .. $count // 1;

	return wantarray ? @port : $port[0];
}

sub read_file
{
	my ($path) = @_;

	open my $fh, '<:raw', $path or return '';
	local $/;
	return <$fh> // '';
}

sub write_file
{
	my ($path, $text, $mode) = @_;

	open my $fh, '>:raw', $path or die "$path: $!\n";
	print $fh $text;
	close $fh or die "$path: $!\n";
	chmod $mode, $path or die "$path: $!\n" if defined $mode;
	return $path;
}

1;
