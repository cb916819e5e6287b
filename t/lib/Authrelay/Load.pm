# t/lib/Authrelay/Load.pm: clients that send transactions all the time, and remember every answer
# SPDX-License-Identifier: ISC
package Authrelay::Load;
use strict;
use warnings;
use Authrelay::MilterClient;
use Authrelay::Process;
use Authrelay::Scratch qw(read_file);
use Authrelay::Wait qw(wait_until);

# One transaction is a stranger's, the next that of somebody who has logged in.
my @RCPT = ('<user@local.test>', '<x@outside.test>', '<y@flip.test>', '<z@flip.test>');

# clients => how many processes, each with a connection that it keeps; reconnect => 1: makes a new one
# where it was lost, until stop(); pause => seconds between two transactions; name => in front of their senders, so that two loads are told apart.
sub start
{
	my ($class, $daemon, %option) = @_;
	my $name = $option{name} // 'w';
	my $self = bless { name => $name, folder => $option{folder} // $daemon->folder, socket => $daemon->socket,
	    reconnect => $option{reconnect}, pause => $option{pause} }, $class;

	for my $i (1 .. $option{clients} // 3) {
		my $output = "$self->{folder}/$name$i.answers";
		push @{ $self->{output} }, $output;
		push @{ $self->{process} }, Authrelay::Process->start(output => $output,
		    code => sub { $self->_work("$name$i") });
	}
	return $self;
}

sub _work
{
	my ($self, $name) = @_;
	my $is_over = 0;
	my $number = 0;

	local $SIG{USR1} = sub { $is_over = 1 };
	local $SIG{PIPE} = 'IGNORE';
	do {
		eval {
			my $m = $self->_session;
			while (!$is_over) {
				_transaction($m, "$name.$number", ++$number % 2);
				select undef, undef, undef, $self->{pause} if $self->{pause};
			}
			$m->quit;
		};
		$self->{reconnect} || $is_over || syswrite STDOUT, "lost $number\n";
		select undef, undef, undef, 0.01 unless $is_over;
	} while ($self->{reconnect} && !$is_over);
}

sub _session
{
	my ($self) = @_;
	my $m = Authrelay::MilterClient->new($self->{socket})->negotiate;

	$m->set_macros(j => 'mx.example.test', v => 'Postfix 3.7.11', '{daemon_name}' => 'smtpd');
	$m->client(addr => '198.51.100.7');
	$m->helo('client.test');
	return $m;
}

# Every answer is on disk before the next recipient: what a client saw is known whatever happens then.
sub _transaction
{
	my ($m, $id, $is_entitled) = @_;

	$m->set_macros('{auth_type}' => $is_entitled ? 'PLAIN' : undef,
	    '{auth_authen}' => $is_entitled ? 'alice' : undef);
	$m->mail("<$id\@sender.test>");
	for my $rcpt (@RCPT) {
		$m->set_macros('{rcpt_addr}' => $rcpt =~ tr/<>//dr);
		my $reply = $m->rcpt($rcpt);
		die "closed\n" if $reply eq 'closed';
		syswrite STDOUT, "$is_entitled $id $rcpt $reply\n";
	}
	$m->abort;
}

# Waits until all together have had so many answers more; false where nobody is left to have them.
sub wait_for_answers
{
	my ($self, $count) = @_;
	my $before = $self->_size;

	my $end = wait_until(30, sub {
		$self->_size >= $before + 50 * $count ? 'answered' : !$self->_are_working && 'gone';
	}) // 'over';
	return $end eq 'answered';
}

sub _are_working
{
	my ($self) = @_;

	return scalar grep { $_->is_running } @{ $self->{process} };
}

sub _size
{
	my ($self) = @_;
	my $size = 0;

	$size += -s $_ // 0 for @{ $self->{output} };
	return $size;
}

# Each ends what it does; waits for them.
sub stop
{
	my ($self) = @_;

	kill 'USR1', $_->pid for grep { $_->is_running } @{ $self->{process} };
	$_->wait_exit(30) // $_->stop('KILL') for @{ $self->{process} };
	return $self;
}

# After stop(): all answers, as { entitled, id, rcpt, reply } in the order of each client.
sub answers
{
	my ($self) = @_;
	my @answer;

	for my $text (map { read_file($_) } @{ $self->{output} }) {
		while ($text =~ /^([01]) (\S+) (\S+) (.*)$/mg) {
			push @answer, { entitled => $1, id => $2, rcpt => $3, reply => $4 };
		}
	}
	return @answer;
}

# How many clients have lost their connection.
sub lost
{
	my ($self) = @_;

	return scalar map { read_file($_) =~ /^lost /mg } @{ $self->{output} };
}

# Those answers that nobody must ever see: a stranger's recipient elsewhere was let pass, or one of two that
# have to be alike was not, or the answer is none of those that may be given.
sub wrong
{
	my ($self, %option) = @_;
	my $may_defer = $option{may_defer} // 0;
	my (%flip, @wrong);

	for my $answer ($self->answers) {
		my ($reply, $rcpt) = @$answer{qw(reply rcpt)};
		my $is_deferred = $may_defer && $reply =~ /^451 4\.3\.0 /;
		my $is_permit = $reply eq 'continue';
		my $is_reject = $reply =~ /^550 5\.7\.1 /;
		my $is_right = $is_deferred || ($answer->{entitled} || $rcpt =~ /local/ ? $is_permit :
		    $rcpt =~ /outside/ ? $is_reject : $is_permit || $is_reject);
		$flip{ $answer->{id} } //= $reply if $rcpt =~ /flip/ && !$is_deferred;
		$is_right = 0 if $rcpt =~ /flip/ && !$is_deferred && $flip{ $answer->{id} } ne $reply;
		push @wrong, "$answer->{id} $rcpt: $reply" if !$is_right;
	}
	return @wrong;
}

# Answers that have no record with the same verdict, sender and recipient. Only permits => 1: nothing
# else is asked for.
sub unrecorded
{
	my ($self, $records, %option) = @_;
	my %count;

	for my $record (grep { ($_->{event} // '') eq 'rcpt' } @$records) {
		# A client that makes trouble may not have told its sender.
		$count{join ' ', map { $_ // '' } @$record{qw(sender rcpt verdict)}}++;
	}
	my @wanted = grep { $_->{reply} eq 'continue' || !$option{permits} } $self->answers;
	return map { "$_->{id} $_->{rcpt} $_->{reply}" } grep {
		my $verdict = $_->{reply} eq 'continue' ? 'permit' : $_->{reply} =~ /^4/ ? 'tempfail' : 'reject';
		!$count{"<$_->{id}\@sender.test> $_->{rcpt} $verdict"};
	} @wanted;
}

1;
