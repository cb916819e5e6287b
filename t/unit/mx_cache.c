/* t/unit/mx_cache.c: verdicts that are kept, with a clock that is given, and with threads */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mx_cache_rows.h"
#include "dns/mx_cache.h"
#include "tap.h"

#define THREADS		64
#define WAIT_MAX	(20 * SECOND)

/* How long a verdict is fresh. */
static const struct {
	enum policy_mx	standing;
	uint32_t	ttl;
	int		seconds;
} lives[] = {
	{ POLICY_MX_PRIMARY, 0, 1 }, { POLICY_MX_PRIMARY, 1, 1 }, { POLICY_MX_PRIMARY, 59, 59 },
	{ POLICY_MX_PRIMARY, 300, 300 }, { POLICY_MX_PRIMARY, 301, 300 }, { POLICY_MX_PRIMARY, UINT32_MAX, 300 },
	{ POLICY_MX_BACKUP, 0, 1 }, { POLICY_MX_BACKUP, 60, 60 }, { POLICY_MX_BACKUP, 86400, 300 },
	{ POLICY_MX_NOT, 0, 60 }, { POLICY_MX_NOT, 300, 300 }, { POLICY_MX_NOT, 900, 900 },
	{ POLICY_MX_NOT, 901, 900 }, { POLICY_MX_NOT, UINT32_MAX, 900 },
	{ POLICY_MX_TEMPFAIL, 3600, 5 },
};

static void
test_lives(void)
{
	struct mx_verdict v;

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct mx_cache *cache = mx_cache_new(100, hash_key);
		const char *name = mx_standing_name(lives[i].standing);
		int64_t end = T0 + lives[i].seconds * SECOND;
		const char *want = lives[i].standing == POLICY_MX_TEMPFAIL ? "failed" :
		    lives[i].standing == POLICY_MX_NOT ? "hit" : "due";

		tap_is_str(at(cache, "a.test", T0, lives[i].standing, lives[i].ttl, &v), "miss", "%s, TTL %u",
		    name, lives[i].ttl);
		tap_is_str(at(cache, "a.test", end - 1, POLICY_MX_NOT, 0, &v), want, "is kept %d s",
		    lives[i].seconds);
		tap_is_int(v.standing, lives[i].standing, "as it was");
		tap_ok(strstr(v.text, ": of now") != NULL, "with its text");
		tap_is_str(at(cache, "a.test", end, POLICY_MX_NOT, 0, &v), "miss", "and no longer");
		mx_cache_free(cache);
	}
}

static void
test_names(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_verdict v;

	(void)at(cache, "a.test", T0, POLICY_MX_BACKUP, 300, &v);
	(void)at(cache, "b.test", T0, POLICY_MX_NOT, 300, &v);
	tap_is_str(at(cache, "a.test", T0, POLICY_MX_NOT, 0, &v), "hit", "one domain");
	tap_is_int(v.standing, POLICY_MX_BACKUP, "its verdict");
	tap_is_str(at(cache, "b.test", T0, POLICY_MX_NOT, 0, &v), "hit", "another one");
	tap_is_int(v.standing, POLICY_MX_NOT, "its own");
	tap_is_str(at(cache, "a.tes", T0, POLICY_MX_NOT, 0, &v), "miss", "a third one");
	mx_cache_free(cache);
	mx_cache_free(NULL);
}

