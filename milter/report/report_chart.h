/* milter/report/report_chart.h: charts of a report's page */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_CHART_H
#define AUTHRELAY_REPORT_CHART_H

#include "report/sections.h"

/* The class with a verdict's colour: "permit", "reject", "tempfail"; "" without one. */
const char	*chart_class(unsigned verdict);

/*
 * Charts, each with a description for a reader who cannot see it. Lines are thin
 * rectangles, for a chart is stretched to the width of its place.
 */
/* Recipients over time, stacked by verdict. */
void	chart_over_time(const struct report *, struct buf *);
/* The week's hours, from the rows of SECTION_HOURS. */
void	chart_hours(const struct rows *, struct buf *);
/* Around the table of a chart's numbers, which the reader can open. */
void	chart_begin_numbers(const char *title, struct buf *);
void	chart_end_numbers(struct buf *);
/* A small one of one key; as wide as chart_over_time()'s. */
void	chart_spark(const struct report *, const struct series *, const char *class,
	    struct buf *);
void	chart_bar(uint64_t part, uint64_t whole, const char *class, struct buf *);

#endif
