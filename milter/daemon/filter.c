/* milter/daemon/filter.c: handlers of the events of a mail session */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/filter.h"
#include "daemon/flood.h"
#include "daemon/mta.h"
#include "daemon/mta_seen.h"
#include "daemon/rcpt.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/peers.h"
#include "os/seldom.h"
#include "record/record_cut.h"

#define REFUSALS_MS	10000	/* between two lines of the log */

struct filter {
	pthread_mutex_t		 lock;		/* guards conf and lookup, the pointers */
	struct conf		*conf;
	struct mx_lookup	*lookup;	/* NULL: DNS has no say */
	struct audit		*audit;
	struct mta_seen		*mta_seen;
	struct flood		*flood;
	struct mta_seen		*refused;	/* peers */
	struct seldom		 refusals;
	int64_t			 started_us;	/* part of the sessions' names */
	atomic_uint_least64_t	 sessions;
	atomic_int		 busy;		/* callbacks that write a record */
	atomic_int		 is_stopping;
};

static struct flood *
new_flood(void)
{
	uint8_t key[SIPHASH_KEY_SIZE];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return NULL;
	return flood_new(key);
}

struct filter *
filter_new(struct conf *conf, struct mx_lookup *lookup, struct audit *audit)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL)
		return NULL;
	if ((filter->mta_seen = mta_seen_new()) == NULL ||
	    (filter->refused = mta_seen_new()) == NULL ||
	    (filter->flood = new_flood()) == NULL ||
	    pthread_mutex_init(&filter->lock, NULL) != 0) {
		mta_seen_free(filter->mta_seen);
		mta_seen_free(filter->refused);
		flood_free(filter->flood);
		free(filter);
		return NULL;
	}
	filter->conf = conf_ref(conf);
	filter->lookup = mx_lookup_ref(lookup);
	filter->audit = audit;
	filter->started_us = clock_realtime_us();
	return filter;
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	mx_lookup_unref(filter->lookup);
	conf_unref(filter->conf);
	mta_seen_free(filter->mta_seen);
	flood_free(filter->flood);
	mta_seen_free(filter->refused);
	(void)pthread_mutex_destroy(&filter->lock);
	free(filter);
}

static struct conf *
get_conf(struct filter *filter)
{
	struct conf *conf;

	(void)pthread_mutex_lock(&filter->lock);
	conf = conf_ref(filter->conf);
	(void)pthread_mutex_unlock(&filter->lock);
	return conf;
}

static void
get_rules(struct filter *filter, struct conf **conf, struct mx_lookup **lookup)
{
	(void)pthread_mutex_lock(&filter->lock);
	*conf = conf_ref(filter->conf);
	*lookup = mx_lookup_ref(filter->lookup);
	(void)pthread_mutex_unlock(&filter->lock);
}

void
filter_set_rules(struct filter *filter, struct conf *conf, struct mx_lookup *lookup)
{
	struct conf *conf_before;
	struct mx_lookup *lookup_before;

	(void)pthread_mutex_lock(&filter->lock);
	conf_before = filter->conf;
	lookup_before = filter->lookup;
	filter->conf = conf_ref(conf);
	filter->lookup = mx_lookup_ref(lookup);
	(void)pthread_mutex_unlock(&filter->lock);
	mx_lookup_unref(lookup_before);
	conf_unref(conf_before);
}

/*
 * Returns -1 where the record could not be written; *is_stopping_r is set where none may
 * be any more. filter_stop() waits until none is under way.
 */
static int
write_record(struct filter *filter, struct record *record, int *is_stopping)
{
	int status = -1;

	record->time_us = clock_realtime_us();
	(void)atomic_fetch_add(&filter->busy, 1);
	if (!(*is_stopping = atomic_load(&filter->is_stopping)))
		status = audit_write(filter->audit, record);
	(void)atomic_fetch_sub(&filter->busy, 1);
	return status;
}

static void
write_mta(struct filter *filter, const char *name, const struct buf *note)
{
	struct record record;
	int is_stopping;

	record_init(&record, RECORD_MTA);
	record.mta = name;
	record.note = note->failed ? NULL : note->data;
	(void)write_record(filter, &record, &is_stopping);
}

