/* milter/report/series.h: counts over a time of unknown extent */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SERIES_H
#define AUTHRELAY_SERIES_H

#include <stdint.h>

#define SERIES_SIZE	64

/*
 * At most SERIES_SIZE counts, each of a step of time; all steps have one width. A
 * series begins with the narrowest width and reaches from the first step counted to
 * the last. Where a time is so far off that SERIES_SIZE steps cannot reach it, the
 * series takes the next width and adds up the counts that fall into one wider step, as
 * often as needed: no count is lost, only when in the wider step it was. Widths are 5
 * min, 15 min, 30 min, 1 h, 3 h, 6 h, 12 h, a day, a week (from Monday), 4 weeks and
 * so on, each a multiple of the one before, so that steps never have to be split. The
 * widest reach from 1970 to 9999, which are the times that a record can have.
 *
 * Times are seconds of the reader's clock. Of two series the one with the wider steps
 * tells how both can be compared: series_span(), series_align().
 */
struct series {
	int64_t first;		/* the number of the first step */
	uint32_t steps;		/* from the first to the last, 0: nothing counted */
	int level;		/* which width */
	uint64_t count[SERIES_SIZE];
};

/* All zero is an empty one. */
void	series_add(struct series *, int64_t seconds, uint64_t count);

/* Seconds of a step, and when a step begins. */
int64_t	series_width(const struct series *);
int64_t	series_start(const struct series *, uint32_t step);

/*
 * Makes it begin and end as the other one does, which reaches as far or further. Then
 * count[0] of both are of the same step.
 */
void	series_align(struct series *, const struct series *other);
/* Makes it reach as far as both did, with the wider steps. */
void	series_span(struct series *, const struct series *other);

#endif
