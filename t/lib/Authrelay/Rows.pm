# t/lib/Authrelay/Rows.pm: addresses that servers read in surprising ways, and what becomes of each
# SPDX-License-Identifier: ISC
package Authrelay::Rows;
use strict;
use warnings;
use Exporter 'import';
use Authrelay::Daemon;
use Authrelay::Scratch qw(read_file write_file);
our @EXPORT_OK = qw(address_rows write_address check_rows);

# The rows are in t/lib/address_rows. An address stands there as it does after RCPT TO:, but for \xNN, one
# byte, and {N*C}, so many of them; in front of it, "SMTPUTF8" where the sender announces that. Below it, for
# each server:
#
#	SERVER	STRANGER	ENTITLED
#
# STRANGER is the reason that the daemon gives to one who has not logged in; "unseen": the server refuses the
# recipient itself and the daemon does not hear of it; "mta-reject": it does; "no-mail": MAIL is refused;
# "closed": the server ends the session. A plain local recipient goes before it; ", and the message": that one does
# not arrive either, since the server cannot be relied on to leave out the other.
# ENTITLED is what the same recipient comes to for one who has: the sink that the message goes to, and the
# recipient that it has there; or "refused", by the server then.

# Of the daemon.
our $CONF = <<'CONF';
trusted-networks = { "192.0.2.0/24" }
own-addresses = { "192.0.2.9" }
local-domains = { "local.test", "mx.example.test", "xn--rtlich-vxa.test", "ΩЖƏŐẠ.test", "Ạ.test" }
relay-domains = { "relay.test" }
CONF

# Reasons for which a stranger's recipient is taken, and where it may then go.
my %PERMIT = ('local-domain' => qr/^local /, 'own-literal' => qr/^\w+ \S+\@\[192\.0\.2\.9\]$/,
    'relay-domain' => qr/^relay [^\s\@%!]+\@relay\.test$/);

sub _file { return Authrelay::Daemon::top() . '/t/lib/address_rows' }

# Returns hashes: text, as it stands in the file; address; parameter; stranger and entitled, of that server.
sub address_rows
{
	my ($server) = @_;
	my @row;

	for my $line (split /\n/, read_file(_file())) {
		if ($line =~ /^\t(\w+)\t(.+)\t(.+)/) {
			@{ $row[-1] }{qw(stranger entitled)} = ($2, $3) if $1 eq $server;
		} elsif ($line ne '' && $line !~ /^# /) {
			my ($utf8, $text) = $line =~ /^(SMTPUTF8 )?(.*)/;
			push @row, { text => $line, address => read_address($text), parameter => $utf8 ? 'SMTPUTF8' : '' };
		}
	}
	return @row;
}

sub read_address
{
	my ($text) = @_;

	return $text =~ s/\\x([0-9a-f]{2})/chr hex $1/egr =~ s/\{(\d+)\*(.)\}/$2 x $1/egr;
}

# The other way round, for a note or a comparison.
sub write_address
{
	my ($bytes) = @_;

	return $bytes =~ s/([^ -~])/sprintf '\\x%02x', ord $1/egr =~ s/((.)\2{49,})/'{' . length($1) . "*$2}"/egr;
}

