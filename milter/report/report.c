/* milter/report/report.c: counts of a set of audit records */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "report/report.h"

#define SECOND_US	INT64_C(1000000)
#define DAY		INT64_C(86400)
#define EXAMPLE_MAX	200	/* bytes; a longer one is not kept */
#define OTHER_VERDICT	REPORT_VERDICTS

/* A recipient, with what is needed of it more than once. */
struct rcpt {
	const struct record_view	*view;
	const struct record_text	*value;
	unsigned			 verdict;
	unsigned			 reason;
	int				 is_now;
	int64_t				 local;		/* seconds, reader's clock */
	struct netaddr			 client;
	char				 network[NETADDR_TEXT_SIZE];
};

int
report_init(struct report *report, const struct report_options *options)
{
	*report = (struct report){ .options = *options, .first_us = -1, .last_us = -1 };
	buf_init(&report->scratch);
	for (size_t i = 0; i < REPORT_LISTS; i++)
		if (tally_init(&report->lists[i], options->tally_max,
		    options->hash_key) == -1)
			return -1;
	return 0;
}

void
report_clear(struct report *report)
{
	for (size_t i = 0; i < REPORT_LISTS; i++)
		tally_clear(&report->lists[i]);
	for (size_t i = 0; i < SPELLINGS; i++) {
		distinct_clear(&report->spelling_clients[i]);
		free(report->spelling_example[i]);
	}
	buf_clear(&report->scratch);
}

int
report_has_before(const struct report *report)
{
	return report->options.before_us < report->options.since_us;
}

const char *
report_pair_network(const struct tally_entry *pair)
{
	return pair->key + strlen(pair->key) + 1;
}

int
report_pair_has_new_user(const struct report *report, const struct tally_entry *pair)
{
	const struct tally_entry	*user = tally_find(&report->lists[REPORT_USERS],
	    pair->key, strlen(pair->key));

	return user == NULL || tally_both(user).before == 0;
}

void
report_add_bad(struct report *report)
{
	report->lines++;
	report->bad_lines++;
}

void
report_pass_over(struct report *report)
{
	report->lines++;
	report->passed_over++;
}

static void
count(struct tally_count *count, int is_now)
{
	if (is_now)
		count->now++;
	else
		count->before++;
}

/* Recipients that have no record, and are in no other count. */
static void
add_flood(struct report *report, const struct record_view *view, int is_now)
{
	const uint64_t	more = view->count < 0 ? 0 : (uint64_t)view->count;

	if (is_now)
		report->unrecorded.now += more;
	else
		report->unrecorded.before += more;
}

static unsigned
verdict_of(const struct record_text *text)
{
	unsigned	verdict = 0;

	while (verdict < REPORT_VERDICTS &&
	    !record_text_is(text, policy_verdict_name((enum policy_verdict)verdict)))
		verdict++;
	return verdict;
}

static unsigned
reason_of(const struct record_text *text)
{
	unsigned	reason = 0;

	while (reason < POLICY_REASON_COUNT &&
	    !record_text_is(text, policy_reason_name((enum policy_reason)reason)))
		reason++;
	return reason;
}

static struct netaddr
masked(const struct netaddr *addr)
{
	struct netaddr	network = *addr;

	if (addr->family == NETADDR_V4)
		network.bytes[3] = 0;
	else
		memset(network.bytes + 8, 0, 8);
	return network;
}

void
report_network(const struct netaddr *addr, char text_r[NETADDR_TEXT_SIZE])
{
	struct netaddr	network = masked(addr);
	size_t		length;

	netaddr_format(&network, text_r);
	length = strlen(text_r);
	if (addr->family != NETADDR_NONE)
		memcpy(text_r + length, addr->family == NETADDR_V4 ? "/24" : "/64", 4);
}

static uint64_t
hash_of(const struct report *report, const void *bytes, size_t length)
{
	return siphash(report->options.hash_key, bytes, length);
}

static int
add_text(const struct report *report, struct distinct *distinct,
    const struct record_text *text)
{
	return text->at == NULL ? 0 :
	    distinct_add(distinct, hash_of(report, text->at, text->length));
}

static int
add_network(const struct report *report, struct distinct *distinct,
    const struct netaddr *client)
{
	struct netaddr	network = masked(client);

	return client->family == NETADDR_NONE ? 0 :
	    distinct_add(distinct, hash_of(report, network.bytes, sizeof network.bytes));
}

/* The first example that is not too long is kept. */
static int
keep_example(char **example, const struct record_text *text)
{
	if (*example != NULL || text->at == NULL || text->length > EXAMPLE_MAX)
		return 0;
	*example = strndup(text->at, text->length);
	return *example == NULL ? -1 : 0;
}

