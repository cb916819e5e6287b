/* milter/filter.c: what to do at each event of a mail session */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "filter.h"
#include "log.h"
#include "mta.h"

struct filter {
	pthread_mutex_t		 lock;		/* guards conf, the pointer */
	struct conf		*conf;
	struct audit		*audit;
	int64_t			 started_us;	/* part of the sessions' names */
	atomic_uint_least64_t	 sessions;
	atomic_int		 busy;		/* callbacks that may write a record */
	atomic_int		 is_stopping;
};

/*
 * What a recipient's record needs beside its session; the texts of the record point in
 * here.
 */
struct verdict {
	struct policy_decision	 decision;
	const struct reply	*reply;
	char			 reply_text[REPLY_LINE_SIZE];
	char			 client[NETADDR_TEXT_SIZE];
	struct buf		 matched;
	struct buf		 refusal;	/* its status and text */
};

/* What the mail server said when it refused a recipient. */
struct refusal {
	const char	*status;	/* "5.7.1" */
	const char	*text;
};

static int64_t
clock_us(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct filter *
filter_new(struct conf *conf, struct audit *audit)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL)
		return NULL;
	if (pthread_mutex_init(&filter->lock, NULL) != 0) {
		free(filter);
		return NULL;
	}
	filter->conf = conf_ref(conf);
	filter->audit = audit;
	filter->started_us = clock_us(CLOCK_REALTIME);
	return filter;
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	conf_unref(filter->conf);
	(void)pthread_mutex_destroy(&filter->lock);
	free(filter);
}

static struct conf *
current_conf(struct filter *filter)
{
	struct conf *conf;

	(void)pthread_mutex_lock(&filter->lock);
	conf = conf_ref(filter->conf);
	(void)pthread_mutex_unlock(&filter->lock);
	return conf;
}

void
filter_set_conf(struct filter *filter, struct conf *conf)
{
	struct conf *before;

	(void)pthread_mutex_lock(&filter->lock);
	before = filter->conf;
	filter->conf = conf_ref(conf);
	(void)pthread_mutex_unlock(&filter->lock);
	conf_unref(before);
}

struct session *
filter_connect(struct filter *filter, const struct engine_client *client,
    const struct engine_macros *macros)
{
	struct session *session;
	char id[40];

	(void)snprintf(id, sizeof(id), "%" PRIx64 ".%" PRIx64,
	    (uint64_t)filter->started_us,
	    (uint64_t)atomic_fetch_add(&filter->sessions, 1) + 1);
	if ((session = session_new(id)) == NULL)
		return NULL;
	session->client = client->addr;
	session->client_port = client->port;
	session_keep(&session->client_name, client->name, &session->has_failed);
	mta_read_connection(session, macros);
	return session;
}

void
filter_helo(struct filter *filter, struct session *session, const char *name)
{
	(void)filter;
	if (session == NULL)
		return;
	session_reset(session);
	session_keep(&session->helo, name, &session->has_failed);
}

void
filter_mail(struct filter *filter, struct session *session, const char *sender,
    char *const *params, const struct engine_macros *macros)
{
	struct transaction *txn;

	if (session == NULL)
		return;
	session_reset(session);
	txn = &session->txn;
	txn->number = ++session->transactions;
	txn->conf = current_conf(filter);
	session_keep(&txn->sender, sender, &txn->has_failed);
	mta_read_transaction(session, macros);
	for (; *params != NULL; params++)
		if (strcasecmp(*params, "SMTPUTF8") == 0)
			txn->utf8 = 1;
}

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
	facts->auth_ssf = txn->auth_ssf;
	facts->tls_version = txn->tls_version;
	facts->tls_bits = txn->tls_bits;
	facts->is_cert_verified = txn->is_cert_verified;
	facts->cert_subject = txn->cert_subject;
	facts->cert_issuer = txn->cert_issuer;
	facts->utf8 = txn->utf8;
	facts->rcpt = rcpt;
	facts->rcpt_mta = rcpt_mta;
}

static void
fail(struct verdict *verdict)
{
	verdict->decision.verdict = POLICY_TEMPFAIL;
	verdict->decision.reason = POLICY_INTERNAL;
}

static void
name_match(struct verdict *verdict)
{
	const struct policy_decision *decision = &verdict->decision;

	if (decision->entry == NULL)
		return;
	buf_puts(&verdict->matched, decision->list);
	buf_putc(&verdict->matched, ' ');
	buf_puts(&verdict->matched, decision->entry);
	if (verdict->matched.failed)
		fail(verdict);
}

