#!/usr/bin/perl
# t/mta/postfix_addresses.t: what a real Postfix makes of strange addresses, and what a stranger gets for each
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Rows qw(check_rows);
use Authrelay::Stage;

need_postfix();

# Both spellings of a domain have to be told to Postfix, and one of them to the daemon.
my $stage = Authrelay::Stage->start(conf => $Authrelay::Rows::CONF, postfix => {
	users => { alice => 'secret' },
	main => "mydestination = local.test, mx.example.test, \xc3\xb6rtlich.test, xn--rtlich-vxa.test, "
	    . "\xcf\x89\xd0\xb6\xc9\x99\xc5\x91\xe1\xba\xa1.test, \xe1\xba\xa1.test\n"
});

check_rows($stage, $stage->postfix, 'postfix');
done_testing;
