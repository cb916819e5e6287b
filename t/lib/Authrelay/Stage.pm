# t/lib/Authrelay/Stage.pm: sinks, a daemon, and a mail server that is guarded by it
# SPDX-License-Identifier: ISC
package Authrelay::Stage;
use strict;
use warnings;
use Authrelay::Daemon;
use Authrelay::Postfix;
use Authrelay::Scratch qw(scratch_folder);
use Authrelay::Sendmail;
use Authrelay::Sink;

# conf => TEXT for the daemon; postfix => { options of Authrelay::Postfix }, or sendmail => { those of
# Authrelay::Sendmail }; a Postfix where neither is given; detach => 1.
sub start
{
	my ($class, %option) = @_;
	my $folder = $option{folder} // scratch_folder();
	my %detach = (detach => $option{detach});
	my $sink = Authrelay::Sink->start(file => "$folder/delivered.jsonl", names => [qw(relay local)],
	    %detach);
	my $daemon = Authrelay::Daemon->new(conf => $option{conf}, folder => $folder, %detach)->start;
	my ($server, $name) = $option{sendmail} ? ('Authrelay::Sendmail', 'sendmail') :
	    ('Authrelay::Postfix', 'postfix');
	my $running = $server->start(folder => $folder, sink => $sink, milter => $daemon->socket,
	    %{ $option{$name} // {} });

	return bless { sink => $sink, daemon => $daemon, server => $running }, $class;
}

sub sink { return $_[0]{sink} }
sub daemon { return $_[0]{daemon} }
sub postfix { return $_[0]{server} }
sub sendmail { return $_[0]{server} }
sub records { return $_[0]{daemon}->records }

# A session of a client with this address (XCLIENT, of Postfix alone), or of our own, which has said EHLO.
sub client
{
	my ($self, $addr, $helo) = @_;
	my $c = $self->{server}->connect;

	$c->ehlo($helo);
	if (defined $addr) {
		$c->xclient(ADDR => $addr =~ /:/ ? "IPV6:$addr" : $addr) =~ /^220 / or die "XCLIENT failed\n";
		$c->ehlo($helo);
	}
	return $c;
}

# What was delivered, sorted: "SINK MARK RECIPIENT".
sub delivered
{
	my ($self) = @_;
	my @line;

	$self->{server}->wait_empty_queue;
	for my $message ($self->{sink}->messages) {
		push @line, map { "$message->{sink} $message->{mark} $_" } @{ $message->{rcpts} };
	}
	return sort @line;
}

1;