/* 5, 10, 20, 40, 60, 60 seconds; and 5 again after a success. */
static void
test_retries(void)
{
	static const int pauses[] = { 5, 10, 20, 40, 60, 60, 60 };
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_verdict v;
	int64_t now = T0;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		tap_is_str(at(cache, "a.test", now, POLICY_MX_TEMPFAIL, 0, &v), "miss", "failure %zu", i + 1);
		now += pauses[i] * SECOND;
		tap_is_str(at(cache, "a.test", now - 1, POLICY_MX_NOT, 0, &v), "failed", "for %d s", pauses[i]);
		tap_is_int(v.standing, POLICY_MX_TEMPFAIL, "a temporary failure");
	}
	tap_is_str(at(cache, "a.test", now, POLICY_MX_NOT, 60, &v), "miss", "an answer at last");
	now += 60 * SECOND;
	tap_is_str(at(cache, "a.test", now - 1, POLICY_MX_NOT, 60, &v), "hit", "is kept");
	(void)at(cache, "a.test", now, POLICY_MX_TEMPFAIL, 0, &v);
	now += 3601 * SECOND;
	(void)at(cache, "a.test", now, POLICY_MX_PRIMARY, 60, &v);
	(void)at(cache, "a.test", now + 60 * SECOND, POLICY_MX_TEMPFAIL, 0, &v);
	tap_is_str(at(cache, "a.test", now + 65 * SECOND, POLICY_MX_TEMPFAIL, 0, &v), "stale after a miss",
	    "the pauses begin anew");
	mx_cache_free(cache);
}

static void
test_stale(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_verdict v;
	int64_t end = T0 + 60 * SECOND, last = end + MX_CACHE_STALE * SECOND;

	(void)at(cache, "a.test", T0, POLICY_MX_BACKUP, 60, &v);
	tap_is_str(at(cache, "a.test", end, POLICY_MX_TEMPFAIL, 0, &v), "stale after a miss",
	    "an old verdict serves where DNS fails");
	tap_is_int(v.standing, POLICY_MX_BACKUP, "as it was");
	tap_is_str(v.text, "backup: of now", "with its text");
	tap_is_str(at(cache, "a.test", end + 4 * SECOND, POLICY_MX_NOT, 0, &v), "stale", "and until the next try");
	tap_is_int(v.standing, POLICY_MX_BACKUP, "as it was");
	tap_is_str(at(cache, "a.test", last - 1, POLICY_MX_TEMPFAIL, 0, &v), "stale after a miss", "for an hour");
	tap_is_str(at(cache, "a.test", last, POLICY_MX_TEMPFAIL, 0, &v), "failed", "no longer");
	tap_is_int(v.standing, POLICY_MX_TEMPFAIL, "then it is a failure");
	tap_is_str(at(cache, "a.test", last + 10 * SECOND, POLICY_MX_NOT, 60, &v), "miss", "until there is an answer");
	tap_is_int(v.standing, POLICY_MX_NOT, "a new one");
	mx_cache_free(cache);
}

/* Least recently used. */
static void
test_eviction(void)
{
	struct mx_cache *cache = mx_cache_new(16 * 4, hash_key);
	struct mx_cache_stats stats;
	struct mx_verdict v;
	char domain[32];
	int hits = 0;

	(void)at(cache, "kept.test", T0, POLICY_MX_BACKUP, 3600, &v);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)at(cache, domain, T0, POLICY_MX_NOT, 900, &v);
		hits += strcmp(at(cache, "kept.test", T0, POLICY_MX_NOT, 900, &v), "hit") == 0;
	}
	mx_cache_read_stats(cache, &stats);
	tap_is_int((long long)stats.entries, 64, "no more than it may have");
	tap_is_int((long long)stats.evicted, 1001 - 64, "the others were evicted");
	tap_is_int(hits, 1000, "not what is used");
	tap_is_int((long long)stats.misses, 1001, "misses are counted");
	tap_is_int((long long)stats.hits, 1000, "and hits");
	mx_cache_free(cache);
}

