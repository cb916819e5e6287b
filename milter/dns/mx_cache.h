/* milter/dns/mx_cache.h: TTL cache of MX results */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_CACHE_H
#define AUTHRELAY_MX_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "core/siphash.h"
#include "dns/mx.h"
#include "dns/mx_limit.h"

/*
 * Bounds of a verdict's life, in seconds, whatever its TTL. PRIMARY and BACKUP may be a
 * permit, which lives for its TTL and 5 minutes at most. In the last MX_CACHE_RENEW_PART
 * of that time both are renewed if they are asked for: see MX_CACHE_DUE.
 */
#define MX_CACHE_OURS_MIN		1
#define MX_CACHE_OURS_MAX		300
#define MX_CACHE_RENEW_PART	4
#define MX_CACHE_NOT_MIN		60
#define MX_CACHE_NOT_MAX		900
#define MX_CACHE_RETRY_MIN		5	/* after a failure; it doubles */
#define MX_CACHE_RETRY_MAX		60
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
#define MX_CACHE_STALE		3600

/*
 * Any number of threads may use it at once. Clocks are given, in microseconds, and never
 * read; deadlines are of CLOCK_MONOTONIC. The domain is in path_domain()'s form.
 */
struct mx_cache;
struct mx_cache_entry;

enum mx_cache_result {
	MX_CACHE_HIT,	/* a fresh verdict */
	MX_CACHE_DUE,	/* the same; the caller has mx_cache_renew() called */
	MX_CACHE_STALE_HIT,	/* an old verdict, as lookups fail */
	MX_CACHE_FAILED,	/* a lookup failed a moment ago; verdict_r is TEMPFAIL */
	MX_CACHE_MISS,	/* look it up: mx_cache_put() has to follow */
	MX_CACHE_BUSY,	/* too many lookups in progress: see mx_limit.h */
	MX_CACHE_CLIENT_BUSY,	/* for this client, or its site */
	MX_CACHE_SILENT,	/* too many lookups of its site for such domains failed */
	MX_CACHE_LATE,	/* another thread's lookup did not end by the deadline */
	MX_CACHE_NO_MEMORY
};

struct mx_cache_stats {
	uint64_t	hits;
	uint64_t	stale;		/* an old verdict was served */
	uint64_t	misses;		/* looked up */
	uint64_t	renewed;	/* looked up while the verdict still served */
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
struct mx_cache	*mx_cache_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE]);
/* No thread may use it any more. NULL is legal. */
void		 mx_cache_free(struct mx_cache *);

/*
 * Finds a verdict. If there is none and another thread is looking up the same domain,
 * waits for that until the deadline. verdict_r is set by HIT, DUE, STALE_HIT and
 * FAILED, entry_r by MISS; the cache owns the entry. DUE comes once in MX_CACHE_RETRY_MIN
 * for each domain.
 */
enum mx_cache_result	mx_cache_get(struct mx_cache *, const char *domain,
			    const struct mx_asker *, int64_t now_us,
			    int64_t deadline_us, struct mx_verdict *verdict_r,
			    struct mx_cache_entry **entry_r);

/*
 * Begins a lookup of a domain that was DUE, while its verdict still serves. MISS: look
 * it up, mx_cache_put() has to follow. Anything else: not now, or no longer.
 * asker->client is NULL.
 */
enum mx_cache_result	mx_cache_renew(struct mx_cache *, const char *domain,
			    const struct mx_asker *, int64_t now_us,
			    struct mx_cache_entry **entry_r);

/* Whether a thread is looking it up, so that mx_cache_get() might have to wait. */
int			mx_cache_is_asked(struct mx_cache *, const char *domain,
			    int64_t now_us);

/*
 * Ends a lookup that MX_CACHE_MISS began; the entry may not be used any more. A TEMPFAIL
 * does not replace an old verdict: if that may still serve, it is copied to *verdict
 * and MX_CACHE_STALE_HIT is returned; else MX_CACHE_MISS.
 */
enum mx_cache_result	mx_cache_put(struct mx_cache *, struct mx_cache_entry *,
			    int64_t now_us, struct mx_verdict *verdict);

void	mx_cache_read_stats(struct mx_cache *, struct mx_cache_stats *stats_r);

#endif
