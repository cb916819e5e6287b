# t/lib/Authrelay/Mutator.pm: addresses of every kind that servers disagree about, and worse ones made of them
# SPDX-License-Identifier: ISC
package Authrelay::Mutator;
use strict;
use warnings;
use Authrelay::Probes qw(probe_senders probe_recipients);
use Authrelay::Rows qw(address_rows);

# What addresses are made of. "%A" is an address, "%L" a local part, "%D" a domain, "%R" a hop of a route.
my @LOCAL = ('user', 'x', 'USER', 'u+x', 'postmaster', '"user"', '"us er"', 'us\er', '.user', 'a"b"', '""', '',
    "j\xc3\xb6rg", '%L%%%D', '%D!%L', '%L@%D', '"%A"', '"%L@%D"', '"%L%%%D"', '"%D!%L"', '%L\@%D', '%L%%%L',
    '|cat', '/etc/passwd', ':include:/x', '%D:%L', '"%A> "', '"@%D:%L"', "x\xef\xbc\xa0outside.test", '#x', '$u', '*');
my @DOMAIN = (('local.test') x 4, 'mx.example.test', 'relay.test', ('outside.test') x 3, 'outside2.test',
    'sub.local.test', 'local.test.outside.test', 'xlocal.test', 'LOCAL.TEST', 'OUTSIDE.Test', 'local.test.',
    'outside.test.', '[127.0.0.1]', '[IPv6:::1]', '[203.0.113.5]', '[IPv6:2001:db8::5]', '203.0.113.5', 'localhost',
    '[local.test]', '[outside.test]', '"outside.test"', '"local.test"', 'local .test', 'local\.test', '.',
    "drau\xc3\x9fen.test", 'xn--drauen-eta.test', "loc\xd0\xb0l.test", "local\xe3\x80\x82test", '');
my @ADDRESS = (('%L@%D') x 12, ('%L') x 2, '%L%%%D', '%D!%L', '%L@%D@%D', '%L%%%D%%%D', '%D!%D!%L', '@%D');
my @PATH = (('<%A>') x 14, '%A', '<<%A>>', '<%A', '%A>', '(c)<%A>', '<%A>(c)', '<%A(c)>', '<(c)%A>', '<%A(<%A>)>',
    '<%A(>,<%A)>', 'Joe <%A>', '"Joe"<%A>', '"<%A>"<%A>', '<%R:%A>', '<%R,%R:%A>', '<%R:%R:%A>', '<%A>,<%A>',
    '<%A>, <%A>', '<%A,%A>', '<%A;%A>', '<%A>;<%A>', '<%A><%A>', '<%A> <%A>', '<g:%A;>', 'g:%A;', 'g:<%A>;',
    '<g:%A,%A;>', '<%A>NOTIFY=NEVER', '<%A> NOTIFY=NEVER', '<%A> ORCPT=rfc822;%A', '<%A>ORCPT=rfc822;<%A>',
    '< %A >', ' <%A>', '<%A >', "<%A>\t", '<%A> FOO=BAR', '<%A> =', '<%A>;', '<%A>.', '<%A>@%D');
my %SYMBOL = (A => \@ADDRESS, L => \@LOCAL, D => \@DOMAIN, R => [ '@%D' ]);

my @TOKEN = ((map { chr } 0x21 .. 0x2f, 0x3a .. 0x40, 0x5b .. 0x60, 0x7b .. 0x7e),
    ('<', '>', '@', '"', '\\', ' ') x 2, "\t", "\r", "\0", "\x01", "\x1b[2J", "\x7f", "\x80", "\xa0", "\xff",
    "\xc0\x80", "\xe2\x80\x8b", "\xef\xbc\xa0", "\xe3\x80\x82", '""', '()', '<>', '\\\\', '\"', '..', '>,<',
    '@local.test', '@outside.test', '%outside.test', 'outside.test!', '@local.test:', 'local.test',
    'outside.test', 'relay.test', 'x@outside.test', 'NOTIFY=NEVER', ' ORCPT=rfc822;x@outside.test', 'IPv6:',
    'xn--', '=?utf-8?q?=40?=', '+40', '&#64;', '%40', '\x40', '\100');

my @PARAMETER = (('') x 8, ('SMTPUTF8') x 4, 'BODY=8BITMIME', 'BODY=8BITMIME SMTPUTF8', 'SIZE=100', 'RET=HDRS',
    'AUTH=<>', 'AUTH=alice@local.test', 'ENVID=x+40y');