/* However small it may be, the bound holds, and every answer is right. */
static void
test_tiny(void)
{
	for (size_t entries = 1; entries <= 33; entries += 8) {
		struct mx_cache *cache = mx_cache_new(entries, hash_key);
		struct mx_cache_stats stats;
		struct mx_verdict v;
		char domain[32];
		int wrong = 0;

		for (int i = 0; i < 200; i++) {
			(void)snprintf(domain, sizeof(domain), "d%d.test", i);
			wrong += strcmp(at(cache, domain, T0, POLICY_MX_BACKUP, 900, &v), "miss") != 0 ||
			    v.standing != POLICY_MX_BACKUP;
		}
		mx_cache_read_stats(cache, &stats);
		tap_is_int(wrong, 0, "a cache of %zu", entries);
		tap_is_int((long long)stats.entries, (long long)entries, "has no more");
		mx_cache_free(cache);
	}
}

/* What is being looked up stays, also where there is no room. */
static void
test_in_flight(void)
{
	struct mx_cache *cache = mx_cache_new(1, hash_key);
	struct mx_cache_entry *entries[MX_LIMIT_STRANGE];
	struct mx_cache_entry *entry;
	struct mx_cache_stats stats;
	struct mx_verdict v;
	char domain[32], text[40];
	int wrong = 0;

	for (int i = 0; i < MX_LIMIT_STRANGE; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)snprintf(text, sizeof(text), "192.0.%d.1", i);
		const struct netaddr client = client_of(text);
		wrong += ask_cache(cache, domain, &client, T0, T0, &v, &entries[i]) != MX_CACHE_MISS;
	}
	tap_is_int(wrong, 0, "as many look-ups as may be");
	mx_cache_read_stats(cache, &stats);
	tap_is_int((long long)stats.entries, MX_LIMIT_STRANGE, "are all known");
	tap_is_int(mx_cache_is_asked(cache, "d0.test", T0), 1, "one of them is being looked up");
	tap_is_int(mx_cache_is_asked(cache, "more.test", T0), 0, "another one is not");
	tap_is_str(name_of(ask_cache(cache, "more.test", &nobody, T0, T0, &v, &entry)), "busy", "one more is not");
	tap_is_str(name_of(ask_cache(cache, "d0.test", &nobody, T0, T0, &v, &entry)), "late",
	    "one of them again waits, until its own deadline");
	for (int i = 0; i < MX_LIMIT_STRANGE; i++) {
		v = verdict_of(POLICY_MX_NOT, 900);
		(void)mx_cache_put(cache, entries[i], T0, &v);
	}
	tap_is_int(mx_cache_is_asked(cache, "d0.test", T0), 0, "then none of them is");
	mx_cache_read_stats(cache, &stats);
	tap_is_int((long long)stats.entries, 1, "what does not fit goes when it is answered");
	tap_is_int((long long)stats.busy, 1, "who was turned away is counted");
	tap_is_str(at(cache, "more.test", T0, POLICY_MX_NOT, 0, &v), "miss", "there is room again");
	mx_cache_free(cache);
}

static const struct {
	const char	*name;
	const char	*same;		/* has as many as it may */
	const char	*other;
	const char	*want;		/* for the other one */
} clients[] = {
	{ "the same address", "192.0.2.1", "192.0.2.1", "client busy" },
	{ "the next address", "192.0.2.1", "192.0.2.2", "miss" },
	{ "the same /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "client busy" },
	{ "the next /64", "2001:db8:1:2::1", "2001:db8:1:3::1", "miss" },
	{ "no address", "?", "?", "client busy" },
	{ "an address", "?", "192.0.2.1", "miss" },
	{ "the next /48", "2001:db8:1:2::1", "2001:db8:2:2::1", "miss" },
	{ "another family", "192.0.2.1", "c000:201::", "miss" },
};

static void
test_clients(void)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct mx_cache *cache = mx_cache_new(1000, hash_key);
		struct mx_cache_entry *entries[MX_LIMIT_CLIENT + 1];
		const struct netaddr same = client_of(clients[i].same), other = client_of(clients[i].other);
		struct mx_verdict v = verdict_of(POLICY_MX_NOT, 60);
		char domain[32];

		for (int j = 0; j < MX_LIMIT_CLIENT; j++) {
			(void)snprintf(domain, sizeof(domain), "d%d.test", j);
			(void)ask_cache(cache, domain, &same, T0, T0, &v, &entries[j]);
		}
		enum mx_cache_result result = ask_cache(cache, "more.test", &other, T0, T0, &v,
		    &entries[MX_LIMIT_CLIENT]);
		tap_is_str(name_of(result), clients[i].want, "%s", clients[i].name);
		for (int j = 0; j < MX_LIMIT_CLIENT + (result == MX_CACHE_MISS); j++) {
			v = verdict_of(POLICY_MX_NOT, 60);
			(void)mx_cache_put(cache, entries[j], T0, &v);
		}
		tap_is_str(name_of(ask_cache(cache, "again.test", &same, T0, T0, &v, &entries[0])), "miss",
		    "and when they have ended");
		v = verdict_of(POLICY_MX_NOT, 60);
		(void)mx_cache_put(cache, entries[0], T0, &v);
		mx_cache_free(cache);
	}
}

