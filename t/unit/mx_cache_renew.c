/* t/unit/mx_cache_renew.c: how a permit is renewed, ends and serves on, while strangers flood */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "mx_cache_rows.h"
#include "tap.h"

/* That others keep look-ups busy is no failure of a domain: its permit ends all the same. */
static void
test_busy_and_stale(void)
{
	struct mx_cache *cache = mx_cache_new(1000, hash_key);
	struct mx_cache_entry *entries[MX_LIMIT_CLIENT], *entry;
	struct mx_verdict v;
	char domain[32];
	int64_t later = T0 + 66 * SECOND;

	(void)at(cache, "old.test", T0, POLICY_MX_BACKUP, 60, &v);
	(void)at(cache, "failed.test", T0, POLICY_MX_BACKUP, 60, &v);
	for (int i = 0; i < MX_LIMIT_CLIENT; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)at(cache, domain, T0, POLICY_MX_BACKUP, 60, &v);
	}
	(void)at(cache, "failed.test", later - 5 * SECOND, POLICY_MX_TEMPFAIL, 0, &v);
	for (int i = 0; i < MX_LIMIT_CLIENT; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)ask_cache(cache, domain, &nobody, later, later, &v, &entries[i]);
	}
	tap_is_str(name_of(ask_cache(cache, "old.test", &nobody, later, later, &v, &entry)), "client busy",
	    "turned away, whatever was before");
	tap_is_str(name_of(ask_cache(cache, "failed.test", &nobody, later, later, &v, &entry)), "stale",
	    "or served, where the last look-up had failed");
	tap_is_int(v.standing, POLICY_MX_BACKUP, "with what was before");
	for (int i = 0; i < MX_LIMIT_CLIENT; i++) {
		v = verdict_of(POLICY_MX_NOT, 60);
		(void)mx_cache_put(cache, entries[i], later, &v);
	}
	mx_cache_free(cache);
}

/* An old refusal does not serve: mail would be lost that may be sent again. */
static void
test_old_refusal(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_verdict v;
	int64_t end = T0 + 60 * SECOND;

	(void)at(cache, "a.test", T0, POLICY_MX_NOT, 60, &v);
	tap_is_str(at(cache, "a.test", end, POLICY_MX_TEMPFAIL, 0, &v), "miss", "somebody else's, and then a failure");
	tap_is_int(v.standing, POLICY_MX_TEMPFAIL, "which it is");
	tap_is_str(at(cache, "a.test", end + SECOND, POLICY_MX_NOT, 0, &v), "failed", "until the next try");
	mx_cache_free(cache);
}

/* A domain that was ours, long after its verdict has gone, while a stranger floods. */
static void
test_ours_before(void)
{
	struct mx_cache *cache = mx_cache_new(1, hash_key);
	struct mx_cache_entry *entries[MX_LIMIT_STRANGE], *entry;
	struct mx_verdict v;
	char domain[32], text[40];
	int begun = 0;

	(void)at(cache, "ours.test", T0, POLICY_MX_BACKUP, 300, &v);
	(void)at(cache, "other.test", T0, POLICY_MX_NOT, 300, &v);
	for (int i = 0; i < 2 * MX_LIMIT_SITE && begun < MX_LIMIT_STRANGE; i++) {
		(void)snprintf(domain, sizeof(domain), "r%d.silent.test", i);
		(void)snprintf(text, sizeof(text), "192.0.%d.%d", i % 2, i);
		const struct netaddr client = client_of(text);
		begun += ask_cache(cache, domain, &client, T0, T0, &v, &entries[begun]) == MX_CACHE_MISS;
	}
	tap_is_int(begun, MX_LIMIT_STRANGE, "two sites keep all busy that they can");
	tap_is_str(name_of(ask_cache(cache, "other.test", &nobody, T0, T0, &v, &entry)), "busy", "another domain");
	tap_is_str(at(cache, "ours.test", T0 + 9000 * SECOND, POLICY_MX_BACKUP, 300, &v), "miss",
	    "one that was ours is looked up");
	for (int i = 0; i < begun; i++) {
		v = verdict_of(POLICY_MX_TEMPFAIL, 0);
		(void)mx_cache_put(cache, entries[i], T0 + 4 * SECOND, &v);
	}
	const struct netaddr client = client_of("192.0.0.77");
	tap_is_str(name_of(ask_cache(cache, "more.silent.test", &client, T0 + 4 * SECOND, T0, &v, &entry)), "silent",
	    "and when they have failed, no more is begun for the site");
	tap_is_str(at(cache, "x.silent.test", T0 + 4 * SECOND, POLICY_MX_NOT, 300, &v), "miss", "but for another one");
	mx_cache_free(cache);
}

