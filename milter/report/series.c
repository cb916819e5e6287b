/* milter/report/series.c: counts over a time of unknown extent */
/* SPDX-License-Identifier: ISC */

#include <assert.h>
#include <string.h>

#include "report/series.h"

#define MINUTE	INT64_C(60)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)
#define WEEK	(7 * DAY)
#define MONDAY	(3 * DAY)	/* 1970-01-01 was a Thursday */

/* The last holds all from 1970 to 9999. */
static const int64_t widths[] = {
	5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
	WEEK, 4 * WEEK, 12 * WEEK, 48 * WEEK, 144 * WEEK, 576 * WEEK, 4608 * WEEK,
	36864 * WEEK
};

#define WIDTHS	((int)(sizeof widths / sizeof widths[0]))

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
step_of(int level, int64_t seconds)
{
	return floor_div(seconds + MONDAY, widths[level]);
}

/* Takes the next width. */
static void
widen(struct series *s)
{
	uint64_t	old[SERIES_SIZE];
	int64_t		first = s->first;
	uint32_t	steps = s->steps;
	int64_t		ratio = widths[s->level + 1] / widths[s->level];

	memcpy(old, s->count, sizeof old);
	memset(s->count, 0, sizeof s->count);
	s->level++;
	s->first = floor_div(first, ratio);
	s->steps = 0;
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t	at = (uint32_t)(floor_div(first + i, ratio) - s->first);

		s->count[at] += old[i];
		s->steps = at + 1;
	}
}

/* Reaches these two steps as well, with wider steps where there are too many. */
static void
reach(struct series *s, int64_t from, int64_t to)
{
	int64_t	shift;

	if (s->steps == 0)
		s->first = from;
	for (;;) {
		int64_t	low = from < s->first ? from : s->first;
		int64_t	high = s->first + s->steps - 1;
		int64_t	ratio;

		if (to > high)
			high = to;
		if (high - low < SERIES_SIZE) {
			shift = s->first - low;
			memmove(s->count + shift, s->count,
			    s->steps * sizeof s->count[0]);
			memset(s->count, 0, (size_t)shift * sizeof s->count[0]);
			s->first = low;
			s->steps = (uint32_t)(high - low + 1);
			return;
		}
		/* the last width has room for 45,000 years, record_read() for 8,030 */
		assert(s->level + 1 < WIDTHS);
		ratio = widths[s->level + 1] / widths[s->level];
		from = floor_div(from, ratio);
		to = floor_div(to, ratio);
		if (s->steps == 0) {
			s->level++;
			s->first = from;
		} else {
			widen(s);
		}
	}
}

void
series_add(struct series *s, int64_t seconds, uint64_t count)
{
	int64_t	step = step_of(s->level, seconds);

	if (s->steps == 0 || step < s->first || step >= s->first + s->steps) {
		reach(s, step, step);
		step = step_of(s->level, seconds);
	}
	s->count[step - s->first] += count;
}

int64_t
series_width(const struct series *s)
{
	return widths[s->level];
}

int64_t
series_start(const struct series *s, uint32_t step)
{
	return (s->first + step) * widths[s->level] - MONDAY;
}

void
series_span(struct series *s, const struct series *other)
{
	int64_t	from, to;

	if (other->steps == 0)
		return;
	while (s->level < other->level && s->steps != 0)
		widen(s);
	if (s->steps == 0)
		s->level = other->level;
	from = step_of(s->level, series_start(other, 0));
	to = step_of(s->level, series_start(other, other->steps - 1));
	reach(s, from, to);
}

void
series_align(struct series *s, const struct series *other)
{
	series_span(s, other);
	/* the caller sees to it that both reach as far: report.c counts each in both */
	assert(s->level == other->level && s->first == other->first &&
	    s->steps == other->steps);
}
