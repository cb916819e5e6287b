/* milter/os/deadline.h: waits, each of which has its end */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DEADLINE_H
#define AUTHRELAY_DEADLINE_H

#include <stdint.h>
#include <sys/socket.h>

#include "core/netaddr.h"

/* Milliseconds of the clock that the deadlines are on. */
int64_t	deadline_clock(void);
/* Waits for poll()'s events on a descriptor. Returns 1, or 0 when the time is over. */
int	deadline_wait(int fd, short events, int64_t deadline);
/*
 * Connects, from this address of ours unless it is NULL. Returns a socket that does not
 * block, the caller's; or -1 with errno.
 */
int	deadline_connect(const struct sockaddr *, socklen_t, const struct netaddr *source,
	    int64_t deadline);

#endif
