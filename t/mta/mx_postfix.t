#!/usr/bin/perl
# t/mta/mx_postfix.t: whose mail is it? Real DNS, signed and not, before a real Postfix that relays for everybody
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Daemon;
use Authrelay::Need qw(need_postfix);
use Authrelay::Process;
use Authrelay::Scratch qw(read_file write_file);
use Authrelay::Stage;
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);
use Authrelay::Zones;

need_postfix();
if (defined(my $why = Authrelay::Zones::why_not())) {
	cannot($why);
	done_testing;
	exit;
}

my ($OK, $DENIED, $LATER) = (qr/^250 2\.1\.5 /, qr/^550 5\.7\.1 Relaying denied/, qr/^451 4\.4\.3 /);
my $OURS = 'via 198\.51\.100\.25';
my $COST = ', \d+ quer(?:y|ies), \d+ us';

# Besides those that are there: a primary mail exchanger that is not in mx.networks, and what strangers do
# who have a domain of their own and want a relay.
my $zones = Authrelay::Zones->start(zones => { test => <<'END', bogus => "fresh MX 10 mx.us.test.\n" });
mx.away      A    192.0.2.77
mx.both      A    203.0.113.5
mx.both      A    192.0.2.78
outside      MX 10 mx.away.test.
outside      MX 20 mx.us.test.
halfway      MX 10 mx.both.test.
halfway      MX 20 mx.us.test.
attacker     MX 10 mx.us.test.
nowhere      MX 10 mx.gone.test.
nowhere      MX 20 mx.us.test.
END
my $resolver = $zones->resolver;
my $BASE = <<"END";
local-domains = { local.test }
own-addresses = { 198.51.100.25, "2001:db8::25" }
dns { servers = { "$resolver" } }
END
my $BACKUP = "mx { accept = backup networks = { 203.0.113.0/24 } }\n";
my $stage = Authrelay::Stage->start(conf => "$BASE$BACKUP", postfix => { users => { alice => 'secret' } });
my $daemon = $stage->daemon;
my $head = read_file($daemon->conf_file) =~ s/\Q$BASE$BACKUP\E\Z//r;
my $before = descriptors();
my $marks = 0;
my @expected;	# deliveries

sub descriptors { return scalar(() = glob '/proc/' . $stage->daemon->pid . '/fd/*') }
sub reloads { return scalar grep { $_->{event} eq 'reload' } $daemon->records->all }

