# t/lib/Authrelay/Process.pm: a child process that is always ended, by its own pid
# SPDX-License-Identifier: ISC
package Authrelay::Process;
use strict;
use warnings;
use File::Temp ();
use POSIX qw(WNOHANG _exit dup2 setsid);
use Authrelay::Cleanup qw(at_end fail_at_end);
use Authrelay::Wait qw(wait_until);

my $DIED = 70;	# exit status of a child whose code died

# command => [...], or code => sub, whose death fails the test; output => FILE for both streams;
# detach => 1: outlives the terminal.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { %option }, $class;

	$self->{pid} = fork // die "fork: $!\n";
	$self->_child if $self->{pid} == 0;
	at_end(sub {
		$self->stop('KILL');
		fail_at_end("a child process died: $self->{pid}") if $self->{code} && ($self->{status} // 0) == $DIED << 8;
	});
	return $self;
}

sub _child
{
	my ($self) = @_;

	setsid() if $self->{detach};
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
	open STDIN, '<', '/dev/null' or _exit(71);
	if (defined $self->{output}) {
		open STDOUT, '>>', $self->{output} or _exit(71);
		dup2(1, 2);
	}
	if ($self->{code}) {
		eval { $self->{code}->(); 1 } and _exit(0);
		print STDERR $@;
		_exit($DIED);
	}
	exec { $self->{command}[0] } @{ $self->{command} } or _exit(127);
}

sub pid { return $_[0]{pid} }

sub is_running
{
	my ($self) = @_;

	return 0 if defined $self->{status};
	if (waitpid($self->{pid}, WNOHANG) == $self->{pid}) {
		$self->{status} = $?;
		return 0;
	}
	return 1;
}

# Its exit code, 128 and the signal where one ended it; undef where it still runs when the time is over.
sub wait_exit
{
	my ($self, $seconds) = @_;

	wait_until($seconds, sub { !$self->is_running }) or return;
	return $self->{status} & 127 ? 128 + ($self->{status} & 127) : $self->{status} >> 8;
}

# Ends it with the signal; one that does not go within 20 seconds is killed.
sub stop
{
	my ($self, $signal) = @_;

	kill $signal, $self->{pid} if $self->is_running;
	my $code = $self->wait_exit(20);
	return $code if defined $code;
	kill 'KILL', $self->{pid};
	return $self->wait_exit(20);
}

# Runs a command to its end; returns its exit code, and what it said on both streams. The output goes
# through a file, so that a daemon which it leaves behind holds nobody up.
sub run
{
	my ($class, @command) = @_;
	my $output = File::Temp->new;
	my $self = $class->start(command => \@command, output => "$output");
	my $code = $self->wait_exit(60) // die "@command: not done within 60 seconds\n";

	return ($code, do { local $/; <$output> } // '');
}

1;
