/* milter/ctl/ctl_query.c: query of authrelayctl explain */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ctl_query.h"

#define BITS_MAX	65536
#define PORT_MAX	65535
#define TLS_VERSION	"TLSv1.3"	/* of --tls alone */

/* Each option may be given once, and of some only one. */
enum set {
	CLIENT = 1,
	RCPT,
	FIRST		/* and the row's number */
};

/* Empty says as much as not given, as it does in what a mail server sends. */
static const char *
known(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static const char *
take_known(void *to, const struct cmdline_option *option, char *value)
{
	*(const char **)(void *)((char *)to + option->at) = known(value);
	return NULL;
}

static const char *
take_client(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_query *query = to;
	struct netaddr none = { .family = NETADDR_NONE };

	(void)option;
	query->has_client = 1;
	query->facts.client = none;
	query->facts.is_local_session = value == NULL;
	if (value == NULL || strcmp(value, "unknown") == 0 ||
	    netaddr_parse(value, strlen(value), &query->facts.client) == 0)
		return NULL;
	return "invalid address; allowed: an IPv4 or IPv6 address, unknown";
}

static const char *
take_bits(void *to, const struct cmdline_option *option, char *value)
{
	unsigned *bits = (void *)((char *)to + option->at);

	return ctl_number(value, BITS_MAX, bits) == 0 ? NULL :
	    "invalid number; allowed: 0 to 65536";
}

static const char *
take_port(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_query *query = to;
	unsigned port;

	(void)option;
	query->facts.daemon_port = value;
	if (ctl_number(value, PORT_MAX, &port) == 0 && *value != '0')
		return NULL;
	return "invalid port; allowed: 1 to 65535";
}

static const char *
take_tls(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_query *query = to;

	(void)option;
	query->facts.tls_version = value == NULL ? TLS_VERSION : known(value);
	return NULL;
}

/* Its chain counts as verified. */
static const char *
take_certificate(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_query *query = to;

	query->facts.is_cert_verified = 1;
	query->facts.cert_kind = certset_kind_of(value);
	return take_known(to, option, value);
}

static const char *
take_rcpt(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_query *query = to;

	query->rcpt = value;
	query->is_raw = (int)option->at;
	return NULL;
}

#define AT(member)	offsetof(struct ctl_query, member)

const struct cmdline_option ctl_query_options[] = {
	{ "client", 0, "ADDRESS", "The client's address, or unknown", take_client, 0,
	    CLIENT },
	{ "local", 0, NULL, "Submission by a program on this host", take_client, 0,
	    CLIENT },
	{ "client-name", 0, "NAME", "The client's name", take_known,
	    AT(client_name), FIRST },
	{ "daemon", 0, "NAME", "Name of the listener, {daemon_name}", take_known,
	    AT(facts.daemon_name), FIRST + 1 },
	{ "port", 0, "PORT", "Port of the listener, {daemon_port}", take_port, 0,
	    FIRST + 2 },
	{ "auth", 0, "USER", "The client has authenticated as this user", take_known,
	    AT(facts.auth_user), FIRST + 3 },
	{ "mech", 0, "MECHANISM", "SASL mechanism of the login", take_known,
	    AT(facts.auth_type), FIRST + 4 },
	{ "ssf", 0, "BITS", "Security strength of the mechanism", take_bits,
	    AT(facts.auth_ssf), FIRST + 5 },
	{ "tls", 0, "[VERSION]", "The session is encrypted (TLSv1.3)", take_tls, 0,
	    FIRST + 6 },
	{ "tls-bits", 0, "BITS", "Strength of the TLS cipher", take_bits,
	    AT(facts.tls_bits), FIRST + 7 },
	{ "cert-subject", 0, "TEXT", "Subject of the client's verified certificate",
	    take_certificate, AT(facts.cert_subject), FIRST + 8 },
	{ "cert-issuer", 0, "TEXT", "Issuer of that certificate", take_certificate,
	    AT(facts.cert_issuer), FIRST + 9 },
	{ "utf8", 0, NULL, "The sender has announced SMTPUTF8", cmdline_take_flag,
	    AT(facts.utf8), FIRST + 10 },
	{ "sender", 0, "TEXT", "The sender", take_known, AT(sender), FIRST + 11 },
	{ "rcpt", 0, "ADDRESS", "The recipient", take_rcpt, 0, RCPT },
	{ "raw-rcpt", 0, "TEXT", "The recipient, as a client sends it", take_rcpt,
	    1, RCPT },
	{ "rcpt-mta", 0, "ADDRESS", "The recipient as resolved, {rcpt_addr}",
	    take_known, AT(facts.rcpt_mta), FIRST + 12 },
	{ .help = NULL }
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Copies a part in quotation marks to its place, without them. Returns where it ends, or
 * NULL.
 */
static char *
unquote(char *s, char **to)
{
	char quote = *s++;

	for (; *s != quote; s++) {
		if (*s == '\\' && quote == '"' && s[1] != '\0')
			s++;
		if (*s == '\0')
			return NULL;
		*(*to)++ = *s;
	}
	return s + 1;
}

/* Ends the word that begins at s. Returns where the next may begin, or NULL. */
static char *
end_word(char *s)
{
	char *to = s;

	while (*s != '\0' && !is_blank(*s)) {
		if (*s != '"' && *s != '\'')
			*to++ = *s++;
		else if ((s = unquote(s, &to)) == NULL)
			return NULL;
	}
	if (*s != '\0')
		s++;
	*to = '\0';
	return s;
}

int
ctl_query_split(char *s, char **words, int max, const char **why)
{
	int count = 0;

	for (;;) {
		while (is_blank(*s))
			s++;
		if (*s == '\0' || (count == 0 && *s == '#'))
			return count;
		if (count == max) {
			*why = "too many words";
			return -1;
		}
		words[count++] = s;
		if ((s = end_word(s)) == NULL) {
			*why = "unclosed quotation mark";
			return -1;
		}
	}
}

void
ctl_query_rcpt(const struct ctl_query *query, struct buf *rcpt)
{
	const char *text = query->rcpt;
	size_t len = strlen(text);
	int is_whole = query->is_raw || text[0] == '<' ||
	    (len > 0 && text[len - 1] == '>');

	buf_puts(rcpt, is_whole ? "" : "<");
	buf_puts(rcpt, text);
	buf_puts(rcpt, is_whole ? "" : ">");
}
