# t/lib/Authrelay/Campaign.pm: strange recipients by the thousand, through a server that would relay every one
# SPDX-License-Identifier: ISC
package Authrelay::Campaign;
use strict;
use warnings;
use Authrelay::Mutator;
use Authrelay::Process;
use Authrelay::Rows qw(write_address);
use Authrelay::SMTP;
use Authrelay::Scratch qw(read_file);

our $COUNT = $ENV{AUTHRELAY_MUTATIONS} // 5000;
our $SEED = $ENV{AUTHRELAY_SEED} // 1;

# Of the daemon.
our $CONF = <<'CONF';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
relay-domains = { "relay.test" }
CONF

my $WORKERS = 4;
my $RECIPIENTS = 50;	# a transaction
my $TRANSACTIONS = 12;	# a session

# Where a stranger's message may go: to one of ours, without any routing left in it.
my $DOMAIN = qr/(?:local\.test|mx\.example\.test|\[127\.0\.0\.1\]|\[IPv6:::1\])\.?/i;
my $LOCAL = qr/(?![|\/:])(?:"(?:[^"\\%!\@]|\\[^%!\@])*"|[^ \t"\\%!\@]+)/;
my $OURS = qr/^(?:local <(?:[^\@]*|.*\@$DOMAIN)>|relay <$LOCAL\@relay\.test\.?>)$/is;

# Where a server ends the session at a long command, longest => BYTES keeps within its limit. Where it does not
# always leave out a recipient that was refused, the daemon refuses the whole message for a comma in one:
# refuses_lists => 1; then only every fourth transaction has commas.
sub _new
{
	my ($class, $stage, $server, %option) = @_;

	return bless { stage => $stage, server => $server, folder => $stage->daemon->folder, %option }, $class;
}

# Plays $COUNT recipients as a stranger, and tests by the Test::More of the caller that none went elsewhere.
sub run
{
	my $self = _new(@_);

	Test::More::diag("$COUNT recipients, seed $SEED (AUTHRELAY_MUTATIONS, AUTHRELAY_SEED)");
	$self->_play($COUNT);
	$self->_check_replies;
	$self->_check_deliveries;
	$self->_check_records;
	my $daemon = $self->{stage}->daemon;
	Test::More::ok($daemon->process->is_running && $daemon->answers, 'the daemon is alive');
	Test::More::is($daemon->sanitizer_report, '', 'no sanitizer has anything to say');
}

# The same, where the daemon only watches: that of a few hundred, many do go elsewhere. Else nothing was tested.
sub run_unguarded
{
	my $self = _new(@_);

	$self->_play(400);
	$self->{server}->wait_empty_queue;
	my @strange = grep { $_->[1] !~ $OURS } $self->_deliveries;
	Test::More::cmp_ok(scalar @strange, '>', 40, 'unguarded, they do leave for elsewhere');
}

#
# The clients: each keeps what it has said and heard, a line a transaction and a line a recipient
#

sub _play
{
	my ($self, $count) = @_;
	my @output = map { "$self->{folder}/mutations$_" } 1 .. $WORKERS;
	my @worker = map {
		my $i = $_;
		Authrelay::Process->start(output => $output[$i], code => sub { $self->_work($i, $count) });
	} 0 .. $#output;

	$_->wait_exit(60 + $count / 20) // die "a client does not come to its end\n" for @worker;
	$self->{transactions} = [ map { _read_transactions(read_file($_)) } @output ];
}

sub _work
{
	my ($self, $i, $count) = @_;
	my $mutator = Authrelay::Mutator->new($SEED * $WORKERS + $i, $i, $self->{longest});

	binmode STDOUT;
	for my $number (1 .. int $count / $WORKERS / $RECIPIENTS + 0.999) {
		if ($number % $TRANSACTIONS == 1) {
			$self->{client}->quit if $self->{client};
			$self->{helo} = "c$i-$number.client.test";
			$self->{client} = $self->{server}->connect(from => '127.0.0.9');
			$self->{client}->ehlo($self->{helo});
		}
		my $transaction = $mutator->transaction($RECIPIENTS);
		if ($self->{refuses_lists} && $number % 4) {
			$_->[1] =~ tr/,//d for @{ $transaction->{recipients} };
		}
		_converse($self->{client}, $transaction, "m$i-$number", $mutator->below(8));
		print STDOUT _write_transaction($self->{helo}, "m$i-$number", $transaction);
	}
	$self->{client}->quit;
}

