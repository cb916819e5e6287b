/* t/unit/conf_warn.c: each warning, and what is next to it and allowed; what a reload may not take away */
/* SPDX-License-Identifier: ISC */

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/conf_reload.h"
#include "config/conf_warn.h"
#include "config/suffix.h"
#include "tap.h"

#define FILE_NAME	"t.conf"
#define OVERRIDES	4
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Nothing to warn of; no network of a host below is in it. */
static const char base[] =
	"user = nobody\n"
	"local-domains = { local.test }\n"
	"trusted-networks = { 198.51.100.0/24 }\n"
	"audit { file = /audit }\n";

/* A host: three interfaces, one of them a bridge, one with a single address; two gateways. */
static struct hostnet_address addresses[] = {
	{ .name = "eth0", .bits = 24 }, { .name = "docker0", .bits = 16, .is_bridge = 1 },
	{ .name = "eth0", .bits = 64 }, { .name = "ppp0", .bits = 32 },
};
static struct netaddr gateways[2];
static struct conf_warn_host host = {
	.net = { .addresses = addresses, .address_count = COUNT(addresses), .gateways = gateways,
	    .gateway_count = COUNT(gateways) },
};

static struct netaddr
address(const char *text)
{
	struct netaddr addr = { .family = NETADDR_NONE };

	if (netaddr_parse(text, strlen(text), &addr) == -1)
		abort();
	return addr;
}

static void
make_host(void)
{
	addresses[0].addr = address("192.0.2.2");
	addresses[1].addr = address("172.17.0.1");
	addresses[2].addr = address("2001:db8:1:2::2");
	addresses[3].addr = address("203.0.113.9");
	gateways[0] = address("192.0.2.1");
	gateways[1] = address("2001:db8:ffff::1");
}

/* NULL in `want': nothing. Else how the only warning begins, which is of the first override. */
struct row {
	const char	*want;
	const char	*overrides[OVERRIDES];
};

#define MX	"mx { accept = backup domains = { .c.test } names = { mx.test } }"
#define SUFFIX	" is a public suffix, below which anyone can have a domain"
#define WIDE	" is a very wide network; all of it may relay without a login; name the networks of your own machines"

