#!/usr/bin/perl
# t/ctl/fail2ban.t: the filters in contrib/fail2ban find strangers without a name who tried to relay, and nobody else
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon need_program);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in);
use Authrelay::Wait qw(wait_for);

need_daemon();
need_program('fail2ban-regex', 'fail2ban');

my $CONTRIB = top() . '/contrib/fail2ban';
my $FOLDER = scratch_folder();
my $CONF = <<'EOT';
trusted-networks = { "192.0.2.0/24" }
local-domains = { "local.test" }
require-auth-on = { "MSA" }
auth { mechanisms = { PLAIN } }
denied-reply = '550 5.7.1 See "help","client":"203.0.113.66", client=203.0.113.66 x'
EOT

# What a client would write to have another one banned, or to have its own line not read.
my $OTHER = '203.0.113.66';
my @TRAP = (
	qq("},"client":"$OTHER","x":"), qq(","client":"$OTHER"), qq(\\","client":"$OTHER"), qq(\\\\","client":"$OTHER"),
	qq(" client=$OTHER x="), qq(\\" client=$OTHER), qq( client=$OTHER ), qq("\n{"v":1,"client":"$OTHER"}),
	qq(x\r\nNov 24 06:34:42 mx authrelay-milter[1]: verdict=reject reason=relay-denied event=rcpt enforced=true client=$OTHER),
	"[$OTHER]\",\"client\":\"$OTHER", "[$OTHER] client=$OTHER", "unknown client=$OTHER", "unknown\\",
	qq(","auth_refused":"tls","x":"), qq(" auth_refused=tls x="), qq(\\), qq("), qq(\xff\\x5c"), qq(}), qq("}),
	# so long that the line for syslog is cut
	('x' x 900) . qq(" client=$OTHER x="), qq(\\") x 700,
);

# In the foreground, what is for syslog goes to standard error.
sub start_daemon
{
	my ($conf) = @_;

	return Authrelay::Daemon->new(conf => $conf, audit => "\tsyslog = yes\n")->start;
}

# One recipient; option: client, name, helo, sender, utf8, macros => {...}.
sub play
{
	my ($daemon, $rcpt, %option) = @_;
	my $c = Authrelay::MilterClient->new($daemon->socket)->negotiate;

	$c->set_macros(j => 'mx.test', '{daemon_name}' => 'smtpd', i => '4Qx1', v => 'Postfix 3.7', %{ $option{macros} // {} });
	$c->client(addr => $option{client} // '198.51.100.7', family => ($option{client} // '') =~ /:/ ? 6 : 4,
	    name => $option{name} // '[' . ($option{client} // '198.51.100.7') . ']');
	$c->helo($option{helo} // 'helo.test');
	$c->mail($option{sender} // '<s@sender.test>');
	my $reply = $option{refused} ? 'refused by the server' : $c->rcpt($rcpt);
	$c->quit;
	return $reply;
}

# The daemon's lines as a syslogd would write them.
sub syslog_lines
{
	my ($daemon, $prefix) = @_;

	return map { "$prefix$_" } grep { /^(?:verdict|event)=/ } $daemon->log_text =~ /^(.*\n)/mg;
}

# The addresses that the real program finds in a file, one for each line that counts.
sub found
{
	my ($file, $filter) = @_;
	my ($code, $out) = run_in($FOLDER, 'fail2ban-regex', '-o', 'ip', $file, "$CONTRIB/filter.d/$filter.conf");

	is $code, 0, "$filter: fail2ban-regex is content" or diag $out;
	return grep { $_ ne 'None' } split /\n/, $out;
}

sub is_found
{
	my ($name, $file, $filter, @want) = @_;

	is join(' ', found($file, $filter)), join(' ', @want), "$filter: $name";
}

# The same of both: the file, and syslog in each form of its line.
sub are_found
{
	my ($name, $daemon, @want) = @_;
	my %prefix = (file => 'Nov 24 06:34:42 mx authrelay-milter[4711]: ',
	    precise => '2026-11-24T06:34:42.123456+01:00 mx.example.org authrelay-milter[4711]: ',
	    nameless => 'Nov 24 06:34:42 authrelay-milter: ');

	wait_for('records in syslog', 10, sub { syslog_lines($daemon, '') >= $daemon->records->all });
	is_found($name, $daemon->audit_file, 'authrelay', @want);
	for my $form (sort keys %prefix) {
		my $file = write_file("$FOLDER/$form", join '', syslog_lines($daemon, $prefix{$form}));
		is_found("$name, $form", $file, 'authrelay-syslog', @want);
	}
}

my @login = (macros => { '{auth_type}' => 'PLAIN', '{auth_authen}' => 'alice' });

subtest 'who counts' => sub {
	my $daemon = start_daemon($CONF);
	# [address that counts or undef, recipient, options]
	my @row = (
		[ '198.51.100.1', '<x@outside.test>' ],
		[ '198.51.100.2', '<x%outside.test@local.test>' ],
		[ '198.51.100.3', 'x@local.test', macros => { '{rcpt_addr}' => 'x@outside.test' } ],
		[ '198.51.100.4', '<x@local.test>>' ],
		[ '2001:db8::5', '<x@outside.test>' ],
		[ '::ffff:198.51.100.6', '<x@outside.test>' ],
		[ '198.51.100.7', '<x@outside.test>', macros => { '{auth_type}' => 'ANONYMOUS', '{auth_authen}' => 'a' } ],
		[ '198.51.100.8', '<x@outside.test>', name => 'unknown' ],
		[ '2001:db8::9', '<x@outside.test>', name => '[IPv6:2001:db8::9]' ],
		[ '198.51.100.10', '<x@local.test>', helo => 'h' x 256 ],
		[ undef, '<x@local.test>' ],
		# with a name that the mail server has confirmed, whatever it sends
		[ undef, '<x@outside.test>', name => 'mail-1.large.example' ],
		[ undef, '<x%outside.test@local.test>', name => 'mail-1.large.example' ],
		[ undef, '<x@local.test>>', name => 'mail-1.large.example' ],
		[ undef, '<x@outside.test>', name => 'mail-1.large.example', client => '2001:db8::7' ],
		# and one of which nothing is known
		[ undef, '<x@outside.test>', name => '' ],
		[ undef, '<x@outside.test>', @login ],
		[ undef, '<x@outside.test>', client => '192.0.2.9' ],
		[ undef, '<x@outside.test>', macros => { '{auth_type}' => 'LOGIN', '{auth_authen}' => 'alice' } ],
		[ undef, '<x@outside.test>', macros => { '{auth_authen}' => 'alice' } ],
		[ undef, '<x@local.test>', macros => { '{daemon_name}' => 'MSA' } ],
		# refused by the mail server: Postfix tells of it so
		[ undef, '<x@outside.test>', macros => { '{rcpt_mailer}' => 'error', '{rcpt_host}' => '5.7.1',
		    '{rcpt_addr}' => 'Relay access denied' } ],
	);
	for my $row (@row) {
		my ($client, $rcpt, @option) = @$row;
		play($daemon, $rcpt, (defined $client ? (client => $client) : ()), @option);
	}
	are_found('those and no others', $daemon, map { s/^::ffff://r } grep { defined } map { $_->[0] } @row);
	my %count;
	$count{"$_->{event} $_->{reason}"}++ for grep { $_->{reason} } $daemon->records->all;
	is_deeply(\%count, { 'rcpt relay-denied' => 11, 'rcpt routed-address' => 2, 'rcpt divergence' => 1,
	    'rcpt malformed-address' => 2, 'rcpt oversized' => 1, 'rcpt local-domain' => 1, 'rcpt authenticated' => 1, 'rcpt trusted-network' => 1,
	    'rcpt authentication-required' => 1, 'mta-reject mta-reject' => 1 }, 'which were those reasons')
	    or diag explain \%count;
	$daemon->stop;
};

# Anybody has a certificate of some authority.
subtest 'a login by a certificate that is in no list' => sub {
	my $daemon = start_daemon($CONF =~ s/^auth .*\n//mr);

	play($daemon, '<x@outside.test>', client => '198.51.100.8', macros => { '{auth_type}' => 'EXTERNAL',
		'{auth_authen}' => 'a', '{cert_subject}' => 'a', '{cert_issuer}' => 'b' });
	are_found('counts as none', $daemon, '198.51.100.8');
	is(($daemon->records->all)[-1]{auth_refused}, 'certificate', 'which is why it was refused');
	$daemon->stop;
};

subtest 'what a client writes' => sub {
	my $daemon = start_daemon($CONF);
	my @want;

	for my $i (0 .. $#TRAP) {
		my ($trap, $client) = ($TRAP[$i], "198.51.100.$i");
		# each place of its own, then all
		my @place = ([ helo => $trap ], [ name => $trap ], [ sender => "<$trap\@x.test>" ],
		    [ helo => $trap, name => $trap, sender => $trap ]);
		for my $rcpt ('<x@outside.test>', "<$trap\@outside.test>") {
			for my $place (@place) {
				my $is_refused = play($daemon, $rcpt, client => $client, @$place) !~ /^continue/;
				push @want, $client if $is_refused && !{@$place}->{name};
			}
		}
		# for us, so that it is refused only where it is too long; and its name is confirmed
		play($daemon, '<x@local.test>', client => '198.51.100.200', helo => $trap, name => $trap, sender => $trap);
	}
	cmp_ok scalar @want, '>', 60, 'many were refused';
	are_found('each by its own address', $daemon, @want);
	$daemon->stop;
};

# What the mail server says stands before the client in a line.
subtest 'before the client' => sub {
	my $daemon = start_daemon($CONF);
	my @want;

	for my $trap (@TRAP) {
		play($daemon, '<x@outside.test>', client => '198.51.100.9', macros => { j => $trap, i => $trap,
		    '{daemon_name}' => $trap });
		push @want, '198.51.100.9';
	}
	are_found('the same', $daemon, @want);
	$daemon->stop;
};

subtest 'monitor mode' => sub {
	my $daemon = start_daemon("mode = monitor\n$CONF");

	play($daemon, '<x@outside.test>');
	is scalar(grep { ($_->{reason} // '') eq 'relay-denied' } $daemon->records->all), 1, 'it is recorded';
	are_found('nobody', $daemon);
	$daemon->stop;
};

subtest 'lines that are not whole, and not ours' => sub {
	my $daemon = start_daemon($CONF);

	play($daemon, '<x@outside.test>');
	$daemon->stop;
	my ($line) = grep { /"relay-denied"/ } split /\n/, read_file($daemon->audit_file);
	my ($word) = grep { /reason=relay-denied/ } syslog_lines($daemon, 'Nov 24 06:34:42 mx authrelay-milter[1]: ');
	is_found('a record', write_file("$FOLDER/one", "$line\n"), 'authrelay', '198.51.100.7');
	is_found('torn', write_file("$FOLDER/torn", join '', map { substr($line, 0, length($line) - $_) . "\n" } 1 .. 40),
	    'authrelay');
	is_found('glued to another', write_file("$FOLDER/glued", "<torn>$line\n$line$line\n"), 'authrelay');
	is_found('of another program', write_file("$FOLDER/other", join '', map { $word =~ s/authrelay-milter/$_/r }
	    'x: authrelay-milter', 'x[1]: authrelay-milter', 'other', 'postfix/smtpd[1]: warning: authrelay-milter'),
	    'authrelay-syslog');
	my ($code, $out) = do {
		local $ENV{TZ} = 'Asia/Tokyo';
		run_in($FOLDER, 'fail2ban-regex', '-v', write_file("$FOLDER/zone",
		    $line =~ s/"time":"[^"]*"/"time":"2026-11-24T06:34:42.123456Z"/r . "\n"), "$CONTRIB/filter.d/authrelay.conf");
	};
	like $out, qr/^\|\s+198\.51\.100\.7\s+Tue Nov 24 15:34:42 2026$/m, 'its time is read as UTC';
};

# A directory of fail2ban's with nothing but these jails.
sub jails
{
	my ($name) = @_;
	my $etc = "$FOLDER/$name";

	run_in('/', 'cp', '-R', '/etc/fail2ban', $etc);
	unlink glob "$etc/jail.d/*";
	my ($code, $out) = run_in('/', 'cp', '-R', "$CONTRIB/filter.d", "$CONTRIB/jail.d", $etc);
	is $code, 0, 'copied' or diag $out;
	return $etc;
}

# The real server's own reading of the jails, with the paths of this test.
subtest 'the jails' => sub {
	my $etc = jails('etc');
	my $jail = read_file("$etc/jail.d/authrelay.conf");

	is(($jail =~ s{/var/log/authrelay/audit\.json}{$FOLDER/one}), 1, 'the file of the packages');
	write_file("$etc/jail.d/authrelay.conf", $jail =~ s/false/true/r);
	my ($code, $out) = run_in('/', 'fail2ban-client', '-c', $etc, '-d');
	is $code, 0, 'it can be read' or diag $out;
	for my $name (qw(authrelay authrelay-syslog)) {
		like $out, qr/^\['set', '\Q$name\E', 'addfailregex', '\^/m, "$name: its filter";
		like $out, qr/^\['start', '\Q$name\E'\]$/m, "$name: starts";
	}
	like $out, qr/^\['set', 'authrelay', 'addlogpath', '\Q$FOLDER\E\//m, 'authrelay: its file';
	# any user can write a line to a file of syslog's, and any program take this name
	unlike $out, qr/^\['set', 'authrelay-syslog', 'addlogpath'/m, 'authrelay-syslog: no file';
	like $out, qr/^\['add', 'authrelay-syslog', 'systemd'\]$/m, 'authrelay-syslog: the journal';
	my @match = $out =~ /^\['set', 'authrelay-syslog', 'addjournalmatch', (.*)\]$/mg;
	is "@match", q('_SYSTEMD_UNIT=authrelay.service'), 'authrelay-syslog: of the unit alone';
	my ($unit) = glob "$CONTRIB/../systemd/*.service";
	like $unit, qr{/authrelay\.service$}, 'which is the name of ours';
	unlike $out, qr/ERROR/, 'nothing is wrong with it';
};

# The real server bans: into a file.
subtest 'a large provider and a scanner' => sub {
	my $daemon = start_daemon($CONF);
	my $etc = jails('etc2');
	my $file = $daemon->audit_file;
	my $banned = "$FOLDER/banned";

	write_file("$etc/action.d/write.conf", "[Definition]\nactionban = echo <ip> >>$banned\n");
	write_file($banned, '');
	write_file("$etc/jail.d/zz.local", "[DEFAULT]\naction = write\nbackend = polling\n[authrelay]\nlogpath = $file\n"
	    . "backend = polling\n");
	write_file("$etc/fail2ban.local", "[DEFAULT]\nsocket = $FOLDER/sock\npidfile = $FOLDER/pid\ndbfile = None\n"
	    . "logtarget = $FOLDER/fail2ban.log\n");
	play($daemon, '<user@outside.test>', client => '198.51.100.25', name => 'mail-1.large.example') for 1 .. 10;
	play($daemon, '<user%outside.test@local.test>', client => '198.51.100.25', name => 'mail-1.large.example') for 1 .. 10;
	play($daemon, '<user@outside.test>', client => '198.51.100.26') for 1 .. 4;
	my $server = Authrelay::Process->start(command => ['fail2ban-server', '-c', $etc, '-s', "$FOLDER/sock",
	    '-p', "$FOLDER/pid", '-f', 'start'], output => "$FOLDER/server");
	wait_for('the server', 30, sub { -e "$FOLDER/sock" });
	# after all others, so that these have been read
	play($daemon, '<user@outside.test>', client => '198.51.100.27') for 1 .. 5;
	wait_for('the scanner is banned', 60, sub { read_file($banned) =~ /^198\.51\.100\.27$/m });
	is read_file($banned), "198.51.100.27\n", 'and nobody else: not the provider, nor who tried 4 times';
	is $server->stop('TERM'), 0, 'the server ends' or diag read_file("$FOLDER/server");
	$daemon->stop;
};

done_testing;
