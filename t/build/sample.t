#!/usr/bin/perl
# t/build/sample.t: the sample and the man page have every setting, with the default that the daemon has
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Audit qw(write_key);
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(find_program);

need_daemon();

my $TOP = Authrelay::Daemon::top();
my $folder = scratch_folder();

# Without a domain nothing is valid, unless that is said.
my @VALID = ('-o', 'no-local-domains = yes');

# Names and values of a file in the daemon's own form, or of one that is written like it.
sub settings_of
{
	my ($text) = @_;
	my ($section, @setting) = ('');

	for my $line (split /\n/, $text) {
		next if $line =~ /^\s*(?:#|$)/;
		if ($line =~ /^([a-z]+) \{$/) {
			$section = "$1.";
		} elsif ($line eq '}') {
			$section = '';
		} elsif ($line =~ /^\s*([a-z-]+) = (.+)$/) {
			push @setting, [ "$section$1", $2 ];
		} else {
			fail("a line is read: $line");
		}
	}
	return @setting;
}

sub print_of
{
	my ($file) = @_;
	my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-n', '-c', $file, @VALID);

	is($code, 0, "$file is good") or diag $text;
	return $text =~ s/^(no-local-domains = )yes$/$1no/mr;
}

sub plain { my ($value) = @_; return $value =~ s/^"(.+)"$/$1/r }

write_file("$folder/empty.conf", '');
my $defaults = print_of("$folder/empty.conf");
my %default = map { @$_ } settings_of($defaults);
cmp_ok(scalar keys %default, '>', 20, 'the daemon has settings');

subtest 'the sample' => sub {
	my $file = "$TOP/conf/authrelay.conf";
	my %value = map { @$_ } settings_of(read_file($file));

	is(print_of($file), $defaults, 'gives the defaults');
	is($value{$_}, $default{$_}, "shows $_") for sort keys %default;
	is_deeply([ sort keys %value ], [ sort keys %default ], 'and nothing else');
};

# The text of each .It of the man page's settings, without what is left of mdoc in it.
sub items_of
{
	my ($page) = @_;
	my %item = $page =~ /^\.It Ic ([a-z.-]+)\n(.*?)(?=^\.It |^\.El)/msg;

	s/\\\(dq/"/g, s/\\\(aq/'/g for values %item;
	return %item;
}

subtest 'the man page' => sub {
	my %item = items_of(read_file("$TOP/conf/authrelay.conf.5.in"));

	for my $name (sort keys %default) {
		my ($value) = ($item{$name} // '') =~ /default\n\.Ql (.*) \.\n/;
		is(plain($value // ''), plain($default{$name}), "has the default of $name");
	}
	is_deeply([ sort keys %item ], [ sort keys %default ], 'and nothing else');
};

subtest 'its examples' => sub {
	my %item = items_of(read_file("$TOP/conf/authrelay.conf.5.in"));
	my %with = ('mx.accept' => 'mx.domains', 'audit.redact' => 'audit.redact-key');

	write_file("$folder/domains", "example.net\n");
	write_file("$folder/redact.key", 'x' x 32, 0600);
	write_key("$folder/audit.key");
	for my $name (sort keys %item) {
		my @line = $item{$name} =~ /^\.Dl (.+)$/mg;
		is(scalar @line, 1, "$name has one");
		# not every machine has this user and this group
		s/= (?:postfix|authrelay)$/= root/ for @line;
		s{/etc/authrelay/}{$folder/} for @line;
		write_file("$folder/example.conf", map { "$_\n" } @line);
		my %value = map { @$_ } settings_of(print_of("$folder/example.conf") =~
		    s/\{\n\s+("[^{}]*")\n\s*\}/'{ ' . $1 =~ s{\n\s+}{ }gr . ' }'/ger);
		$value{$name} = 'yes' if $name eq 'no-local-domains';	# see print_of()
		my @changed = grep { $value{$_} ne $default{$_} } sort keys %value;
		is("@changed", $with{$name} ? "$name $with{$name}" : $name, 'which sets it');
	}
};

# Lists are quoted word by word: .Ql a , b is one quotation.
subtest 'its markup' => sub {
	my $text = read_file("$TOP/conf/authrelay.conf.5.in");

	is(join("\n", $text =~ /^\.(?:Ql|Po Ql|Pq Ql) .* , .*$/mg), '', 'no list in one pair of quotes');
	return Authrelay::Tree::cannot('no mandoc') if !find_program('mandoc');
	my ($status, $said) = Authrelay::Process->run(qw(mandoc -T lint), write_file("$folder/authrelay.conf.5", $text));
	# what is not installed here
	is(join("\n", grep { !/referenced manual not found|outdated mandoc\.db/ } split /\n/, $said), '', 'mandoc has nothing to say');
};

done_testing();
