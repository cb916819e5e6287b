# t/lib/Authrelay/MilterClient.pm: the MTA's side of the milter protocol, packet by packet
# SPDX-License-Identifier: ISC
package Authrelay::MilterClient;
use strict;
use warnings;
use Carp qw(croak);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

our $DEADLINE = 10;

# libmilter/mfdef.h: steps that the MTA leaves out, and those that get no reply
my %NOT_SENT = (
	C => 0x1, H => 0x2, M => 0x4, R => 0x8, B => 0x10, L => 0x20, N => 0x40,
	U => 0x100, T => 0x200
);
my %NO_REPLY = (
	L => 0x80, C => 0x1000, H => 0x2000, M => 0x4000, R => 0x8000, T => 0x10000,
	U => 0x20000, N => 0x40000, B => 0x80000
);
my %SINCE = (U => 3, T => 4);	# the protocol version that brought the command
my %VERDICT = (c => 'continue', a => 'accept', r => 'reject', t => 'tempfail',
	d => 'discard', s => 'skip', 4 => 'shutdown', f => 'connection failure');
my @STAGE = qw(C H M R T E N);	# the order of SMFIM_*

# What Postfix and Sendmail offer in each version.
our %OFFER = (
	2 => { actions => 0x3f, steps => 0x7f },
	3 => { actions => 0x3f, steps => 0x17f },
	4 => { actions => 0x3f, steps => 0x37f },
	6 => { actions => 0x1ff, steps => 0x1fffff }
);

# Macros that an MTA sends where the filter did not ask for any (Postfix 3.7).
my %DEFAULT_MACROS = (
	C => [qw(j {daemon_name} {daemon_addr} v _)],
	H => [qw({tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer})],
	M => [qw(i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer})],
	R => [qw(i {rcpt_addr} {rcpt_host} {rcpt_mailer})],
	(map { $_ => ['i'] } qw(T N E))
);

# socket: unix:PATH, or inet:PORT@HOST
sub new
{
	my ($class, $socket) = @_;
	my $self = bless { steps => 0, version => 0, macros => {}, symlist => {} }, $class;

	if ($socket =~ /^(?:unix|local):(.+)/) {
		$self->{handle} = IO::Socket::UNIX->new(Peer => $1);
	} elsif ($socket =~ /^inet:(\d+)\@(.+)/) {
		$self->{handle} = IO::Socket::INET->new(PeerAddr => $2, PeerPort => $1);
	}
	croak "$socket: $!" unless $self->{handle};
	$self->{handle}->blocking(0);
	return $self;
}

#
# Packets
#

sub write_bytes
{
	my ($self, $bytes) = @_;
	my $end = time + $DEADLINE;
	my $select = IO::Select->new($self->{handle});

	while (length $bytes) {
		$select->can_write($end - time) or croak 'the filter does not read';
		my $n = syswrite $self->{handle}, $bytes;
		next if !defined $n && $!{EAGAIN};
		croak "writing to the filter: $!" unless defined $n;
		substr $bytes, 0, $n, '';
	}
}

sub write_packet
{
	my ($self, $command, $data) = @_;

	$data //= '';
	$self->write_bytes(pack('N', 1 + length $data) . $command . $data);
}

sub _read_bytes
{
	my ($self, $want, $end) = @_;
	my $select = IO::Select->new($self->{handle});
	my $bytes = '';

	while (length $bytes < $want) {
		my $wait = $end - time;
		croak 'no answer from the filter' if $wait <= 0 || !$select->can_read($wait);
		my $n = sysread $self->{handle}, $bytes, $want - length $bytes, length $bytes;
		next if !defined $n && $!{EAGAIN};
		return '' if !$n;
	}
	return $bytes;
}

# Returns (command, data), or nothing where the filter has closed the connection.
sub read_packet
{
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // $DEADLINE);
	my $head = $self->_read_bytes(4, $end);

	return if $head eq '';
	my $body = $self->_read_bytes(unpack('N', $head), $end);
	return if $body eq '';
	return (substr($body, 0, 1), substr($body, 1));
}

# True where the filter closes the connection without another word.
sub is_closed
{
	my ($self) = @_;
	my @packet = $self->read_packet;

	return !@packet;
}

# True where nothing has come, so that what was said last got no reply.
sub is_silent
{
	my ($self) = @_;

	return !IO::Select->new($self->{handle})->can_read(0);
}

#
# Negotiation and macros
#

