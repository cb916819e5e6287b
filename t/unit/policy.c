/* t/unit/policy.c: the policy, row by row: facts in, verdict out */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/policy.h"
#include "tap.h"

/* The rules that most rows are judged by; a row changes what it is about. */
static const char *const certificates[] = { "/O=A/CN=client", "/CN=ca|/CN=issued", "client", "ca|issued",
    "/O=Two+20Words/CN=b+2BUID=c", "a+20b", "both", "/CN=both", "/=" };
static char *listeners[] = { "submission", "587", NULL };
static char *mechanisms[] = { "PLAIN", "SCRAM-SHA-256", NULL };
static char *with_external[] = { "PLAIN", "external", NULL };

enum option {
	BASE = 0,
	LISTENERS = 1,		/* require-auth-on = { submission, 587 } */
	MECHANISMS = 2,		/* auth { mechanisms = { PLAIN, SCRAM-SHA-256 } } */
	TLS = 4,		/* auth { require-tls = yes } */
	SSF = 8,		/* auth { min-ssf = 128 } */
	NO_LOCAL = 16,		/* local-submission = reject */
	MX_BACKUP = 32,
	MX_PRIMARY = 64,
	MX_ANY = 128,
	NAMES_EXTERNAL = 256	/* auth { mechanisms = { PLAIN, external } } */
};

static const char *const trusted[] = { "10.0.0.0/8", "10.1.0.0/16", "2001:db8:1::/48" };
static const char *const local[] = { "example.com", ".sub.example.com", "xn--bcher-kva.example" };
static const char *const relay[] = { "relay.example", ".relay.example" };
static const char *const own[] = { "198.51.100.1/32", "2001:db8::25/128" };

static void
add_networks(struct netset *set, const char *const *texts, size_t count)
{
	struct netset_network network;
	size_t i;

	for (i = 0; i < count; i++) {
		tap_ok(netset_parse(texts[i], strlen(texts[i]), &network) == NULL &&
		    netset_add(set, &network) == 0, "network %s", texts[i]);
	}
	tap_ok(netset_seal(set) == 0, "sealed");
}

static void
add_domains(struct domset *set, const char *const *texts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		tap_ok(domset_add(set, texts[i], strlen(texts[i])) == 0, "domain %s", texts[i]);
	tap_ok(domset_seal(set) == 0, "sealed");
}

static void
add_certificates(struct certset *set)
{
	char longest[CERTSET_DN_MAX + 2];
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		tap_ok(certset_add(set, certificates[i], &why) == 0, "certificate %s", certificates[i]);
	tap_ok(certset_add(set, "/CN=x|y", &why) == -1, "a certificate of two kinds is none");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "/CN=", 4);
	longest[CERTSET_DN_MAX] = '\0';
	tap_ok(certset_add(set, longest, &why) == 0, "as much as Sendmail shows");
	longest[CERTSET_DN_MAX] = 'x';
	longest[CERTSET_DN_MAX + 1] = '\0';
	tap_ok(certset_add(set, longest, &why) == -1 && why != NULL, "a byte more");
}

static void
make_policy(struct policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->trusted_networks = netset_new();
	policy->own_addresses = netset_new();
	policy->local_domains = domset_new();
	policy->relay_domains = domset_new();
	policy->client_certificates = certset_new();
	add_certificates(policy->client_certificates);
	add_networks(policy->trusted_networks, trusted, sizeof(trusted) / sizeof(trusted[0]));
	add_networks(policy->own_addresses, own, sizeof(own) / sizeof(own[0]));
	add_domains(policy->local_domains, local, sizeof(local) / sizeof(local[0]));
	add_domains(policy->relay_domains, relay, sizeof(relay) / sizeof(relay[0]));
}

static void
set_options(struct policy *policy, int options)
{
	policy->permit_local_submission = (options & NO_LOCAL) == 0;
	policy->require_auth_on = options & LISTENERS ? listeners : NULL;
	policy->auth_mechanisms = options & MECHANISMS ? mechanisms :
	    options & NAMES_EXTERNAL ? with_external : NULL;
	policy->auth_require_tls = (options & TLS) != 0;
	policy->auth_min_ssf = options & SSF ? 128 : 0;
	policy->mx_accept = options & MX_BACKUP ? POLICY_MX_ACCEPT_BACKUP :
	    options & MX_PRIMARY ? POLICY_MX_ACCEPT_PRIMARY :
	    options & MX_ANY ? POLICY_MX_ACCEPT_ANY : POLICY_MX_ACCEPT_NONE;
}

#define STRANGER	"203.0.113.9"
#define NOBODY		NULL		/* a client without an address */
#define HERE		"<user@example.com>"
#define THERE		"<user@elsewhere.test>"

struct row {
	const char		*name;
	int			 options;
	const char		*client;
	struct policy_facts	 facts;
	enum policy_mx		 mx;
	const char		*reason;	/* NULL: NEED */
	const char		*matched;	/* list and entry */
	const char		*auth_refused;
};

#define LOGIN		.auth_type = "PLAIN", .auth_user = "alice"
#define EXTERNAL	.auth_type = "EXTERNAL", .auth_user = "/O=A/CN=client"
#define DN(i, s)	.is_cert_verified = 1, .cert_kind = CERTSET_DN, .cert_issuer = (i), .cert_subject = (s)
#define CN(i, s)	.is_cert_verified = 1, .cert_kind = CERTSET_CN, .cert_issuer = (i), .cert_subject = (s)
#define TO(r)		{ .rcpt = (r) }
#define TO_AS(r, m)	{ .rcpt = (r), .rcpt_mta = (m) }