/* What is known of this period only. */
static int
add_now(const struct report *report, struct tally_entry *entry, const struct rcpt *rcpt)
{
	int64_t	time_us = rcpt->view->time_us;

	if (entry->series == NULL) {
		entry->series = calloc(1, sizeof *entry->series);
		if (entry->series == NULL)
			return -1;
		entry->first_us = entry->last_us = time_us;
	}
	series_add(entry->series, rcpt->local, 1);
	if (time_us < entry->first_us)
		entry->first_us = time_us;
	if (time_us > entry->last_us)
		entry->last_us = time_us;
	if (add_text(report, &entry->rcpts, &rcpt->value[RECORD_KEY_RCPT]) == -1 ||
	    add_text(report, &entry->domains, &rcpt->value[RECORD_KEY_DOMAIN]) == -1)
		return -1;
	return add_network(report, &entry->networks, &rcpt->client);
}

/* Counts the recipient of the key in a list. */
static struct tally_entry *
add_to(struct report *report, enum report_list list, const char *key, size_t length,
    const struct rcpt *rcpt)
{
	struct tally_entry	*entry = tally_get(&report->lists[list], key, length);

	if (entry == NULL)
		return NULL;
	count(rcpt->verdict == POLICY_PERMIT ? &entry->permitted : &entry->refused,
	    rcpt->is_now);
	if (list == REPORT_PAIRS) {
		if (rcpt->is_now && (entry->permitted.now == 1 ||
		    rcpt->view->time_us < entry->first_us))
			entry->first_us = rcpt->view->time_us;
		return entry;
	}
	return rcpt->is_now && add_now(report, entry, rcpt) == -1 ? NULL : entry;
}

static int
add_user(struct report *report, const struct rcpt *rcpt)
{
	const struct record_text	*auth = &rcpt->value[RECORD_KEY_AUTH];
	struct buf			*key = &report->scratch;

	if (auth->at == NULL)
		return 0;
	if (add_to(report, REPORT_USERS, auth->at, auth->length, rcpt) == NULL)
		return -1;
	if (rcpt->client.family == NETADDR_NONE)
		return 0;
	buf_reset(key);
	buf_add(key, auth->at, auth->length);
	buf_putc(key, '\0');
	buf_puts(key, rcpt->network);
	if (key->failed)
		return -1;
	return add_to(report, REPORT_PAIRS, key->data, key->len, rcpt) == NULL ? -1 : 0;
}

static int
add_permitted(struct report *report, const struct rcpt *rcpt)
{
	switch (rcpt->reason) {
	case POLICY_AUTHENTICATED:
		return add_user(report, rcpt);
	case POLICY_TRUSTED_NETWORK:
	case POLICY_LOCAL_SUBMISSION:
	case POLICY_CLIENT_CERTIFICATE:
		return add_to(report, REPORT_HOSTS, rcpt->network, strlen(rcpt->network),
		    rcpt) == NULL ? -1 : 0;
	}
	return 0;
}

static int
spelling_in(struct report *report, const struct record_text *text,
    enum spelling *spelling_r)
{
	if (!text->has_escapes) {
		*spelling_r = spelling_of(text->at, text->length);
		return 0;
	}
	buf_reset(&report->scratch);
	record_text_add(text, &report->scratch);
	if (report->scratch.failed)
		return -1;
	*spelling_r = spelling_of(report->scratch.data, report->scratch.len);
	return 0;
}

/* What a refused client tried, of it and of all. */
static int
add_spelling(struct report *report, struct tally_entry *client, const struct rcpt *rcpt)
{
	const struct record_text	*text = &rcpt->value[RECORD_KEY_RCPT];
	enum spelling			 spelling;

	if (text->at == NULL)
		return 0;
	if (spelling_in(report, text, &spelling) == -1)
		return -1;
	count(&report->spellings[spelling], rcpt->is_now);
	if (!rcpt->is_now)
		return 0;
	if (client->spellings == NULL)
		client->spellings = calloc(SPELLINGS, sizeof *client->spellings);
	if (client->spellings == NULL)
		return -1;
	client->spellings[spelling]++;
	if (distinct_add(&report->spelling_clients[spelling], client->hash) == -1)
		return -1;
	return keep_example(&report->spelling_example[spelling], text);
}

