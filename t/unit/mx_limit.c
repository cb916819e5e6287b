/* t/unit/mx_limit.c: who may look a domain up while others do, with a clock that is given */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "dns/mx_backoff.h"
#include "dns/mx_limit.h"
#include "tap.h"

#define SECOND	INT64_C(1000000)
#define T0	(1000 * SECOND)
#define STRANGER	POLICY_MX_NOT

static const uint8_t hash_key[SIPHASH_KEY_SIZE] = "0123456789abcdef";

static const char *
name_of(enum mx_limit_result result)
{
	switch (result) {
	case MX_LIMIT_BEGUN:
		return "begun";
	case MX_LIMIT_BUSY:
		return "busy";
	case MX_LIMIT_CLIENT_BUSY:
		return "client busy";
	case MX_LIMIT_SILENT:
		return "silent";
	}
	return "?";
}

/* The client "": a renewal. */
static enum mx_limit_result
begin(struct mx_limit *limit, const char *client, const char *domain, const char *group, int64_t now,
    struct mx_slot **slot)
{
	struct netaddr addr = { .family = NETADDR_NONE };
	const struct mx_asker asker = { *client != '\0' ? &addr : NULL, group, 0 };

	(void)netaddr_parse(client, strlen(client), &addr);
	return mx_limit_begin(limit, siphash(hash_key, domain, strlen(domain)), &asker, now, slot);
}

/* What becomes of a lookup, which takes a while and ends so. */
static const char *
look_up(struct mx_limit *limit, const char *client, const char *domain, const char *group, int64_t now,
    int64_t seconds, enum policy_mx standing)
{
	struct mx_slot *slot;
	enum mx_limit_result result = begin(limit, client, domain, group, now, &slot);

	if (result == MX_LIMIT_BEGUN)
		mx_limit_end(limit, slot, now + seconds * SECOND, standing);
	return name_of(result);
}

/* As many lookups of strangers as may be, of two sites, under way until they are ended. */
static void
flood(struct mx_limit *limit, int64_t now, struct mx_slot *slots[MX_LIMIT_STRANGE])
{
	char client[40], domain[40];
	int begun = 0;

	for (int i = 0; begun < MX_LIMIT_STRANGE && i < 1000; i++) {
		(void)snprintf(client, sizeof(client), "192.0.%d.%d", i % 2, i / 2 % 200);
		(void)snprintf(domain, sizeof(domain), "r%d.silent.test", i);
		begun += begin(limit, client, domain, "silent.test", now, &slots[begun]) == MX_LIMIT_BEGUN;
	}
	tap_is_int(begun, MX_LIMIT_STRANGE, "two sites have all that strangers may have");
}

static void
test_reserve(void)
{
	struct mx_limit *limit = mx_limit_new(100, hash_key);
	struct mx_slot *slots[MX_LIMIT_STRANGE], *more[MX_LIMIT_KNOWN], *slot;
	const struct netaddr addr = { .family = NETADDR_V4, .bytes = { 203, 0, 113, 7 } };
	const struct mx_asker listed = { &addr, "listed.test", 1 };
	char client[40], domain[40], group[40];
	int begun = 0;

	for (int i = 0; i < 40; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.ours%d.test", i, i);
		(void)snprintf(group, sizeof(group), "ours%d.test", i);
		(void)look_up(limit, "203.0.113.1", domain, group, T0, 0, POLICY_MX_BACKUP);
	}
	flood(limit, T0, slots);
	tap_is_str(name_of(begin(limit, "203.0.113.7", "new.test", "new.test", T0, &slot)), "busy",
	    "a domain that is not known");
	tap_is_str(name_of(mx_limit_begin(limit, 4711, &listed, T0, &more[begun++])), "begun",
	    "one that the configuration names");
	for (int i = 0; i < 40 && begun < MX_LIMIT_KNOWN; i++) {
		(void)snprintf(client, sizeof(client), "192.0.%d.%d", i % 2, i / 4);
		(void)snprintf(domain, sizeof(domain), "d%d.ours%d.test", i, i);
		(void)snprintf(group, sizeof(group), "ours%d.test", i);
		begun += begin(limit, client, domain, group, T0, &more[begun]) == MX_LIMIT_BEGUN;
	}
	tap_is_int(begun, MX_LIMIT_KNOWN, "domains that were ours have theirs, also for clients of a site that floods");
	tap_is_int((long long)mx_limit_count(limit), MX_LIMIT_KNOWN + MX_LIMIT_STRANGE, "that is all");
	tap_is_str(name_of(begin(limit, "203.0.113.1", "d39.ours39.test", "ours39.test", T0, &slot)), "busy",
	    "one more is not begun");
	for (int i = 0; i < MX_LIMIT_STRANGE; i++)
		mx_limit_end(limit, slots[i], T0, STRANGER);
	for (int i = 0; i < begun; i++)
		mx_limit_end(limit, more[i], T0, POLICY_MX_BACKUP);
	flood(limit, T0, slots);
	for (int i = 0; i < MX_LIMIT_STRANGE; i++)
		mx_limit_cancel(limit, slots[i]);
	mx_limit_free(limit);
	mx_limit_free(NULL);
}

