#!/usr/bin/perl
# t/mta/sendmail_addresses.t: what a real Sendmail makes of strange addresses, and what a stranger gets for each
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_sendmail);
use Authrelay::Rows qw(check_rows);
use Authrelay::Stage;

need_sendmail();

# Both spellings of a domain have to be told to Sendmail, and one of them to the daemon.
my $stage = Authrelay::Stage->start(conf => $Authrelay::Rows::CONF, sendmail => {
	users => { alice => 'secret' },
	mc => "LOCAL_DOMAIN(`\xc3\xb6rtlich.test')dnl\nLOCAL_DOMAIN(`xn--rtlich-vxa.test')dnl\n"
	    . "LOCAL_DOMAIN(`\xcf\x89\xd0\xb6\xc9\x99\xc5\x91\xe1\xba\xa1.test')dnl\nLOCAL_DOMAIN(`\xe1\xba\xa1.test')dnl\n"
});

check_rows($stage, $stage->sendmail, 'sendmail');
done_testing;
