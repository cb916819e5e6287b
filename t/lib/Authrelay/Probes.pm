# t/lib/Authrelay/Probes.pm: what testers of open relays ask for, and more
# SPDX-License-Identifier: ISC
package Authrelay::Probes;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(probe_senders probe_recipients);

# Collected from nmap, Metasploit, OpenVAS, abuse.net, MAPS and mailradar, and from the test cases of
# Postfix (resolve_clnt, smtpd_token), Sendmail and Exim. mx.example.test is the target, local.test its
# domain, relay.test one that it relays to, 127.0.0.1 its address; nothing may ever reach outside.test.

# Returns pairs [name, HELO, sender].
sub probe_senders
{
	my @address = ('<>', '<u@outside.test>', '<u@mx.example.test>', '<u@[127.0.0.1]>', '<u>',
	    '<u@localhost>', '<u@x7k2.outside.test>', '<postmaster@mx.example.test>', '<user@local.test>');

	return (
		(map { [ 'F' . ($_ + 1), 'probe.outside.test', $address[$_] ] } 0 .. $#address),
		[ 'F10a', 'localhost.localdomain', '<u@outside.test>' ],
		[ 'F10b', 'mx.example.test', '<u@outside.test>' ]
	);
}

# Returns [expected, address], the address as it stands after "RCPT TO:". Expected: "ours", it must be
# taken and stay here; "refused"; "either", it need not be taken, but must not leave.
sub probe_recipients
{
	return map { /^(\w+)\s+(.*)/ ? [ $1, $2 ] : () } split /\n/, <<'EOT';
ours	<user@local.test>
ours	<user@relay.test>
ours	<USER@Local.TEST>
ours	<user@mx.example.test>
ours	<postmaster>
ours	<Postmaster>
ours	<user>
ours	<user+detail@local.test>
ours	<"user"@local.test>
ours	<user@local.test.>
ours	user@local.test
refused	<u@outside.test>
refused	u@outside.test
refused	<u%outside.test@mx.example.test>
refused	<u%outside.test@[127.0.0.1]>
refused	<"u@outside.test">
refused	<"u%outside.test">
refused	<u@outside.test@[127.0.0.1]>
refused	<u@outside.test@mx.example.test>
refused	<"u@outside.test"@[127.0.0.1]>
refused	<"u@outside.test"@mx.example.test>
refused	<@[127.0.0.1]:u@outside.test>
refused	<@mx.example.test:u@outside.test>
refused	<outside.test!u>
refused	<outside.test!u@[127.0.0.1]>
refused	<outside.test!u@mx.example.test>
refused	<u%outside.test@>
refused	<u@outside.test@>
refused	<u%[outside.test]@>
refused	<u@[outside.test]@>
either	<user@[127.0.0.1]>
refused	<user@[192.0.2.1]>
refused	<mx.example.test:u@outside.test>
refused	<u@outside.test@local.test>
refused	<u%outside.test@local.test>
refused	<outside.test!u@local.test>
refused	<u@outside.test@relay.test>
refused	<u%outside.test@relay.test>
refused	<outside.test!u@relay.test>
refused	<"u@outside.test"@relay.test>
refused	<u@[192.0.2.4]@local.test>
refused	<u%[192.0.2.4]@local.test>
refused	<[192.0.2.4]!u@local.test>
refused	<u%outside.test%mx.example.test@mx.example.test>
refused	<mx.example.test!outside.test!u>
refused	<mx.example.test!mx.example.test!u>
refused	<u%mx.example.test%mx.example.test>
refused	<mx.example.test!outside.test!u@local.test>
refused	<@b@>
refused	<!b>
refused	<a!>
refused	<%b>
refused	<a%>
refused	<a!b@>
refused	<@>
refused	<@@>
refused	<>
refused	<@local.test>
refused	<""@local.test>
refused	<u@outside.test.>
refused	<@outside.test.>
refused	<u@..>
refused	<@.@.>
refused	<user@local.test..>
refused	<u@192.0.2>
refused	<u@192.0.2.4>
refused	<u@[321.0.2.4]>
refused	<u@[]>
refused	<u@outside.test:25>
refused	<u@local.test:25>
refused	<"u v"@outside.test>
refused	<u\ v@outside.test>
refused	<u @ outside.test>
either	<user @ local.test>
either	< user@local.test >
either	<user@local .test>
either	<us\er@local.test>
refused	<a\@outside.test@local.test>
refused	<u@local.test\@outside.test>
either	Joe User <user@local.test>
refused	Joe User <u@outside.test>
either	<user@local.test(comment)>
refused	<u(@local.test)@outside.test>
refused	<u@outside.test(@local.test)>
refused	<u@outside.test,user@local.test>
refused	<user@local.test,u@outside.test>
refused	<user@local.test><u@outside.test>
refused	<u@outside.test><user@local.test>
refused	<user@local.test;u@outside.test>
refused	<user@local.test> <u@outside.test>
refused	<friends:u@outside.test;>
refused	<Postmaster@outside.test>
refused	<user@sub.local.test>
refused	<user@xlocal.test>
refused	<user@local.test.outside.test>
refused	<user@local.tes>
refused	<user@localhost>
refused	<user@mx.example.test.localdomain>
either	<user@[IPv6:::1]>
refused	<user@[::ffff:127.0.0.1]>
refused	<user@[IPv6:2001:db8::9]>
refused	<u@local.test@outside.test>
refused	<user@local_test.outside.test>
refused	<|cat@local.test>
refused	</etc/passwd@local.test>
refused	<"|cat"@local.test>
refused	<:user@local.test>
refused	<"u@outside.test"@"local.test">
refused	<@outside.test:user@local.test>
refused	<@a.test,@b.test:u@outside.test>
refused	<@a.test,@b.test:user@local.test>
refused	<@local.test:@outside.test:u>
refused	<u@outside.test> ORCPT=rfc822;user@local.test
ours	<user@local.test> NOTIFY=NEVER
EOT
}

1;
