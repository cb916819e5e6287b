#!/usr/bin/perl
# t/mta/sendmail_mutations.t: whatever a stranger writes after RCPT TO:, it does not pass a real Sendmail
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Campaign;
use Authrelay::Need qw(need_sendmail);
use Authrelay::Stage;

need_sendmail();

# A line of more than 2,048 bytes ends the session.
my %OPTION = (longest => 1900, refuses_lists => 1);

sub stage { return Authrelay::Stage->start(conf => $Authrelay::Campaign::CONF . $_[0], sendmail => {}) }

my $stage = stage('');
Authrelay::Campaign->run($stage, $stage->sendmail, %OPTION);
$stage->sendmail->stop;

$stage = stage("mode = monitor\n");
Authrelay::Campaign->run_unguarded($stage, $stage->sendmail, %OPTION);
done_testing;
