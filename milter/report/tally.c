/* milter/report/tally.c: what was counted of each user, client or domain */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/tally.h"

#define FIRST_SIZE	64
#define MIX		UINT64_C(0x9e3779b97f4a7c15)

int
tally_init(struct tally *table, size_t max,
    const uint8_t hash_key[SIPHASH_KEY_SIZE])
{
	*table = (struct tally){ .max = max, .size = FIRST_SIZE };
	memcpy(table->hash_key, hash_key, sizeof table->hash_key);
	table->slots = calloc(table->size, sizeof *table->slots);
	return table->slots == NULL ? -1 : 0;
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
	free(entry->forms);
	free(entry->example);
	free(entry->key);
	free(entry);
}

void
tally_clear(struct tally *table)
{
	for (size_t i = 0; table->slots != NULL && i < table->size; i++)
		entry_free(table->slots[i]);
	free(table->slots);
	distinct_clear(&table->keys);
	*table = (struct tally){ 0 };
}

/* The slot that has the key, or the empty one that is for it. */
static size_t
slot_of(const struct tally *table, const char *key, size_t length, uint64_t hash)
{
	size_t	i = (size_t)hash & (table->size - 1);

	for (; table->slots[i] != NULL; i = (i + 1) & (table->size - 1)) {
		const struct tally_entry	*entry = table->slots[i];

		if (entry->hash == hash && entry->length == length &&
		    memcmp(entry->key, key, length) == 0)
			break;
	}
	return i;
}

/* Puts all entries into a new array of slots. */
static int
rebuild(struct tally *table, size_t size)
{
	struct tally_entry	**old = table->slots;
	size_t			  old_size = table->size;
	struct tally_entry	**slots = calloc(size, sizeof *slots);

	if (slots == NULL)
		return -1;
	table->slots = slots;
	table->size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i] != NULL)
			slots[slot_of(table, old[i]->key, old[i]->length, old[i]->hash)] =
			    old[i];
	free(old);
	return 0;
}

static uint64_t
total_of(const struct tally_entry *entry)
{
	return entry->permitted.now + entry->permitted.before + entry->refused.now +
	    entry->refused.before;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The count that half of the entries do not exceed; 0 without memory. */
static uint64_t
middle_total(const struct tally *table)
{
	uint64_t	*totals = reallocarray(NULL, table->count, sizeof *totals);
	uint64_t	 middle;
	size_t		 n = 0;

	if (totals == NULL)
		return 0;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i] != NULL)
			totals[n++] = total_of(table->slots[i]);
	qsort(totals, n, sizeof *totals, by_number);
	middle = totals[(n - 1) / 2];
	free(totals);
	return middle;
}

static void
let_go(struct tally *table, size_t slot)
{
	struct tally_entry	*entry = table->slots[slot], *others = &table->others;

	others->permitted.now += entry->permitted.now;
	others->permitted.before += entry->permitted.before;
	others->refused.now += entry->refused.now;
	others->refused.before += entry->refused.before;
	entry_free(entry);
	table->slots[slot] = NULL;
	table->count--;
}

/* Where all have the same count, all below the middle's place go, and no more. */
static int
shrink(struct tally *table)
{
	uint64_t	middle = middle_total(table);
	size_t		left = table->max / 2 + 1;

	if (middle == 0)
		return -1;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i] != NULL && total_of(table->slots[i]) < middle) {
			let_go(table, i);
			left -= left > 0;
		}
	for (size_t i = 0; i < table->size && left > 0; i++)
		if (table->slots[i] != NULL && total_of(table->slots[i]) == middle) {
			let_go(table, i);
			left--;
		}
	table->lost += middle;
	return rebuild(table, table->size);
}

static struct tally_entry *
entry_new(const char *key, size_t length, uint64_t hash)
{
	struct tally_entry	*entry = calloc(1, sizeof *entry);

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
tally_get(struct tally *table, const char *key, size_t length)
{
	uint64_t		 hash = siphash(table->hash_key, key, length);
	size_t			 slot = slot_of(table, key, length, hash);
	struct tally_entry	*entry = table->slots[slot];

	if (entry != NULL)
		return entry;
	/* Another hash than the slots go by, or what is near in one is near in the other. */
	if (distinct_add(&table->keys, hash * MIX) == -1)
		return NULL;
	if (table->count >= table->max && shrink(table) == -1)
		return NULL;
	if (4 * table->count >= 3 * table->size && rebuild(table, 2 * table->size) == -1)
		return NULL;
	entry = entry_new(key, length, hash);
	if (entry == NULL)
		return NULL;
	entry->is_late = table->lost != 0;
	table->slots[slot_of(table, key, length, hash)] = entry;
	table->count++;
	return entry;
}

struct tally_entry *
tally_find(const struct tally *table, const char *key, size_t length)
{
	uint64_t	hash = siphash(table->hash_key, key, length);

	return table->slots[slot_of(table, key, length, hash)];
}

static int
by_key(const void *a, const void *b)
{
	const struct tally_entry	*x = *(struct tally_entry *const *)a;
	const struct tally_entry	*y = *(struct tally_entry *const *)b;

	return strcmp(x->key, y->key);
}

/* Stable: of equal ones, those stay in the order of their keys. */
static int
merge_sort(struct tally_entry **list, size_t count, tally_order *order)
{
	struct tally_entry	**spare, **from = list, **to;

	spare = reallocarray(NULL, count + 1, sizeof *spare);
	if (spare == NULL)
		return -1;
	to = spare;
	for (size_t width = 1; width < count; width *= 2) {
		struct tally_entry	**other = from;

		for (size_t left = 0; left < count; left += 2 * width) {
			size_t	middle = left + width < count ? left + width : count;
			size_t	right = middle + width < count ? middle + width : count;
			size_t	a = left, b = middle;

			for (size_t i = left; i < right; i++)
				to[i] = a < middle && (b == right ||
				    order(from[a], from[b]) <= 0) ? from[a++] : from[b++];
		}
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof *list);
	free(spare);
	return 0;
}

struct tally_entry **
tally_sorted(const struct tally *table,
    int (*is_wanted)(const struct tally_entry *), tally_order *order, size_t *count_r)
{
	struct tally_entry	**list = reallocarray(NULL, table->count + 1, sizeof *list);
	size_t			  n = 0;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i] != NULL && is_wanted(table->slots[i]))
			list[n++] = table->slots[i];
	qsort(list, n, sizeof *list, by_key);
	if (merge_sort(list, n, order) == -1) {
		free(list);
		return NULL;
	}
	*count_r = n;
	return list;
}
