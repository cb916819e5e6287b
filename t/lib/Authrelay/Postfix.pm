# t/lib/Authrelay/Postfix.pm: a private Postfix below a temporary folder, by default an open relay
# SPDX-License-Identifier: ISC
package Authrelay::Postfix;
use strict;
use warnings;
use File::Find ();
use File::Path qw(make_path);
use Authrelay::Certificates;
use Authrelay::Cleanup qw(at_end);
use Authrelay::Process;
use Authrelay::SMTP;
use Authrelay::Scratch qw(scratch_folder free_port read_file write_file);
use Authrelay::Wait qw(wait_until wait_for);

$ENV{PATH} .= ':/usr/sbin:/sbin:/usr/local/sbin';
delete $ENV{MAIL_CONFIG};

our $HOST = 'mx.example.test';	# also the realm of its users

# What keeps it on loopback and below its folder. "permit" alone is refused by smtpd, so the open relay
# is an access table that says OK to everybody.
my $MAIN = <<'EOT';
compatibility_level = 3.6
queue_directory = FOLDER/spool
data_directory = FOLDER/data
command_directory = COMMANDS
daemon_directory = DAEMONS
maillog_file = FOLDER/log/maillog
maillog_file_prefixes = FOLDER/log
inet_interfaces = 127.0.0.1
inet_protocols = all
smtp_bind_address = 127.0.0.1
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_host_lookup = native
smtp_tls_security_level = none
myhostname = mx.example.test
myorigin = local.test
mydestination = local.test, mx.example.test
mynetworks = 192.0.2.254/32
relay_domains = relay.test
local_recipient_maps =
alias_maps =
alias_database =
local_transport = local:[127.0.0.1]:LOCAL
relayhost = [127.0.0.1]:RELAY
notify_classes =
service_throttle_time = 1s
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100001
smtpd_junk_command_limit = 100000
smtpd_client_connection_count_limit = 0
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = $myhostname
smtpd_sasl_security_options =
smtpd_milters = MILTER
milter_default_action = tempfail
milter_command_timeout = 20s
milter_connect_timeout = 10s
EOT

# Local mail goes to a sink of its own; {rcpt_mailer} is still "local".
my $MASTER = <<'EOT';
127.0.0.1:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
local unix - - n - - smtp
flush unix n - n 1000? 0 flush
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
EOT

# Debian's Postfix reads this file only below the configuration folder.
my $SASL = <<'EOT';
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: FOLDER/etc/sasl/sasldb2
mech_list: MECHANISMS
EOT

# Why there can be none here; undef where there can.
sub why_not
{
	return 'needs root' if $> != 0;
	return 'needs Postfix' unless defined _default('daemon_directory');
	my ($code) = Authrelay::Process->run('saslpasswd2', '-h');
	return $code == 127 ? 'needs saslpasswd2 (Debian: sasl2-bin)' : undef;
}

sub _default
{
	my ($name) = @_;
	my ($code, $text) = Authrelay::Process->run('postconf', '-d', '-h', $name);

	return $code == 0 ? $text =~ s/\n//r : undef;
}

# sink => one with servers named "relay" and "local"; milter => its socket, or "" for none;
# main => TEXT, settings in place of the above; master => code that gets a free port and returns
# TEXT, more services or others of the same name; users => { NAME => PASSWORD }; aliases => TEXT;
# mechanisms => "PLAIN LOGIN"; tls => 1: offers STARTTLS.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { %option }, $class;

	$self->{folder} //= scratch_folder();
	@$self{qw(port second_port)} = free_port(2);
	$self->_make_folders;
	$self->_make_queue;
	$self->_make_users;
	$self->_make_certificate if $self->{tls};
	$self->_write_configuration;
	$self->_run('postalias', '-c', "$self->{folder}/etc", "hash:$self->{folder}/etc/aliases")
	    if $self->{aliases};
	at_end(sub { $self->stop });
	$self->_start_master;
	return $self;
}

sub folder { return $_[0]{folder} }
sub port { return $_[0]{port} }
sub second_port { return $_[0]{second_port} }
sub maillog { return read_file("$_[0]{folder}/log/maillog") }
sub host { return $HOST }
sub connect { my ($self, %option) = @_; return Authrelay::SMTP->new(port => $self->{port}, %option) }

sub _run
{
	my ($self, @command) = @_;
	my ($code, $text) = Authrelay::Process->run(@command);

	$code == 0 or die "@command: exit $code: $text\n";
}

sub _make_folders
{
	my ($self) = @_;

	for my $name (qw(etc etc/sasl spool data log)) {
		make_path("$self->{folder}/$name");
		chmod 0755, "$self->{folder}/$name";
	}
	chown scalar getpwnam('postfix'), -1, "$self->{folder}/data";
}

