/* milter/dns/mx_cache.c: TTL cache of MX results */
/* SPDX-License-Identifier: ISC */

/*
 * Strangers choose the domains: the hash has a key that they do not know, and the
 * number of entries and of lookups in progress (mx_limit) is bounded. The hash also
 * chooses one of 16 shards, each with its own lock, so that threads seldom meet.
 *
 * An entry is made by the first thread that misses (is_asked, standing UNASKED); other
 * threads that want it wait on the shard's condition. mx_cache_put() ends the lookup:
 *   - a verdict is kept and served until fresh_until_us (HIT). In the last quarter of a
 * permit's life one thread is told DUE; mx_cache_renew() then sets is_asked again, while
 *     the old verdict still serves.
 *   - a failure is kept until retry_us, a pause that doubles, and served as FAILED. An
 *     old permit serves instead for up to MX_CACHE_STALE (STALE_HIT).
 * After that the next thread that asks misses again. An entry that is neither asked nor
 * waited for is dropped when the shard is full, the least recently used one first.
 *
 * The lock of its shard covers an entry and all lists that it is in. A thread that looks
 * up holds no lock: is_asked keeps its entry from being dropped.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/mx_cache.h"

#define SHARDS		16
#define BUCKETS_MIN	64
#define BUCKETS_MAX	65536	/* of a shard */
#define SECOND		INT64_C(1000000)
#define NEVER		INT64_MAX

struct shard;

struct mx_cache_entry {
	struct mx_cache_entry	*next;		/* in its bucket */
	struct mx_cache_entry	*older;		/* in order of use */
	struct mx_cache_entry	*newer;
	struct shard		*shard;
	uint64_t		 hash;
	int			 is_asked;	/* a lookup is in progress */
	int			 is_due;	/* MX_CACHE_DUE was returned for it */
	unsigned		 waiters;
	enum policy_mx		 standing;	/* UNASKED: there is no verdict */
	char			*text;		/* of that */
	char			*failure;	/* the text of the last one */
	int64_t			 put_us;	/* when there was news last */
	int64_t			 fresh_until_us;
	int64_t			 due_us;	/* from when on it is renewed */
	int64_t			 retry_us;	/* after a failure; 0: none */
	unsigned		 failures;	/* in a row */
	struct mx_slot		*slot;		/* while it is asked */
	char			 domain[];
};

struct shard {
	/*
	 * Guards everything in here and in the entries, and is not held during a
	 * lookup; only the lock of mx_limit is taken inside it.
	 */
	pthread_mutex_t		  lock;
	pthread_cond_t		  news;		/* a lookup has ended */
	struct mx_cache_entry	**buckets;
	struct mx_cache_entry	 *newest;
	struct mx_cache_entry	 *oldest;
	size_t			  count;
	size_t			  max;
	struct mx_cache_stats	  stats;
};

struct mx_cache {
	uint8_t		key[SIPHASH_KEY_SIZE];
	size_t		buckets;	/* of each shard, a power of two */
	struct shard	shards[SHARDS];
	size_t		shard_count;	/* that are ready */
	struct mx_limit	*limit;
};

static int
shard_init(struct shard *shard, size_t buckets, size_t max)
{
	pthread_condattr_t attr;
	int has_failed;

	if (pthread_condattr_init(&attr) != 0)
		return -1;
	has_failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&shard->news, &attr) != 0;
	(void)pthread_condattr_destroy(&attr);
	if (has_failed)
		return -1;
	shard->max = max;
	if (pthread_mutex_init(&shard->lock, NULL) != 0) {
		(void)pthread_cond_destroy(&shard->news);
		return -1;
	}
	if ((shard->buckets = calloc(buckets, sizeof(*shard->buckets))) != NULL)
		return 0;
	(void)pthread_mutex_destroy(&shard->lock);
	(void)pthread_cond_destroy(&shard->news);
	return -1;
}

static void
free_entry(struct mx_cache_entry *entry)
{
	free(entry->text);
	free(entry->failure);
	free(entry);
}

