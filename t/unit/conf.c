/* t/unit/conf.c: the configuration, every setting in both directions, and what a cut leaves of it */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "conf_rows.h"
#include "config/conf.h"
#include "config/conf_file.h"
#include "config/conf_origin.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "os/ownaddr.h"
#include "tap.h"

#define FILE_NAME	"t.conf"	/* as the rows have it */

static void
write_bytes(const char *name, const char *text, size_t len)
{
	/* a new file each time: to truncate one makes some file systems wait for the disk */
	(void)unlink(name);
	FILE *fp = fopen(name, "w");

	/* what is young is looked at twice, and there are many */
	const struct timespec old[2] = { { 0, 0 }, { 0, 0 } };

	if (fp == NULL || fwrite(text, 1, len, fp) != len || fclose(fp) != 0 ||
	    utimensat(AT_FDCWD, name, old, 0) == -1) {
		perror(name);
		exit(1);
	}
}

static void
write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/*
 * Reads the file of that name; errors_r is to be freed. Most have no domain, which is an error
 * of its own: see test_recipients().
 */
static struct conf *
read_conf(const char *name, const char *override, char **errors_r)
{
	static char no_domains[] = "no-local-domains = yes";
	char *overrides[2] = { no_domains, (char *)(uintptr_t)override };
	struct buf errors;

	buf_init(&errors);
	struct conf *conf = conf_read(name, overrides, 1 + (override != NULL), &errors);
	*errors_r = errors.data;
	return conf;
}

static char *
printed(const struct conf *conf)
{
	char *text;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	conf_print(conf, fp);
	(void)fclose(fp);
	return text;
}

static char *
defaults(void)
{
	char *errors;

	write_text(FILE_NAME, "");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	char *text = conf == NULL ? strdup("") : printed(conf);
	free(errors);
	conf_unref(conf);
	return text;
}

/* A text with an end of line and without, for the name of a test. */
static const char *
name_of(const struct row *row)
{
	static char name[128];
	size_t i;

	(void)snprintf(name, sizeof(name), "%s%s%s", row->text, row->override == NULL ? "" : " -o ",
	    row->override == NULL ? "" : row->override);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == '#')
			name[i] = '.';
	return name;
}

/* What is printed has the wanted lines, and reads back to the same. */
static void
test_good(const struct row *row, const char *base)
{
	char *errors, *first, *second = NULL;

	write_text(FILE_NAME, row->text);
	struct conf *conf = read_conf(FILE_NAME, row->override, &errors);
	tap_is_str(errors, NULL, "no errors: %s", name_of(row));
	free(errors);
	if (conf == NULL)
		return;
	first = printed(conf);
	conf_unref(conf);
	if (row->want[0] == '\0')
		tap_is_str(first, base, "the defaults: %s", name_of(row));
	else if (strstr(first, row->want) != NULL)
		tap_ok(1, "printed: %s", name_of(row));
	else
		tap_is_str(first, row->want, "printed: %s", name_of(row));
	write_text(FILE_NAME, first);
	conf = read_conf(FILE_NAME, NULL, &errors);
	if (conf != NULL)
		second = printed(conf);
	tap_is_str(second, first, "reads back: %s", name_of(row));
	free(errors);
	free(first);
	free(second);
	conf_unref(conf);
}

static void
test_bad(const struct row *row)
{
	char *errors;

	write_text(FILE_NAME, row->text);
	struct conf *conf = read_conf(FILE_NAME, row->override, &errors);
	tap_is_str(errors, row->want, "refused: %s", name_of(row));
	tap_ok(conf == NULL, "and no configuration");
	free(errors);
	conf_unref(conf);
}

/* Every line is that of one of the others, at the same place: no third value came of it. */
static int
is_mixed_of(const char *text, const char *a, const char *b)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n") + 1, a_len = strcspn(a, "\n") + 1;
		size_t b_len = strcspn(b, "\n") + 1;
		if (strncmp(text, a, len) != 0 && strncmp(text, b, len) != 0)
			return 0;
		text += len;
		a += a_len;
		b += b_len;
	}
	return 1;
}

