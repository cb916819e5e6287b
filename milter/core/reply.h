/* milter/core/reply.h: SMTP replies to recipients that are not permitted */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPLY_H
#define AUTHRELAY_REPLY_H

#include <stddef.h>

#include "core/policy.h"

#define REPLY_TEXT_MAX	480	/* RFC 5321 §4.5.3.1.5: 512, with code and CRLF */

/* A reply as RFC 5321 §4.2 and RFC 3463 have it; both codes are of one class. */
struct reply {
	char	code[4];		/* "550" */
	char	status[12];		/* "5.7.1" */
	char	text[REPLY_TEXT_MAX + 1];	/* printable ASCII */
};

/*
 * Reads "550 5.7.1 Text". Returns NULL, or the error as a constant text: the codes
 * must be of class 5 (an MTA that sees two classes takes the filter for broken), the
 * text printable ASCII.
 */
const char	*reply_parse(const char *, struct reply *reply_r);

/*
 * The reply to a verdict other than permit; `denied` is the setting denied-reply, for
 * attempts to relay. The text is constant, or denied's.
 */
const struct reply	*reply_for(enum policy_reason, const struct reply *denied);

/* "550 5.7.1 Text"; text_r holds REPLY_LINE_SIZE. */
#define REPLY_LINE_SIZE	(REPLY_TEXT_MAX + 20)
void	reply_format(const struct reply *, char *text_r);

#endif
