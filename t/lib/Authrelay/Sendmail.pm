# t/lib/Authrelay/Sendmail.pm: a private Sendmail below a temporary folder, by default an open relay
# SPDX-License-Identifier: ISC
package Authrelay::Sendmail;
use strict;
use warnings;
use File::Copy ();
use Authrelay::Certificates;
use Authrelay::Cleanup qw(at_end);
use Authrelay::Daemon;
use Authrelay::Process;
use Authrelay::SMTP;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Wait qw(wait_until wait_for);

our $HOST = 'mx.example.test';	# also the realm of its users

# The folder below which Debian's packages were unpacked, where they are not installed.
my $ROOT = $ENV{AUTHRELAY_SENDMAIL} // '';
my $PROGRAMS = "$ROOT/usr/libexec/sendmail";
my $CFDIR = "$ROOT/usr/share/sendmail/cf/";

# What keeps it on loopback and below its folder. All mail to elsewhere goes to the smart host. A load limit of 0
# would not mean "none": mail would stay in the queue. Local mail goes to a sink of its own, where every user
# exists (no F=w); {rcpt_mailer} is still "local".
my $MC = <<'EOT';
divert(0)dnl
include(`CFDIRm4/cf.m4')dnl
VERSIONID(`private')dnl
OSTYPE(`openbsd')dnl
define(`confDOMAIN_NAME', `HOST')dnl
LOCAL_DOMAIN(`local.test')dnl
define(`MAIL_SETTINGS_DIR', `FOLDER/mail/')dnl
define(`QUEUE_DIR', `FOLDER/mqueue')dnl
define(`confPID_FILE', `FOLDER/sendmail.pid')dnl
define(`ALIAS_FILE', `FOLDER/mail/aliases')dnl
define(`STATUS_FILE', `FOLDER/statistics')dnl
define(`HELP_FILE', `FOLDER/mail/helpfile')dnl
define(`confHOSTS_FILE', `FOLDER/mail/hosts')dnl
define(`confSERVICE_SWITCH_FILE', `FOLDER/mail/service.switch')dnl
define(`confDEAD_LETTER_DROP', `FOLDER/dead.letter')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confDEF_USER_ID', `8:8')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confREFUSE_LA', `10000')dnl
define(`confDELAY_LA', `0')dnl
define(`confMIN_FREE_BLOCKS', `0')dnl
define(`confPRIVACY_FLAGS', `authwarnings')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Addr=127.0.0.1, Port=FIRSTPORT')dnl
DAEMON_OPTIONS(`Family=inet, Name=MSA, Addr=127.0.0.1, Port=SECONDPORT')dnl
define(`SMART_HOST', `[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h RELAYPORT')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h RELAYPORT')dnl
define(`SMTP_MAILER_ARGS', `TCP $h RELAYPORT')dnl
define(`LOCAL_MAILER_PATH', `[IPC]')dnl
define(`LOCAL_MAILER_ARGS', `TCP [127.0.0.1] LOCALPORT')dnl
define(`LOCAL_MAILER_EOL', `\r\n')dnl
define(`LOCAL_MAILER_FLAGS', `mXa8')dnl
define(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `SMTP')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
define(`LOCAL_SHELL_PATH', `/bin/sh')dnl
define(`confAUTH_MECHANISMS', `MECHANISMS')dnl
TRUST_AUTH_MECH(`MECHANISMS')dnl
EOT

my $END = <<'EOT';
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
ESASL_CONF_PATH=FOLDER/sasl
EOT

# By what sendmail -Ac goes: it hands everything to the server, by SMTP.
my $SUBMIT = <<'EOT';
divert(0)dnl
include(`CFDIRm4/cf.m4')dnl
VERSIONID(`private submission')dnl
OSTYPE(`openbsd')dnl
define(`confCF_VERSION', `Submit')dnl
define(`confDOMAIN_NAME', `HOST')dnl
define(`MAIL_SETTINGS_DIR', `FOLDER/mail/')dnl
define(`MSP_QUEUE_DIR', `FOLDER/clientmqueue')dnl
define(`STATUS_FILE', `FOLDER/statistics')dnl
define(`confPID_FILE', `FOLDER/submit.pid')dnl
define(`confHOSTS_FILE', `FOLDER/mail/hosts')dnl
define(`confSERVICE_SWITCH_FILE', `FOLDER/mail/service.switch')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confRUN_AS_USER', `mail:mail')dnl
define(`confTRUSTED_USER', `mail')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
define(`RELAY_MAILER_ARGS', `TCP $h FIRSTPORT')dnl
FEATURE(`nocanonify')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
EOT

my $SASL = <<'EOT';
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: FOLDER/sasl/sasldb2
mech_list: MECHANISMS
EOT

my %FEATURE = (access => 'access_db', mailertable => 'mailertable', virtusertable => 'virtusertable');

# Why there can be none here; undef where there can.
sub why_not
{
	return 'needs root' if $> != 0;
	return 'needs Sendmail (Debian: sendmail-bin sendmail-cf; AUTHRELAY_SENDMAIL: where they are unpacked)'
	    unless -x "$PROGRAMS/sendmail" && -f "${CFDIR}m4/cf.m4";
	my %package = (saslpasswd2 => 'sasl2-bin', m4 => 'm4', cc => 'gcc');
	for my $name (sort keys %package) {
		my ($code) = Authrelay::Process->run($name, '--version');
		return "needs $name (Debian: $package{$name})" if $code == 127;
	}
	return;
}

# sink => one with servers named "relay" and "local"; milter => its socket, or "" for none; more_filters => TEXT, lines
# besides those of conf/sendmail.mc; strict => 1: no open relay; mc => TEXT, more lines of another kind; maps =>
# { NAME => TEXT }, of %FEATURE; aliases => TEXT; users => { NAME => PASSWORD }; mechanisms => "PLAIN LOGIN";
# tls => 1: offers STARTTLS.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { mc => '', aliases => '', maps => {}, users => {}, more_filters => '', %option }, $class;

	$self->{folder} //= scratch_folder();
	@$self{qw(port second_port)} = free_port(2);
	$self->_make_folders;
	$self->_make_programs;
	$self->_make_users;
	$self->_make_certificate if $self->{tls};
	$self->_write_configuration;
	at_end(sub { $self->stop });
	$self->_start_server;
	return $self;
}

sub folder { return $_[0]{folder} }
sub port { return $_[0]{port} }
sub second_port { return $_[0]{second_port} }
sub host { return $HOST }
sub pid { return $_[0]{pid} }
sub certificates { return $_[0]{certificates} }
sub maillog { return read_file("$_[0]{folder}/log") }
sub connect { my ($self, %option) = @_; return Authrelay::SMTP->new(port => $self->{port}, %option) }

sub _run
{
	my ($self, @command) = @_;
	my ($code, $text) = Authrelay::Process->run(@command);

	$code == 0 or die "@command: exit $code: $text\n";
	return $text;
}

sub _make_folders
{
	my ($self) = @_;
	my %mode = (bin => 0755, mail => 0755, mqueue => 0700, clientmqueue => 0770, sasl => 0700);

	for my $name (keys %mode) {
		mkdir "$self->{folder}/$name";
		chmod $mode{$name}, "$self->{folder}/$name";
	}
	chown scalar getpwnam('mail'), scalar getgrnam('mail'), "$self->{folder}/clientmqueue";
}

# The copies are not setgid: such a program takes nothing from LD_PRELOAD, not even for root.
sub _make_programs
{
	my ($self) = @_;
	my $bin = "$self->{folder}/bin";

	for my $name (qw(sendmail makemap)) {
		File::Copy::copy("$PROGRAMS/$name", "$bin/$name") or die "$name: $!\n";
		chmod 0755, "$bin/$name";
	}
	$self->_run(split(' ', $ENV{CC} || 'cc'), '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', "$bin/shim.so",
	    Authrelay::Daemon::top() . '/t/lib/sendmail_shim.c');
}

sub _make_users
{
	my ($self) = @_;
	my %user = %{ $self->{users} };
	my $file = "$self->{folder}/sasl/sasldb2";

	for my $name (sort keys %user) {
		open my $pipe, '|-', 'saslpasswd2', '-p', '-c', '-f', $file, '-u', $HOST, $name
		    or die "saslpasswd2: $!\n";
		print $pipe $user{$name};
		close $pipe or die "saslpasswd2 failed\n";
	}
	chmod 0600, $file;
}

sub _make_certificate
{
	my ($self) = @_;
	my $ca = $self->{certificates} = Authrelay::Certificates->new("$self->{folder}/mail");
	my ($cert, $key) = $ca->issue('server', "/CN=$HOST");

	$self->{mc} .= <<"EOT";
define(`confCACERT', `@{[$ca->file]}')dnl
define(`confCACERT_PATH', `$self->{folder}/mail')dnl
define(`confSERVER_CERT', `$cert')dnl
define(`confSERVER_KEY', `$key')dnl
EOT
}

# The lines that administrators are told to add, but for where the socket is.
sub _filter_lines
{
	my ($self) = @_;

	return '' if $self->{milter} eq '';
	my $text = read_file(Authrelay::Daemon::top() . '/conf/sendmail.mc') . $self->{more_filters};
	return $text =~ s{unix:/run/authrelay/milter\.sock}{$self->{milter}}gr;
}

sub _write_configuration
{
	my ($self) = @_;
	my $mail = "$self->{folder}/mail";
	my @map = sort keys %{ $self->{maps} };
	my $relay = $self->{strict} ? '' : "FEATURE(`promiscuous_relay')dnl\n";
	my $features = join '', map { "FEATURE(`$FEATURE{$_}', `hash -T<TMPF> $mail/$_')dnl\n" } @map;

	write_file("$mail/hosts", "127.0.0.1 localhost\n127.0.0.12 outside.example\n");
	write_file("$mail/service.switch", "passwd\tfiles\nhosts\tfiles\naliases\tfiles\n");
	write_file("$mail/aliases", "postmaster: root\n$self->{aliases}");
	write_file("$self->{folder}/statistics", '');
	write_file("$self->{folder}/sasl/Sendmail.conf", $self->_fill($SASL));
	$self->_make_cf('sendmail', $MC . $relay . $features . $self->{mc} . $self->_filter_lines . $END);
	$self->_make_cf('submit', $SUBMIT);
	$self->_run($self->command('-bi'));
	$self->_make_map($_, $self->{maps}{$_}) for @map;
}

# m4 warns of open relays, which is what is wanted here.
sub _make_cf
{
	my ($self, $name, $text) = @_;
	my $mail = "$self->{folder}/mail";

	write_file("$mail/$name.mc", $self->_fill($text));
	my $said = $self->_run('sh', '-c', "m4 -D_CF_DIR_=$CFDIR $mail/$name.mc >$mail/$name.cf");
	$said = join '', grep { !/promiscuous_relay|relay\.  Do NOT/ } split /^/, $said;
	die "m4: $said" if $said =~ /\S/;
	chmod 0644, "$mail/$name.cf";
}

sub _make_map
{
	my ($self, $name, $text) = @_;
	my $file = write_file("$self->{folder}/mail/$name", $text);
	my @command = ($self->_environment, "$self->{folder}/bin/makemap", '-C', $self->_cf('sendmail'), 'hash', $file);

	$self->_run('sh', '-c', "exec @command <$file");
}

sub _fill
{
	my ($self, $text) = @_;
	my %value = (FOLDER => $self->{folder}, HOST => $HOST,
	    FIRSTPORT => $self->{port}, SECONDPORT => $self->{second_port},
	    LOCALPORT => $self->{sink}->port('local'), RELAYPORT => $self->{sink}->port('relay'),
	    MECHANISMS => $self->{mechanisms} // 'EXTERNAL PLAIN LOGIN CRAM-MD5 DIGEST-MD5');

	return $text =~ s/CFDIR/$CFDIR/gr =~ s/\b([A-Z]+)\b/$value{$1} \/\/ $1/egr;
}

sub _cf { return "$_[0]{folder}/mail/$_[1].cf" }

# Libraries that are not installed are below the same folder as the programs.
sub _environment
{
	my ($self) = @_;
	my $libraries = join ':', grep { -d } glob "$ROOT/usr/lib/*-linux-gnu* $ROOT/lib/*-linux-gnu*";

	return ('env', "SHIM_LOG=$self->{folder}/log", "SHIM_HOSTS=$self->{folder}/mail/hosts", "SHIM_NAME=$HOST",
	    "LD_PRELOAD=$self->{folder}/bin/shim.so", $ROOT eq '' ? () : "LD_LIBRARY_PATH=$libraries");
}

# What runs sendmail(8) by the server's configuration; where -Ac is the first argument, by the other.
sub command
{
	my ($self, @argument) = @_;
	my $cf = @argument && $argument[0] eq '-Ac' ? 'submit' : 'sendmail';

	return ($self->_environment, "$self->{folder}/bin/sendmail", '-C', $self->_cf($cf), @argument);
}

# Returns when it listens.
sub _start_server
{
	my ($self) = @_;

	$self->_run($self->command('-bd'));
	wait_until(30, sub { $self->_read_pid && eval { $self->connect->quit; 1 } })
	    or die "Sendmail does not start:\n" . $self->maillog;
	$self->{pid} = $self->_read_pid;
}

sub _read_pid
{
	my ($self) = @_;

	return read_file("$self->{folder}/sendmail.pid") =~ /^(\d+)\n/ ? $1 : undef;
}

# By the pid in its own pid file; a child ends with its session.
sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // $self->_read_pid;

	return unless $pid;
	kill 'TERM', $pid;
	wait_until(20, sub { !kill 0, $pid }) or kill 'KILL', $pid;
	unlink "$self->{folder}/sendmail.pid";
}

# Waits until every message has been delivered; dies where one is not.
sub wait_empty_queue
{
	my ($self) = @_;

	wait_for('empty queue of Sendmail', 90, sub { !(() = glob "$self->{folder}/{mqueue,clientmqueue}/[qdt]f*") });
}

1;
