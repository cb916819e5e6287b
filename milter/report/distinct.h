/* milter/report/distinct.h: estimate of the number of distinct values */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DISTINCT_H
#define AUTHRELAY_DISTINCT_H

#include <stdint.h>

#define DISTINCT_EXACT	256	/* up to here the count is exact */

/*
 * A value is known by its hash, which has to be even over 64 bits, and keyed where
 * strangers choose the values. The k = DISTINCT_EXACT lowest hashes are kept. Up to k
 * values the count is exact; beyond, it follows from how close together the kept
 * hashes lie: where the highest of them is the part p of all 64-bit numbers, there are
 * about (k - 1) / p values. This is the "k minimum values" sketch (Bar-Yossef and
 * others, Counting distinct elements in a data stream, 2002); the estimator has no
 * bias and a standard error of 1 / sqrt(k - 2), here 6.3 per cent (Beyer and others,
 * On synopses for distinct-value estimation, 2007). At most 2 KB, which grow from 32
 * bytes.
 */
struct distinct {
	uint64_t *hashes;	/* owned, in ascending order */
	uint32_t count;
	uint32_t size;
	int is_over;	/* there were more than are kept */
};

/* All zero is an empty one. */
void	distinct_clear(struct distinct *);

/* Returns -1 without memory. */
int	distinct_add(struct distinct *, uint64_t hash);

/* is_estimate_r is 1 where the number is not exact. */
uint64_t	distinct_count(const struct distinct *, int *is_estimate_r);

#endif
