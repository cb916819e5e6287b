# t/lib/Authrelay/SMTP.pm: an SMTP client that says exactly what it is told
# SPDX-License-Identifier: ISC
package Authrelay::SMTP;
use strict;
use warnings;
use Carp qw(croak);
use IO::Select;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64 decode_base64);
use Time::HiRes qw(time);
use Authrelay::SASL;

our $DEADLINE = 30;

# port => N; from => the client's own loopback address. Or socket => a handle to read from, and output => one to
# write to where that is another.
sub new
{
	my ($class, %option) = @_;
	my $socket = $option{socket} // IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $option{port}, LocalAddr => $option{from}, Timeout => 10)
	    or croak "port $option{port}: $@";
	my $self = bless { socket => $socket, output => $option{output}, buffer => '' }, $class;

	$self->{banner} = $self->read_reply;
	return $self;
}

sub banner { return $_[0]{banner} }

# Returns nothing at the end.
sub _read_line
{
	my ($self) = @_;
	my $end = time + $DEADLINE;

	while ($self->{buffer} !~ /\n/) {
		my $pending = $self->{tls} && $self->{socket}->pending;
		$pending || IO::Select->new($self->{socket})->can_read($end - time)
		    or croak 'no reply from the server';
		sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer} or return;
	}
	return $self->{buffer} =~ s/^(.*?)\r?\n// ? $1 : undef;
}

# Returns the whole reply, lines of one joined with "\n"; "closed" where the server hung up.
sub read_reply
{
	my ($self) = @_;
	my @line;

	do {
		push @line, $self->_read_line // return 'closed';
	} while $line[-1] =~ /^\d{3}-/;
	return join "\n", @line;
}

sub _write
{
	my ($self, $bytes) = @_;

	while (length $bytes) {
		my $n = syswrite $self->{output} // $self->{socket}, $bytes;
		return unless defined $n;	# what comes next reads "closed"
		substr $bytes, 0, $n, '';
	}
}

sub command
{
	my ($self, $line) = @_;

	$self->_write("$line\r\n");
	return $self->read_reply;
}

# Returns the reply; the extensions offered are then known.
sub ehlo
{
	my ($self, $name) = @_;
	my $reply = $self->command('EHLO ' . ($name // 'client.test'));

	$self->{extensions} = { map { /^250[- ](\S+)\s*(.*)/ ? (uc $1 => $2) : () } split /\n/, $reply };
	return $reply;
}

# The arguments of an extension that was offered, or undef.
sub extension { return $_[0]{extensions}{ $_[1] } }

# Returns the last reply: 235 where it went well.
sub auth
{
	my ($self, $name, $user, $password, $host) = @_;
	my $mechanism = $Authrelay::SASL::MECHANISM{$name};
	my @step = $mechanism->{steps}->($user, $password, $host);
	my $initial = $mechanism->{initial} ? ' ' . (encode_base64((shift @step)->(''), '') || '=') : '';
	my $reply = $self->command("AUTH $name$initial");

	while ($reply =~ /^334 ?(.*)/ && @step) {
		$reply = $self->command(encode_base64((shift @step)->(decode_base64($1)), ''));
	}
	return $reply;
}

# With a certificate of our own where files of one, and of its key, are given.
sub starttls
{
	my ($self, $cert, $key) = @_;
	my %own = defined $cert ? (SSL_cert_file => $cert, SSL_key_file => $key) : ();
	my $reply = $self->command('STARTTLS');

	return $reply unless $reply =~ /^220 /;
	require IO::Socket::SSL;
	no warnings 'once';
	$self->{socket} = IO::Socket::SSL->start_SSL($self->{socket}, SSL_verify_mode => 0,
	    Timeout => 10, %own) or croak "TLS: $IO::Socket::SSL::SSL_ERROR";
	$self->{tls} = 1;
	return $reply;
}

# The server takes us for another client from now on, and greets anew. Names: ADDR NAME PORT LOGIN.
sub xclient
{
	my ($self, %attribute) = @_;

	return $self->command(join ' ', 'XCLIENT', map { "$_=$attribute{$_}" } sort keys %attribute);
}

# The address stands as it is given, brackets and all; parameters follow.
sub mail { my ($self, @word) = @_; return $self->command("MAIL FROM:@word") }
sub rcpt { my ($self, @word) = @_; return $self->command("RCPT TO:@word") }
sub rset { return $_[0]->command('RSET') }

# A message of which the sink will keep the mark. Returns the last reply.
sub data
{
	my ($self, $mark) = @_;
	my $reply = $self->command('DATA');

	return $reply unless $reply =~ /^354 /;
	return $self->command("Subject: test\r\nX-Mark: $mark\r\n\r\ntext\r\n.");
}

sub quit
{
	my ($self) = @_;
	my $reply = $self->command('QUIT');

	close $self->{socket};
	return $reply;
}

1;
