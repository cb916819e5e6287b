#!/usr/bin/perl
# t/ctl/report.t: authrelayctl report counts what the records say, and nothing else
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use List::Util qw(max sum0);
use Test::More;
use Authrelay::Ctl qw(ctl ctl_with_input need_ctl);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Traffic qw(traffic record_line record_keys);
use Authrelay::Tree qw(top run_in find_program cannot);

need_ctl();

$ENV{TZ} = 'UTC';
$ENV{LC_ALL} = 'C.UTF-8';
delete @ENV{qw(COLUMNS NO_COLOR)};

my $FOLDER = scratch_folder();
my @RECORDS = traffic(4000);
my $FILE = write_file("$FOLDER/audit.json", join '', map { record_line($_) } @RECORDS);
my @PERIOD = qw(--since 2026-11-17 --until 2026-11-24);

sub report_of
{
	my ($code, $out, $err) = ctl('report', '--json', '--top', 10000, @_);

	is "$code $err", '0 ', "report @_" or return {};
	return JSON::PP::decode_json($out);
}

sub is_before { return $_[0]{time} lt '2026-11-17T' }

sub network_of
{
	my ($client) = @_;

	return 'unknown' if !defined $client;
	return $client =~ /^([0-9.]+)\.\d+$/ ? "$1.0/24" : $client =~ s/::1$/::\/64/r;
}

# The same counts, by other means: of the records that are wanted.
sub counted
{
	my (@record) = @_;
	my %c = map { $_ => {} } qw(verdicts reasons users hosts clients lookups pairs hours forms);
	my $bump = sub {
		my ($table, $key, $record) = @_;
		$c{$table}{$key}{is_before($record) ? 'before' : 'now'}++;
		return if is_before($record);
		my $seen = $c{$table}{$key}{seen} //= {};
		$seen->{recipients}{$record->{rcpt}}++;
		$seen->{domains}{$record->{domain}}++ if defined $record->{domain};
		$seen->{networks}{network_of($record->{client})}++ if defined $record->{client};
	};

	for my $r (grep { $_->{event} =~ /^(?:rcpt|mta-reject)$/ } @record) {
		$bump->('verdicts', $r->{verdict}, $r);
		$bump->('reasons', "$r->{verdict} $r->{reason}", $r);
		$bump->('unenforced', 'all', $r) if exists $r->{enforced} && !$r->{enforced};
		$bump->('refused_logins', $r->{auth_refused}, $r) if defined $r->{auth_refused};
		if ($r->{reason} eq 'authenticated') {
			$bump->('users', $r->{auth}, $r);
			$bump->('pairs', "$r->{auth} " . network_of($r->{client}), $r);
		} elsif ($r->{reason} =~ /^(?:trusted-network|local-submission)$/) {
			$bump->('hosts', network_of($r->{client}), $r);
		} elsif ($r->{reason} eq 'dns-failure') {
			$bump->('lookups', $r->{domain}, $r);
		} elsif ($r->{verdict} eq 'reject') {
			$bump->('clients', $r->{client}, $r);
		}
		if (!is_before($r)) {
			my ($day, $hour) = $r->{time} =~ /-(\d\d)T(\d\d)/;
			# 2026-11-23 was a Monday
			$c{hours}{$r->{verdict} eq 'permit' ? 'permitted' : 'refused'}[($day - 23) % 7][$hour]++;
		}
	}
	$bump->($_->{event} eq 'message' ? 'messages' : 'starts', 'all', { %$_, rcpt => '' })
	    for grep { $_->{event} =~ /^(?:message|start)$/ } @record;
	return \%c;
}

