/* t/unit/conf_rows.h: configurations, and what comes of them */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_ROWS_H
#define AUTHRELAY_CONF_ROWS_H

#include <stddef.h>

/* A file, an override or none, and what comes of them: errors, or what is printed besides defaults. */
struct row {
	const char	*text;
	const char	*override;
	const char	*want;
};

#define BAD_PLUS	"a + that begins no byte; allowed: + and two hexadecimal digits in capitals, +2B for " \
			"itself\n"
#define BAD_BYTE	"a byte that no distinguished name is shown with; allowed: ASCII without control " \
			"characters, others as in \\xC3\\xBC\n"
#define FOREIGN_DN	"no mail server shows a distinguished name like this; allowed: a common name as such " \
			"(Postfix), or as in /O=Example/CN=name (Sendmail)\n"
#define TWO_KINDS	"a common name and a distinguished name, of which a mail server shows one; allowed: " \
			"both of one kind\n"

#define NO_RECIPIENTS	"t.conf: local-domains and relay-domains have no entry, and mx.accept is none: all mail to " \
			"this host would be refused; allowed: a domain in one of them, or no-local-domains = yes " \
			"on a host that takes in no mail\n"

static const struct row good[] = {
	{ "", NULL, "" },
	{ "# nothing\n// at\n/* all\n */\n", NULL, "" },
	{ "socket = \"unix:/a b\"\n", NULL, "socket = \"unix:/a b\"\n" },
	{ "socket = local:/s\n", NULL, "socket = \"local:/s\"\n" },
	{ "socket = inet:8891@127.0.0.1\n", NULL, "socket = \"inet:8891@127.0.0.1\"\n" },
	{ "socket = inet:65535@localhost\n", NULL, "socket = \"inet:65535@localhost\"\n" },
	{ "socket = inet6:1@::1\n", NULL, "socket = \"inet6:1@::1\"\n" },
	{ "socket = inet6:1@[::1]\n", NULL, "socket = \"inet6:1@[::1]\"\n" },
	{ "socket-mode = 0600\n", NULL, "socket-mode = \"0600\"\n" },
	{ "socket-mode = \"777\"\n", NULL, "socket-mode = \"0777\"\n" },
	{ "socket-group = root\n", NULL, "socket-group = \"root\"\n" },
	{ "user = root\n", NULL, "user = \"root\"\n" },
	{ "pid-file = /run/p\n", NULL, "pid-file = \"/run/p\"\n" },
	{ "mode = monitor\n", NULL, "mode = monitor\n" },
	{ "denied-reply = '554 5.7.1 No'\n", NULL, "denied-reply = \"554 5.7.1 No\"\n" },
	{ "trusted-networks = { 10.0.0.0/8, [2001:db8::]/32 }\n", NULL,
	  "trusted-networks = { \"10.0.0.0/8\", \"[2001:db8::]/32\" }\n" },
	{ "trusted-networks += 192.0.2.1\n", NULL,
	  "trusted-networks = { \"127.0.0.0/8\", \"::1/128\", \"192.0.2.1\" }\n" },
	{ "trusted-networks = { }\n", NULL, "trusted-networks = { }\n" },
	{ "local-domains = { a.example, .B.example., localhost, \"m\xc3\xbcller.example\", }\n", NULL,
	  "local-domains = {\n\t\"a.example\",\n\t\".B.example.\",\n\t\"localhost\",\n"
	  "\t\"m\xc3\xbcller.example\"\n}\n" },
	{ "relay-domains = a.example\nrelay-domains += { b.example }\n", NULL,
	  "relay-domains = { \"a.example\", \"b.example\" }\n" },
	{ "relay-domains = { a.example, # one\n /* two */ b.example // three\n}\n", NULL,
	  "relay-domains = { \"a.example\", \"b.example\" }\n" },
	{ "relay-domains = { \"file:good.txt\" }\n", NULL, "relay-domains = { \"file:good.txt\" }\n" },
	{ "trusted-networks = \"file:nets.txt\"\n", NULL, "trusted-networks = { \"file:nets.txt\" }\n" },
	{ "own-addresses = { 198.51.100.7, 10.0.0.1, fd00::1, 2001:db8::1 }\n", NULL,
	  "own-addresses = {\n\t\"198.51.100.7\",\n\t\"10.0.0.1\",\n\t\"fd00::1\",\n"
	  "\t\"2001:db8::1\"\n}\n" },
	{ "local-submission = reject\n", NULL, "local-submission = reject\n" },
	{ "mta-peers = { root, uid:105, 192.0.2.0/24 }\n", NULL,
	  "mta-peers = { \"root\", \"uid:105\", \"192.0.2.0/24\" }\n" },
	{ "require-auth-on = { submission, 587 }\n", NULL,
	  "require-auth-on = { \"submission\", \"587\" }\n" },
	{ "client-certificates = { \"/CN=a b\", 'CA|x' }\n", NULL,
	  "client-certificates = { \"/CN=a b\", \"CA|x\" }\n" },
	{ "client-certificates = { '/O=A+20B|/CN=a+2BUID=b+5C/c', 'a+b', '/no dn', '/=', \"a=b\" }\n", NULL,
	  "client-certificates = {\n\t\"/O=A+20B|/CN=a+2BUID=b+5C/c\",\n\t\"a+b\",\n\t\"/no dn\",\n"
	  "\t\"/=\",\n\t\"a=b\"\n}\n" },
	{ "client-certificates = { '/O=a\\\\xC3\\\\xBC/1.2.3=b', \"\xc3\xbc\", \"COMMON\" }\n", NULL,
	  "client-certificates = { \"/O=a\\\\xC3\\\\xBC/1.2.3=b\", \"\xc3\xbc\", \"COMMON\" }\n" },
	{ "auth { mechanisms = { plain, SCRAM-SHA-256, X_1 } }\n", NULL,
	  "\tmechanisms = { \"PLAIN\", \"SCRAM-SHA-256\", \"X_1\" }\n" },
	{ "auth { min-ssf = 1024 require-tls = yes }\n", NULL,
	  "\tmin-ssf = 1024\n\trequire-tls = yes\n" },
	{ "mx { accept = none names = mx.example networks = 192.0.2.0/24 domains = .example }\n", NULL,
	  "\tnames = { \"mx.example\" }\n\tnetworks = { \"192.0.2.0/24\" }\n"
	  "\tdomains = { \".example\" }\n" },
	{ "mx { require-dnssec = yes timeout = 60 }\nmx { cache-entries = 1 }\n", NULL,
	  "\trequire-dnssec = yes\n\ttimeout = 60\n\tcache-entries = 1\n" },
	{ "dns { servers = { 127.0.0.1, 127.0.0.1:53, ::1 } trust-ad = no }\n", NULL,
	  "\tservers = { \"127.0.0.1\", \"127.0.0.1:53\", \"::1\" }\n\ttrust-ad = no\n" },
	{ "dns { servers = { [::1], [::1]:5353 } trust-ad = yes }\n", NULL,
	  "\tservers = { \"[::1]\", \"[::1]:5353\" }\n\ttrust-ad = yes\n" },
	{ "audit { syslog = no facility = local7 file = /a on-failure = continue }\n", NULL,
	  "\tsyslog = no\n\tfacility = local7\n\tfile = \"/a\"\n\ton-failure = continue\n" },
	{ "audit { durability = buffered queue = 1 rotate-size = 4k keep = 1 anchor-interval = 0 }\n", NULL,
	  "\tdurability = buffered\n\tqueue = 1\n\trotate-size = 4k\n\tkeep = 1\n"
	  "\tkeep-days = 7\n\tmin-free = auto\n\tanchor-interval = 0\n" },
	{ "audit { stranger-rate = 0 stranger-burst = 1 }\n", NULL,
	  "\tstranger-rate = 0\n\tstranger-burst = 1\n" },
	{ "audit { rotate-size = 4096 }\n", NULL, "\trotate-size = 4k\n" },
	{ "audit { rotate-size = 5000 }\n", NULL, "\trotate-size = 5000\n" },
	{ "audit { rotate-size = 102400k }\n", NULL, "\trotate-size = 100M\n" },
	{ "audit { rotate-size = 1024M }\n", NULL, "\trotate-size = 1G\n" },
	{ "audit { rotate-size = 1024G }\n", NULL, "\trotate-size = 1024G\n" },
	{ "audit { rotate-size = 0G }\n", NULL, "" },
	{ "audit { min-free = 0 keep-days = 0 }\n", NULL, "\tkeep-days = 0\n\tmin-free = 0\n" },
	{ "audit { min-free = 65536k keep-days = 36500 }\n", NULL, "\tkeep-days = 36500\n\tmin-free = 64M\n" },
	{ "audit { min-free = 4k }\n", "audit.min-free = auto", "" },
	{ "audit { redact-key = /no }\n", NULL, "\tredact-key = \"/no\"\n" },
	{ "mode = monitor\r\nuser = root\r\n", NULL, "\nuser = \"root\"\npid-file = \"\"\nmode = monitor\n" },
	{ "mx { timeout = 0 }\n", "mx.timeout = 5", "\ttimeout = 5\n" },
	{ "mx { timeout = 3 }\n", "mx { timeout = 5 }", "\ttimeout = 5\n" },
	{ "local-domains = a.example\n", "local-domains = { b.example }",
	  "local-domains = { \"b.example\" }\n" },
	{ "local-domains = a.example\n", "local-domains += b.example",
	  "local-domains = { \"a.example\", \"b.example\" }\n" },
	{ "client-certificates = { \"\\x41\\102\\103\\\\\\\"\\'\\$\", \"a\\\n b\" }\n", NULL,
	  "client-certificates = { \"ABC\\\\\\\"'\\$\", \"a b\" }\n" },
	{ "client-certificates = { '\\x41\\'\\\\${X}' }\n", NULL,
	  "client-certificates = { \"\\\\x41'\\\\\\${X}\" }\n" },
	{ "client-certificates = { \"${CONF_TEST}${CONF_NONE:-b}\" }\n", NULL,
	  "client-certificates = { \"ab\" }\n" },
	{ "client-certificates = { \"\\x80\\xc2\\x9b\" }\n", NULL,
	  "client-certificates = { \"\\x80\\xc2\\x9b\" }\n" },
};

