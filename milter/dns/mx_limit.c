/* milter/dns/mx_limit.c: limits on MX lookups in progress, for a client, a site, all */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dns/mx_backoff.h"
#include "dns/mx_limit.h"

#define SITE_BYTES_V4	3	/* of a site's addresses: a /24 */
#define SITE_BYTES_V6	6	/* a /48 */
#define CLIENT_BYTES_V6	8	/* of a client's: a /64 */
#define SLOTS		(MX_LIMIT_KNOWN + MX_LIMIT_STRANGE)
#define SETS_MIN	64
#define SETS_MAX	65536

/* The known domains of the groups that share it, as hashes, the one used last first. */
struct known {
	uint64_t	domains[MX_LIMIT_GROUP_KNOWN];	/* 0: none */
};

struct mx_slot {
	int		is_taken;
	int		is_known;
	int		is_renewal;	/* nobody waits for it */
	struct netaddr	client;		/* a network: all that one client has */
	uint64_t	domain;		/* hashes */
	uint64_t	group;
	uint64_t	pair;
	int64_t		began_us;
};

struct mx_limit {
	uint8_t			key[SIPHASH_KEY_SIZE];
	pthread_mutex_t		lock;	/* guards what follows; no other is taken in it */
	struct mx_slot		slots[SLOTS];
	struct mx_backoff	*backoff;
	size_t			sets;	/* a power of two; never changes */
	struct known		known[];
};

struct mx_limit *
mx_limit_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE])
{
	struct mx_limit *limit;
	size_t sets = SETS_MIN;

	while (sets < entries / MX_LIMIT_GROUP_KNOWN && sets < SETS_MAX)
		sets *= 2;
	limit = calloc(1, sizeof(*limit) + sets * sizeof(limit->known[0]));
	if (limit == NULL)
		return NULL;
	memcpy(limit->key, key, sizeof(limit->key));
	limit->sets = sets;
	if ((limit->backoff = mx_backoff_new(MX_BACKOFF_RECORDS)) != NULL &&
	    pthread_mutex_init(&limit->lock, NULL) == 0)
		return limit;
	mx_backoff_free(limit->backoff);
	free(limit);
	return NULL;
}

void
mx_limit_free(struct mx_limit *limit)
{
	if (limit == NULL)
		return;
	(void)pthread_mutex_destroy(&limit->lock);
	mx_backoff_free(limit->backoff);
	free(limit);
}

/*
 * Clients
 */

/* A client with one address of an IPv6 network has all of them. */
static struct netaddr
network_of(const struct netaddr *addr)
{
	struct netaddr client = *addr;

	if (client.family == NETADDR_V6)
		memset(client.bytes + CLIENT_BYTES_V6, 0,
		    sizeof(client.bytes) - CLIENT_BYTES_V6);
	return client;
}

/* Those without an address are one. */
static int
is_same_client(const struct netaddr *a, const struct netaddr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static size_t
site_bytes(const struct netaddr *addr)
{
	return addr->family == NETADDR_V6 ? SITE_BYTES_V6 : SITE_BYTES_V4;
}

static int
is_same_site(const struct netaddr *a, const struct netaddr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, site_bytes(a)) == 0;
}

/* Of a site and a group; for mx_backoff. */
static uint64_t
pair_of(const struct mx_limit *limit, const struct netaddr *client, uint64_t group)
{
	uint8_t bytes[1 + SITE_BYTES_V6 + sizeof(group)] = { (uint8_t)client->family };

	memcpy(bytes + 1, client->bytes, site_bytes(client));
	memcpy(bytes + 1 + SITE_BYTES_V6, &group, sizeof(group));
	return siphash(limit->key, bytes, sizeof(bytes));
}

/*
 * Known domains; the lock is held
 */

/* No hash is 0, which means none. */
static uint64_t
known_name(uint64_t domain)
{
	return domain != 0 ? domain : 1;
}

static struct known *
known_of(struct mx_limit *limit, uint64_t group)
{
	return &limit->known[group & (limit->sets - 1)];
}

/* Where it is, or MX_LIMIT_GROUP_KNOWN. */
static size_t
known_find(const struct known *known, uint64_t name)
{
	size_t i = 0;

	while (i < MX_LIMIT_GROUP_KNOWN && known->domains[i] != name)
		i++;
	return i;
}

static void
known_forget(struct known *known, uint64_t name)
{
	size_t i = known_find(known, name);

	if (i == MX_LIMIT_GROUP_KNOWN)
		return;
	memmove(&known->domains[i], &known->domains[i + 1],
	    (MX_LIMIT_GROUP_KNOWN - 1 - i) * sizeof(known->domains[0]));
	known->domains[MX_LIMIT_GROUP_KNOWN - 1] = 0;
}