static void
shard_clear(struct shard *shard)
{
	struct mx_cache_entry *entry, *older;

	for (entry = shard->newest; entry != NULL; entry = older) {
		older = entry->older;
		free_entry(entry);
	}
	free(shard->buckets);
	(void)pthread_mutex_destroy(&shard->lock);
	(void)pthread_cond_destroy(&shard->news);
}

void
mx_cache_free(struct mx_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->shard_count; i++)
		shard_clear(&cache->shards[i]);
	mx_limit_free(cache->limit);
	free(cache);
}

struct mx_cache *
mx_cache_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE])
{
	struct mx_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	memcpy(cache->key, key, sizeof(cache->key));
	cache->buckets = BUCKETS_MIN;
	while (cache->buckets < entries / SHARDS && cache->buckets < BUCKETS_MAX)
		cache->buckets *= 2;
	cache->limit = mx_limit_new(entries, key);
	for (size_t i = 0; i < SHARDS && cache->limit != NULL; i++) {
		size_t max = entries / SHARDS + (i < entries % SHARDS);
		if (shard_init(&cache->shards[i], cache->buckets, max) == -1)
			break;
		cache->shard_count++;
	}
	if (cache->shard_count == SHARDS)
		return cache;
	mx_cache_free(cache);
	return NULL;
}

/*
 * Entries of a shard; its lock is held
 */

static struct mx_cache_entry **
bucket_of(const struct mx_cache *cache, struct shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash / SHARDS) & (cache->buckets - 1)];
}

static struct mx_cache_entry *
find(const struct mx_cache *cache, struct shard *shard, uint64_t hash, const char *domain)
{
	struct mx_cache_entry *entry = *bucket_of(cache, shard, hash);

	while (entry != NULL &&
	    (entry->hash != hash || strcmp(entry->domain, domain) != 0))
		entry = entry->next;
	return entry;
}

static void
take_out(struct shard *shard, struct mx_cache_entry *entry)
{
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		shard->newest = entry->older;
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		shard->oldest = entry->newer;
}

static void
put_first(struct shard *shard, struct mx_cache_entry *entry)
{
	entry->newer = NULL;
	entry->older = shard->newest;
	if (shard->newest != NULL)
		shard->newest->newer = entry;
	else
		shard->oldest = entry;
	shard->newest = entry;
}

static void
note_use(struct shard *shard, struct mx_cache_entry *entry)
{
	take_out(shard, entry);
	put_first(shard, entry);
}

static void
drop(const struct mx_cache *cache, struct shard *shard, struct mx_cache_entry *entry)
{
	struct mx_cache_entry **place = bucket_of(cache, shard, entry->hash);

	while (*place != entry)
		place = &(*place)->next;
	*place = entry->next;
	take_out(shard, entry);
	shard->count--;
	shard->stats.evicted++;
	free_entry(entry);
}

/*
 * Drops what was not used for longest until there are no more than that. What somebody
 * asks or waits for stays, which is not many.
 */
static void
shrink(const struct mx_cache *cache, struct shard *shard, size_t max)
{
	struct mx_cache_entry *entry = shard->oldest, *newer;

	for (; entry != NULL && shard->count > max; entry = newer) {
		newer = entry->newer;
		if (!entry->is_asked && entry->waiters == 0)
			drop(cache, shard, entry);
	}
}

static struct mx_cache_entry *
insert(const struct mx_cache *cache, struct shard *shard, uint64_t hash,
    const char *domain)
{
	const size_t size = strlen(domain) + 1;
	struct mx_cache_entry **bucket = bucket_of(cache, shard, hash);
	struct mx_cache_entry *entry = calloc(1, sizeof(*entry) + size);

	if (entry == NULL)
		return NULL;
	shrink(cache, shard, shard->max == 0 ? 0 : shard->max - 1);
	entry->shard = shard;
	entry->hash = hash;
	entry->standing = POLICY_MX_UNASKED;
	memcpy(entry->domain, domain, size);
	entry->next = *bucket;
	*bucket = entry;
	put_first(shard, entry);
	shard->count++;
	return entry;
}