/* What is known, after what was found out about a domain of a group. */
static void
test_known(void)
{
	static const struct {
		const char	*name;
		enum policy_mx	 first;
		enum policy_mx	 then;		/* UNASKED: nothing */
		const char	*want;
	} rows[] = {
		{ "primary", POLICY_MX_PRIMARY, POLICY_MX_UNASKED, "begun" },
		{ "backup", POLICY_MX_BACKUP, POLICY_MX_UNASKED, "begun" },
		{ "somebody else's", POLICY_MX_NOT, POLICY_MX_UNASKED, "busy" },
		{ "a failure", POLICY_MX_TEMPFAIL, POLICY_MX_UNASKED, "busy" },
		{ "a failure later", POLICY_MX_BACKUP, POLICY_MX_TEMPFAIL, "begun" },
		{ "somebody else's now", POLICY_MX_BACKUP, POLICY_MX_NOT, "busy" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mx_limit *limit = mx_limit_new(1, hash_key);
		struct mx_slot *slots[MX_LIMIT_STRANGE], *slot;
		(void)look_up(limit, "203.0.113.1", "a.test", "a.test", T0, 0, rows[i].first);
		if (rows[i].then != POLICY_MX_UNASKED)
			(void)look_up(limit, "203.0.113.1", "a.test", "a.test", T0, 0, rows[i].then);
		flood(limit, T0, slots);
		tap_is_str(name_of(begin(limit, "203.0.113.1", "a.test", "a.test", T0, &slot)), rows[i].want,
		    "%s", rows[i].name);
		mx_limit_free(limit);
	}
}

/* A stranger with one domain makes many names known, and others keep theirs. */
static void
test_group(void)
{
	struct mx_limit *limit = mx_limit_new(100, hash_key);
	struct mx_slot *slots[MX_LIMIT_STRANGE], *slot;
	char client[40], domain[40];
	int begun = 0, busy = 0;

	(void)look_up(limit, "203.0.113.1", "a.ours.test", "ours.test", T0, 0, POLICY_MX_BACKUP);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.evil.test", i);
		(void)look_up(limit, "192.0.2.1", domain, "evil.test", T0, 0, POLICY_MX_BACKUP);
	}
	flood(limit, T0, slots);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(client, sizeof(client), "10.%d.%d.1", i / 250, i % 250);
		(void)snprintf(domain, sizeof(domain), "d%d.evil.test", i);
		enum mx_limit_result result = begin(limit, client, domain, "evil.test", T0, &slot);
		begun += result == MX_LIMIT_BEGUN;
		busy += result == MX_LIMIT_BUSY;
	}
	tap_is_int(begun, MX_LIMIT_GROUP, "a group has its share of the reserve");
	tap_is_int(busy, 10000 - MX_LIMIT_GROUP, "and no more");
	tap_is_str(name_of(begin(limit, "203.0.113.1", "a.ours.test", "ours.test", T0, &slot)), "begun",
	    "others have theirs");
	mx_limit_free(limit);
}

