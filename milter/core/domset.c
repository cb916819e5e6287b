/* milter/core/domset.c: set of domains, searched for a name and its parents */
/* SPDX-License-Identifier: ISC */

/*
 * The entries lie one after the other in one block of text. Over it is a hash table
 * with open addressing: of each slot 32 bits that say where the entry is, and, apart,
 * one byte of its hash, so that looking for what is not there seldom leaves one cache
 * line. A name is hashed from its end: the state after a dot is then the hash of a
 * parent's entry, and one pass has them all.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/domset.h"

#define ENTRY_MAX	254	/* a dot, and a name of 253 bytes (RFC 1035 §2.3.4) */
#define FRAME		2	/* before an entry its length, a byte; after it a NUL */
#define FIRST_SIZE	256
#define HASH_START	UINT64_C(0x2545f4914f6cdd1d)
#define HASH_FACTOR	UINT64_C(0x9fb21c651e98df25)

struct domset {
	char		*texts;
	size_t		 used;		/* bytes of texts */
	size_t		 size;
	uint32_t	*offsets;	/* of each slot: its frame's place in texts */
	uint8_t		*tags;		/* of each slot: 0 is free, else from the hash */
	uint32_t	 slots;
	size_t		 added;
	size_t		 count;
	int		 is_sealed;
	/* By the number of dots: is there a ".entry" that has as many? */
	uint8_t		 has_depth[ENTRY_MAX + 1];
};

struct parent {
	uint64_t	hash;
	size_t		start;		/* of its dot in the name */
};

struct domset *
domset_new(void)
{
	return calloc(1, sizeof(struct domset));
}

void
domset_free(struct domset *set)
{
	if (set == NULL)
		return;
	free(set->texts);
	free(set->offsets);
	free(set->tags);
	free(set);
}

static int
reserve(struct domset *set, size_t more)
{
	if (set->size - set->used >= more)
		return 0;
	if (set->used > UINT32_MAX - more)
		return -1;
	size_t size = set->size == 0 ? FIRST_SIZE : set->size;
	while (size - set->used < more)
		size *= 2;
	char *texts = realloc(set->texts, size);
	if (texts == NULL)
		return -1;
	set->texts = texts;
	set->size = size;
	return 0;
}

int
domset_add(struct domset *set, const char *entry, size_t len)
{
	/* whatever a file has, path_domain() has read it and bounded it */
	assert(!set->is_sealed && len > 0 && len <= ENTRY_MAX);
	if (reserve(set, len + FRAME) == -1)
		return -1;
	char *frame = set->texts + set->used;
	frame[0] = (char)(unsigned char)len;
	memcpy(frame + 1, entry, len);
	frame[1 + len] = '\0';
	set->used += len + FRAME;
	set->added++;
	return 0;
}

static uint64_t
hash_step(uint64_t state, char c)
{
	return (state ^ (unsigned char)c) * HASH_FACTOR;
}

/* The mixer of MurmurHash3: every bit of the state moves every bit of the hash. */
static uint64_t
hash_finish(uint64_t state)
{
	state ^= state >> 33;
	state *= UINT64_C(0xff51afd7ed558ccd);
	state ^= state >> 33;
	state *= UINT64_C(0xc4ceb9fe1a85ec53);
	return state ^ state >> 33;
}

static uint64_t
hash_text(const char *text, size_t len)
{
	uint64_t state = HASH_START;

	while (len > 0)
		state = hash_step(state, text[--len]);
	return hash_finish(state);
}

/* The upper half of the hash says where to look first, its last byte what for. */
static uint32_t
hash_slot(const struct domset *set, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * set->slots >> 32);
}

static uint8_t
hash_tag(uint64_t hash)
{
	uint8_t tag = (uint8_t)hash;

	return tag == 0 ? 1 : tag;
}

static size_t
frame_len(const struct domset *set, size_t offset)
{
	return (unsigned char)set->texts[offset];
}

static int
is_entry(const struct domset *set, uint32_t offset, const char *text, size_t len)
{
	return frame_len(set, offset) == len &&
	    memcmp(set->texts + offset + 1, text, len) == 0;
}