static const struct row rows[] = {
	{ NULL, { NULL } },
	/* the listener */
	{ "socket: every user of this host can connect to it", { "socket = inet:8891@127.0.0.1" } },
	{ "socket: every user of this host can connect to it", { "socket = inet:8891@localhost" } },
	{ "socket: every user of this host can connect to it", { "socket = inet6:8891@::1" } },
	{ "socket: every user of this host can connect to it", { "socket = inet6:8891@[::1]" } },
	{ "socket: every host that reaches this address can act", { "socket = inet:8891@0.0.0.0" } },
	{ "socket: every host that reaches this address can act", { "socket = inet6:8891@::" } },
	{ "socket: every host that reaches this address can act", { "socket = inet:8891@192.0.2.2" } },
	{ NULL, { "socket = inet:8891@127.0.0.1", "mta-peers = 127.0.0.1" } },
	{ NULL, { "socket = inet6:8891@::", "mta-peers = { nobody, 192.0.2.0/28, 2001:db8::/32, 198.51.0.0/16 }" } },
	{ "mta-peers: \"0.0.0.0/0\" is the whole Internet: every host in it can act as a mail server",
	    { "mta-peers = { 127.0.0.1, 0.0.0.0/0 }", "socket = inet:8891@192.0.2.2" } },
	{ "mta-peers: \"::/0\" is the whole Internet", { "mta-peers = ::/0", "socket = inet:8891@127.0.0.1" } },
	{ "mta-peers: \"8.0.0.0/15\" is a very wide network", { "mta-peers = 8.0.0.0/15", "socket = inet6:8891@::" } },
	{ NULL, { "mta-peers = { 127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, fd00::/8 }", "socket = inet6:8891@::" } },
	{ "mta-peers: \"2001::/31\" is a very wide network", { "mta-peers = 2001::/31", "socket = inet6:8891@::" } },
	{ NULL, { "mta-peers = { nobody, 0.0.0.0/0 }" } },
	{ NULL, { "socket = unix:/run/x@127.0.0.1" } },
	{ "socket-mode: every user of this host can connect to the filter; use 0660", { "socket-mode = 0666" } },
	{ "socket-mode: ", { "socket-mode = 0602" } },
	{ NULL, { "socket-mode = 0664" } },
	{ "user: empty: started by root, the daemon stays root", { "user = ''" } },
	{ "mode: monitor: nothing is refused", { "mode = monitor" } },
	{ "denied-reply: the code is neither 550 nor 554", { "denied-reply = '551 5.7.1 No'" } },
	{ NULL, { "denied-reply = '554 5.7.1 No'" } },
	{ "require-auth-on: \"25\" is the port of other mail servers, which do not log in", { "require-auth-on = { 587, 25 }" } },
	{ "require-auth-on: \"SMTP\" is the port of other mail servers, which do not log in", { "require-auth-on = SMTP" } },
	{ "require-auth-on: \"65536\" is not a port", { "require-auth-on = 65536" } },
	{ "require-auth-on: \"0\" is not a port", { "require-auth-on = 0" } },
	{ "require-auth-on: \"5870000000000000000000\" is not a port", { "require-auth-on = 5870000000000000000000" } },
	{ NULL, { "require-auth-on = { submission, 587, 465, mail.example.com, 25a }" } },
	/* clients */
	{ "client-certificates: \"relay.test\" does not name its issuer", { "client-certificates = relay.test" } },
	{ "client-certificates: \"/CN=relay\" does not name its issuer", { "client-certificates = '/CN=relay'" } },
	{ NULL, { "client-certificates = { 'CA|relay.test', '/CN=CA|/CN=relay' }" } },
	{ "auth.mechanisms: EXTERNAL: every certificate of a CA", { "auth.mechanisms = { SCRAM-SHA-256, external }" } },
	{ "auth.mechanisms: PLAIN sends the password in the clear", { "auth.mechanisms = PLAIN" } },
	{ "auth.mechanisms: LOGIN sends the password in the clear", { "auth.mechanisms = { SCRAM-SHA-1, LOGIN }" } },
	{ NULL, { "auth.mechanisms = { PLAIN, LOGIN }", "auth.require-tls = yes" } },
	{ NULL, { "auth.mechanisms = { PLAIN, LOGIN }", "auth.min-ssf = 128" } },
	{ "auth.min-ssf: no connection has more than 256 bits", { "auth.min-ssf = 257" } },
	{ NULL, { "auth.min-ssf = 256" } },
	/* trusted networks, by themselves */
	{ "trusted-networks: \"0.0.0.0/0\" is the whole Internet; all of it may relay", { "trusted-networks = 0.0.0.0/0" } },
	{ "trusted-networks: \"::/0\" is the whole Internet", { "trusted-networks = ::/0" } },
	{ "trusted-networks: \"8.0.0.0/8\"" WIDE, { "trusted-networks = 8.0.0.0/8" } },
	{ "trusted-networks: \"10.0.0.0/7\"" WIDE, { "trusted-networks = 10.0.0.0/7" } },
	{ "trusted-networks: \"198.18.0.0/15\"" WIDE, { "trusted-networks = 198.18.0.0/15" } },
	{ "trusted-networks: \"128.0.0.0/1\"" WIDE, { "trusted-networks = 128.0.0.0/1" } },
	{ "trusted-networks: \"[2000::]/31\"" WIDE, { "trusted-networks = '[2000::]/31'" } },
	{ "trusted-networks: \"2002::/16\"" WIDE, { "trusted-networks = 2002::/16" } },
	{ "trusted-networks: \"fc00::/7\"" WIDE, { "trusted-networks = fc00::/7" } },
	{ NULL, { "trusted-networks = { 198.18.0.0/16, 2a00:1::/32, fd00::/8, fe80::/10, 10.0.0.0/8, 192.168.0.0/16 }" } },
	{ "trusted-networks: \"172.16.0.0/12\" contains the networks that Docker gives", { "trusted-networks = 172.16.0.0/12" } },
	{ NULL, { "trusted-networks = { 172.24.0.0/13, 172.20.0.0/16 }" } },
	{ "trusted-networks: \"100.64.0.0/10\" is in the range that providers share", { "trusted-networks = 100.64.0.0/10" } },
	{ "trusted-networks: \"100.80.2.0/23\" is in the range that providers share", { "trusted-networks = 100.80.2.0/23" } },
	{ NULL, { "trusted-networks = { 100.80.2.0/24, 100.64.0.1 }" } },
	{ "trusted-networks: \"64:ff9b::/96\" is NAT64", { "trusted-networks = 64:ff9b::/96" } },
	/* and on that host */
	{ "trusted-networks: \"172.17.0.0/16\" contains 172.17.0.1, the address of this host on the bridge \"docker0\"",
	    { "trusted-networks = 172.17.0.0/16" } },
	{ "trusted-networks: \"172.17.0.1\" contains 172.17.0.1, the", { "trusted-networks = 172.17.0.1" } },
	{ NULL, { "trusted-networks = { 172.17.0.2, 172.18.0.0/16 }" } },
	{ "trusted-networks: \"192.0.2.0/24\" contains the default gateway 192.0.2.1", { "trusted-networks = 192.0.2.0/24" } },
	{ "trusted-networks: \"192.0.2.0/31\" contains the default gateway 192.0.2.1", { "trusted-networks = 192.0.2.0/31" } },
	{ "trusted-networks: \"2001:db8:ffff::/64\" contains the default gateway 2001:db8:ffff::1",
	    { "trusted-networks = 2001:db8:ffff::/64" } },
	{ NULL, { "trusted-networks = { 192.0.2.2/31, 192.0.2.128/25, 192.0.2.2 }" } },
	{ "trusted-networks: \"2001:db8::/47\" is wider than the network of this host (2001:db8:1:2::2/64 on \"eth0\")",
	    { "trusted-networks = 2001:db8::/47" } },
	{ NULL, { "trusted-networks = { 2001:db8:1:2::/64, 2001:db8:1::/48 }" } },
	{ NULL, { "trusted-networks = 203.0.113.0/24" } },
	{ NULL, { "trusted-networks = { 127.0.0.0/8, ::1/128 }" } },
	/* domains */
	{ "no-local-domains: yes, but local-domains has entries", { "no-local-domains = yes" } },
	{ NULL, { "no-local-domains = yes", "local-domains = { }" } },
	{ NULL, { "relay-domains = { example.co.uk, .example.com, localhost, .test, .lan, a.unlisted }" } },
	/* MX records */
	{ NULL, { MX } },
	{ "mx.accept: without mx.domains or mx.networks, mail is relayed for every domain that points an MX record here",
	    { "mx { accept = any names = mx.test }" } },
	{ "mx.accept: without mx.domains or mx.networks", { "mx { accept = primary names = mx.test }" } },
	{ "mx.networks: the domain of a stranger can name mail exchangers in these networks",
	    { "mx.networks = 192.0.2.0/24", "mx { accept = backup names = mx.test }" } },
	{ NULL, { "mx.networks = 192.0.2.0/24", MX } },
	{ NULL, { "mx.networks = 0.0.0.0/0" } },
	{ "mx.networks: \"0.0.0.0/0\" is the whole Internet: it contains mail exchangers of strangers", { "mx.networks = 0.0.0.0/0", MX } },
	{ "mx.networks: \"8.0.0.0/15\" is a very wide network", { "mx.networks = 8.0.0.0/15", MX } },
	{ NULL, { "mx.networks = { 8.0.0.0/16, 2001:db8::/32 }", MX } },
	{ "mx.timeout: Sendmail waits 10 seconds", { "mx.timeout = 9", MX } },
	{ "mx.timeout: Sendmail waits 10 seconds", { "mx.timeout = 28", MX } },
	{ "mx.timeout: Postfix waits 30 seconds", { "mx.timeout = 29", MX } },
	{ "mx.timeout: Postfix waits 30 seconds", { "mx.timeout = 60", MX } },
	{ NULL, { "mx.timeout = 8", MX } },
	{ NULL, { "mx.timeout = 60" } },
	{ "mx.require-dnssec: no answer is authenticated while dns.trust-ad is no",
	    { "mx.require-dnssec = yes", MX, "dns.trust-ad = no" } },
	{ NULL, { "mx.require-dnssec = yes", MX } },
	{ "dns.servers: \"192.0.2.53\" is on another host, and dns.trust-ad is yes",
	    { "dns.servers = { 127.0.0.1, 192.0.2.53 }", "dns.trust-ad = yes", MX } },
	{ NULL, { "dns.servers = { 127.0.0.1, '[::1]:5353' }", "dns.trust-ad = yes", MX } },
	{ NULL, { "dns.servers = 192.0.2.53", MX } },
	/* the record */
	{ "audit.syslog: no, and audit.file is empty: nothing is recorded", { "audit.syslog = no", "audit.file = ''" } },
	{ "audit.file: empty: the only record is in syslog", { "audit.file = ''" } },
	{ NULL, { "audit.syslog = no" } },
	{ "audit.on-failure: continue: mail passes even if its record cannot be written", { "audit.on-failure = continue" } },
	{ "audit.durability: buffered: clients are answered before their records are written; if the daemon is killed or "
	  "the host fails, the records of the last tenth of a second are lost; use written", { "audit.durability = buffered" } },
	{ NULL, { "audit.durability = synced" } },
	{ "audit.anchor-interval: 0: nobody notices if records are cut off", { "audit.anchor-interval = 0" } },
	{ NULL, { "audit.anchor-interval = 86400" } },
	{ "audit.rotate-size: less than 64M is kept in all", { "audit.rotate-size = 5M", "audit.keep-days = 0" } },
	{ "audit.rotate-size: less than 64M is kept in all",
	    { "audit.rotate-size = 31M", "audit.keep = 1", "audit.keep-days = 0" } },
	{ NULL, { "audit.rotate-size = 32M", "audit.keep = 1", "audit.keep-days = 0" } },
	{ NULL, { "audit.rotate-size = 5M", "audit.keep = 1", "audit.keep-days = 1" } },
	{ NULL, { "audit.keep = 1" } },
	{ "audit.redact-key: audit.redact is none", { "audit.redact-key = /redact.key" } },
	{ NULL, { "audit.redact-key = \"${FOLDER}/redact.key\"", "audit.redact = local-part" } },
	{ NULL, { "audit.key = \"${FOLDER}/audit.key\"" } },
};

