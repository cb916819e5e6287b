/* milter/daemon/flood.c: bound on the records that one client network may cause */
/* SPDX-License-Identifier: ISC */

/*
 * One number for a network is enough (the generic cell rate algorithm, ITU-T I.371): when
 * its bucket will be full again. A recipient moves that time on by 1/rate; one that would
 * move it further than burst/rate from now is over the bound, and moves nothing.
 *
 * An entry whose time has passed says the same as no entry. So the table has no list of
 * what is old: a network hashes to a set of FLOOD_WAYS entries, and where it is not among
 * them it takes the place of the one that would be full first. That network begins again
 * with a full bucket: it gains what it had used, and nobody else loses anything. To have
 * his own entry forgotten, a stranger needs FLOOD_WAYS others in the same set that have
 * used as much: he does not know the key of the hash, so he has to use up the burst of
 * thousands of networks to win one burst back. A network that has used little is
 * forgotten easily, which is in its favour. There is no state in which a new network is
 * refused for want of room.
 *
 * A network that is over the bound has a count of what was not recorded since its last
 * summary. It goes out with the first recipient that is over the bound FLOOD_SAY_US after
 * the last summary, which the summary shows as an example; or by flood_take(), where none
 * comes any more; or when the entry makes room.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/flood.h"

#define SHARDS		16
#define SHARD_SETS	(FLOOD_SETS / SHARDS)
#define SECOND_NS	INT64_C(1000000000)
#define BYTES_V4	3	/* of a network's address: a /24 */
#define BYTES_V6	6	/* a /48: what one site gets (RFC 6177) */

struct entry {
	uint64_t	network;	/* see network_of(); 0: none */
	int64_t		full_ns;	/* when the bucket is full again */
	int64_t		said_us;	/* the last summary; of the first: long ago */
	uint64_t	unsaid;
	struct netaddr	client;		/* the last of these */
};

struct shard {
	pthread_mutex_t	lock;		/* guards the entries */
	struct entry	sets[SHARD_SETS][FLOOD_WAYS];
};

struct flood {
	uint8_t			key[SIPHASH_KEY_SIZE];
	atomic_size_t		unsaid;		/* entries that have some */
	size_t			shard_count;	/* that are ready */
	struct shard		shards[SHARDS];
};

struct flood *
flood_new(const uint8_t key[SIPHASH_KEY_SIZE])
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (flood == NULL)
		return NULL;
	memcpy(flood->key, key, sizeof(flood->key));
	while (flood->shard_count < SHARDS && pthread_mutex_init(
	    &flood->shards[flood->shard_count].lock, NULL) == 0)
		flood->shard_count++;
	if (flood->shard_count == SHARDS)
		return flood;
	flood_free(flood);
	return NULL;
}

void
flood_free(struct flood *flood)
{
	if (flood == NULL)
		return;
	for (size_t i = 0; i < flood->shard_count; i++)
		(void)pthread_mutex_destroy(&flood->shards[i].lock);
	free(flood);
}

static size_t
network_bytes(const struct netaddr *client)
{
	switch (client->family) {
	case NETADDR_V4:
		return BYTES_V4;
	case NETADDR_V6:
		return BYTES_V6;
	case NETADDR_NONE:
		break;
	}
	return 0;
}

/* The family, which makes it no 0, and the first bytes of the address. */
static uint64_t
network_of(const struct netaddr *client)
{
	uint64_t network = (uint64_t)client->family + 1;

	for (size_t i = 0; i < network_bytes(client); i++)
		network = network << 8 | client->bytes[i];
	return network;
}

void
flood_network(const struct netaddr *client, char text_r[NETADDR_TEXT_SIZE])
{
	struct netaddr network = { .family = client->family };

	memcpy(network.bytes, client->bytes, network_bytes(client));
	netaddr_format(&network, text_r);
	if (client->family == NETADDR_NONE)
		return;
	memcpy(text_r + strlen(text_r), client->family == NETADDR_V4 ? "/24" : "/48",
	    sizeof("/24"));
}