# By SIGHUP, with all else as it is.
sub configure
{
	my ($mx, $base) = @_;
	my $count = reloads();

	write_file($daemon->conf_file, $head . ($base // $BASE) . $mx);
	kill 'HUP', $daemon->pid;
	ok wait_until(20, sub { reloads() > $count }), $mx =~ s/\s+/ /gr or diag $daemon->log_text;
}

# Rows of a domain, what a stranger is answered who writes to it, and what the record says under mx.
sub strangers
{
	my (@row) = @_;
	my $c = $stage->client('198.51.100.7');
	my @want;

	$stage->records->skip_to_end;
	$c->mail('<m@sender.test>');
	for my $row (@row) {
		my ($domain, $reply, $mx) = @$row;
		like $c->rcpt("<u\@$domain>"), $reply, $domain;
		push @want, { rcpt => "<u\@$domain>", mx => $mx, verdict => $reply == $OK ? 'permit' : $reply == $LATER ? 'tempfail' :
		    'reject', reason => $reply == $LATER ? 'dns-failure' : $reply == $DENIED ? 'relay-denied' :
		    defined $mx ? 'mx' : 'local-domain' };
	}
	$stage->records->are('and the records say why', @want);
	$c->quit;
}

sub delivers
{
	my ($domain) = @_;
	my ($c, $mark) = ($stage->client('198.51.100.7'), 'm' . ++$marks);

	$c->mail('<m@sender.test>');
	like $c->rcpt("<u\@$domain>"), $OK, "a message to $domain";
	like $c->data($mark), qr/^250 /, 'is taken';
	push @expected, "relay $mark <u\@$domain>";
	$c->quit;
}

subtest 'a backup for the networks of a customer' => sub {
	strangers(['backup.test', $OK, qr/^backup 20 mx\.us\.test $OURS, best 10 mx\.other\.test, ad=1$COST, fresh$/],
	    ['backup.test', $OK, qr/^backup 20 mx\.us\.test $OURS, best 10 mx\.other\.test, ad=1$COST, cached$/],
	    ['outside.test', $DENIED, qr/^not: best 10 mx\.away\.test has 192\.0\.2\.77, outside mx\.networks, ad=1$COST, fresh$/],
	    ['halfway.test', $DENIED, qr/^not: best 10 mx\.both\.test has 192\.0\.2\.78, outside mx\.networks/],
	    ['attacker.test', $DENIED, qr/^not: best 10 mx\.us\.test has 198\.51\.100\.25, outside mx\.networks/],
	    ['primary.test', $DENIED, qr/^not: best 10 mx\.us\.test has 198\.51\.100\.25, outside mx\.networks/],
	    ['nowhere.test', $DENIED, qr/^not: best 10 mx\.gone\.test has no address/],
	    ['notus.test', $DENIED, qr/^not: this server is not a mail exchanger/],
	    ['nosuch.test', $DENIED, qr/^not: no such domain, ad=1, 1 query/],
	    ['nullmx.test', $DENIED, qr/^not: null MX/],
	    ['escdot.test', $DENIED, qr/^not: /],
	    ['primary.bogus', $LATER, qr/^tempfail: primary\.bogus MX: SERVFAIL \(\Q$resolver\E\)/],
	    ['local.test', $OK, undef]);
	delivers('backup.test');
};

subtest 'only domains that are listed' => sub {
	configure("mx { accept = primary domains = { primary.test, backup.test } }\n");
	strangers(['primary.test', $OK, qr/^primary 10 mx\.us\.test $OURS, ad=1$COST, fresh$/],
	    ['backup.test', $DENIED, qr/^backup 20 mx\.us\.test/],
	    ['attacker.test', $DENIED, qr/^not: not in mx\.domains$/]);
	configure("mx { accept = any domains = { primary.test, backup.test } }\n");
	strangers(['primary.test', $OK, qr/^primary 10 mx\.us\.test/], ['backup.test', $OK, qr/^backup 20 mx\.us\.test/],
	    ['attacker.test', $DENIED, qr/^not: not in mx\.domains$/]);
	delivers('primary.test');
};

subtest 'signed, unsigned and forged' => sub {
	my $domains = 'domains = { .test, .unsigned, .bogus }';

	configure("mx { accept = any $domains }\n");
	strangers(['primary.test', $OK, qr/^primary .*, ad=1,/], ['primary.unsigned', $OK, qr/^primary .*, ad=0,/],
	    ['primary.bogus', $LATER, qr/^tempfail: .*SERVFAIL/], ['fresh.bogus', $LATER, qr/^tempfail: .*SERVFAIL/]);
	configure("mx { accept = any $domains require-dnssec = yes }\n");
	strangers(['primary.test', $OK, qr/^primary .*, ad=1,/],
	    ['primary.unsigned', $DENIED, qr/^not: primary\.unsigned MX is not authenticated by DNSSEC, ad=0, 1 query/],
	    ['insecure.test', $DENIED, qr/^not: insecure\.test MX is not authenticated by DNSSEC/],
	    ['nosuch.unsigned', $DENIED, qr/^not: /],
	    ['primary.bogus', $LATER, qr/^tempfail: .*SERVFAIL/]);
};

subtest 'what a reload keeps' => sub {
	my $mx = "mx { accept = any domains = { .test } }\n";

	configure($mx);
	strangers(['a.wild.test', $OK, qr/, fresh$/]);
	configure($mx =~ s/ \}\n/ timeout = 5 }\n/r, $BASE =~ s/local\.test/local.test, other.test/r);
	strangers(['a.wild.test', $OK, qr/, cached$/]);
	configure($mx, $BASE =~ s/198\.51\.100\.25/198.51.100.26/r);
	strangers(['a.wild.test', $OK, qr/^primary 10 mx\.us\.test via 2001:db8::25, .*, fresh$/]);
	configure($mx);
	strangers(['a.wild.test', $OK, qr/^primary 10 mx\.us\.test $OURS, .*, fresh$/]);
};

subtest 'a resolver that is down' => sub {
	$zones->unbound->stop('KILL');
	strangers(['b.wild.test', $LATER, qr/^tempfail: b\.wild\.test MX: connection refused, .*, fresh$/],
	    ['b.wild.test', $LATER, qr/, cached$/], ['a.wild.test', $OK, qr/, cached$/], ['local.test', $OK, undef]);
	my $c = $stage->client('198.51.100.8');
	like $c->auth('PLAIN', 'alice', 'secret', $Authrelay::Postfix::HOST), qr/^235 /, 'somebody logs in';
	$c->mail('<m@sender.test>');
	like $c->rcpt('<u@b.wild.test>'), $OK, 'and is not held up';
	$c->quit;
	$zones->start_unbound;
	$c = $stage->client('198.51.100.7');
	$c->mail('<m@sender.test>');
	ok wait_until(30, sub { $c->rcpt('<u@b.wild.test>') =~ $OK }), 'it comes back, and so does the verdict';
	$c->quit;
	like $daemon->log_text, qr/warning: MX lookup for b\.wild\.test: tempfail: /, 'the failure was logged';
	delivers('b.wild.test');
};

is join("\n", $stage->delivered), join("\n", sort @expected), 'what was permitted was delivered, and nothing else';
ok wait_until(30, sub { descriptors() <= $before }), 'no descriptor stays open' or diag descriptors() . " from $before";
$stage->records->check_file($daemon);
my %there = (Authrelay::Process->run(Authrelay::Daemon::program(), '-V'))[1] =~ /^(landlock|seccomp): (.*)$/mg;
my $sandbox = join(', ', grep { $there{$_} !~ /^not / } qw(landlock seccomp)) || 'none';
like +($stage->records->all)[0]{note}, qr/sandbox: \Q$sandbox\E(?:,|$)/, "all that with sandbox: $sandbox";
is $daemon->sanitizer_report, '', 'no sanitizer has anything to say';
$zones->stop;
done_testing;