/*
 * Verdicts; the shard's lock is held
 */

static int
is_fresh(const struct mx_cache_entry *entry, int64_t now)
{
	return entry->standing != POLICY_MX_UNASKED && now < entry->fresh_until_us;
}

static int
is_ours(const struct mx_cache_entry *entry)
{
	return entry->standing == POLICY_MX_PRIMARY ||
	    entry->standing == POLICY_MX_BACKUP;
}

static void
copy_out(struct mx_verdict *verdict, enum policy_mx standing, const char *text)
{
	size_t len = strlen(text);

	verdict->standing = standing;
	verdict->ttl = 0;
	memcpy(verdict->text, text, len + 1);
}

static int
serve_stale(struct mx_cache_entry *entry, int64_t now, struct mx_verdict *verdict)
{
	if (!is_ours(entry) || now >= entry->fresh_until_us + MX_CACHE_STALE * SECOND)
		return 0;
	/* else the failures of others would evict it while DNS is down */
	note_use(entry->shard, entry);
	entry->shard->stats.stale++;
	copy_out(verdict, entry->standing, entry->text);
	return 1;
}

static enum mx_cache_result
serve(struct mx_cache_entry *entry, int64_t now, struct mx_verdict *verdict)
{
	struct shard *shard = entry->shard;

	if (is_fresh(entry, now)) {
		note_use(shard, entry);
		copy_out(verdict, entry->standing, entry->text);
		if (now < entry->due_us || entry->is_asked)
			return MX_CACHE_HIT;
		entry->due_us = now + MX_CACHE_RETRY_MIN * SECOND;
		entry->is_due = 1;
		return MX_CACHE_DUE;
	}
	/* after a failure others do not wait for the next try */
	if (entry->is_asked)
		return entry->failures > 0 && serve_stale(entry, now, verdict) ?
		    MX_CACHE_STALE_HIT : MX_CACHE_MISS;
	if (now >= entry->retry_us)
		return MX_CACHE_MISS;
	if (serve_stale(entry, now, verdict))
		return MX_CACHE_STALE_HIT;
	copy_out(verdict, POLICY_MX_TEMPFAIL, entry->failure);
	return MX_CACHE_FAILED;
}

static void
count(struct shard *shard, enum mx_cache_result result, int has_waited)
{
	if (has_waited)
		shard->stats.coalesced++;
	switch (result) {
	case MX_CACHE_HIT:
	case MX_CACHE_DUE:
		shard->stats.hits += (uint64_t)!has_waited;
		break;
	case MX_CACHE_FAILED:
		shard->stats.failed += (uint64_t)!has_waited;
		break;
	case MX_CACHE_MISS:
		shard->stats.misses++;
		break;
	case MX_CACHE_BUSY:
	case MX_CACHE_CLIENT_BUSY:
	case MX_CACHE_SILENT:
		shard->stats.busy++;
		break;
	case MX_CACHE_STALE_HIT:	/* was counted where it was served */
	case MX_CACHE_LATE:
	case MX_CACHE_NO_MEMORY:
		break;
	}
}

/* Waits for the end of a lookup. Returns -1 at the deadline. */
static int
wait_for(struct mx_cache_entry *entry, int64_t deadline)
{
	struct shard *shard = entry->shard;
	const struct timespec until = { .tv_sec = (time_t)(deadline / SECOND),
	    .tv_nsec = (long)(deadline % SECOND * 1000) };
	int error = 0;

	entry->waiters++;
	while (entry->is_asked && error == 0)
		error = pthread_cond_timedwait(&shard->news, &shard->lock, &until);
	entry->waiters--;
	return entry->is_asked ? -1 : 0;
}

static enum mx_cache_result
result_of(enum mx_limit_result result)
{
	switch (result) {
	case MX_LIMIT_BEGUN:
		break;
	case MX_LIMIT_BUSY:
		return MX_CACHE_BUSY;
	case MX_LIMIT_CLIENT_BUSY:
		return MX_CACHE_CLIENT_BUSY;
	case MX_LIMIT_SILENT:
		return MX_CACHE_SILENT;
	}
	return MX_CACHE_MISS;
}

