/* milter/cache.h: verdicts over domains, kept for a while; and how many are looked for */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CACHE_H
#define AUTHRELAY_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "mx.h"
#include "netaddr.h"
#include "siphash.h"

#define CACHE_LOOKUPS_MAX	32	/* under way at once */
#define CACHE_CLIENT_MAX	4	/* of them for one client, a /32 or /64 */
#define CACHE_SITE_MAX		16	/* of them for one site, a /24 or /48 */

/* How long a verdict is fresh, whatever its TTL, in seconds. */
#define CACHE_OURS_MIN		60
#define CACHE_OURS_MAX		3600
#define CACHE_NOT_MIN		60
#define CACHE_NOT_MAX		900
#define CACHE_RETRY_MIN		5	/* after a failure; it doubles */
#define CACHE_RETRY_MAX		60
/* How long it may serve after that, where a new one cannot be had. */
#define CACHE_STALE		3600

/*
 * Any number of threads may use it at once. Clocks are given, in microseconds, and never
 * read; deadlines are of CLOCK_MONOTONIC. The domain is in path_domain()'s form.
 */
struct cache;
struct cache_entry;

enum cache_result {
	CACHE_HIT,	/* there is a fresh verdict */
	CACHE_STALE_HIT,	/* there is none to be had, but an old one */
	CACHE_FAILED,	/* a look-up has failed a moment ago; verdict_r is TEMPFAIL */
	CACHE_MISS,	/* look it up: cache_put() has to follow */
	CACHE_BUSY,	/* CACHE_LOOKUPS_MAX are under way */
	CACHE_CLIENT_BUSY,	/* as many as may be are for this client, or its site */
	CACHE_LATE,	/* another thread was asking, until the deadline */
	CACHE_NO_MEMORY
};

struct cache_stats {
	uint64_t	hits;
	uint64_t	stale;		/* an old verdict was served */
	uint64_t	misses;		/* looked up */
	uint64_t	coalesced;	/* waited for another thread's look-up */
	uint64_t	failed;		/* answered by a failure a moment ago */
	uint64_t	busy;		/* turned away */
	uint64_t	evicted;
	size_t		entries;
};

/*
 * Keeps at most this many verdicts, besides those that are being looked up. NULL: no
 * memory, or no locks.
 */
struct cache	*cache_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE]);
/* Nobody may be in it any more. NULL is legal. */
void		 cache_free(struct cache *);

/*
 * Looks for a verdict; where another thread looks the same domain up already, waits for
 * that until the deadline. verdict_r is set by HIT, STALE_HIT and FAILED, entry_r by
 * MISS.
 */
enum cache_result	cache_get(struct cache *, const char *domain,
			    const struct netaddr *client, int64_t now_us,
			    int64_t deadline_us, struct mx_verdict *verdict_r,
			    struct cache_entry **entry_r);

/* Whether a thread is looking it up, so that cache_get() might have to wait. */
int			cache_is_asked(struct cache *, const char *domain);

/*
 * Ends a look-up that CACHE_MISS began, and gives the entry back. Of a TEMPFAIL it is
 * only kept that it failed: where there is an old verdict that may still serve, that is
 * what is in *verdict then, and CACHE_STALE_HIT is returned; else CACHE_MISS.
 */
enum cache_result	cache_put(struct cache *, struct cache_entry *, int64_t now_us,
			    struct mx_verdict *verdict);

void	cache_read_stats(struct cache *, struct cache_stats *stats_r);

#endif
