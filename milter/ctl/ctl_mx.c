/* milter/ctl/ctl_mx.c: authrelayctl mx: standing of this server in a domain's MX set */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/encode.h"
#include "ctl/ctl.h"
#include "ctl/ctl_mx.h"
#include "dns/mx_lookup.h"

#define SHOWN_MAX	400	/* of what was given for a domain */

static void
write_mx(const struct rrset_mx *mx, struct buf *out)
{
	buf_printf(out, "%u ", mx->preference);
	if (mx->is_null)
		buf_putc(out, '.');
	else
		buf_puts(out, mx->is_host ? mx->host : "(not a host name)");
}

static void
write_records(const struct rrset *rrset, struct buf *out)
{
	char text[NETADDR_TEXT_SIZE];

	if (rrset->count == 0)
		buf_puts(out, rrset->is_cut ? "too many records, or an alias "
		    "loop" : "no records");
	for (size_t i = 0; i < rrset->count; i++) {
		buf_puts(out, i == 0 ? "" : ", ");
		if (rrset->mx != NULL)
			write_mx(&rrset->mx[i], out);
		else {
			netaddr_format(&rrset->addrs[i], text);
			buf_puts(out, text);
		}
	}
	if (rrset->is_cut && rrset->count > 0)
		buf_puts(out, " and more");
}

static void
write_answer(const char *name, const struct rrset *rrset, struct buf *out)
{
	buf_printf(out, "%s %s: ", name, mx_type_name(rrset->type));
	switch (rrset->status) {
	case RRSET_FOUND:
		write_records(rrset, out);
		break;
	case RRSET_NODATA:
		buf_puts(out, "no such records");
		break;
	case RRSET_NXDOMAIN:
		buf_puts(out, "no such domain");
		break;
	case RRSET_FAILURE:
		buf_printf(out, "failed: %s", rrset->why != NULL ? rrset->why : "?");
		break;
	}
	buf_printf(out, " (%s%s", rrset->server[0] == '\0' ? "no server" : "server ",
	    rrset->server);
	if (rrset->status != RRSET_FAILURE)
		buf_printf(out, ", ad=%d, ttl %" PRIu32, rrset->is_secure, rrset->ttl);
	buf_printf(out, ", %u %s, %" PRId64 " us)\n", rrset->queries,
	    rrset->queries == 1 ? "query" : "queries", rrset->elapsed_us);
}

void
ctl_mx_write(void *buf, const struct mx_question *question, const struct rrset *answers)
{
	for (size_t i = 0; i < question->count; i++)
		write_answer(question->name, &answers[i], buf);
}

/* What the rules of the daemon make of the standing, if nothing else decides. */
static enum policy_verdict
policy_resolve(const struct conf *conf, const char *domain, enum policy_mx standing)
{
	const struct policy policy = { .mx_accept =
	    (enum policy_mx_accept)conf->mx_accept };
	const struct policy_answers answers = { .mx = standing };
	char rcpt[PATH_DOMAIN_SIZE + sizeof("<postmaster@>")];
	struct policy_facts facts = { .rcpt = rcpt };
	struct policy_decision decision;

	(void)snprintf(rcpt, sizeof(rcpt), "<postmaster@%s>", domain);
	policy_decide(&policy, &facts, &answers, &decision);
	return decision.verdict;
}

static void
write_conclusion(const struct conf *conf, const struct mx_lookup_answer *answer,
    enum policy_verdict verdict, struct buf *out)
{
	buf_printf(out, "standing: %s\nmx: %s\nverdict: %s", mx_standing_name(
	    answer->standing), answer->text, policy_verdict_name(verdict));
	if (conf->mx_accept == POLICY_MX_ACCEPT_NONE)
		buf_puts(out, " (mx.accept is none)");
	buf_putc(out, '\n');
}

static int
look_up(struct conf *conf, const char *domain)
{
	struct mx_lookup_answer answer;
	enum policy_verdict verdict;
	const char *why;
	struct buf out;
	struct mx_lookup *lookup = mx_lookup_new(conf, NULL, NULL, &why);
	int status;

	if (lookup == NULL)
		return ctl_cannot(&ctl_mx, "MX lookup", why, EX_OSERR);
	buf_init(&out);
	buf_printf(&out, "domain: %s\nservers: ", domain);
	mx_lookup_describe(lookup, &out);
	buf_putc(&out, '\n');
	mx_lookup_trace(lookup, domain, mx_lookup_deadline(lookup), ctl_mx_write, &out,
	    &answer);
	verdict = policy_resolve(conf, domain, answer.standing);
	write_conclusion(conf, &answer, verdict, &out);
	if ((status = ctl_write(&out)) == 0)
		status = ctl_verdict_status(verdict);
	buf_clear(&out);
	mx_lookup_unref(lookup);
	return status;
}

static int
explain(const struct ctl_source *source, const char *text)
{
	char domain[PATH_DOMAIN_SIZE];
	const char *why = path_domain(text, strlen(text), domain);
	struct conf *conf;
	struct buf shown;
	int status;

	if (why != NULL) {
		buf_init(&shown);
		(void)encode_word(&shown, text, strlen(text), SHOWN_MAX);
		status = cmdline_refuse(&ctl_mx.line, "%s: %s",
		    shown.failed ? "?" : shown.data, why);
		buf_clear(&shown);
		return status;
	}
	if ((conf = ctl_source_read(source)) == NULL)
		return EX_CONFIG;
	status = look_up(conf, domain);
	conf_unref(conf);
	return status;
}

static int
run(int argc, char **argv)
{
	struct ctl_source source = { .file = NULL };
	int status;

	if (cmdline_read(&ctl_mx.line, &source, &argc, &argv, &status) == 0)
		status = explain(&source, argv[0]);
	ctl_source_clear(&source);
	return status;
}

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options },
	{ .options = NULL }
};

const struct ctl_command ctl_mx = { { .program = CTL_PROGRAM, .command = "mx",
    .usage = "[OPTION]... DOMAIN",
    .help = "Look up whether this server is a mail exchanger of a domain",
    .groups = groups, .operand = "DOMAIN", .least = 1, .most = 1 }, run, NULL };