# As post-install makes them; "postfix start" would need more than a second for it.
sub _make_queue
{
	my ($self) = @_;
	my $spool = "$self->{folder}/spool";
	my ($uid, $gid) = (scalar getpwnam('postfix'), scalar getgrnam('postdrop'));
	my @own = qw(active bounce corrupt defer deferred flush hold incoming private saved trace);
	my %mode = (maildrop => 0730, public => 0710, pid => 0755, map { $_ => 0700 } @own);

	while (my ($name, $mode) = each %mode) {
		make_path("$spool/$name");
		chown $uid, $mode == 0700 ? -1 : $gid, "$spool/$name" unless $name eq 'pid';
		chmod $mode, "$spool/$name";
	}
}

sub _make_users
{
	my ($self) = @_;
	my $folder = "$self->{folder}/etc/sasl";
	my %user = %{ $self->{users} // {} };

	for my $name (sort keys %user) {
		open my $pipe, '|-', 'saslpasswd2', '-p', '-c', '-f', "$folder/sasldb2", '-u', $HOST, $name
		    or die "saslpasswd2: $!\n";
		print $pipe $user{$name};
		close $pipe or die "saslpasswd2 failed\n";
	}
	return unless %user;
	chown 0, scalar getgrnam('postfix'), "$folder/sasldb2";
	chmod 0640, "$folder/sasldb2";
}

sub _make_certificate
{
	my ($self) = @_;
	my ($cert, $key) = Authrelay::Certificates->new("$self->{folder}/etc")->self_signed('cert', "/CN=$HOST");

	$self->{main} .= "smtpd_tls_security_level = may\n"
	    . "smtpd_tls_key_file = $key\nsmtpd_tls_cert_file = $cert\n";
}

sub _write_configuration
{
	my ($self) = @_;
	my $etc = "$self->{folder}/etc";
	my $master = $self->{master} ? $self->{master}->($self->{second_port}) : '';

	write_file("$etc/main.cf", $self->_fill(_override($MAIN, $self->{main} // '', qr/^(\w+) *=/m)));
	write_file("$etc/master.cf", $self->_fill(_override($MASTER, $master, qr/^(\S+ +\S+)/m)));
	write_file("$etc/sasl/smtpd.conf", $self->_fill($SASL));
	write_file("$etc/aliases", $self->{aliases}) if $self->{aliases};
	# Every Postfix program dozes while main.cf is younger than two seconds.
	utime time - 60, time - 60, "$etc/main.cf", "$etc/master.cf";
}

# The text without the lines that the other one has too, and the other one.
sub _override
{
	my ($text, $other, $key) = @_;
	my %is_given = map { $_ => 1 } $other =~ /$key/g;

	return join('', grep { !/$key/ || !$is_given{$1} } split /^/, $text) . $other;
}

sub _fill
{
	my ($self, $text) = @_;
	my %value = (FOLDER => $self->{folder}, PORT => $self->{port}, MILTER => $self->{milter},
	    LOCAL => $self->{sink}->port('local'), RELAY => $self->{sink}->port('relay'),
	    MECHANISMS => $self->{mechanisms} // 'PLAIN LOGIN CRAM-MD5 DIGEST-MD5 ANONYMOUS',
	    COMMANDS => _default('command_directory'), DAEMONS => _default('daemon_directory'));

	return $text =~ s/\b([A-Z]+)\b/$value{$1} \/\/ $1/egr;
}

# Returns when it listens.
sub _start_master
{
	my ($self) = @_;

	local $ENV{MAIL_CONFIG} = "$self->{folder}/etc";
	my ($code, $text) = Authrelay::Process->run(_default('daemon_directory') . '/master', '-w');
	die "Postfix does not start: $text" . $self->maillog if $code != 0;
	$self->{pid} = $self->_read_pid;
}

sub _read_pid
{
	my ($self) = @_;

	return read_file("$self->{folder}/spool/pid/master.pid") =~ /(\d+)/ ? $1 : undef;
}

sub pid { return $_[0]{pid} }

# By the pid in its own pid file; its services go with it.
sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // $self->_read_pid;

	return unless $pid;
	kill 'TERM', $pid;
	wait_until(20, sub { !kill 0, $pid }) or kill 'KILL', $pid;
}

# Files in the queue that still wait for delivery.
sub _queued
{
	my ($self) = @_;
	my @found;
	my $look = sub { push @found, $_ if -f };

	File::Find::find({ wanted => $look, no_chdir => 1 },
	    map { "$self->{folder}/spool/$_" } qw(maildrop incoming active deferred hold));
	return @found;
}

# Waits until every message has been delivered; dies where one is not.
sub wait_empty_queue
{
	my ($self) = @_;

	wait_for("empty queue of Postfix", 90, sub { !$self->_queued });
}

1;