/* "uid:105", or "192.0.2.1". */
static const char *
name_peer(const struct engine_peer *peer, char text[NETADDR_TEXT_SIZE])
{
	if (peer == NULL)
		return NULL;
	if (peer->addr.family == NETADDR_NONE)
		(void)snprintf(text, NETADDR_TEXT_SIZE, "uid:%lu",
		    (unsigned long)peer->uid);
	else
		netaddr_format(&peer->addr, text);
	return text;
}

/* The daemon, or root, who could be anybody. */
static int
is_trusted(const struct engine_peer *peer)
{
	return peer->is_own || (peer->addr.family == NETADDR_NONE && peer->uid == 0);
}

/*
 * A reader of the records has to know what the mail server reports, and who it is. One
 * that tells nothing is recorded if it could be a stranger who poses as one.
 */
static void
note_mta(struct filter *filter, const char *version, const char *name,
    const struct engine_peer *peer)
{
	char text[NETADDR_TEXT_SIZE];
	const char *who = name_peer(peer, text);
	struct buf note;

	if ((version == NULL && name == NULL && (peer == NULL || is_trusted(peer))) ||
	    !mta_seen_first(filter->mta_seen, version, name, who))
		return;
	buf_init(&note);
	mta_describe(version, &note);
	if (who != NULL)
		buf_printf(&note, "; peer %s", who);
	write_mta(filter, name, &note);
	buf_clear(&note);
}

static int
may_connect(const struct conf *conf, const struct engine_peer *peer)
{
	if (conf->mta_peers.count == 0)
		return 1;
	if (peer == NULL)
		return 0;
	if (is_trusted(peer))
		return 1;
	if (peer->addr.family != NETADDR_NONE)
		return peers_has_address(conf->mta_peer_set, &peer->addr);
	return peers_has_user(conf->mta_peer_set, peer->uid);
}

static void
refuse_peer(struct filter *filter, const struct engine_peer *peer)
{
	char text[NETADDR_TEXT_SIZE];
	const char *who = peer == NULL ? "unknown" : name_peer(peer, text);
	unsigned long count;
	struct buf note;

	if (seldom_is_due(&filter->refusals, REFUSALS_MS, &count))
		log_warn("refused a connection from %s: not in mta-peers (%lu since the "
		    "last such message)", who, count);
	if (!mta_seen_first(filter->refused, NULL, NULL, who))
		return;
	buf_init(&note);
	buf_printf(&note, "refused: not in mta-peers; peer %s", who);
	write_mta(filter, NULL, &note);
	buf_clear(&note);
}

int
filter_admits(struct filter *filter, const struct engine_peer *peer)
{
	struct conf *conf = get_conf(filter);
	int may = may_connect(conf, peer);

	conf_unref(conf);
	if (!may)
		refuse_peer(filter, peer);
	return may;
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
	note_mta(filter, mta_macro(macros, "v"), session->mta, client->peer);
	return session;
}

/*
 * Keeps a text that a stranger has chosen: of one that is too long, its beginning and
 * a hash of all of it.
 */
static void
keep_bounded(char **text_r, struct record_whole *whole, const char *value, size_t max,
    int *has_failed)
{
	size_t length = value == NULL ? 0 : strlen(value);

	session_keep_start(text_r, value, max, has_failed);
	whole->length = 0;
	if (length > max && record_whole_set(whole, value, length) == -1)
		*has_failed = 1;
}

void
filter_helo(struct filter *filter, struct session *session, const char *name,
    const struct engine_macros *macros)
{
	(void)filter;
	if (session == NULL)
		return;
	session_reset(session);
	session->helo_length = name == NULL ? 0 : strlen(name);
	keep_bounded(&session->helo, &session->helo_whole, name, POLICY_HELO_MAX,
	    &session->has_failed);
	mta_read_helo(session, macros);
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
	get_rules(filter, &txn->conf, &txn->lookup);
	txn->sender_length = sender == NULL ? 0 : path_length(sender);
	keep_bounded(&txn->sender, &txn->sender_whole, sender, POLICY_SENDER_MAX,
	    &txn->has_failed);
	mta_read_transaction(session, macros);
	for (; *params != NULL; params++)
		if (strcasecmp(*params, "SMTPUTF8") == 0)
			txn->utf8 = 1;
}

