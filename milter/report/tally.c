/* milter/report/tally.c: counts by key, for a bounded number of keys */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/tally.h"

#define FIRST_SIZE	64
#define MIX		UINT64_C(0x9e3779b97f4a7c15)

int
tally_init(struct tally *tally, size_t max,
    const uint8_t hash_key[SIPHASH_KEY_SIZE])
{
	*tally = (struct tally){ .max = max, .size = FIRST_SIZE };
	memcpy(tally->hash_key, hash_key, sizeof tally->hash_key);
	tally->slots = calloc(tally->size, sizeof *tally->slots);
	return tally->slots == NULL ? -1 : 0;
}

static void
entry_free(struct tally_entry *entry)
{
	if (entry == NULL)
		return;
	distinct_clear(&entry->rcpts);
	distinct_clear(&entry->domains);
	distinct_clear(&entry->networks);
	free(entry->series);
	free(entry->spellings);
	free(entry->example);
	free(entry->key);
	free(entry);
}

void
tally_clear(struct tally *tally)
{
	for (size_t i = 0; tally->slots != NULL && i < tally->size; i++)
		entry_free(tally->slots[i]);
	free(tally->slots);
	distinct_clear(&tally->keys);
	*tally = (struct tally){ 0 };
}

/* The slot of the key, or the empty one where it belongs. */
static size_t
slot_of(const struct tally *tally, const char *key, size_t length, uint64_t hash)
{
	size_t i = (size_t)hash & (tally->size - 1);

	for (; tally->slots[i] != NULL; i = (i + 1) & (tally->size - 1)) {
		const struct tally_entry *entry = tally->slots[i];

		if (entry->hash == hash && entry->length == length &&
		    memcmp(entry->key, key, length) == 0)
			break;
	}
	return i;
}

/* Puts all entries into a new array of slots. */
static int
rebuild(struct tally *tally, size_t size)
{
	struct tally_entry **old = tally->slots;
	size_t			  old_size = tally->size;
	struct tally_entry **slots = calloc(size, sizeof *slots);

	if (slots == NULL)
		return -1;
	tally->slots = slots;
	tally->size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i] != NULL)
			slots[slot_of(tally, old[i]->key, old[i]->length,
			    old[i]->hash)] = old[i];
	free(old);
	return 0;
}

struct tally_count
tally_both(const struct tally_entry *entry)
{
	return (struct tally_count){
		.now = entry->permitted.now + entry->refused.now,
		.before = entry->permitted.before + entry->refused.before,
	};
}

static uint64_t
total_of(const struct tally_entry *entry)
{
	struct tally_count count = tally_both(entry);

	return count.now + count.before;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The count that half of the entries do not exceed; 0 without memory. */
static uint64_t
middle_total(const struct tally *tally)
{
	uint64_t *totals = reallocarray(NULL, tally->count, sizeof *totals);
	uint64_t middle;
	size_t n = 0;

	if (totals == NULL)
		return 0;
	for (size_t i = 0; i < tally->size; i++)
		if (tally->slots[i] != NULL)
			totals[n++] = total_of(tally->slots[i]);
	qsort(totals, n, sizeof *totals, by_number);
	middle = totals[(n - 1) / 2];
	free(totals);
	return middle;
}

static void
evict(struct tally *tally, size_t slot)
{
	struct tally_entry *entry = tally->slots[slot], *others = &tally->others;

	others->permitted.now += entry->permitted.now;
	others->permitted.before += entry->permitted.before;
	others->refused.now += entry->refused.now;
	others->refused.before += entry->refused.before;
	entry_free(entry);
	tally->slots[slot] = NULL;
	tally->count--;
}

/* Evicts all below the median, and of those at it as many as make a half. */
static int
shrink(struct tally *tally)
{
	uint64_t middle = middle_total(tally);
	size_t left = tally->max / 2 + 1;

	if (middle == 0)
		return -1;
	for (size_t i = 0; i < tally->size; i++)
		if (tally->slots[i] != NULL && total_of(tally->slots[i]) < middle) {
			evict(tally, i);
			left -= left > 0;
		}
	for (size_t i = 0; i < tally->size && left > 0; i++)
		if (tally->slots[i] != NULL && total_of(tally->slots[i]) == middle) {
			evict(tally, i);
			left--;
		}
	tally->lost += middle;
	return rebuild(tally, tally->size);
}

static struct tally_entry *
entry_new(const char *key, size_t length, uint64_t hash)
{
	struct tally_entry *entry = calloc(1, sizeof *entry);

	if (entry == NULL)
		return NULL;
	entry->key = malloc(length + 1);
	if (entry->key == NULL) {
		free(entry);
		return NULL;
	}
	memcpy(entry->key, key, length);
	entry->key[length] = '\0';
	entry->length = length;
	entry->hash = hash;
	return entry;
}

struct tally_entry *
tally_get(struct tally *tally, const char *key, size_t length)
{
	uint64_t hash = siphash(tally->hash_key, key, length);
	size_t slot = slot_of(tally, key, length, hash);
	struct tally_entry *entry = tally->slots[slot];

	if (entry != NULL)
		return entry;
	/* Not the hash of the slots: keys would lie close together in both. */
	if (distinct_add(&tally->keys, hash * MIX) == -1)
		return NULL;
	if (tally->count >= tally->max && shrink(tally) == -1)
		return NULL;
	if (4 * tally->count >= 3 * tally->size && rebuild(tally, 2 * tally->size) == -1)
		return NULL;
	entry = entry_new(key, length, hash);
	if (entry == NULL)
		return NULL;
	entry->is_late = tally->lost != 0;
	tally->slots[slot_of(tally, key, length, hash)] = entry;
	tally->count++;
	return entry;
}

struct tally_entry *
tally_find(const struct tally *tally, const char *key, size_t length)
{
	uint64_t hash = siphash(tally->hash_key, key, length);

	return tally->slots[slot_of(tally, key, length, hash)];
}
