/* milter/config/conf_error.h: what is wrong with a configuration */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_ERROR_H
#define AUTHRELAY_CONF_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#include "core/buf.h"

#define CONF_QUOTED_MAX	200

/*
 * Where something stands. It is shown as NAME:LINE, or NAME alone for line 0, and
 * sorted by source and source_line: a line of a list file belongs to where the file is
 * named.
 */
struct conf_place {
	const char	*name;		/* fit to be shown */
	unsigned	 line;
	unsigned	 source;	/* 0 defaults, 1 the file, then the overrides */
	unsigned	 source_line;
};

struct conf_error;

/* All zero is an empty one. */
struct conf_errors {
	struct conf_error	*items;
	size_t			 count;
	size_t			 size;
	int			 is_out_of_memory;	/* set for one's own failure */
};

struct conf_quoted {
	char	text[CONF_QUOTED_MAX + 1];
};

void	conf_errors_clear(struct conf_errors *);
/* The format has no text from outside as it is: see conf_quote(). */
void	conf_errors_add(struct conf_errors *, const struct conf_place *,
	    const char *, ...)
	    __attribute__((format(printf, 3, 4)));
void	conf_errors_addv(struct conf_errors *, const struct conf_place *,
	    const char *, va_list)
	    __attribute__((format(printf, 3, 0)));
int	conf_errors_has_any(const struct conf_errors *);
/* Adds them to a buffer, a line each, in the order of their places. */
void	conf_errors_write(struct conf_errors *, struct buf *);

/*
 * A text from outside, encoded, in quotation marks, cut with a mark. Returns
 * quoted_r->text.
 */
const char	*conf_quote(const char *, size_t, struct conf_quoted *quoted_r);

#endif
