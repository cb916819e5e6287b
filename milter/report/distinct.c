/* milter/report/distinct.c: estimate of the number of distinct values */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/distinct.h"

#define FIRST_SIZE	4

void
distinct_clear(struct distinct *d)
{
	free(d->hashes);
	*d = (struct distinct){ 0 };
}

/* Where the hash is or belongs. */
static uint32_t
place_of(const struct distinct *d, uint64_t hash)
{
	uint32_t	low = 0, high = d->count;

	while (low < high) {
		uint32_t	middle = (low + high) / 2;

		if (d->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
grow(struct distinct *d)
{
	uint32_t	 size = d->size == 0 ? FIRST_SIZE : 2 * d->size;
	uint64_t	*hashes = reallocarray(d->hashes, size, sizeof *hashes);

	if (hashes == NULL)
		return -1;
	d->hashes = hashes;
	d->size = size;
	return 0;
}

int
distinct_add(struct distinct *d, uint64_t hash)
{
	uint32_t	at, after;

	if (d->count == DISTINCT_EXACT && hash > d->hashes[d->count - 1]) {
		d->is_over = 1;
		return 0;
	}
	at = place_of(d, hash);
	if (at < d->count && d->hashes[at] == hash)
		return 0;
	if (d->count == DISTINCT_EXACT) {
		d->is_over = 1;
		d->count--;
	} else if (d->count == d->size && grow(d) == -1) {
		return -1;
	}
	after = d->count - at;
	memmove(d->hashes + at + 1, d->hashes + at, after * sizeof *d->hashes);
	d->hashes[at] = hash;
	d->count++;
	return 0;
}

uint64_t
distinct_count(const struct distinct *d, int *is_estimate_r)
{
	double	part;

	*is_estimate_r = d->is_over;
	if (!d->is_over)
		return d->count;
	/* the part of all hashes that is not above the last one kept */
	part = ((double)d->hashes[d->count - 1] + 1) / ((double)UINT64_MAX + 1);
	return (uint64_t)((DISTINCT_EXACT - 1) / part + 0.5);
}
