/* t/unit/mx_lookup.c: from a question to its answer, in a world with a clock and a DNS of its own */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dns/mx_lookup.h"
#include "dns/renew.h"
#include "tap.h"

#define SECOND	INT64_C(1000000)
#define HANGERS	(MX_LIMIT_STRANGE + 8)

static char folder[TAP_FOLDER_SIZE], conf_file[TAP_FOLDER_SIZE + 16];

/* What DNS does in it, and how often it was asked. */
struct world {
	atomic_llong	now;
	atomic_int	questions;
	int		is_down;
	int		is_hanging;
	int		is_elsewhere;	/* no domain is ours */
	int		is_real;	/* has the real clock */
	pthread_mutex_t	lock;		/* guards is_hanging */
	pthread_cond_t	change;
};

static int64_t
now_of(void *arg)
{
	struct world *world = arg;
	struct timespec ts;

	if (!world->is_real)
		return atomic_load(&world->now);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

static void
answer(const struct world *world, const char *name, enum rrset_type type, struct rrset *rrset)
{
	const uint8_t ours[4] = { 198, 51, 100, 25 };

	rrset->status = RRSET_NODATA;
	if (type == RRSET_MX && world->is_elsewhere)
		rrset->status = RRSET_NXDOMAIN;
	else if (type == RRSET_MX && strcmp(name, "mx.us.test") != 0) {
		rrset->status = RRSET_FOUND;
		rrset->count = 1;
		rrset->mx = calloc(1, sizeof(*rrset->mx));
		rrset->mx->is_host = 1;
		rrset->mx->preference = 10;
		(void)strcpy(rrset->mx->host, "mx.us.test");
	} else if (type == RRSET_A) {
		rrset->status = RRSET_FOUND;
		rrset->count = 1;
		rrset->addrs = calloc(1, sizeof(*rrset->addrs));
		rrset->addrs[0] = netaddr_v4(ours);
	}
}

static void
mx_lookup_backend(void *arg, const char *name, const enum rrset_type *types, size_t count, int64_t deadline_us,
    struct rrset *rrsets)
{
	struct world *world = arg;

	(void)deadline_us;
	(void)atomic_fetch_add(&world->questions, 1);
	(void)pthread_mutex_lock(&world->lock);
	while (world->is_hanging)
		(void)pthread_cond_wait(&world->change, &world->lock);
	(void)pthread_mutex_unlock(&world->lock);
	for (size_t i = 0; i < count; i++) {
		memset(&rrsets[i], 0, sizeof(rrsets[i]));
		rrsets[i].type = types[i];
		rrsets[i].ttl = 300;
		rrsets[i].queries = 1;
		rrsets[i].elapsed_us = 100;
		if (world->is_down) {
			rrsets[i].status = RRSET_FAILURE;
			rrsets[i].why = "timeout";
		} else
			answer(world, name, types[i], &rrsets[i]);
	}
}

static struct conf *
conf_with(const char *text)
{
	struct buf errors;
	struct conf *conf;
	FILE *fp = fopen(conf_file, "w");

	if (fp == NULL || fputs(text, fp) == EOF || fclose(fp) == EOF)
		abort();
	buf_init(&errors);
	if ((conf = conf_read(conf_file, NULL, 0, &errors)) == NULL)
		tap_ok(0, "the configuration: %s", errors.data);
	buf_clear(&errors);
	return conf;
}

#define OURS	"own-addresses = { 198.51.100.25 }\n"
#define ACCEPT	"mx { accept = any domains = { .test } timeout = 7 }\n"

static void
world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	atomic_init(&world->now, 1000 * SECOND);
	(void)pthread_mutex_init(&world->lock, NULL);
	(void)pthread_cond_init(&world->change, NULL);
}

static struct mx_lookup *
ask_in(struct world *world, const char *text, const struct mx_lookup *before)
{
	const struct mx_lookup_backend functions = { mx_lookup_backend, now_of, world };
	struct conf *conf = conf_with(text);
	const char *why;
	struct mx_lookup *lookup = mx_lookup_new(conf, before, &functions, &why);

	if (lookup == NULL)
		tap_ok(0, "to ask: %s", why);
	conf_unref(conf);
	return lookup;
}

static const char *
text_of(struct mx_lookup *lookup, const char *domain, struct mx_lookup_answer *a)
{
	const struct netaddr client = { .family = NETADDR_V4, .bytes = { 192, 0, 2, 1 } };

	memset(a, 0, sizeof(*a));
	mx_lookup_find(lookup, domain, &client, mx_lookup_deadline(lookup), a);
	return a->text;
}

