/* milter/daemon/engine.h: interface between the milter protocol and the filter */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ENGINE_H
#define AUTHRELAY_ENGINE_H

#include <sys/types.h>

#include "core/netaddr.h"

/*
 * An engine speaks the protocol with the MTA. It calls the functions of filter.h with
 * what the MTA said, one event of a session after the other, sessions in any number of
 * threads; what a filter function returns is the answer to the MTA. The filter knows no
 * engine, so a test can be one.
 */

/* A way to read the macros that the MTA sent up to now: NULL where one was not sent. */
struct engine_macros {
	/* valid until the event's function returns */
	const char	*(*get)(void *arg, const char *name);
	void		*arg;
};

/* The other end of a connection: an MTA, or a client that poses as one. */
struct engine_peer {
	struct netaddr	 addr;		/* of no family: a process of this host, by uid */
	uid_t		 uid;
	int		 is_own;	/* the daemon itself */
};

struct engine_client {
	const char	*name;	/* as the MTA knows it: a host name, or [192.0.2.1] */
	struct netaddr	 addr;
	int		 port;		/* -1: not known */
	const struct engine_peer *peer;	/* NULL: not known */
};

struct filter;
struct selfcheck_place;

/*
 * Binds the socket (the syntax of the setting `socket`) and listens; a file at a unix
 * path must be gone before. Returns -1 and logs why, by the name that is shown.
 */
int		 engine_open(const char *socket, const char *shown);

/*
 * Serves, in the thread that calls it, until the process ends; returns only if it could
 * not go on, and then -1. Its callbacks run in threads of their own: filter and what it
 * uses must not be freed. `own` is where the engine answers (of length 0: not known).
 */
int		 engine_run(struct filter *, const struct selfcheck_place *own);

/* "libmilter 1.0.1": what serves. */
void		 engine_version(char *text_r, size_t size);

#endif