/*
 * Renewal
 */

static void
test_due(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_cache_entry *entry, *other;
	struct mx_cache_stats stats;
	struct mx_verdict v;
	int64_t due = T0 + 225 * SECOND, end = T0 + 300 * SECOND;

	(void)at(cache, "a.test", T0, POLICY_MX_BACKUP, 300, &v);
	(void)at(cache, "b.test", T0, POLICY_MX_NOT, 300, &v);
	tap_is_int(renew(cache, "a.test", T0, &entry) == MX_CACHE_MISS, 0, "nothing is renewed that is not due");
	tap_is_int(renew(cache, "c.test", T0, &entry) == MX_CACHE_MISS, 0, "or not there");
	tap_is_str(at(cache, "a.test", due - 1, POLICY_MX_NOT, 0, &v), "hit", "before the last quarter");
	tap_is_str(at(cache, "a.test", due, POLICY_MX_NOT, 0, &v), "due", "in it");
	tap_is_int(v.standing, POLICY_MX_BACKUP, "it serves");
	tap_is_str(v.text, "backup: of now", "with its text");
	tap_is_str(at(cache, "a.test", due + 1, POLICY_MX_NOT, 0, &v), "hit", "that is said once");
	tap_is_str(at(cache, "a.test", due + 5 * SECOND, POLICY_MX_NOT, 0, &v), "due",
	    "and again where nothing was done for 5 s");
	tap_is_str(at(cache, "b.test", end - 1, POLICY_MX_NOT, 0, &v), "hit", "never of what is somebody else's");
	tap_is_int(renew(cache, "a.test", due + 6 * SECOND, &entry), MX_CACHE_MISS, "a renewal begins");
	tap_is_int(renew(cache, "a.test", due + 6 * SECOND, &other) == MX_CACHE_MISS, 0, "once");
	tap_is_int(mx_cache_is_asked(cache, "a.test", due + 6 * SECOND), 0, "nobody will wait for it");
	tap_is_str(at(cache, "a.test", end - 1, POLICY_MX_NOT, 0, &v), "hit", "all others are served");
	tap_is_str(at(cache, "a.test", end, POLICY_MX_NOT, 0, &v), "stale",
	    "and, as it does not end in time, with the old one");
	tap_is_int(mx_cache_is_asked(cache, "a.test", end), 1, "who comes now may wait for it");
	v = verdict_of(POLICY_MX_BACKUP, 300);
	(void)mx_cache_put(cache, entry, end - SECOND, &v);
	tap_is_str(at(cache, "a.test", end + 200 * SECOND, POLICY_MX_NOT, 0, &v), "hit", "it lives on");
	mx_cache_read_stats(cache, &stats);
	tap_is_int((long long)stats.misses, 2, "with the first two look-ups");
	tap_is_int((long long)stats.renewed, 1, "and one renewal");
	mx_cache_free(cache);
}