/* The A and the AAAA of this host are asked for as its interfaces are; the first part is always the same. */
static void
begins(const char *text, const char *want, const char *name)
{
	tap_ok(strncmp(text, want, strlen(want)) == 0, "%s: %s", name, text);
}

static void
ends(const char *text, const char *want, const char *name)
{
	size_t len = strlen(text), size = strlen(want);

	tap_ok(len >= size && strcmp(text + len - size, want) == 0, "%s: %s", name, text);
}

static void
test_answers(void)
{
	struct world world;
	struct mx_lookup_answer a;

	world_init(&world);
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	tap_is_int(mx_lookup_deadline(lookup) - world.now, 7 * SECOND, "the deadline is mx.timeout away");
	begins(text_of(lookup, "a.test", &a), "primary 10 mx.us.test via 198.51.100.25, ad=0, ", "a look-up");
	tap_is_int(a.standing, POLICY_MX_PRIMARY, "its standing");
	ends(a.text, " us, fresh", "is fresh");
	int questions = world.questions;
	tap_is_int(questions, 2, "two questions");
	ends(text_of(lookup, "a.test", &a), " us, cached", "is kept");
	tap_is_int(world.questions, questions, "without a question");
	tap_is_int(a.standing, POLICY_MX_PRIMARY, "its standing");
	world.is_down = 1;
	world.now += 301 * SECOND;
	ends(text_of(lookup, "a.test", &a), " us, stale", "serves while DNS fails");
	tap_is_int(a.standing, POLICY_MX_PRIMARY, "its standing");
	ends(text_of(lookup, "a.test", &a), " us, stale", "and again");
	begins(text_of(lookup, "b.test", &a), "tempfail: b.test MX: timeout, ad=0, 1 query, ", "a failure");
	ends(a.text, ", fresh", "is fresh");
	ends(text_of(lookup, "b.test", &a), ", cached", "is kept");
	world.is_down = 0;
	world.now += 5 * SECOND;
	ends(text_of(lookup, "b.test", &a), ", fresh", "until the next try");
	tap_is_int(a.standing, POLICY_MX_PRIMARY, "and DNS recovers by itself");
	questions = world.questions;
	tap_is_str(text_of(lookup, "localhost", &a), "badname: not a name that can have an MX record", "a bad name");
	tap_is_str(text_of(lookup, "a.example", &a), "not: not in mx.domains", "another domain");
	tap_is_int(world.questions, questions, "cost nothing");
	mx_lookup_unref(mx_lookup_ref(lookup));
	mx_lookup_unref(lookup);
	mx_lookup_unref(NULL);
}

static void
count_questions(void *arg, const struct mx_question *question, const struct rrset *answers)
{
	for (size_t i = 0; i < question->count; i++)
		*(int *)arg += answers[i].status != RRSET_FAILURE;
}

static void
test_traced(void)
{
	struct world world;
	struct mx_lookup_answer a;
	struct mx_cache_stats stats;
	int told = 0;

	world_init(&world);
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	(void)text_of(lookup, "a.test", &a);
	mx_lookup_trace(lookup, "a.test", mx_lookup_deadline(lookup), count_questions, &told, &a);
	tap_ok(told >= 2, "each answer is told: %d", told);
	tap_is_int(world.questions, 4, "and really asked for");
	ends(a.text, ", fresh", "is fresh");
	mx_lookup_trace(lookup, "localhost", mx_lookup_deadline(lookup), count_questions, &told, &a);
	tap_is_int(a.standing, POLICY_MX_BADNAME, "a bad name");
	mx_lookup_stats(lookup, &stats);
	tap_is_int((long long)stats.misses, 1, "the cache knows nothing of it");
	mx_lookup_unref(lookup);
}

struct hanger {
	struct mx_lookup	*lookup;
	int		 number;
	int		 same_client;
	pthread_t	 thread;
	atomic_int	*ended;
	struct mx_lookup_answer answer;
};

static void *
hang(void *arg)
{
	struct hanger *h = arg;
	struct netaddr client = { .family = NETADDR_V4, .bytes = { 192, 0, 2, 1 } };
	char domain[32];

	if (!h->same_client)
		client.bytes[2] = (uint8_t)h->number;
	(void)snprintf(domain, sizeof(domain), "d%d.test", h->number);
	mx_lookup_find(h->lookup, domain, &client, mx_lookup_deadline(h->lookup), &h->answer);
	(void)atomic_fetch_add(h->ended, 1);
	return NULL;
}

