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

# Ports are held until all are found, so that no two are the same.
sub free_port
{
	my ($count) = @_;
	my @socket = map {
		IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
		    or die "no free port: $!\n";
	} 1 .. $count // 1;
	my @port = map { $_->sockport } @socket;

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