/* A permit that is asked for often, while each renewal has this end. */
static void
test_renewals(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_cache_entry *entry;
	struct mx_cache_stats stats;
	struct mx_verdict v;
	int64_t gone = 0;
	int slow = 0;

	(void)at(cache, "a.test", T0, POLICY_MX_BACKUP, 60, &v);
	for (int64_t now = T0; now < T0 + 3600 * SECOND; now += SECOND) {
		enum mx_cache_result result = ask_cache(cache, "a.test", &nobody, now, now, &v, &entry);
		slow += result != MX_CACHE_HIT && result != MX_CACHE_DUE;
		if (result != MX_CACHE_DUE)
			continue;
		if (renew(cache, "a.test", now, &entry) == MX_CACHE_MISS) {
			v = verdict_of(POLICY_MX_BACKUP, 60);
			(void)mx_cache_put(cache, entry, now, &v);
		}
	}
	mx_cache_read_stats(cache, &stats);
	tap_is_int(slow, 0, "in an hour nobody waits");
	tap_is_int((long long)stats.renewed, 79, "one look-up in three quarters of its life");
	int64_t now = T0 + 3600 * SECOND;
	for (; gone == 0; now += SECOND) {
		enum mx_cache_result result = ask_cache(cache, "a.test", &nobody, now, now, &v, &entry);
		if (result == MX_CACHE_DUE && renew(cache, "a.test", now, &entry) == MX_CACHE_MISS) {
			v = verdict_of(POLICY_MX_NOT, 60);
			(void)mx_cache_put(cache, entry, now, &v);
		} else if (result != MX_CACHE_HIT || v.standing != POLICY_MX_BACKUP)
			gone = now;
	}
	tap_ok(gone <= T0 + 3660 * SECOND, "an answer that it is somebody else's ends it");
	mx_cache_free(cache);
}

/* The renewals fail: it serves to its end, and on, without a wait. */
static void
test_failing_renewal(void)
{
	struct mx_cache *cache = mx_cache_new(100, hash_key);
	struct mx_cache_stats stats;
	struct mx_cache_entry *entry;
	struct mx_verdict v;
	int64_t due = T0 + 45 * SECOND, end = T0 + 60 * SECOND;

	(void)at(cache, "a.test", T0, POLICY_MX_BACKUP, 60, &v);
	for (int i = 0; i < 2; i++) {
		tap_is_str(at(cache, "a.test", due, POLICY_MX_NOT, 0, &v), "due", "try %d", i + 1);
		(void)renew(cache, "a.test", due, &entry);
		v = verdict_of(POLICY_MX_TEMPFAIL, 0);
		(void)mx_cache_put(cache, entry, due, &v);
		tap_is_str(at(cache, "a.test", due + 1, POLICY_MX_NOT, 0, &v), "hit", "has failed, and it serves");
		due += 5 * SECOND;
		tap_is_str(at(cache, "a.test", due - 1, POLICY_MX_NOT, 0, &v), "hit", "until the next try");
	}
	tap_is_str(at(cache, "a.test", end - 1, POLICY_MX_NOT, 0, &v), "hit", "to its end");
	tap_is_str(name_of(ask_cache(cache, "a.test", &nobody, end, end, &v, &entry)), "miss", "then somebody asks");
	struct mx_cache_entry *other;
	tap_is_str(name_of(ask_cache(cache, "a.test", &nobody, end, end, &v, &other)), "stale",
	    "and all others are served meanwhile");
	mx_cache_read_stats(cache, &stats);
	tap_is_int((long long)stats.coalesced, 0, "without a wait");
	v = verdict_of(POLICY_MX_NOT, 60);
	(void)mx_cache_put(cache, entry, end, &v);
	tap_is_str(at(cache, "a.test", end, POLICY_MX_NOT, 0, &v), "hit", "until there is an answer");
	tap_is_int(v.standing, POLICY_MX_NOT, "which ends it");
	mx_cache_free(cache);
}

int
main(void)
{
	test_busy_and_stale();
	test_old_refusal();
	test_ours_before();
	test_due();
	test_renewals();
	test_failing_renewal();
	return tap_done();
}