static void
test_cut(const char *name, const char *text, size_t len, const char *base)
{
	size_t wrong = 0, refused = 0;
	char *errors, *shown;

	write_bytes(FILE_NAME, text, len);
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_str(errors, NULL, "the %s is good", name);
	free(errors);
	if (conf == NULL)
		return;
	char *whole = printed(conf);
	conf_unref(conf);
	for (size_t cut = 1; cut < len; cut++) {
		write_bytes(FILE_NAME, text, cut);
		conf = read_conf(FILE_NAME, NULL, &errors);
		refused += conf == NULL;
		wrong += (conf == NULL) != (errors != NULL);
		if (conf != NULL) {
			shown = printed(conf);
			wrong += text[cut - 1] != '\n' || !is_mixed_of(shown, base, whole);
			free(shown);
		}
		free(errors);
		conf_unref(conf);
	}
	tap_is_int((long long)wrong, 0, "the %s, cut at every byte: refused, or what it was", name);
	tap_ok(refused > len / 2, "most cuts are refused: %zu of %zu", refused, len - 1);
	free(whole);
}

static const char full[] =
	"socket = \"inet:10025@127.0.0.1\"\nsocket-mode = 0600\nsocket-group = root\nuser = root\n"
	"mta-peers = {\n127.0.0.1 }\n"
	"pid-file = /run/10\nmode = monitor\ndenied-reply = \"551 5.7.10 Notes\"\n"
	"trusted-networks = {\n\t10.0.0.0/10,\n\t::1 }\n"
	"no-local-domains = yes\nlocal-domains = { example.com,\n\texample.com.au }\nrelay-domains\n=\n{\nb.example\n}\n"
	"own-addresses = { 192.0.2.10 }\nlocal-submission = reject\nrequire-auth-on = { 587 }\n"
	"client-certificates = { 'a\\\nb|c' } # end\n"
	"auth { mechanisms = { PLAIN,\nLOGIN }\n min-ssf = 128\n require-tls = yes }\n"
	"mx { accept = backup names = mx.example networks = 192.0.2.0/24\n domains = a.example require-dnssec = yes\n"
	" timeout = 10\n cache-entries = 20001\n}\n"
	"dns { servers = {\n\"[::1]:5353\" } trust-ad\n = no }\n"
	"audit { syslog = no /* a\n */ facility = local1 file = \"/a\"\n on-failure = continue\n"
	" durability = synced queue = 9999\n stranger-rate = 51 stranger-burst = 10001\n rotate-size = 1M keep = 9 keep-days = 6 min-free = 1G anchor-interval = 301\n"
	" key = \"${CONF_FOLDER}/audit.key\" redact = local-part\n"
	" redact-key = \"${CONF_FOLDER}/redact.key\"\n }\n";

static void
test_cuts(const char *sample, const char *base)
{
	struct buf text;
	const char *why = conf_file_load(sample, &text);

	tap_is_str(why, NULL, "the sample can be read");
	if (why == NULL)
		test_cut("sample", text.data, text.len, base);
	buf_clear(&text);
	test_cut("full file", full, sizeof(full) - 1, base);
}

/* Every setting of the table is changed in `full`, so that a cut is seen in each. */
static void
test_full(void)
{
	char *errors;

	write_text(FILE_NAME, full);
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	char *text = conf == NULL ? strdup("") : printed(conf);
	for (size_t i = 0; i < settings_count; i++) {
		char line[256];
		(void)snprintf(line, sizeof(line), "%s%s = %s\n", setting_section(&settings[i]) == 0 ?
		    "\n" : "\t", setting_key(&settings[i]), settings[i].value);
		tap_ok(strstr(text, line) == NULL, "not the default: %s", settings[i].name);
	}
	free(errors);
	free(text);
	conf_unref(conf);
}

static int
has_network(const struct netset *set, const char *text)
{
	struct netaddr addr;

	return netaddr_parse(text, strlen(text), &addr) == 0 && netset_find(set, &addr, NULL);
}

static int
has_domain(const struct domset *set, const char *text)
{
	return domset_find(set, text, strlen(text)) != NULL;
}