static int
is_in_transaction(const struct session *session)
{
	return session != NULL && session->txn.number != 0;
}

/* There is no session to decide by, or no way to record it. */
static const struct reply *
answer_unjudged(struct filter *filter)
{
	struct conf *conf = get_conf(filter);
	int mode = conf->mode;

	conf_unref(conf);
	return mode == CONF_MONITOR ? NULL : reply_for(POLICY_INTERNAL, NULL);
}

/* No memory for the session, or an engine that has lost its way. */
static const struct reply *
answer_without_session(struct filter *filter)
{
	log_error("recipient without a transaction, or out of memory for its session");
	return answer_unjudged(filter);
}

/* What the MTA is told of a recipient whose record was written, or not. */
static const struct reply *
answer(struct filter *filter, const struct session *session, const struct rcpt *recipient,
    struct record *record)
{
	const struct conf *conf = session->txn.conf;
	int is_stopping;
	int is_recorded = write_record(filter, record, &is_stopping) == 0;

	/* in monitor mode everything passes */
	if (conf->mode == CONF_MONITOR)
		return NULL;
	if (is_stopping || (!is_recorded && conf->audit_on_failure == CONF_TEMPFAIL))
		return reply_for(POLICY_INTERNAL, NULL);
	return recipient->reply;
}

static void
write_flood(struct filter *filter, const struct flood_summary *summary,
    const struct conf *conf, const struct session *session, const char *rcpt)
{
	struct rcpt recipient = { .reply = NULL };
	struct record record;

	if (summary->count == 0)
		return;
	record_init(&record, RECORD_FLOOD);
	if (session != NULL) {
		rcpt_describe_session(&recipient, session, &record);
		record.rcpt = rcpt;
	}
	rcpt_describe_flood(&recipient, summary, conf, &record);
	record.time_us = clock_realtime_us();
	(void)audit_write(filter->audit, &record);
	rcpt_clear(&recipient);
}

/*
 * Whether the client's network is over its bound: then the recipient has no record of
 * its own, and nothing else is asked about it. A summary is never taken where it cannot
 * be written any more: filter_stop() writes those that are left.
 */
static int
is_flood(struct filter *filter, struct session *session, const char *rcpt, int64_t now_us)
{
	struct transaction *txn = &session->txn;
	const struct conf *conf = txn->conf;
	const struct flood_bound bound = { conf->audit_stranger_rate,
	    conf->audit_stranger_burst };
	struct flood_due due;
	int is_over = 0;

	if (bound.rate == 0 || rcpt_client_is_entitled(session))
		return 0;
	(void)atomic_fetch_add(&filter->busy, 1);
	if (!atomic_load(&filter->is_stopping)) {
		is_over = !flood_admit(filter->flood, &session->client, &bound, now_us,
		    &due);
		write_flood(filter, &due.own, conf, session, rcpt);
		write_flood(filter, &due.other, conf, NULL, NULL);
	}
	(void)atomic_fetch_sub(&filter->busy, 1);
	return is_over;
}

/* refusal: NULL where the mail server has not refused the recipient. */
static const struct reply *
decide(struct filter *filter, struct session *session, const char *rcpt,
    const struct rcpt_refusal *refusal, const struct engine_macros *macros)
{
	int64_t start_us = clock_monotonic_us();
	struct rcpt recipient = { .reply = NULL };
	const struct reply *reply;
	struct record record;

	if (!is_in_transaction(session))
		return answer_without_session(filter);
	mta_keep(&session->txn.queue_id, macros, "i", &session->txn.has_failed);
	if (is_flood(filter, session, rcpt, start_us)) {
		session->txn.is_flood = 1;
		return session->txn.conf->mode == CONF_MONITOR ? NULL :
		    reply_for(POLICY_TOO_MANY, NULL);
	}
	session->txn.has_record = 1;
	record_init(&record, refusal == NULL ? RECORD_RCPT : RECORD_MTA_REJECT);
	record.rcpt = rcpt;
	record.enforced = session->txn.conf->mode == CONF_ENFORCE;
	if (refusal == NULL)
		record.rcpt_mta = mta_macro(macros, "{rcpt_addr}");
	rcpt_find(&recipient, session, rcpt, record.rcpt_mta, refusal);
	rcpt_describe_session(&recipient, session, &record);
	rcpt_describe(&recipient, refusal, &record);
	if (refusal == NULL)
		record.elapsed_us = clock_monotonic_us() - start_us;
	reply = answer(filter, session, &recipient, &record);
	rcpt_clear(&recipient);
	return reply;
}