/* What only a list of public suffixes can know. */
static const struct row suffixes[] = {
	{ "local-domains: \"com\"" SUFFIX "; name your own domains", { "local-domains = com" } },
	{ "local-domains: \".co.uk\"" SUFFIX ": mail to all of them is permitted", { "local-domains = .co.uk" } },
	{ "local-domains: \"CO.UK.\"" SUFFIX, { "local-domains = { example.co.uk, CO.UK. }" } },
	{ "relay-domains: \".com\"" SUFFIX ": this is an open relay to them", { "relay-domains = .com" } },
	{ "relay-domains: \"xn--fiqs8s\"" SUFFIX, { "relay-domains = xn--fiqs8s" } },
	{ "mx.domains: \".de\"" SUFFIX ": mail is relayed for each that points an MX record here", { "mx.domains = .de",
	    "mx { accept = backup names = mx.test }" } },
	{ NULL, { "mx.domains = .de" } },
};

static struct conf *
read_conf(const char *text, const char *const *overrides)
{
	char *given[OVERRIDES];
	size_t count = 0;
	struct buf errors;
	struct conf *conf;
	FILE *fp = fopen(FILE_NAME, "w");

	if (fp == NULL || fputs(text, fp) == EOF || fclose(fp) == EOF)
		abort();
	for (; overrides != NULL && count < OVERRIDES && overrides[count] != NULL; count++)
		given[count] = (char *)(uintptr_t)overrides[count];
	buf_init(&errors);
	conf = conf_read(FILE_NAME, given, count, &errors);
	tap_is_str(errors.data, NULL, "no errors: %s", count == 0 ? "the file" : given[0]);
	buf_clear(&errors);
	return conf;
}