/* What the policy is given is what was written, canonical. */
static void
test_policy(void)
{
	char *errors;

	write_text(FILE_NAME, full);
	struct conf *conf = read_conf(FILE_NAME, "local-domains = { M\xc3\xbcller.Example., file:good.txt }",
	    &errors);
	tap_is_str(errors, NULL, "a file with everything in it is good");
	free(errors);
	if (conf == NULL)
		return;
	const struct policy *policy = &conf->policy;
	tap_ok(has_network(policy->trusted_networks, "10.63.0.1"), "a trusted network");
	tap_ok(!has_network(policy->trusted_networks, "127.0.0.1"), "the default was replaced");
	tap_ok(has_domain(policy->local_domains, "xn--mller-kva.example"), "a domain as A-labels");
	tap_ok(has_domain(policy->local_domains, "one.example"), "a domain of a list file");
	tap_ok(has_domain(policy->local_domains, "x.two.example"), "a subdomain of one");
	tap_ok(!has_domain(policy->local_domains, "two.example"), "not the domain itself");
	tap_is_int((long long)domset_count(policy->local_domains), 4, "and no more");
	tap_ok(has_domain(policy->relay_domains, "b.example"), "a relay domain");
	tap_ok(has_network(policy->own_addresses, "192.0.2.10"), "an own address");
	tap_ok(!has_network(policy->own_addresses, "127.0.0.1"), "loopback is none");
	tap_is_int(policy->permit_local_submission, 0, "local submission");
	tap_is_str(policy->require_auth_on[0], "587", "a listener");
	tap_is_str(policy->require_auth_on[1], NULL, "the last one");
	tap_is_str(certset_find(policy->client_certificates, CERTSET_CN, "ab", "c"), "ab|c", "a certificate");
	tap_is_str(certset_find(policy->client_certificates, CERTSET_DN, "ab", "c"), NULL, "of one kind only");
	tap_is_str(policy->auth_mechanisms[1], "LOGIN", "a mechanism");
	tap_is_int(policy->auth_min_ssf, 128, "the strength");
	tap_is_int(policy->auth_require_tls, 1, "TLS");
	tap_is_int(policy->mx_accept, POLICY_MX_ACCEPT_BACKUP, "the standing that permits");
	tap_ok(has_network(conf->mx_network_set, "192.0.2.1"), "where mail exchangers are");
	tap_ok(has_domain(conf->mx_domain_set, "a.example"), "what is looked up");
	tap_ok(has_network(conf->listed_addresses, "192.0.2.10"), "an own address that was listed");
	tap_is_int((long long)netset_count(conf->listed_addresses), 1, "and none of an interface");
	tap_is_str(conf->denied.text, "Notes", "the reply");
	tap_is_int(conf->audit_facility, LOG_LOCAL1, "the facility");
	tap_ok(conf_ref(conf) == conf, "a reference more");
	conf_unref(conf);
	tap_is_int(conf->mx_timeout, 10, "is one that may be given back");
	conf_unref(conf);
	conf_unref(NULL);
}

static const struct {
	const char	*text;
	int		 is_usable;
	int		 is_usable_listed;
} addresses[] = {
	{ "0.0.0.0", 0, 0 }, { "0.1.2.3", 0, 0 }, { "127.0.0.1", 0, 0 }, { "127.255.255.255", 0, 0 },
	{ "128.0.0.1", 1, 1 }, { "169.254.1.1", 0, 0 }, { "169.255.1.1", 1, 1 },
	{ "224.0.0.1", 0, 0 }, { "239.255.255.255", 0, 0 }, { "255.255.255.255", 0, 0 },
	{ "223.255.255.255", 1, 1 }, { "10.0.0.1", 0, 1 }, { "11.0.0.1", 1, 1 },
	{ "172.15.255.255", 1, 1 }, { "172.16.0.0", 0, 1 }, { "172.31.255.255", 0, 1 },
	{ "172.32.0.0", 1, 1 }, { "192.167.255.255", 1, 1 }, { "192.168.0.0", 0, 1 },
	{ "192.169.0.0", 1, 1 }, { "100.63.255.255", 1, 1 }, { "100.64.0.0", 0, 1 },
	{ "100.127.255.255", 0, 1 }, { "100.128.0.0", 1, 1 }, { "198.51.100.1", 1, 1 },
	{ "::", 0, 0 }, { "::1", 0, 0 }, { "::2", 0, 0 },
	{ "::192.0.2.1", 0, 0 }, { "::1:0:0", 1, 1 }, { "fe80::1", 0, 0 }, { "febf::1", 0, 0 },
	{ "fec0::1", 0, 1 }, { "ff02::1", 0, 0 }, { "fc00::1", 0, 1 }, { "fdff::1", 0, 1 },
	{ "fbff::1", 1, 1 }, { "2001:db8::1", 1, 1 }, { "::ffff:127.0.0.1", 0, 0 },
	{ "::ffff:10.0.0.1", 0, 1 },
};

