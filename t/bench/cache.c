/* t/bench/cache.c: what a verdict costs that is kept already */
/* SPDX-License-Identifier: ISC */

#include <err.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/mx_cache.h"

#define DOMAINS		20000
#define QUERIES		2000000
#define THREADS_MAX	8
#define NAME_SIZE	254	/* of the longest, too */

static struct mx_cache *cache;
static char names[DOMAINS][NAME_SIZE];
static const struct netaddr client = { .family = NETADDR_V4, .bytes = { 192, 0, 2, 1 } };
static const struct mx_asker asker = { .client = &client, .group = "example.net" };

static double
now(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *
ask(void *arg)
{
	uint64_t random = (uint64_t)(uintptr_t)arg * 2654435761U + 1;
	struct mx_cache_entry *entry;
	struct mx_verdict verdict;

	for (int i = 0; i < QUERIES; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		if (mx_cache_get(cache, names[(random >> 33) % DOMAINS], &asker, 0, 0, &verdict,
		    &entry) != MX_CACHE_HIT)
			errx(1, "a verdict is not there");
	}
	return NULL;
}

/* With names and texts that somebody has made as long as can be, or with usual ones. */
static void
fill(int are_longest)
{
	struct mx_cache_entry *entry;
	struct mx_verdict verdict;

	for (int i = 0; i < DOMAINS; i++) {
		(void)snprintf(names[i], NAME_SIZE, "customer-%d.example.net", i);
		if (are_longest)
			(void)snprintf(names[i], NAME_SIZE, "%0253d", i);
		if (mx_cache_get(cache, names[i], &asker, 0, 0, &verdict, &entry) != MX_CACHE_MISS)
			errx(1, "a verdict is there");
		verdict.standing = POLICY_MX_NOT;
		verdict.ttl = 900;
		(void)snprintf(verdict.text, sizeof(verdict.text), "not: no mail exchanger is "
		    "this server, ad=0, 3 queries, %d us", i);
		if (are_longest)
			(void)snprintf(verdict.text, sizeof(verdict.text), "%0700d", i);
		(void)mx_cache_put(cache, entry, 0, &verdict);
	}
}

static void
measure(int count)
{
	pthread_t threads[THREADS_MAX];
	double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, ask, (void *)(uintptr_t)(i + 1)) != 0)
			errx(1, "no thread");
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)printf("%d threads: %.0f ns of processor a hit, %.1f million hits/s\n", count,
	    cpu / QUERIES / count, QUERIES * 1e3 * count / wall);
}

static void
make(int are_longest, const char *what)
{
	static const uint8_t key[SIPHASH_KEY_SIZE] = "0123456789abcdef";
	size_t before = mallinfo2().uordblks;

	/* a shard may get a few more than its share */
	if ((cache = mx_cache_new(DOMAINS * 2, key)) == NULL)
		err(1, "no cache");
	fill(are_longest);
	(void)printf("%d verdicts%s: %.1f MB\n", DOMAINS, what,
	    (double)(mallinfo2().uordblks - before) / 1e6);
}

int
main(void)
{
	make(1, ", with the longest names");
	mx_cache_free(cache);
	make(0, "");
	for (int count = 1; count <= THREADS_MAX; count *= 2)
		measure(count);
	mx_cache_free(cache);
	return 0;
}