static char *
warnings_of(struct conf *conf, const char *mark)
{
	struct buf lines;

	buf_init(&lines);
	tap_is_int(conf_warn(conf, &host, mark, &lines), 0, "warned");
	return lines.data;
}

static void
test_row(const struct row *row)
{
	struct conf *conf = read_conf(base, row->overrides);
	char *lines, *want = NULL;

	if (conf == NULL)
		return;
	host.is_root = 1;
	lines = warnings_of(conf, "");
	if (row->want == NULL) {
		tap_is_str(lines, NULL, "no warning: %s", row->overrides[0] == NULL ? "the file" :
		    row->overrides[0]);
	} else {
		if (asprintf(&want, "-o '%s': %s", row->overrides[0], row->want) == -1)
			abort();
		if (lines == NULL || strncmp(lines, want, strlen(want)) != 0)
			tap_is_str(lines, want, "the warning: %s", row->overrides[0]);
		else
			tap_is_int((long long)(strchr(lines, '\n') - lines), (long long)strlen(lines) - 1,
			    "one warning: %s", row->overrides[0]);
	}
	free(want);
	free(lines);
	conf_unref(conf);
}

/* A configuration, and all that is said of it, to the letter. */
static void
says(const char *text, const char *mark, const char *want, const char *name)
{
	struct conf *conf = read_conf(text, NULL);
	char *lines = conf == NULL ? NULL : warnings_of(conf, mark);

	tap_is_str(lines, want, "%s", name);
	free(lines);
	conf_unref(conf);
}