static void
test_addresses(void)
{
	const struct netaddr unknown = { .family = NETADDR_NONE };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct netaddr addr = unknown;
		(void)netaddr_parse(addresses[i].text, strlen(addresses[i].text), &addr);
		tap_is_int(ownaddr_is_usable(&addr, 0), addresses[i].is_usable, "of an interface: %s",
		    addresses[i].text);
		tap_is_int(ownaddr_is_usable(&addr, 1), addresses[i].is_usable_listed, "listed: %s",
		    addresses[i].text);
	}
	tap_is_int(ownaddr_is_usable(&unknown, 1), 0, "no address");
}

/* The interfaces of this machine, whatever they are, are in the set as far as they are usable. */
static void
test_interfaces(void)
{
	struct netset *set = netset_new();
	struct ifaddrs *interfaces;
	char *errors;
	int wrong = 0;

	if (getifaddrs(&interfaces) == -1 || set == NULL || ownaddr_add_interfaces(set) == -1 ||
	    netset_seal(set) == -1) {
		tap_ok(0, "the interfaces' addresses: %s", strerror(errno));
		return;
	}
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next) {
		struct netaddr addr = { .family = NETADDR_NONE };
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET)
			addr = netaddr_v4(&((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr);
		else if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET6)
			addr = netaddr_v6(&((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr);
		else
			continue;
		wrong += netset_find(set, &addr, NULL) !=
		    ((i->ifa_flags & IFF_UP) != 0 && ownaddr_is_usable(&addr, 0));
	}
	tap_is_int(wrong, 0, "the interfaces' usable addresses and no others");
	write_text(FILE_NAME, "");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_int(conf == NULL ? -1 : (long long)netset_count(conf->policy.own_addresses),
	    (long long)netset_count(set), "which the configuration has: %zu", netset_count(set));
	free(errors);
	conf_unref(conf);
	freeifaddrs(interfaces);
	netset_free(set);
}

static void
test_missing(void)
{
	char *errors;

	tap_ok(read_conf("none.conf", "mode = x", &errors) == NULL, "a file that is missing");
	tap_is_str(errors, "none.conf: No such file or directory\n-o 'mode = x': mode: invalid value \"x\"; "
	    "expected enforce or monitor\n", "and what else is wrong");
	free(errors);
	tap_ok(read_conf(".", NULL, &errors) == NULL, "a folder");
	tap_is_str(errors, ".: Is a directory\n", "is no file");
	free(errors);
	write_bytes("nul.conf", "mode = \0monitor\n", 16);
	tap_ok(read_conf("nul.conf", NULL, &errors) == NULL, "a file with a NUL byte");
	tap_is_str(errors, "nul.conf: it has a NUL byte; expected a text file\n", "is no text");
	free(errors);
}

/* Without a domain nothing is taken in, which has to be said: a file that was emptied is an error. */
static const struct row recipients[] = {
	{ "", NULL, NO_RECIPIENTS },
	{ "# all is gone\n", NULL, NO_RECIPIENTS },
	{ "local-domains = { }\nrelay-domains = 'file:empty.txt'\n", NULL, NO_RECIPIENTS },
	{ "no-local-domains = no\n", NULL, NO_RECIPIENTS },
	{ "local-domains = a.test\n", "local-domains = { }", NO_RECIPIENTS },
	{ "mx { domains = a.test }\n", NULL, NO_RECIPIENTS },
	{ "mode = x\n", NULL, NO_RECIPIENTS "t.conf:1: mode: invalid value \"x\"; expected enforce or monitor\n" },
	{ "local-domains = 'file:none.txt'\n", NULL,
	  "t.conf:1: local-domains: invalid entry \"file:none.txt\": No such file or directory\n" },
	{ "local-domains = a.test\n", NULL, NULL },
	{ "relay-domains = .a.test\n", NULL, NULL },
	{ "relay-domains = 'file:good.txt'\n", NULL, NULL },
	{ "mx { accept = any }\n", NULL, NULL },
	{ "no-local-domains = yes\n", NULL, NULL },
	{ "", "local-domains = a.test", NULL },
};

static void
test_recipients(void)
{
	write_text("empty.txt", "# none\n");
	for (size_t i = 0; i < sizeof(recipients) / sizeof(recipients[0]); i++) {
		const struct row *row = &recipients[i];
		char *override = (char *)(uintptr_t)row->override;
		struct buf errors;
		buf_init(&errors);
		write_text(FILE_NAME, row->text);
		struct conf *conf = conf_read(FILE_NAME, &override, override != NULL, &errors);
		tap_is_str(errors.data, row->want, "a domain, or a word that there is none: %s", name_of(row));
		tap_ok((conf == NULL) == (row->want != NULL), "  and so");
		buf_clear(&errors);
		conf_unref(conf);
	}
}

/* What is no regular file does not make a reload wait. */
static void
test_no_files(void)
{
	static const char *const names[] = { "fifo", "/dev/zero", "/dev/null" };
	char *errors, text[128], want[256];

	(void)mkfifo("fifo", 0600);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(text, sizeof(text), "relay-domains = \"file:%s\"\n", names[i]);
		(void)snprintf(want, sizeof(want), "t.conf:1: relay-domains: invalid entry \"file:%s\": not a regular file\n", names[i]);
		write_text(FILE_NAME, text);
		tap_ok(read_conf(FILE_NAME, NULL, &errors) == NULL, "a list in %s", names[i]);
		tap_is_str(errors, want, "  is an error at once");
		free(errors);
	}
	tap_ok(read_conf("/dev/zero", NULL, &errors) == NULL, "a configuration in /dev/zero");
	tap_is_str(errors, "/dev/zero: neither a regular file nor a pipe\n", "  is an error at once");
	free(errors);
	struct conf *conf = read_conf("fifo", NULL, &errors);
	tap_is_str(errors, NULL, "a FIFO that nobody writes into is empty, at once");
	free(errors);
	conf_unref(conf);
	(void)unlink("fifo");
	conf = read_conf("/dev/null", NULL, &errors);
	tap_is_str(errors, NULL, "and so is /dev/null");
	free(errors);
	conf_unref(conf);
}

