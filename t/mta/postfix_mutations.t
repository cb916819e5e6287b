#!/usr/bin/perl
# t/mta/postfix_mutations.t: whatever a stranger writes after RCPT TO:, it does not pass a real Postfix
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Campaign;
use Authrelay::Need qw(need_postfix);
use Authrelay::Stage;

need_postfix();

sub stage { return Authrelay::Stage->start(conf => $Authrelay::Campaign::CONF . $_[0]) }

my $stage = stage('');
Authrelay::Campaign->run($stage, $stage->postfix);
$stage->postfix->stop;

$stage = stage("mode = monitor\n");
Authrelay::Campaign->run_unguarded($stage, $stage->postfix);
done_testing;
