/* milter/report/rank.c: the keys of a tally in order */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/rank.h"

static uint64_t
weight_of(const struct tally_entry *entry, enum rank_order order)
{
	struct tally_count count = tally_both(entry);

	switch (order) {
	case RANK_NOW:
		return count.now;
	case RANK_CHANGE:
		return count.now > count.before ? count.now - count.before :
		    count.before - count.now;
	case RANK_NEW:
		return count.before == 0 ? count.now : 0;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct rank_place *x = a, *y = b;
	size_t shorter = x->entry->length < y->entry->length ? x->entry->length :
	    y->entry->length;
	int order;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	order = memcmp(x->entry->key, y->entry->key, shorter);
	return order != 0 ? order : (x->entry->length > y->entry->length) -
	    (x->entry->length < y->entry->length);
}

int
rank_init(struct rank *rank, const struct tally *tally, enum rank_order order,
    size_t most)
{
	*rank = (struct rank){
		.places = calloc(tally->count + 1, sizeof *rank->places),
	};
	if (rank->places == NULL)
		return -1;
	for (size_t i = 0; i < tally->size; i++) {
		const struct tally_entry *entry = tally->slots[i];
		uint64_t weight = entry == NULL ? 0 : weight_of(entry, order);

		if (weight != 0)
			rank->places[rank->count++] =
			    (struct rank_place){ weight, entry };
	}
	qsort(rank->places, rank->count, sizeof *rank->places, compare);
	rank->shown = rank->count < most ? rank->count : most;
	rank->rest = tally_both(&tally->others).now;
	for (size_t i = rank->shown; i < rank->count; i++)
		rank->rest += tally_both(rank->places[i].entry).now;
	return 0;
}

void
rank_clear(struct rank *rank)
{
	free(rank->places);
	*rank = (struct rank){ 0 };
}

size_t
rank_spellings(const uint64_t counts[SPELLINGS], enum spelling spellings_r[SPELLINGS])
{
	size_t n = 0;

	for (unsigned spelling = 0; spelling < SPELLINGS; spelling++) {
		size_t at = n;

		if (counts[spelling] == 0)
			continue;
		for (; at > 0 && counts[spellings_r[at - 1]] < counts[spelling]; at--)
			spellings_r[at] = spellings_r[at - 1];
		spellings_r[at] = (enum spelling)spelling;
		n++;
	}
	return n;
}