# The same seed gives the same addresses, on every machine. The name is part of the plain recipients. Longer
# than the length given, if any, is none.
sub new
{
	my ($class, $seed, $name, $longest) = @_;
	my $self = bless { state => ($seed * 2654435761 + 2463534242) & 0xffffffff || 1, name => $name,
	    longest => $longest // 1e6, plain => 0 }, $class;

	$self->_next for 1 .. 8;
	# An address that this machine might have itself would be one of our own.
	$self->{bases} = [ grep { length() < 1500 && !/192\.0\.2/ } (map { $_->[1] } probe_recipients()),
	    map { $_->{address} } address_rows('') ];
	$self->{senders} = [ map { $_->[2] } probe_senders() ];
	return $self;
}

# Xorshift, 32 bits.
sub _next
{
	my ($self) = @_;
	my $x = $self->{state};

	$x ^= ($x << 13) & 0xffffffff;
	$x ^= $x >> 17;
	$x ^= ($x << 5) & 0xffffffff;
	return $self->{state} = $x;
}

sub below { my ($self, $n) = @_; return $self->_next % $n }
sub pick { my ($self, @list) = @_; return $list[$self->below(scalar @list)] }

# A transaction of so many recipients: { sender, parameters, recipients => [[kind, text]...] }. Of the
# kind "plain" is at least the first: a local user, each another one.
sub transaction
{
	my ($self, $count) = @_;
	my @recipient = map { $self->below(10) ? [ mutant => $self->mutant ] : $self->_plain } 2 .. $count;

	return {
		sender => $self->pick(@{ $self->{senders} }, '<m@sender.test>', 'm@sender.test', '<@a.test:m@sender.test>'),
		parameters => $self->pick(@PARAMETER),
		recipients => [ $self->_plain, @recipient ]
	};
}

sub _plain
{
	my ($self) = @_;

	return [ plain => "<plain-$self->{name}-" . ++$self->{plain} . '@local.test>' ];
}

# What stands after "RCPT TO:", without a line feed; nor that with the eighth bit, which Sendmail takes away when
# it repeats an address, and then has two lines where one should be.
sub mutant
{
	my ($self) = @_;
	my $text = $self->_base;

	$text = $self->_mutate($text) for 1 .. $self->pick(0, 0, 0, 1, 1, 1, 2, 2, 3, 5);
	$text = $self->_lengthen($text) unless $self->below(250);
	return substr $text =~ tr/\n\x8a//dr, 0, $self->{longest};
}

sub _base
{
	my ($self) = @_;

	return $self->below(3) ? $self->_expand($self->pick(@PATH), 0) : $self->pick(@{ $self->{bases} });
}

# Deep inside, only what is plain.
sub _expand
{
	my ($self, $text, $depth) = @_;

	return $text =~ s/%([ALDR%])/$1 eq '%' ? '%' : $self->_symbol($1, $depth + 1)/egr;
}

sub _symbol
{
	my ($self, $name, $depth) = @_;

	return $name eq 'D' ? $self->pick(@DOMAIN) : 'x' if $depth > 3 || $name eq 'D';
	return $self->_expand($self->pick(@{ $SYMBOL{$name} }), $depth);
}

sub _mutate
{
	my ($self, $text) = @_;
	my @token = $text =~ /[A-Za-z0-9]+|[\xc2-\xf4][\x80-\xbf]+|./gs;
	my $i = $self->below(@token + 1);
	my $j = $self->below(@token + 1);
	my ($from, $to) = sort { $a <=> $b } $i, $j;
	my @range = @token[$from .. $to - 1];
	my @operation = (
		sub { splice @token, $i, 0, $self->pick(@TOKEN) },
		sub { splice @token, $i, 1, $self->pick(@TOKEN) },
		sub { splice @token, $i, 1 },
		sub { splice @token, $from, @range > 4 ? 4 : scalar @range },
		sub { splice @token, $i, 0, @range },
		sub { @token[$i, $j] = @token[$j, $i] if $i < @token && $j < @token },
		sub { splice @token, $from, scalar @range, $self->_wrap(@range) },
		sub { splice @token, $i, scalar @token, $self->_tail },
		sub { splice @token, $i, 0, chr $self->below(256) },
		sub { splice @token, $i, 0, '\\' },
		sub { $token[$i] = $token[$i] ^ (' ' x length $token[$i]) if $i < @token && $token[$i] =~ /^[A-Za-z]+$/ },
		sub { splice @token, $i, 1, $self->_expand('%A', 2) },
		sub { @token = map { $_ eq '@' ? $self->pick('@', '%', '!', '\@', "\xef\xbc\xa0") : $_ } @token },
	);

	$self->pick(@operation)->();
	return join '', @token;
}

sub _wrap
{
	my ($self, @token) = @_;
	my ($open, $close) = @{ $self->pick([ '"', '"' ], [ '(', ')' ], [ '<', '>' ], [ '[', ']' ], [ ' ', ' ' ],
	    [ '\\"', '\\"' ], [ 'g:', ';' ], [ '(', '\\)' ]) };

	return ($open, @token, $close);
}

# The end of another one.
sub _tail
{
	my ($self) = @_;
	my $text = $self->_base;

	return substr $text, $self->below(1 + length $text);
}

# Up to the length that a server takes, and far beyond.
sub _lengthen
{
	my ($self, $text) = @_;
	my $token = $self->pick(@TOKEN, 'a', 'a.', '@a', 'a@', '%a', 'a!', '(', '<', '"', ',@a.test', ':');
	my $i = $self->below(1 + length $text);

	substr $text, $i, 0, $token x (1 + int $self->pick(60, 250, 500, 1000, 2000, 5000, 65000) / length $token);
	return $text;
}

1;