/* As /dev/stdin at the end of a pipe; a part comes late. */
static void
test_pipe(void)
{
	char name[64], *errors;
	int fds[2];
	pid_t pid;

	if (pipe(fds) == -1 || (pid = fork()) == -1) {
		tap_ok(0, "a pipe: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		(void)close(fds[0]);
		(void)!write(fds[1], "relay-domains = pi", 18);
		(void)usleep(50000);
		(void)!write(fds[1], "pe.test\n", 8);
		_exit(0);
	}
	(void)close(fds[1]);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	struct conf *conf = read_conf(name, NULL, &errors);
	tap_is_str(errors, NULL, "a configuration from a pipe");
	tap_ok(conf != NULL && has_domain(conf->policy.relay_domains, "pipe.test"), "is read to its end");
	free(errors);
	conf_unref(conf);
	(void)waitpid(pid, NULL, 0);
	(void)close(fds[0]);
}

#define CHANGING	300000	/* bytes */

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct writer {
	unsigned	rounds;
	unsigned	late;		/* rounds in which it was kept from going on */
	int		is_restless;	/* it makes no pause */
};

/*
 * Rewrites a file in place, one half after the other, until the parent ends it. Counts how often
 * it was kept from that for so long that nobody could know of the next half.
 */
static void
keep_writing(volatile struct writer *writer)
{
	static char half[CHANGING / 2];
	int fd = open("changing", O_WRONLY);
	double last = seconds();

	for (char letter = 'a'; fd != -1; letter = letter == 'a' ? 'b' : 'a') {
		double start = seconds();
		memset(half, letter, sizeof(half));
		if (pwrite(fd, half, sizeof(half), 0) == -1 || usleep(1000) == -1 ||
		    pwrite(fd, half, sizeof(half), sizeof(half)) == -1)
			break;
		writer->late += seconds() - (writer->is_restless ? last : start) > 0.006;
		writer->rounds++;
		last = seconds();
		(void)usleep(letter == 'a' || writer->is_restless ? 500 : 30000);
	}
	_exit(1);
}

static int
is_mixed(const struct buf *buf)
{
	return memchr(buf->data, buf->data[0] == 'a' ? 'b' : 'a', buf->len) != NULL;
}

/* Reads it once. Returns 1: one state of it, 0: an error that says why, -1: neither. */
static int
read_changing(const volatile struct writer *writer)
{
	unsigned late = writer->late;
	struct buf buf;
	const char *why = conf_file_load("changing", &buf);
	int result = why == NULL && buf.len == CHANGING;

	if (why != NULL && strcmp(why, "it keeps changing; write a new file, and rename it to this one") != 0)
		tap_is_str(why, NULL, "an error");
	if (result == 1 && (is_mixed(&buf) || writer->is_restless)) {
		(void)usleep(300000);	/* it counts at the end of a round */
		result = writer->late == late ? -1 : 0;
	}
	buf_clear(&buf);
	return result;
}

/* Another process changes a file while it is read: what is read is one state of it, or an error. */
static void
test_changing(void)
{
	static char text[CHANGING];
	volatile struct writer *writer = mmap(NULL, sizeof(*writer), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t wrong = 0, whole = 0;
	int result;
	pid_t pid;

	memset(text, 'b', sizeof(text));
	write_bytes("changing", text, sizeof(text));
	if (writer == MAP_FAILED || (pid = fork()) == -1) {
		tap_ok(0, "a process that writes: %s", strerror(errno));
		return;
	}
	if (pid == 0)
		keep_writing(writer);
	for (int i = 0; i < 100000 && writer->rounds < 60 && wrong == 0; i++) {
		result = read_changing(writer);
		whole += result == 1;
		wrong += result == -1;
	}
	tap_is_int((long long)wrong, 0, "a file that is rewritten is never read half and half");
	tap_ok(whole > 0, "and is read in its pauses: %zu times; late: %u of %u", whole, writer->late,
	    writer->rounds);
	writer->is_restless = 1;
	(void)usleep(100000);
	tap_is_int(read_changing(writer), 0, "one that is never left alone is not read at all");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)munmap((void *)(uintptr_t)writer, sizeof(*writer));
}

/* A relative list file is looked for beside the configuration, not where we are. */
static void
test_folder(void)
{
	char *errors;

	(void)mkdir("sub", 0700);
	write_text("sub/only.txt", "only.example\n");
	write_text("sub/s.conf", "relay-domains = \"file:only.txt\"\n");
	struct conf *conf = read_conf("sub/s.conf", NULL, &errors);
	tap_is_str(errors, NULL, "a list file beside its configuration");
	tap_ok(conf != NULL && has_domain(conf->policy.relay_domains, "only.example"), "is read");
	free(errors);
	conf_unref(conf);
	(void)unlink("sub/only.txt");
	conf = read_conf("sub/s.conf", NULL, &errors);
	tap_is_str(errors, "sub/s.conf:1: relay-domains: invalid entry \"file:only.txt\": No such file or directory\n",
	    "or missed there");
	free(errors);
	conf_unref(conf);
	(void)unlink("sub/s.conf");
	(void)rmdir("sub");
}

/* A list file that is wrong from end to end does not fill the terminal, and does not hide how wrong it is. */
static void
test_many_errors(void)
{
	struct buf text;
	char *errors;
	size_t lines = 0;

	buf_init(&text);
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "-\n");
	write_text("many.txt", text.data);
	write_text(FILE_NAME, "relay-domains = \"file:many.txt\"\n");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	for (const char *s = errors; s != NULL && *s != '\0'; s++)
		lines += *s == '\n';
	tap_is_int((long long)lines, 101, "a hundred lines, and one more");
	tap_ok(errors != NULL && strstr(errors, "\nmany.txt: 900 more invalid lines\n") != NULL,
	    "says how many there are");
	free(errors);
	conf_unref(conf);
	buf_clear(&text);
}

