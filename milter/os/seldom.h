/* milter/os/seldom.h: rate limit for a line of the log */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SELDOM_H
#define AUTHRELAY_SELDOM_H

#include <stdatomic.h>

/* One kind of line. All zero: it has not been written yet. Any number of threads. */
struct seldom {
	atomic_llong	next_ms;	/* not before */
	atomic_ulong	count;		/* causes since the last line */
};

/*
 * Counts a cause. Returns 1 if a line is due, at most one every interval_ms
 * milliseconds, and sets *count_r to the number of causes since the last line; else 0.
 */
int	seldom_is_due(struct seldom *, int interval_ms, unsigned long *count_r);

#endif
