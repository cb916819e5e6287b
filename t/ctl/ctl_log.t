#!/usr/bin/perl
# t/ctl/ctl_log.t: authrelayctl log shows records in a line each, chooses among them, and follows the file
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Ctl qw(ctl ctl_with_input need_ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(cannot find_program run_in);
use Authrelay::Wait qw(wait_until);

need_daemon();
need_ctl();

$ENV{TZ} = 'UTC';
my $FOLDER = scratch_folder();
my $number = 0;

# A line as the daemon writes it; the values are JSON already.
sub record
{
	my ($event, @pair) = @_;
	my $line = sprintf '{"v":1,"time":"2026-11-24T06:34:%02d.123456Z","seq":%d,"event":"%s"', $number % 60, ++$number, $event;

	while (my ($key, $value) = splice @pair, 0, 2) {
		$line .= qq(,"$key":$value);
	}
	return "$line}\n";
}

my @SESSION = (session => '"64451a7a4f000.1f"', txn => 1);
my @REJECT = (verdict => '"reject"', reason => '"relay-denied"', enforced => 'true', reply => '"550 5.7.1 no"', @SESSION);
my @MAIL = (sender => '"<a@sender.test>"', rcpt => '"<b@outside.test>"');
my @LINES = (
	record('start', note => '"authrelay 1.0, mode enforce"'),
	record('rcpt', @REJECT, client => '"192.0.2.7"', @MAIL, domain => '"outside.test"'),
	record('rcpt', verdict => '"permit"', reason => '"authenticated"', enforced => 'true', @SESSION,
	    client => '"2001:db8::7"', auth => '"Alice"', auth_type => '"PLAIN"', @MAIL, domain => '"outside.test"'),
	record('rcpt', verdict => '"permit"', reason => '"trusted-network"', enforced => 'true', @SESSION,
	    client => '"192.0.2.8"', sender => '"<>"', rcpt => '"<b@x.sub.test>"', domain => '"x.sub.test"',
	    matched => '"trusted-networks 192.0.2.8/29"'),
	record('rcpt', verdict => '"reject"', reason => '"relay-denied"', enforced => 'false', reply => '"550 5.7.1 no"',
	    @SESSION, client => '"198.51.100.7"', auth => '"bob"', auth_type => '"LOGIN"', auth_refused => '"mechanism"',
	    @MAIL),
	record('mta-reject', verdict => '"tempfail"', reason => '"mta-reject"', enforced => 'true',
	    reply => '"4.7.1 try \"later\""', @SESSION, client => '"192.0.2.7"', @MAIL),
	record('message', @SESSION, queue_id => '"4Qx1Zz0"', client => '"192.0.2.7"', auth => '"b\u00fccher"', sender => '"<a@sender.test>"'),
	record('rcpt', verdict => '"tempfail"', reason => '"dns-failure"', enforced => 'true', reply => '"451 4.4.3 later"',
	    @SESSION, rcpt => '"<b@mx.test>"', domain => '"mx.test"', mx => '"tempfail: mx.test MX: SERVFAIL"'),
	record('stop'),
	record('mta', note => '"Postfix 3.7.11: tells of all"'),
	record('anchor', count => 124, chain => '"0123456789abcdef0123456789abcdef"'),
);
my $FILE = write_file("$FOLDER/audit.json", join '', @LINES);
my @WANT = split /\n/, <<'EOT';
2026-11-24 06:34:00 start      authrelay 1.0, mode enforce
2026-11-24 06:34:01 reject     relay-denied    192.0.2.7       -          <a@sender.test> -> <b@outside.test>
2026-11-24 06:34:02 permit     authenticated   2001:db8::7     Alice      <a@sender.test> -> <b@outside.test>
2026-11-24 06:34:03 permit     trusted-network 192.0.2.8       -          <> -> <b@x.sub.test>  (trusted-networks 192.0.2.8/29)
2026-11-24 06:34:04 (reject)   relay-denied    198.51.100.7    bob!mechanism <a@sender.test> -> <b@outside.test>
2026-11-24 06:34:05 tempfail   mta-reject      192.0.2.7       -          <a@sender.test> -> <b@outside.test>  (4.7.1 try \"later\")
2026-11-24 06:34:06 message    4Qx1Zz0         192.0.2.7       "bücher"   <a@sender.test>
2026-11-24 06:34:07 tempfail   dns-failure     -               -          -> <b@mx.test>  (tempfail: mx.test MX: SERVFAIL)
2026-11-24 06:34:08 stop
2026-11-24 06:34:09 mta        Postfix 3.7.11: tells of all
2026-11-24 06:34:10 anchor     seq 11, records 124, chain 0123456789abcdef0123456789abcdef
EOT

sub lines { return join '', map { "$WANT[$_]\n" } @_ }

subtest 'a line each' => sub {
	my ($code, $out, $err) = ctl('log', $FILE);
	is $code, 0, 'exit code';
	is $out, lines(0 .. $#WANT), 'every event';
	is $err, '', 'no complaint';
	is((ctl_with_input(join('', @LINES), 'log', '-'))[1], $out, 'standard input');
	is((ctl('log', $FILE, $FILE))[1], $out x 2, 'more than one file');
	my ($status) = run_in($FOLDER, 'sh', '-c', "gzip -c $FILE >$FILE.gz");
	is((ctl('log', "$FILE.gz"))[1], $out, 'a packed one') if $status == 0;
	local $ENV{TZ} = 'Asia/Tokyo';
	like((ctl('log', $FILE))[1], qr/\A2026-11-24 15:34:00 start /, 'local time');
};

# [options, places of the lines]
subtest 'filters' => sub {
	my @row = (
		[ '--user alice', 2 ], [ '--user BüCHER', 6 ], [ '--user BÜCHER' ], [ '--user b\xc3\xbccher', 6 ], [ '--user ALICE --user Bob', 2, 4 ], [ '--user alic' ], [ '--user bücher', 6 ],
		[ '--client 192.0.2.7', 1, 5, 6 ], [ '--client 192.0.2.0/24', 1, 3, 5, 6 ], [ '--client 2001:db8::/32', 2 ],
		[ '--client 192.0.2.7 --client 198.51.100.7', 1, 4, 5, 6 ], [ '--client ::/0', 2 ],
		[ '--domain outside.test', 1, 2 ], [ '--domain OUTSIDE.Test.', 1, 2 ], [ '--domain sub.test' ],
		[ '--domain .sub.test', 3 ], [ '--domain .test --domain x', 1, 2, 3, 7 ],
		[ '--reason relay-denied', 1, 4 ], [ '--reason relay-denied --reason dns-failure', 1, 4, 7 ],
		[ '--reason mta-reject', 5 ], [ '--verdict permit', 2, 3 ], [ '--verdict reject --verdict tempfail', 1, 4, 5, 7 ],
		[ '--event start --event stop', 0, 8 ], [ '--event message', 6 ], [ '--event anchor', 10 ], [ '--event mta', 9 ],
		[ '--verdict permit --client 192.0.2.0/24', 3 ], [ '--reason relay-denied --user bob --event rcpt', 4 ],
		[ '--since 2026-11-24T06:34:07', 7 .. 10 ], [ '--until 2026-11-24T06:34:01Z', 0 ],
		[ '--since 2026-11-24T07:34:01.123456+01:00 --until 2026-11-24T06:34:02.123456Z', 1 ],
		[ '--since 2026-11-25' ], [ '--until 2026-11-24' ], [ '--since 2026-11-24', 0 .. 10 ],
	);
	for my $row (@row) {
		my ($options, @place) = @$row;
		my ($code, $out, $err) = ctl('log', split(/ /, $options), $FILE);
		is $out, lines(@place), $options or diag $err;
		is $code, 0, 'exit code';
	}
};

subtest 'times before now' => sub {
	my ($now, $day) = (time, 86400);
	my $line = sub {
		my ($sec, $min, $hour, $mday, $mon, $year) = gmtime $_[0];
		return sprintf qq({"v":1,"time":"%04d-%02d-%02dT%02d:%02d:%02d.000000Z","seq":1,"event":"stop"}\n),
		    $year + 1900, $mon + 1, $mday, $hour, $min, $sec;
	};
	my $midnight = $now - $now % $day;
	my $text = join '', map { $line->($_) } $midnight - $day - 1, $midnight - $day, $midnight - 1, $midnight, $now - 7200,
	    $now - 3000, $now - 30;
	my %count = ('--since yesterday' => 6, '--since yesterday --until today' => 2 + ($now - 7200 < $midnight),
	    '--since 1h' => 2, '--since 10m' => 1, '--since 50h' => 7, '--since 2w --until 1m' => 6, '--until now' => 7);
	for my $options (sort keys %count) {
		my (undef, $out) = ctl_with_input($text, 'log', split(/ /, $options), '-');
		is scalar(() = $out =~ /\n/g), $count{$options}, $options;
	}
};

subtest 'fields' => sub {
	my ($code, $out) = ctl('log', '--field', 'seq,client,auth,rcpt,txn,enforced', '--event', 'rcpt', $FILE);
	is $code, 0, 'exit code';
	is $out, join('', map { s/ /\t/gr } "2 192.0.2.7  <b\@outside.test> 1 true\n",
	    "3 2001:db8::7 Alice <b\@outside.test> 1 true\n", "4 192.0.2.8  <b\@x.sub.test> 1 true\n",
	    "5 198.51.100.7 bob <b\@outside.test> 1 false\n", "8   <b\@mx.test> 1 true\n"), 'tabs between them';
	my $text = record('rcpt', @REJECT, helo => '"a\tb\n\"c\\\\ \\\\xff \u001b[31m"', rcpt => '"<x>"');
	is((ctl_with_input($text, 'log', '--field', 'helo,rcpt', '-'))[1],
	    qq("a\\x09b\\x0a\\"c\\\\ \\\\xff \\x1b[31m"\t<x>\n), 'values are written as for syslog');
	is((ctl_with_input("no record\n$text", 'log', '--field', 'seq', '-'))[1], "$number\n", 'what is no record is left out');
};

# Whatever is in a file, nothing of it moves a cursor.
subtest 'wild texts' => sub {
	my $daemon = Authrelay::Daemon->new(conf => 'local-domains = { "local.test" }')->start;
	my @wild = ("\e[2J\e]0;x\a", "\xc2\x9b31m", "\xe2\x80\xae", "\x7f\b\t", "\xff\xfe", '\\x1b', "a\nb", '"', 'x' x 5000);
	for my $text (@wild) {
		my $c = Authrelay::MilterClient->new($daemon->socket)->negotiate;
		$c->set_macros('{auth_type}' => 'PLAIN', '{auth_authen}' => $text, '{daemon_name}' => $text, i => $text);
		$c->client(addr => '192.0.2.7', name => $text);
		$c->helo($text);
		$c->mail("<$text\@x.test>");
		$c->rcpt("<$text\@outside.test>");
		$c->data;
		$c->quit;
	}
	$daemon->stop;
	my $foreign = qq( {"event": "rcpt", "v": 1, "rcpt": "\xc2\x9b31m \xe2\x80\xae \x7f", "seq": 1, )
	    . qq("time": "2026-11-24T06:34:42.000000Z", "session": "\xe2\x80\xa8", "other": [1]}\n);
	my $text = read_file($daemon->audit_file) . $foreign . "\e[2J no record \xff\n";
	for my $options ([], ['--field', 'helo,sender,rcpt,auth,daemon,queue_id,client_name,session']) {
		my ($code, $out, $err) = ctl_with_input($text, 'log', @$options, '-');
		is $code, 0, "exit code (@$options)";
		unlike $out, qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]/, 'no control character';
		ok utf8::decode(my $copy = $out), 'UTF-8';
		is scalar(() = $out =~ /\n/g), ($text =~ tr/\n//) - (@$options ? 1 : 0), 'a line each';
	}
	my @line = split /\n/, (ctl_with_input($text, 'log', '-'))[1];
	like $line[-1], qr/\A\(not JSON\) "\\x1b\[2J no record \\xff"\z/, 'what is no record is shown as such';
	for my $name (split /\n/, (ctl('log', '--field', 'auth', '--event', 'message', $daemon->audit_file))[1]) {
		my ($code, $out) = ctl('log', '--user', $name =~ s/\A"(.*)"\z/$1/r, '--event', 'message', $daemon->audit_file);
		is scalar(() = $out =~ /\n/g), 1, '--user ' . substr $name, 0, 40;
	}
};

# On a terminal of so many columns; returns what came.
sub on_terminal
{
	my ($columns, $before, @argument) = @_;
	my $command = join ' ', 'stty cols', $columns, '&&', $before, map { "'$_'" } Authrelay::Ctl::program(), 'log', @argument;
	my ($code, $out) = run_in($FOLDER, 'script', '-qec', $command, '/dev/null');

	is $code, 0, "exit code on a terminal: @argument" or diag $out;
	return $out =~ s/\r\n/\n/gr;
}

subtest 'a terminal' => sub {
	find_program('script') or return cannot('no script');
	local $ENV{TERM} = 'xterm';
	delete local $ENV{NO_COLOR};
	local $ENV{LC_ALL} = 'C.UTF-8';
	my %colour = (permit => 32, reject => 31, tempfail => 33);
	my $out = on_terminal(200, '', $FILE);
	my $plain = join '', map { substr($_, 5) . "\n" } @WANT;
	is $out =~ s/\e\[\d+m//gr, $plain, 'the lines, without the year';
	for my $verdict (sort keys %colour) {
		like $out, qr/ \e\[$colour{$verdict}m\(?$verdict\)?\e\[0m /, "$verdict has its colour";
	}
	is on_terminal(200, 'NO_COLOR=1', $FILE), $plain, 'NO_COLOR';
	is on_terminal(200, 'NO_COLOR=', $FILE), $out, 'but not an empty one';
	is on_terminal(200, 'TERM=dumb', $FILE), $plain, 'a terminal that has none';
	for my $columns (40, 79, 80, 81) {
		my @line = split /\n/, on_terminal($columns, 'NO_COLOR=1', $FILE);
		my @want = map { utf8::decode($_); length > $columns ? substr($_, 0, $columns - 3) . '...' : $_ } split /\n/, $plain;
		utf8::decode($_) for @line;
		is_deeply \@line, \@want, "$columns columns";
	}
	my $wide = write_file("$FOLDER/wide.json", record('rcpt', @REJECT, client => '"192.0.2.7"',
	    sender => '"<' . "\xe6\xbc\xa2" x 30 . '@x.test>"', rcpt => '"<b@x.test>"'));
	my $line = on_terminal(80, 'NO_COLOR=1', $wide);
	is scalar(() = $line =~ /\xe6\xbc\xa2/g), 3, 'a character may be two columns wide' or diag $line;
	is on_terminal(30, '', '--field', 'time,rcpt', '--event', 'rcpt', '--verdict', 'permit', $FILE),
	    "2026-11-24T06:34:02.123456Z\t<b\@outside.test>\n2026-11-24T06:34:03.123456Z\t<b\@x.sub.test>\n",
	    'fields are never cut';
};

#
# -f
#

my $follow_count = 0;

# Follows the file; options go before it.
sub follow
{
	my ($file, @option) = @_;
	my $output = "$FOLDER/follow" . ++$follow_count;

	write_file($output, '');
	my $process = Authrelay::Process->start(command => [Authrelay::Ctl::program(), 'log', '-f', @option, $file], output => $output);
	return { process => $process, output => $output };
}

sub append
{
	my ($file, $text) = @_;

	open my $fh, '>>', $file or die "$file: $!\n";
	syswrite $fh, $text;
	close $fh;
}

# The numbers of the records that have come so far are exactly these.
sub has_come
{
	my ($name, $follow, @want) = @_;
	my $want = join '', map { "$_\n" } @want;

	wait_until(10, sub { length(read_file($follow->{output})) >= length $want });
	is read_file($follow->{output}), $want, $name;
	ok $follow->{process}->is_running, 'and it goes on';
}

sub numbered { return map { qq({"v":1,"time":"2026-11-24T06:34:42.000000Z","seq":$_,"event":"stop"}\n) } @_ }

subtest 'following' => sub {
	my $file = "$FOLDER/grows.json";
	write_file($file, join '', numbered(1 .. 25));
	my $f = follow($file, '--field', 'seq');
	has_come('the last ten', $f, 16 .. 25);
	append($file, join '', numbered(26));
	has_come('one more', $f, 16 .. 26);
	my ($line) = numbered(27);
	append($file, substr $line, 0, 30);
	append("$FOLDER/other", 'x');
	select undef, undef, undef, 0.25;
	append($file, substr $line, 30);
	has_come('in two pieces', $f, 16 .. 27);

	rename $file, "$file.1";
	append("$file.1", join '', numbered(28));
	has_come('written to the renamed one', $f, 16 .. 28);
	write_file($file, '');
	append("$file.1", join '', numbered(29));
	has_come('while the new one is empty', $f, 16 .. 29);
	append("$file.1", join '', numbered(30), 'torn');
	append($file, join '', numbered(31, 32));
	has_come('then the new one', $f, 16 .. 32);

	write_file($file, join '', numbered(33));
	has_come('after it was made shorter', $f, 16 .. 33);
	unlink $file;
	append($file, join '', numbered(34 .. 40));
	has_come('another one of the name', $f, 16 .. 40);
	$f->{process}->stop('KILL');
};

subtest 'how much it begins with' => sub {
	my $file = write_file("$FOLDER/long.json", join '', numbered(1 .. 3000));
	my @row = (['-n 0'], ['-n 1', 3000], ['-n 2999', 2 .. 3000], ['-n 3000', 1 .. 3000], ['-n 5000', 1 .. 3000]);
	for my $row (@row) {
		my ($option, @want) = @$row;
		my $f = follow($file, split(/ /, $option), '--field', 'seq');
		has_come($option, $f, @want);
		$f->{process}->stop('KILL');
	}
	my $f = follow(write_file("$FOLDER/part.json", join '', numbered(1, 2), 'part'), '-n', 1, '--field', 'seq');
	append("$FOLDER/part.json", "\n" . join '', numbered(3));
	has_come('a last line without its end is one', $f, 3);
	$f->{process}->stop('KILL');
	$f = follow("$FOLDER/late.json", '--field', 'seq');
	select undef, undef, undef, 0.25;
	append("$FOLDER/late.json", join '', numbered(1 .. 12));
	has_come('a file that comes late, all of it', $f, 1 .. 12);
	$f->{process}->stop('KILL');
};

subtest 'following the daemon' => sub {
	my $daemon = Authrelay::Daemon->new(conf => 'local-domains = { "local.test" }')->start;
	my $file = $daemon->audit_file;
	my $f = { output => write_file("$FOLDER/daemon.out", '') };
	$f->{process} = Authrelay::Process->start(output => $f->{output}, command => [Authrelay::Ctl::program(), 'log', '-f',
	    '-c', $daemon->conf_file, '--field', 'helo', '--event', 'rcpt', '--reason', 'local-domain']);
	my $play = sub {
		for my $i (@_) {
			my $c = Authrelay::MilterClient->new($daemon->socket)->negotiate;
			$c->client(addr => '192.0.2.7');
			$c->helo($i);
			$c->mail('<a@x.test>');
			$c->rcpt("<a\@$_.test>") for qw(local outside);
			$c->quit;
		}
	};
	$play->(1 .. 5);
	has_come('as it decides', $f, 1 .. 5);
	rename $file, "$file.1";
	$play->(6 .. 7);
	kill 'HUP', $daemon->pid;
	wait_until(10, sub { -s $file });
	$play->(8 .. 9);
	has_come('over a rotation', $f, 1 .. 9);
	$f->{process}->stop('KILL');
	$daemon->stop;
};

subtest 'usage' => sub {
	my %bad = (
		'--reason none' => [64, '--reason none: unknown reason; allowed: '], '--verdict maybe' => [64, '--verdict maybe: unknown verdict; allowed: '],
		'--event x' => [64, '--event x: unknown event; allowed: '], '--client 192.0.2.7/24' => [64, '--client 192.0.2.7/24: '],
		'--client x' => [64, '--client x: '], '--domain a..b' => [64, '--domain a..b: '], '--domain ' => [64, '--domain "": '],
		'--since soon' => [64, '--since soon: invalid time; allowed: '], '--until 2026-02-30' => [64, '--until 2026-02-30: no such day'],
		'--field seq,x' => [64, '--field seq,x: unknown key'], '--field ' => [64, '--field "": unknown key'], '-n x' => [64, '-n x: invalid number'],
		'-n 1000001' => [64, '-n 1000001: invalid number'], "-f $FILE $FILE" => [64, '-f: one file only'],
		"$FOLDER/none" => [66, "$FOLDER/none: No such file"], "-f $FOLDER" => [66, "$FOLDER: not a regular file"],
	);
	for my $options (sort keys %bad) {
		my ($code, $out, $err) = ctl('log', split / /, $options, -1);
		is $code, $bad{$options}[0], "exit code: $options";
		like $err, qr/\Aauthrelayctl: log: \Q$bad{$options}[1]\E/, $options;
		is $out, '', 'nothing else is said';
	}
	my $conf = write_file("$FOLDER/conf", "no-local-domains = yes\n");
	my ($code, $out, $err) = ctl('log', '-c', $conf);
	is "$code $err", "64 authrelayctl: log: audit.file is not set; name a FILE\nSee: authrelayctl log --help\n", 'no file at all';
	is((ctl('log', '-c', $conf, '-o', "audit.file = \"$FILE\""))[1], lines(0 .. $#WANT), 'the file of the configuration');
	is((ctl('log', '-c', "$FOLDER/none"))[0], 78, 'no configuration');
	($code, $out, $err) = ctl('log', "$FOLDER/none", $FILE);
	is $code, 66, 'one of two files';
	is $out, lines(0 .. $#WANT), 'the other is shown';
};

done_testing;
