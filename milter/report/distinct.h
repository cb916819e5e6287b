/* milter/report/distinct.h: how many different things were seen, in little memory */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DISTINCT_H
#define AUTHRELAY_DISTINCT_H

#include <stdint.h>

#define DISTINCT_EXACT	256	/* up to here the count is exact */

/*
 * Things are known by their hash, which has to be even over 64 bits and keyed where
 * strangers choose the things. The least DISTINCT_EXACT hashes are kept (a "k minimum
 * values" sketch, Bar-Yossef and others, 2002): beyond that, how close they lie together
 * tells how many there are, with a standard error of 6 per cent.
 */
struct distinct {
	uint64_t	*hashes;	/* owned, in ascending order */
	uint32_t	 count;
	uint32_t	 size;
	int		 is_over;	/* some were let go */
};

/* All zero is one that has seen nothing. */
void	distinct_clear(struct distinct *);

/* Returns -1 without memory. */
int	distinct_add(struct distinct *, uint64_t hash);

/* is_estimate_r is 1 where the number is not exact. */
uint64_t	distinct_count(const struct distinct *, int *is_estimate_r);

#endif