static const struct row rows[] = {
	/* rule 12, and what every other row departs from */
	{ "a stranger to elsewhere", BASE, STRANGER, TO(THERE), 0, "relay-denied", NULL, NULL },
	{ "a stranger over IPv6", BASE, "2001:db8:2::9", TO(THERE), 0, "relay-denied", NULL, NULL },
	{ "a stranger, whatever the MTA says", BASE, STRANGER,
	    TO_AS(THERE, "user@example.com"), 0, "relay-denied", NULL, NULL },

	/* too long, whoever it is */
	{ "the longest HELO name and sender", BASE, STRANGER,
	    { .helo_length = 255, .sender_length = 322, .rcpt = HERE }, 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "too long a HELO name", BASE, STRANGER, { .helo_length = 256, .rcpt = HERE }, 0, "oversized",
	    NULL, NULL },
	{ "too long a sender", BASE, STRANGER, { .sender_length = 323, .rcpt = HERE }, 0, "oversized",
	    NULL, NULL },
	{ "too long a HELO name, and a login", BASE, STRANGER,
	    { LOGIN, .helo_length = 256, .rcpt = HERE }, 0, "oversized", NULL, NULL },
	{ "too long a sender, in a trusted network", BASE, "192.0.2.9",
	    { .sender_length = SIZE_MAX, .rcpt = HERE }, 0, "oversized", NULL, NULL },
	{ "too long a HELO name, and an address that is none", BASE, STRANGER,
	    { .helo_length = 256, .rcpt = "<" }, 0, "oversized", NULL, NULL },

	/* rule 1 */
	{ "a login", BASE, STRANGER, { LOGIN, .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login, and any address", BASE, STRANGER, { LOGIN, .rcpt = "a%b@c@d" }, 0,
	    "authenticated", NULL, NULL },
	{ "a mechanism without a user", BASE, STRANGER,
	    { .auth_type = "PLAIN", .rcpt = THERE }, 0, "relay-denied", NULL, "incomplete" },
	{ "a mechanism with an empty user", BASE, STRANGER,
	    { .auth_type = "PLAIN", .auth_user = "", .rcpt = THERE }, 0, "relay-denied", NULL, "incomplete" },
	{ "a user without a mechanism", BASE, STRANGER,
	    { .auth_user = "alice", .rcpt = THERE }, 0, "relay-denied", NULL, "incomplete" },
	{ "a user with an empty mechanism", BASE, STRANGER,
	    { .auth_type = "", .auth_user = "alice", .rcpt = THERE }, 0, "relay-denied", NULL, "incomplete" },
	{ "both empty are nobody", BASE, STRANGER,
	    { .auth_type = "", .auth_user = "", .rcpt = THERE }, 0, "relay-denied", NULL, NULL },
	{ "a name that could not be decoded", BASE, STRANGER,
	    { LOGIN, .is_auth_unreadable = 1, .rcpt = THERE }, 0, "relay-denied", NULL, "unreadable" },
	{ "a name that could not be decoded, and no mechanism", BASE, STRANGER,
	    { .auth_user = "a+x", .is_auth_unreadable = 1, .rcpt = THERE }, 0,
	    "relay-denied", NULL, "incomplete" },
	{ "a name with a line end", BASE, STRANGER,
	    { .auth_type = "PLAIN", .auth_user = "alice\nbob", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "unreadable" },
	{ "a name of one control character", BASE, STRANGER,
	    { .auth_type = "PLAIN", .auth_user = "\x1f", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "unreadable" },
	{ "a name that ends in DEL", BASE, STRANGER,
	    { .auth_type = "PLAIN", .auth_user = "alice\x7f", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "unreadable" },
	{ "a name with a blank and more than ASCII", BASE, STRANGER,
	    { .auth_type = "PLAIN", .auth_user = "al \xc3\xad", .rcpt = THERE }, 0,
	    "authenticated", NULL, NULL },
	{ "an anonymous login", BASE, STRANGER,
	    { .auth_type = "ANONYMOUS", .auth_user = "anonymous@mx", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "anonymous" },
	{ "an anonymous login in small letters", BASE, STRANGER,
	    { .auth_type = "anonymous", .auth_user = "x", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "anonymous" },
	{ "an anonymous login may still write to us", BASE, STRANGER,
	    { .auth_type = "ANONYMOUS", .auth_user = "x", .rcpt = HERE }, 0,
	    "local-domain", "local-domains example.com", "anonymous" },
	{ "a mechanism that is listed", MECHANISMS, STRANGER, { LOGIN, .rcpt = THERE }, 0,
	    "authenticated", NULL, NULL },
	{ "a mechanism that is listed, in small letters", MECHANISMS, STRANGER,
	    { .auth_type = "plain", .auth_user = "a", .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a mechanism that is not listed", MECHANISMS, STRANGER,
	    { .auth_type = "CRAM-MD5", .auth_user = "a", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "mechanism" },
	{ "a login under TLS where TLS is asked for", TLS, STRANGER,
	    { LOGIN, .tls_version = "TLSv1.3", .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login without TLS where TLS is asked for", TLS, STRANGER, { LOGIN, .rcpt = THERE }, 0,
	    "relay-denied", NULL, "tls" },
	{ "a login with an empty TLS version", TLS, STRANGER,
	    { LOGIN, .tls_version = "", .rcpt = THERE }, 0, "relay-denied", NULL, "tls" },
	{ "a login by a certificate of any authority", BASE, STRANGER,
	    { EXTERNAL, DN("/CN=any", "/CN=other"), .rcpt = THERE }, 0, "relay-denied", NULL, "certificate" },
	{ "a login by a certificate of any authority, in small letters", BASE, STRANGER,
	    { .auth_type = "external", .auth_user = "x", DN("/CN=any", "/CN=other"), .rcpt = THERE }, 0,
	    "relay-denied", NULL, "certificate" },
	{ "a login by a certificate of any authority may still write to us", BASE, STRANGER,
	    { EXTERNAL, DN("/CN=any", "/CN=other"), .rcpt = HERE }, 0, "local-domain",
	    "local-domains example.com", "certificate" },
	{ "a login by a listed certificate", BASE, STRANGER,
	    { EXTERNAL, DN("/CN=any", "/O=A/CN=client"), .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login by a listed certificate that Postfix shows", BASE, STRANGER,
	    { EXTERNAL, CN("ca", "issued"), .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login by a listed subject from another issuer", BASE, STRANGER,
	    { EXTERNAL, DN("/CN=ca2", "/CN=issued"), .rcpt = THERE }, 0, "relay-denied", NULL, "certificate" },
	{ "a login by a listed certificate that is not verified", BASE, STRANGER,
	    { EXTERNAL, .cert_kind = CERTSET_DN, .cert_subject = "/O=A/CN=client", .rcpt = THERE }, 0,
	    "relay-denied", NULL, "certificate" },
	{ "a login with the name of a listed certificate, and none", BASE, STRANGER,
	    { EXTERNAL, .rcpt = THERE }, 0, "relay-denied", NULL, "certificate" },
	{ "a login by any certificate where EXTERNAL is named", NAMES_EXTERNAL, STRANGER,
	    { EXTERNAL, DN("/CN=any", "/CN=other"), .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a listed certificate where EXTERNAL is not among the mechanisms", MECHANISMS, STRANGER,
	    { EXTERNAL, DN("/CN=any", "/O=A/CN=client"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /O=A/CN=client", "mechanism" },
	{ "a password is a login whatever the certificate is", BASE, STRANGER,
	    { LOGIN, DN("/CN=any", "/CN=other"), .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login of enough strength by SASL", SSF, STRANGER,
	    { LOGIN, .auth_ssf = 128, .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a login of enough strength by TLS", SSF, STRANGER,
	    { LOGIN, .tls_version = "TLSv1.3", .tls_bits = 256, .rcpt = THERE }, 0,
	    "authenticated", NULL, NULL },
	{ "a login that is too weak", SSF, STRANGER,
	    { LOGIN, .auth_ssf = 56, .tls_bits = 127, .rcpt = THERE }, 0,
	    "relay-denied", NULL, "strength" },

	/* rule 2 */
	{ "a trusted network", BASE, "10.9.9.9", TO(THERE), 0, "trusted-network",
	    "trusted-networks 10.0.0.0/8", NULL },
	{ "the narrowest network is named", BASE, "10.1.2.3", TO(THERE), 0, "trusted-network",
	    "trusted-networks 10.1.0.0/16", NULL },
	{ "a trusted IPv6 network", BASE, "2001:db8:1::9", TO(THERE), 0, "trusted-network",
	    "trusted-networks 2001:db8:1::/48", NULL },
	{ "a v4-mapped client is its IPv4 self", BASE, "::ffff:10.9.9.9", TO(THERE), 0,
	    "trusted-network", "trusted-networks 10.0.0.0/8", NULL },
	{ "one address beside the network", BASE, "11.0.0.0", TO(THERE), 0, "relay-denied", NULL, NULL },
	{ "loopback is not trusted unless it is listed", BASE, "127.0.0.1", TO(THERE), 0,
	    "relay-denied", NULL, NULL },
	{ "a login comes before the network", BASE, "10.9.9.9", { LOGIN, .rcpt = THERE }, 0,
	    "authenticated", NULL, NULL },

	/* clients without an address: unknown is not local */
	{ "submission on this host", BASE, NOBODY, { .is_local_session = 1, .rcpt = THERE }, 0,
	    "local-submission", NULL, NULL },
	{ "submission on this host, not wanted", NO_LOCAL, NOBODY,
	    { .is_local_session = 1, .rcpt = THERE }, 0, "relay-denied", NULL, NULL },
	{ "submission on this host, not wanted, to us", NO_LOCAL, NOBODY,
	    { .is_local_session = 1, .rcpt = HERE }, 0, "local-domain", "local-domains example.com", NULL },
	{ "no address, and nothing looks local", BASE, NOBODY, TO(THERE), 0, "relay-denied", NULL, NULL },
	{ "no address, and nothing looks local, to us", BASE, NOBODY, TO(HERE), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "looks local, but has an address", BASE, STRANGER,
	    { .is_local_session = 1, .rcpt = THERE }, 0, "relay-denied", NULL, NULL },

	/* rule 3 */
	{ "a listed certificate", BASE, STRANGER,
	    { DN("/CN=any", "/O=A/CN=client"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /O=A/CN=client", NULL },
	{ "a listed certificate, without an issuer", BASE, STRANGER,
	    { DN(NULL, "/O=A/CN=client"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /O=A/CN=client", NULL },
	{ "a listed certificate from the listed issuer", BASE, STRANGER,
	    { DN("/CN=ca", "/CN=issued"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /CN=ca|/CN=issued", NULL },
	{ "a listed subject from another issuer", BASE, STRANGER,
	    { DN("/CN=ca2", "/CN=issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a listed subject from an issuer with a shorter name", BASE, STRANGER,
	    { DN("/CN=c", "/CN=issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a listed subject without an issuer", BASE, STRANGER,
	    { DN(NULL, "/CN=issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a listed issuer and another subject", BASE, STRANGER,
	    { DN("/CN=ca", "/CN=issued2"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a common name that is listed", BASE, STRANGER,
	    { CN("any", "client"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates client", NULL },
	{ "a common name from the listed issuer", BASE, STRANGER,
	    { CN("ca", "issued"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates ca|issued", NULL },
	{ "a common name from another issuer", BASE, STRANGER,
	    { CN("ca2", "issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a common name without an issuer", BASE, STRANGER,
	    { CN(NULL, "issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a common name in capitals", BASE, STRANGER,
	    { CN("any", "CLIENT"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a common name that looks like a listed distinguished name", BASE, STRANGER,
	    { CN("any", "/O=A/CN=client"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "common names that look like a listed issuer and subject", BASE, STRANGER,
	    { CN("/CN=ca", "/CN=issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a distinguished name that looks like a listed common name", BASE, STRANGER,
	    { DN("/CN=any", "client"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a distinguished name of which the common name is listed", BASE, STRANGER,
	    { DN("/CN=ca", "/CN=client"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a name listed in both kinds, as a common name", BASE, STRANGER,
	    { CN("any", "both"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates both", NULL },
	{ "a name listed in both kinds, as a distinguished name", BASE, STRANGER,
	    { DN("/CN=any", "/CN=both"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /CN=both", NULL },
	{ "a distinguished name that was listed coded", BASE, STRANGER,
	    { DN("/CN=any", "/O=Two Words/CN=b+UID=c"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /O=Two+20Words/CN=b+2BUID=c", NULL },
	{ "a distinguished name that is coded still", BASE, STRANGER,
	    { DN("/CN=any", "/O=Two+20Words/CN=b+2BUID=c"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a plus sign in a common name codes nothing", BASE, STRANGER,
	    { CN("any", "a+20b"), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates a+20b", NULL },
	{ "a common name is not decoded", BASE, STRANGER,
	    { CN("any", "a b"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a common name with a slash and no type", BASE, STRANGER,
	    { CN("any", "/="), .rcpt = THERE }, 0, "client-certificate",
	    "client-certificates /=", NULL },
	{ "an entry with a bar is no name", BASE, STRANGER,
	    { CN("any", "ca|issued"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a listed certificate that is not verified", BASE, STRANGER,
	    { .cert_subject = "client", .rcpt = THERE }, 0, "relay-denied", NULL, NULL },
	{ "a verified certificate that is not listed", BASE, STRANGER,
	    { DN("/CN=ca", "/CN=other"), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a verified certificate without a subject", BASE, STRANGER,
	    { CN("ca", ""), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },
	{ "a verified certificate whose subject is not known", BASE, STRANGER,
	    { CN("ca", NULL), .rcpt = THERE }, 0, "relay-denied",
	    NULL, NULL },

	/* rule 4 */
	{ "a listener that asks for a login", LISTENERS, STRANGER,
	    { .daemon_name = "submission", .rcpt = HERE }, 0, "authentication-required",
	    "require-auth-on submission", NULL },
	{ "a port that asks for a login", LISTENERS, STRANGER,
	    { .daemon_name = "mx.example.com", .daemon_port = "587", .rcpt = HERE }, 0,
	    "authentication-required", "require-auth-on 587", NULL },
	{ "another listener", LISTENERS, STRANGER,
	    { .daemon_name = "smtp", .daemon_port = "25", .rcpt = HERE }, 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a listener that is not known", LISTENERS, STRANGER, TO(HERE), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a login at a listener that asks for it", LISTENERS, STRANGER,
	    { LOGIN, .daemon_name = "submission", .rcpt = THERE }, 0, "authenticated", NULL, NULL },
	{ "a trusted client at a listener that asks for a login", LISTENERS, "10.9.9.9",
	    { .daemon_name = "submission", .rcpt = THERE }, 0, "trusted-network",
	    "trusted-networks 10.0.0.0/8", NULL },

	/* rule 5 */
	{ "an address that is none", BASE, STRANGER, TO("<user@>"), 0, "malformed-address", NULL, NULL },
	{ "an address that is none, which the MTA resolves to us", BASE, STRANGER,
	    TO_AS("<user@example.com>,<user@elsewhere.test>", "user@example.com"), 0,
	    "malformed-address", NULL, NULL },
	{ "only we can read it", BASE, STRANGER, TO("user@example.com"), 0, "malformed-address", NULL, NULL },
	{ "only we can read it, the macro is empty", BASE, STRANGER, TO_AS("user@example.com", ""), 0,
	    "malformed-address", NULL, NULL },
	{ "the null path", BASE, STRANGER, TO("<>"), 0, "malformed-address", NULL, NULL },
	{ "a malformed address from a trusted client", BASE, "10.9.9.9", TO("<user@>"), 0,
	    "trusted-network", "trusted-networks 10.0.0.0/8", NULL },

	/* rule 6 */
	{ "a percent hack", BASE, STRANGER, TO("<a%elsewhere.test@example.com>"), 0,
	    "routed-address", NULL, NULL },
	{ "a percent hack that the MTA has resolved to us", BASE, STRANGER,
	    TO_AS("<a%example.com@example.com>", "a@example.com"), 0, "routed-address", NULL, NULL },
	{ "a bang path", BASE, STRANGER, TO("<elsewhere.test!a@example.com>"), 0, "routed-address", NULL, NULL },
	{ "a quoted at sign", BASE, STRANGER, TO("<\"a@elsewhere.test\"@example.com>"), 0,
	    "routed-address", NULL, NULL },
	{ "a source route", BASE, STRANGER, TO("<@example.com:a@elsewhere.test>"), 0,
	    "routed-address", NULL, NULL },
	{ "a source route that ends with us", BASE, STRANGER, TO("<@elsewhere.test:a@example.com>"), 0,
	    "routed-address", NULL, NULL },
	{ "routing to a relay domain", BASE, STRANGER, TO("<a%elsewhere.test@relay.example>"), 0,
	    "routed-address", NULL, NULL },
	{ "a bare percent hack", BASE, STRANGER, TO("<a%elsewhere.test>"), 0, "routed-address", NULL, NULL },
	{ "a program", BASE, STRANGER, TO("<|cat@example.com>"), 0, "routed-address", NULL, NULL },
	{ "a file", BASE, STRANGER, TO("</etc/passwd@example.com>"), 0, "routed-address", NULL, NULL },

	/* plain or proven */
	{ "a plain address counts as we read it", BASE, STRANGER,
	    TO_AS(HERE, "joe@elsewhere.test"), 0, "local-domain", "local-domains example.com", NULL },
	{ "a loose address that the MTA reads alike", BASE, STRANGER,
	    TO_AS("user@example.com", "user@example.com"), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a loose address that the MTA reads in another domain of ours", BASE, STRANGER,
	    TO_AS("user@example.com", "user@relay.example"), 0, "divergence", NULL, NULL },
	{ "a loose address that the MTA sends elsewhere", BASE, STRANGER,
	    TO_AS("<user@example.com(>,<user@elsewhere.test)>", "user@elsewhere.test"), 0,
	    "divergence", NULL, NULL },
	{ "a loose address that the MTA reads with routing", BASE, STRANGER,
	    TO_AS("user@example.com", "user%elsewhere.test@example.com"), 0, "divergence", NULL, NULL },
	{ "a loose address, and the macro is no address", BASE, STRANGER,
	    TO_AS("user@example.com", "Relay access denied"), 0, "divergence", NULL, NULL },
	{ "a loose address, elsewhere by both", BASE, STRANGER,
	    TO_AS("user@elsewhere.test", "user@elsewhere.test"), 0, "relay-denied", NULL, NULL },
	{ "a loose local address that the MTA resolves to a user of its own", BASE, STRANGER,
	    TO_AS("user@example.com", "user"), 0, "local-domain", "local-domains example.com", NULL },
	{ "a loose foreign address that the MTA resolves to a user of its own", BASE, STRANGER,
	    TO_AS("user@elsewhere.test", "user"), 0, "divergence", NULL, NULL },
	{ "a loose bare user in the MTA's own domain", BASE, STRANGER,
	    TO_AS("postmaster", "postmaster@example.com"), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a loose bare user in a domain that is not ours", BASE, STRANGER,
	    TO_AS("postmaster", "postmaster@elsewhere.test"), 0, "relay-denied", NULL, NULL },
	{ "a loose bare user whom the MTA has given routing", BASE, STRANGER,
	    TO_AS("postmaster", "x%elsewhere.test@example.com"), 0, "divergence", NULL, NULL },
	{ "a loose bare user who stays bare", BASE, STRANGER,
	    TO_AS("postmaster", "root"), 0, "local-domain", NULL, NULL },
	{ "a stray dot, quoted by the MTA", BASE, STRANGER,
	    TO_AS("<joe.@example.com>", "\"joe.\"@example.com"), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a stray dot, as the MTA leaves it", BASE, STRANGER,
	    TO_AS("<jo..e@relay.example>", "jo..e@relay.example"), 0, "relay-domain",
	    "relay-domains relay.example", NULL },
	{ "a stray dot, and a user of the MTA's own", BASE, STRANGER,
	    TO_AS("<.joe@example.com>", ".joe"), 0, "local-domain", "local-domains example.com", NULL },
	{ "a stray dot, and another domain", BASE, STRANGER,
	    TO_AS("<.joe@example.com>", ".joe@elsewhere.test"), 0, "divergence", NULL, NULL },
	{ "a stray dot elsewhere, and a user of the MTA's own", BASE, STRANGER,
	    TO_AS("<.joe@elsewhere.test>", ".joe"), 0, "divergence", NULL, NULL },
	{ "a stray dot elsewhere", BASE, STRANGER,
	    TO_AS("<.joe@elsewhere.test>", ".joe@elsewhere.test"), 0, "relay-denied", NULL, NULL },
	{ "a stray dot, and routing by the MTA", BASE, STRANGER,
	    TO_AS("<joe.@example.com>", "joe.%elsewhere.test@example.com"), 0, "divergence", NULL, NULL },
	{ "a stray dot, and nobody proves it", BASE, STRANGER,
	    TO("<joe.@example.com>"), 0, "malformed-address", NULL, NULL },
	{ "a loose literal that the MTA reads alike", BASE, STRANGER,
	    TO_AS("user@[198.51.100.1]", "user@[198.51.100.1]"), 0, "own-literal",
	    "own-addresses 198.51.100.1/32", NULL },
	{ "a loose domain that the MTA makes a literal of", BASE, STRANGER,
	    TO_AS("user@example.com", "user@[198.51.100.1]"), 0, "divergence", NULL, NULL },
	{ "a loose literal that the MTA reads otherwise", BASE, STRANGER,
	    TO_AS("user@[198.51.100.1]", "user@[198.51.100.2]"), 0, "divergence", NULL, NULL },
	{ "a loose literal that the MTA makes a domain of", BASE, STRANGER,
	    TO_AS("user@[198.51.100.1]", "user@example.com"), 0, "divergence", NULL, NULL },
	{ "8-bit that was announced", BASE, STRANGER,
	    { .utf8 = 1, .rcpt = "<\xc3\xbc@example.com>" }, 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "8-bit that was not announced, and nobody proves it", BASE, STRANGER,
	    TO("<\xc3\xbc@example.com>"), 0, "malformed-address", NULL, NULL },

	/* rule 7 */
	{ "postmaster without a domain", BASE, STRANGER, TO("<postmaster>"), 0, "local-domain", NULL, NULL },
	{ "a bare user", BASE, STRANGER, TO("<user>"), 0, "local-domain", NULL, NULL },
	{ "a bare user who stays bare", BASE, STRANGER, TO_AS("<user>", "root"), 0, "local-domain", NULL, NULL },
	{ "a bare user who stays bare, and is no plain one", BASE, STRANGER, TO_AS("<\"us er\">", "us er"), 0,
	    "local-domain", NULL, NULL },
	{ "a bare user whom the MTA gives a local domain", BASE, STRANGER,
	    TO_AS("<user>", "user@a.sub.example.com"), 0, "local-domain", "local-domains .sub.example.com", NULL },
	{ "a bare user whom the MTA gives a domain elsewhere", BASE, STRANGER,
	    TO_AS("<user>", "user@elsewhere.test"), 0, "relay-denied", NULL, NULL },
	{ "postmaster, too", BASE, STRANGER, TO_AS("<postmaster>", "postmaster@elsewhere.test"), 0,
	    "relay-denied", NULL, NULL },
	{ "a bare user whom the MTA gives a relay domain", BASE, STRANGER,
	    TO_AS("<user>", "user@relay.example"), 0, "relay-domain", "relay-domains relay.example", NULL },
	{ "a bare user whom the MTA gives an address of ours", BASE, STRANGER,
	    TO_AS("<user>", "user@[198.51.100.1]"), 0, "own-literal", "own-addresses 198.51.100.1/32", NULL },
	{ "a bare user whom the MTA gives another address", BASE, STRANGER,
	    TO_AS("<user>", "user@[198.51.100.2]"), 0, "relay-denied", NULL, NULL },
	{ "a bare user whom the MTA gives routing", BASE, STRANGER,
	    TO_AS("<user>", "user%elsewhere.test@example.com"), 0, "divergence", NULL, NULL },
	{ "a bare user whom the MTA gives what cannot be read", BASE, STRANGER,
	    TO_AS("<user>", "user@example.com@elsewhere.test"), 0, "divergence", NULL, NULL },
	{ "a bare user elsewhere, and a login", BASE, STRANGER,
	    { LOGIN, .rcpt = "<user>", .rcpt_mta = "user@elsewhere.test" }, 0, "authenticated", NULL, NULL },
	{ "a bare user whom the MTA gives a domain that DNS is asked of", MX_BACKUP, STRANGER,
	    TO_AS("<user>", "user@elsewhere.test"), POLICY_MX_UNASKED, NULL, NULL, NULL },
	{ "a bare user in a domain that we are backup of", MX_BACKUP, STRANGER,
	    TO_AS("<user>", "user@elsewhere.test"), POLICY_MX_BACKUP, "mx", NULL, NULL },
	{ "postmaster elsewhere is elsewhere", BASE, STRANGER, TO("<postmaster@elsewhere.test>"), 0,
	    "relay-denied", NULL, NULL },

	/* rule 8 */
	{ "a local domain", BASE, STRANGER, TO(HERE), 0, "local-domain", "local-domains example.com", NULL },
	{ "a local domain in capitals", BASE, STRANGER, TO("<USER@EXAMPLE.COM>"), 0, "local-domain",
	    "local-domains example.com", NULL },
	{ "a name below a local domain", BASE, STRANGER, TO("<user@other.example.com>"), 0,
	    "relay-denied", NULL, NULL },
	{ "a name below an entry with a dot", BASE, STRANGER, TO("<user@a.b.sub.example.com>"), 0,
	    "local-domain", "local-domains .sub.example.com", NULL },
	{ "an entry with a dot is not itself", BASE, STRANGER, TO("<user@sub.example.com>"), 0,
	    "relay-denied", NULL, NULL },
	{ "a name that only ends alike", BASE, STRANGER, TO("<user@xexample.com>"), 0,
	    "relay-denied", NULL, NULL },
	{ "a name that only begins alike", BASE, STRANGER, TO("<user@example.com.test>"), 0,
	    "relay-denied", NULL, NULL },
	{ "a local domain in A-labels", BASE, STRANGER, TO("<u@xn--bcher-kva.example>"), 0,
	    "local-domain", "local-domains xn--bcher-kva.example", NULL },
	{ "a local domain in U-labels", BASE, STRANGER,
	    { .utf8 = 1, .rcpt = "<u@b\xc3\xbc" "cher.example>" }, 0, "local-domain",
	    "local-domains xn--bcher-kva.example", NULL },
	{ "a local domain in U-labels and capitals", BASE, STRANGER,
	    { .utf8 = 1, .rcpt = "<u@B\xc3\x9c" "CHER.example>" }, 0, "local-domain",
	    "local-domains xn--bcher-kva.example", NULL },
	{ "capitals that were not announced, and the MTA makes them small", BASE, STRANGER,
	    TO_AS("<u@B\xc3\x9c" "CHER.example>", "u@b\xc3\xbc" "cher.example"), 0, "local-domain",
	    "local-domains xn--bcher-kva.example", NULL },
	{ "capitals that were not announced, and the MTA leaves them", BASE, STRANGER,
	    TO_AS("<u@B\xc3\x9c" "CHER.example>", "u@B\xc3\x9c" "CHER.example"), 0, "divergence", NULL, NULL },
	{ "our own address", BASE, STRANGER, TO("<user@[198.51.100.1]>"), 0, "own-literal",
	    "own-addresses 198.51.100.1/32", NULL },
	{ "our own IPv6 address", BASE, STRANGER, TO("<user@[IPv6:2001:db8::25]>"), 0, "own-literal",
	    "own-addresses 2001:db8::25/128", NULL },
	{ "another address", BASE, STRANGER, TO("<user@[198.51.100.2]>"), 0, "relay-denied", NULL, NULL },
	{ "loopback is nobody's own", BASE, STRANGER, TO("<user@[127.0.0.1]>"), 0, "relay-denied", NULL, NULL },

	/* rule 9 */
	{ "a relay domain", BASE, STRANGER, TO("<user@relay.example>"), 0, "relay-domain",
	    "relay-domains relay.example", NULL },
	{ "a name below a relay domain", BASE, STRANGER, TO("<user@a.relay.example>"), 0, "relay-domain",
	    "relay-domains .relay.example", NULL },

	/* rules 10 and 11 */
	{ "mx.accept = none asks nothing", BASE, STRANGER, TO(THERE), POLICY_MX_BACKUP,
	    "relay-denied", NULL, NULL },
	{ "a question", MX_BACKUP, STRANGER, TO(THERE), POLICY_MX_UNASKED, NULL, NULL, NULL },
	{ "no question for a local domain", MX_ANY, STRANGER, TO(HERE), POLICY_MX_UNASKED,
	    "local-domain", "local-domains example.com", NULL },
	{ "no question for a relay domain", MX_ANY, STRANGER, TO("<u@relay.example>"),
	    POLICY_MX_UNASKED, "relay-domain", "relay-domains relay.example", NULL },
	{ "no question for a login", MX_ANY, STRANGER, { LOGIN, .rcpt = THERE }, POLICY_MX_UNASKED,
	    "authenticated", NULL, NULL },
	{ "no question for a literal", MX_ANY, STRANGER, TO("<u@[192.0.2.1]>"), POLICY_MX_UNASKED,
	    "relay-denied", NULL, NULL },
	{ "no question for an address with routing", MX_ANY, STRANGER, TO("<a%b@elsewhere.test>"),
	    POLICY_MX_UNASKED, "routed-address", NULL, NULL },
	{ "backup, and we are", MX_BACKUP, STRANGER, TO(THERE), POLICY_MX_BACKUP, "mx", NULL, NULL },
	{ "backup, and we are primary", MX_BACKUP, STRANGER, TO(THERE), POLICY_MX_PRIMARY,
	    "relay-denied", NULL, NULL },
	{ "primary, and we are", MX_PRIMARY, STRANGER, TO(THERE), POLICY_MX_PRIMARY, "mx", NULL, NULL },
	{ "primary, and we are backup", MX_PRIMARY, STRANGER, TO(THERE), POLICY_MX_BACKUP,
	    "relay-denied", NULL, NULL },
	{ "any, and we are primary", MX_ANY, STRANGER, TO(THERE), POLICY_MX_PRIMARY, "mx", NULL, NULL },
	{ "any, and we are backup", MX_ANY, STRANGER, TO(THERE), POLICY_MX_BACKUP, "mx", NULL, NULL },
	{ "any, and we are not", MX_ANY, STRANGER, TO(THERE), POLICY_MX_NOT, "relay-denied", NULL, NULL },
	{ "a name that DNS cannot have", MX_ANY, STRANGER, TO(THERE), POLICY_MX_BADNAME,
	    "relay-denied", NULL, NULL },
	{ "DNS cannot tell", MX_BACKUP, STRANGER, TO(THERE), POLICY_MX_TEMPFAIL, "dns-failure", NULL, NULL },
	{ "DNS cannot tell, and it does not matter", MX_BACKUP, STRANGER, TO(HERE), POLICY_MX_TEMPFAIL,
	    "local-domain", "local-domains example.com", NULL },
	{ "DNS cannot tell, and nobody asks it", BASE, STRANGER, TO(THERE), POLICY_MX_TEMPFAIL,
	    "relay-denied", NULL, NULL },
};

/* The verdict that goes with each reason. */
static const struct {
	const char	*reason;
	const char	*verdict;
} verdicts[] = {
	{ "authenticated", "permit" }, { "trusted-network", "permit" },
	{ "local-submission", "permit" }, { "client-certificate", "permit" },
	{ "oversized", "reject" },
	{ "authentication-required", "reject" }, { "malformed-address", "reject" },
	{ "routed-address", "reject" }, { "divergence", "reject" },
	{ "local-domain", "permit" }, { "own-literal", "permit" }, { "relay-domain", "permit" },
	{ "mx", "permit" }, { "dns-failure", "tempfail" }, { "relay-denied", "reject" },
};

static const char *
verdict_of(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(verdicts[i].reason, reason) == 0)
			return verdicts[i].verdict;
	return NULL;
}

static void
check_match(const struct row *row, const struct policy_decision *decision)
{
	size_t len;

	if (row->matched == NULL || decision->entry == NULL) {
		tap_is_str(decision->entry, row->matched, "  matched");
		return;
	}
	len = strlen(decision->list);
	tap_ok(strncmp(row->matched, decision->list, len) == 0 && row->matched[len] == ' ',
	    "  list %s", decision->list);
	tap_is_str(decision->entry, row->matched + len + 1, "  entry");
}

static void
check(struct policy *policy, const struct row *row)
{
	struct policy_answers answers = { row->mx };
	struct policy_facts facts = row->facts;
	struct policy_decision decision;

	set_options(policy, row->options);
	if (row->client != NULL && netaddr_parse(row->client, strlen(row->client), &facts.client) == -1)
		tap_ok(0, "client of %s", row->name);
	policy_decide(policy, &facts, &answers, &decision);
	/* that rule comes before those about the client */
	if (row->reason == NULL || strcmp(row->reason, "oversized") != 0)
		tap_is_int(policy_client_is_entitled(policy, &facts), row->reason != NULL &&
		    decision.verdict == POLICY_PERMIT && decision.reason <= POLICY_CLIENT_CERTIFICATE,
		    "%s: whether the client is entitled", row->name);
	if (row->reason == NULL) {
		tap_is_int(decision.verdict, POLICY_NEED, "%s", row->name);
		tap_is_int(decision.question, POLICY_QUESTION_MX, "  asks for the MX");
		return;
	}
	tap_is_str(decision.verdict == POLICY_NEED ? "need" : policy_reason_name(decision.reason),
	    row->reason, "%s", row->name);
	tap_is_str(policy_verdict_name(decision.verdict), verdict_of(row->reason), "  verdict");
	tap_is_str(policy_auth_name(decision.auth), row->auth_refused, "  refused login");
	check_match(row, &decision);
}

/* A decision leaves nothing behind for the next one. */
static void
check_nothing_carries_over(struct policy *policy)
{
	struct policy_facts login = { LOGIN, .rcpt = THERE };
	struct policy_facts stranger = { .rcpt = THERE };
	struct policy_answers answers = { POLICY_MX_UNASKED };
	struct policy_decision decision;
	int i;

	set_options(policy, BASE);
	for (i = 0; i < 3; i++) {
		policy_decide(policy, &login, &answers, &decision);
		tap_is_int(decision.verdict, POLICY_PERMIT, "a login, round %d", i);
		policy_decide(policy, &stranger, &answers, &decision);
		tap_is_int(decision.verdict, POLICY_REJECT, "then a stranger, round %d", i);
	}
}

/* No lists at all: nobody is trusted, nothing is local, and nothing crashes. */
static void
check_empty_policy(void)
{
	const struct policy empty = { .trusted_networks = NULL };
	struct policy_facts facts = { .rcpt = HERE };
	struct policy_answers answers = { POLICY_MX_UNASKED };
	struct policy_decision decision;

	policy_decide(&empty, &facts, &answers, &decision);
	tap_is_str(policy_reason_name(decision.reason), "relay-denied", "without any list");
	facts.rcpt = "<u@[127.0.0.1]>";
	policy_decide(&empty, &facts, &answers, &decision);
	tap_is_str(policy_reason_name(decision.reason), "relay-denied", "without any list, a literal");
	facts.rcpt = "u@example.com";
	facts.rcpt_mta = "u";
	policy_decide(&empty, &facts, &answers, &decision);
	tap_is_str(policy_reason_name(decision.reason), "divergence", "without any list, a loose address");
}

/* The domain that a record shows. */
static void
check_domain(const char *rcpt, const char *rcpt_mta, const char *want)
{
	const struct policy empty = { .trusted_networks = NULL };
	const struct policy_facts facts = { .rcpt = rcpt, .rcpt_mta = rcpt_mta };
	const struct policy_answers answers = { POLICY_MX_UNASKED };
	struct policy_decision decision;

	policy_decide(&empty, &facts, &answers, &decision);
	tap_is_str(policy_domain(&decision), want, "the domain of %s", rcpt);
}

static void
check_domains(void)
{
	check_domain("<u@Example.com>", NULL, "example.com");
	check_domain("<u@[192.0.2.1]>", NULL, NULL);
	check_domain("<u>", NULL, NULL);
	check_domain("<u>", "u@example.com", "example.com");
	check_domain("<u>", "u@a..test", NULL);
	check_domain("<u@a..test>", NULL, NULL);
}

/* An empty list allows every mechanism, as none does. */
static void
check_no_mechanisms(const struct policy *policy)
{
	static char *none[] = { NULL };
	struct policy any = *policy;
	const struct policy_facts facts = { .rcpt = THERE, LOGIN };
	const struct policy_answers answers = { POLICY_MX_UNASKED };
	struct policy_decision decision;

	any.auth_mechanisms = none;
	policy_decide(&any, &facts, &answers, &decision);
	tap_is_str(policy_reason_name(decision.reason), "authenticated", "an empty list of mechanisms");
}

static void
check_names(void)
{
	static const char *const names[] = { [POLICY_PERMIT] = "permit", [POLICY_REJECT] = "reject",
	    [POLICY_TEMPFAIL] = "tempfail", [POLICY_NEED] = NULL };
	int reason;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tap_is_str(policy_verdict_name((enum policy_verdict)i), names[i], "verdict %zu", i);
	tap_is_str(policy_reason_name(policy_rule(0).reason), "oversized", "the first rule");

	for (reason = 0; reason < POLICY_REASON_COUNT; reason++)
		tap_ok(policy_reason_name((enum policy_reason)reason) != NULL, "reason %d has a name", reason);
}

int
main(void)
{
	struct policy policy;
	size_t i;

	make_policy(&policy);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&policy, &rows[i]);
	check_nothing_carries_over(&policy);
	check_empty_policy();
	check_domains();
	check_no_mechanisms(&policy);
	check_names();
	netset_free(policy.trusted_networks);
	netset_free(policy.own_addresses);
	certset_free(policy.client_certificates);
	domset_free(policy.local_domains);
	domset_free(policy.relay_domains);
	return tap_done();
}
