/* milter/probe/probe_message.h: relay tester: test message */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PROBE_MESSAGE_H
#define AUTHRELAY_PROBE_MESSAGE_H

#include <time.h>

#include "core/buf.h"

struct probe_message {
	const char	*target;	/* the server, as it was given */
	const char	*form;		/* the test's name */
	unsigned	 number;	/* of the test */
	const char	*sender;	/* as they stand in the commands */
	const char	*rcpt;
	const char	*unique;	/* a word that is new each time */
	time_t		 now;
};

/*
 * Adds it as it goes after DATA: ASCII, lines under 998 bytes that end in CR LF, and at
 * the end the dot, without its line end.
 */
void	probe_message_write(const struct probe_message *, struct buf *);

#endif
