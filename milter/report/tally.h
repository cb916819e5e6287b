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

/* In the period that the report is about, and in the one before it. */
struct tally_count {
	uint64_t	now;
	uint64_t	before;
};

struct tally_entry {
	char			*key;		/* owned, a NUL behind it */
	size_t			 length;
	uint64_t		 hash;
	int			 is_late;	/* others were let go before it was made */
	struct tally_count	 permitted;	/* recipients */
	struct tally_count	 refused;
	int64_t			 first_us;	/* of the period now */
	int64_t			 last_us;
	struct distinct		 rcpts;		/* of the period now, too */
	struct distinct		 domains;
	struct distinct		 networks;
	struct series		*series;	/* owned; NULL: nothing now */
	uint64_t		*spellings;	/* owned, SPELLINGS of them, or NULL */
	char			*example;	/* owned, a record's text, or NULL */
};

/*
 * At most `max` keys. Where one more comes, the half with the least counts is let go, and
 * goes into `others`. A key that comes after that may have been there before, so that its
 * counts are "at least", at most `lost` too low.
 */
struct tally {
	uint8_t			  hash_key[SIPHASH_KEY_SIZE];
	struct tally_entry	**slots;	/* owned; open addressing */
	size_t			  size;		/* a power of two */
	size_t			  max;
	size_t			  count;
	struct distinct		  keys;		/* all that ever were */
	struct tally_entry	  others;	/* counts only */
	uint64_t		  lost;
};

/* Returns -1 without memory; clear it in any case. */
int	tally_init(struct tally *, size_t max,
	    const uint8_t hash_key[SIPHASH_KEY_SIZE]);
void	tally_clear(struct tally *);

/* The key's entry, made where there is none; good until the next call. NULL: no memory. */
struct tally_entry	*tally_get(struct tally *, const char *key,
			    size_t length);
/* The same, but none is made. */
struct tally_entry	*tally_find(const struct tally *, const char *key,
			    size_t length);

/* Permitted and refused together. */
struct tally_count	tally_both(const struct tally_entry *);

#endif
