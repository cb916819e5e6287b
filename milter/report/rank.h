/* milter/report/rank.h: the keys of a tally in order */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RANK_H
#define AUTHRELAY_RANK_H

#include "report/tally.h"

/* By which number. Keys for which it is 0 are left out; keys break a tie. */
enum rank_order {
	RANK_NOW,	/* the count of this period */
	RANK_CHANGE,	/* the difference from the previous period */
	RANK_NEW	/* the count of this period, of keys without one before */
};

struct rank_place {
	uint64_t weight;
	const struct tally_entry *entry;	/* the tally's */
};

struct rank {
	struct rank_place *places;	/* owned, highest first */
	size_t shown;		/* how many of them are to be shown */
	size_t count;		/* how many there are */
	uint64_t rest;		/* counts now of those that are not shown */
};

/* Returns -1 without memory; clear it in any case. */
int	rank_init(struct rank *, const struct tally *, enum rank_order, size_t most);
void	rank_clear(struct rank *);

/* The spellings that a client tried, the most frequent first; returns how many. */
size_t	rank_spellings(const uint64_t counts[SPELLINGS],
	    enum spelling spellings_r[SPELLINGS]);

#endif
