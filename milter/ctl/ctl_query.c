/* milter/ctl/ctl_query.c: what authrelayctl explain is asked, in options */
/* SPDX-License-Identifier: ISC */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_error.h"
#include "ctl/ctl_query.h"

#define DIGITS		"0123456789"
#define BITS_MAX	65536
#define PORT_MAX	65535
#define TLS_VERSION	"TLSv1.3"	/* of --tls alone */

enum code {
	CLIENT = 256,	/* above every letter */
	LOCAL,
	CLIENT_NAME,
	DAEMON,
	PORT,
	AUTH,
	MECH,
	SSF,
	TLS,
	TLS_BITS,
	CERT_SUBJECT,
	CERT_ISSUER,
	UTF8,
	SENDER,
	RCPT,
	RAW_RCPT,
	RCPT_MTA,
	JSON
};

static const struct option options[] = {
	{ "client", required_argument, NULL, CLIENT },
	{ "local", no_argument, NULL, LOCAL },
	{ "client-name", required_argument, NULL, CLIENT_NAME },
	{ "daemon", required_argument, NULL, DAEMON },
	{ "port", required_argument, NULL, PORT },
	{ "auth", required_argument, NULL, AUTH },
	{ "mech", required_argument, NULL, MECH },
	{ "ssf", required_argument, NULL, SSF },
	{ "tls", optional_argument, NULL, TLS },
	{ "tls-bits", required_argument, NULL, TLS_BITS },
	{ "cert-subject", required_argument, NULL, CERT_SUBJECT },
	{ "cert-issuer", required_argument, NULL, CERT_ISSUER },
	{ "utf8", no_argument, NULL, UTF8 },
	{ "sender", required_argument, NULL, SENDER },
	{ "rcpt", required_argument, NULL, RCPT },
	{ "raw-rcpt", required_argument, NULL, RAW_RCPT },
	{ "rcpt-mta", required_argument, NULL, RCPT_MTA },
	{ "json", no_argument, NULL, JSON },
	{ NULL, 0, NULL, 0 }
};

/* One run over options. */
struct reading {
	struct ctl_query		*query;
	struct ctl_query_command	*command;
	unsigned long			 seen;	/* a bit for each from CLIENT on */
	struct buf			*why;
};

/* Empty says as much as not given, as it does in what a mail server sends. */
static const char *
known(const char *text)
{
	return *text == '\0' ? NULL : text;
}

/* Returns -1 if it is no number, or one above `most`. */
static int
read_number(const char *text, unsigned most, unsigned *number_r)
{
	size_t digits = strspn(text, DIGITS);

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return -1;
	*number_r = (unsigned)strtoul(text, NULL, 10);
	return *number_r <= most ? 0 : -1;
}

static const char *
read_client(struct ctl_query *query, const char *text)
{
	struct netaddr none = { .family = NETADDR_NONE };

	query->has_client = 1;
	query->facts.client = none;
	query->facts.is_local_session = text == NULL;
	if (text == NULL || strcmp(text, "unknown") == 0 ||
	    netaddr_parse(text, strlen(text), &query->facts.client) == 0)
		return NULL;
	return "no address; allowed: an IPv4 or IPv6 address, unknown";
}

static const char *
read_bits(const char *text, unsigned *bits)
{
	return read_number(text, BITS_MAX, bits) == 0 ? NULL :
	    "no number; allowed: 0 to 65536";
}

static const char *
read_port(struct ctl_query *query, const char *text)
{
	unsigned port;

	query->facts.daemon_port = text;
	if (read_number(text, PORT_MAX, &port) == 0 && *text != '0')
		return NULL;
	return "no port; allowed: 1 to 65535";
}

/* Its chain counts as verified. */
static const char *
read_certificate(struct ctl_query *query, const char **text_r, const char *text)
{
	query->facts.is_cert_verified = 1;
	query->facts.cert_kind = certset_kind_of(text);
	*text_r = known(text);
	return NULL;
}

static const char *
read_rcpt(struct ctl_query *query, const char *text, int is_raw)
{
	query->rcpt = text;
	query->is_raw = is_raw;
	return NULL;
}

/* The options of the command line. */
static const char *
read_command(struct reading *reading, int code, char *text)
{
	struct ctl_query_command *command = reading->command;

	if (command == NULL)
		return "on the command line only";
	if (code == 'c')
		command->source->file = text;
	else if (code == 'o')
		command->source->overrides[command->source->count++] = text;
	else
		command->is_json = 1;
	return NULL;
}