static void
test_places(void)
{
	static const char key[] = "user = nobody\nlocal-domains = l.test\n"
	    "audit {\n syslog = no\n key = \"${FOLDER}/audit.key\"\n}\n";
	FILE *fp = fopen("nets", "w");

	host.is_root = 1;
	says("mode = monitor\nlocal-domains = l.test\ntrusted-networks = {\n 198.51.100.0/24,\n ::/0 }\n", "warning: ",
	    "t.conf: warning: user: empty: started by root, the daemon stays root; name a user, or let the service "
	    "manager start it as one\n"
	    "t.conf: warning: audit.file: empty: the only record is in syslog, which may drop lines, and to which every "
	    "user of this host can write; name a file\n"
	    "t.conf:1: warning: mode: monitor: nothing is refused; use enforce once the records show no surprise\n"
	    "t.conf:5: warning: trusted-networks: \"::/0\" is the whole Internet; all of it may relay without a login; "
	    "name the networks of your own machines\n", "the file as a whole where a default is in force, and lines in order");
	says(key, "", "t.conf:4: audit.syslog: no, and audit.file is empty: nothing is recorded; name a file\n"
	    "t.conf:5: audit.key: it signs anchors in audit.file, which is empty; name a file there\n", "a key without a file");
	if (fp == NULL || fputs("# mine\n198.51.100.0/24\n 128.0.0.0/1 # half\n", fp) == EOF || fclose(fp) == EOF)
		abort();
	says("user = nobody\nlocal-domains = l.test\naudit { file = /a }\ntrusted-networks = 'file:nets'\n", "",
	    "nets:3: trusted-networks: \"128.0.0.0/1\"" WIDE "\n", "a line of a list file");
}

/* A list of a million suffixes does not fill the log. */
static void
test_many(void)
{
	struct buf text;
	char *lines;
	size_t count = 0;

	buf_init(&text);
	buf_puts(&text, "user = nobody\nlocal-domains = l.test\naudit { file = /a }\ntrusted-networks = {\n");
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "%d.0.0.0/9,\n", i + 11);
	buf_puts(&text, "}\n");
	struct conf *conf = read_conf(text.data, NULL);
	lines = conf == NULL ? NULL : warnings_of(conf, "");
	for (const char *s = lines; s != NULL && *s != '\0'; s++)
		count += *s == '\n';
	tap_is_int((long long)count, 10, "of a hundred wide networks ten are warned of");
	free(lines);
	conf_unref(conf);
	buf_clear(&text);
}

/* What depends on the host and not on the file. */
static void
test_host(void)
{
	const char *far[] = { "dns.trust-ad = yes", MX, NULL };
	const char *none[] = { MX, "mx.names = { }", NULL };
	struct conf *conf = read_conf(base, far);
	char *lines = warnings_of(conf, "");

	tap_is_str(lines, NULL, "all name servers are on this host");
	host.has_far_server = 1;
	lines = warnings_of(conf, "");
	tap_ok(lines != NULL && strstr(lines, "dns.trust-ad: yes, and /etc/resolv.conf names a server on another "
	    "host") != NULL, "one is elsewhere");
	free(lines);
	host.has_far_server = 0;
	conf_unref(conf);
	/* this machine may have a public address: the set is replaced, as it would be behind a NAT */
	conf = read_conf(base, none);
	netset_free(conf->policy.own_addresses);
	conf->policy.own_addresses = netset_new();
	(void)netset_seal(conf->policy.own_addresses);
	lines = warnings_of(conf, "");
	tap_ok(lines != NULL && strstr(lines, "mx.accept: no mail exchanger can be this server") != NULL,
	    "no mail exchanger can be this server");
	free(lines);
	conf_unref(conf);
	conf = read_conf("local-domains = l.test\naudit { file = /a }\n", NULL);
	host.is_root = 0;
	lines = warnings_of(conf, "");
	tap_is_str(lines, NULL, "without a user, of a process that is not root");
	free(lines);
	conf_unref(conf);
}