/*
 * A question that has no answer yet fails: mx.accept is refused where no look-ups are
 * built in.
 */
static void
judge(const struct session *session, const char *rcpt, const char *rcpt_mta,
    struct verdict *verdict)
{
	static const struct policy_answers no_answers;
	const struct transaction *txn = &session->txn;
	struct policy_facts facts;

	collect_facts(session, rcpt, rcpt_mta, &facts);
	policy_decide(&txn->conf->policy, &facts, &no_answers, &verdict->decision);
	if (verdict->decision.verdict == POLICY_NEED || session->has_failed ||
	    txn->has_failed)
		fail(verdict);
	name_match(verdict);
	if (verdict->decision.verdict == POLICY_PERMIT)
		return;
	verdict->reply = reply_for(verdict->decision.reason, &txn->conf->denied);
	reply_format(verdict->reply, verdict->reply_text);
}

static void
describe_session(const struct session *session, struct verdict *verdict,
    struct record *record)
{
	const struct transaction *txn = &session->txn;

	record->time_us = clock_us(CLOCK_REALTIME);
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
	record->tls = txn->tls_version;
	record->cipher = txn->cipher;
	record->cert_subject = txn->cert_subject;
	record->auth = txn->auth_user;
	record->auth_type = txn->auth_type;
	record->sender = txn->sender;
}

static void
describe_decision(const struct verdict *verdict, struct record *record)
{
	const struct policy_decision *decision = &verdict->decision;

	record->verdict = policy_verdict_name(decision->verdict);
	record->reason = policy_reason_name(decision->reason);
	record->reply = verdict->reply != NULL ? verdict->reply_text : NULL;
	record->auth_refused = policy_auth_name(decision->auth);
	if (decision->path.form != PATH_BAD && decision->path.domain[0] != '\0')
		record->domain = decision->path.domain;
	record->matched = verdict->matched.data;
}

/* What the MTA is told; in monitor mode everything passes. */
static const struct reply *
answer(const struct session *session, const struct verdict *verdict, int is_recorded)
{
	const struct conf *conf = session->txn.conf;

	if (conf->mode == CONF_MONITOR)
		return NULL;
	if (!is_recorded && conf->audit_on_failure == CONF_TEMPFAIL)
		return reply_for(POLICY_INTERNAL, NULL);
	return verdict->reply;
}

/* Whether a record may be written now; if so, filter_stop() waits for leave(). */
static int
enter(struct filter *filter)
{
	(void)atomic_fetch_add(&filter->busy, 1);
	return !atomic_load(&filter->is_stopping);
}

static void
leave(struct filter *filter)
{
	(void)atomic_fetch_sub(&filter->busy, 1);
}

static int
is_in_transaction(const struct session *session)
{
	return session != NULL && session->txn.number != 0;
}

/* There is nothing to judge by, or nobody to record it. */
static const struct reply *
answer_unjudged(struct filter *filter)
{
	struct conf *conf = current_conf(filter);
	int mode = conf->mode;

	conf_unref(conf);
	return mode == CONF_MONITOR ? NULL : reply_for(POLICY_INTERNAL, NULL);
}

/* No memory for the session, or an engine that has lost its way. */
static const struct reply *
answer_without_session(struct filter *filter)
{
	log_error("a recipient without a transaction, or no memory for its session");
	return answer_unjudged(filter);
}

