# t/lib/Authrelay/Need.pm: what a test cannot do without; it skips aloud, and under CI fails
# SPDX-License-Identifier: ISC
package Authrelay::Need;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Authrelay::Daemon;
use Authrelay::Postfix;
use Authrelay::Sendmail;
our @EXPORT_OK = qw(need_daemon need_postfix need_program need_root need_sendmail);

sub _missing
{
	my ($what) = @_;

	plan skip_all => $what unless $ENV{CI};
	plan tests => 1;
	fail("this test has what it needs: $what");
	exit 1;
}

sub need_daemon
{
	-x Authrelay::Daemon::program() or _missing('authrelay-milter is not built');
}

sub need_root
{
	$> == 0 or _missing('needs root');
}

# Both names are often the same: of the program, and of Debian's package.
sub need_program
{
	my ($program, $package) = @_;

	grep { -x "$_/$program" } split /:/, $ENV{PATH} or _missing("needs $program (Debian: $package)");
}

sub need_postfix
{
	need_daemon();
	need_root();
	my $why = Authrelay::Postfix::why_not();
	_missing($why) if defined $why;
}

sub need_sendmail
{
	need_daemon();
	need_root();
	my $why = Authrelay::Sendmail::why_not();
	_missing($why) if defined $why;
}

1;
