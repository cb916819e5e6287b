/* milter/daemon/selfcheck.h: connections to the daemon's own socket */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SELFCHECK_H
#define AUTHRELAY_SELFCHECK_H

#include <sys/socket.h>

struct selfcheck_place {
	struct sockaddr_storage	address;
	socklen_t		len;
};

/* Where a socket is, in the syntax of the setting. Returns -1 if that cannot be found. */
int	selfcheck_find(const char *socket, struct selfcheck_place *place_r);

/*
 * Whether a connection from this local port is one of those that are made here, and has
 * not been asked for yet. Any number of threads.
 */
int	selfcheck_is_own(int port);

/* Connects and hangs up, without waiting for anything. */
void	selfcheck_wake_thread(const struct selfcheck_place *);

/*
 * Connects as an MTA does, offers the milter protocol, waits for the answer and says
 * goodbye; no session begins by that. `socket` has the syntax of the setting. At most so
 * many milliseconds in all. Returns 1 if it answered, else 0.
 */
int	selfcheck_is_answered(const char *socket, int timeout_ms);

#endif
