/* milter/ctl/ctl_explain.c: authrelayctl explain: why a recipient is accepted or not */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/conf_locate.h"
#include "core/encode.h"
#include "core/policy_resolve.h"
#include "ctl/ctl.h"
#include "ctl/ctl_mx.h"
#include "ctl/ctl_query.h"
#include "ctl/ctl_time.h"
#include "dns/mx_lookup.h"
#include "os/clock.h"
#include "record/record_decision.h"

#define WORDS_MAX	64	/* in a line: more than there are options, twice */
#define NAME_WIDTH	23	/* of a rule */

struct request {
	struct ctl_source	source;
	struct ctl_query	query;
	int			is_json;
};

static const struct cmdline_option options[] = {
	{ .name = "json", .help = "Print a record of authrelay-audit(5)",
	    .take = cmdline_take_flag, .at = offsetof(struct request, is_json) },
	{ .help = NULL }
};

/* A query and what came of it; the texts of its record point in here. */
struct answer {
	const struct conf	*conf;
	struct mx_lookup	*lookup;	/* NULL: mx.accept is none */
	const struct ctl_query	*query;
	struct policy_decision	 decision;
	struct mx_lookup_answer	 mx;		/* its text is empty: not asked */
	struct buf		 questions;	/* and what came, a line each */
	const struct reply	*reply;		/* NULL: none */
	char			 reply_text[REPLY_LINE_SIZE];
	char			 client[NETADDR_TEXT_SIZE];
	struct buf		 rcpt;
	struct buf		 matched;
};

/* Ready for any number of answers, one after the other. */
static void
answer_init(struct answer *answer, const struct conf *conf, struct mx_lookup *lookup)
{
	memset(answer, 0, sizeof(*answer));
	answer->conf = conf;
	answer->lookup = lookup;
	buf_init(&answer->questions);
	buf_init(&answer->rcpt);
	buf_init(&answer->matched);
}

static void
answer_clear(struct answer *answer)
{
	buf_clear(&answer->questions);
	buf_clear(&answer->rcpt);
	buf_clear(&answer->matched);
}

/* Really asks, whatever the daemon knows already. */
static enum policy_mx
ask_for_mx(void *arg, const char *domain)
{
	struct answer *answer = arg;

	if (answer->lookup == NULL)
		return POLICY_MX_UNASKED;
	mx_lookup_trace(answer->lookup, domain, mx_lookup_deadline(answer->lookup),
	    ctl_mx_write, &answer->questions, &answer->mx);
	return answer->mx.standing;
}

static void
find_reply(struct answer *answer)
{
	answer->reply = NULL;
	if (answer->decision.verdict == POLICY_PERMIT)
		return;
	answer->reply = reply_for(answer->decision.reason, &answer->conf->denied);
	reply_format(answer->reply, answer->reply_text);
}

/* Returns -1 without memory. */
static int
decide(struct answer *answer, const struct ctl_query *query)
{
	struct policy_facts facts = query->facts;

	answer->query = query;
	answer->mx.text[0] = '\0';
	buf_reset(&answer->questions);
	buf_reset(&answer->rcpt);
	buf_reset(&answer->matched);
	ctl_query_rcpt(query, &answer->rcpt);
	if (answer->rcpt.failed)
		return -1;
	facts.rcpt = answer->rcpt.data;
	facts.sender_length = query->sender == NULL ? 0 : path_length(query->sender);
	policy_resolve(&answer->conf->policy, &facts, ask_for_mx, answer,
	    &answer->decision);
	find_reply(answer);
	record_add_matched(&answer->matched, &answer->decision);
	return answer->matched.failed || answer->questions.failed ? -1 : 0;
}

/*
 * As a record
 */

static void
describe(struct answer *answer, struct record *record)
{
	const struct policy_facts *facts = &answer->query->facts;

	record->time_us = clock_realtime_us();
	record->enforced = answer->conf->mode == CONF_ENFORCE;
	record->session = "0.0";	/* of no session */
	record->txn = 1;
	record->daemon = facts->daemon_name;
	if (facts->client.family != NETADDR_NONE) {
		netaddr_format(&facts->client, answer->client);
		record->client = answer->client;
	}
	record->client_name = answer->query->client_name;
	record->tls = facts->tls_version;
	record->cert_subject = facts->cert_subject;
	record->auth = facts->auth_user;
	record->auth_type = facts->auth_type;
	record->sender = answer->query->sender;
	record->rcpt = answer->rcpt.data;
	record->rcpt_mta = facts->rcpt_mta;
	record_set_decision(record, &answer->decision,
	    answer->reply == NULL ? NULL : answer->reply_text, &answer->matched,
	    answer->mx.text);
}

