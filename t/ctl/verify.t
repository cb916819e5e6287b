#!/usr/bin/env perl
# t/ctl/verify.t: whatever is done to an audit file, the verifier finds it, and where
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Authrelay::Chain qw(read_chain $ZEROS);
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Scratch qw(scratch_folder);

my $SEED = $ENV{AUTHRELAY_SEED} // 6;
my $ROUNDS = $ENV{AUTHRELAY_ROUNDS} // 1500;
my $MANY = "$FindBin::Bin/../lib/verify_many";

need_ctl();
-x $MANY or plan $ENV{CI} ? (tests => 1) : (skip_all => 't/lib/verify_many is not built');
-x $MANY or do { fail('t/lib/verify_many is built'); exit 1 };

my $folder = scratch_folder();
my ($key, $public) = ("$folder/key", "$folder/key.pub");

# Three files in a chain, with all that happens to one, and what syslog has of its anchors.
my (@file, $syslog);

sub add_records
{
	my ($chain, $count) = @_;

	for (1 .. $count) {
		my $n = int rand 1000;
		$chain->record(sprintf '"event":"rcpt","verdict":"%s","reason":"%s","rcpt":"<u%03d@d%d.example>"',
		    (qw(permit reject))[$n % 2], (qw(authenticated relay-denied))[$n % 2], $n, $n % 7);
	}
}

sub make_files
{
	my $chain = Authrelay::Chain->new(key => $key);

	$syslog = "Nov 24 06:00:00 mx postfix/smtpd[9]: NOQUEUE: helo=<authrelay-milter[1]: event=anchor "
	    . "count=9 chain=$ZEROS v=1 time=2026-11-24T07:00:00.000000Z seq=4711>\n";
	for my $number (1 .. 3) {
		$chain->raw('{"v":1,"time":"2026<torn>' . "\n") if $number == 2;
		add_records($chain, 12);
		$syslog .= $chain->anchor;
		$chain->raw('{"v":1,"time":"2026-11-24T06:00:01.000000Z","seq":4<torn>' . "\n")->lose(3)
		    if $number == 1;
		add_records($chain, 6);
		$syslog .= $chain->anchor;
		push @file, $chain->begin_file;
	}
	is eval { read_chain($file[0])->{count} }, 20, 'a reader in Perl takes the first file' or diag $@;
}

# Runs cases: [name of anchors and key: 'both', 'none'..., files...]; returns for each its verdict, and
# its findings as hashes.
sub verify_many
{
	my ($anchors, $has_key, @case) = @_;
	my $input = 'anchors ' . length($anchors) . "\n$anchors" . ($has_key ? "key $public\n" : '');

	$input .= join('', 'case', map { ' ' . length } @$_) . "\n" . join('', @$_) for @case;
	my ($code, $out, $err) = Authrelay::Ctl::run_with_input($input, $MANY);
	is $code, 0, 'all were verified' or diag $err;
	my (@answer, @finding);
	for my $line (split /\n/, $out) {
		if ($line =~ /^verdict (\w+)$/) {
			push @answer, [$1, @finding];
			@finding = ();
		} else {
			my %finding;
			@finding{qw(file kind from to good_from good_to seq_from seq_to)} = split / /, $line;
			push @finding, \%finding;
		}
	}
	return @answer;
}

sub pick { return $_[int rand @_] }

sub lines_of { return $_[0] =~ /^.*\n|^.+\z/mg }

# Cuts a piece of some lines out, and puts it in somewhere else.
sub move_lines
{
	my (@line) = @_;
	my @piece = splice @line, int(rand @line), 1 + int rand 5;

	splice @line, int(rand @line + 1), 0, @piece;
	return join '', @line;
}

sub change_line
{
	my ($text, $change) = @_;
	my @line = lines_of($text);

	local $_ = \$line[rand @line];
	$change->();
	return join '', @line;
}