/* Many clients of one site have half of all look-ups and no more. */
static const struct {
	const char	*format;	/* of its clients */
	const char	*other;
	const char	*want;		/* for the other one */
} sites[] = {
	{ "192.0.2.%d", "192.0.2.250", "client busy" },
	{ "192.0.2.%d", "192.0.3.1", "miss" },
	{ "192.0.2.%d", "c000:200::1", "miss" },
	{ "2001:db8:1:%d::1", "2001:db8:1:ff00::1", "client busy" },
	{ "2001:db8:1:%d::1", "2001:db8:2:1::1", "miss" },
	{ "2001:db8:1:%d::1", "32.1.13.184", "miss" },
};

static void
test_sites(void)
{
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
		struct mx_cache *cache = mx_cache_new(1000, hash_key);
		struct mx_cache_entry *entries[MX_LIMIT_SITE + 1];
		const struct netaddr other = client_of(sites[i].other);
		struct mx_verdict v;
		char domain[32], text[40];
		int misses = 0;

		for (int j = 0; j < MX_LIMIT_SITE; j++) {
			(void)snprintf(domain, sizeof(domain), "d%d.test", j);
			(void)snprintf(text, sizeof(text), sites[i].format, j);
			const struct netaddr client = client_of(text);
			misses += ask_cache(cache, domain, &client, T0, T0, &v, &entries[j]) == MX_CACHE_MISS;
		}
		tap_is_int(misses, MX_LIMIT_SITE, "as many as a site may have: %s", sites[i].format);
		enum mx_cache_result result = ask_cache(cache, "more.test", &other, T0, T0, &v,
		    &entries[MX_LIMIT_SITE]);
		tap_is_str(name_of(result), sites[i].want, "one more for %s", sites[i].other);
		for (int j = 0; j < MX_LIMIT_SITE + (result == MX_CACHE_MISS); j++) {
			v = verdict_of(POLICY_MX_NOT, 60);
			(void)mx_cache_put(cache, entries[j], T0, &v);
		}
		mx_cache_free(cache);
	}
}

/* While DNS is down, domains that only fail do not drive out what serves. */
static void
test_outage(void)
{
	struct mx_cache *cache = mx_cache_new(16 * 4, hash_key);
	struct mx_verdict v;
	char domain[32];
	int served = 0;
	int64_t later = T0 + 61 * SECOND;

	(void)at(cache, "kept.test", T0, POLICY_MX_BACKUP, 60, &v);
	(void)at(cache, "kept.test", later, POLICY_MX_TEMPFAIL, 0, &v);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)at(cache, domain, later, POLICY_MX_TEMPFAIL, 0, &v);
		served += strcmp(at(cache, "kept.test", later, POLICY_MX_TEMPFAIL, 0, &v), "stale") == 0 &&
		    v.standing == POLICY_MX_BACKUP;
	}
	tap_is_int(served, 1000, "an old verdict that serves is not evicted");
	mx_cache_free(cache);
}