/* Returns what is wrong, as a constant text, or NULL. */
static const char *
read_option(struct reading *reading, int code, char *text)
{
	struct ctl_query *query = reading->query;
	struct policy_facts *facts = &query->facts;

	switch (code) {
	case CLIENT:
	case LOCAL:
		return read_client(query, text);
	case PORT:
		return read_port(query, text);
	case SSF:
		return read_bits(text, &facts->auth_ssf);
	case TLS_BITS:
		return read_bits(text, &facts->tls_bits);
	case CERT_SUBJECT:
		return read_certificate(query, &facts->cert_subject, text);
	case CERT_ISSUER:
		return read_certificate(query, &facts->cert_issuer, text);
	case RCPT:
	case RAW_RCPT:
		return read_rcpt(query, text, code == RAW_RCPT);
	case CLIENT_NAME:
		query->client_name = known(text);
		break;
	case DAEMON:
		facts->daemon_name = known(text);
		break;
	case AUTH:
		facts->auth_user = known(text);
		break;
	case MECH:
		facts->auth_type = known(text);
		break;
	case TLS:
		facts->tls_version = text == NULL ? TLS_VERSION : known(text);
		break;
	case UTF8:
		facts->utf8 = 1;
		break;
	case SENDER:
		query->sender = known(text);
		break;
	case RCPT_MTA:
		facts->rcpt_mta = known(text);
		break;
	default:
		return read_command(reading, code, text);
	}
	return NULL;
}

static const char *
name_of(int code)
{
	const struct option *option = options;

	while (option->name != NULL && option->val != code)
		option++;
	return option->name;
}

/* Where options contradict each other, it is not clear what is meant. */
static const char *
conflict(struct reading *reading, int code)
{
	unsigned long bit = code >= CLIENT ? 1UL << (code - CLIENT) : 0;
	unsigned long client = 1UL << (CLIENT - CLIENT) | 1UL << (LOCAL - CLIENT);
	unsigned long rcpt = 1UL << (RCPT - CLIENT) | 1UL << (RAW_RCPT - CLIENT);

	if ((reading->seen & bit) != 0)
		return "given twice";
	reading->seen |= bit;
	if ((reading->seen & client) == client)
		return "--client and --local exclude each other";
	if ((reading->seen & rcpt) == rcpt)
		return "--rcpt and --raw-rcpt exclude each other";
	return NULL;
}

static void
refuse_word(struct reading *reading, const char *word, const char *why)
{
	struct conf_quoted quoted;

	buf_printf(reading->why, "%s: %s", conf_quote(word, strlen(word), &quoted), why);
}

/* Of letters that stand together, getopt() may not have ended the word. */
static void
refuse_option(struct reading *reading, const char *word)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (optopt >= CLIENT)
		refuse_word(reading, word, "it has no value");
	else
		refuse_word(reading, optopt > 0 ? letter : word, "no such option");
}

static int
read_one(struct reading *reading, int code, char *text)
{
	struct conf_quoted quoted;
	const char *why = conflict(reading, code), *name = name_of(code);

	if (why == NULL)
		why = read_option(reading, code, text);
	if (why == NULL)
		return 0;
	if (name == NULL)
		buf_printf(reading->why, "-%c", code);
	else
		buf_printf(reading->why, "--%s", name);
	if (text != NULL)
		buf_printf(reading->why, " %s", conf_quote(text, strlen(text), &quoted));
	buf_printf(reading->why, ": %s", why);
	return -1;
}

int
ctl_query_read(struct ctl_query *query, struct ctl_query_command *command, int argc,
    char **argv, struct buf *why)
{
	struct reading reading = { query, command, 0, why };
	int code;

	optind = 0;	/* begin anew */
	opterr = 0;
	while ((code = getopt_long(argc, argv, "+:c:o:", options, NULL)) != -1) {
		if (code == ':')
			refuse_word(&reading, argv[optind - 1], "its value is missing");
		else if (code == '?')
			refuse_option(&reading, argv[optind - 1]);
		else if (read_one(&reading, code, optarg) == 0)
			continue;
		return -1;
	}
	if (optind == argc)
		return 0;
	refuse_word(&reading, argv[optind], "no option");
	return -1;
}

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
			*why = "a quotation mark is not closed";
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