/* The slot that has the entry, or else the free one that would take it. */
static uint32_t
slot_of(const struct domset *set, uint64_t hash, const char *text, size_t len)
{
	uint8_t tag = hash_tag(hash);
	uint32_t slot = hash_slot(set, hash);

	while (set->tags[slot] != 0) {
		if (set->tags[slot] == tag &&
		    is_entry(set, set->offsets[slot], text, len))
			break;
		if (++slot == set->slots)
			slot = 0;
	}
	return slot;
}

static void
note_depth(struct domset *set, const char *text, size_t len)
{
	size_t dots = 0;

	if (text[0] != '.')
		return;
	for (size_t i = 0; i < len; i++)
		dots += text[i] == '.';
	set->has_depth[dots] = 1;
}

/* Puts every entry into the table, and moves it down over the duplicates before it. */
static void
settle(struct domset *set)
{
	size_t end = 0, size;

	for (size_t next = 0; next < set->used; next += size) {
		const char *text = set->texts + next + 1;
		size_t len = frame_len(set, next);
		uint64_t hash = hash_text(text, len);
		uint32_t slot = slot_of(set, hash, text, len);
		size = len + FRAME;
		if (set->tags[slot] != 0)
			continue;
		note_depth(set, text, len);
		memmove(set->texts + end, set->texts + next, size);
		set->tags[slot] = hash_tag(hash);
		set->offsets[slot] = (uint32_t)end;
		set->count++;
		end += size;
	}
	set->used = end;
}

static void
give_back(struct domset *set)
{
	char *texts = realloc(set->texts, set->used);

	if (texts == NULL)
		return;
	set->texts = texts;
	set->size = set->used;
}

int
domset_seal(struct domset *set)
{
	/* the order of calls, whatever is in the set */
	assert(!set->is_sealed);
	if (set->added > 0) {
		size_t slots = set->added + set->added / 2 + 1;
		uint32_t *offsets = malloc(slots * sizeof(*offsets));
		uint8_t *tags = calloc(slots, sizeof(*tags));
		if (offsets == NULL || tags == NULL) {
			free(offsets);
			free(tags);
			return -1;
		}
		set->offsets = offsets;
		set->tags = tags;
		set->slots = (uint32_t)slots;
		settle(set);
		give_back(set);
	}
	set->is_sealed = 1;
	return 0;
}

static int
has_entry(const struct domset *set, uint64_t hash, const char *text, size_t len,
    const char **entry_r)
{
	uint32_t slot = slot_of(set, hash, text, len);

	if (set->tags[slot] == 0)
		return 0;
	*entry_r = set->texts + set->offsets[slot] + 1;
	return 1;
}

/* Under load a lookup waits for memory: request it early. */
static void
prefetch(const struct domset *set, uint64_t hash)
{
	uint32_t slot = hash_slot(set, hash);

	__builtin_prefetch(&set->tags[slot]);
	__builtin_prefetch(&set->offsets[slot]);
}

const char *
domset_find(const struct domset *set, const char *domain, size_t len)
{
	struct parent parents[ENTRY_MAX];
	const char *entry;
	size_t count = 0, dots = 0;
	uint64_t state = HASH_START;

	/* the order of calls, whatever the name is */
	assert(set->is_sealed);
	/* A name that begins with a dot is none, and must not meet a ".entry" as such. */
	if (set->count == 0 || len == 0 || len > ENTRY_MAX || domain[0] == '.')
		return NULL;
	for (size_t i = len; i-- > 0; ) {
		state = hash_step(state, domain[i]);
		if (domain[i] != '.' || !set->has_depth[++dots])
			continue;
		parents[count] = (struct parent){ hash_finish(state), i };
		prefetch(set, parents[count++].hash);
	}
	uint64_t hash = hash_finish(state);
	prefetch(set, hash);
	if (has_entry(set, hash, domain, len, &entry))
		return entry;
	while (count > 0) {
		const struct parent *nearest = &parents[--count];
		if (has_entry(set, nearest->hash, domain + nearest->start,
		    len - nearest->start, &entry))
			return entry;
	}
	return NULL;
}

int
domset_is_equal(const struct domset *a, const struct domset *b)
{
	return a->count == b->count && a->used == b->used &&
	    (a->used == 0 || memcmp(a->texts, b->texts, a->used) == 0);
}

size_t
domset_count(const struct domset *set)
{
	return set->count;
}

size_t
domset_memory(const struct domset *set)
{
	size_t slot = sizeof(*set->offsets) + sizeof(*set->tags);

	return sizeof(*set) + set->size + set->slots * slot;
}
