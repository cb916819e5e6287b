/* milter/daemon/engine_calls.h: accept(), poll() and pthread_create() for libmilter */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ENGINE_CALLS_H
#define AUTHRELAY_ENGINE_CALLS_H

#include "daemon/engine.h"
#include "daemon/selfcheck.h"

/*
 * libmilter accepts connections, waits and makes threads by itself, and has no function
 * to look at a peer or to bound a wait. engine_calls.c defines accept(), poll() and
 * pthread_create(); as the program's own symbols come before those of its libraries,
 * libmilter calls them, shared or static. For every other caller they do what they do
 * in the C library. For libmilter
 *
 * - accept() asks whether the peer may connect, and closes the connection where not. Out
 *   of descriptors it says so, and rests before it returns: libmilter tries again at
 *   once.
 * - poll() waits ENGINE_REST_MS for the rest of a packet, or for the MTA to read an
 *   answer, instead of smfi_settimeout()'s hours, a worker and a thread all the while;
 *   less where many wait. A connection between two packets is not waited for, and lives
 *   on. A libmilter that has a thread for each connection never asks whether a packet has
 *   begun, and waits as before.
 * - pthread_create() keeps a worker that there is no thread for, and makes it as soon as
 *   there is one: libmilter would never serve its connection again.
 */

#define ENGINE_TIMEOUT_S	7210	/* of libmilter; tells poll() what waits */
#define ENGINE_REST_MS		10000

/*
 * From now on this function is asked for each peer that connects; it returns 1 or 0.
 * The peer is NULL where it is not known. `own` is where we answer ourselves, and has to
 * stay. Before libmilter has threads.
 */
void	engine_calls_start(int (*admits)(const struct engine_peer *),
	    const struct selfcheck_place *own);

/*
 * The peer of the session whose callback runs in this thread; 0, or -1 where it is not
 * known. Only in the callback of the first event of a packet, before it waits for
 * anything.
 */
int	engine_calls_peer(struct engine_peer *peer_r);

/* Whether libmilter does call our accept(), once it has called it or should have. */
int	engine_calls_is_asked(void);

#endif
