#!/usr/bin/perl
# t/daemon/daemon_redact.t: audit.redact: no local part is left in what the daemon writes, and it verifies
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::SHA qw(hmac_sha256_hex);
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_until);

need_daemon();
need_ctl();

my $SECRET = 'a secret of this test alone';
# Local parts that are in no other text here.
my @NAMES = qw(sally.secret roger hidden nemo postbox);

my $folder = scratch_folder();
write_file("$folder/redact.key", "$SECRET\n", 0600);
is((ctl('keygen', "$folder/key"))[0], 0, 'a key for the anchors');
my $daemon = Authrelay::Daemon->new(conf => <<'EOT', audit => <<"EOT2")->start;
local-domains = { "local.test" }
EOT
	syslog = yes
	redact = local-part
	redact-key = "$folder/redact.key"
	key = "$folder/key"
EOT2

sub hash_of
{
	my ($address) = @_;

	return '~' . substr hmac_sha256_hex(lc $address, $SECRET), 0, 20;
}

my $m = Authrelay::MilterClient->new($daemon->socket)->negotiate;
$m->set_macros(j => 'mx.example.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd');
$m->client(addr => '198.51.100.7');
$m->helo('client.test');
is $m->mail('<Sally.Secret@else.test>'), 'no reply', 'MAIL';
# The recipient, what the mail server makes of it or says, and of the record: reason, rcpt, rcpt_mta.
my @RECIPIENTS = (
	['<roger@local.test>', 'smtp', 'roger@local.test', 'local-domain', '<' . hash_of('roger@local.test') . '@local.test>',
	    hash_of('roger@local.test') . '@local.test'],
	['<ROGER@Local.test>', 'smtp', 'roger@local.test', 'local-domain', '<' . hash_of('roger@local.test') . '@Local.test>',
	    hash_of('roger@local.test') . '@local.test'],
	['<hidden%away.test@local.test>', 'smtp', 'hidden@away.test', 'routed-address',
	    '<' . hash_of('hidden%away.test@local.test') . '@local.test>', hash_of('hidden@away.test') . '@away.test'],
	['<"nemo"@else.test>', 'smtp', 'nemo@else.test', 'relay-denied', '<' . hash_of('"nemo"@else.test') . '@else.test>',
	    hash_of('nemo@else.test') . '@else.test'],
	['<@relay.test:nemo', 'smtp', 'nemo', 'malformed-address', hash_of('<@relay.test:nemo'), hash_of('nemo')],
	['<postbox@local.test>', 'error', '<postbox@local.test>: nobody is postbox here', 'mta-reject',
	    '<' . hash_of('postbox@local.test') . '@local.test>', undef],
);

for my $row (@RECIPIENTS) {
	my ($rcpt, $mailer, $resolved) = @$row;

	$m->set_macros('{rcpt_addr}' => $resolved, '{rcpt_mailer}' => $mailer, '{rcpt_host}' => '5.1.1');
	like $m->rcpt($rcpt), qr/^(?:continue|\d\d\d )/, "RCPT $rcpt";
}
$m->quit;

my @record = $daemon->records->take(scalar @RECIPIENTS);
for my $i (0 .. $#RECIPIENTS) {
	my ($rcpt, undef, undef, $reason, $hash, $resolved) = @{ $RECIPIENTS[$i] };

	is $record[$i]{reason}, $reason, "$rcpt: why stays";
	is $record[$i]{rcpt}, $hash, "$rcpt: its hash";
	is $record[$i]{rcpt_mta}, $resolved, "$rcpt: resolved" if defined $resolved;
	is $record[$i]{sender}, '<' . hash_of('sally.secret@else.test') . '@else.test>', "$rcpt: the sender's";
}
my $postbox = hash_of('postbox@local.test');
like $record[-1]{reply}, qr/<\Q$postbox\E\@local\.test>: nobody is \Q$postbox\E here$/, 'what the mail server said';

is $daemon->stop('TERM'), 0, 'it stops';
wait_until(10, sub { read_file($daemon->audit_file) =~ /"event":"anchor"[^\n]*\n\z/ });
my ($file, $log) = (read_file($daemon->audit_file), $daemon->log_text);
for my $name (@NAMES) {
	unlike $file, qr/\Q$name\E/i, "no $name in the file";
	unlike $log, qr/\Q$name\E/i, "nor in the log";
}
like $log, qr/\Q$postbox\E/, 'the log has the records, too';
my ($code, $out, $err) = ctl('verify', '--pubkey', "$folder/key.pub", $daemon->audit_file);
is $code, 0, 'it verifies by its signature' or diag "$out$err";
($code, $out, $err) = ctl('verify', '--anchors', $daemon->log_file, $daemon->audit_file);
is $code, 0, 'and by the anchor that the log has' or diag "$out$err";
write_file($daemon->audit_file, $file =~ s/\Q$postbox\E/~00000000000000000000/r);
is((ctl('verify', '--anchors', $daemon->log_file, $daemon->audit_file))[0], 1, 'not with another hash in it');
is $daemon->sanitizer_report, '', 'no sanitizer has found anything';
done_testing;
