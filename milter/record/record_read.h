/* milter/record/record_read.h: a line of an audit file, read back */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_READ_H
#define AUTHRELAY_RECORD_READ_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "record/record_key.h"

/*
 * A value as it stands in the line: of a string what is between its quotation marks,
 * with JSON's escapes; of a number or a truth its text. `at` is NULL where the key is
 * absent. It is valid UTF-8 without control characters below U+0020; escapes may stand for
 * any character but NUL, see record_text_add().
 */
struct record_text {
	const char	*at;
	size_t		 length;
	int		 has_escapes;
};

/* Points into the line. A number that is absent is -1. */
struct record_view {
	struct record_text	value[RECORD_KEYS];
	int64_t			time_us;	/* since 1970-01-01 UTC */
	uint64_t		seq;
	int			event;		/* enum record_event; -1: unknown to us */
	int			enforced;	/* 1, 0; -1: absent */
	int64_t			txn;
	int64_t			client_port;
	int64_t			elapsed_us;
	int64_t			count;
};

/*
 * Reads a line (without its end) that is exactly as record.c writes it: keys in their
 * order, any of them absent but v, time, seq and event, no white space. Returns 0, or -1
 * if it is not; it may then still be JSON of another's hand, see record_json.h. Believes
 * nothing: a value of the wrong kind, an escape or a byte that does not belong there, a
 * number out of range, a date that is none, a version that is not 1 make it -1.
 */
int	record_read(const char *line, size_t length, struct record_view *view_r);

/*
 * Adds the value without JSON's escapes: UTF-8, with whatever characters a stranger had
 * chosen. What goes to a terminal or a page passes encode.h, or its like, after that.
 */
void	record_text_add(const struct record_text *, struct buf *);

/* Whether the value is this text, which has only letters, digits and marks but \ and ". */
int	record_text_is(const struct record_text *text, const char *other);

/* Whether the value is but the beginning of what it was, by what the key cut says. */
int	record_is_cut(const struct record_view *, enum record_key);

#endif