static void
let_go(struct world *world)
{
	(void)pthread_mutex_lock(&world->lock);
	world->is_hanging = 0;
	(void)pthread_cond_broadcast(&world->change);
	(void)pthread_mutex_unlock(&world->lock);
}

static void
count_call(const void *arg)
{
	(void)atomic_fetch_add((atomic_int *)(uintptr_t)arg, 1);
}

/* Who waits says so before, be it for name servers or for another thread. */
static void
test_waiting(void)
{
	struct world world;
	struct mx_lookup_answer a;
	atomic_int calls = 0, ended = 0;
	struct hanger hangers[2];

	world_init(&world);
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	mx_lookup_set_waiting(lookup, count_call, &calls);
	(void)text_of(lookup, "a.test", &a);
	tap_is_int(calls, 1, "a look-up waits");
	(void)text_of(lookup, "a.test", &a);
	(void)text_of(lookup, "localhost", &a);
	tap_is_int(calls, 1, "what is known does not");
	world.is_real = 1;
	world.is_hanging = 1;
	for (int i = 0; i < 2; i++) {
		hangers[i] = (struct hanger){ .lookup = lookup, .number = 1, .ended = &ended };
		if (pthread_create(&hangers[i].thread, NULL, hang, &hangers[i]) != 0)
			abort();
		for (int j = 0; j < 20000 && calls != 2 + i; j++)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	tap_is_int(calls, 3, "a second thread waits for the first");
	tap_is_int(world.questions, 3, "which is the only one to ask");
	let_go(&world);
	for (int i = 0; i < 2; i++)
		(void)pthread_join(hangers[i].thread, NULL);
	tap_is_int(ended, 2, "and both are answered");
	mx_lookup_unref(lookup);
}

/* Until that many renewals have begun, and none is under way. */
static int
has_renewed(struct mx_lookup *lookup, const struct world *world, unsigned renewals)
{
	struct mx_cache_stats stats;

	for (int i = 0; i < 20000; i++) {
		mx_lookup_stats(lookup, &stats);
		if (stats.renewed == renewals && stats.under_way == 0)
			return 1;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	tap_ok(0, "%u renewals, %d questions", renewals, world->questions);
	return 0;
}

/*
 * A permit near its end is looked up while it serves, by no thread of whoever asks. The
 * worlds stay: a thread may look at its clock when the test has gone on.
 */
static void
test_renewals(void)
{
	static struct world world;
	struct mx_lookup_answer a;
	atomic_int calls = 0;

	world_init(&world);
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	mx_lookup_set_waiting(lookup, count_call, &calls);
	(void)text_of(lookup, "a.test", &a);
	tap_is_int(calls, 1, "the first look-up waits");
	(void)pthread_mutex_lock(&world.lock);
	world.is_hanging = 1;
	(void)pthread_mutex_unlock(&world.lock);
	world.now += 226 * SECOND;
	for (int i = 0; i < 3; i++)
		ends(text_of(lookup, "a.test", &a), " us, cached", "in the last quarter it serves, while servers hang");
	for (int i = 0; i < 20000 && world.questions != 3; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	tap_is_int(world.questions, 3, "and is asked for, once");
	tap_is_int(calls, 1, "by nobody who would wait");
	let_go(&world);
	tap_is_int(has_renewed(lookup, &world, 1), 1, "the renewal ends");
	world.now += 200 * SECOND;
	ends(text_of(lookup, "a.test", &a), " us, cached", "it lives on");
	world.is_down = 1;
	world.now += 30 * SECOND;
	ends(text_of(lookup, "a.test", &a), " us, cached", "another renewal");
	tap_is_int(has_renewed(lookup, &world, 2), 1, "fails");
	ends(text_of(lookup, "a.test", &a), " us, cached", "and it serves");
	world.is_down = 0;
	world.is_elsewhere = 1;
	world.now += 6 * SECOND;
	ends(text_of(lookup, "a.test", &a), " us, cached", "a third one");
	tap_is_int(has_renewed(lookup, &world, 3), 1, "is answered");
	begins(text_of(lookup, "a.test", &a), "not: no such domain", "by whom it has moved to");
	mx_lookup_unref(lookup);
}

/*
 * The configuration has gone, and its last transaction, while as many renewals are under
 * way as there may be threads. What waits for one is not begun.
 */
static void
test_last_renewals(void)
{
	static struct world world;
	struct mx_lookup_answer a;
	char domain[32];

	world_init(&world);
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	for (int i = 0; i < RENEW_THREADS + 1; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)text_of(lookup, domain, &a);
	}
	int questions = world.questions;
	world.now += 226 * SECOND;
	(void)pthread_mutex_lock(&world.lock);
	world.is_hanging = 1;
	(void)pthread_mutex_unlock(&world.lock);
	for (int i = 0; i < RENEW_THREADS + 1; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		ends(text_of(lookup, domain, &a), " us, cached", "a permit near its end");
	}
	for (int i = 0; i < 20000 && world.questions != questions + RENEW_THREADS; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	struct mx_lookup *next = ask_in(&world, OURS ACCEPT, lookup);
	mx_lookup_unref(lookup);
	let_go(&world);
	tap_is_int(has_renewed(next, &world, RENEW_THREADS), 1, "renewals of one that has gone end");
	world.now += 100 * SECOND;
	ends(text_of(next, "d0.test", &a), " us, cached", "for the one that came");
	ends(text_of(next, "d4.test", &a), " us, fresh", "the one that waited was not asked for");
	mx_lookup_unref(next);
}

/* What of a configuration keeps the verdicts, and what does not. */
static const struct {
	const char	*text;
	int		 is_kept;
} reloads[] = {
	{ OURS ACCEPT, 1 },
	{ OURS ACCEPT "mode = monitor\nlocal-domains = { a.test }\n", 1 },
	{ OURS "mx { accept = any domains = { .test } timeout = 5 }\n", 1 },
	{ OURS "mx { accept = backup domains = { .test } }\n", 1 },
	{ OURS "mx { accept = primary domains = { .test } }\n", 0 },
	{ "own-addresses = { 198.51.100.26 }\n" ACCEPT, 0 },
	{ "own-addresses = { 198.51.100.25, 198.51.100.26 }\n" ACCEPT, 0 },
	{ ACCEPT, 0 },
	{ OURS "mx { accept = any domains = { .test, a.example } }\n", 0 },
	{ OURS "mx { accept = any }\n", 0 },
	{ OURS "mx { accept = any domains = { .test } names = { mx.us.test } }\n", 0 },
	{ OURS "mx { accept = any domains = { .test } networks = { 192.0.2.0/24 } }\n", 0 },
	{ OURS "mx { accept = any domains = { .test } require-dnssec = yes }\n", 0 },
	{ OURS "mx { accept = any domains = { .test } cache-entries = 100 }\n", 0 },
};

static void
test_reloads(void)
{
	struct world world, other;
	struct mx_lookup_answer a;

	world_init(&world);
	world_init(&other);
	struct mx_lookup *first = ask_in(&world, OURS ACCEPT, NULL);
	(void)text_of(first, "a.test", &a);
	for (size_t i = 0; i < sizeof(reloads) / sizeof(reloads[0]); i++) {
		struct mx_lookup *next = ask_in(&world, reloads[i].text, first);
		int questions = world.questions;
		(void)text_of(next, "a.test", &a);
		tap_is_int(world.questions == questions, reloads[i].is_kept, "kept or not: %s", reloads[i].text);
		tap_is_int(mx_lookup_is_shared(first, next), reloads[i].is_kept, "so it says");
		mx_lookup_unref(next);
	}
	struct mx_lookup *next = ask_in(&other, OURS ACCEPT, first);
	tap_is_int(mx_lookup_is_shared(first, next), 0, "not kept where others are asked");
	mx_lookup_unref(next);
	next = ask_in(&world, OURS ACCEPT, first);
	mx_lookup_unref(first);
	ends(text_of(next, "a.test", &a), ", cached", "and it outlives the first one");
	mx_lookup_unref(next);
}

/* Name servers by the configuration. */
static void
test_servers(void)
{
	struct conf *conf = conf_with(OURS ACCEPT "dns { servers = { \"127.0.0.1:5399\" } }\n");
	struct conf *other = conf_with(OURS ACCEPT "dns { servers = { \"127.0.0.1:5398\" } }\n");
	const char *why = "?";
	struct mx_lookup *first = mx_lookup_new(conf, NULL, NULL, &why), *again = mx_lookup_new(conf, first, NULL, &why);
	struct mx_lookup *next = mx_lookup_new(other, first, NULL, &why);
	struct buf text;

	tap_ok(first != NULL && again != NULL && next != NULL, "real name servers");
	tap_is_int(mx_lookup_is_shared(first, again), 1, "kept with the same");
	tap_is_int(mx_lookup_is_shared(first, next), 0, "not with others");
	buf_init(&text);
	mx_lookup_describe(first, &text);
	begins(text.data, "127.0.0.1:5399 (dns.servers", "which are named");
	buf_clear(&text);
	mx_lookup_unref(first);
	mx_lookup_unref(again);
	mx_lookup_unref(next);
	conf_unref(conf);
	conf_unref(other);
}

/* While name servers hang: so many look-ups and no more, and the others hear at once. */
static void
test_hanging(int same_client, int limit, const char *why)
{
	struct world world;
	struct hanger hangers[HANGERS];
	atomic_int ended = 0;
	int turned_away = 0, answered = 0;

	world_init(&world);
	world.is_real = 1;
	world.is_hanging = 1;
	struct mx_lookup *lookup = ask_in(&world, OURS ACCEPT, NULL);
	for (int i = 0; i < HANGERS; i++) {
		hangers[i] = (struct hanger){ .lookup = lookup, .number = i, .same_client = same_client,
		    .ended = &ended };
		if (pthread_create(&hangers[i].thread, NULL, hang, &hangers[i]) != 0)
			abort();
	}
	for (int i = 0; i < 20000 && (ended != HANGERS - limit || world.questions != limit); i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	tap_is_int(world.questions, limit, "look-ups under way: %s", why);
	tap_is_int(ended, HANGERS - limit, "all others are answered");
	let_go(&world);
	for (int i = 0; i < HANGERS; i++) {
		(void)pthread_join(hangers[i].thread, NULL);
		turned_away += hangers[i].answer.standing == POLICY_MX_TEMPFAIL &&
		    strcmp(hangers[i].answer.text, why) == 0;
		answered += hangers[i].answer.standing == POLICY_MX_PRIMARY;
	}
	tap_is_int(turned_away, HANGERS - limit, "with why");
	tap_is_int(answered, limit, "and they are answered in the end");
	mx_lookup_unref(lookup);
}

/* What configurations are refused; conf_warn_test.c has those that are warned of. */
static const struct {
	const char	*text;
	const char	*error;
} confs[] = {
	{ "local-domains = a.test\n", NULL },
	{ OURS "mx { accept = backup }\n", "t.conf:2: mx.accept: backup would relay for every domain" },
	{ OURS "mx {\n\n accept = backup\n timeout = 3 }\n", "t.conf:4: mx.accept: backup would relay" },
	{ OURS "mx { accept = backup names = { a.test } }\n", "t.conf:2: mx.accept: backup would relay" },
	{ OURS "mx { accept = backup domains = { a.test } }\n", NULL },
	{ OURS "mx { accept = backup networks = { 192.0.2.0/24 } }\n", NULL },
	{ OURS "mx { accept = primary }\n", NULL },
	{ OURS "mx { accept = any }\n", NULL },
	{ OURS "mx { accept = any domains = { a.test } }\n", NULL },
	{ OURS "mx { accept = primary networks = { 192.0.2.0/24 } }\n", NULL },
	{ OURS "mx { accept = any domains = { a.test } require-dnssec = yes }\ndns { trust-ad = no }\n", NULL },
	{ OURS "mx { accept = any domains = { a.test } require-dnssec = yes }\n", NULL },
};

static void
test_confs(void)
{
	for (size_t i = 0; i < sizeof(confs) / sizeof(confs[0]); i++) {
		struct buf errors;
		FILE *fp = fopen(conf_file, "w");
		struct conf *conf;

		if (fp == NULL || fputs(confs[i].text, fp) == EOF || fclose(fp) == EOF)
			abort();
		buf_init(&errors);
		conf = conf_read(conf_file, NULL, 0, &errors);
		tap_is_int(conf == NULL, confs[i].error != NULL, "refused or not: %s", confs[i].text);
		if (confs[i].error != NULL && errors.data != NULL)
			begins(errors.data + strlen(folder) + 1, confs[i].error, "with its place");
		buf_clear(&errors);
		conf_unref(conf);
	}
}

int
main(void)
{
	tap_folder(folder);
	(void)snprintf(conf_file, sizeof(conf_file), "%s/t.conf", folder);
	test_answers();
	test_traced();
	test_waiting();
	test_renewals();
	test_last_renewals();
	test_reloads();
	test_servers();
	test_hanging(0, MX_LIMIT_STRANGE, "tempfail: too many MX lookups in progress");
	test_hanging(1, MX_LIMIT_CLIENT,
	    "tempfail: too many MX lookups in progress for the client's network");
	test_confs();
	(void)unlink(conf_file);
	(void)rmdir(folder);
	return tap_done();
}
