/* milter/daemon/verdict.c: decision, reply and record of one recipient */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/judge.h"
#include "daemon/verdict.h"
#include "record/record_decision.h"

/* Who answers the questions about a recipient. */
struct witness {
	const struct session	*session;
	struct ask_answer	*mx;
	int			 is_refused;	/* by the mail server */
};

static void
collect_facts(const struct session *session, const char *rcpt, const char *rcpt_mta,
    struct policy_facts *facts)
{
	const struct transaction *txn = &session->txn;

	memset(facts, 0, sizeof(*facts));
	facts->client = session->client;
	facts->is_local_session = session->is_local;
	facts->daemon_name = session->daemon_name;
	facts->daemon_port = session->daemon_port;
	facts->auth_type = txn->auth_type;
	facts->auth_user = txn->auth_user;
	facts->is_auth_unreadable = txn->is_auth_unreadable;
	facts->auth_ssf = txn->auth_ssf;
	if (!txn->is_auth_clear) {
		facts->tls_version = txn->tls_version;
		facts->tls_bits = txn->tls_bits;
	}
	facts->is_cert_verified = txn->is_cert_verified;
	facts->cert_kind = txn->cert_kind;
	facts->cert_subject = txn->cert_subject;
	facts->cert_issuer = txn->cert_issuer;
	facts->helo_length = session->helo_length;
	facts->sender_length = txn->sender_length;
	facts->utf8 = txn->utf8;
	facts->rcpt = rcpt;
	facts->rcpt_mta = rcpt_mta;
}

int
verdict_client_is_entitled(const struct session *session)
{
	struct policy_facts facts;

	if (session->has_failed || session->txn.has_failed)
		return 0;
	collect_facts(session, NULL, NULL, &facts);
	return policy_client_is_entitled(&session->txn.conf->policy, &facts);
}

static enum policy_mx
ask_for_mx(void *arg, const char *domain)
{
	struct witness *witness = arg;
	struct ask *ask = witness->session->txn.ask;

	if (witness->is_refused)
		return POLICY_MX_TEMPFAIL;
	if (ask == NULL)
		return POLICY_MX_UNASKED;
	ask_mx(ask, domain, &witness->session->client, ask_deadline(ask), witness->mx);
	return witness->mx->standing;
}

void
verdict_find(struct verdict *verdict, const struct session *session, const char *rcpt,
    const char *rcpt_mta, const struct verdict_refusal *refusal)
{
	const struct transaction *txn = &session->txn;
	struct witness witness = { session, &verdict->mx, refusal != NULL };
	struct policy_facts facts;

	collect_facts(session, rcpt, rcpt_mta, &facts);
	judge(&txn->conf->policy, &facts, ask_for_mx, &witness, &verdict->decision);
	if (session->has_failed || txn->has_failed)
		judge_fail(&verdict->decision);
	record_add_matched(&verdict->matched, &verdict->decision);
	if (verdict->matched.failed)
		judge_fail(&verdict->decision);
	if (verdict->decision.verdict == POLICY_PERMIT)
		return;
	verdict->reply = reply_for(verdict->decision.reason, &txn->conf->denied);
	reply_format(verdict->reply, verdict->reply_text);
}

void
verdict_describe_session(struct verdict *verdict, const struct session *session,
    struct record *record)
{
	const struct transaction *txn = &session->txn;

	record->session = session->id;
	record->txn = txn->number;
	record->queue_id = txn->queue_id;
	record->mta = session->mta;
	record->daemon = session->daemon_name;
	if (session->client.family != NETADDR_NONE) {
		netaddr_format(&session->client, verdict->client);
		record->client = verdict->client;
		record->client_port = session->client_port;
	}
	record->client_name = session->client_name;
	record->helo = session->helo;
	record->helo_whole = session->helo_whole;
	record->tls = txn->tls_version;
	record->cipher = txn->cipher;
	record->cert_subject = txn->cert_subject;
	record->auth = txn->auth_user;
	record->auth_realm = txn->auth_realm;
	record->auth_type = txn->auth_type;
	if (txn->is_auth_clear)
		record->auth_clear = 1;
	record->sender = txn->sender;
	record->sender_whole = txn->sender_whole;
}

static void
describe_refusal(struct verdict *verdict, const struct verdict_refusal *refusal,
    struct record *record)
{
	buf_puts(&verdict->refusal, refusal->status);
	buf_putc(&verdict->refusal, ' ');
	buf_puts(&verdict->refusal, refusal->text);
	record->reply = verdict->refusal.data;
	record->verdict = policy_verdict_name(*refusal->status == '4' ?
	    POLICY_TEMPFAIL : POLICY_REJECT);
	record->reason = policy_reason_name(POLICY_MTA_REJECT);
	record->matched = NULL;
	record->enforced = 1;
}

void
verdict_describe(struct verdict *verdict, const struct verdict_refusal *refusal,
    struct record *record)
{
	record_set_decision(record, &verdict->decision,
	    verdict->reply != NULL ? verdict->reply_text : NULL, &verdict->matched,
	    verdict->mx.text);
	if (refusal != NULL)
		describe_refusal(verdict, refusal, record);
}

void
verdict_describe_flood(struct verdict *verdict, const struct flood_summary *summary,
    const struct conf *conf, struct record *record)
{
	char network[NETADDR_TEXT_SIZE];

	flood_network(&summary->client, network);
	buf_puts(&verdict->matched, "audit.stranger-rate ");
	buf_puts(&verdict->matched, network);
	reply_format(reply_for(POLICY_TOO_MANY, NULL), verdict->reply_text);
	record->verdict = policy_verdict_name(POLICY_TEMPFAIL);
	record->reason = policy_reason_name(POLICY_TOO_MANY);
	record->enforced = conf->mode == CONF_ENFORCE;
	record->reply = verdict->reply_text;
	record->matched = verdict->matched.failed ? NULL : verdict->matched.data;
	record->count = (int64_t)summary->count;
	if (record->client == NULL && summary->client.family != NETADDR_NONE) {
		netaddr_format(&summary->client, verdict->client);
		record->client = verdict->client;
	}
}

void
verdict_clear(struct verdict *verdict)
{
	buf_clear(&verdict->refusal);
	buf_clear(&verdict->matched);
}