static void
write_lists(void)
{
	write_text("good.txt", "# list\n\none.example\r\n\t .two.example \t# below\n  \n#x\n.THREE.example.\n");
	write_text("nets.txt", "192.0.2.0/24\n2001:db8::/32 # six\n");
	write_text("bad.txt", "good.example\n*.b.example\n\na.example b.example\nc.example");
	write_bytes("nul.txt", "a\0b\n", 4);
}

/* One of them is there with a sanitizer, whose own memory would have an end, too. */
extern void	__asan_init(void) __attribute__((weak));
extern void	__tsan_init(void) __attribute__((weak));

/* The file, or the whole, and nothing else. */
static int
says_memory(const char *errors)
{
	return errors == NULL || strcmp(errors, "out of memory\n") == 0 ||
	    strcmp(errors, FILE_NAME ": out of memory\n") == 0 ||
	    strcmp(errors, FILE_NAME ": out of memory\nout of memory\n") == 0;
}

/* Reads a configuration with so many KiB of memory and no more; does not return. */
static void
read_starved(size_t kib)
{
	static char *block[1024];
	const struct rlimit none = { 0, 0 };
	char *errors = NULL;

	for (size_t i = 0; i < kib; i++)
		if ((block[i] = malloc(1000)) == NULL)
			_exit(3);
	if (setrlimit(RLIMIT_DATA, &none) == -1)
		_exit(3);
	for (size_t size = 65536; size > 0; size /= 2)
		while (malloc(size) != NULL)
			;
	for (size_t i = 0; i < kib; i++)
		free(block[i]);
	struct conf *conf = read_conf(FILE_NAME, "mx.timeout = 5", &errors);
	if (conf != NULL)
		_exit(0);
	/* without any memory not even that can be told */
	_exit(says_memory(errors) ? 1 : 4);
}