# Mostly all recipients in one go; now and then MAIL and DATA as well, or each command by itself.
sub _converse
{
	my ($c, $transaction, $mark, $way) = @_;
	my @line = map { "RCPT TO:$_->[1]" } @{ $transaction->{recipients} };
	my @mail = ('MAIL FROM:<m@sender.test>');
	my @reply;

	$transaction->{mail} = $c->mail($transaction->{sender}, $transaction->{parameters} || ()) if $way;
	if ($way && $transaction->{mail} =~ /^250 /) {
		@mail = ();
	} elsif ($way) {
		$c->rset;
	}
	if ($way == 1) {
		@reply = map { $c->command($_) } @mail, @line, 'DATA';
	} else {
		@reply = $c->command(join "\r\n", @mail, @line, 'DATA');
		push @reply, map { $c->read_reply } 1 .. @line + @mail;
	}
	$transaction->{mail} = shift @reply if @mail;
	$_->[2] = shift @reply for @{ $transaction->{recipients} };
	$transaction->{data} = $reply[0] =~ /^354 / ? $c->command("X-Mark: $mark\r\n\r\ntext\r\n.") : $reply[0];
}

sub _write_transaction
{
	my ($helo, $mark, $transaction) = @_;
	my @line = map { [ $_->[0], write_address($_->[2]), write_address($_->[1]) ] } @{ $transaction->{recipients} };

	return join '', map { join("\t", @$_) . "\n" } [ $helo, $mark, @$transaction{qw(mail data)} ], @line;
}

sub _read_transactions
{
	my ($text) = @_;
	my @transaction;

	for my $line (split /\n/, $text) {
		my @word = split /\t/, $line, 4;
		if (@word == 4) {
			my %transaction;
			@transaction{qw(helo mark mail data)} = @word;
			push @transaction, \%transaction;
		} else {
			push @{ $transaction[-1]{recipients} }, { kind => $word[0], reply => $word[1], text => $word[2],
			    mark => $transaction[-1]{mark} };
		}
	}
	return @transaction;
}

#
# What has to be so
#

sub _recipients { return map { @{ $_->{recipients} } } @{ $_[0]{transactions} } }

# Some are enough to see what is wrong.
sub _none
{
	my ($name, @line) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 2;

	splice @line, 20, @line - 20, '... ' . (@line - 20) . ' more' if @line > 21;
	Test::More::is(join("\n", @line), '', $name);
}

