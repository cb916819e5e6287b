#!/usr/bin/perl
# t/mta/postfix_certificate.t: clients that show a certificate to a real Postfix, true ones and forged ones
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Authrelay::Certificates;
use Authrelay::Need qw(need_postfix);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Stage;

need_postfix();

unless (eval { require IO::Socket::SSL }) {
	plan skip_all => 'IO::Socket::SSL is not installed' unless $ENV{CI};
	fail('IO::Socket::SSL is installed');
}

my $ca = Authrelay::Certificates->new(scratch_folder());
my %file = (
	listed => [ $ca->issue('listed', '/O=Clients/CN=client.test') ],
	both => [ $ca->issue('both', '/O=Clients/CN=both.test') ],
	unlisted => [ $ca->issue('unlisted', '/O=Clients/CN=unlisted.test') ],
	'other-issuer' => [ $ca->issue('other-issuer', '/O=Clients/CN=other.test') ],
	plus => [ $ca->issue('plus', '/O=Clients/CN=plus\+20sign') ],
	# The common name is what is listed as a whole name; the whole name is; the same of an issuer and a subject.
	crossed => [ $ca->issue('crossed', '/CN=\/O=Clients\/CN=whole.test') ],
	whole => [ $ca->issue('whole', '/O=Clients/CN=whole.test') ],
	rogue => [ $ca->self_signed('rogue', '/O=Clients/CN=client.test') ]
);
my $cross = Authrelay::Certificates->new(scratch_folder(), '/CN=\/CN=Test CA');
$file{'crossed-both'} = [ $cross->issue('crossed-both', '/CN=\/O=Clients\/CN=both.test') ];
my $trusted = write_file(scratch_folder() . '/trusted.pem', read_file($ca->file) . read_file($cross->file));

# Postfix has EXTERNAL only by Dovecot, and only where its filter of mechanisms lets it through. This is as much of Dovecot's authentication protocol as Postfix asks for, and
# takes every login by EXTERNAL for "somebody".
my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "socket: $!\n";
my $sasl = Authrelay::Process->start(code => sub {
	while (my $c = $listener->accept) {
		next if fork;
		$c->autoflush;
		print $c map { "$_\n" } "VERSION\t1\t1", "MECH\tEXTERNAL", "SPID\t1", "CUID\t1", "COOKIE\t" . '0' x 32, 'DONE';
		while (<$c>) {
			print $c "OK\t$1\tuser=somebody\n" if /^AUTH\t(\d+)\tEXTERNAL\t/;
		}
		POSIX::_exit(0);
	}
});
my $stage = Authrelay::Stage->start(conf => <<'EOT', postfix => {
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test", "mx.example.test" }
client-certificates = { "client.test", "Test CA|both.test", "Other CA|other.test", "plus+20sign" }
client-certificates += { "/O=Clients/CN=whole.test", "/CN=Test CA|/O=Clients/CN=both.test" }
EOT
	tls => 1,
	main => "smtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = $trusted\n"
	    . "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:" . $listener->sockport . "\n"
	    . "smtpd_sasl_mechanism_filter = EXTERNAL\n"
});

sub rcpt
{
	my ($name, $is_login) = @_;
	my $c = $stage->client('198.51.100.7');

	$c->starttls(@{ $file{$name} // [] });
	$c->ehlo;
	like($c->command('AUTH EXTERNAL ='), qr/^235 /, 'Postfix takes AUTH EXTERNAL') if $is_login;
	$c->mail('<m@sender.test>');
	my $reply = $c->rcpt("<$name\@outside.test>");
	$c->data($name) if $reply =~ /^250 /;
	$c->quit;
	return $reply;
}

for my $name (qw(listed both plus)) {
	like(rcpt($name), qr/^250 2\.1\.5 /, "$name: may relay");
	$stage->records->are("$name: recorded so", { verdict => 'permit', reason => 'client-certificate' },
	    { event => 'message' });
}
for my $name (qw(unlisted other-issuer whole crossed crossed-both rogue)) {
	like(rcpt($name), qr/^550 5\.7\.1 Relaying denied; authenticate first$/, "$name: may not");
	my %shown = $name =~ /^crossed/ ? (cert_subject => qr{^/O=Clients/CN=}) : ();
	$stage->records->are("$name: recorded so", { verdict => 'reject', reason => 'relay-denied', tls => qr/^TLSv1/,
		%shown });
}

# EXTERNAL adds nothing to a certificate, nor to none.
my %login = (auth => 'somebody', auth_type => 'EXTERNAL');
like(rcpt('listed', 1), qr/^250 2\.1\.5 /, 'EXTERNAL, listed: may relay');
$stage->records->are('recorded so', { verdict => 'permit', reason => 'authenticated', %login }, { event => 'message' });
for my $name (qw(unlisted other-issuer rogue none)) {
	like(rcpt($name, 1), qr/^550 5\.7\.1 Relaying denied; authenticate first$/, "EXTERNAL, $name: may not");
	$stage->records->are("$name: recorded so", { verdict => 'reject', reason => 'relay-denied', %login,
		auth_refused => 'certificate' });
}
is(join("\n", $stage->delivered), join("\n", map { "relay $_ <$_\@outside.test>" } qw(both listed listed plus)),
    'what was permitted arrived, and nothing else');
is($stage->daemon->sanitizer_report, '', 'no sanitizer has anything to say');
$stage->records->check_file($stage->daemon);
done_testing;
