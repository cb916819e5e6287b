# t/lib/Authrelay/Syslog.pm: a syslog daemon, for a program with syslog_shim.so in it
# SPDX-License-Identifier: ISC
package Authrelay::Syslog;
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM SOCK_STREAM);
use Authrelay::Process;
use Authrelay::Tree qw(top);
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Wait qw(wait_for wait_until);

# Its files are in a folder of its own, which anybody may pass through. stream => 1.
sub new
{
	my ($class, %option) = @_;
	my $self = bless { folder => scratch_folder(), %option }, $class;

	write_file($self->_file, '');
	return $self;
}

sub shim { return top() . '/t/lib/syslog_shim.so' }

# What the program needs in its environment: names and values.
sub environment
{
	my ($self) = @_;

	return (LD_PRELOAD => shim(), SYSLOG_SHIM_SOCKET => $self->path, ASAN_OPTIONS => 'verify_asan_link_order=0');
}

sub path { return "$_[0]{folder}/log" }
sub _file { return "$_[0]{folder}/messages" }

sub _listen
{
	my ($self) = @_;
	my @type = $self->{stream} ? (Type => SOCK_STREAM, Listen => 5) : (Type => SOCK_DGRAM);
	my $socket = IO::Socket::UNIX->new(@type, Local => $self->path) or die "@{[$self->path]}: $!\n";

	chmod 0666, $self->path;
	return $socket;
}

# Each message is followed by a NUL in the file. What is there when it ends is read first.
sub _serve
{
	my ($self, $socket) = @_;
	my $select = IO::Select->new($socket);
	my $is_over;

	local $SIG{TERM} = sub { $is_over = 1 };
	open my $file, '>>:raw', $self->_file or die $!;
	until ($is_over) {
		$self->_read($socket, $_, $select, $file) for $select->can_read(0.02);
	}
	shutdown $_, 0 for $select->handles;
	$select->remove($socket) if $self->{stream};
	while (my @ready = $select->can_read(0)) {
		$self->_read($socket, $_, $select, $file) for @ready;
	}
}

sub _read
{
	my ($self, $socket, $ready, $select, $file) = @_;

	if ($self->{stream} && $ready == $socket) {
		$select->add(scalar $socket->accept);
		return;
	}
	my $text = '';
	defined($self->{stream} ? sysread $ready, $text, 65536 : $ready->recv($text, 65536)) && $text ne ''
	    or return $select->remove($ready);
	syswrite $file, $self->{stream} ? $text : "$text\0";
}

# Takes messages from now on; again, after stop().
sub start
{
	my ($self) = @_;
	my $socket = $self->_listen;

	$self->{process} = Authrelay::Process->start(code => sub { $self->_serve($socket) });
	close $socket;	# of ours: the other one is all that there is
	return $self;
}

# As when a syslog daemon is ended, and writes what it has.
sub stop
{
	my ($self) = @_;

	$self->{process}->stop('TERM');
	unlink $self->path;
}

# It is there, and reads nothing any more; go_on() ends that.
sub hang { kill 'STOP', $_[0]{process}->pid }
sub go_on { kill 'CONT', $_[0]{process}->pid }

# All that was said until now, each message with its header.
sub messages { return split /\0/, read_file($_[0]->_file) }

# Pairs of the priority, with the facility in it, and the text.
sub lines
{
	my ($self) = @_;

	return map { /^<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d authrelay-milter\[\d+\]: (.*)\z/s ? [ $1, $2 ] : () }
	    $self->messages;
}

# Waits until something is said that matches.
sub hears
{
	my ($self, $what) = @_;

	return wait_until(20, sub { scalar grep { $_->[1] =~ $what } $self->lines });
}

1;
