/* milter/report/format.h: readable numbers, times and record texts */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_FORMAT_H
#define AUTHRELAY_FORMAT_H

#include "core/buf.h"
#include "report/report.h"

/*
 * Adds the text of a record, which has JSON's escapes, so that a terminal can show it:
 * only \" and \\ are resolved, hidden characters stay \uNNNN. Unless is_utf8, so is
 * all beyond ASCII.
 */
void	format_text(const char *raw, size_t length, int is_utf8, struct buf *);
/* The same as a JSON string, with its quotation marks: the value is the record's. */
void	format_json(const char *raw, size_t length, struct buf *);

/* "12,345" */
void	format_number(uint64_t, struct buf *);
/* An estimate is rounded to two digits and begins with `about`: "about 1,200". */
void	format_distinct(const struct distinct *, const char *about, struct buf *);
/* "plain address 25, bang path 2"; of more than `most`, how many there are. */
void	format_spellings(const uint64_t counts[SPELLINGS], size_t most, struct buf *);
/* The change from before to now: "+12 %", "-100 %", "12-fold", "new", "=". */
void	format_change(const struct tally_count *, struct buf *);
/* UTC with a Z, of microseconds. */
void	format_utc(int64_t time_us, struct buf *);
/* By a format of strftime(3), of the reader's clock. */
void	format_local(const struct report *, int64_t time_us, const char *format,
	    struct buf *);
/* The same of seconds that are of the reader's clock already. */
void	format_clock(int64_t local_seconds, const char *format, struct buf *);
/* "5 minutes", "3 hours", "day". */
void	format_width(int64_t seconds, struct buf *);
/* "Monday", from 0 on. */
const char	*format_weekday(unsigned day);
/* "permitted", "refused", "deferred". */
const char	*format_verdict(unsigned verdict);

#endif