#define CUT	"; the file may be cut off\n"
#define NO_END	"the last line has no line end, the file may be cut off\n"
#define SOCKETS	"; allowed: unix:/PATH, inet:PORT@ADDRESS, inet6:PORT@ADDRESS\n"

static const struct row bad[] = {
	{ "socket = tcp:25\n", NULL, "t.conf:1: socket: \"tcp:25\": it is of none of its kinds" SOCKETS },
	{ "socket = unix:s\n", NULL, "t.conf:1: socket: \"unix:s\": the path is not absolute" SOCKETS },
	{ "socket = unix:\n", NULL, "t.conf:1: socket: \"unix:\": the path is not absolute" SOCKETS },
	{ "socket = unix:/s/\n", NULL, "t.conf:1: socket: \"unix:/s/\": the path is a folder's" SOCKETS },
	{ "socket = 'inet:25'\n", NULL,
	  "t.conf:1: socket: \"inet:25\": it has no @ between port and host" SOCKETS },
	{ "socket = inet:0@::1\n", NULL,
	  "t.conf:1: socket: \"inet:0@::1\": the port is not in 1 to 65535" SOCKETS },
	{ "socket = inet:65536@127.0.0.1\n", NULL,
	  "t.conf:1: socket: \"inet:65536@127.0.0.1\": the port is not in 1 to 65535" SOCKETS },
	{ "socket = inet:25@::1\n", NULL,
	  "t.conf:1: socket: \"inet:25@::1\": the host is no IPv4 address and not localhost" SOCKETS },
	{ "socket = inet:25@::ffff:127.0.0.1\n", NULL, "t.conf:1: socket: \"inet:25@::ffff:127.0.0.1\": "
	  "the host is no IPv4 address and not localhost" SOCKETS },
	{ "socket = inet:25@host.example\n", NULL, "t.conf:1: socket: \"inet:25@host.example\": "
	  "the host is no IPv4 address and not localhost" SOCKETS },
	{ "socket = inet6:25@127.0.0.1\n", NULL, "t.conf:1: socket: \"inet6:25@127.0.0.1\": "
	  "the host is no IPv6 address and not localhost" SOCKETS },
	{ "socket-mode = 999\n", NULL,
	  "t.conf:1: socket-mode: \"999\" is no mode; allowed: 0000 to 0777, octal\n" },
	{ "socket-mode = 1777\n", NULL,
	  "t.conf:1: socket-mode: \"1777\" is no mode; allowed: 0000 to 0777, octal\n" },
	{ "socket-group = no-such\n", NULL, "t.conf:1: socket-group: \"no-such\": no such group\n" },
	{ "user = no-such\n", NULL, "t.conf:1: user: \"no-such\": no such user\n" },
	{ "pid-file = p\n", NULL, "t.conf:1: pid-file: \"p\": the path is not absolute; "
	  "allowed: /PATH, or \"\" for none\n" },
	{ "\nmode = enforced # x\n", NULL,
	  "t.conf:2: mode: \"enforced\" is none of its words; allowed: enforce, monitor\n" },
	{ "mode = \"\"\n", NULL,
	  "t.conf:1: mode: \"\" is none of its words; allowed: enforce, monitor\n" },
	{ "mode = { enforce }\n", NULL, "t.conf:1: mode: a list, where one value is allowed\n" },
	{ "mode += enforce\n", NULL, "t.conf:1: mode: += is for lists; allowed: =\n" },
	{ "denied-reply = \"450 4.7.1 x\"\n", NULL, "t.conf:1: denied-reply: \"450 4.7.1 x\": it must "
	  "begin with a 5xx reply code and a space; allowed: as in 550 5.7.1 TEXT\n" },
	{ "trusted-networks = 10.0.0.1/8\n", NULL, "t.conf:1: trusted-networks: \"10.0.0.1/8\": "
	  "bits are set past the prefix length\n" },
	{ "trusted-networks = example.com\n", NULL, "t.conf:1: trusted-networks: \"example.com\": "
	  "a domain, where a network is allowed\n" },
	{ "relay-domains = {\n\"*.a.example\",\n@a.example, u@a.example,\n192.0.2.1, ::1/128, a..b\n}\n",
	  NULL, "t.conf:2: relay-domains: \"*.a.example\": names below a domain are written with a dot "
	  "in front: .example.com\n"
	  "t.conf:3: relay-domains: \"@a.example\": a domain is written without the @: example.com\n"
	  "t.conf:3: relay-domains: \"u@a.example\": a mail address, where a domain is allowed\n"
	  "t.conf:4: relay-domains: \"192.0.2.1\": an address or network, where a domain is allowed\n"
	  "t.conf:4: relay-domains: \"::1/128\": an address or network, where a domain is allowed\n"
	  "t.conf:4: relay-domains: \"a..b\": a domain has an empty label\n" },
	{ "local-domains = { \"\", . }\n", NULL,
	  "t.conf:1: local-domains: \"\": a domain has an empty label\n"
	  "t.conf:1: local-domains: \".\": a domain has an empty label\n" },
	{ "own-addresses = { 127.0.0.1, \"10.0.0.0/8\", x }\n", NULL,
	  "t.conf:1: own-addresses: \"127.0.0.1\": a loopback address\n"
	  "t.conf:1: own-addresses: \"10.0.0.0/8\": a network, where one address is allowed\n"
	  "t.conf:1: own-addresses: \"x\": no IPv4 or IPv6 address\n" },
	{ "local-submission = yes\n", NULL,
	  "t.conf:1: local-submission: \"yes\" is none of its words; allowed: permit, reject\n" },
	{ "mta-peers = { root, uid:x, 192.0.2.1/24, \"\" }\n", NULL,
	  "t.conf:1: mta-peers: \"uid:x\": not a user number; allowed: as in uid:105\n"
	  "t.conf:1: mta-peers: \"192.0.2.1/24\": no such user, and not a network; allowed: a "
	  "user name, uid:N, or as in 192.0.2.0/24\n"
	  "t.conf:1: mta-peers: \"\": no such user, and not a network; allowed: a user name, "
	  "uid:N, or as in 192.0.2.0/24\n" },
	{ "require-auth-on = { \"\", \"a b\" }\n", NULL, "t.conf:1: require-auth-on: \"\": empty; allowed: "
	  "the name of a listener, or a port\n"
	  "t.conf:1: require-auth-on: \"a b\": a blank or control character in it\n" },
	{ "client-certificates = { \"\", a|b|c, |a, a| }\n", NULL,
	  "t.conf:1: client-certificates: \"\": empty; allowed: SUBJECT, or ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: \"a|b|c\": more than one bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: \"|a\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: \"a|\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n" },
	{ "client-certificates = {\n '/O=A+B/CN=c',\n '/CN=a+',\n '/CN=x+2bb',\n '/CN=a+00',\n"
	  " '/CN=A|/CN=b+DC=c',\n \"/O=\xc3\xbc\",\n \"/CN=a\\n\",\n \"a\\tb\" }\n", NULL,
	  "t.conf:2: client-certificates: \"/O=A+B/CN=c\": " BAD_PLUS
	  "t.conf:3: client-certificates: \"/CN=a+\": " BAD_PLUS
	  "t.conf:4: client-certificates: \"/CN=x+2bb\": " BAD_PLUS
	  "t.conf:5: client-certificates: \"/CN=a+00\": " BAD_PLUS
	  "t.conf:6: client-certificates: \"/CN=A|/CN=b+DC=c\": " BAD_BYTE
	  "t.conf:7: client-certificates: \"/O=\xc3\xbc\": " BAD_BYTE
	  "t.conf:8: client-certificates: \"/CN=a\\x0a\": " BAD_BYTE
	  "t.conf:9: client-certificates: \"a\\x09b\": a control character in it\n" },
	{ "client-certificates = {\n 'CN=x,O=y',\n 'subject=CN = x',\n 'o = y',\n 'Test CA|emailAddress=x',\n"
	  " 'Test CA|/CN=x',\n '/CN=Test CA|x',\n 'Test CA | x',\n ' x',\n '/CN=x ' }\n", NULL,
	  "t.conf:2: client-certificates: \"CN=x,O=y\": " FOREIGN_DN
	  "t.conf:3: client-certificates: \"subject=CN = x\": " FOREIGN_DN
	  "t.conf:4: client-certificates: \"o = y\": " FOREIGN_DN
	  "t.conf:5: client-certificates: \"Test CA|emailAddress=x\": " FOREIGN_DN
	  "t.conf:6: client-certificates: \"Test CA|/CN=x\": " TWO_KINDS
	  "t.conf:7: client-certificates: \"/CN=Test CA|x\": " TWO_KINDS
	  "t.conf:8: client-certificates: \"Test CA | x\": a blank at an end of a name\n"
	  "t.conf:9: client-certificates: \" x\": a blank at an end of a name\n"
	  "t.conf:10: client-certificates: \"/CN=x \": a blank at an end of a name\n" },
	{ "auth { mechanisms = { Anonymous, \"\", A.B, A23456789012345678901 } }\n", NULL,
	  "t.conf:1: auth.mechanisms: \"Anonymous\": nobody is known by it, so it never counts as a login\n"
	  "t.conf:1: auth.mechanisms: \"\": a SASL mechanism has 1 to 20 characters\n"
	  "t.conf:1: auth.mechanisms: \"A.B\": a character that no SASL mechanism has\n"
	  "t.conf:1: auth.mechanisms: \"A23456789012345678901\": a SASL mechanism has 1 to 20 "
	  "characters\n" },
	{ "auth {\nmin-ssf = 1025\nrequire-tls = on }\n", NULL,
	  "t.conf:2: auth.min-ssf: 1025 is out of range; allowed: 0 to 1024\n"
	  "t.conf:3: auth.require-tls: \"on\" is none of its words; allowed: yes, no\n" },
	{ "auth { min-ssf = -1 }\n", NULL,
	  "t.conf:1: auth.min-ssf: \"-1\" is no whole number; allowed: 0 to 1024\n" },
	{ "mx { accept = backup }\n", NULL,
	  "t.conf:1: mx.accept: backup without mx.networks or mx.domains would relay for whoever points an MX "
	  "record here; allowed: with one of them\n" },
	{ "\nmx {\n accept = backup\n networks = 192.0.2.1/24 }\n", NULL,
	  "t.conf:4: mx.networks: \"192.0.2.1/24\": bits are set past the prefix length\n" },
	{ "mx { domains = .example }\n", "mx { accept = backup domains = { } }",
	  "-o 'mx { accept = backup domains = { } }': mx.accept: backup without mx.networks or mx.domains would "
	  "relay for whoever points an MX record here; allowed: with one of them\n" },
	{ "mx { accept = yes }\n", NULL, "t.conf:1: mx.accept: \"yes\" is none of its words; allowed: "
	  "none, backup, primary, any\n" },
	{ "mx { names = .a.example networks = a.example domains = 1.2.3.4 require-dnssec = x }\n", NULL,
	  "t.conf:1: mx.names: \".a.example\": a dot in front, where the name of one host is allowed\n"
	  "t.conf:1: mx.networks: \"a.example\": a domain, where a network is allowed\n"
	  "t.conf:1: mx.domains: \"1.2.3.4\": an address or network, where a domain is allowed\n"
	  "t.conf:1: mx.require-dnssec: \"x\" is none of its words; allowed: yes, no\n" },
	{ "mx { timeout = 0 cache-entries = 99999999999 }\n", NULL,
	  "t.conf:1: mx.timeout: 0 is out of range; allowed: 1 to 60\n"
	  "t.conf:1: mx.cache-entries: 99999999999 is out of range; allowed: 1 to 10000000\n" },
	{ "mx { timeout = 4s }\n", NULL,
	  "t.conf:1: mx.timeout: \"4s\" is no whole number; allowed: 1 to 60\n" },
	{ "dns { servers = { ::1, ::2, ::3, ::4, ::5, ::6, ::7,\n::8, ::9, ::a } }\n", NULL,
	  "t.conf:2: dns.servers: \"::9\": one too many; allowed: 8\n" },
	{ "dns { servers = { a.example, 127.0.0.1:0, [::1]5, [::1, 1.2.3.4:5:6 } trust-ad = maybe }\n", NULL,
	  "t.conf:1: dns.servers: \"a.example\": not an address; allowed: ADDRESS, ADDRESS:PORT, [IPV6]:PORT\n"
	  "t.conf:1: dns.servers: \"127.0.0.1:0\": the port is not in 1 to 65535\n"
	  "t.conf:1: dns.servers: \"[::1]5\": not an address; allowed: ADDRESS, ADDRESS:PORT, [IPV6]:PORT\n"
	  "t.conf:1: dns.servers: \"[::1\": a bracket is not closed\n"
	  "t.conf:1: dns.servers: \"1.2.3.4:5:6\": not an address; allowed: ADDRESS, ADDRESS:PORT, "
	  "[IPV6]:PORT\n"
	  "t.conf:1: dns.trust-ad: \"maybe\" is none of its words; allowed: yes, no, auto\n" },
	{ "audit { syslog = 1 file = a on-failure = x }\n", NULL,
	  "t.conf:1: audit.syslog: \"1\" is none of its words; allowed: yes, no\n"
	  "t.conf:1: audit.file: \"a\": the path is not absolute; allowed: /PATH, or \"\" for none\n"
	  "t.conf:1: audit.on-failure: \"x\" is none of its words; allowed: tempfail, continue\n" },
	{ "audit { rotate-size = auto }\n", NULL, "t.conf:1: audit.rotate-size: \"auto\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { min-free = 2% }\n", NULL, "t.conf:1: audit.min-free: \"2%\" is no size; "
	  "allowed: auto, bytes, or with k, M or G behind the number\n" },
	{ "audit { min-free = 1 }\n", NULL, "t.conf:1: audit.min-free: \"1\" is out of range; "
	  "allowed: auto, 0, or 4k to 1024G\n" },
	{ "audit { keep-days = 36501 }\n", NULL,
	  "t.conf:1: audit.keep-days: 36501 is out of range; allowed: 0 to 36500\n" },
	{ "audit { rotate-size = 4095 }\n", NULL, "t.conf:1: audit.rotate-size: \"4095\" is out of range; "
	  "allowed: 0, or 4k to 1024G\n" },
	{ "audit { rotate-size = 3k }\n", NULL, "t.conf:1: audit.rotate-size: \"3k\" is out of range; "
	  "allowed: 0, or 4k to 1024G\n" },
	{ "audit { rotate-size = 1025G }\n", NULL, "t.conf:1: audit.rotate-size: \"1025G\" is out of range; "
	  "allowed: 0, or 4k to 1024G\n" },
	{ "audit { rotate-size = 1048577M }\n", NULL, "t.conf:1: audit.rotate-size: \"1048577M\" is out of range; "
	  "allowed: 0, or 4k to 1024G\n" },
	{ "audit { rotate-size = 999999999999999999 }\n", NULL, "t.conf:1: audit.rotate-size: \"999999999999999999\" is out of range; "
	  "allowed: 0, or 4k to 1024G\n" },
	{ "audit { rotate-size = 1T }\n", NULL, "t.conf:1: audit.rotate-size: \"1T\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = k }\n", NULL, "t.conf:1: audit.rotate-size: \"k\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = -4k }\n", NULL, "t.conf:1: audit.rotate-size: \"-4k\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = 4kk }\n", NULL, "t.conf:1: audit.rotate-size: \"4kk\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = 4K }\n", NULL, "t.conf:1: audit.rotate-size: \"4K\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = '4 k' }\n", NULL, "t.conf:1: audit.rotate-size: \"4 k\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = 9999999999999999999 }\n", NULL, "t.conf:1: audit.rotate-size: \"9999999999999999999\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { rotate-size = x }\n", NULL, "t.conf:1: audit.rotate-size: \"x\" is no size; "
	  "allowed: bytes, or with k, M or G behind the number\n" },
	{ "audit { stranger-rate = 100001 stranger-burst = 0 }\n", NULL,
	  "t.conf:1: audit.stranger-rate: 100001 is out of range; allowed: 0 to 100000\n"
	  "t.conf:1: audit.stranger-burst: 0 is out of range; allowed: 1 to 10000000\n" },
	{ "audit { queue = 0 keep = 0 anchor-interval = 86401 durability = fast redact = all }\n", NULL,
	  "t.conf:1: audit.durability: \"fast\" is none of its words; allowed: buffered, written, synced\n"
	  "t.conf:1: audit.queue: 0 is out of range; allowed: 1 to 10000000\n"
	  "t.conf:1: audit.keep: 0 is out of range; allowed: 1 to 9999\n"
	  "t.conf:1: audit.anchor-interval: 86401 is out of range; allowed: 0 to 86400\n"
	  "t.conf:1: audit.redact: \"all\" is none of its words; allowed: none, local-part\n" },
	{ "mode = monitor\naudit { key = /no/key }\n", NULL,
	  "t.conf:2: audit.key: \"/no/key\": No such file or directory\n" },
	{ "audit { redact = local-part\nredact-key = /no/key }\n", NULL,
	  "t.conf:2: audit.redact-key: \"/no/key\": No such file or directory\n" },
	{ "audit { key = key redact = local-part redact-key = key }\n", NULL,
	  "t.conf:1: audit.key: \"key\": the path is not absolute; allowed: /PATH, or \"\" for none\n"
	  "t.conf:1: audit.redact-key: \"key\": the path is not absolute; allowed: /PATH, or \"\" for none\n" },
	{ "audit { facility = kern }\n", NULL, "t.conf:1: audit.facility: \"kern\" is none of its words; "
	  "allowed: auth, authpriv, cron, daemon, ftp, local0, local1, local2, local3, local4, local5, "
	  "local6, local7, lpr, mail, news, syslog, user, uucp\n" },
	/* list files */
	{ "relay-domains = \"file:none.txt\"\n", NULL,
	  "t.conf:1: relay-domains: \"file:none.txt\": No such file or directory\n" },
	{ "relay-domains = \"file:\"\n", NULL,
	  "t.conf:1: relay-domains: \"file:\": no path after file:\n" },
	{ "relay-domains = \"file:.\"\n", NULL, "t.conf:1: relay-domains: \"file:.\": Is a directory\n" },
	{ "relay-domains = \"file:nul.txt\"\n", NULL,
	  "t.conf:1: relay-domains: \"file:nul.txt\": a NUL byte in it: it is no text file\n" },
	{ "\nrelay-domains = \"file:bad.txt\"\nmode = x\n", NULL,
	  "bad.txt:2: relay-domains: \"*.b.example\": names below a domain are written with a dot in "
	  "front: .example.com\n"
	  "bad.txt:4: relay-domains: \"a.example\": more than one entry in a line\n"
	  "bad.txt:5: " NO_END
	  "t.conf:3: mode: \"x\" is none of its words; allowed: enforce, monitor\n" },
	{ "require-auth-on = \"file:x\"\nclient-certificates = { |x }\n", NULL,
	  "t.conf:2: client-certificates: \"|x\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n" },
	/* names */
	{ "tiemout = 4\nmx { tiemout = { 4, \"}\" } mode = enforce }\nzzzzzzzz = { a = b }\nmode = x\n", NULL,
	  "t.conf:1: unknown setting \"tiemout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:2: unknown setting \"mx.tiemout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:2: unknown setting \"mx.mode\"; did you mean \"mode\"?\n"
	  "t.conf:3: unknown setting \"zzzzzzzz\"\n"
	  "t.conf:4: mode: \"x\" is none of its words; allowed: enforce, monitor\n" },
	{ "mx.timeout = 4\nmx|timeout = 4\nMODE = monitor\n", NULL,
	  "t.conf:1: unknown setting \"mx.timeout\"; write mx { timeout = VALUE }\n"
	  "t.conf:2: unknown setting \"mx|timeout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:3: unknown setting \"MODE\"\n" },
	{ "foo {\n a { } b = \"}\" }\nmx {\n mx { } }\nmx = { a }\nmode { x }\n", NULL,
	  "t.conf:1: unknown section \"foo\"; allowed: auth, mx, dns, audit\n"
	  "t.conf:4: unknown section \"mx.mx\"; allowed: auth, mx, dns, audit\n"
	  "t.conf:5: \"mx\" is a section; write mx { SETTING = VALUE }\n"
	  "t.conf:6: \"mode\" is a setting and no section; write mode = VALUE\n" },
	{ "# a\n/* b\n*/ mode = monitor\n\nmode = enforce\nmx { timeout = 3 }\nmx { timeout = 3 }\n", NULL,
	  "t.conf:5: mode: given already in line 3; allowed: once\n"
	  "t.conf:7: mx.timeout: given already in line 6; allowed: once\n" },
	{ "relay-domains += { a }\nrelay-domains = { b }\n", NULL,
	  "t.conf:2: relay-domains: given already in line 1; allowed: once\n" },
	/* syntax; what stands before it is still checked */
	{ "mode = x\nuser root\nsocket = x\n", NULL,
	  "t.conf:1: mode: \"x\" is none of its words; allowed: enforce, monitor\n"
	  "t.conf:2: unexpected \"root\" after \"user\"; allowed: =\n" },
	{ "mx timeout\n", NULL, "t.conf:1: unexpected \"timeout\" after \"mx\"; allowed: {\n" },
	{ "mode = = x\n", NULL, "t.conf:1: unexpected \"=\" after \"mode\"; allowed: a value\n" },
	{ "relay-domains = { a b }\n", NULL,
	  "t.conf:1: unexpected \"b\" after \"relay-domains\"; allowed: a comma or }\n" },
	{ "relay-domains = { , a }\n", NULL,
	  "t.conf:1: unexpected \",\" after \"relay-domains\"; allowed: a value or }\n" },
	{ "}\n", NULL, "t.conf:1: unexpected \"}\"; no section is open\n" },
	{ "= x\n", NULL, "t.conf:1: unexpected \"=\"; allowed: the name of a setting or section\n" },
	{ "include(\"x\")\n", NULL, "t.conf:1: include is not supported; long lists can be in files of their "
	  "own: file:PATH\n" },
	{ "user = a*b\n", NULL,
	  "t.conf:1: \"*\": unexpected character; put what has it in quotation marks\n"
	  "t.conf:1: user: \"a\": no such user\n" },
	{ "user = ${HOME}\n", NULL,
	  "t.conf:1: \"$\": unexpected character; put what has it in quotation marks\n" },
	{ "user = \"${HOME\nmode = monitor\nmx { }\n", NULL,
	  "t.conf:1: ${ is not closed; the two characters themselves are written \\${\n" },
	{ "user = \"${CONF_NONE}\"\n", NULL, "t.conf:1: a variable of the environment is not set\n" },
	{ "user = \"root\nmode = \"x\"\n", NULL, "t.conf:1: a string is not closed in its line\n" },
	{ "user = 'root\n", NULL, "t.conf:1: a string is not closed in its line\n" },
	{ "user = \"root\\q\"\n", NULL,
	  "t.conf:1: unknown escape; a backslash itself is written \\\\\n" },
	{ "user = \"root\\0x\"\n", NULL,
	  "t.conf:1: unknown escape; a backslash itself is written \\\\\n" },
	{ "user = \"root\\x00\"\n", NULL,
	  "t.conf:1: unknown escape; a backslash itself is written \\\\\n" },
	{ "user = \"\\400\"\n", NULL,
	  "t.conf:1: unknown escape; a backslash itself is written \\\\\n" },
	{ "user = \"\x1b\"\n", NULL, "t.conf:1: a control character in a string\n" },
	{ "user = \"\\e[1m\"\n", NULL, "t.conf:1: user: \"\\x1b[1m\": no such user\n" },
	{ "\xef\xbb\xbfmode = monitor\n", NULL, "t.conf:1: a byte order mark; save the file without\n" },
	{ "mode = x\nuser = \"\xff\"\nmode = y\n", NULL,
	  "t.conf:1: mode: \"x\" is none of its words; allowed: enforce, monitor\n"
	  "t.conf:2: a byte that is no UTF-8\n" },
	/* cut off */
	{ "mode = monitor", NULL, "t.conf:1: " NO_END },
	{ "mx {\n timeout = 1", NULL, "t.conf:2: " NO_END },
	{ "mx {\n timeout = 3\n", NULL, "t.conf:1: section \"mx\" is not closed" CUT },
	{ "mode\n", NULL, "t.conf:1: what begins with \"mode\" is not finished at the end" CUT },
	{ "mode =\n", NULL, "t.conf:1: what begins with \"mode\" is not finished at the end" CUT },
	{ "\nrelay-domains = { a,\n b,\n", NULL,
	  "t.conf:2: what begins with \"relay-domains\" is not finished at the end" CUT },
	{ "x {\n b { }\n", NULL, "t.conf:1: unknown section \"x\"; allowed: auth, mx, dns, audit\n"
	  "t.conf:1: what begins with \"x\" is not finished at the end" CUT },
	{ "\n/* mode = monitor\n", NULL, "t.conf:2: a comment is not closed\n" },
	/* overrides */
	{ "\nmode = x\n", "mx.timeout = 61",
	  "t.conf:2: mode: \"x\" is none of its words; allowed: enforce, monitor\n"
	  "-o 'mx.timeout = 61': mx.timeout: 61 is out of range; allowed: 1 to 60\n" },
	{ "", "", "-o '': empty; allowed: SETTING = VALUE\n" },
	{ "", "mode", "-o 'mode': what begins with \"mode\" is not finished at the end\n" },
	{ "", "x = 1", "-o 'x = 1': unknown setting \"x\"\n" },
	{ "", "mx.x = 1", "-o 'mx.x = 1': unknown setting \"mx.x\"\n" },
	{ "", "mx.timeout = 3 } mx { timeout = 4",
	  "-o 'mx.timeout = 3 } mx { timeout = 4': unexpected \"}\"; no section is open\n" },
	{ "", "mx { timeout = 3",
	  "-o 'mx { timeout = 3': section \"mx\" is not closed\n" },
	{ "", "mode = mo\nnitor\x1b", "-o '\"mode = mo\\x0anitor\\x1b\"': mode: \"mo\" is none of its words; "
	  "allowed: enforce, monitor\n"
	  "-o '\"mode = mo\\x0anitor\\x1b\"': \"\\x1b\": unexpected character; put what has it in "
	  "quotation marks\n" },
};

#endif