sub pair_of { return { now => $_[0]{now} // 0, before => $_[0]{before} // 0 } }

sub same_list
{
	my ($name, $got, $want) = @_;
	my %got = map { $_->{key} => {
		now => $_->{permitted}{now} + $_->{refused}{now},
		before => $_->{permitted}{before} + $_->{refused}{before},
		recipients => $_->{recipients}{count}, domains => $_->{domains}{count},
		networks => $_->{networks}{count},
	} } @{ $got->{list} };
	my %want = map {
		my $entry = $want->{$_};
		$_ => { %{ pair_of($entry) }, map { my $k = $_; $k => scalar keys %{ $entry->{seen}{$k} // {} } }
		    qw(recipients domains networks) }
	} grep { $want->{$_}{now} } keys %$want;

	is_deeply \%got, \%want, $name;
	is_deeply [map { $_->{permitted}{now} + $_->{refused}{now} } @{ $got->{list} }],
	    [sort { $b <=> $a } map { $_->{now} } values %want], "$name: the highest first";
}

sub same
{
	my ($name, $got, @record) = @_;
	my $want = counted(@record);

	subtest $name => sub {
		is_deeply $got->{records}, { now => scalar(grep { !is_before($_) } @record),
			before => scalar(grep { is_before($_) } @record) }, 'records';
		is_deeply $got->{verdicts}, { map { $_ => pair_of($want->{verdicts}{$_}) } qw(permit reject tempfail) },
		    'verdicts';
		is_deeply { map { ("$_->{verdict} $_->{reason}" => pair_of($_)) } @{ $got->{reasons} } },
		    { map { $_ => pair_of($want->{reasons}{$_}) } keys %{ $want->{reasons} } }, 'reasons';
		is_deeply $got->{$_}, pair_of($want->{$_}{all}), $_ for qw(unenforced messages starts);
		is_deeply $got->{refused_logins}, { map { $_ => pair_of($want->{refused_logins}{$_}) }
		    keys %{ $want->{refused_logins} // {} } }, 'logins that did not count';
		same_list($_, $got->{$_}, $want->{$_}) for qw(users hosts clients lookups);
		is_deeply [map { sum0(@{ $_->{over_time}{counts} }) } @{ $got->{users}{list} }],
		    [map { $_->{permitted}{now} } @{ $got->{users}{list} }], 'users: their time series have all';
		is sum0(map { values %{ $_->{tried} // {} } } @{ $got->{clients}{list} }),
		    sum0(map { $_->{now} // 0 } values %{ $want->{clients} }), 'clients: every recipient has a form';
		is_deeply $got->{hours}, { map { my $kind = $_; $kind => [map { my $day = $_;
			[map { $want->{hours}{$kind}[$day][$_] // 0 } 0 .. 23] } 0 .. 6] } qw(permitted refused) }, 'hours';
		is_deeply { map { my $v = $_; $v => sum0(map { $_->{$v} } @{ $got->{over_time}{steps} }) }
		    qw(permit reject tempfail) }, { map { $_ => $want->{verdicts}{$_}{now} // 0 }
		    qw(permit reject tempfail) }, 'over time';
		is_deeply { map { ("$_->{user} $_->{network}" => $_->{recipients}) } @{ $got->{new_networks} } },
		    { map { $_ => $want->{pairs}{$_}{now} } grep { $want->{pairs}{$_}{now} && !$want->{pairs}{$_}{before} }
		    keys %{ $want->{pairs} } }, 'new networks';
	};
	return $want;
}

sub test_counts
{
	my $got = report_of(@PERIOD, $FILE);
	same('everything', $got, @RECORDS);
	cmp_ok scalar(@{ $got->{users}{list} }), '>', 20, 'there are users';
	is $got->{bad_lines}, 0, 'no bad line';
	my ($moved) = grep { $_->{user} eq 'user7' && $_->{network} eq '198.51.200.0/24' } @{ $got->{new_networks} };
	is $moved->{user_is_new}, JSON::PP::false, 'a user whom we know, from elsewhere';
	my ($new) = grep { $_->{user} eq 'user40' } @{ $got->{new_networks} };
	is $new->{user_is_new}, JSON::PP::true, 'a new user is said to be new';
	my %tried = map { $_->{form} => $_->{now} } @{ $got->{tried} };
	is join(', ', sort keys %tried), 'address literal, bang path, comment, percent hack, plain address, '
	    . 'plain address without brackets, quoted at sign, source route, two at signs', 'the forms that were tried';

	my $all = report_of($FILE);
	is_deeply $all->{period}{before}, undef, 'without --since there is no time before';
	is $all->{records}{now}, scalar @RECORDS, 'and all records are of now';
	is_deeply $all->{new_networks}, [], 'nor are networks new';
	is_deeply $all->{changed}, { users => [], hosts => [], clients => [] }, 'nor does anything differ';
}

sub test_periods
{
	my $got = report_of(qw(--since 2026-11-20 --until 2026-11-21T12:00:00Z), $FILE);
	my $now = grep { $_->{time} ge '2026-11-20T' && $_->{time} lt '2026-11-21T12' } @RECORDS;
	my $before = grep { $_->{time} ge '2026-11-18T12' && $_->{time} lt '2026-11-20T' } @RECORDS;
	is_deeply $got->{records}, { now => $now, before => $before }, 'the time before is as long';
	is $got->{outside}, @RECORDS - $now - $before, 'what is outside of both';
	$got = report_of(qw(--until 2026-11-20), $FILE);
	is $got->{records}{now}, scalar(grep { $_->{time} lt '2026-11-20T' } @RECORDS), '--until alone';
	local $ENV{TZ} = 'XYZ-5';
	$got = report_of(qw(--since 2026-11-20 --until 2026-11-21), $FILE);
	is $got->{records}{now}, scalar(grep { $_->{time} ge '2026-11-19T19' && $_->{time} lt '2026-11-20T19' } @RECORDS),
	    'days are those of the reader';
	is sum0(@{ $got->{hours}{permitted}[4] }), $got->{verdicts}{permit}{now}, 'and so are the hours: all on a Friday';
}

my @FILTERS = (
	[['--user', 'user3'], sub { ($_->{auth} // '') eq 'user3' }],
	[['--client', '192.0.2.0/24'], sub { ($_->{client} // '') =~ /^192\.0\.2\./ }],
	[['--client', '2001:db8:4::1'], sub { ($_->{client} // '') eq '2001:db8:4::1' }],
	[['--domain', 'dom1.example'], sub { ($_->{domain} // '') eq 'dom1.example' }],
	[['--reason', 'routed-address'], sub { ($_->{reason} // '') eq 'routed-address' }],
	[['--verdict', 'tempfail'], sub { ($_->{verdict} // '') eq 'tempfail' }],
	[['--event', 'mta-reject'], sub { $_->{event} eq 'mta-reject' }],
	[['--user', 'user3', '--domain', 'dom1.example'], sub { ($_->{auth} // '') eq 'user3'
	    && ($_->{domain} // '') eq 'dom1.example' }],
);

sub test_filters
{
	for my $filter (@FILTERS) {
		my ($option, $is_wanted) = @$filter;
		my @wanted = grep { $is_wanted->() } @RECORDS;
		cmp_ok scalar(@wanted), '>', 2, "@$option: there are some";
		my $got = report_of(@PERIOD, @$option, $FILE);
		same("@$option", $got, @wanted);
		is $got->{passed_over}, @RECORDS - @wanted, "@$option: the others";
	}
}

sub test_files
{
	my $whole = report_of(@PERIOD, $FILE);
	my $text = read_file($FILE);

	run_in($FOLDER, 'sh', '-c', 'gzip -c audit.json >audit.json.gz');
	is_deeply report_of(@PERIOD, "$FILE.gz"), $whole, 'a packed file';
	my $middle = index $text, "\n", length($text) / 2;
	write_file("$FOLDER/1", substr $text, 0, $middle + 1);
	write_file("$FOLDER/2", substr $text, $middle + 1);
	my $turned = report_of(@PERIOD, "$FOLDER/2", "$FOLDER/1");
	# what came first is the example
	$_->{example} = '' for map { @{ $_->{tried} } } $turned, my $want = JSON::PP::decode_json(JSON::PP::encode_json($whole));
	is_deeply $turned, $want, 'two files, whatever their order';
	my ($code, $out) = ctl_with_input($text, 'report', '--json', '--top', 10000, @PERIOD, '-');
	is_deeply JSON::PP::decode_json($out), $whole, 'standard input';
	my $json = JSON::PP->new->canonical->space_after->space_before;
	write_file("$FOLDER/sorted", join '', map { $json->encode($_) . "\n" } map { JSON::PP::decode_json($_) }
	    split /\n/, $text);
	is_deeply report_of(@PERIOD, "$FOLDER/sorted"), $whole, 'what another program has written anew';

	my @bad = ('', '{}', '<torn>', 'Nov 24 06:34:42 mx authrelay-milter: x', "\0\1\xff", '[1]', '{"v":1',
	    '{"v":2,"time":"2026-11-20T00:00:00.000000Z","seq":1,"event":"stop"}', 'x' x 3000000);
	write_file("$FOLDER/bad", join("\n", @bad) . "\n$text" . substr $text, 0, 100);
	my $got = report_of(@PERIOD, "$FOLDER/bad");
	is $got->{bad_lines}, @bad + 1, 'lines that are not records are counted';
	is $got->{lines}, @bad + 1 + @RECORDS, 'among all';
	$got->{$_} = $whole->{$_} for qw(lines bad_lines);
	is_deeply $got, $whole, 'and change nothing else';
	($code, $out) = ctl('report', "$FOLDER/bad");
	like $out, qr/^  10 lines are not records: see authrelayctl verify$/m, 'they are told of';

	write_file("$FOLDER/empty", '');
	is report_of("$FOLDER/empty")->{lines}, 0, 'an empty file';
	($code, $out) = ctl('report', "$FOLDER/empty");
	like "$code $out", qr/^0 Relay report: no records\n/, 'an empty file, as text';
	($code, $out, my $err) = ctl('report', "$FOLDER/none");
	is "$code|$out|$err", "66||authrelayctl: report: $FOLDER/none: No such file or directory\n", 'a file that is not there';
	write_file("$FOLDER/cut.gz", substr read_file("$FILE.gz"), 0, 5000);
	($code, $out, $err) = ctl('report', "$FOLDER/cut.gz");
	is "$code|$out|$err", "66||authrelayctl: report: $FOLDER/cut.gz: the compressed data is truncated\n",
	    'packed data that are cut off: no report that says half';
	write_file("$FOLDER/more.gz", read_file("$FILE.gz") . 'more');
	is((ctl('report', "$FOLDER/more.gz"))[2], "authrelayctl: report: $FOLDER/more.gz: the compressed data is damaged\n",
	    'something behind packed data');
}

# The file that the configuration names, and what was rotated away from it.
sub test_configured
{
	my @line = split /^/, read_file($FILE);

	write_file("$FOLDER/now.json", join '', @line[0 .. 9]);
	write_file("$FOLDER/now.json.1", join '', @line[10 .. 19]);
	write_file("$FOLDER/now.json.2", join '', @line[20 .. 39]);
	run_in($FOLDER, 'gzip', 'now.json.2');
	write_file("$FOLDER/now.json.4", $line[50]);
	write_file("$FOLDER/authrelay.conf", "local-domains = { example.org }\naudit { file = \"$FOLDER/now.json\" }\n");
	is report_of('-c', "$FOLDER/authrelay.conf")->{lines}, 40, 'the configured file, and those before it';
	my ($code, $out, $err) = ctl('report', '-c', "$FOLDER/authrelay.conf", '-o', 'audit.file = ');
	like "$code $err", qr/^(?:64|78) authrelayctl|^78 /, 'none is configured';
}

sub test_text
{
	my ($code, $out, $err) = ctl('report', @PERIOD, $FILE);
	is "$code|$err", '0|', 'text';
	my $got = report_of(@PERIOD, $FILE);
	for my $verdict (['permitted', 'permit'], ['refused', 'reject'], ['deferred', 'tempfail']) {
		my $count = $got->{verdicts}{$verdict->[1]}{now};
		1 while $count =~ s/^(\d+)(\d{3})/$1,$2/;
		like $out, qr/^  $verdict->[0] +$count /m, "$verdict->[0]: $count";
	}
	like $out, qr/^Relay report: 2026-11-17 00:00 to 2026-11-24 00:00\n  compared .* 2026-11-10 00:00$/m, 'when';
	like $out, qr/^  user7 +198\.51\.200\.0\/24 /m, 'a new network';
	like $out, qr/\xe2\x96\x88/, 'bars';
	unlike $out, qr/\e/, 'no colour, as this is no terminal';
	{
		local $ENV{COLUMNS} = 200;
		like +(ctl('report', '--client', '192.0.2.5', $FILE))[1], qr/example.*<\\u202e\\u001b\[31m<b onclick/s,
		    'hostile text stays as it stands in the record';
	}

	for my $width (60, 70, 80, 96, 120, 200) {
		local $ENV{COLUMNS} = $width;
		(undef, $out) = ctl('report', @PERIOD, $FILE);
		utf8::decode($out);
		my @line = split /\n/, $out;
		cmp_ok max(map { length } @line), '<=', $width, "$width columns: no line is longer"
		    or diag join "\n", grep { length > $width } @line;
		unlike $out, qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]| \n/, "$width columns: nothing hidden in it";
	}
	local $ENV{LC_ALL} = 'C';
	(undef, $out) = ctl('report', @PERIOD, $FILE);
	unlike $out, qr/[^\x0a\x20-\x7e]/, 'ASCII alone where the locale is';
}

sub test_terminal
{
	find_program('script') or return cannot('no script(1)');
	my $ctl = Authrelay::Ctl::program();
	my $run = sub {
		my (%env) = @_;
		local @ENV{keys %env} = values %env;
		my ($status, $output) = run_in($FOLDER, 'script', '-qec',
		    "stty cols 100 2>/dev/null; $ctl report @PERIOD $FILE", '/dev/null');
		return $output;
	};

	my $out = $run->(TERM => 'xterm');
	like $out, qr/\e\[1mRelay report\e\[0m/, 'colour on a terminal';
	unlike $out =~ s/\e\[\d*m//gr, qr/\e/, 'and no other sequence';
	unlike $run->(TERM => 'xterm', NO_COLOR => 1), qr/\e/, 'none with NO_COLOR';
	unlike $run->(TERM => 'dumb'), qr/\e/, 'none on a dumb one';
}

# More clients than a table holds.
sub test_many
{
	my $line = record_line({ %{ (grep { ($_->{reason} // '') eq 'relay-denied' } @RECORDS)[0] },
	    client => 'CLIENT', rcpt => '<x@elsewhere.example>' });
	my $text = '';

	for my $i (0 .. 24999) {
		my $client = sprintf '10.%d.%d.%d', $i >> 16, $i >> 8 & 255, $i & 255;
		$text .= $line =~ s/CLIENT/$client/r;
		$text .= $line =~ s/CLIENT/192.0.2.200/r if $i % 10 == 0;
	}
	write_file("$FOLDER/many", $text);
	my $got = report_of("$FOLDER/many");
	my $list = $got->{clients}{list};
	is $list->[0]{key}, '192.0.2.200', 'many clients: the most frequent is found';
	is $list->[0]{refused}{now}, 2500, 'many clients: with its count';
	is $list->[0]{is_at_least}, JSON::PP::false, 'many clients: which is known to be right';
	cmp_ok scalar @$list, '<=', 10000, 'many clients: no more than a table holds';
	is sum0(map { $_->{refused}{now} } @$list) + $got->{clients}{not_shown}, 27500, 'many clients: nobody is forgotten';
	cmp_ok $got->{clients}{counts_may_lack}, '>', 0, 'many clients: it says so';
	cmp_ok abs($got->{clients}{keys}{count} / 25001 - 1), '<', .25, 'many clients: and about how many';
	my (undef, $out) = ctl('report', "$FOLDER/many");
	like $out, qr/^  others: \d+,\d+ recipients; about \d\d,000 clients in all$/m, 'many clients: as text';
	like $out, qr/^  too many to keep: /m, 'many clients: the warning';
}

sub test_html
{
	my $page = "$FOLDER/page.html";
	my $mask = umask 0022;
	my ($code, $out, $err) = ctl('report', @PERIOD, '--top', 100, '--html', $page, $FILE);
	umask $mask;
	is "$code|$out|$err", '0||', 'page: written';
	is sprintf('%04o', (stat $page)[2] & 07777), '0644', 'page: mode';
	is_deeply [glob "$page.* $FOLDER/.authrelay*"], [], 'page: nothing else is left';
	my $text = read_file($page);
	ok utf8::decode($text), 'page: UTF-8';
	unlike $text, qr/<script|\bon\w+\s*=\s*['"]|javascript:|<b /i, 'page: no script, and none of a stranger';
	unlike $text, qr/(?:src|href)\s*=\s*"(?!data:,")|url\(|\@import|https?:/i, 'page: nothing from elsewhere';
	like $text, qr/&lt;\\u202e\\u001b\[31m&lt;b onclick=&#39;x\(\)&#39;&gt;&amp;amp;&quot;/, 'page: a stranger\'s text';
	unlike $text, qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]/, 'page: nothing hidden';
	my %balance;
	while ($text =~ m{<(/?)(\w+)([^<>]*?)(/?)>}g) {
		my ($end, $name, $closed) = ($1, $2, $4);
		next if $closed || $name =~ /^(?:meta|link)$/;
		$balance{$name} += $end ? -1 : 1;
	}
	is_deeply { map { $_ => $balance{$_} } grep { $balance{$_} } keys %balance }, {}, 'page: every element ends';
	is((ctl('report', @PERIOD, '--html', '-', $FILE))[1] =~ /^<!DOCTYPE html>/ ? 1 : 0, 1, 'page: to standard output');

	write_file($page, 'old');
	($code) = ctl('report', '--html', $page, "$FOLDER/none");
	is $code . read_file($page), '66old', 'page: where there is no report, the old one stays';
	($code, undef, $err) = ctl('report', '--html', "$FOLDER/none/page.html", $FILE);
	is "$code $err", "73 authrelayctl: report: $FOLDER/none/page.html: No such file or directory\n", 'page: cannot be made';
}

# Each allocation fails once: there is the whole report, or none and an error.
sub test_memory
{
	my $shim = $ENV{AUTHRELAY_MALLOC_SHIM} // top() . '/t/lib/malloc_shim.so';
	-e $shim or return cannot('malloc_shim.so is built');
	my $few = write_file("$FOLDER/few.json", join '', map { record_line($_) } @RECORDS[1900 .. 2100]);
	my $order = "$FOLDER/order";

	for my $form ([], ['--json'], ['--html', '-']) {
		my @command = ('report', @PERIOD, '--since', '2026-11-16', @$form, $few);
		my (undef, $whole) = ctl(@command);
		my $run = sub {
			write_file($order, pack 'L5', $_[0], 0, 1, 0, 0);
			return Authrelay::Ctl::run_with_input('', 'env', "LD_PRELOAD=$shim", "MALLOC_SHIM_FILE=$order",
			    join(':', 'ASAN_OPTIONS=verify_asan_link_order=0', $ENV{ASAN_OPTIONS} // ()), Authrelay::Ctl::program(), @command), (unpack 'L5', read_file($order))[3, 4];
		};
		my (undef, undef, undef, $count) = $run->(0);
		cmp_ok $count, '>', 100, "memory, report @$form: there are allocations";
		my ($tried, @wrong) = (0);
		for my $at (grep { $_ > $count - 300 || $_ % 17 == 0 } 1 .. $count) {
			my ($code, $out, $err, undef, $failed) = $run->($at);
			$tried += $failed;
			push @wrong, "$at: $code $err" if $code == 0 ? $out ne $whole : $out ne '' || $err eq '';
		}
		cmp_ok $tried, '>', 100, "memory, report @$form: and they failed";
		is join("\n", @wrong), '', "memory, report @$form: all of it or none";
	}
}

sub test_options
{
	for my $bad (['--top', 0], ['--top', 'x'], ['--top', 10001], ['--since', 'soon'], ['--until', ''],
	    ['--client', '192.0.2.1/24'], ['--reason', 'none'], ['--json', '--html', 'x'], ['--none'],
	    ['--since', '2026-11-24', '--until', '2026-11-23']) {
		my ($code, $out, $err) = ctl('report', @$bad, $FILE);
		is "$code|$out", '64|', "@$bad: refused";
		isnt $err, '', "@$bad: and why";
	}
	my $got = JSON::PP::decode_json((ctl('report', '--json', '--top', 3, $FILE))[1]);
	is scalar @{ $got->{users}{list} }, 3, '--top';
	is sum0(map { $_->{permitted}{now} } @{ $got->{users}{list} }) + $got->{users}{not_shown},
	    (grep { $_->{reason} eq 'authenticated' } @{ $got->{reasons} })[0]{now}, '--top: the others are counted';
}

# The reader has the keys of the format, in its order.
sub test_keys
{
	my @known = read_file(top() . '/milter/record/record_key.c') =~ /^\t\[RECORD_KEY_\w+\] = \w+\("?(\w+)/mg;
	my @order = map { lc } read_file(top() . '/milter/record/record_key.h') =~ /^\tRECORD_KEY_(\w+),$/mg;

	is "@known", join(' ', record_keys()), 'the table has the keys of the schema';
	is "@order", join(' ', record_keys()), 'in its order';
}

test_counts();
test_periods();
test_filters();
test_files();
test_configured();
test_text();
test_terminal();
test_many();
test_html();
test_memory();
test_options();
test_keys();
done_testing;