/* A daemon that reads its configuration again must not end for want of memory. */
static void
test_starved(void)
{
	int wrong = 0, status = 0, last = 0, refused = 0, taken = 0;

	if (__asan_init != NULL || __tsan_init != NULL) {
		tap_note("not with a sanitizer: a limit to memory");
		return;
	}
	write_text(FILE_NAME, "local-domains = { a.test, \"b.test\" }\n"
	    "socket = \"unix:/run/a-path-that-is-not-too-short/socket\"\n");
	for (size_t kib = 0; kib < 400; kib += 1 + kib / 32) {
		pid_t pid = fork();
		if (pid == 0)
			read_starved(kib);
		if (pid == -1 || waitpid(pid, &status, 0) != pid)
			status = -1;
		taken += status == 0;
		if (status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1)) {
			refused += status != 0;
			continue;
		}
		wrong++;
		last = status;
	}
	tap_is_int(wrong, 0, "with little memory: out of memory, and nothing dies");
	tap_is_int(last, 0, "  as its status says");
	tap_ok(refused > 0 && taken > 0, "  %d times refused, and with more of it %d times read", refused, taken);
}

static void
remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(folder);
}

/* An Ed25519 key (RFC 8410) of 32 times the letter a. */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n"
    "-----END PRIVATE KEY-----\n";

static void
write_keys(void)
{
	write_text("audit.key", pem);
	write_text("redact.key", "0123456789abcdef\n");
	if (chmod("audit.key", 0600) == -1 || chmod("redact.key", 0400) == -1)
		exit(1);
}

/* A file with this in it as a key: why it is refused, NULL if it is not. */
static void
key_is(const char *setting, const char *text, mode_t mode, const char *why)
{
	char line[256], *errors, *want = NULL;
	struct conf *conf;

	write_text("one.key", text);
	(void)chmod("one.key", mode);
	(void)snprintf(line, sizeof(line), "audit { %s %s = \"${CONF_FOLDER}/one.key\" }\n",
	    strcmp(setting, "redact-key") == 0 ? "redact = local-part" : "", setting);
	write_text(FILE_NAME, line);
	conf = read_conf(FILE_NAME, NULL, &errors);
	if (why != NULL && asprintf(&want, "t.conf:1: audit.%s: cannot use \"%s/one.key\": %s\n", setting,
	    getenv("CONF_FOLDER"), why) == -1)
		exit(1);
	tap_is_str(errors, want, "%s: %s", setting, why != NULL ? why : "a good one");
	conf_unref(conf);
	free(errors);
	free(want);
}