/* A look-up is a use, too: what was looked up just now is the newest. */
static void
test_renewal(void)
{
	struct mx_cache *cache = mx_cache_new(16 * 2, hash_key);
	struct mx_verdict v;
	char domain[32];
	int renewed = 0, kept = 0;
	int64_t now = T0;

	(void)at(cache, "kept.test", now, POLICY_MX_BACKUP, 60, &v);
	for (int i = 0; i < 3000; i++) {
		for (int j = 0; j < 2; j++) {
			if (j == 1) {
				now += 61 * SECOND;
				renewed += strcmp(at(cache, "kept.test", now, POLICY_MX_BACKUP, 60, &v), "miss") == 0;
			}
			(void)snprintf(domain, sizeof(domain), "d%d.test", i * 2 + j);
			(void)at(cache, domain, now, POLICY_MX_NOT, 60, &v);
		}
		kept += strcmp(at(cache, "kept.test", now, POLICY_MX_NOT, 60, &v), "hit") == 0;
	}
	tap_is_int(renewed, 3000, "looked up again and again");
	tap_is_int(kept, 3000, "and another one does not drive it out");
	mx_cache_free(cache);
}

/*
 * Threads
 */

static int64_t
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

struct race {
	struct mx_cache		*cache;
	size_t			 entries;	/* that it may keep */
	enum policy_mx		 standing;
	int64_t			 deadline;
	pthread_mutex_t		 lock;		/* guards may_end */
	pthread_cond_t		 change;
	int			 may_end;	/* the look-up */
	atomic_int		 leaders;
	atomic_int		 entered;
	atomic_int		 answers[MX_CACHE_NO_MEMORY + 1];
	atomic_int		 wrong;
};

static void *
ask_slowly(void *arg)
{
	struct race *race = arg;
	struct mx_cache_entry *entry;
	struct mx_verdict v;
	enum mx_cache_result result;

	(void)atomic_fetch_add(&race->entered, 1);
	result = ask_cache(race->cache, "slow.test", &nobody, now(), race->deadline, &v, &entry);
	(void)atomic_fetch_add(&race->answers[result], 1);
	if (result != MX_CACHE_MISS) {
		if (result != MX_CACHE_LATE && v.standing != race->standing)
			(void)atomic_fetch_add(&race->wrong, 1);
		return NULL;
	}
	(void)atomic_fetch_add(&race->leaders, 1);
	(void)pthread_mutex_lock(&race->lock);
	while (!race->may_end)
		(void)pthread_cond_wait(&race->change, &race->lock);
	(void)pthread_mutex_unlock(&race->lock);
	v = verdict_of(race->standing, 300);
	(void)mx_cache_put(race->cache, entry, now(), &v);
	return NULL;
}

static void
run_race(struct race *race, int64_t patience, int (*is_time)(struct race *))
{
	pthread_t threads[THREADS];
	int64_t end = now() + WAIT_MAX;

	race->cache = mx_cache_new(race->entries, hash_key);
	race->deadline = now() + patience;
	(void)pthread_mutex_init(&race->lock, NULL);
	(void)pthread_cond_init(&race->change, NULL);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, ask_slowly, race) != 0)
			abort();
	while (!is_time(race) && now() < end)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	(void)pthread_mutex_lock(&race->lock);
	race->may_end = 1;
	(void)pthread_cond_broadcast(&race->change);
	(void)pthread_mutex_unlock(&race->lock);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_cond_destroy(&race->change);
	(void)pthread_mutex_destroy(&race->lock);
}

static int
all_have_begun(struct race *race)
{
	return atomic_load(&race->entered) == THREADS && atomic_load(&race->leaders) > 0;
}

static int
all_others_are_late(struct race *race)
{
	return atomic_load(&race->answers[MX_CACHE_LATE]) == THREADS - 1;
}

