/* milter/dns/cache.h: TTL cache of MX results */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CACHE_H
#define AUTHRELAY_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "core/siphash.h"
#include "dns/mx.h"
#include "dns/mx_limit.h"

/*
 * Bounds of a verdict's life, in seconds, whatever its TTL. PRIMARY and BACKUP may be a
 * permit, which lives for its TTL and 5 minutes at most. In the last CACHE_RENEW_PART of
 * that time both are renewed if they are asked for: see CACHE_DUE.
 */
#define CACHE_OURS_MIN		1
#define CACHE_OURS_MAX		300
#define CACHE_RENEW_PART	4
#define CACHE_NOT_MIN		60
#define CACHE_NOT_MAX		900
#define CACHE_RETRY_MIN		5	/* after a failure; it doubles */
#define CACHE_RETRY_MAX		60
/*
 * How long PRIMARY and BACKUP may serve after that, while lookups of the domain fail: no
 * answer in time, or SERVFAIL and its like. Any answer, also NXDOMAIN, ends it. A backup
 * mail exchanger is there for outages, and the domain's own name servers are often out at
 * the same time. The owner of a domain gains nothing by it, since it permits mail to that
 * domain only, and he who can silence our name servers no more than an hour of what its
 * owner wanted an hour before. That too many lookups are under way is no failure, or a
 * flood would keep permits alive. NOT does not serve so: a refusal is for good, and mail
 * would be lost that may be sent again later.
 */
#define CACHE_STALE		3600

/*
 * Any number of threads may use it at once. Clocks are given, in microseconds, and never
 * read; deadlines are of CLOCK_MONOTONIC. The domain is in path_domain()'s form.
 */
struct cache;
struct cache_entry;

enum cache_result {
	CACHE_HIT,	/* a fresh verdict */
	CACHE_DUE,	/* the same; the caller has cache_renew() called */
	CACHE_STALE_HIT,	/* an old verdict, as lookups fail */
	CACHE_FAILED,	/* a lookup failed a moment ago; verdict_r is TEMPFAIL */
	CACHE_MISS,	/* look it up: cache_put() has to follow */
	CACHE_BUSY,	/* too many lookups in progress: see mx_limit.h */
	CACHE_CLIENT_BUSY,	/* for this client, or its site */
	CACHE_SILENT,	/* too many lookups of its site for such domains failed */
	CACHE_LATE,	/* another thread's lookup did not end by the deadline */
	CACHE_NO_MEMORY
};

struct cache_stats {
	uint64_t	hits;
	uint64_t	stale;		/* an old verdict was served */
	uint64_t	misses;		/* looked up */
	uint64_t	renewed;	/* looked up while the verdict was fresh or serving */
	uint64_t	coalesced;	/* waited for another thread's lookup */
	uint64_t	failed;		/* answered by a recent failure */
	uint64_t	busy;		/* turned away */
	uint64_t	evicted;
	size_t		entries;
	size_t		under_way;	/* lookups in progress */
};

/*
 * Keeps at most this many verdicts, besides those that are being looked up. NULL: no
 * memory, or no locks.
 */
struct cache	*cache_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE]);
/* No thread may use it any more. NULL is legal. */
void		 cache_free(struct cache *);

/*
 * Finds a verdict. If there is none and another thread is looking up the same domain,
 * waits for that until the deadline. verdict_r is set by HIT, DUE, STALE_HIT and
 * FAILED, entry_r by MISS; the cache owns the entry. DUE comes once in CACHE_RETRY_MIN
 * for each domain.
 */
enum cache_result	cache_get(struct cache *, const char *domain,
			    const struct mx_asker *, int64_t now_us,
			    int64_t deadline_us, struct mx_verdict *verdict_r,
			    struct cache_entry **entry_r);

/*
 * Begins a lookup of a domain that was DUE, while its verdict still serves. MISS: look
 * it up, cache_put() has to follow. Anything else: not now, or no longer. asker->client
 * is NULL.
 */
enum cache_result	cache_renew(struct cache *, const char *domain,
			    const struct mx_asker *, int64_t now_us,
			    struct cache_entry **entry_r);

/* Whether a thread is looking it up, so that cache_get() might have to wait. */
int			cache_is_asked(struct cache *, const char *domain,
			    int64_t now_us);

/*
 * Ends a lookup that CACHE_MISS began; the entry may not be used any more. A TEMPFAIL
 * does not replace an old verdict: if that may still serve, it is copied to *verdict
 * and CACHE_STALE_HIT is returned; else CACHE_MISS.
 */
enum cache_result	cache_put(struct cache *, struct cache_entry *, int64_t now_us,
			    struct mx_verdict *verdict);

void	cache_read_stats(struct cache *, struct cache_stats *stats_r);

#endif
