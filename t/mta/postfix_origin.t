#!/usr/bin/perl
# t/mta/postfix_origin.t: recipients without a domain, where a real Postfix puts them into one that is not ours
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Need qw(need_postfix);
use Authrelay::Stage;

need_postfix();

my $DENIED = qr/^550 5\.7\.1 Relaying denied; authenticate first$/;
my $OK = qr/^250 2\.1\.5 /;

# Sends each as a stranger. What is expected: the reason, and of the record what else there is to be.
sub check
{
	my ($name, $origin, $conf, @row) = @_;
	my $stage = Authrelay::Stage->start(conf => "trusted-networks = { }\n$conf", postfix => {
		users => { alice => 'secret' },
		main => "myorigin = $origin\n"
	});
	my @expected;

	subtest $name => sub {
		for my $row (@row) {
			my ($rcpt, $reason, $arrival, %more) = @$row;
			my $c = $stage->postfix->connect(from => '127.0.0.9');
			my $is_login = $reason eq 'authenticated';
			my $may = defined $arrival;
			$c->ehlo;
			like($c->auth('PLAIN', 'alice', 'secret', $stage->postfix->host), qr/^235 /, 'a login') if $is_login;
			$c->mail('<m@sender.test>');
			like($c->rcpt($rcpt), $may ? $OK : $DENIED, "$rcpt: $reason");
			$c->data('mark') if $may;
			push @expected, "$arrival" if $may;
			$c->quit;
			$stage->records->are('recorded so', { rcpt => $rcpt, reason => $reason, %more },
			    $may ? { event => 'message' } : ());
		}
		is(join("\n", $stage->delivered), join("\n", sort @expected), 'nothing else arrived anywhere');
		is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
		$stage->records->check_file($stage->daemon);
	};
	$stage->postfix->stop;
}

# A satellite: its own users have their mail elsewhere.
my %elsewhere = (domain => 'company.example', matched => undef);
check('in no list', 'company.example', 'local-domains = { local.test }',
    [ '<bob>', 'relay-denied', undef, rcpt_mta => 'bob@company.example', %elsewhere ],
    [ 'bob', 'relay-denied', undef, rcpt_mta => 'bob@company.example', %elsewhere ],
    [ '<postmaster>', 'relay-denied', undef, %elsewhere ],
    [ '<"bob">', 'relay-denied', undef, %elsewhere ],
    [ '<bob(c)>', 'relay-denied', undef, %elsewhere ],
    [ '<bob.>', 'relay-denied', undef, rcpt_mta => '"bob."@company.example', %elsewhere ],
    [ '<bob>', 'authenticated', 'relay mark <bob@company.example>' ],
    [ '<bob@local.test>', 'local-domain', 'local mark <bob@local.test>', domain => 'local.test' ]);
check('in local-domains', 'local.test', 'local-domains = { local.test }',
    map { [ @$_, domain => 'local.test', matched => 'local-domains local.test' ] }
    [ '<bob>', 'local-domain', 'local mark <bob@local.test>' ],
    [ 'bob', 'local-domain', 'local mark <bob@local.test>' ],
    [ '<postmaster>', 'local-domain', 'local mark <postmaster@local.test>' ]);
check('in relay-domains', 'relay.test', 'relay-domains = { relay.test }',
    map { [ @$_, domain => 'relay.test', matched => 'relay-domains relay.test' ] }
    [ '<bob>', 'relay-domain', 'relay mark <bob@relay.test>' ],
    [ 'bob', 'relay-domain', 'relay mark <bob@relay.test>' ]);
done_testing;
