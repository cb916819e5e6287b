# t/lib/Authrelay/Daemon.pm: authrelay-milter with a configuration of its own
# SPDX-License-Identifier: ISC
package Authrelay::Daemon;
use strict;
use warnings;
use Cwd ();
use File::Basename qw(dirname);
use Authrelay::MilterClient;
use Authrelay::Process;
use Authrelay::Records;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_until);

my $TOP = Cwd::abs_path(dirname(__FILE__) . '/../../..');

# What a sanitizer says when it has found something.
my $SANITIZER = qr/^.*(?:(?:Address|Thread|Leak|Memory)Sanitizer|runtime error:).*$/m;

sub top { return $TOP }
sub program { return $ENV{AUTHRELAY_MILTER} // "$TOP/authrelay-milter" }

# conf => TEXT; folder => an existing one, so as to start again with the same files; arguments => [...];
# audit => the other settings of that section; detach => 1.
sub new
{
	my ($class, %option) = @_;
	my $folder = $option{folder} // scratch_folder();
	my $self = bless { %option, folder => $folder }, $class;

	write_file($self->conf_file, $self->_conf_text);
	$self->{records} = Authrelay::Records->new($self->audit_file);
	return $self;
}

sub _conf_text
{
	my ($self) = @_;
	my $audit = $self->{audit} // "\tsyslog = no\n";
	my $conf = $self->{conf};
	# tests send more than any honest network
	my $burst = "$audit$conf" =~ /stranger-/ ? '' : "\tstranger-burst = 10000000\n";

	return <<"EOT";
socket = "@{[$self->socket]}"
socket-mode = "0666"
audit {
	file = "@{[$self->audit_file]}"
$audit$burst}
$conf
EOT
}

sub folder { return $_[0]{folder} }
sub conf_file { return "$_[0]{folder}/authrelay.conf" }
sub audit_file { return "$_[0]{folder}/audit.jsonl" }
sub log_file { return "$_[0]{folder}/stderr" }
sub socket_file { return "$_[0]{folder}/milter.sock" }
sub socket { return 'unix:' . $_[0]->socket_file }
sub records { return $_[0]{records} }
sub process { return $_[0]{process} }
sub pid { return $_[0]{process}->pid }
sub log_text { return read_file($_[0]->log_file) }

# Starts it in the foreground and returns when it serves; dies with what it said if it does not.
sub start
{
	my ($self) = @_;
	my @argument = ('-f', '-c', $self->conf_file, @{ $self->{arguments} // [] });

	$self->{process} = Authrelay::Process->start(command => [program(), @argument],
	    output => $self->log_file, detach => $self->{detach});
	wait_until(30, sub { $self->answers || !$self->{process}->is_running });
	$self->{process}->is_running && $self->answers
	    or die "authrelay-milter does not serve:\n" . $self->log_text;
	return $self;
}

# It serves: that the socket takes connections is not enough, it does so before root is given up.
sub answers
{
	my ($self) = @_;

	return eval {
		Authrelay::MilterClient->new($self->socket)->negotiate->quit;
		1;
	};
}

# The signal is KILL where the exit code does not matter: libmilter needs up to 5 seconds for TERM.
sub stop
{
	my ($self, $signal) = @_;

	return $self->{process}->stop($signal // 'KILL');
}

# What sanitizers have reported, for a test to show; empty where there is nothing.
sub sanitizer_report { return join "\n", $_[0]->log_text =~ /$SANITIZER/g }

1;
