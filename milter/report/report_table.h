/* milter/report/report_table.h: what was counted of each user, client or domain */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_TABLE_H
#define AUTHRELAY_REPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/siphash.h"
#include "report/distinct.h"
#include "report/report_form.h"
#include "report/series.h"

/* In the period that the report is about, and in the one before it. */
struct report_count {
	uint64_t	now;
	uint64_t	before;
};

struct report_entry {
	char			*key;		/* owned, a NUL behind it */
	size_t			 length;
	uint64_t		 hash;
	int			 is_late;	/* others were let go before it was made */
	struct report_count	 permitted;	/* recipients */
	struct report_count	 refused;
	int64_t			 first_us;	/* of the period now */
	int64_t			 last_us;
	struct distinct		 rcpts;		/* of the period now, too */
	struct distinct		 domains;
	struct distinct		 networks;
	struct series		*series;	/* owned; NULL: nothing now */
	uint64_t		*forms;		/* owned, REPORT_FORMS of them, or NULL */
	char			*example;	/* owned, a record's text, or NULL */
};

/*
 * At most `max` keys. Where one more comes, the half with the least counts is let go, and
 * goes into `others`. A key that comes after that may have been there before, so that its
 * counts are "at least", at most `lost` too low.
 */
struct report_table {
	uint8_t			  hash_key[SIPHASH_KEY_SIZE];
	struct report_entry	**slots;	/* owned; open addressing */
	size_t			  size;		/* a power of two */
	size_t			  max;
	size_t			  count;
	struct distinct		  keys;		/* all that ever were */
	struct report_entry	  others;	/* counts only */
	uint64_t		  lost;
};

/* Returns -1 without memory; clear it in any case. */
int	report_table_init(struct report_table *, size_t max,
	    const uint8_t hash_key[SIPHASH_KEY_SIZE]);
void	report_table_clear(struct report_table *);

/* The key's entry, made where there is none; good until the next call. NULL: no memory. */
struct report_entry	*report_table_get(struct report_table *, const char *key,
			    size_t length);
/* The same, but none is made. */
struct report_entry	*report_table_find(const struct report_table *, const char *key,
			    size_t length);

/* What stands first of two: <0, 0, >0. */
typedef int	report_order(const struct report_entry *, const struct report_entry *);

/*
 * All entries for which `is_wanted` says 1, in that order, keys breaking a tie. Returns
 * them (the array is the caller's to free) and their number, or NULL without memory.
 */
struct report_entry	**report_table_sorted(const struct report_table *,
			    int (*is_wanted)(const struct report_entry *), report_order *,
			    size_t *count_r);

#endif