# version, actions, steps: what is offered. Keeps the answer; returns $self.
sub negotiate
{
	my ($self, %offer) = @_;
	my $version = $offer{version} // 6;
	my $actions = $offer{actions} // $OFFER{$version}{actions};
	my $steps = $offer{steps} // $OFFER{$version}{steps};

	$self->write_packet('O', pack 'NNN', $version, $actions, $steps);
	my ($command, $data) = $self->read_packet;
	croak 'no answer to the negotiation' unless defined $command && $command eq 'O';
	@$self{qw(version actions steps)} = unpack 'NNN', $data;
	$self->_read_symlists(substr $data, 12);
	return $self;
}

sub _read_symlists
{
	my ($self, $data) = @_;

	while (length $data) {
		my ($stage, $names) = unpack 'N Z*', $data;
		$self->{symlist}{ $STAGE[$stage] } = [split /[\s,]+/, $names];
		substr $data, 0, 4 + length($names) + 1, '';
	}
}

# What the MTA knows from now on; a value of undef takes a macro away.
sub set_macros
{
	my ($self, %macro) = @_;

	while (my ($name, $value) = each %macro) {
		$self->{macros}{$name} = $value;
		delete $self->{macros}{$name} unless defined $value;
	}
}

sub clear_macros { $_[0]{macros} = {} }

# Sends exactly these, asked for or not.
sub send_macros
{
	my ($self, $command, @pair) = @_;

	$self->write_packet('D', $command . join '', map { "$_\0" } @pair);
}

# Sends those which the filter wants at this command and the MTA has; none: no packet, as Postfix.
sub _send_wanted_macros
{
	my ($self, $command) = @_;
	my $wanted = $self->{symlist}{$command} // $DEFAULT_MACROS{$command} // [];
	my @pair = map { ($_, $self->{macros}{$_}) } grep { exists $self->{macros}{$_} } @$wanted;

	$self->send_macros($command, @pair) if @pair;
}

#
# Commands. Each returns what the filter answered: "continue", "550 5.7.1 text" and so on; "no reply"
# where none was agreed on, "not sent" where the filter does not want it.
#

sub _verdict
{
	my ($self) = @_;

	for (;;) {
		my ($command, $data) = $self->read_packet;
		return 'closed' unless defined $command;
		return $data =~ s/\0.*//sr if $command eq 'y';
		return $VERDICT{$command} if $VERDICT{$command};
		next if $command =~ /^[-+2behimpq]$/;	# changes to the message, and "progress"
		croak "the filter answers with the unknown packet '$command'";
	}
}

sub command
{
	my ($self, $command, $data) = @_;

	return 'not sent' if $self->{version} < ($SINCE{$command} // 0);
	$self->_send_wanted_macros($command);
	return 'not sent' if $self->{steps} & ($NOT_SENT{$command} // 0);
	$self->write_packet($command, $data);
	return 'no reply' if $self->{steps} & ($NO_REPLY{$command} // 0);
	return $self->_verdict;
}

# family 4 (the default), 6, L (a unix socket) or U (unknown: neither port nor address are sent)
sub client
{
	my ($self, %client) = @_;
	my $family = $client{family} // '4';
	my $data = ($client{name} // "[$client{addr}]") . "\0$family";

	$data .= pack('n', $client{port} // 40000) . "$client{addr}\0" unless $family eq 'U';
	return $self->command('C', $data);
}

sub helo { $_[0]->command('H', "$_[1]\0") }

# The parameters after the address are ESMTP's.
sub mail { my ($self, @argument) = @_; return $self->command('M', join '', map { "$_\0" } @argument) }
sub rcpt { my ($self, @argument) = @_; return $self->command('R', join '', map { "$_\0" } @argument) }
sub data { $_[0]->command('T') }
sub header { $_[0]->command('L', "$_[1]\0$_[2]\0") }
sub unknown { $_[0]->command('U', "$_[1]\0") }

# What follows DATA up to the final dot; returns the verdict on the message.
sub message
{
	my ($self) = @_;

	for my $reply ($self->data, $self->header('Subject', 'test'), $self->command('N'),
	    $self->command('B', "text\r\n")) {
		return $reply unless $reply =~ /^(?:continue|not sent|no reply|skip)$/;
	}
	return $self->command('E');
}

# These never get a reply.
sub abort { $_[0]->write_packet('A') }

# After this the same socket is for another SMTP session, which begins with negotiate().
sub quit_new { my ($self) = @_; $self->write_packet('K'); $self->clear_macros }

sub quit
{
	my ($self) = @_;

	$self->write_packet('Q');
	$self->close;
}

sub close { close $_[0]{handle} }
sub handle { return $_[0]{handle} }

# The negotiated answer.
sub actions { return $_[0]{actions} }
sub steps { return $_[0]{steps} }
sub version { return $_[0]{version} }
sub wanted { my ($self, $command) = @_; return @{ $self->{symlist}{$command} // [] } }

1;
