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

#define NO_RECIPIENTS	"t.conf: local-domains and relay-domains are empty, and mx.accept is none: all mail to this host " \
			"would be refused; set one of them, or no-local-domains = yes on a host that receives no mail\n"

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

#define MECHANISM	"; expected 1 to 20 letters, digits, hyphens and underscores\n"
#define CUT	"; the file may be cut off\n"
#define NO_END	"the last line has no newline; the file may be cut off\n"
#define SOCKETS	"; expected unix:/PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS\n"
#define NETWORKS	"; expected ADDRESS, ADDRESS/LENGTH or file:PATH\n"
#define DOMAINS	"; expected DOMAIN, .DOMAIN or file:PATH\n"
#define PATHS	"; expected /PATH, or \"\" for none\n"

static const struct row bad[] = {
	{ "socket = tcp:25\n", NULL, "t.conf:1: socket: invalid value \"tcp:25\": unknown kind of socket" SOCKETS },
	{ "socket = unix:s\n", NULL, "t.conf:1: socket: invalid value \"unix:s\": the path is not absolute" SOCKETS },
	{ "socket = unix:\n", NULL, "t.conf:1: socket: invalid value \"unix:\": the path is not absolute" SOCKETS },
	{ "socket = unix:/s/\n", NULL, "t.conf:1: socket: invalid value \"unix:/s/\": the path is that of a directory" SOCKETS },
	{ "socket = 'inet:25'\n", NULL,
	  "t.conf:1: socket: invalid value \"inet:25\": there is no @ between port and host" SOCKETS },
	{ "socket = inet:0@::1\n", NULL,
	  "t.conf:1: socket: invalid value \"inet:0@::1\": the port is not between 1 and 65535" SOCKETS },
	{ "socket = inet:65536@127.0.0.1\n", NULL,
	  "t.conf:1: socket: invalid value \"inet:65536@127.0.0.1\": the port is not between 1 and 65535" SOCKETS },
	{ "socket = inet:25@::1\n", NULL,
	  "t.conf:1: socket: invalid value \"inet:25@::1\": the host is neither an IPv4 address nor localhost" SOCKETS },
	{ "socket = inet:25@::ffff:127.0.0.1\n", NULL, "t.conf:1: socket: invalid value \"inet:25@::ffff:127.0.0.1\": "
	  "the host is neither an IPv4 address nor localhost" SOCKETS },
	{ "socket = inet:25@host.example\n", NULL, "t.conf:1: socket: invalid value \"inet:25@host.example\": "
	  "the host is neither an IPv4 address nor localhost" SOCKETS },
	{ "socket = inet6:25@127.0.0.1\n", NULL, "t.conf:1: socket: invalid value \"inet6:25@127.0.0.1\": "
	  "the host is neither an IPv6 address nor localhost" SOCKETS },
	{ "socket-mode = 999\n", NULL,
	  "t.conf:1: socket-mode: invalid value \"999\"; expected an octal mode from 0000 to 0777\n" },
	{ "socket-mode = 1777\n", NULL,
	  "t.conf:1: socket-mode: invalid value \"1777\"; expected an octal mode from 0000 to 0777\n" },
	{ "socket-group = no-such\n", NULL, "t.conf:1: socket-group: no such group \"no-such\"\n" },
	{ "user = no-such\n", NULL, "t.conf:1: user: no such user \"no-such\"\n" },
	{ "pid-file = p\n", NULL, "t.conf:1: pid-file: invalid value \"p\": the path is not absolute; expected /PATH, or \"\" for none\n" },
	{ "\nmode = enforced # x\n", NULL,
	  "t.conf:2: mode: invalid value \"enforced\"; expected enforce or monitor\n" },
	{ "mode = \"\"\n", NULL,
	  "t.conf:1: mode: invalid value \"\"; expected enforce or monitor\n" },
	{ "mode = { enforce }\n", NULL, "t.conf:1: mode: unexpected list; expected one word\n" },
	{ "mode += enforce\n", NULL, "t.conf:1: mode: += is for lists; expected =\n" },
	{ "denied-reply = \"450 4.7.1 x\"\n", NULL, "t.conf:1: denied-reply: invalid value \"450 4.7.1 x\": it must "
	  "begin with a 5xx reply code and a space; expected a reply such as 550 5.7.1 TEXT\n" },
	{ "trusted-networks = 10.0.0.1/8\n", NULL, "t.conf:1: trusted-networks: invalid entry \"10.0.0.1/8\": bits are set past the prefix length" NETWORKS },
	{ "trusted-networks = example.com\n", NULL, "t.conf:1: trusted-networks: invalid entry \"example.com\": it is a domain" NETWORKS },
	{ "relay-domains = {\n\"*.a.example\",\n@a.example, u@a.example,\n192.0.2.1, ::1/128, a..b\n}\n",
	  NULL, "t.conf:2: relay-domains: invalid entry \"*.a.example\": all names below a domain are written with a leading dot, as in "
	  ".example.com" DOMAINS
	  "t.conf:3: relay-domains: invalid entry \"@a.example\": a domain has no @ before it" DOMAINS
	  "t.conf:3: relay-domains: invalid entry \"u@a.example\": it is a mail address" DOMAINS
	  "t.conf:4: relay-domains: invalid entry \"192.0.2.1\": it is an address or network" DOMAINS
	  "t.conf:4: relay-domains: invalid entry \"::1/128\": it is an address or network" DOMAINS
	  "t.conf:4: relay-domains: invalid entry \"a..b\": a domain has an empty label" DOMAINS },
	{ "local-domains = { \"\", . }\n", NULL,
	  "t.conf:1: local-domains: invalid entry \"\": a domain has an empty label" DOMAINS
	  "t.conf:1: local-domains: invalid entry \".\": a domain has an empty label" DOMAINS },
	{ "own-addresses = { 127.0.0.1, \"10.0.0.0/8\", x }\n", NULL,
	  "t.conf:1: own-addresses: invalid entry \"127.0.0.1\": a loopback address; expected ADDRESS or file:PATH\n"
	  "t.conf:1: own-addresses: invalid entry \"10.0.0.0/8\": it is a network; expected ADDRESS or file:PATH\n"
	  "t.conf:1: own-addresses: invalid entry \"x\": not an IPv4 or IPv6 address; expected ADDRESS or file:PATH\n" },
	{ "local-submission = yes\n", NULL,
	  "t.conf:1: local-submission: invalid value \"yes\"; expected permit or reject\n" },
	{ "mta-peers = { root, uid:x, 192.0.2.1/24, \"\" }\n", NULL,
	  "t.conf:1: mta-peers: invalid entry \"uid:x\": not a user number; allowed: as in uid:105\n"
	  "t.conf:1: mta-peers: invalid entry \"192.0.2.1/24\": no such user, and not a network; allowed: a "
	  "user name, uid:N, or as in 192.0.2.0/24\n"
	  "t.conf:1: mta-peers: invalid entry \"\": no such user, and not a network; allowed: a user name, "
	  "uid:N, or as in 192.0.2.0/24\n" },
	{ "require-auth-on = { \"\", \"a b\" }\n", NULL, "t.conf:1: require-auth-on: invalid entry \"\": it is empty; expected "
	  "the name of a listener, or a port\n"
	  "t.conf:1: require-auth-on: invalid entry \"a b\": it has a blank or control character; "
	  "expected the name of a listener, or a port\n" },
	{ "client-certificates = { \"\", a|b|c, |a, a| }\n", NULL,
	  "t.conf:1: client-certificates: invalid entry \"\": empty; allowed: SUBJECT, or ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: invalid entry \"a|b|c\": more than one bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: invalid entry \"|a\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n"
	  "t.conf:1: client-certificates: invalid entry \"a|\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n" },
	{ "client-certificates = {\n '/O=A+B/CN=c',\n '/CN=a+',\n '/CN=x+2bb',\n '/CN=a+00',\n"
	  " '/CN=A|/CN=b+DC=c',\n \"/O=\xc3\xbc\",\n \"/CN=a\\n\",\n \"a\\tb\" }\n", NULL,
	  "t.conf:2: client-certificates: invalid entry \"/O=A+B/CN=c\": " BAD_PLUS
	  "t.conf:3: client-certificates: invalid entry \"/CN=a+\": " BAD_PLUS
	  "t.conf:4: client-certificates: invalid entry \"/CN=x+2bb\": " BAD_PLUS
	  "t.conf:5: client-certificates: invalid entry \"/CN=a+00\": " BAD_PLUS
	  "t.conf:6: client-certificates: invalid entry \"/CN=A|/CN=b+DC=c\": " BAD_BYTE
	  "t.conf:7: client-certificates: invalid entry \"/O=\xc3\xbc\": " BAD_BYTE
	  "t.conf:8: client-certificates: invalid entry \"/CN=a\\x0a\": " BAD_BYTE
	  "t.conf:9: client-certificates: invalid entry \"a\\x09b\": a control character in it\n" },
	{ "client-certificates = {\n 'CN=x,O=y',\n 'subject=CN = x',\n 'o = y',\n 'Test CA|emailAddress=x',\n"
	  " 'Test CA|/CN=x',\n '/CN=Test CA|x',\n 'Test CA | x',\n ' x',\n '/CN=x ' }\n", NULL,
	  "t.conf:2: client-certificates: invalid entry \"CN=x,O=y\": " FOREIGN_DN
	  "t.conf:3: client-certificates: invalid entry \"subject=CN = x\": " FOREIGN_DN
	  "t.conf:4: client-certificates: invalid entry \"o = y\": " FOREIGN_DN
	  "t.conf:5: client-certificates: invalid entry \"Test CA|emailAddress=x\": " FOREIGN_DN
	  "t.conf:6: client-certificates: invalid entry \"Test CA|/CN=x\": " TWO_KINDS
	  "t.conf:7: client-certificates: invalid entry \"/CN=Test CA|x\": " TWO_KINDS
	  "t.conf:8: client-certificates: invalid entry \"Test CA | x\": a blank at an end of a name\n"
	  "t.conf:9: client-certificates: invalid entry \" x\": a blank at an end of a name\n"
	  "t.conf:10: client-certificates: invalid entry \"/CN=x \": a blank at an end of a name\n" },
	{ "auth { mechanisms = { Anonymous, \"\", A.B, A23456789012345678901 } }\n", NULL,
	  "t.conf:1: auth.mechanisms: invalid entry \"Anonymous\": it identifies nobody, and so is no login" MECHANISM
	  "t.conf:1: auth.mechanisms: invalid entry \"\": it is empty" MECHANISM
	  "t.conf:1: auth.mechanisms: invalid entry \"A.B\": it has another character" MECHANISM
	  "t.conf:1: auth.mechanisms: invalid entry \"A23456789012345678901\": it is too long" MECHANISM },
	{ "auth {\nmin-ssf = 1025\nrequire-tls = on }\n", NULL,
	  "t.conf:2: auth.min-ssf: invalid value \"1025\"; expected 0 to 1024\n"
	  "t.conf:3: auth.require-tls: invalid value \"on\"; expected yes or no\n" },
	{ "auth { min-ssf = -1 }\n", NULL,
	  "t.conf:1: auth.min-ssf: invalid value \"-1\"; expected 0 to 1024\n" },
	{ "mx { accept = backup }\n", NULL,
	  "t.conf:1: mx.accept: backup would relay for every domain that points an MX record "
	  "here; set mx.networks or mx.domains\n" },
	{ "\nmx {\n accept = backup\n networks = 192.0.2.1/24 }\n", NULL,
	  "t.conf:4: mx.networks: invalid entry \"192.0.2.1/24\": bits are set past the prefix length" NETWORKS },
	{ "mx { domains = .example }\n", "mx { accept = backup domains = { } }",
	  "-o 'mx { accept = backup domains = { } }': mx.accept: backup would relay for every domain that points an MX record "
	  "here; set mx.networks or mx.domains\n" },
	{ "mx { accept = yes }\n", NULL, "t.conf:1: mx.accept: invalid value \"yes\"; expected none, backup, primary or any\n" },
	{ "mx { names = .a.example networks = a.example domains = 1.2.3.4 require-dnssec = x }\n", NULL,
	  "t.conf:1: mx.names: invalid entry \".a.example\": it begins with a dot; expected the name of a host\n"
	  "t.conf:1: mx.networks: invalid entry \"a.example\": it is a domain" NETWORKS
	  "t.conf:1: mx.domains: invalid entry \"1.2.3.4\": it is an address or network" DOMAINS
	  "t.conf:1: mx.require-dnssec: invalid value \"x\"; expected yes or no\n" },
	{ "mx { timeout = 0 cache-entries = 99999999999 }\n", NULL,
	  "t.conf:1: mx.timeout: invalid value \"0\"; expected 1 to 60\n"
	  "t.conf:1: mx.cache-entries: invalid value \"99999999999\"; expected 1 to 10000000\n" },
	{ "mx { timeout = 4s }\n", NULL,
	  "t.conf:1: mx.timeout: invalid value \"4s\"; expected 1 to 60\n" },
	{ "dns { servers = { ::1, ::2, ::3, ::4, ::5, ::6, ::7,\n::8, ::9, ::a } }\n", NULL,
	  "t.conf:2: dns.servers: invalid entry \"::9\": too many name servers; expected at most 8\n" },
	{ "dns { servers = { a.example, 127.0.0.1:0, [::1]5, [::1, 1.2.3.4:5:6 } trust-ad = maybe }\n", NULL,
	  "t.conf:1: dns.servers: invalid entry \"a.example\": not an address; allowed: ADDRESS, ADDRESS:PORT, [IPV6]:PORT\n"
	  "t.conf:1: dns.servers: invalid entry \"127.0.0.1:0\": the port is not in 1 to 65535\n"
	  "t.conf:1: dns.servers: invalid entry \"[::1]5\": not an address; allowed: ADDRESS, ADDRESS:PORT, [IPV6]:PORT\n"
	  "t.conf:1: dns.servers: invalid entry \"[::1\": a bracket is not closed\n"
	  "t.conf:1: dns.servers: invalid entry \"1.2.3.4:5:6\": not an address; allowed: ADDRESS, ADDRESS:PORT, "
	  "[IPV6]:PORT\n"
	  "t.conf:1: dns.trust-ad: invalid value \"maybe\"; expected yes, no or auto\n" },
	{ "audit { syslog = 1 file = a on-failure = x }\n", NULL,
	  "t.conf:1: audit.syslog: invalid value \"1\"; expected yes or no\n"
	  "t.conf:1: audit.file: invalid value \"a\": the path is not absolute; expected /PATH, or \"\" for none\n"
	  "t.conf:1: audit.on-failure: invalid value \"x\"; expected tempfail or continue\n" },
	{ "audit { rotate-size = auto }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"auto\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { min-free = 2% }\n", NULL, "t.conf:1: audit.min-free: invalid value \"2%\"; expected auto, 0, or a size from 4k to 1024G\n" },
	{ "audit { min-free = 1 }\n", NULL, "t.conf:1: audit.min-free: invalid value \"1\"; expected auto, 0, or a size from 4k to 1024G\n" },
	{ "audit { keep-days = 36501 }\n", NULL,
	  "t.conf:1: audit.keep-days: invalid value \"36501\"; expected 0 to 36500\n" },
	{ "audit { rotate-size = 4095 }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"4095\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 3k }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"3k\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 1025G }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"1025G\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 1048577M }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"1048577M\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 999999999999999999 }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"999999999999999999\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 1T }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"1T\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = k }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"k\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = -4k }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"-4k\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 4kk }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"4kk\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 4K }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"4K\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = '4 k' }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"4 k\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = 9999999999999999999 }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"9999999999999999999\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { rotate-size = x }\n", NULL, "t.conf:1: audit.rotate-size: invalid value \"x\"; expected 0, or a size from 4k to 1024G\n" },
	{ "audit { stranger-rate = 100001 stranger-burst = 0 }\n", NULL,
	  "t.conf:1: audit.stranger-rate: invalid value \"100001\"; expected 0 to 100000\n"
	  "t.conf:1: audit.stranger-burst: invalid value \"0\"; expected 1 to 10000000\n" },
	{ "audit { queue = 0 keep = 0 anchor-interval = 86401 durability = fast redact = all }\n", NULL,
	  "t.conf:1: audit.durability: invalid value \"fast\"; expected buffered, written or synced\n"
	  "t.conf:1: audit.queue: invalid value \"0\"; expected 1 to 10000000\n"
	  "t.conf:1: audit.keep: invalid value \"0\"; expected 1 to 9999\n"
	  "t.conf:1: audit.anchor-interval: invalid value \"86401\"; expected 0 to 86400\n"
	  "t.conf:1: audit.redact: invalid value \"all\"; expected none or local-part\n" },
	{ "mode = monitor\naudit { key = /no/key }\n", NULL,
	  "t.conf:2: audit.key: cannot use \"/no/key\": No such file or directory\n" },
	{ "audit { redact = local-part\nredact-key = /no/key }\n", NULL,
	  "t.conf:2: audit.redact-key: cannot use \"/no/key\": No such file or directory\n" },
	{ "audit { key = key redact = local-part redact-key = key }\n", NULL,
	  "t.conf:1: audit.key: invalid value \"key\": the path is not absolute; expected /PATH, or \"\" for none\n"
	  "t.conf:1: audit.redact-key: invalid value \"key\": the path is not absolute; expected /PATH, or \"\" for none\n" },
	{ "audit { facility = kern }\n", NULL, "t.conf:1: audit.facility: invalid value \"kern\"; expected auth, authpriv, cron, daemon, ftp, local0, local1, local2, local3, local4, local5, "
	  "local6, local7, lpr, mail, news, syslog, user or uucp\n" },
	/* list files */
	{ "relay-domains = \"file:none.txt\"\n", NULL,
	  "t.conf:1: relay-domains: invalid entry \"file:none.txt\": No such file or directory\n" },
	{ "relay-domains = \"file:\"\n", NULL,
	  "t.conf:1: relay-domains: invalid entry \"file:\": the path is missing; expected file:PATH\n" },
	{ "relay-domains = \"file:.\"\n", NULL, "t.conf:1: relay-domains: invalid entry \"file:.\": Is a directory\n" },
	{ "relay-domains = \"file:nul.txt\"\n", NULL,
	  "t.conf:1: relay-domains: invalid entry \"file:nul.txt\": it has a NUL byte; expected a text file\n" },
	{ "\nrelay-domains = \"file:bad.txt\"\nmode = x\n", NULL,
	  "bad.txt:2: relay-domains: invalid entry \"*.b.example\": all names below a domain are written with a leading dot, as in "
	  ".example.com" DOMAINS
	  "bad.txt:4: relay-domains: invalid entry \"a.example\": more than one entry on a line" DOMAINS
	  "bad.txt:5: " NO_END
	  "t.conf:3: mode: invalid value \"x\"; expected enforce or monitor\n" },
	{ "require-auth-on = \"file:x\"\nclient-certificates = { |x }\n", NULL,
	  "t.conf:2: client-certificates: invalid entry \"|x\": nothing on one side of the bar; allowed: SUBJECT, or "
	  "ISSUER|SUBJECT\n" },
	/* names */
	{ "tiemout = 4\nmx { tiemout = { 4, \"}\" } mode = enforce }\nzzzzzzzz = { a = b }\nmode = x\n", NULL,
	  "t.conf:1: unknown setting \"tiemout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:2: unknown setting \"mx.tiemout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:2: unknown setting \"mx.mode\"; did you mean \"mode\"?\n"
	  "t.conf:3: unknown setting \"zzzzzzzz\"; see authrelay.conf(5)\n"
	  "t.conf:4: mode: invalid value \"x\"; expected enforce or monitor\n" },
	{ "mx.timeout = 4\nmx|timeout = 4\nMODE = monitor\n", NULL,
	  "t.conf:1: unknown setting \"mx.timeout\"; expected mx { timeout = VALUE }\n"
	  "t.conf:2: unknown setting \"mx|timeout\"; did you mean \"mx.timeout\"?\n"
	  "t.conf:3: unknown setting \"MODE\"; see authrelay.conf(5)\n" },
	{ "foo {\n a { } b = \"}\" }\nmx {\n mx { } }\nmx = { a }\nmode { x }\n", NULL,
	  "t.conf:1: unknown section \"foo\"; expected one of auth, mx, dns, audit\n"
	  "t.conf:4: unknown section \"mx.mx\"; expected one of auth, mx, dns, audit\n"
	  "t.conf:5: \"mx\" is a section; expected mx { SETTING = VALUE }\n"
	  "t.conf:6: \"mode\" is a setting, not a section; expected mode = VALUE\n" },
	{ "# a\n/* b\n*/ mode = monitor\n\nmode = enforce\nmx { timeout = 3 }\nmx { timeout = 3 }\n", NULL,
	  "t.conf:5: mode: already set in line 3; set it once\n"
	  "t.conf:7: mx.timeout: already set in line 6; set it once\n" },
	{ "relay-domains += { a }\nrelay-domains = { b }\n", NULL,
	  "t.conf:2: relay-domains: already set in line 1; use += to add to it\n" },
	/* syntax; what stands before it is still checked */
	{ "mode = x\nuser root\nsocket = x\n", NULL,
	  "t.conf:1: mode: invalid value \"x\"; expected enforce or monitor\n"
	  "t.conf:2: unexpected \"root\" after \"user\"; expected =\n" },
	{ "mx timeout\n", NULL, "t.conf:1: unexpected \"timeout\" after \"mx\"; expected {\n" },
	{ "mode = = x\n", NULL, "t.conf:1: unexpected \"=\" after \"mode\"; expected a value\n" },
	{ "relay-domains = { a b }\n", NULL,
	  "t.conf:1: unexpected \"b\" after \"relay-domains\"; expected a comma or }\n" },
	{ "relay-domains = { , a }\n", NULL,
	  "t.conf:1: unexpected \",\" after \"relay-domains\"; expected a value or }\n" },
	{ "}\n", NULL, "t.conf:1: unexpected \"}\"; no section is open\n" },
	{ "= x\n", NULL, "t.conf:1: unexpected \"=\"; expected the name of a setting or section\n" },
	{ "include(\"x\")\n", NULL, "t.conf:1: include is not supported; put a long list in a file "
	  "of its own, file:PATH\n" },
	{ "user = a*b\n", NULL,
	  "t.conf:1: \"*\": unexpected character; put the value in quotation marks\n"
	  "t.conf:1: user: no such user \"a\"\n" },
	{ "user = ${HOME}\n", NULL,
	  "t.conf:1: \"$\": unexpected character; put the value in quotation marks\n" },
	{ "user = \"${HOME\nmode = monitor\nmx { }\n", NULL,
	  "t.conf:1: ${ is not closed; write \\${ for these two characters\n" },
	{ "user = \"${CONF_NONE}\"\n", NULL, "t.conf:1: \"${CONF_NONE}\": environment variable is not set; set it, or write ${NAME:-VALUE}\n" },
	{ "user = \"root\nmode = \"x\"\n", NULL, "t.conf:1: string is not closed; expected a quotation mark in the same line\n" },
	{ "user = 'root\n", NULL, "t.conf:1: string is not closed; expected a quotation mark in the same line\n" },
	{ "user = \"root\\q\"\n", NULL,
	  "t.conf:1: unknown escape; write \\\\ for a backslash\n" },
	{ "user = \"root\\0x\"\n", NULL,
	  "t.conf:1: unknown escape; write \\\\ for a backslash\n" },
	{ "user = \"root\\x00\"\n", NULL,
	  "t.conf:1: unknown escape; write \\\\ for a backslash\n" },
	{ "user = \"\\400\"\n", NULL,
	  "t.conf:1: unknown escape; write \\\\ for a backslash\n" },
	{ "user = \"\x1b\"\n", NULL, "t.conf:1: control character in a string; write it as an escape\n" },
	{ "user = \"\\e[1m\"\n", NULL, "t.conf:1: user: no such user \"\\x1b[1m\"\n" },
	{ "\xef\xbb\xbfmode = monitor\n", NULL, "t.conf:1: byte order mark; save the file without it\n" },
	{ "mode = x\nuser = \"\xff\"\nmode = y\n", NULL,
	  "t.conf:1: mode: invalid value \"x\"; expected enforce or monitor\n"
	  "t.conf:2: invalid UTF-8; save the file as UTF-8\n" },
	/* cut off */
	{ "mode = monitor", NULL, "t.conf:1: " NO_END },
	{ "mx {\n timeout = 1", NULL, "t.conf:2: " NO_END },
	{ "mx {\n timeout = 3\n", NULL, "t.conf:1: section \"mx\" has no closing brace" CUT },
	{ "mode\n", NULL, "t.conf:1: \"mode\" is incomplete" CUT },
	{ "mode =\n", NULL, "t.conf:1: \"mode\" is incomplete" CUT },
	{ "\nrelay-domains = { a,\n b,\n", NULL,
	  "t.conf:2: \"relay-domains\" is incomplete" CUT },
	{ "x {\n b { }\n", NULL, "t.conf:1: unknown section \"x\"; expected one of auth, mx, dns, audit\n"
	  "t.conf:1: \"x\" is incomplete" CUT },
	{ "\n/* mode = monitor\n", NULL, "t.conf:2: comment is not closed; expected */\n" },
	/* overrides */
	{ "\nmode = x\n", "mx.timeout = 61",
	  "t.conf:2: mode: invalid value \"x\"; expected enforce or monitor\n"
	  "-o 'mx.timeout = 61': mx.timeout: invalid value \"61\"; expected 1 to 60\n" },
	{ "", "", "-o '': it is empty; expected SETTING = VALUE\n" },
	{ "", "mode", "-o 'mode': \"mode\" is incomplete; expected SETTING = VALUE\n" },
	{ "", "x = 1", "-o 'x = 1': unknown setting \"x\"; see authrelay.conf(5)\n" },
	{ "", "mx.x = 1", "-o 'mx.x = 1': unknown setting \"mx.x\"; see authrelay.conf(5)\n" },
	{ "", "mx.timeout = 3 } mx { timeout = 4",
	  "-o 'mx.timeout = 3 } mx { timeout = 4': unexpected \"}\"; no section is open\n" },
	{ "", "mx { timeout = 3",
	  "-o 'mx { timeout = 3': section \"mx\" has no closing brace\n" },
	{ "", "mode = mo\nnitor\x1b", "-o '\"mode = mo\\x0anitor\\x1b\"': mode: invalid value \"mo\"; expected enforce or monitor\n"
	  "-o '\"mode = mo\\x0anitor\\x1b\"': \"\\x1b\": unexpected character; put the value in "
	  "quotation marks\n" },
};

#endif