static void
owner_is(const char *user, const char *want)
{
	char *errors;
	struct conf *conf;

	write_text(FILE_NAME, "audit { key = \"${CONF_FOLDER}/audit.key\" }\n");
	conf = read_conf(FILE_NAME, user, &errors);
	tap_ok(want == NULL ? conf != NULL : errors != NULL && strstr(errors, want) != NULL,
	    "a key of root, and %s", user);
	conf_unref(conf);
	free(errors);
}

static void
test_secrets(void)
{
	const char *modes = "group or others may use it; its mode must be 0600 or 0400";
	char *errors;
	struct conf *conf;

	key_is("key", pem, 0400, NULL);
	key_is("key", pem, 0640, modes);
	key_is("key", pem, 0604, modes);
	key_is("redact-key", "0123456789abcdef", 0600, NULL);
	key_is("redact-key", "0123456789abcdef", 0640, modes);
	write_text(FILE_NAME, "audit { redact = local-part }\n");
	conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_str(errors, "default: audit.redact-key: cannot use \"\": it is empty; audit.redact = "
	    "local-part needs the file of a key\n", "hashes need a key");
	conf_unref(conf);
	free(errors);
	if (geteuid() != 0) {
		tap_skip(2, "root alone can give a key away");
		return;
	}
	owner_is("user = root", NULL);
	owner_is("user = nobody", "its owner is not the user of the setting user");
}

/* An empty list has no value, and so no place but its default. */
static void
test_empty_list(void)
{
	const struct setting *setting = settings_named("relay-domains");
	char *errors;

	write_text(FILE_NAME, "relay-domains = { }\n");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_str(errors, NULL, "an empty list");
	if (conf != NULL)
		tap_is_str(conf_origins_place(conf->origins, setting, 0).name, "default", "  has a place");
	conf_unref(conf);
	free(errors);
}

/* Every setting has a kind, and every kind all that a setting of it needs. */
static void
test_kinds(void)
{
	tap_ok(settings_count + 40 <= SETTINGS_MAX, "%zu settings, and room for 40 more", settings_count);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		const struct kind *kind = setting->kind;
		const char *name = setting->name;
		tap_ok(kind != NULL && kind->name != NULL && kind->check != NULL && kind->write != NULL &&
		    kind->equal != NULL && kind->free != NULL, "%s: a kind that has everything", name);
		tap_is_int(kind->matches != NULL, kind->is_list, "%s: lists find their entries", name);
		tap_ok(kind->is_list || !kind->has_files, "%s: files are for lists", name);
		tap_is_int(setting->set_offset != 0, kind->has_files || kind == &kind_certificates ||
		    kind == &kind_peers, "%s: a set where its kind makes one", name);
		tap_is_int(setting->words != NULL, kind == &kind_word || strcmp(name, "audit.min-free") == 0,
		    "%s: words where its kind has some", name);
		tap_is_int(setting->max != 0, kind == &kind_number || kind == &kind_size, "%s: a range for numbers", name);
		tap_ok(settings_named(name) == setting, "%s: is found by its name", name);
	}
	tap_ok(settings_named("mx.") == NULL && settings_named("timeout") == NULL && settings_named("") == NULL,
	    "and nothing else");
}

int
main(int argc, char **argv)
{
	char folder[TAP_FOLDER_SIZE], sample[4096];
	char *self = realpath(argv[0], NULL);

	(void)argc;
	tap_folder(folder);
	if (self == NULL || chdir(folder) == -1) {
		perror(folder);
		return 1;
	}
	*strrchr(self, '/') = '\0';
	(void)snprintf(sample, sizeof(sample), "%s/../../conf/authrelay.conf", self);
	(void)setenv("CONF_TEST", "a", 1);
	(void)setenv("CONF_FOLDER", folder, 1);
	(void)unsetenv("CONF_NONE");
	write_lists();
	write_keys();
	char *base = defaults();
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		test_good(&good[i], base);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_bad(&bad[i]);
	test_recipients();
	test_no_files();
	test_pipe();
	test_changing();
	test_missing();
	test_folder();
	test_many_errors();
	test_full();
	test_secrets();
	test_policy();
	test_empty_list();
	test_kinds();
	test_cuts(sample, base);
	test_addresses();
	test_interfaces();
	test_starved();
	free(base);
	free(self);
	remove_folder(folder);
	return tap_done();
}
