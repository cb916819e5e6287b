# t/lib/Authrelay/Chain.pm: chained audit files, written and read by other code than what is tested
# SPDX-License-Identifier: ISC
package Authrelay::Chain;
use strict;
use warnings;
use Digest::SHA qw(sha256);
use Exporter 'import';
use MIME::Base64 qw(encode_base64);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
our @EXPORT_OK = qw(read_chain $ZEROS);

our $ZEROS = '0' x 32;

my $TAIL = qr/\}\n|,"sig":"[A-Za-z0-9+\/=]{88}"\}\n/;
my $KEY = qr/,"chain":"([0-9a-f]{32})"(?=$TAIL)/;

sub _next_value
{
	my ($before, $bytes) = @_;

	return substr unpack('H*', sha256(pack('H*', $before) . $bytes)), 0, 32;
}

# The writer. Options: chain (the last value so far), seq (its number), key (a private key's file),
# time (of the first record, in microseconds since 1970; a second is between two).
sub new
{
	my ($class, %option) = @_;
	my $self = bless { chain => $ZEROS, seq => 0, time => 1_795_500_000_000_000, %option }, $class;

	$self->begin_file;
	return $self;
}

# The text of the file so far; the last value and number.
sub text { return $_[0]{text} }
sub chain { return $_[0]{chain} }
sub seq { return $_[0]{seq} }

# Leaves the file for the next one, and returns its text. Where a chain begins anew: ($ZEROS, 0).
sub begin_file
{
	my ($self, $chain, $seq) = @_;
	my $text = $self->{text};

	@$self{qw(chain seq)} = ($chain, $seq) if defined $chain;
	@$self{qw(text behind count prev)} = ('', 0, 0, ",\"prev\":\"$self->{chain}\"");
	return $text;
}

sub time_text
{
	my ($us) = @_;
	my @t = gmtime int $us / 1_000_000;

	return sprintf '%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0],
	    $us % 1_000_000;
}

sub _add
{
	my ($self, $rest, $sign) = @_;

	$self->{seq}++;
	$self->{count}++;
	$self->{time} += 1_000_000;
	$self->{text} .= sprintf '{"v":1,"time":"%s","seq":%d,%s%s', time_text($self->{time}), $self->{seq},
	    $rest, $self->{prev};
	$self->{prev} = '';
	$self->{chain} = _next_value($self->{chain}, substr $self->{text}, $self->{behind});
	$self->{text} .= ",\"chain\":\"$self->{chain}\"";
	$self->{behind} = length $self->{text};
	$self->{sig} = $sign && $self->{key} ? $self->_sign : undef;
	$self->{text} .= defined $self->{sig} ? ",\"sig\":\"$self->{sig}\"}\n" : "}\n";
}

# A record; its keys behind seq as JSON: '"event":"rcpt","verdict":"permit"'.
sub record
{
	my ($self, $keys) = @_;

	$self->_add($keys // '"event":"rcpt","verdict":"permit","reason":"authenticated","rcpt":"<a@b.example>"', 0);
	return $self;
}

# Bytes that are no record: a torn line with its mark, lines of an older version.
sub raw
{
	my ($self, $bytes) = @_;

	$self->{text} .= $bytes;
	return $self;
}

# Records that the daemon could not write.
sub lose
{
	my ($self, $count) = @_;

	$self->{seq} += $count;
	return $self;
}

# An anchor, signed where there is a key. Returns its line as syslog has it.
sub anchor
{
	my ($self) = @_;
	my $count = $self->{count} + 1;

	$self->_add("\"event\":\"anchor\",\"count\":$count", 1);
	return sprintf "Nov 24 06:34:42 mx authrelay-milter[%d]: event=anchor count=%d chain=%s%s v=1 time=%s seq=%d\n",
	    4711, $count, $self->{chain}, defined $self->{sig} ? " sig=\"$self->{sig}\"" : '',
	    time_text($self->{time}), $self->{seq};
}

my $folder;

sub _sign
{
	my ($self) = @_;
	my $text = "authrelay anchor 1\nseq=$self->{seq}\nchain=$self->{chain}\ncount=$self->{count}\n";
	my @command = (qw(openssl pkeyutl -sign -rawin -inkey), $self->{key});

	$folder //= scratch_folder();
	write_file("$folder/signed", $text);
	unlink "$folder/sig";
	my ($code, $said) = Authrelay::Process->run(@command, '-in', "$folder/signed", '-out', "$folder/sig");
	die "@command: $said" if $code != 0;
	return encode_base64(read_file("$folder/sig"), '');
}

# The reader: what is in a text that begins at a file's beginning. Dies where the chain is broken,
# and says at which line. Returns a hash: prev (of the first line), chain and seq (of the last), count,
# anchors ([{seq, chain, count, sig}...]), torn (how many lines), missing (numbers left out), bare (lines
# before the first chained one).
sub read_chain
{
	my ($text) = @_;
	my %got = (count => 0, anchors => [], torn => 0, missing => 0, bare => 0);
	my ($at, $number) = (0, 1);

	while ($text =~ /$KEY/g) {
		my ($value, $bytes, $end) = ($1, substr($text, $at, $-[0] - $at), $+[0]);
		$number += $bytes =~ tr/\n//;
		_read_line(\%got, $bytes, $value, substr($text, $end, 97), "line $number");
		$at = $end;
	}
	die "no chain\n" if !$got{count};
	die "something follows the last value\n" if substr($text, $at) !~ /\A$TAIL\z/;
	return \%got;
}

sub _read_line
{
	my ($got, $bytes, $value, $rest, $place) = @_;
	my ($seq) = $bytes =~ /^\{"v":1,"time":"[^"]*","seq":(\d+),[^\n]*\z/m or die "$place: no record\n";
	my ($prev) = $bytes =~ /,"prev":"([0-9a-f]{32})"\z/;

	$got->{torn} += () = $bytes =~ /<torn>\n/g;
	if (!$got->{count}) {
		$got->{chain} = $got->{prev} = $prev // die "$place: the first one has no prev\n";
		$got->{bare} = $bytes =~ tr/\n//;
	} elsif (defined $prev) {
		die "$place: prev in the middle\n";
	} else {
		die "$place: number $seq after $got->{seq}\n" if $seq <= $got->{seq};
		$got->{missing} += $seq - $got->{seq} - 1;
	}
	my $is = _next_value($got->{chain}, $bytes);
	die "$place: chain is $value, should be $is\n" if $is ne $value;
	@$got{qw(seq chain)} = ($seq, $value);
	$got->{count}++;
	return if $bytes !~ /,"event":"anchor",/;
	my ($count) = $bytes =~ /,"count":(\d+)(?:,"prev":"\w+")?\z/ or die "$place: no count\n";
	my ($sig) = $rest =~ /^,"sig":"([^"]*)"/;
	push @{ $got->{anchors} }, { seq => $seq, chain => $value, count => $count, sig => $sig };
}

1;