static void
write_json(struct answer *answer, uint64_t seq, struct buf *out)
{
	struct record record;

	record_init(&record, RECORD_RCPT);
	describe(answer, &record);
	record_json_head(out, record.time_us, seq);
	record_json_tail(out, &record);
}

/*
 * In words
 */

static void
write_word(struct buf *out, const char *name, const char *text)
{
	buf_puts(out, name);
	(void)encode_word(out, text, strlen(text), SIZE_MAX);
}

static void
write_line(struct answer *answer, struct buf *out)
{
	buf_printf(out, "verdict=%s reason=%s ",
	    policy_verdict_name(answer->decision.verdict),
	    policy_reason_name(answer->decision.reason));
	write_word(out, "rcpt=", answer->rcpt.data);
	if (answer->matched.len > 0)
		write_word(out, " matched=", answer->matched.data);
	buf_putc(out, '\n');
}

static const char *
form_name(enum path_form form)
{
	switch (form) {
	case PATH_PLAIN:
		return "plain";
	case PATH_LOOSE:
		return "loose";
	case PATH_BAD:
		break;
	}
	return "bad";
}

/* How an address was read; of a bad one nothing but why is to be believed. */
static void
write_path(struct buf *out, const char *name, const struct path *path)
{
	char literal[NETADDR_TEXT_SIZE];

	buf_printf(out, "%s: %s", name, form_name(path->form));
	if (path->form != PATH_BAD) {
		if (path->domain[0] != '\0')
			buf_printf(out, ", domain %s", path->domain);
		if (path->is_literal) {
			netaddr_format(&path->literal, literal);
			buf_printf(out, ", address literal %s", literal);
		}
		buf_puts(out, path->is_bare ? ", a user without a domain" : "");
		buf_puts(out, path->is_routed ? ", with routing" : "");
	}
	if (path->why != NULL)
		buf_printf(out, " (%s)", path->why);
	buf_putc(out, '\n');
}

/* What the mail server makes of the recipient, and nobody has said. */
static void
write_open_question(const struct path *path, struct buf *out)
{
	if (path->form == PATH_BAD || path->is_routed)
		return;
	if (path->is_bare)
		buf_puts(out, "it depends on the mail server in which domain this user "
		    "is (Postfix: myorigin); --rcpt-mta says it\n");
	else if (path->form == PATH_LOOSE)
		buf_puts(out, "it depends on how the mail server reads this address; "
		    "--rcpt-mta says it\n");
}

static void
write_recipient(const struct answer *answer, struct buf *out)
{
	const char *rcpt_mta = answer->query->facts.rcpt_mta;

	write_word(out, "recipient: ", answer->rcpt.data);
	buf_putc(out, '\n');
	write_path(out, "read as", &answer->decision.path);
	if (rcpt_mta == NULL) {
		write_open_question(&answer->decision.path, out);
		return;
	}
	write_word(out, "resolved by the mail server: ", rcpt_mta);
	buf_putc(out, '\n');
	write_path(out, "read as", &answer->decision.path_mta);
}

/* The setting that decided, and its place. */
static void
write_match(const struct answer *answer, struct buf *out)
{
	const struct policy_decision *decision = &answer->decision;
	struct buf place;

	if (decision->entry == NULL)
		return;
	buf_printf(out, "matched: %s ", decision->list);
	write_word(out, "", decision->entry);
	buf_init(&place);
	buf_printf(out, "\nplace: %s\n", conf_locate(answer->conf, decision->list,
	    decision->entry, &place) == 0 ? place.data : "unknown");
	buf_clear(&place);
}