/* From one configuration to the next by a reload, and how what is said begins; NULL: it may be. */
static const struct {
	const char	*from;
	const char	*to;
	const char	*want;
} reloads[] = {
	{ "local-domains = a.test\n", "local-domains = b.test\n", NULL },
	{ "local-domains = a.test\n", "relay-domains = b.test\n", "t.conf: local-domains: no domain would be local any longer" },
	{ "local-domains = a.test\n", "relay-domains = b.test\nlocal-domains = { }\n", NULL },
	{ "local-domains = a.test\n", "no-local-domains = yes\n", "t.conf: local-domains: " },
	{ "local-domains = a.test\n", "no-local-domains = yes\nlocal-domains = 'file:empty'\n", "t.conf: local-domains: " },
	{ "local-domains = a.test\n", "no-local-domains = yes\nlocal-domains = { }\n", NULL },
	{ "relay-domains = a.test\n", "no-local-domains = yes\n", NULL },
	{ "local-domains = a.test\naudit { file = /a }\n", "local-domains = a.test\naudit { file = /b }\n", NULL },
	{ "local-domains = a.test\naudit { file = /a }\n", "local-domains = a.test\n",
	  "t.conf: audit.file: records would no longer go to a file" },
	{ "local-domains = a.test\naudit { file = /a }\n", "local-domains = a.test\naudit { file = '' }\n", NULL },
	{ "local-domains = a.test\naudit { file = /a syslog = no }\n", "local-domains = a.test\naudit { syslog = no }\n",
	  "t.conf: audit.file: " },
	{ "local-domains = a.test\naudit { file = /a syslog = no }\n",
	  "local-domains = a.test\naudit { file = '' syslog = no }\n", NULL },
	{ "local-domains = a.test\n", "local-domains = a.test\naudit { syslog = no }\n",
	  "t.conf: audit.syslog: nothing would be recorded any longer" },
	{ "local-domains = a.test\n", "local-domains = a.test\naudit { syslog = no file = '' }\n", NULL },
	{ "local-domains = a.test\naudit { syslog = no }\n", "local-domains = a.test\naudit { syslog = no }\n", NULL },
	{ "local-domains = a.test\n", "local-domains = a.test\naudit { syslog = no file = /a }\n", NULL },
};

static void
test_reloads(void)
{
	FILE *fp = fopen("empty", "w");

	if (fp == NULL || fclose(fp) == EOF)
		abort();
	for (size_t i = 0; i < COUNT(reloads); i++) {
		struct conf *from = read_conf(reloads[i].from, NULL), *to = read_conf(reloads[i].to, NULL);
		const char *want = reloads[i].want;
		struct buf lines;

		buf_init(&lines);
		if (from != NULL && to != NULL)
			tap_is_int(conf_reload_check(from, to, &lines), want == NULL ? 0 : -1, "reload %zu: %s", i,
			    want == NULL ? "may be" : "is refused");
		if (want == NULL || lines.data == NULL || strncmp(lines.data, want, strlen(want)) != 0)
			tap_is_str(lines.data, want, "  and says why");
		buf_clear(&lines);
		conf_unref(from);
		conf_unref(to);
	}
}

/* An Ed25519 key (RFC 8410) of 32 times the letter a. */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n"
    "-----END PRIVATE KEY-----\n";

static void
write_key(const char *name, const char *text)
{
	const struct passwd *owner = getpwnam("nobody");	/* user */
	FILE *fp = fopen(name, "w");

	if (fp == NULL || fputs(text, fp) == EOF || fclose(fp) == EOF || chmod(name, 0600) == -1)
		abort();
	if (geteuid() == 0 && (owner == NULL || chown(name, owner->pw_uid, owner->pw_gid) == -1))
		abort();
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE];
	static const char *const files[] = { FILE_NAME, "nets", "empty", "audit.key", "redact.key" };

	tap_folder(folder);
	if (chdir(folder) == -1)
		return 1;
	(void)setenv("FOLDER", folder, 1);
	write_key("audit.key", pem);
	write_key("redact.key", "0123456789abcdef\n");
	make_host();
	for (size_t i = 0; i < COUNT(rows); i++)
		test_row(&rows[i]);
	if (suffix_is_public("com"))
		for (size_t i = 0; i < COUNT(suffixes); i++)
			test_row(&suffixes[i]);
	else
		tap_skip(COUNT(suffixes), "built without a list of public suffixes");
	test_places();
	test_many();
	test_host();
	test_reloads();
	for (size_t i = 0; i < COUNT(files); i++)
		(void)unlink(files[i]);
	(void)rmdir(folder);
	return tap_done();
}
