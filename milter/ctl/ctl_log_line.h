/* milter/ctl/ctl_log_line.h: a record as a line of text */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_LOG_LINE_H
#define AUTHRELAY_CTL_LOG_LINE_H

#include <stddef.h>

#include "core/buf.h"
#include "record/record_read.h"

struct ctl_log_style {
	int	is_short;	/* the time without its year */
	int	has_colour;
	size_t	width;		/* columns; longer lines are cut with a mark; 0: any */
};

/*
 * Adds local time, verdict (in parentheses where it was not enforced), reason, client,
 * login, sender and recipient, and what decided, with a line end. Nothing in it can move
 * a terminal's cursor: see encode.h.
 */
void	ctl_log_line_write(const struct ctl_log_style *, const struct record_view *,
	    struct buf *);

/* The same of a line that is no record; why is a constant text. */
void	ctl_log_line_write_bad(const struct ctl_log_style *, const char *line,
	    size_t length, const char *why, struct buf *);

/*
 * Adds these values, as they stand in the line for syslog (authrelay-audit(5)), tabs
 * between them and a line end. One that is absent is empty.
 */
void	ctl_log_line_write_fields(const struct record_view *, const enum record_key *keys,
	    size_t count, struct buf *);

#endif
