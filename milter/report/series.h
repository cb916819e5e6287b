/* milter/report/series.h: counts over time, whose extent is not known beforehand */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SERIES_H
#define AUTHRELAY_SERIES_H

#include <stdint.h>

#define SERIES_SIZE	64

/*
 * Times are seconds of whatever clock the reader of the chart lives by. They fall into
 * steps of one width; where SERIES_SIZE of them no longer hold all, the width becomes the
 * next of 5 min, 15 min, 30 min, 1 h, 3 h, 6 h, 12 h, a day, a week (from Monday), 4 weeks
 * and so on. Each is a multiple of the one before.
 */
struct series {
	int64_t		first;		/* the number of the first step */
	uint32_t	steps;		/* from the first to the last, 0: nothing counted */
	int		level;		/* which width */
	uint64_t	count[SERIES_SIZE];
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
