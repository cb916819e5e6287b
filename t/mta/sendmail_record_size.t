#!/usr/bin/perl
# t/mta/sendmail_record_size.t: a HELO name and a sender that are too long, for a real Sendmail
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_sendmail);
use Authrelay::Scratch qw(read_file);
use Authrelay::Stage;

need_sendmail();

my $LINE_MAX = 1536;
my $TOO_LONG = '501 5.5.2 HELO name or sender address is too long';
my $stage = Authrelay::Stage->start(conf => qq(local-domains = { "local.test" }\n), sendmail => {});
my $records = $stage->records;

# A session that has said this: the replies to HELO, MAIL and the recipient.
sub said
{
	my ($helo, $sender, $rcpt) = @_;
	my $c = $stage->client;
	my @reply = ($c->command("EHLO $helo"), $c->mail($sender), $c->rcpt($rcpt));

	$c->quit;
	return @reply;
}

my @reply = said('h' x 255, '<m@sender.test>', '<x@local.test>');
like $reply[2], qr/^250 2\.1\.5 /, 'a HELO name of 255 bytes passes';
is +($records->take(1))[0]{helo}, 'h' x 255, 'and is recorded as it is';
@reply = said('h' x 256, '<m@sender.test>', '<x@local.test>');
is $reply[2], $TOO_LONG, "one of 256 is refused";
my ($record) = $records->take(1);
is $record->{reason}, 'oversized', 'for that reason';
like $record->{cut}, qr/^helo 256 [0-9a-f]{32}$/, 'and cut in the record';
# A longer one is none to Sendmail 8.17, which tells us of nothing.
@reply = said('h' x 1900, '<m@sender.test>', '<x@local.test>');
like $reply[0], qr/^501 /, 'one of 1900 is refused by Sendmail';
is +($records->take(1))[0]{helo}, 'client.test', 'and the one before holds';

# Longer senders Sendmail 8.17 refuses itself; what it takes is never let through and too long.
for my $length (200, 240, 322, 323, 900, 1900) {
	@reply = said('client.test', '<' . 's' x ($length - 14) . '@sender.test>', '<x@local.test>');
	ok $reply[1] !~ /^250 / || $reply[2] =~ ($length > 322 ? qr/^\Q$TOO_LONG\E$/ : qr/^250 /), "a sender of $length: @reply[1, 2]";
}
$records->skip_to_end;

for my $text ('a' x 240, '\\"' x 120, "\xe2\x80\xae" x 80, "\x01" x 240, "\xff" x 240) {
	said($text, "<\"$text\"\@sender.test>", "<$text\@local.test>");
	said($text, '<m@sender.test>', "<\"$text\"\@local.test>");
}
my $longest = 0;
length > $longest and $longest = length for read_file($stage->daemon->audit_file) =~ /^.*\n/mg;
cmp_ok $longest, '<=', $LINE_MAX, "no line is longer than it may be ($longest)";
$records->skip_to_end;
$records->check_file($stage->daemon);
done_testing;
