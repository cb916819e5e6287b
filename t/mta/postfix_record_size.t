#!/usr/bin/perl
# t/mta/postfix_record_size.t: the most that a client of a real Postfix can make of a record
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::SHA qw(sha256_hex);
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Scratch qw(read_file);
use Authrelay::Stage;

need_postfix();

my $LINE_MAX = 1536;
my $TOO_LONG = '501 5.5.2 HELO name or sender address is too long';
my $LONG_LOGIN = 'l' x 200;
my $stage = Authrelay::Stage->start(conf => <<'EOT', postfix => { users => { $LONG_LOGIN => 'secret' } });
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test" }
EOT
my $postfix = $stage->postfix;
my $records = $stage->records;
my $STRANGER = '198.51.100.7';

# Of what Postfix takes as one word, the bytes that escapes make longest, and what is usual.
my %KIND = (letter => 'a', quote => '\\"', backslash => '\\\\', broken => "\xff", 'no-break' => "\xc2\xa0", hidden => "\xe2\x80\xae",
	control => "\x01");

sub half_hash { return substr sha256_hex($_[0]), 0, 32 }

sub longest_line
{
	my $longest = 0;

	length > $longest and $longest = length for read_file($stage->daemon->audit_file) =~ /^.*\n/mg;
	return $longest;
}

# A session that has said this: the replies to MAIL and to each recipient.
sub said
{
	my ($helo, $sender, @rcpt) = @_;
	my $c = $stage->client($STRANGER);

	$c->command("EHLO $helo");
	my @reply = ($c->mail($sender), map { $c->rcpt($_) } @rcpt);
	$c->quit;
	return @reply;
}

subtest 'HELO' => sub {
	my @reply = said('h' x 255, '<m@sender.test>', '<x@local.test>');
	like $reply[1], qr/^250 /, 'a name of 255 bytes passes';
	is +($records->take(1))[0]{helo}, 'h' x 255, 'and is recorded as it is';
	@reply = said('h' x 256, '<m@sender.test>', '<x@local.test>', '<x@outside.test>');
	is $reply[$_], $TOO_LONG, 'one of 256 is refused' for 1, 2;
	my ($record) = $records->take(2);
	is $record->{reason}, 'oversized', 'for that reason';
	is $record->{cut}, 'helo 256 ' . half_hash('h' x 256), 'with the hash of the whole';
	@reply = said('h' x 2000, '<m@sender.test>', '<x@local.test>');
	is $reply[1], $TOO_LONG, 'one of 2000, too';
	is +($records->take(1))[0]{cut}, 'helo 2000 ' . half_hash('h' x 2000), 'with its hash';
};

subtest 'the sender' => sub {
	# longer a domain Postfix refuses itself
	my ($good, $bad) = map { '<' . 's' x $_ . '@' . join('.', ('d' x 62) x 4) . '.eee>' } 64, 65;
	is length $good, 322, 'as long as it may be';
	my @reply = said('client.test', $good, '<x@local.test>');
	is $reply[1], '250 2.1.5 Ok', 'passes';
	is +($records->take(1))[0]{sender}, $good, 'and is recorded as it is';
	@reply = said('client.test', $bad, '<x@local.test>', '<y@local.test>');
	is $reply[$_], $TOO_LONG, 'a byte more is refused' for 1, 2;
	is +($records->take(2))[1]{cut}, "sender 323 " . half_hash($bad), 'with the hash of the whole';
	@reply = said('client.test', '<' . 's' x 1900 . '@sender.test>', '<x@local.test>');
	is $reply[1], $TOO_LONG, 'and so is what Postfix takes at most';
	@reply = said('client.test', "$good SIZE=1000 BODY=8BITMIME ENVID=" . 'e' x 100, '<x@local.test>');
	is $reply[1], '250 2.1.5 Ok', 'parameters are not counted';
	$records->skip_to_end;
};

subtest 'a transaction does not stay refused' => sub {
	my $c = $stage->client($STRANGER);

	$c->mail('<' . 's' x 400 . '@sender.test>');
	is $c->rcpt('<x@local.test>'), $TOO_LONG, 'refused';
	$c->rset;
	$c->mail('<m@sender.test>');
	is $c->rcpt('<x@local.test>'), '250 2.1.5 Ok', 'the next one is not';
	$c->quit;
	$records->skip_to_end;
};

subtest 'whatever is sent' => sub {
	for my $name (sort keys %KIND) {
		for my $length (250, 320, 900, 1900) {
			my $text = substr $KIND{$name} x $length, 0, $length & ~1;
			for my $form ($text, qq("$text")) {
				my @word = map { ("<$form\@$_>", "<$form>") } qw(local.test outside.test);
				for my $sender ('<m@sender.test>', "<$form\@sender.test>") {
					said(substr($text, 0, 255), $sender, @word);
				}
			}
		}
	}
	my $longest = longest_line();
	cmp_ok $longest, '<=', $LINE_MAX, "no line is longer than it may be ($longest)";
	cmp_ok $longest, '>', 1000, 'some are long';
	$records->skip_to_end;
};

subtest 'a login' => sub {
	my $c = $stage->client($STRANGER, 'h' x 255);
	is +($c->auth('PLAIN', $LONG_LOGIN, 'secret') =~ /^(\d+)/)[0], 235, 'of 200 bytes';
	$c->mail('<' . 's' x 64 . '@' . join('.', ('d' x 62) x 4) . '>');
	is $c->rcpt('<' . 'r' x 64 . '@' . join('.', ('d' x 62) x 4) . '>'), '250 2.1.5 Ok', 'passes';
	my ($record) = $records->take(1);
	is $record->{reason}, 'authenticated', 'the reason';
	like $record->{auth}, qr/^l{64,}/, 'the login is there';
	cmp_ok longest_line(), '<=', $LINE_MAX, 'no line is longer than it may be';
	$c->quit;
};

# 100 recipients at once, as a stranger would who wants to fill the disk.
subtest 'how much comes of how little' => sub {
	my $sender = '<' . 's' x 64 . '@' . join('.', ('d' x 62) x 4) . '.eee>';
	for my $row ([ 'plain', 'client.test', '<m@sender.test>' ], [ 'longest', 'h' x 255, $sender ],
	    [ 'refused', 'h' x 2000, '<m@sender.test>' ]) {
		my ($name, $helo, $from) = @$row;
		my $before = -s $stage->daemon->audit_file;
		my $c = $stage->client($STRANGER);
		my @line = ("EHLO $helo", "MAIL FROM:$from", ('RCPT TO:<x@local.test>') x 100);
		$c->command($line[0]);
		my @reply = $c->command(join "\r\n", @line[1 .. $#line]);
		push @reply, $c->read_reply while @reply < @line - 1 && $reply[-1] !~ /^(?:closed|421)/;
		my $count = grep { /^(?:250 2\.1\.5|501 5\.5\.2)/ } @reply;
		$records->take($count);
		my ($each, $sent) = (((-s $stage->daemon->audit_file) - $before) / $count, length(join "\r\n", @line, ''));
		cmp_ok $each, '<=', $LINE_MAX, sprintf '%s: %d recipients, %d bytes each, %.0f times what was sent', $name, $count,
		    $each, $each * $count / $sent;
		close $c->{socket};
	}
};

$records->check_file($stage->daemon);
done_testing;
