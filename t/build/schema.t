#!/usr/bin/perl
# t/build/schema.t: the audit record's schema, its man page, and what the daemon writes agree
# SPDX-License-Identifier: ISC

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in cannot);

my $PYTHON = $ENV{PYTHON} // '/usr/bin/python3';
my $SCHEMA = 'conf/audit.schema.json';
my $CHAIN = '0123456789abcdef' x 2;

my $top = top();
my $folder = scratch_folder();
my $schema = JSON::PP::decode_json(read_file("$top/$SCHEMA"));
my @keys = key_order();

# The order of the properties, which a parsed hash has lost.
sub key_order
{
	my ($properties) = read_file("$top/$SCHEMA") =~ /^\t"properties": \{\n(.*?)^\t\},?\n/ms;
	return $properties =~ /^\t\t"(\w+)":/mg;
}

# A scalar reference stands as it is: a number, true, or what no writer of JSON would write.
sub json_value
{
	my ($value) = @_;
	return $$value if ref $value;
	return $value if $value =~ /\A(?:0|[1-9][0-9]*)\z/;
	return JSON::PP->new->allow_nonref->ascii->encode($value) =~ s/\x7f/\\u007f/gr;
}

sub line_of
{
	my ($record) = @_;
	my %place = map { $keys[$_] => $_ } 0 .. $#keys;
	my @order = sort { ($place{$a} // 99) <=> ($place{$b} // 99) } keys %$record;
	return '{' . join(',', map { "\"$_\":" . json_value($record->{$_}) } @order) . "}\n";
}

sub record
{
	my (%set) = @_;
	my %record = (v => 1, time => '2026-11-24T06:34:42.123456Z', seq => 1, event => 'rcpt', %set);
	defined $record{$_} or delete $record{$_} for keys %record;
	return \%record;
}

sub decided
{
	my (%set) = @_;
	return record(
		verdict => 'reject', reason => 'relay-denied', enforced => \'true',
		reply => '550 5.7.1 Relaying denied', session => '6611f0c39c240.1f', txn => 2,
		client => '192.0.2.7', sender => '<joe@example.net>', rcpt => '<ann@example.com>', %set,
	);
}

sub permitted
{
	return decided(verdict => 'permit', reason => 'mx', reply => undef, @_);
}

sub refused_by_mta
{
	return decided(
		event => 'mta-reject', reason => 'mta-reject', reply => '5.1.1 550 5.1.1 no such user', @_);
}

sub message
{
	return record(
		event => 'message', session => '6611f0c39c240-1f', txn => 1, queue_id => '4Qx1',
		sender => '<>', client => '2001:db8::7', @_);
}

sub anchor
{
	return record(event => 'anchor', count => 3, chain => $CHAIN, @_);
}

sub flood
{
	return record(event => 'flood', verdict => 'tempfail', reason => 'too-many', enforced => \'true',
		reply => '451 4.7.1 Too many', client => '192.0.2.7', matched => 'audit.stranger-rate 192.0.2.0/24',
		count => 4711, @_);
}

sub flood_with_example
{
	return flood(session => '6611f0c39c240.1f', txn => 2, rcpt => '<ann@example.com>', @_);
}

sub validate
{
	return run(write_file("$folder/records.json", join('', @_)));
}

# Returns the exit status and what was printed.
sub run
{
	return run_in($top, $PYTHON, 't/lib/validate_records.py', $SCHEMA, @_);
}

# The faults of each line of the file, by its number.
sub faults_by_line
{
	my ($text) = @_;
	my %faults;
	push @{ $faults{$1} }, $2 while $text =~ /^[^\n]*?:(\d+): (.*)$/mg;
	return \%faults;
}

sub test_good
{
	my @good = (
		record(event => 'start'),
		decided(),
		decided(enforced => \'false'),
		decided(verdict => 'tempfail', reason => 'dns-failure', reply => '451 4.4.3 Try again'),
		decided(auth => 'joe', auth_type => 'ANONYMOUS', auth_refused => 'anonymous'),
		decided(auth => "joe\n", auth_realm => 'mx.example.org', auth_type => 'PLAIN',
			auth_refused => 'unreadable'),
		decided(client => undef, sender => undef),
		permitted(),
		permitted(rcpt => "<\x{fc}\x{1f4e7}\@example.com>\n\x00", client_name => ''),
		permitted(domain => 'xn--bcher-kva.example', matched => 'local-domains .example'),
		permitted(client => '2001:db8::192.0.2.1', client_port => 65535),
		refused_by_mta(),
		refused_by_mta(verdict => 'tempfail', reply => "4.3.0 odd \x7f", enforced => undef),
		message(),
		message(queue_id => undef, sender => undef, client => undef),
		message(verdict => 'reject', reason => 'malformed-address', enforced => \'true',
			reply => '553 5.1.3 Malformed address'),
		record(event => 'reload'),
		record(event => 'reload', mta => 'mx.example.org', elapsed_us => 0),
		record(event => 'reload', note => 'mode, local-domains'),
		record(event => 'stop'),
		record(event => 'mta', mta => 'mx.example.org', note => 'Postfix 3.7.11: tells'),
		record(event => 'stop', prev => '0' x 32, chain => $CHAIN),
		decided(chain => $CHAIN),
		decided(reason => 'oversized', helo => 'aaa...', cut => "helo 8190 $CHAIN"),
		permitted(domain => 'a.b...', cut => "domain 900 $CHAIN, rcpt 70000 $CHAIN, ..."),
		permitted(domain => 'a....', cut => "domain 900 $CHAIN"),
		anchor(),
		anchor(prev => $CHAIN),
		anchor(sig => 'A' x 86 . '=='),
		flood(),
		flood(client => undef, matched => 'audit.stranger-rate unknown', enforced => \'false', chain => $CHAIN),
		flood_with_example(queue_id => '4Qx1', sender => '<>', helo => 'x', client_port => 4711),
	);
	my $seq = 0;
	$_->{seq} = ++$seq for @good;
	my ($status, $text) = validate(map { line_of($_) } @good);
	is($status, 0, 'records that are right pass') or diag($text);
	is($text, @good . " records\n", 'and are counted');
	for my $reason (@{ $schema->{properties}{reason}{enum} }) {
		my @found = grep { is_valid_with($reason, $_) } qw(permit reject tempfail);
		is(scalar @found, $reason =~ /^(?:mta-reject|too-many)$/ ? 0 : 1, "$reason is of one verdict: @found");
	}
}

# Looks where the schema's decision has the reason; the validator itself is tried in the tables.
sub is_valid_with
{
	my ($reason, $verdict) = @_;
	my ($case) = grep { $_->{properties}{verdict}{const} eq $verdict }
	    @{ $schema->{'$defs'}{decision}{oneOf} };
	return grep { $_ eq $reason } @{ $case->{properties}{reason}{enum} };
}

sub bad_records
{
	return (
		[ 'v 2' => decided(v => 2), qr/^v: / ],
		[ 'nothing is cut' => decided(cut => ''), qr/^cut: / ],
		[ 'a cut without a hash' => decided(cut => 'helo 300'), qr/^cut: / ],
		[ 'a cut with half a hash' => decided(cut => 'helo 300 ' . substr $CHAIN, 1), qr/^cut: / ],
		[ 'a cut of nothing' => decided(cut => "helo 0 $CHAIN"), qr/^cut: / ],
		[ 'a cut anchor' => anchor(cut => "sig 300 $CHAIN"), qr/./ ],
		[ 'a permit of oversized' => permitted(reason => 'oversized'), qr/./ ],
		[ 'no v' => decided(v => undef), qr/'v' is a required/ ],
		[ 'no time' => decided(time => undef), qr/'time' is a required/ ],
		[ 'no event' => decided(event => undef), qr/'event' is a required/ ],
		[ 'time without micros' => decided(time => '2026-11-24T06:34:42Z'), qr/^time: / ],
		[ 'time with an offset' => decided(time => '2026-11-24T06:34:42.1234+00'), qr/^time: / ],
		[ 'month 13' => decided(time => '2026-13-24T06:34:42.123456Z'), qr/^time: / ],
		[ 'hour 24' => decided(time => '2026-11-24T24:34:42.123456Z'), qr/^time: / ],
		[ 'unknown event' => decided(event => 'data'), qr/^event: / ],
		[ 'unknown key' => decided(password => 'x'), qr/'password' was unexpected/ ],
		[ 'unknown verdict' => decided(verdict => 'accept'), qr/^verdict: / ],
		[ 'unknown reason' => decided(reason => 'because'), qr/^reason: / ],
		[ 'no verdict' => decided(verdict => undef), qr/'verdict' is a required/ ],
		[ 'no reason' => decided(reason => undef), qr/'reason' is a required/ ],
		[ 'no enforced' => decided(enforced => undef), qr/'enforced' is a required/ ],
		[ 'no session' => decided(session => undef), qr/'session' is a required/ ],
		[ 'no txn' => decided(txn => undef), qr/'txn' is a required/ ],
		[ 'no rcpt' => decided(rcpt => undef), qr/'rcpt' is a required/ ],
		[ 'a reject without a reply' => decided(reply => undef), qr/'reply' is a required/ ],
		[ 'a permit with a reply' => permitted(reply => '550 5.7.1 No'), qr/False schema/ ],
		[ 'a permit of relay-denied' => permitted(reason => 'relay-denied'), qr/./ ],
		[ 'a reject of relay-domain' => decided(reason => 'relay-domain'), qr/./ ],
		[ 'a reject of dns-failure' => decided(reason => 'dns-failure'), qr/./ ],
		[ 'a rcpt of mta-reject' => decided(reason => 'mta-reject'), qr/./ ],
		[ 'a reject by 451' => decided(reply => '451 4.7.1 No'), qr/./ ],
		[ 'a tempfail by 550' => decided(verdict => 'tempfail', reason => 'internal'), qr/./ ],
		[ 'codes that differ' => decided(reply => '550 4.7.1 No'), qr/./ ],
		[ 'a reply without a status' => decided(reply => '550 No'), qr/./ ],
		[ 'a reply of two lines' => decided(reply => "550 5.7.1 No\n"), qr/./ ],
		[ 'enforced as a text' => decided(enforced => 'true'), qr/^enforced: / ],
		[ 'enforced as a number' => decided(enforced => 1), qr/^enforced: / ],
		[ 'session in capitals' => decided(session => '6611F0.1'), qr/^session: / ],
		[ 'session without a dot' => decided(session => '6611f0'), qr/^session: / ],
		[ 'session of two lines' => decided(session => "6611f0.1\n"), qr/^session: / ],
		[ 'session too long' => decided(session => ('a' x 30) . '.' . ('b' x 30)), qr/^session: / ],
		[ 'txn 0' => decided(txn => 0), qr/^txn: / ],
		[ 'txn as a text' => decided(txn => \'"1"'), qr/^txn: / ],
		[ 'a fraction' => decided(txn => \'1.5'), qr/not JSON of ours: 1.5/ ],
		[ 'a whole fraction' => decided(txn => \'1.0'), qr/not JSON of ours: 1.0/ ],
		[ 'NaN' => decided(txn => \'NaN'), qr/not JSON of ours: NaN/ ],
		[ 'null' => decided(helo => \'null'), qr/^helo: / ],
		[ 'a list' => decided(rcpt => \'["<ann@example.com>"]'), qr/^rcpt: / ],
		[ 'client is a name' => decided(client => 'localhost'), qr/^client: / ],
		[ 'client in brackets' => decided(client => '[192.0.2.7]'), qr/^client: / ],
		[ 'client with a tag' => decided(client => 'IPv6:2001:db8::7'), qr/^client: / ],
		[ 'client empty' => decided(client => ''), qr/^client: / ],
		[ 'port 65536' => decided(client_port => 65536), qr/^client_port: / ],
		[ 'port below zero' => decided(client_port => \'-1'), qr/^client_port: / ],
		[ 'auth_refused unknown' => decided(auth_refused => 'expired'), qr/^auth_refused: / ],
		[ 'domain in capitals' => decided(domain => 'Example.com'), qr/^domain: / ],
		[ 'domain as U-label' => decided(domain => "b\x{fc}cher.example"), qr/^domain: / ],
		[ 'domain with a dot at the end' => decided(domain => 'example.com.'), qr/^domain: / ],
		[ 'elapsed below zero' => decided(elapsed_us => \'-1'), qr/^elapsed_us: / ],
		[ 'mta-reject of another reason' => refused_by_mta(reason => 'mx'), qr/^reason: / ],
		[ 'mta-reject that permits' => refused_by_mta(verdict => 'permit'), qr/^verdict: / ],
		[ 'mta-reject without rcpt' => refused_by_mta(rcpt => undef), qr/'rcpt' is a required/ ],
		[ 'mta-reject with nothing said' => refused_by_mta(reply => ''), qr/^reply: / ],
		[ 'message permitted' => message(verdict => 'permit', reason => 'malformed-address',
			enforced => \'true', reply => '553 5.1.3 x'), qr/^verdict: / ],
		[ 'message with a reason alone' => message(reason => 'malformed-address'), qr/^reason: / ],
		[ 'message refused without a reply' => message(verdict => 'reject', reason => 'malformed-address',
			enforced => \'true'), qr/'reply' is a required/ ],
		[ 'message with rcpt' => message(rcpt => '<a@example.com>'), qr/^rcpt: / ],
		[ 'message without session' => message(session => undef), qr/'session' is a required/ ],
		[ 'message without txn' => message(txn => undef), qr/'txn' is a required/ ],
		[ 'reload with a verdict' => record(event => 'reload', verdict => 'permit'), qr/^verdict: / ],
		[ 'a decision with a note' => decided(note => 'x'), qr/^note: / ],
		[ 'message with a note' => message(note => 'x'), qr/^note: / ],
		[ 'note of two lines' => record(event => 'reload', note => "a\nb"), qr/^note: / ],
		[ 'mta with a verdict' => record(event => 'mta', verdict => 'permit'), qr/^verdict: / ],
		[ 'mta with a session' => record(event => 'mta', session => '1.1'), qr/^session: / ],
		[ 'stop with a session' => record(event => 'stop', session => '1.1'), qr/^session: / ],
		[ 'chain in capitals' => decided(chain => uc $CHAIN), qr/^chain: / ],
		[ 'chain too short' => decided(chain => substr $CHAIN, 1), qr/^chain: / ],
		[ 'chain of two lines' => decided(chain => substr($CHAIN, 1) . "\n"), qr/^chain: / ],
		[ 'prev too long' => decided(prev => "${CHAIN}0", chain => $CHAIN), qr/^prev: / ],
		[ 'a decision with a count' => decided(count => 1), qr/^count: / ],
		[ 'a decision with a signature' => decided(sig => 'A' x 86 . '=='), qr/^sig: / ],
		[ 'an anchor without a chain' => anchor(chain => undef), qr/'chain' is a required/ ],
		[ 'an anchor without a count' => anchor(count => undef), qr/'count' is a required/ ],
		[ 'an anchor of nothing' => anchor(count => 0), qr/^count: / ],
		[ 'an anchor with a note' => anchor(note => 'x'), qr/'note'/ ],
		[ 'an anchor with a verdict' => anchor(verdict => 'permit'), qr/'verdict'/ ],
		[ 'a signature too short' => anchor(sig => 'A' x 87), qr/^sig: / ],
		[ 'a signature with a blank' => anchor(sig => ' ' . 'A' x 85 . '=='), qr/^sig: / ],
		[ 'a flood of nothing' => flood(count => 0), qr/^count: / ],
		[ 'a flood without a count' => flood(count => undef), qr/'count' is a required/ ],
		[ 'a flood without a network' => flood(matched => undef), qr/'matched' is a required/ ],
		[ 'a flood that permits' => flood(verdict => 'permit'), qr/^verdict: / ],
		[ 'a flood for good' => flood(reply => '550 5.7.1 No'), qr/^reply: / ],
		[ 'a flood of another reason' => flood(reason => 'internal'), qr/^reason: / ],
		[ 'a flood with a note' => flood(note => 'x'), qr/^note: / ],
		[ 'a flood with an answer of DNS' => flood(mx => 'x'), qr/^mx: / ],
		[ 'a flood with a recipient of nowhere' => flood(rcpt => '<a@example.com>'), qr/'session' is a dependency/ ],
		[ 'a flood with a session alone' => flood(session => '1.1', txn => 1), qr/'rcpt' is a dependency/ ],
		[ 'a rcpt of too-many' => decided(verdict => 'tempfail', reason => 'too-many', reply => '451 4.7.1 No'), qr/./ ],
		[ 'a stop with a count' => record(event => 'stop', count => 1), qr/^count: / ],
		[ 'half a character' => decided(rcpt => \'"\\ud800"'), qr/half of a surrogate pair/ ],
	);
}

# All in one file, each after a right one.
sub test_bad
{
	my @bad = bad_records();
	my $seq = 0;
	my @records = map { (decided(), $_->[1]) } @bad;
	$_->{seq} = ++$seq for @records;
	my ($status, $text) = validate(map { line_of($_) } @records);
	my $faults = faults_by_line($text);
	is($status, 1, 'records that are wrong do not pass');
	for my $i (0 .. $#bad) {
		my ($name, undef, $want) = @{ $bad[$i] };
		my $found = delete $faults->{ 2 * $i + 2 } // [];
		like("@$found", $want, "refused: $name");
	}
	is_deeply($faults, {}, 'and nothing else is said') or diag(explain($faults));
}

sub numbered
{
	my @seqs = @_;
	return map {
		my ($event, $seq) = /^(start|stop)?(\d+)$/;
		line_of($event ? record(event => $event, seq => $seq) : decided(seq => $seq))
	} @seqs;
}

# What only the lines and their order show.
sub test_lines
{
	my $line = line_of(decided());
	my %bad  = (
		'no line end at the end' => [ qr/^1: no line end$/m, substr($line, 0, -1) ],
		'an empty line' => [ qr/^1: not JSON: /m, "\n" ],
		'a torn line' => [ qr/^1: not JSON: /m, substr($line, 0, 40) . "\n" ],
		'two records on a line' => [ qr/^1: not JSON: /m, substr($line, 0, -1) . $line ],
		'no object' => [ qr/^1: not an object$/m, "[1]\n" ],
		'a key twice' => [ qr/^1: duplicate key verdict$/m,
			$line =~ s/,"reason"/,"verdict":"permit","reason"/r ],
		'another order' => [ qr/^1: event stands after verdict$/m,
			$line =~ s/("event":"rcpt"),("verdict":"reject")/$2,$1/r ],
		'no UTF-8' => [ qr/^1: not UTF-8: /m, $line =~ s/ann/\xff/r ],
		'a raw C1' => [ qr/^1: raw U\+009B$/m, $line =~ s/ann/\xc2\x9b/r ],
		'a raw line separator' => [ qr/^1: raw U\+2028$/m, $line =~ s/ann/\xe2\x80\xa8/r ],
		'a raw bidi override' => [ qr/^1: raw U\+202E$/m, $line =~ s/ann/\xe2\x80\xae/r ],
		'a raw noncharacter' => [ qr/^1: raw U\+FDD0$/m, $line =~ s/ann/\xef\xb7\x90/r ],
		'a raw escape' => [ qr/^1: raw U\+001B$/m, $line =~ s/ann/\e/r ],
		'a carriage return' => [ qr/^1: raw U\+000D$/m, $line =~ s/\n/\r\n/r ],
		'a gap' => [ qr/^3: seq 4 after 2$/m, numbered(1, 2, 4) ],
		'a number twice' => [ qr/^2: seq 1 after 1$/m, numbered(1, 1) ],
		'a number that falls' => [ qr/^2: seq 6 after 7$/m, numbered(7, 6) ],
		'numbers that begin again without a start' => [ qr/^2: seq 1 after 9$/m, numbered(9, 1) ],
		'a start that is neither the next nor the first' => [ qr/^2: seq 4 of a start after 2$/m,
			numbered('2', 'start4') ],
	);
	my @names = sort keys %bad;
	my @files = map { "$folder/$_.json" } 0 .. $#names;
	for my $i (0 .. $#names) {
		my (undef, @lines) = @{ $bad{$names[$i]} };
		write_file($files[$i], join('', @lines));
	}
	my ($status, $text) = run(@files);
	is($status, 1, 'lines that are wrong do not pass');
	for my $i (0 .. $#names) {
		my @faults = $text =~ /^\Q$files[$i]\E:(.*\n)/mg;
		like("@faults", $bad{$names[$i]}[0], "refused: $names[$i]");
		is(scalar @faults, 1, "for nothing else: $names[$i]") or diag(@faults);
	}
	($status, $text) = validate(numbered(qw(17 18 stop19 start1 2 start1 2)));
	is("$status $text", "0 7 records\n", 'numbers may begin again with a start, a file with any');
	($status, $text) = validate(numbered(qw(17 stop18 start19 20)));
	is("$status $text", "0 4 records\n", 'or go on');
	($status, $text) = validate();
	is("$status $text", "0 0 records\n", 'an empty file');
}

# What the daemon's own code writes.
sub test_samples
{
	my $path = "$folder/samples.json";
	-x "$top/t/unit/record.t" or return cannot('t/unit/record.t is not built');
	my ($status, $text) = run_in($top, 't/unit/record.t', '--samples', $path);
	is($status, 0, 'samples are written') or diag($text);
	($status, $text) = run($path);
	is($status, 0, 'samples are valid') or diag($text);
	like($text, qr/\A[1-9]\d records\n\z/, 'dozens of them');
	my @samples = map { JSON::PP::decode_json($_) } split /\n/, read_file($path);
	my %seen = map { $_ => 1 } map { keys %$_ } @samples;
	is_deeply([ sort keys %seen ], [ sort @keys ], 'every key is in one of them');
}

sub test_man
{
	my $man = read_file("$top/conf/authrelay-audit.5.in");
	my ($described) = $man =~ /^\.Sh KEYS\n(.*?)^\.Sh /ms;
	is_deeply([ $described =~ /^\.It Ic (\w+)$/mg ], \@keys,
	    'the man page has every key, in their order');
	my %section = (
		event => 'EVENTS', verdict => 'VERDICTS', reason => 'REASONS',
		auth_refused => 'REFUSED LOGINS');
	for my $key (sort keys %section) {
		my ($text) = $man =~ /^\.Sh $section{$key}\n(.*?)^\.Sh /ms;
		my @want = sort @{ $schema->{properties}{$key}{enum} };
		is_deeply([ sort $text =~ /^\.It Cm (\S+)$/mg ], \@want,
		    "the man page has every value of $key");
	}
	my @examples = map { s/\n//gr =~ s/\\e/\\/gr } $man =~ /^(\{"v":1,(?:.*\n)*?.*\}\n)/mg;
	my ($status, $text) = validate(map { "$_\n" } @examples);
	is("$status $text", "0 3 records\n", 'its examples are valid');
}

if ((run_in($top, $PYTHON, '-c', 'import jsonschema'))[0] != 0) {
	cannot("$PYTHON has no jsonschema (Debian: python3-jsonschema)");
	done_testing;
	exit;
}
my ($status, $text) = run();
is("$status $text", "0 0 records\n", 'the schema is valid itself');
test_good();
test_bad();
test_lines();
test_samples();
test_man();
done_testing;