/* A zone that is silent, for one site. */
static void
test_silent(void)
{
	static const int pauses[] = { 5, 10, 20, 40, 60, 60 };
	struct mx_limit *limit = mx_limit_new(100, hash_key);
	struct mx_slot *probe;
	int64_t now = T0;
	char domain[40];

	(void)look_up(limit, "203.0.113.1", "ours.silent.test", "silent.test", T0 - SECOND, 0, POLICY_MX_BACKUP);
	for (int i = 0; i < MX_BACKOFF_FAILURES; i++) {
		(void)snprintf(domain, sizeof(domain), "r%d.silent.test", i);
		tap_is_str(look_up(limit, "192.0.2.1", domain, "silent.test", now, 4, POLICY_MX_TEMPFAIL), "begun",
		    "failure %d", i + 1);
		(void)look_up(limit, "203.0.113.1", "b.test", "b.test", now + 2 * SECOND, 0, STRANGER);
		now += 4 * SECOND;
	}
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		tap_is_str(look_up(limit, "192.0.2.9", "more.silent.test", "silent.test",
		    now + pauses[i] * SECOND - 1, 0, STRANGER), "silent", "a pause of %d s for its site", pauses[i]);
		tap_is_str(look_up(limit, "192.0.3.1", "x.silent.test", "silent.test", now, 0, STRANGER), "begun",
		    "not for another site");
		tap_is_str(look_up(limit, "192.0.2.1", "x.test", "x.test", now, 0, STRANGER), "begun",
		    "nor for other domains");
		tap_is_str(look_up(limit, "192.0.2.1", "ours.silent.test", "silent.test", now, 4,
		    POLICY_MX_TEMPFAIL), "begun", "nor for one that was ours");
		now += pauses[i] * SECOND;
		tap_is_str(name_of(begin(limit, "192.0.2.1", "p.silent.test", "silent.test", now, &probe)), "begun",
		    "then one lookup");
		tap_is_str(look_up(limit, "192.0.2.1", "q.silent.test", "silent.test", now + SECOND, 0, STRANGER),
		    "silent", "and no other meanwhile");
		(void)look_up(limit, "203.0.113.1", "b.test", "b.test", now + 2 * SECOND, 0, STRANGER);
		now += 4 * SECOND;
		mx_limit_end(limit, probe, now, POLICY_MX_TEMPFAIL);
	}
	now += 60 * SECOND;
	tap_is_str(look_up(limit, "192.0.2.1", "p.silent.test", "silent.test", now, 0, STRANGER), "begun",
	    "a lookup is answered");
	for (int i = 0; i < 20; i++)
		(void)look_up(limit, "192.0.2.1", "p.silent.test", "silent.test", now, 0, STRANGER);
	tap_is_str(look_up(limit, "192.0.2.1", "q.silent.test", "silent.test", now, 0, STRANGER), "begun",
	    "and there is no pause");
	mx_limit_free(limit);
}

/* Half of the names below a zone may answer, and it is silent. Of those under way when it begins none counts. */
static void
test_mixture(void)
{
	struct mx_backoff *backoff = mx_backoff_new(100);
	int begun = 0, held = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t now = T0 + i * SECOND / 10;
		mx_backoff_answer(backoff, 2, now);
		if (mx_backoff_holds(backoff, 1, now)) {
			held++;
			continue;
		}
		begun++;
		if (i % 3 == 0)
			mx_backoff_answer(backoff, 1, now);
		else
			mx_backoff_fail(backoff, 1, now - 1, now);
	}
	tap_ok(held > 800, "a third is answered: of 1000 lookups %d are not begun", held);
	mx_backoff_free(backoff);
	backoff = mx_backoff_new(100);
	for (int i = 0; i < 16; i++)
		mx_backoff_fail(backoff, 1, T0, T0 + SECOND);
	tap_is_int(mx_backoff_holds(backoff, 1, T0 + 6 * SECOND - 1), 1, "16 at once");
	tap_is_int(mx_backoff_holds(backoff, 1, T0 + 6 * SECOND), 0, "are one pause, and a short one");
	mx_backoff_free(backoff);
	mx_backoff_free(NULL);
}