/* The mail server's verdict takes the place of ours in the record. */
static void
describe_refusal(const struct refusal *refusal, struct verdict *verdict,
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

/* refusal: NULL where the mail server has not refused the recipient. */
static const struct reply *
decide(struct filter *filter, struct session *session, const char *rcpt,
    const struct refusal *refusal, const struct engine_macros *macros)
{
	int64_t start_us = clock_us(CLOCK_MONOTONIC);
	struct verdict verdict = { .reply = NULL };
	const struct reply *reply;
	struct record record;

	if (!is_in_transaction(session))
		return answer_without_session(filter);
	mta_keep(&session->txn.queue_id, macros, "i", &session->txn.has_failed);
	record_init(&record, refusal == NULL ? RECORD_RCPT : RECORD_MTA_REJECT);
	record.rcpt = rcpt;
	if (refusal == NULL)
		record.rcpt_mta = mta_macro(macros, "{rcpt_addr}");
	judge(session, rcpt, record.rcpt_mta, &verdict);
	describe_session(session, &verdict, &record);
	describe_decision(&verdict, &record);
	if (refusal == NULL) {
		record.enforced = session->txn.conf->mode == CONF_ENFORCE;
		record.elapsed_us = clock_us(CLOCK_MONOTONIC) - start_us;
	} else
		describe_refusal(refusal, &verdict, &record);
	reply = answer(session, &verdict, audit_write(filter->audit, &record) == 0);
	buf_clear(&verdict.refusal);
	buf_clear(&verdict.matched);
	return reply;
}

/*
 * Sendmail (8.17.1 is one) drops a recipient that was refused by reading its text again,
 * now as a list with commas. Where a part of that list is no address, as in
 * <@>,<user@elsewhere>, or not the one that it was, the recipient stays, and is delivered
 * to.
 */
static void
note_refusal(struct session *session, const char *rcpt)
{
	if (is_in_transaction(session) && !session->is_postfix &&
	    strchr(rcpt, ',') != NULL)
		session->txn.has_unsure_refusal = 1;
}

static const struct reply *
decide_unless_stopping(struct filter *filter, struct session *session, const char *rcpt,
    const struct refusal *refusal, const struct engine_macros *macros)
{
	const struct reply *reply;

	reply = enter(filter) ? decide(filter, session, rcpt, refusal, macros) :
	    answer_unjudged(filter);
	leave(filter);
	if (reply != NULL && refusal == NULL)
		note_refusal(session, rcpt);
	return reply;
}

const struct reply *
filter_rcpt(struct filter *filter, struct session *session, const char *rcpt,
    const struct engine_macros *macros)
{
	return decide_unless_stopping(filter, session, rcpt, NULL, macros);
}

const struct reply *
filter_mta_reject(struct filter *filter, struct session *session, const char *rcpt,
    const char *status, const char *text, const struct engine_macros *macros)
{
	const struct refusal refusal = { status, text };

	return decide_unless_stopping(filter, session, rcpt, &refusal, macros);
}

static void
record_message(struct filter *filter, struct session *session,
    const struct engine_macros *macros)
{
	struct verdict verdict = { .reply = NULL };
	struct record record;

	if (!is_in_transaction(session) || session->txn.has_data)
		return;
	session->txn.has_data = 1;
	mta_keep(&session->txn.queue_id, macros, "i", &session->txn.has_failed);
	record_init(&record, RECORD_MESSAGE);
	describe_session(session, &verdict, &record);
	(void)audit_write(filter->audit, &record);
}

void
filter_data(struct filter *filter, struct session *session,
    const struct engine_macros *macros)
{
	if (enter(filter))
		record_message(filter, session, macros);
	leave(filter);
}

static void
record_end(struct filter *filter, const struct session *session,
    const struct reply *reply)
{
	struct verdict verdict = { .reply = reply };
	struct record record;

	reply_format(reply, verdict.reply_text);
	record_init(&record, RECORD_MESSAGE);
	describe_session(session, &verdict, &record);
	record.verdict = policy_verdict_name(POLICY_REJECT);
	record.reason = policy_reason_name(POLICY_MALFORMED_ADDRESS);
	record.enforced = 1;
	record.reply = verdict.reply_text;
	(void)audit_write(filter->audit, &record);
}

/* In monitor mode no recipient was refused. */
const struct reply *
filter_end_of_message(struct filter *filter, struct session *session)
{
	const struct reply *reply;

	if (session == NULL)
		return answer_unjudged(filter);
	if (!session->txn.has_unsure_refusal)
		return NULL;
	reply = reply_for(POLICY_MALFORMED_ADDRESS, NULL);
	if (enter(filter))
		record_end(filter, session, reply);
	leave(filter);
	return reply;
}

void
filter_abort(struct filter *filter, struct session *session)
{
	(void)filter;
	if (session != NULL)
		session_reset(session);
}

void
filter_close(struct filter *filter, struct session *session)
{
	(void)filter;
	session_free(session);
}

int
filter_note(struct filter *filter, enum record_event event, const char *note)
{
	struct record record;

	record_init(&record, event);
	record.note = note;
	record.time_us = clock_us(CLOCK_REALTIME);
	return audit_write(filter->audit, &record);
}

int
filter_stop(struct filter *filter, int timeout_ms)
{
	const struct timespec pause = { 0, 1000000 };

	atomic_store(&filter->is_stopping, 1);
	for (; atomic_load(&filter->busy) != 0; timeout_ms--) {
		if (timeout_ms <= 0)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}