/* Begins a lookup; entry: NULL if there is none yet. */
static enum mx_cache_result
begin(struct mx_cache *cache, struct shard *shard, struct mx_cache_entry *entry,
    uint64_t hash, const char *domain, const struct mx_asker *asker, int64_t now,
    struct mx_cache_entry **entry_r)
{
	struct mx_slot *slot;
	enum mx_cache_result result =
	    result_of(mx_limit_begin(cache->limit, hash, asker, now, &slot));

	if (result != MX_CACHE_MISS)
		return result;
	if (entry == NULL && (entry = insert(cache, shard, hash, domain)) == NULL) {
		mx_limit_cancel(cache->limit, slot);
		return MX_CACHE_NO_MEMORY;
	}
	note_use(shard, entry);
	entry->is_asked = 1;
	entry->slot = slot;
	*entry_r = entry;
	return MX_CACHE_MISS;
}

static enum mx_cache_result
get(struct mx_cache *cache, struct shard *shard, uint64_t hash, const char *domain,
    const struct mx_asker *asker, int64_t now, int64_t deadline,
    struct mx_verdict *verdict, struct mx_cache_entry **entry_r, int *has_waited)
{
	struct mx_cache_entry *entry = find(cache, shard, hash, domain);
	enum mx_cache_result result;

	/* at most one more round: what has changed since is as new as can be */
	while (entry != NULL) {
		if ((result = serve(entry, now, verdict)) != MX_CACHE_MISS)
			return result;
		if (!entry->is_asked)
			break;
		*has_waited = 1;
		if (wait_for(entry, deadline) == -1)
			return serve_stale(entry, now, verdict) ? MX_CACHE_STALE_HIT :
			    MX_CACHE_LATE;
		if (entry->put_us > now)
			now = entry->put_us;
	}
	result = begin(cache, shard, entry, hash, domain, asker, now, entry_r);
	if (result != MX_CACHE_MISS && entry != NULL && entry->failures > 0 &&
	    serve_stale(entry, now, verdict))
		return MX_CACHE_STALE_HIT;
	return result;
}

enum mx_cache_result
mx_cache_get(struct mx_cache *cache, const char *domain, const struct mx_asker *asker,
    int64_t now_us, int64_t deadline_us, struct mx_verdict *verdict_r,
    struct mx_cache_entry **entry_r)
{
	uint64_t hash = siphash(cache->key, domain, strlen(domain));
	struct shard *shard = &cache->shards[hash % SHARDS];
	enum mx_cache_result result;
	int has_waited = 0;

	(void)pthread_mutex_lock(&shard->lock);
	result = get(cache, shard, hash, domain, asker, now_us, deadline_us, verdict_r,
	    entry_r, &has_waited);
	count(shard, result, has_waited);
	if (has_waited)	/* it may have been kept only because this thread waited */
		shrink(cache, shard, shard->max);
	(void)pthread_mutex_unlock(&shard->lock);
	return result;
}

enum mx_cache_result
mx_cache_renew(struct mx_cache *cache, const char *domain, const struct mx_asker *asker,
    int64_t now_us, struct mx_cache_entry **entry_r)
{
	uint64_t hash = siphash(cache->key, domain, strlen(domain));
	struct shard *shard = &cache->shards[hash % SHARDS];
	enum mx_cache_result result = MX_CACHE_HIT;
	struct mx_cache_entry *entry;

	(void)pthread_mutex_lock(&shard->lock);
	entry = find(cache, shard, hash, domain);
	/* what was due may have been renewed, dropped or begun since */
	if (entry != NULL && is_ours(entry) && !entry->is_asked && entry->is_due) {
		entry->is_due = 0;
		result = begin(cache, shard, entry, hash, domain, asker, now_us,
		    entry_r);
		shard->stats.renewed += result == MX_CACHE_MISS;
	}
	(void)pthread_mutex_unlock(&shard->lock);
	return result;
}

