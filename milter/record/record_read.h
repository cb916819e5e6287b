/* milter/record/record_read.h: a line of an audit file, read back */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_READ_H
#define AUTHRELAY_RECORD_READ_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* In the order of authrelay-audit(5). */
enum record_key {
	RECORD_KEY_V,
	RECORD_KEY_TIME,
	RECORD_KEY_SEQ,
	RECORD_KEY_EVENT,
	RECORD_KEY_VERDICT,
	RECORD_KEY_REASON,
	RECORD_KEY_ENFORCED,
	RECORD_KEY_REPLY,
	RECORD_KEY_SESSION,
	RECORD_KEY_TXN,
	RECORD_KEY_QUEUE_ID,
	RECORD_KEY_MTA,
	RECORD_KEY_DAEMON,
	RECORD_KEY_CLIENT,
	RECORD_KEY_CLIENT_PORT,
	RECORD_KEY_CLIENT_NAME,
	RECORD_KEY_HELO,
	RECORD_KEY_TLS,
	RECORD_KEY_CIPHER,
	RECORD_KEY_CERT_SUBJECT,
	RECORD_KEY_AUTH,
	RECORD_KEY_AUTH_REALM,
	RECORD_KEY_AUTH_TYPE,
	RECORD_KEY_AUTH_CLEAR,
	RECORD_KEY_AUTH_REFUSED,
	RECORD_KEY_SENDER,
	RECORD_KEY_RCPT,
	RECORD_KEY_RCPT_MTA,
	RECORD_KEY_DOMAIN,
	RECORD_KEY_MATCHED,
	RECORD_KEY_MX,
	RECORD_KEY_ELAPSED_US,
	RECORD_KEY_NOTE,
	RECORD_KEY_CUT,
	RECORD_KEY_COUNT,
	RECORD_KEY_PREV,
	RECORD_KEY_CHAIN,
	RECORD_KEY_SIG,
	RECORD_KEYS		/* how many there are */
};

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

/* "client_port"; RECORD_KEYS for a name that is none. */
const char	*record_key_name(enum record_key);
enum record_key	 record_key_find(const char *name, size_t length);

#endif
