/* milter/report/tally.h: counts by key, for a bounded number of keys */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_TALLY_H
#define AUTHRELAY_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "core/siphash.h"
#include "report/distinct.h"
#include "report/spelling.h"
#include "report/series.h"

/* In the period that the report is about, and in the previous one. */
struct tally_count {
	uint64_t now;
	uint64_t before;
};

struct tally_entry {
	char *key;		/* owned, ends in a NUL that does not count */
	size_t length;
	uint64_t hash;
	int is_late;	/* made after an eviction */
	struct tally_count permitted;	/* recipients */
	struct tally_count refused;
	int64_t first_us;	/* of this period */
	int64_t last_us;
	struct distinct rcpts;		/* of this period, as is what follows */
	struct distinct domains;
	struct distinct networks;
	struct series *series;	/* owned; NULL: nothing counted */
	uint64_t *spellings;	/* owned, SPELLINGS of them, or NULL */
	char *example;	/* owned, a record's text, or NULL */
};

/*
 * A tally finds the keys that come most often among any number of keys, in memory for
 * `max` of them. Strangers choose many of the keys, so the hash is keyed.
 *
 * An entry is made when its key comes, and from then on counts exactly. When a new key
 * comes to a full tally, half of the entries are evicted, those with the lowest
 * totals: their counts are added to `others`, their details are gone. No evicted entry
 * had more than the median total, so the medians of all evictions together, `lost`,
 * are the most that one key can have lost ("lossy counting", Manku and Motwani, 2002).
 * Hence
 *	an entry made before the first eviction is exact,
 *	one made later (`is_late`) is at most `lost` too low,
 *	a key with a total above `lost` is in the tally,
 *	and all entries and `others` together are exact.
 * An eviction sorts the totals once for max / 2 new keys. There is no lock: a tally
 * belongs to one thread.
 */
struct tally {
	uint8_t			  hash_key[SIPHASH_KEY_SIZE];
	struct tally_entry **slots;	/* owned; open addressing */
	size_t			  size;		/* a power of two */
	size_t			  max;
	size_t			  count;
	struct distinct		  keys;		/* all, evicted ones too */
	struct tally_entry	  others;	/* counts only */
	uint64_t		  lost;
};

/* Returns -1 without memory; clear it in any case. */
int	tally_init(struct tally *, size_t max,
	    const uint8_t hash_key[SIPHASH_KEY_SIZE]);
void	tally_clear(struct tally *);

/* The key's entry, made if needed; good until the next call. NULL without memory. */
struct tally_entry	*tally_get(struct tally *, const char *key,
			    size_t length);
/* The same, but NULL where there is none. */
struct tally_entry	*tally_find(const struct tally *, const char *key,
			    size_t length);

/* Permitted and refused together. */
struct tally_count	tally_both(const struct tally_entry *);

#endif
