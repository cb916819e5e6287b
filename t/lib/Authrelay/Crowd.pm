# t/lib/Authrelay/Crowd.pm: many milter sessions, each of which waits for the answer to one recipient
# SPDX-License-Identifier: ISC
package Authrelay::Crowd;
use strict;
use warnings;
use IO::Select;
use Time::HiRes qw(time);
use Authrelay::MilterClient;

# socket => of the daemon; asks => [[CLIENT, RECIPIENT], ...]. All recipients are named at about the same time.
sub start
{
	my ($class, %option) = @_;
	my $self = bless { member => [map { _session($option{socket}, @$_) } @{ $option{asks} }] }, $class;

	for my $member (@{ $self->{member} }) {
		$member->{began} = time;
		$member->{client}->write_packet('R', "$member->{rcpt}\0");
	}
	return $self;
}

sub _session
{
	my ($socket, $addr, $rcpt) = @_;
	my $client = Authrelay::MilterClient->new($socket)->negotiate;

	$client->client(addr => $addr, family => $addr =~ /:/ ? 6 : 4);
	$client->mail('<m@sender.test>');
	return { client => $client, rcpt => $rcpt };
}

sub _take
{
	my ($member) = @_;
	my ($command, $data) = $member->{client}->read_packet;

	$member->{after} = time - $member->{began};
	$member->{reply} = !defined $command ? 'closed' : $command eq 'c' ? 'continue' :
	    $command eq 'y' ? $data =~ s/\0.*//sr : "packet $command";
}

sub _waiting { return grep { !defined $_[0]{member}[$_]{reply} } 0 .. $#{ $_[0]{member} } }

# Takes what has come within so many seconds, and returns how many still wait.
sub look
{
	my ($self, $seconds) = @_;
	my $end = time + $seconds;

	while (my @waiting = map { $self->{member}[$_] } $self->_waiting) {
		my %of = map { fileno($_->{client}->handle) => $_ } @waiting;
		my $left = $end - time;
		my @ready = IO::Select->new(map { $_->{client}->handle } @waiting)->can_read($left > 0 ? $left : 0);
		last if !@ready && time >= $end;	# else it was a signal
		_take($of{ fileno $_ }) for @ready;
	}
	return scalar $self->_waiting;
}

# Waits for all, at most so many seconds, and ends the sessions. Returns a hash for each, in their order:
# rcpt, reply (undef: none came) and after, in seconds.
sub end
{
	my ($self, $seconds) = @_;

	$self->look($seconds);
	$_->{client}->quit for @{ $self->{member} };
	return @{ $self->{member} };
}

1;
