/* t/unit/conf.c: every setting in both directions, its errors, and what a cut leaves of a file */
/* SPDX-License-Identifier: ISC */

#include <syslog.h>

#include "conf_make.h"
#include "conf_rows.h"
#include "config/conf_file.h"
#include "config/conf_origin.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "tap.h"

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

static void
write_lists(void)
{
	write_text("good.txt", "# list\n\none.example\r\n\t .two.example \t# below\n  \n#x\n.THREE.example.\n");
	write_text("nets.txt", "192.0.2.0/24\n2001:db8::/32 # six\n");
	write_text("bad.txt", "good.example\n*.b.example\n\na.example b.example\nc.example");
	write_bytes("nul.txt", "a\0b\n", 4);
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
	test_full();
	test_secrets();
	test_policy();
	test_empty_list();
	test_kinds();
	test_cuts(sample, base);
	free(base);
	free(self);
	remove_folder(folder);
	return tap_done();
}
