/* milter/os/deadline.h: connect and poll with a deadline */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DEADLINE_H
#define AUTHRELAY_DEADLINE_H

/* A deadline is a time of clock_monotonic_ms(). */

#include <stdint.h>
#include <sys/socket.h>

#include "core/netaddr.h"

/* Waits for poll()'s events on a descriptor. Returns 1, or 0 when the time is over. */
int	deadline_wait(int fd, short events, int64_t deadline);
/*
 * Connects, from this local address unless it is NULL. Returns a non-blocking socket,
 * which the caller closes; or -1 with errno.
 */
int	deadline_connect(const struct sockaddr *, socklen_t, const struct netaddr *source,
	    int64_t deadline);

#endif