int
mx_cache_is_asked(struct mx_cache *cache, const char *domain, int64_t now_us)
{
	uint64_t hash = siphash(cache->key, domain, strlen(domain));
	struct shard *shard = &cache->shards[hash % SHARDS];
	const struct mx_cache_entry *entry;
	int is_asked;

	(void)pthread_mutex_lock(&shard->lock);
	entry = find(cache, shard, hash, domain);
	is_asked = entry != NULL && entry->is_asked && !is_fresh(entry, now_us);
	(void)pthread_mutex_unlock(&shard->lock);
	return is_asked;
}

static int64_t
clamp(uint32_t ttl, uint32_t least, uint32_t most)
{
	return (ttl < least ? least : ttl > most ? most : ttl) * SECOND;
}

/* Without memory for the text no verdict is kept. */
static void
keep_verdict(struct mx_cache_entry *entry, int64_t now, const struct mx_verdict *verdict)
{
	char *text = strdup(verdict->text);
	int64_t life;

	free(entry->text);
	free(entry->failure);
	entry->text = text;
	entry->failure = NULL;
	entry->standing = text == NULL ? POLICY_MX_UNASKED : verdict->standing;
	entry->failures = 0;
	entry->retry_us = 0;
	life = is_ours(entry) ?
	    clamp(verdict->ttl, MX_CACHE_OURS_MIN, MX_CACHE_OURS_MAX) :
	    clamp(verdict->ttl, MX_CACHE_NOT_MIN, MX_CACHE_NOT_MAX);
	entry->fresh_until_us = now + life;
	entry->due_us = is_ours(entry) ? now + life - life / MX_CACHE_RENEW_PART : NEVER;
}

static void
keep_failure(struct mx_cache_entry *entry, int64_t now, const char *text)
{
	int64_t pause = MX_CACHE_RETRY_MIN;

	free(entry->failure);
	entry->failure = strdup(text);
	for (unsigned i = 0; i < entry->failures && pause < MX_CACHE_RETRY_MAX; i++)
		pause *= 2;
	entry->failures++;
	if (pause > MX_CACHE_RETRY_MAX)
		pause = MX_CACHE_RETRY_MAX;
	entry->retry_us = entry->failure == NULL ? 0 : now + pause * SECOND;
	if (is_ours(entry))
		entry->due_us = now + pause * SECOND;
}

enum mx_cache_result
mx_cache_put(struct mx_cache *cache, struct mx_cache_entry *entry, int64_t now_us,
    struct mx_verdict *verdict)
{
	struct shard *shard = entry->shard;
	enum mx_cache_result result = MX_CACHE_MISS;

	(void)pthread_mutex_lock(&shard->lock);
	entry->is_asked = 0;
	entry->is_due = 0;
	entry->put_us = now_us;
	mx_limit_end(cache->limit, entry->slot, now_us, verdict->standing);
	if (verdict->standing != POLICY_MX_TEMPFAIL)
		keep_verdict(entry, now_us, verdict);
	else {
		keep_failure(entry, now_us, verdict->text);
		if (!is_fresh(entry, now_us) && serve_stale(entry, now_us, verdict))
			result = MX_CACHE_STALE_HIT;
	}
	(void)pthread_cond_broadcast(&shard->news);
	shrink(cache, shard, shard->max);
	(void)pthread_mutex_unlock(&shard->lock);
	return result;
}

void
mx_cache_read_stats(struct mx_cache *cache, struct mx_cache_stats *stats_r)
{
	memset(stats_r, 0, sizeof(*stats_r));
	stats_r->under_way = mx_limit_count(cache->limit);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		(void)pthread_mutex_lock(&shard->lock);
		stats_r->hits += shard->stats.hits;
		stats_r->stale += shard->stats.stale;
		stats_r->misses += shard->stats.misses;
		stats_r->renewed += shard->stats.renewed;
		stats_r->coalesced += shard->stats.coalesced;
		stats_r->failed += shard->stats.failed;
		stats_r->busy += shard->stats.busy;
		stats_r->evicted += shard->stats.evicted;
		stats_r->entries += shard->count;
		(void)pthread_mutex_unlock(&shard->lock);
	}
}
