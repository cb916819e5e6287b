/* milter/os/signals.h: signals, as events for the main thread */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SIGNALS_H
#define AUTHRELAY_SIGNALS_H

#include <pthread.h>

enum signals_event {
	SIGNALS_STOP,		/* SIGTERM, SIGINT */
	SIGNALS_RELOAD,		/* SIGHUP */
	SIGNALS_ENGINE_ENDED,	/* signals_post() */
	SIGNALS_TIMEOUT
};

/*
 * To be called by the main thread before any other thread begins. libmilter waits for the
 * same signals in a thread of its own, to stop; the kernel gives a signal to the main
 * thread before any other that could have it, so that thread must never block them.
 * Returns -1 and logs why.
 */
int	signals_open(void);

/*
 * The next event, in order of arrival. Waits at most timeout_ms milliseconds;
 * -1: for ever.
 */
enum signals_event	signals_wait(int timeout_ms);

/* pthread_create() for a thread that takes no signal; they are for the main thread. */
int	signals_create_thread(pthread_t *, void *(*run)(void *), void *arg);

/* Tells the main thread that the engine has ended; from any thread. */
void	signals_post(void);

#endif