/*
 * Entries; the shard's lock is held
 */

static struct flood_summary
take_unsaid(struct flood *flood, struct entry *entry, int64_t now_us)
{
	const struct flood_summary summary = { entry->unsaid, entry->client };

	if (entry->unsaid != 0)
		(void)atomic_fetch_sub(&flood->unsaid, 1);
	entry->unsaid = 0;
	entry->said_us = now_us;
	return summary;
}

/* The network's own, or the one that makes room for it. */
static struct entry *
find(struct entry set[FLOOD_WAYS], uint64_t network)
{
	struct entry *fullest = &set[0];

	for (size_t i = 0; i < FLOOD_WAYS; i++) {
		if (set[i].network == network)
			return &set[i];
		if (set[i].full_ns < fullest->full_ns)
			fullest = &set[i];
	}
	return fullest;
}

/* Whether one more is within the bound; it is taken from the bucket then. */
static int
use(struct entry *entry, const struct flood_bound *bound, int64_t now_us)
{
	const int64_t now = now_us * 1000;
	const int64_t each = (SECOND_NS + bound->rate - 1) / bound->rate;
	const int64_t empty = now + each * bound->burst;

	if (entry->full_ns < now)
		entry->full_ns = now;
	/* under another configuration it may have used more than there is */
	if (entry->full_ns > empty)
		entry->full_ns = empty;
	if (entry->full_ns + each > empty)
		return 0;
	entry->full_ns += each;
	return 1;
}

static void
count(struct flood *flood, struct entry *entry, const struct netaddr *client,
    int64_t now_us, struct flood_summary *due)
{
	if (entry->unsaid++ == 0)
		(void)atomic_fetch_add(&flood->unsaid, 1);
	entry->client = *client;
	if (now_us - entry->said_us >= FLOOD_SAY_US)
		*due = take_unsaid(flood, entry, now_us);
}

int
flood_admit(struct flood *flood, const struct netaddr *client,
    const struct flood_bound *bound, int64_t now_us, struct flood_due *due_r)
{
	const uint64_t network = network_of(client);
	struct shard *shard;
	struct entry *entry;
	uint64_t hash;
	int is_within;

	memset(due_r, 0, sizeof(*due_r));
	if (bound->rate == 0)
		return 1;
	hash = siphash(flood->key, &network, sizeof(network));
	shard = &flood->shards[hash % SHARDS];
	(void)pthread_mutex_lock(&shard->lock);
	entry = find(shard->sets[hash / SHARDS % SHARD_SETS], network);
	if (entry->network != network) {
		due_r->other = take_unsaid(flood, entry, now_us);
		*entry = (struct entry){ .network = network,
		    .said_us = now_us - FLOOD_SAY_US };
	}
	if (!(is_within = use(entry, bound, now_us)))
		count(flood, entry, client, now_us, &due_r->own);
	(void)pthread_mutex_unlock(&shard->lock);
	return is_within;
}

int
flood_take(struct flood *flood, int64_t now_us, int wants_all, size_t *at,
    struct flood_summary *summary_r)
{
	for (; *at < FLOOD_SETS && atomic_load(&flood->unsaid) != 0; ++*at) {
		struct shard *shard = &flood->shards[*at / SHARD_SETS];
		struct entry *set = shard->sets[*at % SHARD_SETS];

		summary_r->count = 0;
		(void)pthread_mutex_lock(&shard->lock);
		for (size_t i = 0; i < FLOOD_WAYS && summary_r->count == 0; i++)
			if (set[i].unsaid != 0 &&
			    (wants_all || now_us - set[i].said_us >= FLOOD_SAY_US))
				*summary_r = take_unsaid(flood, &set[i], now_us);
		(void)pthread_mutex_unlock(&shard->lock);
		if (summary_r->count != 0)
			return 1;
	}
	return 0;
}
