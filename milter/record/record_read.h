/* milter/record/record_read.h: reader of lines of an audit file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_READ_H
#define AUTHRELAY_RECORD_READ_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "record/record_key.h"

/*
 * A value as written in the line: the bytes between the quotation marks of a string,
 * with JSON's escapes; the text of a number or a boolean. `at` is NULL if the key is
 * absent. It is valid UTF-8 without control characters below U+0020; an escape may be
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
 * order, any of them absent but v, time, seq and event, no white space. Returns 0, or
 * -1 if it is not; it may still be a record that another program has rewritten, see
 * record_json.h. Trusts nothing: -1 for a value of the wrong kind, an invalid escape,
 * byte or date, a number out of range, and a version other than 1.
 */
int	record_read(const char *line, size_t length, struct record_view *view_r);

/*
 * Adds the value without JSON's escapes: UTF-8, with any characters that a stranger has
 * chosen. Before it goes to a terminal or a page it must pass encode.h, or the like.
 */
void	record_text_add(const struct record_text *, struct buf *);

/* Whether the value is this text, which has letters, digits and marks but \ and ". */
int	record_text_is(const struct record_text *text, const char *other);

/* Whether the value is but the beginning of what it was, by what the key cut says. */
int	record_is_cut(const struct record_view *, enum record_key);

#endif