static void
known_add(struct known *known, uint64_t name)
{
	known_forget(known, name);
	memmove(&known->domains[1], &known->domains[0],
	    (MX_LIMIT_GROUP_KNOWN - 1) * sizeof(known->domains[0]));
	known->domains[0] = name;
}

static int
is_known(struct mx_limit *limit, uint64_t domain, uint64_t group)
{
	return known_find(known_of(limit, group), known_name(domain)) <
	    MX_LIMIT_GROUP_KNOWN;
}

/*
 * Lookups
 */

/* Whether another one may begin. The lock is held. */
static enum mx_limit_result
check(const struct mx_limit *limit, const struct mx_slot *slot)
{
	const unsigned most = slot->is_known ? MX_LIMIT_KNOWN : MX_LIMIT_STRANGE;
	unsigned like = 0, same = 0, near = 0, group = 0, renewals = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		const struct mx_slot *other = &limit->slots[i];
		if (!other->is_taken || other->is_known != slot->is_known)
			continue;
		like++;
		group += other->group == slot->group;
		if (other->is_renewal) {
			renewals += other->group == slot->group;
			continue;
		}
		same += (unsigned)is_same_client(&other->client, &slot->client);
		near += (unsigned)is_same_site(&other->client, &slot->client);
	}
	if (!slot->is_renewal && (same >= MX_LIMIT_CLIENT || near >= MX_LIMIT_SITE))
		return MX_LIMIT_CLIENT_BUSY;
	if (like >= most || (slot->is_known && group >= MX_LIMIT_GROUP) ||
	    (slot->is_renewal && renewals >= MX_LIMIT_GROUP_RENEWALS))
		return MX_LIMIT_BUSY;
	return MX_LIMIT_BEGUN;
}

/* There is one. The lock is held. */
static struct mx_slot *
take(struct mx_limit *limit, const struct mx_slot *slot)
{
	struct mx_slot *free_slot = limit->slots;

	while (free_slot->is_taken)
		free_slot++;
	*free_slot = *slot;
	return free_slot;
}

enum mx_limit_result
mx_limit_begin(struct mx_limit *limit, uint64_t domain, const struct mx_asker *asker,
    int64_t now_us, struct mx_slot **slot_r)
{
	struct mx_slot slot = { .is_taken = 1, .domain = domain, .began_us = now_us };
	enum mx_limit_result result;

	slot.is_renewal = asker->client == NULL;
	if (asker->client != NULL)
		slot.client = network_of(asker->client);
	slot.group = siphash(limit->key, asker->group, strlen(asker->group));
	slot.pair = pair_of(limit, &slot.client, slot.group);
	(void)pthread_mutex_lock(&limit->lock);
	slot.is_known = slot.is_renewal || asker->is_listed ||
	    is_known(limit, domain, slot.group);
	result = check(limit, &slot);
	if (result == MX_LIMIT_BEGUN && !slot.is_known &&
	    mx_backoff_holds(limit->backoff, slot.pair, now_us))
		result = MX_LIMIT_SILENT;
	if (result == MX_LIMIT_BEGUN)
		*slot_r = take(limit, &slot);
	(void)pthread_mutex_unlock(&limit->lock);
	return result;
}

void
mx_limit_cancel(struct mx_limit *limit, struct mx_slot *slot)
{
	(void)pthread_mutex_lock(&limit->lock);
	slot->is_taken = 0;
	(void)pthread_mutex_unlock(&limit->lock);
}

void
mx_limit_end(struct mx_limit *limit, struct mx_slot *slot, int64_t now_us,
    enum policy_mx standing)
{
	struct known *known = known_of(limit, slot->group);

	(void)pthread_mutex_lock(&limit->lock);
	slot->is_taken = 0;
	if (standing != POLICY_MX_TEMPFAIL)
		mx_backoff_answer(limit->backoff, slot->pair, now_us);
	else if (!slot->is_known)
		mx_backoff_fail(limit->backoff, slot->pair, slot->began_us, now_us);
	if (standing == POLICY_MX_PRIMARY || standing == POLICY_MX_BACKUP)
		known_add(known, known_name(slot->domain));
	else if (standing == POLICY_MX_NOT)
		known_forget(known, known_name(slot->domain));
	(void)pthread_mutex_unlock(&limit->lock);
}

size_t
mx_limit_count(struct mx_limit *limit)
{
	size_t count = 0;

	(void)pthread_mutex_lock(&limit->lock);
	for (size_t i = 0; i < SLOTS; i++)
		count += (size_t)limit->slots[i].is_taken;
	(void)pthread_mutex_unlock(&limit->lock);
	return count;
}
