/* milter/probe/smtp_reply.h: parser of SMTP replies */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SMTP_REPLY_H
#define AUTHRELAY_SMTP_REPLY_H

#include <stddef.h>

#include "core/buf.h"

/*
 * More than RFC 5321 §4.5.3.1.5 allows a line, because some servers say more; but never
 * without an end. Without line ends, as they are counted.
 */
#define SMTP_REPLY_LINE_MAX	2048
#define SMTP_REPLY_LINES_MAX	100

enum smtp_reply_state {
	SMTP_REPLY_MORE,	/* it goes on */
	SMTP_REPLY_DONE,
	SMTP_REPLY_BAD		/* it is none: see why */
};

struct smtp_reply {
	int		 code;	/* 200 to 599 */
	struct buf	 text;	/* the lines without their codes, a \n between two */
	const char	*why;	/* constant: what is wrong with it */
	/* its own: */
	struct buf	 line;
	unsigned	 lines;
};

void	smtp_reply_init(struct smtp_reply *);
void	smtp_reply_clear(struct smtp_reply *);
/* Forgets the last one, keeps the memory. */
void	smtp_reply_reset(struct smtp_reply *);

/*
 * Takes bytes until the reply is whole or wrong; used_r is how many it took. A line ends
 * with a line feed, and a carriage return before that belongs to the end. The text may
 * have any byte in it but a line feed, a NUL too, so ask for its length.
 */
enum smtp_reply_state	smtp_reply_add(struct smtp_reply *, const char *, size_t,
    size_t *used_r);

/*
 * Whether a line after the first begins with this word, in any case (RFC 5321
 * §4.1.1.1).
 */
int	smtp_reply_has_keyword(const struct smtp_reply *, const char *);
/*
 * The same, and the line's other words are to have this one: "AUTH", "PLAIN". As some old
 * servers have it, "AUTH=PLAIN" is read too.
 */
int	smtp_reply_has_parameter(const struct smtp_reply *, const char *keyword,
	    const char *parameter);

#endif
