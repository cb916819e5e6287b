# t/lib/Authrelay/Audit.pm: the audit files that a daemon has written, and a key for them
# SPDX-License-Identifier: ISC
package Authrelay::Audit;
use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 qw(encode_base64);
use Authrelay::Chain qw(read_chain);
use Authrelay::Scratch qw(read_file write_file);
our @EXPORT_OK = qw(check_chain write_key);

# Files in the order in which they were written, of one chain. Dies where it is broken; returns, of all
# together: count (of records), torn, missing (numbers), anchors, prev (of the first), chain and seq (of
# the last).
sub check_chain
{
	my (@file) = @_;
	my %all = (count => 0, torn => 0, missing => 0, anchors => []);

	for my $file (@file) {
		my $text = read_file($file);
		my $got = eval { read_chain($text) } // die "$file: $@";
		die "$file: prev is $got->{prev}, and the last value $all{chain}\n"
		    if defined $all{chain} && $got->{prev} ne $all{chain};
		my ($first) = $text =~ /^\{"v":1,"time":"[^"]*","seq":(\d+),[^\n]*,"prev":/m;
		$all{missing} += $first - $all{seq} - 1 if defined $all{seq};
		$all{prev} //= $got->{prev};
		$all{$_} += $got->{$_} for qw(count torn missing);
		push @{ $all{anchors} }, @{ $got->{anchors} };
		@all{qw(chain seq)} = @$got{qw(chain seq)};
	}
	return \%all;
}

# A private Ed25519 key for audit.key: RFC 8410, 7 with a seed that anybody knows.
sub write_key
{
	my ($file) = @_;
	my $key = pack('H*', '302e020100300506032b657004220420') . 'thirty-two bytes, known to all..';

	return write_file($file, "-----BEGIN PRIVATE KEY-----\n" . encode_base64($key) .
	    "-----END PRIVATE KEY-----\n", 0600);
}

1;
