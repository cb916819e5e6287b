# t/lib/Authrelay/Lines.pm: an audit file after trouble, when not every line in it is whole
# SPDX-License-Identifier: ISC
package Authrelay::Lines;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Authrelay::Scratch qw(read_file);
our @EXPORT_OK = qw(read_lines missing_numbers);

my $VALUE = qr/"[^"\\\x80-\xff]*"|-?\d+|true|false/;
my $JSON = JSON::PP->new->utf8;

# Most lines hold nothing but plain values, and there may be thousands: JSON::PP takes its time.
sub _decode
{
	my ($line) = @_;
	my %record;

	return eval { $JSON->decode($line) } unless $line =~ /\A\{(?:"\w+":$VALUE,)*"\w+":$VALUE\}\n\z/;
	while ($line =~ /"(\w+)":(?:"([^"]*)"|([^,}]+))/g) {
		$record{$1} = $2 // ($3 eq 'true' ? 1 : $3 eq 'false' ? 0 : $3);
	}
	return \%record;
}

# Returns the records, and the lines that are none: ([...], [...]). A last line without its end is none.
sub read_lines
{
	my ($file) = @_;
	my (@record, @torn);

	for my $line (read_file($file) =~ /^(.*\n?)/mg) {
		my $record = $line =~ /\}\n\z/ ? _decode($line) : undef;
		push @{ defined $record ? \@record : \@torn }, $record // $line;
	}
	return (\@record, [ grep { length } @torn ]);
}

# How many numbers are left out between the first record and the last; a chain begins with 1.
sub missing_numbers
{
	my (@record) = @_;
	my $missing = 0;

	for my $i (1 .. $#record) {
		my ($before, $seq) = ($record[$i - 1]{seq}, $record[$i]{seq});
		$missing += $seq - $before - 1 unless $seq == 1 && $record[$i]{event} eq 'start';
	}
	return $missing;
}

1;
