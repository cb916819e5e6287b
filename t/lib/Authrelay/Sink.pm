# t/lib/Authrelay/Sink.pm: SMTP servers that keep what reached them: the truth of what went where
# SPDX-License-Identifier: ISC
package Authrelay::Sink;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Authrelay::Process;
use Authrelay::Scratch qw(read_file);

# file => where messages are kept; names => [...], a server each, in one process; detach => 1.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { file => $option{file} }, $class;
	my %listener;

	for my $name (@{ $option{names} }) {
		my $socket = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1')
		    or die "sink: $!\n";
		$listener{$name} = $socket;
		$self->{port}{$name} = $socket->sockport;
	}
	$self->{process} = Authrelay::Process->start(code => sub { _serve(\%listener, $option{file}) },
	    detach => $option{detach}, output => "$option{file}.log");
	return $self;
}

sub port { return $_[0]{port}{ $_[1] } }
sub process { return $_[0]{process} }

# All messages as hashes: sink, sender, rcpts, mark.
sub messages
{
	my ($self) = @_;

	return map { JSON::PP::decode_json($_) } read_file($self->{file}) =~ /^(.*)\n/mg;
}

# How many messages there are.
sub count { return read_file($_[0]{file}) =~ tr/\n// }

sub stop { return $_[0]{process}->stop('KILL') }

#
# The servers
#

sub _serve
{
	my ($listener, $file) = @_;
	my %name = map { fileno $listener->{$_} => $_ } keys %$listener;
	my $select = IO::Select->new(values %$listener);
	my %session;

	open my $output, '>>', $file or die "$file: $!\n";
	for (;;) {
		for my $handle ($select->can_read) {
			my $number = fileno $handle;
			if (defined $name{$number}) {
				my $client = $handle->accept or next;
				$session{ fileno $client } = _greet($client, $name{$number}, $output);
				$select->add($client);
			} elsif (!_read($session{$number})) {
				$select->remove($handle);
				delete $session{$number};
				close $handle;
			}
		}
	}
}

sub _greet
{
	my ($client, $name, $output) = @_;

	syswrite $client, "220 $name.sink.test ESMTP\r\n";
	return { client => $client, sink => $name, output => $output, buffer => '', rcpts => [] };
}

# Returns false at the end of the session.
sub _read
{
	my ($session) = @_;

	sysread $session->{client}, $session->{buffer}, 65536, length $session->{buffer} or return 0;
	while ($session->{buffer} =~ s/^(.*?)\r?\n//) {
		my $line = $1;
		my $reply = $session->{in_data} ? _data_line($session, $line) : _command($session, $line);
		syswrite $session->{client}, "$reply\r\n" if defined $reply;
		return 0 if defined $reply && $reply =~ /^221/;
	}
	return 1;
}

sub _data_line
{
	my ($session, $line) = @_;

	if ($line eq '.') {
		_keep($session);
		return '250 2.0.0 kept';
	}
	$session->{mark} //= $1 if $line =~ /^X-Mark: (.*)/;
	return;
}

sub _command
{
	my ($session, $line) = @_;

	if ($line =~ /^EHLO/i) {
		return join "\r\n", "250-$session->{sink}.sink.test", '250-8BITMIME', '250-SMTPUTF8',
		    '250 ENHANCEDSTATUSCODES';
	} elsif ($line =~ /^MAIL FROM:(<.*?>)/i) {
		$session->{sender} = $1;
	} elsif ($line =~ /^RCPT TO:(.*)/i) {
		push @{ $session->{rcpts} }, $1;
	} elsif ($line =~ /^DATA/i) {
		$session->{in_data} = 1;
		return '354 go on';
	} elsif ($line =~ /^RSET/i) {
		_reset($session);
	} elsif ($line =~ /^QUIT/i) {
		return '221 2.0.0 bye';
	}
	return '250 2.0.0 ok';
}

sub _reset
{
	my ($session) = @_;

	@$session{qw(sender mark in_data)} = ();
	$session->{rcpts} = [];
}

sub _keep
{
	my ($session) = @_;
	my %message = map { $_ => $session->{$_} } qw(sink sender rcpts mark);

	syswrite $session->{output}, JSON::PP->new->canonical->ascii->encode(\%message) . "\n";
	_reset($session);
}

1;
