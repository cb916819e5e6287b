# t/lib/Authrelay/Records.pm: audit records as they are written, and tests over them
# SPDX-License-Identifier: ISC
package Authrelay::Records;
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use JSON::PP ();
use Authrelay::Process;
use Authrelay::Scratch qw(read_file);
use Authrelay::Wait qw(wait_until);

# Test::More is not loaded here: the demo needs none of it, and its copies of standard output
# would go along into what demo --keep leaves running.

my $PYTHON = $ENV{PYTHON} // '/usr/bin/python3';

sub new
{
	my ($class, $file) = @_;

	return bless { file => $file, offset => 0 }, $class;
}

sub file { return $_[0]{file} }

# All records as hashes; a line that is not whole yet does not count.
sub all
{
	my ($self) = @_;

	return _decode(read_file($self->{file}));
}

sub _decode
{
	my ($text) = @_;

	return map { JSON::PP::decode_json($_) } $text =~ /^(.*)\n/mg;
}

# Those of recipients and messages that were written since the last call of take(); none, unless
# there are as many as asked for.
sub _new_ones
{
	my ($self, $count) = @_;
	my $text = substr read_file($self->{file}), $self->{offset};
	my @record = grep { $_->{event} =~ /^(?:rcpt|mta-reject|message)$/ }
	    ($text =~ tr/\n//) >= $count ? _decode($text) : ();

	return @record >= $count ? @record : ();
}

sub skip_to_end
{
	my ($self) = @_;

	$self->{offset} = length(read_file($self->{file}) =~ s/[^\n]*\z//r);
}

# Waits until there are as many new ones of recipients and messages, and returns all new ones.
sub take
{
	my ($self, $count) = @_;

	wait_until(10, sub { !$count || $self->_new_ones($count) });
	my @record = $self->_new_ones(0);
	$self->skip_to_end;
	return @record;
}

# A test, by the Test::More of the caller: the new records are exactly these. Of each, the keys named
# are compared; undef: not there; a pattern: matches.
sub are
{
	my ($self, $name, @want) = @_;
	my @got = $self->take(scalar @want);
	my $bad = @got != @want || grep { _difference($got[$_], $want[$_]) } 0 .. $#want;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	Test::More::ok(!$bad, $name) and return 1;
	Test::More::diag(scalar(@got) . ' records, not ' . @want) if @got != @want;
	for my $i (0 .. $#got) {
		my $what = $i < @want ? _difference($got[$i], $want[$i]) : 'one too many';
		Test::More::diag("record $i: $what: " . JSON::PP->new->canonical->encode($got[$i])) if $what;
	}
	return 0;
}

sub _difference
{
	my ($got, $want) = @_;

	for my $key (sort keys %$want) {
		my $wanted = $want->{$key} // 'absent';
		my $is = $got->{$key} // 'absent';
		return "$key is '$is', not '$wanted'"
		    unless ref $wanted eq 'Regexp' ? $is =~ $wanted : $is eq $wanted;
	}
	return '';
}

# Tests: records are numbered one by one, and a real validator takes every one.
# Leaves a copy where the variable AUTHRELAY_RECORDS says.
sub check_file
{
	my ($self, $daemon) = @_;
	my @seq = map { $_->{seq} } $self->all;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	Test::More::ok(!grep({ $seq[$_] != $seq[$_ - 1] + 1 && $seq[$_] != 1 } 1 .. $#seq),
	    'records are numbered one by one');
	_check_schema($self->{file}, $daemon->top);
	copy($self->{file}, "$ENV{AUTHRELAY_RECORDS}/" . basename($0) . '.' . basename(dirname $self->{file}))
	    if $ENV{AUTHRELAY_RECORDS};
}

sub _check_schema
{
	my ($file, $top) = @_;
	my ($code) = Authrelay::Process->run($PYTHON, '-c', 'import jsonschema');

	if ($code != 0 && !$ENV{CI}) {
	      SKIP: { Test::More::skip("$PYTHON has no jsonschema", 1) }
		return;
	}
	($code, my $text) = Authrelay::Process->run($PYTHON, "$top/t/lib/validate_records.py",
	    "$top/conf/audit.schema.json", $file);
	Test::More::is($code, 0, 'a JSON Schema validator takes every record') or Test::More::diag($text);
}

1;