static const char *
auth_words(enum policy_auth auth)
{
	switch (auth) {
	case POLICY_AUTH_NONE:
	case POLICY_AUTH_OK:
		break;
	case POLICY_AUTH_INCOMPLETE:
		return "a user without a mechanism, or a mechanism without a user";
	case POLICY_AUTH_UNREADABLE:
		return "the user name has a control character";
	case POLICY_AUTH_ANONYMOUS:
		return "it is anonymous";
	case POLICY_AUTH_MECHANISM:
		return "the mechanism is not in auth.mechanisms";
	case POLICY_AUTH_CERTIFICATE:
		return "it has no verified certificate in client-certificates, and "
		    "EXTERNAL is not in auth.mechanisms";
	case POLICY_AUTH_TLS:
		return "it was not made under TLS, and auth.require-tls is yes";
	case POLICY_AUTH_STRENGTH:
		return "the connection is weaker than auth.min-ssf";
	}
	return NULL;
}

static void
write_rule(const struct answer *answer, unsigned i, struct buf *out)
{
	const struct policy_decision *decision = &answer->decision;
	const struct policy_rule rule = policy_rule(i);
	const char *refused = policy_auth_name(decision->auth);

	buf_printf(out, "%4u  %-*s  ", i + 1, NAME_WIDTH,
	    policy_reason_name(rule.reason));
	if (i == decision->rule)
		buf_puts(out, policy_verdict_name(rule.verdict));
	else if (rule.reason == POLICY_AUTHENTICATED && refused != NULL)
		buf_printf(out, "no: the login does not count (%s): %s", refused,
		    auth_words(decision->auth));
	else
		buf_printf(out, "no: %s", rule.otherwise);
	buf_putc(out, '\n');
}

static void
write_verdict(const struct answer *answer, struct buf *out)
{
	buf_printf(out, "verdict: %s\nreason: %s\n",
	    policy_verdict_name(answer->decision.verdict),
	    policy_reason_name(answer->decision.reason));
	if (answer->mx.text[0] != '\0') {
		buf_printf(out, "question: mx: standing of this server in the MX set "
		    "of %s\n", answer->decision.place->domain);
		if (answer->questions.data != NULL)
			buf_puts(out, answer->questions.data);
		buf_printf(out, "mx: %s\n", answer->mx.text);
	}
	if (answer->reply != NULL)
		buf_printf(out, "reply: %s\n", answer->reply_text);
	if (answer->conf->mode == CONF_MONITOR)
		buf_puts(out, "mode: monitor; nothing is refused\n");
}

static void
write_report(const struct answer *answer, struct buf *out)
{
	write_verdict(answer, out);
	write_match(answer, out);
	write_recipient(answer, out);
	buf_puts(out, "rules:\n");
	for (unsigned i = 0; i <= answer->decision.rule; i++)
		write_rule(answer, i, out);
}

/*
 * The command
 */

static int
explain_one(const struct conf *conf, struct mx_lookup *lookup,
    const struct ctl_query *query, int is_json)
{
	struct answer answer;
	struct buf out;
	int status;

	answer_init(&answer, conf, lookup);
	buf_init(&out);
	if (decide(&answer, query) == -1)
		out.failed = 1;
	else if (is_json)
		write_json(&answer, 1, &out);
	else
		write_report(&answer, &out);
	if ((status = ctl_write(&out)) == 0)
		status = ctl_verdict_status(answer.decision.verdict);
	buf_clear(&out);
	answer_clear(&answer);
	return status;
}

/* What is wrong with a query that has been read, or NULL. */
static const char *
fault(const struct ctl_query *query)
{
	if (!query->has_client)
		return "--client or --local is missing";
	if (query->rcpt == NULL)
		return "--rcpt or --raw-rcpt is missing";
	return NULL;
}

/* A line of standard input: the query's options, and no others. */
static const char not_here[] = "on the command line only";
static const struct cmdline_group query_groups[] = {
	{ .options = ctl_query_options },
	{ .options = ctl_source_options, .refused = not_here },
	{ .options = options, .refused = not_here },
	{ .options = NULL }
};
static const struct cmdline query_line = { .groups = query_groups };

/* One run over standard input. */
struct input {
	const struct ctl_query	*defaults;
	int			 is_json;
	uintmax_t		 line;
	uint64_t		 seq;
	int			 has_bad;
	struct buf		 out;
};

static void
refuse_line(struct input *input, const char *why)
{
	(void)fprintf(stderr, "%s: standard input:%ju: %s\n", CTL_PROGRAM, input->line,
	    why);
	input->has_bad = 1;
}

