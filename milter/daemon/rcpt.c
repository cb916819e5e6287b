/* milter/daemon/rcpt.c: decision, reply and record of one recipient */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/policy_resolve.h"
#include "daemon/rcpt.h"
#include "record/record_decision.h"

/* Answers the questions about a recipient. */
struct witness {
	const struct session	*session;
	struct mx_lookup_answer	*mx;
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
rcpt_client_is_entitled(const struct session *session)
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
	struct mx_lookup *lookup = witness->session->txn.lookup;

	if (witness->is_refused)
		return POLICY_MX_TEMPFAIL;
	if (lookup == NULL)
		return POLICY_MX_UNASKED;
	mx_lookup_find(lookup, domain, &witness->session->client,
	    mx_lookup_deadline(lookup), witness->mx);
	return witness->mx->standing;
}

void
rcpt_find(struct rcpt *recipient, const struct session *session, const char *rcpt,
    const char *rcpt_mta, const struct rcpt_refusal *refusal)
{
	const struct transaction *txn = &session->txn;
	struct witness witness = { session, &recipient->mx, refusal != NULL };
	struct policy_facts facts;

	collect_facts(session, rcpt, rcpt_mta, &facts);
	policy_resolve(&txn->conf->policy, &facts, ask_for_mx, &witness,
	    &recipient->decision);
	if (session->has_failed || txn->has_failed)
		policy_resolve_fail(&recipient->decision);
	record_add_matched(&recipient->matched, &recipient->decision);
	if (recipient->matched.failed)
		policy_resolve_fail(&recipient->decision);
	if (recipient->decision.verdict == POLICY_PERMIT)
		return;
	recipient->reply = reply_for(recipient->decision.reason, &txn->conf->denied);
	reply_format(recipient->reply, recipient->reply_text);
}

void
rcpt_describe_session(struct rcpt *recipient, const struct session *session,
    struct record *record)
{
	const struct transaction *txn = &session->txn;

	record->session = session->id;
	record->txn = txn->number;
	record->queue_id = txn->queue_id;
	record->mta = session->mta;
	record->daemon = session->daemon_name;
	if (session->client.family != NETADDR_NONE) {
		netaddr_format(&session->client, recipient->client);
		record->client = recipient->client;
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
describe_refusal(struct rcpt *recipient, const struct rcpt_refusal *refusal,
    struct record *record)
{
	buf_puts(&recipient->refusal, refusal->status);
	buf_putc(&recipient->refusal, ' ');
	buf_puts(&recipient->refusal, refusal->text);
	record->reply = recipient->refusal.data;
	record->verdict = policy_verdict_name(
	    *refusal->status == '4' ? POLICY_TEMPFAIL : POLICY_REJECT);
	record->reason = policy_reason_name(POLICY_MTA_REJECT);
	record->matched = NULL;
	record->enforced = 1;
}

void
rcpt_describe(struct rcpt *recipient, const struct rcpt_refusal *refusal,
    struct record *record)
{
	record_set_decision(record, &recipient->decision,
	    recipient->reply != NULL ? recipient->reply_text : NULL, &recipient->matched,
	    recipient->mx.text);
	if (refusal != NULL)
		describe_refusal(recipient, refusal, record);
}

void
rcpt_describe_flood(struct rcpt *recipient, const struct flood_summary *summary,
    const struct conf *conf, struct record *record)
{
	char network[NETADDR_TEXT_SIZE];

	flood_network(&summary->client, network);
	buf_puts(&recipient->matched, "audit.stranger-rate ");
	buf_puts(&recipient->matched, network);
	reply_format(reply_for(POLICY_TOO_MANY, NULL), recipient->reply_text);
	record->verdict = policy_verdict_name(POLICY_TEMPFAIL);
	record->reason = policy_reason_name(POLICY_TOO_MANY);
	record->enforced = conf->mode == CONF_ENFORCE;
	record->reply = recipient->reply_text;
	record->matched = recipient->matched.failed ? NULL : recipient->matched.data;
	record->count = (int64_t)summary->count;
	if (record->client == NULL && summary->client.family != NETADDR_NONE) {
		netaddr_format(&summary->client, recipient->client);
		record->client = recipient->client;
	}
}

void
rcpt_clear(struct rcpt *recipient)
{
	buf_clear(&recipient->refusal);
	buf_clear(&recipient->matched);
}
