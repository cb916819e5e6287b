# t/lib/Authrelay/Proc.pm: a running process, as the kernel shows it
# SPDX-License-Identifier: ISC
package Authrelay::Proc;
use strict;
use warnings;
use Exporter 'import';
use Authrelay::Process;
use Authrelay::Scratch qw(read_file);
our @EXPORT_OK = qw(descriptors memory threads limit_of set_limit has_sanitizer);

# How many descriptors it has open.
sub descriptors
{
	my ($pid) = @_;
	my @fd = glob "/proc/$pid/fd/*";

	return scalar @fd;
}

# What it has in memory, in KiB.
sub memory
{
	my ($pid) = @_;
	my ($size) = read_file("/proc/$pid/status") =~ /^VmRSS:\s*(\d+)/m;

	return $size // 0;
}

sub threads
{
	my ($pid) = @_;
	my ($count) = read_file("/proc/$pid/status") =~ /^Threads:\s*(\d+)/m;

	return $count // 0;
}

# The two limits, as /proc names them: limit_of($pid, 'Max open files') is (soft, hard).
sub limit_of
{
	my ($pid, $name) = @_;

	return read_file("/proc/$pid/limits") =~ /^\Q$name\E\s+(\S+)\s+(\S+)/m;
}

# Of a process that runs: set_limit($pid, nofile => '64:128'). False where prlimit(1) cannot.
sub set_limit
{
	my ($pid, $name, $value) = @_;
	my ($code) = Authrelay::Process->run('prlimit', "--pid=$pid", "--$name=$value");

	return $code == 0;
}

# The program was built with a sanitizer (of this kind: asan, tsan), which has memory of its own and takes its time.
sub has_sanitizer
{
	my ($program, $kind) = @_;
	my $any = $kind // 'asan|tsan';

	return read_file($program) =~ /__(?:$any)_init/ ? 1 : 0;
}

1;
