#!/usr/bin/env perl
# t/ctl/ctl_verify.t: authrelayctl verify and keygen, as they are called
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Compress::Gzip qw(gzip $GzipError);
use JSON::PP ();
use Test::More;
use Authrelay::Chain qw($ZEROS);
use Authrelay::Ctl qw(ctl ctl_with_input need_ctl);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);

need_ctl();

my $folder = scratch_folder();
my ($key, $public) = ("$folder/key", "$folder/key.pub");

# A test: verify ends with this code, and prints all of these.
sub verifies
{
	my ($name, $argument, $code, @pattern) = @_;
	my ($input, @word) = ref $argument->[0] ? (${$argument->[0]}, @$argument[1 .. $#$argument]) : ('', @$argument);
	my ($got, $out, $err) = ctl_with_input($input, 'verify', @word);
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	is $got, $code, "$name: exit $code" or diag "$out$err";
	$out =~ s{\Q$folder\E/}{}g;
	like "$out$err", $_, "$name: $_" for @pattern;
	return $out;
}

sub test_keygen
{
	my ($code, $out, $err) = ctl('keygen', $key);

	is $code, 0, 'keygen' or diag $err;
	is sprintf('%o %o', map { (stat $_)[2] & 0777 } $key, $public), '600 644', 'its modes';
	my ($status, $text) = Authrelay::Process->run(qw(openssl pkey -text -noout -in), $key);
	like $text, qr/ED25519 Private-Key/i, 'openssl reads the private key';
	($status, $text) = Authrelay::Process->run(qw(openssl pkey -pubout -in), $key);
	is $text, read_file($public), 'and has the same public one';
	my $before = read_file($key) . read_file($public);
	is((ctl('keygen', $key))[0], 73, 'a key is not overwritten');
	unlink $public;
	is((ctl('keygen', $key))[0], 73, 'nor one whose public half is gone');
	ok !-e $public, 'and nothing is left behind';
	write_file($public, substr $before, length read_file($key));
	is read_file($key) . read_file($public), $before, 'both are as they were';
	is((ctl('keygen', "$folder/none/key"))[0], 73, 'no such folder');
	is((ctl('keygen'))[0], 64, 'no file given');
}

# Three files, oldest first, and syslog's lines of their anchors.
my (@file, @anchor, $end);

sub make_files
{
	my $chain = Authrelay::Chain->new(key => $key);

	$chain->record for 1 .. 5;
	push @anchor, $chain->anchor;
	$chain->raw("{\"v\":1,\"ti<torn>\n")->lose(2)->record;
	push @anchor, $chain->anchor;
	push @file, $chain->begin_file;
	for (1, 2) {
		$chain->record for 1 .. 4;
		push @anchor, $chain->anchor;
		push @file, $chain->begin_file;
	}
	$end = { chain => $chain->chain, seq => $chain->seq, time => $chain->{time} };
	write_file("$folder/a.$_", $file[2 - $_]) for 0 .. 2;
	write_file("$folder/log", join '', @anchor);
	gzip(\$file[1] => "$folder/a.1.gz") or die $GzipError;
	gzip("$folder/log" => "$folder/log.gz") or die $GzipError;
}

my @ALL = map { "$folder/a.$_" } 0 .. 2;

sub test_good
{
	my @log = ('--anchors', "$folder/log");

	verifies('all', [@log, '--pubkey', $public, @ALL], 0, qr/^a\.2: lines 1-9 good\n(?:.*\n)*?a\.1: lines 1-5 good\na\.0/m,
	    qr/^a\.2: line 7: torn, and closed by the daemon$/m, qr/^a\.2: before line 8: never written.*: seq 7-8$/m,
	    qr/^anchors: 4 in the files, 4 signed, 4 valid; 4 kept elsewhere, 4 found, 0 older/m,
	    qr/^records: 18 in 19 lines of 3 files, seq 1 to 20, /m, qr/^confirmed: to a\.0 line 5, seq 20,/m,
	    qr/^verdict: good$/m);
	verifies('packed', ['--anchors', "$folder/log.gz", "$folder/a.1.gz", $ALL[2], $ALL[0]], 0, qr/^a\.1\.gz: lines 1-5 good$/m);
	verifies('the newest', [@log, $ALL[0]], 0, qr/^a\.0: line 1: begins with seq 16;/m, qr/, 1 found, 3 older/);
	verifies('a signature alone', ['--pubkey', $public, @ALL], 0, qr/4 signed, 4 valid\n/);
	verifies('standard input', [\join('', @file), @log, '-'], 0, qr/^standard input: lines 1-19 good$/m);
	verifies('nobody vouches', [@ALL], 2, qr/^verdict: cannot tell; a\.0 line 1: not-anchored$/m);
	verifies('records behind the last anchor', ['--pubkey', $public, write_file("$folder/b", $file[0] =~ s/.*\n\z//r)], 2,
	    qr/^b: lines 7-8: after the last anchor/m);
	write_file("$folder/again", $anchor[0] =~ s/^Nov.*?: /$_/r), verifies("syslog as '$_'", ['--anchors', "$folder/again",
	    '--pubkey', $public, @ALL], 0, qr/1 kept elsewhere, 1 found/) for '2026-11-24T06:00:00.123456+01:00 mx authrelay-milter[12]: ',
	    '2026-11-24T06:00:00Z mx authrelay-milter[12] ', '<22>1 2026-11-24T06:00:00Z mx authrelay-milter 12 - - ',
	    'Nov  4 06:00:00 mx authrelay-milter: ', '';
	verifies('anchors out of a file', ['--anchors', $ALL[0], @ALL], 0, qr/1 kept elsewhere, 1 found/);
}

sub test_broken
{
	my @log = ('--anchors', "$folder/log");
	my $broken = "$folder/broken";
	my @line = $file[0] =~ /.*\n/g;
	my $try = sub {
		my ($name, $code, $pattern, @changed) = @_;
		write_file($broken, join '', @changed);
		verifies($name, [@log, $broken, @ALL[0, 1]], $code, $pattern, qr/^verdict: broken, first at (?:broken|a\.1) line/m);
	};

	$try->('a byte', 1, qr/^broken: lines 1-3 good, line 4 does not follow: changed$/m, @line[0 .. 2],
	    $line[3] =~ s/permit/reject/r, @line[4 .. 8]);
	$try->('a chain value', 1, qr/lines 1-3 good, line 4 does not follow: only the chain value was changed$/m, @line[0 .. 2],
	    $line[3] =~ s/"chain":"./"chain":"x/r =~ s/"x/'"' . ($line[3] =~ m{"chain":"0} ? 1 : 0)/er, @line[4 .. 8]);
	$try->('a line out', 1, qr/lines 1-3 good, line 4 does not follow: records are missing before it, seq 4$/m, @line[0 .. 2, 4 .. 8]);
	$try->('a line twice', 1, qr/lines 1-3 good, line 4 does not follow: added or moved \(seq 2\)$/m,
	    @line[0 .. 2, 1, 3 .. 8]);
	$try->('a line of no record', 1, qr/lines 1-3 good, line 4: added, or its chain value was removed$/m, @line[0 .. 2], "x\n", @line[3 .. 8]);
	$try->('the beginning out', 1, qr/^broken: line 1 does not follow: the beginning of the file is missing/m, @line[2 .. 8]);
	$try->('the end out', 1, qr/^a\.1: line 1 does not follow: a file, or the end.*, seq 5-10$/m, @line[0 .. 3]);
	$try->('a signature', 1, qr/^broken: line 6: the anchor seq 6 has an invalid signature$/m, @line[0 .. 4],
	    $line[5] =~ s/"sig":"(.)/'"sig":"' . ($1 eq 'A' ? 'B' : 'A')/er, @line[6 .. 8]);
	verifies('a file missing', [@log, @ALL[0, 2]], 1, qr/^a\.0: line 1 does not follow: a file, or the end.*missing, seq 11-15$/m);
	verifies('the end cut', [@log, @ALL[1, 2]], 1, qr/^a\.1: line 5 is not the last; an anchor kept elsewhere has more, seq 16-20: cut/m,
	    qr/^verdict: broken, first at a\.1 line 5: cut$/m);
	write_file($broken, $file[2] =~ s/.{9}\n\z//r);
	verifies('the end torn', ['--pubkey', $public, $broken], 2, qr/^broken: lines 1-4 good, line 5: incomplete:/m);
	write_file("$broken.gz", substr read_file("$folder/a.1.gz"), 0, -30);
	verifies('a packed file cut', [@log, "$broken.gz", @ALL[0, 2]], 1, qr/^broken\.gz: cannot be read from line \d+ on: /m);
}

# Whoever can write the file can write its chain anew. He cannot sign it, nor write on another machine.
sub test_rewritten
{
	my $chain = Authrelay::Chain->new(key => "$folder/other");

	ctl('keygen', "$folder/other");
	$chain->record('"event":"rcpt","verdict":"permit","reason":"authenticated","rcpt":"<x@y.example>"') for 1 .. 5;
	$chain->anchor;
	$chain->lose(2)->record;
	$chain->anchor;
	write_file("$folder/anew", $chain->text);
	verifies('written anew, signed', ['--pubkey', $public, "$folder/anew"], 1,
	    qr/^anew: lines 1-6: the anchor seq 6 has an invalid signature$/m, qr/2 signed, 0 valid/);
	verifies('written anew, anchors kept', ['--anchors', "$folder/log", "$folder/anew"], 1,
	    qr/^anew: lines 1-6: written again; the anchor kept elsewhere for seq 6 does not agree$/m);
	verifies('another key', ['--pubkey', "$folder/other.pub", @ALL], 1, qr/4 signed, 0 valid/);
	verifies('signed by it, and wrongly', ['--pubkey', "$folder/other.pub", "$folder/anew"], 0, qr/2 signed, 2 valid/);
}

# What happens in an honest life.
sub test_chains
{
	my $chain = Authrelay::Chain->new(key => $key, time => $end->{time});
	my $old = "{\"v\":1,\"seq\":1}\n" x 3;

	$chain->raw($old);
	$chain->record for 1 .. 3;
	$chain->anchor;
	write_file("$folder/new", $chain->begin_file);
	verifies('an older version before', ['--pubkey', $public, "$folder/new"], 0,
	    qr/^new: lines 1-3: no chain value; covered by that of the next line$/m);
	verifies('a new chain', ['--pubkey', $public, "$folder/new", @ALL], 0, qr/^new: line 4: a new chain begins, seq 1$/m);
	verifies('both, with anchors', ['--anchors', "$folder/log", '--pubkey', $public, "$folder/new", @ALL], 0,
	    qr/4 kept elsewhere, 4 found/);
	verifies('the old one cut', ['--anchors', "$folder/log", '--pubkey', $public, "$folder/new", @ALL[1, 2]], 1,
	    qr/^a\.1: line 5 is not the last/m);
	verifies('no chain at all', [write_file("$folder/old", $old)], 2, qr/^old: no line has a chain value/m);
	verifies('an empty file', [write_file("$folder/empty", '')], 2, qr/^records: 0 in 0 lines of 1 file$/m);
	my $unsigned = Authrelay::Chain->new(%$end);
	$unsigned->record;
	my $line = $unsigned->anchor;
	write_file("$folder/unsigned", $unsigned->text);
	verifies('signed no more', ['--pubkey', $public, @ALL, "$folder/unsigned"], 2,
	    qr/^unsigned: line 2: an anchor without a signature/m);
	write_file("$folder/log2", join '', @anchor, $line);
	verifies('but kept', ['--pubkey', $public, '--anchors', "$folder/log2", @ALL, "$folder/unsigned"], 0);
}

sub test_json
{
	my ($code, $out) = ctl('verify', '--json', '--anchors', "$folder/log", @ALL);
	my $got = eval { JSON::PP::decode_json($out) } // {};

	is $code, 0, 'JSON: exit 0';
	is "$got->{verdict} $got->{records} $got->{last}{seq}", 'good 18 20', 'JSON: what it says' or diag $out;
	is join(' ', map { $_->{kind} } $got->{findings}->@*), 'not-written torn good good good', 'JSON: in order';
	write_file("$folder/broken", $file[0] =~ s/permit/reject/r);
	($code, $out) = ctl('verify', '--json', "$folder/broken");
	$got = eval { JSON::PP::decode_json($out) } // {};
	is "$code $got->{verdict} $got->{why} $got->{where}{line}", '1 broken changed 1', 'JSON: broken' or diag $out;
}

sub test_usage
{
	is((ctl('verify'))[0], 64, 'no file');
	is((ctl('verify', '--none', $ALL[0]))[0], 64, 'no such option');
	is((ctl('verify', '-', $ALL[0]))[0], 64, 'standard input beside a file');
	verifies('no such file', ["$folder/none"], 66, qr/none: No such file/);
	verifies('no such anchors', ['--anchors', "$folder/none", $ALL[0]], 66, qr/none: No such file/);
	verifies('no key', ['--pubkey', $key, $ALL[0]], 66, qr/not a public key in PEM/);
	my @many = map { "x\n" } 1 .. 300;
	my ($code, $out) = ctl('verify', write_file("$folder/many", join '', map { ($_, $file[0] =~ /(.*\n)/) } @many));
	cmp_ok length $out, '<', 20000, 'a file that is all wrong is no endless story';
	is $code, 1, 'and is broken';
}

test_keygen();
make_files();
test_good();
test_broken();
test_rewritten();
test_chains();
test_json();
test_usage();
done_testing;
