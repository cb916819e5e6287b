/* milter/report/report_page.h: the frame and the charts of a report's page */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_PAGE_H
#define AUTHRELAY_REPORT_PAGE_H

#include "report/format.h"

/*
 * HTML that needs nothing but itself: no script, no font, no picture of another place, and
 * a policy in it that forbids them.
 */

void	page_begin(const char *title, struct buf *);
void	page_end(struct buf *);

/* Text of our own, and of a record: what HTML would take for its own is escaped. */
void	page_add(const char *text, struct buf *);
void	page_text(const char *raw, size_t length, struct buf *);

/* What else is part of the verdict: "permit", "reject", "tempfail"; a class of the page. */
const char	*page_class(unsigned verdict);

/*
 * Charts, each with its description for those who cannot see it. Their lines are thin
 * rectangles, as they are stretched to the width that there is.
 */
/* Recipients over time, stacked by verdict. */
void	page_over_time(const struct report *, struct buf *);
/* The week's hours. */
void	page_hours(const struct report *, struct buf *);
/* A small one of one key; as wide as page_over_time()'s. */
void	page_spark(const struct report *, const struct series *, const char *class,
	    struct buf *);
void	page_bar(uint64_t part, uint64_t whole, const char *class, struct buf *);

#endif