/* Our own name servers are down, and come back. */
static void
test_outage(void)
{
	struct mx_backoff *backoff = mx_backoff_new(100);
	int64_t now = T0;

	mx_backoff_answer(backoff, 2, now - SECOND);
	for (int i = 0; i < 100; i++, now += 4 * SECOND)
		if (!mx_backoff_holds(backoff, 1, now))
			mx_backoff_fail(backoff, 1, now, now + 4 * SECOND);
	tap_is_int(mx_backoff_holds(backoff, 1, now), 1, "nothing is answered, and there is a pause");
	mx_backoff_answer(backoff, 2, now + SECOND);
	tap_is_int(mx_backoff_holds(backoff, 1, now + SECOND), 0, "the first answer to anybody ends it");
	tap_is_int(mx_backoff_holds(backoff, 1, now + SECOND), 1, "for one lookup");
	mx_backoff_answer(backoff, 1, now + SECOND);
	tap_is_int(mx_backoff_holds(backoff, 1, now + SECOND), 0, "and when that is answered, for all");
	mx_backoff_free(backoff);
}

/* However many pairs there are, and who has been asked for last is kept. */
static void
test_bound(void)
{
	struct mx_backoff *backoff = mx_backoff_new(64);
	int held = 0;

	for (uint64_t pair = 1; pair <= 10000; pair++)
		for (int i = 0; i < MX_BACKOFF_FAILURES; i++)
			mx_backoff_fail(backoff, pair * 0x9e3779b97f4a7c15U, T0, T0);
	for (uint64_t pair = 1; pair <= 10000; pair++)
		held += mx_backoff_holds(backoff, pair * 0x9e3779b97f4a7c15U, T0);
	tap_ok(held > 0 && held <= 64, "of 10000 no more than 64 are kept: %d", held);
	mx_backoff_free(backoff);
}

/* Renewals are nobody's: they hold up no client, but each other's group. */
static void
test_renewals(void)
{
	struct mx_limit *limit = mx_limit_new(100, hash_key);
	struct mx_slot *slot;
	char domain[40], group[40];
	int begun = 0;

	for (int i = 0; i < 6; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		(void)snprintf(group, sizeof(group), "d%d.test", i);
		begun += begin(limit, "", domain, group, T0, &slot) == MX_LIMIT_BEGUN;
	}
	tap_is_int(begun, 6, "more than one client may have");
	tap_is_str(name_of(begin(limit, "?", "x.test", "x.test", T0, &slot)), "begun",
	    "a client without an address is another");
	for (int i = begun = 0; i < 6; i++) {
		(void)snprintf(domain, sizeof(domain), "e%d.x.test", i);
		begun += begin(limit, "", domain, "y.test", T0, &slot) == MX_LIMIT_BEGUN;
	}
	tap_is_int(begun, MX_LIMIT_GROUP_RENEWALS, "a group has its share");
	for (int i = begun; i < 6; i++) {
		(void)snprintf(domain, sizeof(domain), "e%d.x.test", i);
		(void)look_up(limit, "203.0.113.1", domain, "y.test", T0, 0, POLICY_MX_BACKUP);
		begun += begin(limit, "203.0.113.1", domain, "y.test", T0, &slot) == MX_LIMIT_BEGUN;
	}
	tap_is_int(begun, MX_LIMIT_GROUP, "and mail of that group the rest of its own");
	mx_limit_free(limit);
}

int
main(void)
{
	test_reserve();
	test_known();
	test_group();
	test_silent();
	test_mixture();
	test_outage();
	test_bound();
	test_renewals();
	return tap_done();
}