/*
 * Sendmail (8.17.1 is one) drops a recipient that was refused by reading its text again,
 * now as a list with commas. Where a part of that list is no address, as in
 * <@>,<user@elsewhere>, or not the one that it was, the recipient stays, and the message
 * is delivered to it.
 */
static void
note_refusal(struct session *session, const char *rcpt)
{
	if (is_in_transaction(session) && !session->is_postfix &&
	    strchr(rcpt, ',') != NULL)
		session->txn.has_unsure_refusal = 1;
}

const struct reply *
filter_rcpt(struct filter *filter, struct session *session, const char *rcpt,
    const struct engine_macros *macros)
{
	const struct reply *reply = decide(filter, session, rcpt, NULL, macros);

	if (reply != NULL)
		note_refusal(session, rcpt);
	return reply;
}

const struct reply *
filter_mta_reject(struct filter *filter, struct session *session, const char *rcpt,
    const char *status, const char *text, const struct engine_macros *macros)
{
	const struct rcpt_refusal refusal = { status, text };

	return decide(filter, session, rcpt, &refusal, macros);
}

void
filter_data(struct filter *filter, struct session *session,
    const struct engine_macros *macros)
{
	struct rcpt recipient = { .reply = NULL };
	struct record record;
	int is_stopping;

	if (!is_in_transaction(session) || session->txn.has_data)
		return;
	session->txn.has_data = 1;
	/* where all its recipients were over the bound, their summary is the record */
	if (session->txn.is_flood && !session->txn.has_record)
		return;
	mta_keep(&session->txn.queue_id, macros, "i", &session->txn.has_failed);
	record_init(&record, RECORD_MESSAGE);
	rcpt_describe_session(&recipient, session, &record);
	(void)write_record(filter, &record, &is_stopping);
}

static void
record_end(struct filter *filter, const struct session *session,
    const struct reply *reply)
{
	struct rcpt recipient = { .reply = reply };
	struct record record;
	int is_stopping;

	reply_format(reply, recipient.reply_text);
	record_init(&record, RECORD_MESSAGE);
	rcpt_describe_session(&recipient, session, &record);
	record.verdict = policy_verdict_name(POLICY_REJECT);
	record.reason = policy_reason_name(POLICY_MALFORMED_ADDRESS);
	record.enforced = 1;
	record.reply = recipient.reply_text;
	(void)write_record(filter, &record, &is_stopping);
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
	record_end(filter, session, reply);
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
	record.time_us = clock_realtime_us();
	return audit_write(filter->audit, &record);
}

static void
write_floods(struct filter *filter, int wants_all)
{
	struct flood_summary summary;
	const int64_t now_us = clock_monotonic_us();
	struct conf *conf = get_conf(filter);
	size_t at = 0;

	while (flood_take(filter->flood, now_us, wants_all, &at, &summary))
		write_flood(filter, &summary, conf, NULL, NULL);
	conf_unref(conf);
}

void
filter_sum_up(struct filter *filter)
{
	write_floods(filter, 0);
}

int
filter_stop(struct filter *filter, int timeout_ms)
{
	const struct timespec pause = { 0, 1000000 };
	int status = 0;

	atomic_store(&filter->is_stopping, 1);
	for (; atomic_load(&filter->busy) != 0 && status == 0; timeout_ms--) {
		if (timeout_ms <= 0)
			status = -1;
		else
			(void)nanosleep(&pause, NULL);
	}
	write_floods(filter, 1);
	return status;
}