# Tests, by the Test::More of the caller: every row, on this server. Where the variable AUTHRELAY_ROWS says, the
# file is written as it would have to be, for a reader to compare.
sub check_rows
{
	my ($stage, $server, $name) = @_;
	my @row = _measure($stage, $server, address_rows($name));

	for my $row (@row) {
		my ($got, $want) = map { "$_->{stranger}; $_->{entitled}" } $row->{got}, $row;
		Test::More::is($got, $want, write_address($row->{text}));
	}
	my @left = grep { $_->{seen}{stranger}{place} !~ ($PERMIT{ $_->{got}{stranger} } // qr/^$/) } @row;
	my @place = map { "$_->{text}: $_->{got}{stranger}, $_->{seen}{stranger}{place}" } @left;
	Test::More::is(join("\n", @place), '', 'nothing of a stranger\'s left for elsewhere');
	Test::More::is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
	$stage->records->check_file($stage->daemon);
	write_file($ENV{AUTHRELAY_ROWS}, _format($name, @row)) if $ENV{AUTHRELAY_ROWS};
}

# Plays every row, as a stranger and as alice; fills in {got}, with the same keys as the row.
sub _measure
{
	my ($stage, $server, @row) = @_;
	my %is_alice = (stranger => 0, entitled => 1);

	for my $who (sort keys %is_alice) {
		my $c;
		for my $i (0 .. $#row) {
			$c //= _client($server, $is_alice{$who});
			$row[$i]{seen}{$who} = _play($c, $row[$i], "$who-$i");
			$c = undef if $row[$i]{seen}{$who}{last} =~ /^(?:closed|421)/;
		}
		$c->quit if $c;
	}
	_note_records($stage, @row);
	_note_deliveries($stage, $server, @row);
	for my $row (@row) {
		$row->{got}{stranger} = _stranger($row->{seen}{stranger});
		$row->{got}{entitled} = _entitled($row->{seen}{entitled});
	}
	return @row;
}

sub _client
{
	my ($server, $is_alice) = @_;
	my $c = $server->connect(from => '127.0.0.9');

	$c->ehlo;
	if ($is_alice) {
		my $reply = $c->auth('PLAIN', 'alice', 'secret', $server->host);
		$reply =~ /^235 / or die "AUTH: $reply\n";
	}
	return $c;
}

# One message, to a plain local user as well: what was refused must not go along with it. The sender names it in
# the record.
sub _play
{
	my ($c, $row, $name) = @_;
	my %seen = (name => $name);

	$seen{last} = $seen{mail} = $c->mail("<$name\@sender.test>", $row->{parameter} || ());
	return \%seen unless $seen{mail} =~ /^250 /;
	$seen{plain} = $c->rcpt('<plain@local.test>');
	$seen{last} = $seen{rcpt} = $c->rcpt($row->{address});
	$seen{last} = $seen{data} = $c->data($name) unless $seen{rcpt} =~ /^(?:closed|421 )/;
	return \%seen;
}

sub _note_records
{
	my ($stage, @row) = @_;
	my %record;

	for my $record (grep { $_->{event} =~ /^(?:rcpt|mta-reject)$/ } $stage->records->all) {
		push @{ $record{ $record->{sender} } }, $record unless $record->{rcpt} eq '<plain@local.test>';
	}
	for my $seen (map { values %{ $_->{seen} } } @row) {
		$seen->{records} = $record{"<$seen->{name}\@sender.test>"} // [];
	}
}

sub _note_deliveries
{
	my ($stage, $server, @row) = @_;
	my %place;

	$server->wait_empty_queue;
	for my $message ($stage->sink->messages) {
		push @{ $place{ $message->{mark} // '' } },
		    grep { !/^local plain\b/ }
		    map { "$message->{sink} " . write_address(s/^<(.*)>$/$1/sr) } @{ $message->{rcpts} };
	}
	for my $seen (map { values %{ $_->{seen} } } @row) {
		$seen->{place} = join ', ', @{ $place{ $seen->{name} } // [] };
	}
}

# What came of it, in the words of the file; anything else is what should never be.
sub _stranger
{
	my ($seen) = @_;
	my @record = @{ $seen->{records} };

	return @record ? 'no-mail, and recorded' : 'no-mail' unless defined $seen->{rcpt};
	return 'recorded ' . @record . ' times' if @record > 1;
	my $is_taken = $seen->{rcpt} =~ /^250 /;
	return "accepted without a record: $seen->{rcpt}" if !@record && $is_taken;
	return "a plain one is refused: $seen->{plain}" if $seen->{plain} !~ /^250 /;
	return 'closed' if !@record && $seen->{rcpt} =~ /^(?:closed|421 )/;
	return "not refused for good: $seen->{rcpt}" if !$is_taken && $seen->{rcpt} !~ /^5/;
	return "refused, and delivered to $seen->{place}" if !$is_taken && $seen->{place} ne '';
	return 'unseen' unless @record;
	return "not delivered: $seen->{data}" if $is_taken && $seen->{place} eq '';
	my ($verdict, $reason) = @{ $record[0] }{qw(verdict reason)};
	$reason .= ', and the message' if !$is_taken && $seen->{data} !~ /^250 /;
	return $is_taken == ($verdict eq 'permit') ? $reason : "$verdict $reason, and yet $seen->{rcpt}";
}

sub _entitled
{
	my ($seen) = @_;
	my $record = $seen->{records}[0];

	return 'refused' unless defined $seen->{rcpt} && $seen->{rcpt} =~ /^250 /;
	return 'not recorded as authenticated' unless $record && $record->{reason} eq 'authenticated';
	return $seen->{place} eq '' ? "not delivered: $seen->{data}" : $seen->{place};
}

# The rows as they were measured, in the form of the file; comments and other servers are kept.
sub _format
{
	my ($server, @row) = @_;
	my %got = map { $_->{text} => $_->{got} } @row;
	my $text = '';

	for my $line (split /^/, read_file(_file())) {
		next if $line =~ /^\t$server\t/;
		$text .= $line;
		chomp $line;
		$text .= "\t$server\t$got{$line}{stranger}\t$got{$line}{entitled}\n" if $got{$line};
	}
	return $text;
}

1;
