# t/lib/Authrelay/Demo.pm: the dialogues that contrib/quickstart plays
# SPDX-License-Identifier: ISC
package Authrelay::Demo;
use strict;
use warnings;
use Authrelay::Cleanup qw(forget_all);
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::SMTP;
use Authrelay::Stage;

my $HOST = $Authrelay::Postfix::HOST;

# Nobody is trusted by address, so that you, who come from this machine, are a stranger.
my $CONF = <<'EOT';
trusted-networks = { }
local-domains = { "local.test", "mx.example.test" }
EOT

# Who, to whom, the mechanism and password of a login.
my @DIALOGUE = (
	[ 'a stranger', '<user@local.test>' ],
	[ 'a stranger', '<x@outside.test>' ],
	[ 'a stranger, percent hack', '<x%outside.test@local.test>' ],
	[ 'alice, logged in', '<x@outside.test>', 'CRAM-MD5', 'secret' ],
	[ 'alice, wrong password', '<x@outside.test>', 'PLAIN', 'wrong' ]
);

# Prints what it does and what came of it. With keep all goes on running, and only the list of
# processes in FOLDER/processes is left to stop it by. Returns the exit status: 0 where all went as it should.
sub run
{
	my ($folder, $keep) = @_;
	my $stage = _start($folder, $keep);

	print "==> playing the dialogues\n\n";
	my $is_right = _play($stage);
	_print_delivered($stage);
	_print_records($stage->records);
	_keep($stage, $folder) if $keep;
	return $is_right ? 0 : 1;
}

sub _start
{
	my ($folder, $keep) = @_;

	$| = 1;
	print "==> starting authrelay-milter, a private Postfix that is an open relay, and servers\n",
	    "    that take its mail\n";
	return Authrelay::Stage->start(folder => $folder, conf => $CONF, detach => $keep, postfix => {
		users => { alice => 'secret' },
		mechanisms => 'PLAIN LOGIN CRAM-MD5 DIGEST-MD5',
		master => sub { "127.0.0.1:$_[0] inet n - n - - smtpd -o smtpd_milters=\n" }
	});
}

# Each dialogue twice: with Postfix alone, and with authrelay in front of it.
sub _play
{
	my ($stage) = @_;
	my $is_right = 1;
	my $format = "%-25s %-28s %-8s %-54s %s\n";

	printf $format, 'WHO', 'TO WHOM', 'POSTFIX', 'WITH AUTHRELAY', 'REASON';
	for my $dialogue (@DIALOGUE) {
		my ($who, $rcpt) = @$dialogue;
		my ($alone) = _converse($stage->postfix->second_port, 0, @$dialogue);
		my ($guarded, $record) = _converse($stage->postfix->port, $stage->records, @$dialogue);
		printf $format, $who, $rcpt, substr($alone, 0, 3), $guarded, $record->{reason};
		$is_right &&= $alone =~ /^250/ && ($guarded =~ /^250/) == ($record->{verdict} eq 'permit');
	}
	print "\nPOSTFIX is its reply where authrelay is not attached: it would relay for everybody.\n\n";
	return $is_right;
}

# Returns the reply to RCPT, and with authrelay its record. What that lets pass is sent.
sub _converse
{
	my ($port, $records, $who, $rcpt, $mechanism, $password) = @_;
	my $c = Authrelay::SMTP->new(port => $port);

	$c->ehlo;
	$c->auth($mechanism, 'alice', $password, $HOST) if $mechanism;
	$c->mail('<sender@example.net>');
	my $reply = $c->rcpt($rcpt);
	my ($record) = $records ? $records->take(1) : ();
	$c->data($who) if $records && $reply =~ /^250/;
	$c->quit;
	$records->take(1) if $records && $reply =~ /^250/;
	return ($reply, $record);
}

sub _print_delivered
{
	my ($stage) = @_;
	my %place = (local => 'kept here', relay => 'sent elsewhere');
	my @line = $stage->delivered;

	print "What was delivered:\n";
	print map { my ($sink, $what) = /^(\S+) (.*)/; sprintf "  %-15s %s\n", $place{$sink}, $what } @line;
	print "\n";
}

sub _print_records
{
	my ($records) = @_;
	my @key = qw(event verdict reason reply session txn queue_id client auth auth_type sender rcpt
	    rcpt_mta matched);

	print "The records, without those of start and stop, and without times:\n";
	for my $record (grep { $_->{session} } $records->all) {
		my @known = grep { defined $record->{$_} } @key;
		print '  ', join(' ', map { "$_=" . _word($record->{$_}) } @known), "\n";
	}
	my ($line) = read_file($records->file) =~ /^(.*"event":"rcpt".*)$/m;
	print "\nOne of them as it stands in the file:\n  $line\n\n";
}

sub _word { my ($text) = @_; return $text =~ /\s/ ? "\"$text\"" : $text }

# Processes by their number and the time of their start, which together are never given twice.
sub _keep
{
	my ($stage, $folder) = @_;
	my @pid = ($stage->postfix->pid, $stage->daemon->pid, $stage->sink->process->pid);
	my $port = $stage->postfix->port;

	write_file("$folder/processes", join '', map { "$_ " . _start_time($_) . "\n" } @pid);
	forget_all();
	print <<"EOT";
Everything goes on running in $folder.
Talk to Postfix:      swaks --server 127.0.0.1:$port --from you\@example.net --to x\@outside.test
  with a login:       swaks ... --auth plain --auth-user alice --auth-password secret
  without swaks:      telnet 127.0.0.1 $port
  without authrelay:  port @{[$stage->postfix->second_port]}
Watch the records:    tail -f @{[$stage->daemon->audit_file]}
The log of authrelay: @{[$stage->daemon->log_file]}
The log of Postfix:   $folder/log/maillog
What was delivered:   $folder/delivered.jsonl
The configuration:    @{[$stage->daemon->conf_file]}
EOT
}

sub _start_time
{
	my ($pid) = @_;
	my ($after_name) = read_file("/proc/$pid/stat") =~ /\) (.*)/s;

	return (split ' ', $after_name)[19];
}

1;
