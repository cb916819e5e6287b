/* t/unit/flood.c: the bound on what one client network may cause */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "daemon/flood.h"
#include "tap.h"

#define SECOND		INT64_C(1000000)
#define START		(1000 * SECOND)
#define NETWORKS	(FLOOD_SETS * FLOOD_WAYS)

static const uint8_t key[SIPHASH_KEY_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const char near[] = "192.0.2.7";

/* What all summaries have counted so far. */
static uint64_t said;

static struct netaddr
addr_of(const char *text)
{
	struct netaddr addr = { .family = NETADDR_NONE };

	(void)netaddr_parse(text, strlen(text), &addr);
	return addr;
}

/* The n-th of 2^24 networks, none of them in 192.0.2.0/24. */
static struct netaddr
numbered(unsigned n)
{
	struct netaddr addr = { .family = NETADDR_V4 };

	addr.bytes[0] = (uint8_t)(n >> 16 | 1);
	addr.bytes[1] = (uint8_t)(n >> 8);
	addr.bytes[2] = (uint8_t)n;
	addr.bytes[3] = 9;
	return addr;
}

static int
admit(struct flood *flood, const struct netaddr *client, unsigned rate, unsigned burst,
    int64_t now)
{
	const struct flood_bound bound = { rate, burst };
	struct flood_due due;
	int is_within = flood_admit(flood, client, &bound, now, &due);

	said += due.own.count + due.other.count;
	return is_within;
}

/* How many of so many at once are within the bound. */
static unsigned
admitted(struct flood *flood, const char *client, unsigned rate, unsigned burst, int64_t now,
    unsigned count)
{
	struct netaddr addr = addr_of(client);
	unsigned within = 0;

	while (count-- > 0)
		within += (unsigned)admit(flood, &addr, rate, burst, now);
	return within;
}

static void
take_all(struct flood *flood, int64_t now, int wants_all)
{
	struct flood_summary summary;
	size_t at = 0;

	while (flood_take(flood, now, wants_all, &at, &summary))
		said += summary.count;
}

static void
test_bound(void)
{
	/* the same network all the time: so many at that time, of which are admitted */
	static const struct {
		int64_t		at_ms;
		unsigned	rate;
		unsigned	burst;
		unsigned	count;
		unsigned	admitted;
	} rows[] = {
		{ 0, 10, 5, 7, 5 },
		{ 0, 10, 5, 1, 0 },
		{ 99, 10, 5, 1, 0 },
		{ 100, 10, 5, 2, 1 },
		{ 400, 10, 5, 9, 3 },
		{ 10000, 10, 5, 9, 5 },
		/* what was refused used nothing */
		{ 10100, 10, 5, 1000, 1 },
		{ 10200, 10, 5, 1, 1 },
		/* another configuration holds at once, and debts of the old one are forgotten */
		{ 10200, 10, 8, 9, 3 },
		{ 10200, 1, 8, 9, 7 },
		{ 10200, 1000, 8, 9, 0 },
		{ 10203, 1000, 8, 9, 3 },
		{ 10203, 0, 8, 9, 9 },
		{ 10203, 0, 0, 9, 9 },
		{ 10203, 100000, 1, 9, 0 },
		{ 10204, 100000, 1, 9, 1 },
		/* the clock of another thread */
		{ 10190, 100000, 1, 9, 0 },
		{ 100000, 100000, 10000000, 20000, 20000 },
	};
	struct flood *flood = flood_new(key);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tap_is_int(admitted(flood, near, rows[i].rate, rows[i].burst,
		    START + rows[i].at_ms * 1000, rows[i].count), rows[i].admitted,
		    "%u/s, burst %u: %u after %lld ms", rows[i].rate, rows[i].burst,
		    rows[i].count, (long long)rows[i].at_ms);
	flood_free(flood);
}

/* However they come, in t seconds there are at most rate * t + burst. */
static void
test_long_run(void)
{
	static const unsigned rates[] = { 1, 3, 7, 50, 999, 6000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct flood *flood = flood_new(key);
		const unsigned rate = rates[i], burst = 20;
		uint64_t within = 0, asked = 0, random = 1;
		int64_t now = START;

		while (now < START + 100 * SECOND) {
			random = random * 6364136223846793005U + 1442695040888963407U;
			now += (int64_t)(random >> 33) % (2 * SECOND / rate / 3 + 1);
			within += admitted(flood, near, rate, burst, now, 1);
			asked++;
		}
		tap_ok(within <= 100 * rate + burst + 1 && within >= 100 * rate && within < asked,
		    "%u/s: %llu of %llu in 100 s", rate, (unsigned long long)within,
		    (unsigned long long)asked);
		flood_free(flood);
	}
}

static void
test_networks(void)
{
	static const struct {
		const char	*one;
		const char	*other;
		int		 is_same;
		const char	*text;		/* of the other */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.255", 1, "192.0.2.0/24" },
		{ "192.0.2.1", "192.0.3.1", 0, "192.0.3.0/24" },
		{ "192.0.2.1", "::ffff:192.0.2.9", 1, "192.0.2.0/24" },
		{ "2001:db8::1", "2001:db8:0:ffff::9", 1, "2001:db8::/48" },
		{ "2001:db8::1", "2001:db8:1::1", 0, "2001:db8:1::/48" },
		{ "192.0.2.1", "c000:200::", 0, "c000:200::/48" },
		{ "0.0.0.1", "::1", 0, "::/48" },
		{ "0.0.0.1", "none", 0, "unknown" },
		{ "none", "none", 1, "unknown" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flood *flood = flood_new(key);
		struct netaddr other = addr_of(rows[i].other);
		char text[NETADDR_TEXT_SIZE];

		(void)admitted(flood, rows[i].one, 1, 1, START, 1);
		tap_is_int(admitted(flood, rows[i].other, 1, 1, START, 1), !rows[i].is_same,
		    "%s and %s", rows[i].one, rows[i].other);
		flood_network(&other, text);
		tap_is_str(text, rows[i].text, "its name");
		flood_free(flood);
	}
}

static void
summary_is(const struct flood_summary *summary, uint64_t count, const char *client,
    const char *name)
{
	char text[NETADDR_TEXT_SIZE];

	tap_is_int((long long)summary->count, (long long)count, "%s", name);
	if (count == 0)
		return;
	netaddr_format(&summary->client, text);
	tap_is_str(text, client, "  by");
}

static void
test_summaries(void)
{
	const struct flood_bound bound = { 1, 2 };
	struct flood *flood = flood_new(key);
	struct netaddr one = addr_of(near), two = addr_of("192.0.2.8");
	struct flood_summary summary;
	struct flood_due due;
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		(void)flood_admit(flood, &one, &bound, START, &due);
		summary_is(&due.own, 0, NULL, "nothing to say");
	}
	(void)flood_admit(flood, &one, &bound, START, &due);
	summary_is(&due.own, 1, near, "the first is said at once");
	for (int i = 0; i < 5; i++) {
		(void)flood_admit(flood, &two, &bound, START + i, &due);
		summary_is(&due.own, 0, NULL, "the next are not");
	}
	tap_is_int(flood_take(flood, START + SECOND - 1, 0, &at, &summary), 0, "nor a second long");
	(void)flood_admit(flood, &one, &bound, START + SECOND, &due);
	summary_is(&due.own, 0, NULL, "one within the bound says nothing");
	(void)flood_admit(flood, &one, &bound, START + SECOND, &due);
	summary_is(&due.own, 6, near, "a second later all of them");
	(void)flood_admit(flood, &two, &bound, START + SECOND, &due);
	at = 0;
	tap_is_int(flood_take(flood, START + 2 * SECOND, 0, &at, &summary), 1, "no more come");
	summary_is(&summary, 1, "192.0.2.8", "what was left");
	tap_is_int(flood_take(flood, START + 2 * SECOND, 0, &at, &summary), 0, "no more");
	(void)flood_admit(flood, &one, &bound, START + 2 * SECOND, &due);
	(void)flood_admit(flood, &one, &bound, START + 2 * SECOND, &due);
	at = 0;
	tap_is_int(flood_take(flood, START + 2 * SECOND, 0, &at, &summary), 0, "just said");
	tap_is_int(flood_take(flood, START + 2 * SECOND, 1, &at, &summary), 0, "and passed over");
	at = 0;
	tap_is_int(flood_take(flood, START + 2 * SECOND, 1, &at, &summary), 1, "at a stop");
	summary_is(&summary, 1, near, "it is said");
	flood_free(flood);
}

/* Eight times as many networks as there is room for. */
static void
test_no_reset(void)
{
	struct flood *flood = flood_new(key);
	unsigned refused = 0, again;

	(void)admitted(flood, near, 1, 100, START, 101);
	for (unsigned n = 0; n < 8 * NETWORKS; n++) {
		struct netaddr client = numbered(n);

		for (int i = 0; i < 3; i++)
			refused += !admit(flood, &client, 1, 100, START);
	}
	tap_is_int(refused, 0, "networks that are new are within the bound, whatever is known");
	tap_is_int(admitted(flood, near, 1, 100, START, 1), 0,
	    "a network over the bound is not forgotten for theirs");
	for (again = 0; again < 8 * NETWORKS && !admitted(flood, near, 1, 100, START, 1); again++)
		for (int i = 0; i < 100; i++) {
			struct netaddr client = numbered(again);

			(void)admit(flood, &client, 1, 100, START);
		}
	tap_ok(again > 100, "it takes the bursts of %u networks to win one back", again);
	flood_free(flood);
}

/* All are over the bound, and twice as many as there is room for. */
static void
test_nothing_lost(void)
{
	struct flood *flood = flood_new(key);
	uint64_t refused = 0;

	said = 0;
	for (unsigned n = 0; n < 2 * NETWORKS; n++) {
		struct netaddr client = numbered(n);

		for (int i = 0; i < 4; i++)
			refused += (uint64_t)!admit(flood, &client, 1, 1, START);
	}
	tap_is_int((long long)refused, 3 * 2 * NETWORKS, "three of four are over the bound");
	tap_ok(said > 2 * NETWORKS, "the first of each is said, and of those that made room all");
	take_all(flood, START + 10 * SECOND, 0);
	tap_is_int((long long)said, (long long)refused, "the summaries come to all of them");
	take_all(flood, START + 20 * SECOND, 1);
	tap_is_int((long long)said, (long long)refused, "once");
	flood_free(flood);
}

struct worker {
	struct flood	*flood;
	uint64_t	 within;
	uint64_t	 said;
};

static void *
work(void *arg)
{
	const struct flood_bound bound = { 1, 1000 };
	struct worker *worker = arg;
	struct netaddr client = addr_of(near);
	struct flood_due due;

	for (int i = 0; i < 20000; i++) {
		struct netaddr other = numbered((unsigned)i);

		worker->within += (uint64_t)flood_admit(worker->flood, &client, &bound,
		    START + i, &due);
		worker->said += due.own.count + due.other.count;
		(void)flood_admit(worker->flood, &other, &bound, START + i, &due);
		worker->said += due.own.count + due.other.count;
	}
	return NULL;
}

static void
test_threads(void)
{
	struct flood *flood = flood_new(key);
	struct worker workers[4];
	pthread_t threads[4];
	uint64_t within = 0;

	said = 0;
	for (int i = 0; i < 4; i++) {
		workers[i] = (struct worker){ .flood = flood };
		if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
			tap_ok(0, "no thread");
	}
	for (int i = 0; i < 4; i++) {
		(void)pthread_join(threads[i], NULL);
		within += workers[i].within;
		said += workers[i].said;
	}
	take_all(flood, START, 1);
	tap_is_int((long long)within, 1000, "four threads: the burst");
	tap_is_int((long long)said, 80000 - 1000, "and all others are counted");
	flood_free(flood);
}

int
main(void)
{
	test_bound();
	test_long_run();
	test_networks();
	test_summaries();
	test_no_reset();
	test_nothing_lost();
	test_threads();
	flood_free(NULL);
	return tap_done();
}