sub _check_replies
{
	my ($self) = @_;
	my @rcpt = $self->_recipients;
	my @transaction = @{ $self->{transactions} };
	my %class;

	$class{ substr $_->{reply}, 0, 1 }++ for @rcpt;
	Test::More::diag(join ', ', map { ($class{$_} // 0) . " answered $_..." } 2, 4, 5);
	Test::More::cmp_ok(scalar @rcpt, '>=', $COUNT, 'every recipient was played');
	_none('every recipient had one answer, of its own',
	    map { "$_->{text}: $_->{reply}" } grep { $_->{reply} !~ /^(?:250|4\d\d|5\d\d) / } @rcpt);
	_none('none of them for the moment only',
	    map { "$_->{mark} $_->{text}: $_->{reply}" } grep { $_->{reply} =~ /^4/ } @rcpt);
	_none('every message was taken',
	    map { "$_->{mark}: $_->{data}" } grep { $_->{mail} !~ /^250 / || !$self->_is_ended_well($_) } @transaction);
	_none('every plain local recipient was accepted',
	    map { "$_->{text}: $_->{reply}" } grep { $_->{kind} eq 'plain' && $_->{reply} !~ /^250 / } @rcpt);
	Test::More::cmp_ok(scalar(grep { $_->{kind} eq 'mutant' && $_->{reply} =~ /^250 / } @rcpt), '>', @rcpt / 100,
	    'so were some of the others');
}

# It was taken; or refused, where it may be.
sub _is_ended_well
{
	my ($self, $transaction) = @_;
	my @list = grep { $_->{text} =~ /,/ && $_->{reply} !~ /^250 / } @{ $transaction->{recipients} };

	return $transaction->{data} =~ /^250 / || ($self->{refuses_lists} && @list && $transaction->{data} =~ /^553 5\.1\.3 /);
}

sub _check_deliveries
{
	my ($self) = @_;
	my %arrived;

	$self->{server}->wait_empty_queue;
	my @delivery = $self->_deliveries;
	# Sendmail gives a local mailer the user alone.
	$arrived{"$_->[0] $_->[1]" =~ s/\@local\.test>$/>/r}++ for @delivery;
	_none('nothing left for elsewhere',
	    map { "$_->[0]: " . write_address($_->[1]) } grep { $_->[1] !~ $OURS } @delivery);
	_none('every plain local recipient got the message, once',
	    grep { ($arrived{$_} // 0) != 1 }
	    map { "$_->{mark} local $_->{text}" =~ s/\@local\.test>$/>/r }
	    grep { $_->{kind} eq 'plain' }
	    map { @{ $_->{recipients} } } grep { $_->{data} =~ /^250 / } @{ $self->{transactions} });
}

# Pairs: the mark, and "SINK RECIPIENT".
sub _deliveries
{
	my ($self) = @_;

	return map {
		my ($mark, $sink) = ($_->{mark} // 'none', $_->{sink});
		map { [ $mark, "$sink $_" ] } @{ $_->{rcpts} };
	} $self->{stage}->sink->messages;
}

# Only what is compared is read: there are many records.
sub _read_records
{
	my ($self) = @_;
	my %of;	# HELO => transaction => records, in their order

	for my $line (split /\n/, read_file($self->{stage}->records->file)) {
		my %record;
		while ($line =~ /"(event|verdict|reason|helo|txn|rcpt|reply)":(?:"((?:[^"\\]|\\.)*)"|(\d+))/g) {
			$record{$1} = $2 // $3;
		}
		next unless ($record{event} // '') =~ /^(?:rcpt|mta-reject)$/;
		push @{ $of{ $record{helo} }{ $record{txn} } }, \%record;
	}
	return %of;
}

# Each recipient that was accepted has a record that says so, each that the daemon refused one with this reply.
sub _check_records
{
	my ($self) = @_;
	my %of = $self->_read_records;
	my (@wrong, %reason);

	for my $transaction (@{ $self->{transactions} }) {
		my $session = $of{ $transaction->{helo} } // {};
		my ($first) = sort { $a <=> $b } keys %$session;
		my @record = @{ defined $first ? delete $session->{$first} : [] };
		$reason{ $_->{reason} }++ for @record;
		push @wrong, map { "$transaction->{mark} $_" } _match($transaction->{recipients}, \@record);
	}
	Test::More::diag(join ', ', map { "$reason{$_} $_" } sort keys %reason);
	_none('one record for each recipient that the daemon saw, with the answer that was given', @wrong);
	_none('and no other', map { "$_->{helo}: $_->{rcpt}" } map { map { @$_ } values %$_ } values %of);
	_none('every reason was given', grep { !$reason{$_} }
	    qw(divergence local-domain malformed-address relay-denied relay-domain routed-address));
}

# The server may have refused any recipient before the daemon saw it.
sub _match
{
	my ($recipients, $records) = @_;
	my @wrong;

	for my $rcpt (@$recipients) {
		my $is_taken = $rcpt->{reply} =~ /^250 /;
		if (@$records && _is_of($records->[0], $rcpt, $is_taken)) {
			shift @$records;
		} elsif ($is_taken) {
			push @wrong, "$rcpt->{text}: $rcpt->{reply}, and no record";
		}
	}
	return (@wrong, map { "$_->{rcpt}: a record, $_->{verdict} $_->{reason}, and no answer like that" } @$records);
}

# Sendmail puts the address between the status and the text.
sub _is_of
{
	my ($record, $rcpt, $is_taken) = @_;

	return 0 if $is_taken != ($record->{verdict} eq 'permit');
	return 0 if $rcpt->{text} =~ /^<[\w.-]+\@[\w.-]+>$/ && $record->{rcpt} ne $rcpt->{text};
	return 1 if $is_taken || $record->{event} eq 'mta-reject';
	my ($code, $text) = $record->{reply} =~ /^(\d{3} \S+) (.*)/ or return 0;
	return $rcpt->{reply} =~ /^\Q$code\E .*\Q$text\E/;
}

1;
