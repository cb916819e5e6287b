/* milter/report/report_chart.h: charts of a report's page */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_CHART_H
#define AUTHRELAY_REPORT_CHART_H

#include "report/sections.h"

/* The class of what has a verdict's colour: "permit", "reject", "tempfail"; "" of none. */
const char	*chart_class(unsigned verdict);

/*
 * Charts, each with its description for those who cannot see it. Their lines are thin
 * rectangles, as they are stretched to the width that there is.
 */
/* Recipients over time, stacked by verdict. */
void	chart_over_time(const struct report *, struct buf *);
/* The week's hours, from the rows of SECTION_HOURS. */
void	chart_hours(const struct rows *, struct buf *);
/* What stands between them is a table, shown where the reader asks for it. */
void	chart_begin_numbers(const char *title, struct buf *);
void	chart_end_numbers(struct buf *);
/* A small one of one key; as wide as chart_over_time()'s. */
void	chart_spark(const struct report *, const struct series *, const char *class,
	    struct buf *);
void	chart_bar(uint64_t part, uint64_t whole, const char *class, struct buf *);

#endif