# What can be done to a file's text.
my %TAMPER = (
	bit => sub { my ($t) = @_; vec($t, int rand 8 * length $t, 1) ^= 1; $t },
	byte => sub { my ($t) = @_; substr($t, int rand length $t, 1, chr int rand 256); $t },
	digit => sub { my ($t) = @_; my @at; push @at, $-[0] while $t =~ /[0-9a-f]/g;
		substr($t, pick(@at), 1, pick(0 .. 9, 'a' .. 'f')); $t },
	remove => sub { my ($t) = @_; substr($t, int rand length $t, 1 + int rand(pick(1, 10, 300)), ''); $t },
	insert => sub { my ($t) = @_;
		substr($t, int rand 1 + length $t, 0, pick(' ', "\n", "\r", 'x', '}', '<torn>', "\0", "\n\n")); $t },
	delete_line => sub { my @l = lines_of($_[0]); splice @l, int rand @l, 1 + int rand 3; join '', @l },
	double_line => sub { my @l = lines_of($_[0]); my $i = int rand @l;
		splice @l, pick($i, int rand @l), 0, $l[$i]; join '', @l },
	swap_lines => sub { my @l = lines_of($_[0]); my ($i, $j) = (int rand @l, int rand @l);
		@l[$i, $j] = @l[$j, $i]; join '', @l },
	neighbours => sub { my @l = lines_of($_[0]); my $i = int rand $#l;
		@l[$i, $i + 1] = @l[$i + 1, $i]; join '', @l },
	move_lines => sub { move_lines(lines_of($_[0])) },
	reverse_all => sub { join '', reverse lines_of($_[0]) },
	add_line => sub { my @l = lines_of($_[0]); splice @l, int rand @l + 1, 0, pick("\n", "x\n", "<torn>\n",
		"{\"v\":1,\"time\":\"2026<torn>\n", "{\"v\":1}\n", $l[rand @l] =~ s/permit/reject/r . "x\n",
		$l[rand @l] =~ s/,"chain".*/}/r, $l[rand @l] =~ s/"u\d+/"u4711/r); join '', @l },
	verdict => sub { change_line($_[0], sub { $$_ =~ s/permit/reject/ || $$_ =~ s/reject/permit/ }) },
	address => sub { change_line($_[0], sub { $$_ =~ s/<u\d+/sprintf '<u%03d', rand 1000/e }) },
	number => sub { change_line($_[0], sub { $$_ =~ s/"seq":(\d+)/'"seq":' . ($1 + pick(-1, 1, 10))/e }) },
	when => sub { change_line($_[0], sub { $$_ =~ s/T06:00/T05:59/ }) },
	drop_key => sub { change_line($_[0], sub { $$_ =~ s/,"(?:chain|rcpt|reason|sig|count)":[^,}]+// }) },
	add_key => sub { change_line($_[0], sub { $$_ =~ s/,"rcpt"/,"x":1,"rcpt"/ }) },
	add_sig => sub { change_line($_[0], sub { $$_ =~ s/"\}$/'","sig":"' . 'A' x 86 . '=="}'/e }) },
	chain => sub { my ($t) = @_; my @v = $t =~ /"chain":"(\w+)"/g; my $v = pick(@v, $ZEROS);
		change_line($t, sub { $$_ =~ s/"chain":"\w+"/"chain":"$v"/ }) },
	prev => sub { my ($t) = @_; my @v = $t =~ /"chain":"(\w+)"/g; my $v = pick(@v, $ZEROS);
		$t =~ s/"prev":"\w+"/"prev":"$v"/; $t },
	no_prev => sub { $_[0] =~ s/,"prev":"\w+"//r },
	behead => sub { my @l = lines_of($_[0]); splice @l, 0, 1 + int rand @l - 1; join '', @l },
	cut => sub { substr $_[0], 0, int rand length $_[0] },
	cut_lines => sub { my @l = lines_of($_[0]); $#l -= 1 + int rand $#l; join '', @l },
	join_lines => sub { my ($t) = @_; my @at; push @at, $-[0] while $t =~ /\n/g;
		substr($t, pick(@at), 1, ''); $t },
	upper => sub { change_line($_[0], sub { $$_ =~ s/("chain":")(\w+)/$1 . uc $2/e }) },
	crlf => sub { $_[0] =~ s/\n/\r\n/gr },
	append => sub { $_[0] . pick("x", "\n", "x\n", '{"v":1', "<torn>\n", (lines_of($_[0]))[-1]) },
);

# Of whole files.
my %TAMPER_ALL = (
	drop_file => sub { my @f = @_; splice @f, 1 + int rand 2, 1; @f },
	swap_files => sub { @_[pick([1, 0, 2], [0, 2, 1], [2, 1, 0])->@*] },
	swap_ends => sub { my @f = @_; my ($i, $j) = pick([0, 1], [1, 2], [0, 2])->@*;
		my @at = map { int rand length $_ } @f[$i, $j];
		my @end = (substr($f[$i], $at[0]), substr($f[$j], $at[1]));
		substr($f[$i], $at[0]) = $end[1]; substr($f[$j], $at[1]) = $end[0]; @f },
	one_twice => sub { @_[0, pick(0, 1), 1, 2] },
);

sub tampered
{
	my $n = int rand 3;
	my @all = @file;

	if (!int rand 12) {
		my $name = pick(sort keys %TAMPER_ALL);
		return { name => $name, files => [$TAMPER_ALL{$name}->(@all)] };
	}
	my $name = pick(sort keys %TAMPER);
	$all[$n] = $TAMPER{$name}->($all[$n]);
	return { name => $name, files => \@all, place => $n };
}

# The first line that is another, from 1 on.
sub first_difference
{
	my ($before, $after) = map { [lines_of($_)] } @_;

	for my $i (0 .. $#$after) {
		return $i + 1 if $i > $#$before || $before->[$i] ne $after->[$i];
	}
	return @$after + 1;
}

# Without anchors and keys nobody can tell that the end is cut, or of a file's end what is signed.
sub is_seen_by_chain
{
	my ($case) = @_;
	my $text = join "\0", map { s/,"sig":"[^"]*"(?=\}\n\z)//r } $case->{files}->@*;
	my $was = join "\0", map { s/,"sig":"[^"]*"(?=\}\n\z)//r } @file;

	my $is_cut = join("\0", @file) =~ /\A\Q@{[join "\0", $case->{files}->@*]}\E/;
	return !$is_cut && $text ne $was;
}

# Lines that are said to be good are all lines of the files as they were.
sub bad_praise
{
	my ($case, @finding) = @_;
	my %was = map { $_ => 1 } map { lines_of($_) } @file;

	for my $finding (@finding) {
		my ($from, $to) = $finding->{kind} eq 'good' ? @$finding{qw(from to)} : @$finding{qw(good_from good_to)};
		next unless $to;
		my @line = (lines_of($case->{files}[$finding->{file}]))[$from - 1 .. $to - 1];
		# The rest of a file's last line is covered by nothing but a signature.
		return $finding if grep { !$was{$_} && !/"event":"anchor"/ } @line;
	}
	return;
}

sub misplaced
{
	my ($case, @finding) = @_;
	my ($first) = grep { $_->{kind} !~ /^(?:good|torn|covered|not-written|earlier|count|new-chain|not-anchored)$/ }
	    @finding;
	my $line = first_difference($file[$case->{place}], $case->{files}[$case->{place}]);

	return 'nothing' if !$first;
	return '' if $first->{kind} eq 'no-records';
	return "$first->{kind} in $first->{file}, line $first->{from}, not $line"
	    if $first->{file} == $case->{place} && ($first->{from} > $line + 1 || $first->{to} < $line - 1);
	return $first->{file} == $case->{place} || $first->{from} <= 2 ? '' : "in file $first->{file}";
}

sub complain
{
	my ($bad, $what) = @_;

	is scalar @$bad, 0, $what;
	diag "$_->{name}: $_->{why}" for @$bad > 5 ? @$bad[0 .. 4] : @$bad;
}

sub test_tampering
{
	my %tried;
	my @case;

	srand $SEED;
	while (@case < $ROUNDS) {
		my $case = tampered();
		next if join("\0", $case->{files}->@*) eq join("\0", @file);
		$tried{$case->{name}}++;
		push @case, $case;
	}
	is join(' ', grep { !$tried{$_} } sort keys %TAMPER, keys %TAMPER_ALL), '', 'everything was tried';
	my @whole = verify_many($syslog, 1, \@file, map { $_->{files} } @case);
	my ($untouched) = shift @whole;
	is $untouched->[0], 'good', 'untouched, the files are good';
	my @bad = map { +{ %{$case[$_]}, why => "round $_" } } grep { $whole[$_][0] eq 'good' } 0 .. $#case;
	complain(\@bad, "$ROUNDS tamperings, all found");

	my @bare = verify_many('', 0, \@file, map { $_->{files} } @case);
	is shift(@bare)->[0], 'unknown', 'without an anchor nobody can tell';
	my @seen = grep { is_seen_by_chain($case[$_]) } 0 .. $#case;
	cmp_ok scalar @seen, '>', 0.8 * $ROUNDS, 'most are in the chain itself';
	@bad = map { +{ %{$case[$_]}, why => 'round ' . $_ } }
	    grep { !grep { $_->{kind} !~ /^(?:good|torn|covered|not-written|earlier|count|new-chain|not-anchored)$/ }
	    @{$bare[$_]}[1 .. $#{$bare[$_]}] } @seen;
	complain(\@bad, 'those by the chain alone');
	@bad = map { my $f = bad_praise($case[$_], @{$bare[$_]}[1 .. $#{$bare[$_]}]);
	    $f ? { %{$case[$_]}, why => JSON::PP->new->canonical->encode($f) } : () } 0 .. $#case;
	complain(\@bad, 'no line is called good that is another');
	@bad = map { my $w = misplaced($case[$_], @{$bare[$_]}[1 .. $#{$bare[$_]}]);
	    $w ? { %{$case[$_]}, why => $w } : () } grep { defined $case[$_]{place} } @seen;
	complain(\@bad, 'and the first place is where it was done');
}

is((ctl('keygen', $key))[0], 0, 'a key is made');
make_files();
test_tampering();
done_testing;