/* Returns 1 if the line holds a query, 0 if it holds nothing, -1 if it is wrong. */
static int
read_line(struct input *input, char *line, size_t len, struct ctl_query *query)
{
	static char name[] = "query";
	char *words[WORDS_MAX + 2] = { name };
	const char *why = NULL;
	struct buf wrong;
	int first, count = -1;

	buf_init(&wrong);
	*query = *input->defaults;
	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (strlen(line) != len)
		why = "contains a NUL byte";
	else if ((count = ctl_query_split(line, words + 1, WORDS_MAX, &why)) > 0) {
		switch (cmdline_parse(&query_line, query, count + 1, words, &first,
		    &wrong)) {
		case 0:
			why = fault(query);
			break;
		case 1:
			why = "--help: on the command line only";
			break;
		default:
			why = wrong.failed ? "out of memory" : wrong.data;
		}
	}
	if (why != NULL)
		refuse_line(input, why);
	buf_clear(&wrong);
	return why != NULL ? -1 : count > 0;
}

static int
answer_line(struct input *input, struct answer *answer, const struct ctl_query *query)
{
	buf_reset(&input->out);
	if (decide(answer, query) == -1)
		input->out.failed = 1;
	else if (input->is_json)
		write_json(answer, ++input->seq, &input->out);
	else
		write_line(answer, &input->out);
	return ctl_write(&input->out);
}

/* Each line is answered before the next is read, so that a program may wait for it. */
static int
explain_input(const struct conf *conf, struct mx_lookup *lookup,
    const struct ctl_query *defaults, int is_json)
{
	struct input input = { .defaults = defaults, .is_json = is_json };
	struct ctl_query query;
	struct answer answer;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int status = 0;

	answer_init(&answer, conf, lookup);
	buf_init(&input.out);
	while (status == 0 && (len = getline(&line, &size, stdin)) != -1) {
		input.line++;
		if (read_line(&input, line, (size_t)len, &query) == 1)
			status = answer_line(&input, &answer, &query);
	}
	if (status == 0 && !feof(stdin)) {
		(void)fprintf(stderr, "%s: standard input cannot be read\n",
		    CTL_PROGRAM);
		status = EX_IOERR;
	}
	free(line);
	buf_clear(&input.out);
	answer_clear(&answer);
	return status == 0 && input.has_bad ? EX_USAGE : status;
}

static int
explain(struct conf *conf, const struct ctl_query *query, int is_json)
{
	struct mx_lookup *lookup = NULL;
	const char *why;
	int status;

	if (conf->mx_accept != POLICY_MX_ACCEPT_NONE &&
	    (lookup = mx_lookup_new(conf, NULL, NULL, &why)) == NULL)
		return ctl_cannot(&ctl_explain, "MX lookup", why, EX_OSERR);
	status = query->rcpt != NULL ? explain_one(conf, lookup, query, is_json) :
	    explain_input(conf, lookup, query, is_json);
	mx_lookup_unref(lookup);
	return status;
}

static int
read_and_explain(const struct request *request)
{
	struct conf *conf = ctl_source_read(&request->source);
	int status;

	if (conf == NULL)
		return EX_CONFIG;
	status = explain(conf, &request->query, request->is_json);
	conf_unref(conf);
	return status;
}

static int
run(int argc, char **argv)
{
	struct request request = { .is_json = 0 };
	int status;

	if (cmdline_read(&ctl_explain.line, &request, &argc, &argv, &status) == 0) {
		if (request.query.rcpt != NULL && !request.query.has_client)
			status = cmdline_refuse(&ctl_explain.line, "%s",
			    fault(&request.query));
		else
			status = read_and_explain(&request);
	}
	ctl_source_clear(&request.source);
	return status;
}

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options, .offset = offsetof(struct request, source) },
	{ .options = options },
	{ .options = ctl_query_options, .offset = offsetof(struct request, query),
	    .title = "Query (without --rcpt or --raw-rcpt: "
	    "one per line of standard input)" },
	{ .options = NULL }
};

const struct ctl_command ctl_explain = { { .program = CTL_PROGRAM, .command = "explain",
    .usage = "[OPTION]... [QUERY]", .help = "Say what would be decided, and why",
    .groups = groups }, run, NULL };