static void
test_coalescing(void)
{
	static const enum policy_mx standings[] = { POLICY_MX_BACKUP, POLICY_MX_TEMPFAIL };

	for (size_t i = 0; i < 2; i++) {
		struct race race = { .entries = 100, .standing = standings[i] };
		struct mx_cache_stats stats;
		run_race(&race, WAIT_MAX, all_have_begun);
		tap_is_int(race.leaders, 1, "%d threads, one look-up: %s", THREADS,
		    mx_standing_name(standings[i]));
		tap_is_int(race.answers[i == 0 ? MX_CACHE_HIT : MX_CACHE_FAILED], THREADS - 1, "its verdict is all others'");
		tap_is_int(race.wrong, 0, "and no other");
		mx_cache_read_stats(race.cache, &stats);
		tap_is_int((long long)(stats.coalesced + (i == 0 ? stats.hits : stats.failed)), THREADS - 1,
		    "waiting is counted");
		tap_is_int((long long)stats.misses, 1, "and the one that did not");
		mx_cache_free(race.cache);
	}
}

static void
test_own_deadline(void)
{
	struct race race = { .entries = 100, .standing = POLICY_MX_BACKUP };

	run_race(&race, 10000, all_others_are_late);
	tap_is_int(race.answers[MX_CACHE_LATE], THREADS - 1, "who waits does so until its own deadline");
	tap_is_int(race.answers[MX_CACHE_MISS], 1, "and who asks, asks on");
	mx_cache_free(race.cache);
}

/* An entry that was only kept because others waited for it goes with the last of them. */
static void
test_no_room(void)
{
	struct race race = { .entries = 0, .standing = POLICY_MX_BACKUP };
	struct mx_cache_stats stats;

	run_race(&race, WAIT_MAX, all_have_begun);
	tap_is_int(race.answers[MX_CACHE_HIT] + race.answers[MX_CACHE_MISS], THREADS, "all are answered");
	mx_cache_read_stats(race.cache, &stats);
	tap_is_int((long long)stats.entries, 0, "nothing is kept where there is no room");
	mx_cache_free(race.cache);
}

/* Many threads, many domains, a small cache: for the sanitizers, and no wrong verdict. */
static void *
ask_at_random(void *arg)
{
	struct race *race = arg;
	unsigned seed = (unsigned)atomic_fetch_add(&race->entered, 1);
	struct netaddr client = client_of("192.0.2.1");
	struct mx_cache_entry *entry;
	struct mx_verdict v;
	char domain[32];

	for (int i = 0; i < 2000; i++) {
		unsigned n = (unsigned)rand_r(&seed) % 200;
		enum policy_mx want = n % 3 == 0 ? POLICY_MX_BACKUP : n % 3 == 1 ? POLICY_MX_NOT :
		    POLICY_MX_TEMPFAIL;
		enum mx_cache_result result;
		(void)snprintf(domain, sizeof(domain), "d%u.test", n);
		client.bytes[3] = (uint8_t)seed;
		result = ask_cache(race->cache, domain, &client, now(), now() + WAIT_MAX, &v, &entry);
		(void)atomic_fetch_add(&race->answers[result], 1);
		if (result == MX_CACHE_MISS) {
			v = verdict_of(want, 300);
			(void)mx_cache_put(race->cache, entry, now(), &v);
		} else if ((result == MX_CACHE_HIT || result == MX_CACHE_FAILED) && v.standing != want)
			(void)atomic_fetch_add(&race->wrong, 1);
	}
	return NULL;
}

static void
test_many_threads(void)
{
	struct race race = { .cache = mx_cache_new(64, hash_key) };
	struct mx_cache_stats stats;
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, ask_at_random, &race) != 0)
			abort();
	for (int i = 0; i < 8; i++)
		(void)pthread_join(threads[i], NULL);
	tap_is_int(race.wrong, 0, "no domain has the verdict of another");
	mx_cache_read_stats(race.cache, &stats);
	tap_ok(stats.entries <= 64, "bounded: %zu", stats.entries);
	tap_is_int(race.answers[MX_CACHE_LATE] + race.answers[MX_CACHE_NO_MEMORY], 0, "nobody waits in vain");
	mx_cache_free(race.cache);
}

