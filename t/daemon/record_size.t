#!/usr/bin/perl
# t/daemon/record_size.t: whatever comes over the wire, a recipient is one line of 1536 bytes at most
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use JSON::PP ();
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(scratch_folder read_file write_file);

need_daemon();
need_ctl();

my $LINE_MAX = 1536;
my $TOO_LONG = '501 5.5.2 HELO name or sender address is too long';
my $CONF = "trusted-networks = { \"192.0.2.0/24\" }\nlocal-domains = { \"local.test\" }\n";
my $daemon = Authrelay::Daemon->new(conf => $CONF)->start;
my $records = $daemon->records;

sub half_hash { return substr sha256_hex($_[0]), 0, 32 }

# A session up to MAIL: the client's address and name, what it says, and macros.
sub session
{
	my (%of) = (addr => '198.51.100.7', helo => 'client.test', sender => '<m@sender.test>', @_);
	my $m = Authrelay::MilterClient->new(($of{daemon} // $daemon)->socket)->negotiate;

	$m->set_macros(j => 'mx.example.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd', %{ $of{macros} // {} });
	$m->client(addr => $of{addr}, defined $of{name} ? (name => $of{name}) : ());
	$m->helo($of{helo});
	$m->mail($of{sender}, @{ $of{params} // [] });
	return $m;
}

# The replies to the recipients of a session, and their records.
sub said
{
	my ($rcpts, @of) = @_;
	my $m = session(@of);
	my @reply = map { $m->rcpt($_) } @$rcpts;

	$m->quit;
	return (\@reply, $records->take(scalar @reply));
}

sub longest_line
{
	my ($text) = @_;
	my $longest = 0;

	length > $longest and $longest = length for $text =~ /^.*\n/mg;
	return $longest;
}

subtest 'as long as it may be' => sub {
	my $helo = 'h' x 255;
	my $sender = '<' . 's' x 64 . '@' . 'd' x 255 . '>';
	my ($reply, $record) = said(['<x@local.test>'], helo => $helo, sender => $sender);

	is $reply->[0], 'continue', 'passes';
	is $record->{helo}, $helo, 'the whole HELO name is there';
	is $record->{sender}, $sender, 'and the whole sender';
	is $record->{cut}, undef, 'and nothing is cut';
};

# [name, what the session says, what is cut, its length]
my $LONG_SENDER = '<' . 's' x 64 . '@' . 'd' x 256 . '>';
for my $row (
	[ 'a HELO name of 256 bytes', [ helo => 'h' x 256 ], 'helo', 'h' x 256 ],
	[ 'one of 60,000', [ helo => "\x01" x 60_000 ], 'helo', "\x01" x 60_000 ],
	[ 'a sender of 323', [ sender => $LONG_SENDER ], 'sender', $LONG_SENDER ],
	[ 'one of 60,000', [ sender => '<' . '"' x 59_998 . '>' ], 'sender', '<' . '"' x 59_998 . '>' ],
	[ 'the same from a trusted network', [ addr => '192.0.2.9', sender => $LONG_SENDER ], 'sender', $LONG_SENDER ],
	[ 'the same of a login', [ sender => $LONG_SENDER, macros => { '{auth_type}' => 'PLAIN', '{auth_authen}' => 'alice' } ],
	    'sender', $LONG_SENDER ],
) {
	my ($name, $of, $key, $text) = @$row;
	subtest $name => sub {
		my ($reply, @record) = said([ '<x@local.test>', '<x@outside.test>' ], @$of);

		is $reply->[$_], $TOO_LONG, "recipient $_ is refused" for 0, 1;
		is $record[0]{reason}, 'oversized', 'the reason';
		is $record[0]{reply}, $TOO_LONG, 'the reply';
		is $record[0]{cut}, "$key " . length($text) . ' ' . half_hash($text), 'length and hash of the whole';
		like $record[0]{$key}, qr/\.\.\.\z/, 'the mark';
		is_deeply [ @{ $record[1] }{ $key, 'cut' } ], [ @{ $record[0] }{ $key, 'cut' } ], 'the next has the same';
	};
}

subtest 'parameters are no part of a sender' => sub {
	my ($reply, $record) = said(['<x@local.test>'], sender => '<m@sender.test> SMTPUTF8 ENVID=' . 'e' x 400);

	is $reply->[0], 'continue', 'passes';
	is $record->{reason}, 'local-domain', 'the reason';
	is $record->{cut}, 'sender 431 ' . half_hash('<m@sender.test> SMTPUTF8 ENVID=' . 'e' x 400), 'what is recorded of it is bounded';
};

subtest 'the next transaction is another' => sub {
	my $m = session(sender => $LONG_SENDER);

	is $m->rcpt('<x@local.test>'), $TOO_LONG, 'refused';
	$m->abort;
	$m->mail('<m@sender.test>');
	is $m->rcpt('<x@local.test>'), 'continue', 'the next one passes';
	$m->abort;
	$m->helo('h' x 300);
	$m->mail('<m@sender.test>');
	is $m->rcpt('<x@local.test>'), $TOO_LONG, 'not after such a HELO';
	$m->abort;
	$m->helo('client.test');
	$m->mail('<m@sender.test>');
	is $m->rcpt('<x@local.test>'), 'continue', 'but after another';
	$m->quit;
	my @record = $records->take(4);
	is join(' ', map { defined $_->{cut} ? 'cut' : 'whole' } @record), 'cut whole cut whole', 'and so in the records';
};

# All that a mail server can send, in bytes that escapes make long, and in so many that each is cut.
my %EVIL = (control => "\x01", mark => '"', backslash => '\\', broken => "\xff", letter => 'a', hidden => "\xe2\x80\xae");
subtest 'every text at its worst' => sub {
	for my $name (sort keys %EVIL) {
		for my $length (255, 2048, 8000) {
			my $text = substr $EVIL{$name} x $length, 0, $length;
			my %macro = map { $_ => $text } qw(j v i {daemon_name} {auth_type} {auth_authen} {tls_version} {cipher}
			    {cert_subject} {cert_issuer} {rcpt_addr} {rcpt_mailer} {rcpt_host});
			my ($reply, $record) = said([ "<$text\@local.test>" ], name => $text, helo => $text, sender => "<$text>", macros => \%macro);
			ok defined $record, "$name, $length: there is a record";
			# and refused by the mail server, in so many words
			$macro{'{rcpt_mailer}'} = 'error';
			$macro{'{rcpt_host}'} = '5.1.1';
			($reply, $record) = said([ "<$text\@local.test>" ], name => $text, helo => $text, sender => "<$text>", macros => \%macro);
			is $record->{event}, 'mta-reject', "$name, $length: and one of what the server refuses";
		}
	}
	my $longest = longest_line(read_file($daemon->audit_file));
	cmp_ok $longest, '<=', $LINE_MAX, 'no line is longer than it may be';
	cmp_ok $longest, '>', 1400, 'some nearly are';
};

subtest 'what others read' => sub {
	my ($code, $out, $err) = ctl('log', $daemon->audit_file);
	is "$code $err", '0 ', 'log takes them';
	my ($verified) = ctl('verify', $daemon->audit_file);
	cmp_ok $verified, '<=', 2, 'the chain holds';
	$records->check_file($daemon);
};

# What a stranger can make of one byte that he sends.
subtest 'how much comes of how little' => sub {
	for my $row ([ 'plain', 'client.test', '<m@sender.test>' ], [ 'longest', 'h' x 255, '<' . 's' x 64 . '@' . 'd' x 255 . '>' ],
	    [ 'worst', "\x01" x 255, "<" . "\x01" x 320 . '>' ]) {
		my ($name, $helo, $sender) = @$row;
		my $before = -s $daemon->audit_file;
		my $m = session(helo => $helo, sender => $sender, name => 'n' x 255, macros => { '{rcpt_addr}' => 'x@local.test' });
		$m->rcpt('<x@local.test>') for 1 .. 100;
		$m->quit;
		$records->take(100);
		my $each = ((-s $daemon->audit_file) - $before) / 100;
		cmp_ok $each, '<=', $LINE_MAX, sprintf '%s: %d bytes a recipient, %.0f times its RCPT', $name, $each,
		    $each / length "RCPT TO:<x\@local.test>\r\n";
	}
};
$daemon->stop;

subtest 'redacted' => sub {
	my $secret = 'a secret of this test alone';
	my $folder = scratch_folder();
	write_file("$folder/key", "$secret\n", 0600);
	my $hidden = Authrelay::Daemon->new(conf => $CONF, audit => <<"EOT")->start;
	redact = local-part
	redact-key = "$folder/key"
EOT
	my $sender = '<"joe@' . 'secret' x 100 . '"@sender.test>';
	my $rcpt = '<' . 'roger' x 100 . '@' . 'very.' x 100 . 'local.test>';
	my $m = session(daemon => $hidden, sender => $sender);
	is $m->rcpt($rcpt), $TOO_LONG, 'refused';
	$m->quit;
	my ($record) = $hidden->records->take(1);
	is $record->{sender}, '~' . substr(hmac_sha256_hex(substr($sender, 0, 322), $secret), 0, 20) . '...', 'a hash of what was kept';
	my $written = '<~' . substr(hmac_sha256_hex($rcpt =~ s/^<|>$//gr, $secret), 0, 20) . '@' . 'very.' x 100 . 'local.test>';
	is $record->{cut}, join(', ', 'sender ' . length($sender) . ' ' . substr(hmac_sha256_hex(half_hash($sender), $secret), 0, 32),
	    'rcpt ' . length($written) . ' ' . half_hash($written)), 'hashes that need the key, or are of what is hidden already';
	unlike read_file($hidden->audit_file), qr/secret|roger|joe/, 'no name is left';
	$hidden->stop;
};
done_testing;