static int
add_refused(struct report *report, const struct rcpt *rcpt)
{
	const struct record_text	*client = &rcpt->value[RECORD_KEY_CLIENT];
	const struct record_text	*name = &rcpt->value[RECORD_KEY_CLIENT_NAME];
	const char			*key = client->at == NULL ? "unknown" :
					    client->at;
	struct tally_entry		*entry;

	if (rcpt->reason == POLICY_DNS_FAILURE || rcpt->reason == POLICY_TABLE_FAILURE) {
		const struct record_text *domain = &rcpt->value[RECORD_KEY_DOMAIN];

		if (domain->at == NULL)
			return 0;
		entry = add_to(report, REPORT_LOOKUPS, domain->at, domain->length, rcpt);
		return entry == NULL ? -1 :
		    keep_example(&entry->example, &rcpt->value[RECORD_KEY_MX]);
	}
	entry = add_to(report, REPORT_CLIENTS, key,
	    client->at == NULL ? strlen(key) : client->length, rcpt);
	if (entry == NULL)
		return -1;
	if (rcpt->is_now && keep_example(&entry->example, name) == -1)
		return -1;
	return add_spelling(report, entry, rcpt);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void
add_time(struct report *report, const struct rcpt *rcpt)
{
	int64_t	day = floor_div(rcpt->local, DAY);
	int64_t	hour = (rcpt->local - day * DAY) / 3600;

	series_add(&report->over_time[rcpt->verdict], rcpt->local, 1);
	/* 1970-01-01 was a Thursday */
	report->hours[(day % 7 + 7 + 3) % 7][hour][rcpt->verdict != POLICY_PERMIT]++;
}

static int
add_rcpt(struct report *report, const struct record_view *view, int is_now)
{
	const struct record_text	*client = &view->value[RECORD_KEY_CLIENT];
	int64_t				 seconds = floor_div(view->time_us, SECOND_US);
	struct rcpt			 rcpt = {
		.view = view,
		.value = view->value,
		.verdict = verdict_of(&view->value[RECORD_KEY_VERDICT]),
		.reason = reason_of(&view->value[RECORD_KEY_REASON]),
		.is_now = is_now,
	};

	if (rcpt.verdict == OTHER_VERDICT)
		return 0;
	rcpt.local = seconds + report->options.offset(seconds);
	if (client->at == NULL ||
	    netaddr_parse(client->at, client->length, &rcpt.client) == -1)
		rcpt.client = (struct netaddr){ .family = NETADDR_NONE };
	report_network(&rcpt.client, rcpt.network);
	count(&report->verdicts[rcpt.verdict], is_now);
	count(&report->reasons[rcpt.reason][rcpt.verdict], is_now);
	if (is_now)
		add_time(report, &rcpt);
	if (rcpt.verdict == POLICY_PERMIT)
		return add_permitted(report, &rcpt);
	if (view->enforced == 0)
		count(&report->unenforced, is_now);
	return add_refused(report, &rcpt);
}

static void
add_refused_login(struct report *report, const struct record_text *text, int is_now)
{
	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++)
		if (record_text_is(text,
		    policy_auth_name((enum policy_auth)(POLICY_AUTH_INCOMPLETE + i))))
			count(&report->refused_logins[i], is_now);
}

static void
note_time(struct report *report, int64_t time_us)
{
	if (report->first_us == -1 || time_us < report->first_us)
		report->first_us = time_us;
	if (time_us > report->last_us)
		report->last_us = time_us;
}

int
report_add(struct report *report, const struct record_view *view)
{
	int	is_now = view->time_us >= report->options.since_us;

	report->lines++;
	if (view->time_us < report->options.before_us ||
	    view->time_us >= report->options.until_us) {
		report->outside++;
		return 0;
	}
	count(&report->records, is_now);
	if (is_now)
		note_time(report, view->time_us);
	switch (view->event) {
	case RECORD_RCPT:
	case RECORD_MTA_REJECT:
		if (view->value[RECORD_KEY_AUTH_REFUSED].at != NULL)
			add_refused_login(report, &view->value[RECORD_KEY_AUTH_REFUSED],
			    is_now);
		return add_rcpt(report, view, is_now);
	case RECORD_MESSAGE:
		count(&report->messages, is_now);
		break;
	case RECORD_START:
		count(&report->starts, is_now);
		break;
	case RECORD_FLOOD:
		add_flood(report, view, is_now);
		break;
	}
	return 0;
}

void
report_finish(struct report *report)
{
	struct series	*s = report->over_time;

	for (size_t i = 1; i < REPORT_VERDICTS; i++)
		series_span(&s[0], &s[i]);
	for (size_t i = 1; i < REPORT_VERDICTS; i++)
		series_align(&s[i], &s[0]);
}