/*
 * Without memory
 */

#include "failing_memory.h"

static char *
memory_strdup(const char *text)
{
	char *copy = memory_realloc(NULL, strlen(text) + 1);

	return copy == NULL ? NULL : strcpy(copy, text);
}

#undef strdup
#define strdup		memory_strdup
#define mx_cache_new	memory_cache_new
#define mx_cache_free	memory_cache_free
#define mx_cache_get	memory_cache_get
#define mx_cache_put	memory_cache_put
#define mx_cache_renew	memory_cache_renew
#define mx_cache_is_asked	memory_cache_is_asked
#define mx_cache_read_stats	memory_cache_read_stats
#include "dns/mx_cache.c"
#undef SECOND
#define SECOND		INT64_C(1000000)

static enum mx_cache_result
ask_memory(struct mx_cache *cache, const char *domain, int64_t now, int64_t deadline, struct mx_verdict *verdict,
    struct mx_cache_entry **entry)
{
	const struct mx_asker asker = asker_of(domain, &nobody);

	return memory_cache_get(cache, domain, &asker, now, deadline, verdict, entry);
}

/* Whether as many look-ups may begin as ever. */
static int
has_room(struct mx_cache *cache)
{
	struct mx_cache_entry *entries[MX_LIMIT_CLIENT];
	struct mx_verdict v;
	char domain[32];
	int misses = 0;

	memory_fails_at = 0;
	for (int i = 0; i < MX_LIMIT_CLIENT; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		misses += ask_memory(cache, domain, T0, T0, &v, &entries[misses]) == MX_CACHE_MISS;
	}
	for (int i = 0; i < misses; i++) {
		v = verdict_of(POLICY_MX_NOT, 60);
		(void)memory_cache_put(cache, entries[i], T0, &v);
	}
	return misses == MX_LIMIT_CLIENT;
}

static void
live(int *wrong)
{
	struct mx_cache *cache = memory_cache_new(100, hash_key);

	for (int i = 0; i < 4 && cache != NULL; i++) {
		struct mx_cache_entry *entry = NULL;
		struct mx_verdict v;
		enum mx_cache_result result = ask_memory(cache, i == 2 ? "b.test" : "a.test", T0, T0,
		    &v, &entry);
		if (result == MX_CACHE_MISS) {
			v = verdict_of(i == 2 ? POLICY_MX_TEMPFAIL : POLICY_MX_BACKUP, 60);
			(void)memory_cache_put(cache, entry, T0, &v);
		} else if (result != MX_CACHE_NO_MEMORY &&
		    (result != MX_CACHE_HIT || v.standing != POLICY_MX_BACKUP))
			(*wrong)++;
	}
	if (cache != NULL && !has_room(cache))
		(*wrong)++;
	memory_cache_free(cache);
}

static void
test_no_memory(void)
{
	int wrong = 0, failures = 0;

	for (long at_call = 1; at_call < 1000; at_call++) {
		memory_calls = 0;
		memory_fails_at = at_call;
		live(&wrong);
		if (memory_calls < at_call)
			break;
		failures++;
	}
	memory_fails_at = 0;
	tap_ok(failures > SHARDS, "%d allocations fail, one after the other", failures);
	tap_is_int(wrong, 0, "no verdict is wrong");
	tap_is_int(memory_live, 0, "and nothing is left behind");
}

int
main(void)
{
	test_lives();
	test_names();
	test_retries();
	test_stale();
	test_eviction();
	test_tiny();
	test_in_flight();
	test_clients();
	test_sites();
	test_outage();
	test_renewal();
	test_coalescing();
	test_own_deadline();
	test_no_room();
	test_many_threads();
	test_no_memory();
	return tap_done();
}
