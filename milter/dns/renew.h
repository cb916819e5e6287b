/* milter/dns/renew.h: background threads that renew MX results */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RENEW_H
#define AUTHRELAY_RENEW_H

#define RENEW_JOBS	64	/* that wait, besides those that are being done */
#define RENEW_THREADS	4

/*
 * A queue, and detached threads that begin when there is something in it and end when it
 * is empty: there is none while there is nothing to do, and none has to be waited for.
 * Nothing is put into it but by renew_add(). Any number of threads may call that at once.
 */
struct renew;

/*
 * A job has an owner, and domain's bytes are the job's. work() is called without a lock,
 * in another thread, and gives the owner back; drop() gives back one for whom nothing was
 * done. NULL: no memory, or no lock.
 */
struct renew	*renew_new(void (*work)(void *owner, const char *domain),
		    void (*drop)(void *owner));

/*
 * Drops what waits. What is being done goes on, and the last thread frees the rest: so it
 * may be called by work(), too. NULL is legal.
 */
void		 renew_close(struct renew *);

/*
 * Takes the owner in any case, and does not wait. Where the queue is full or there is no
 * thread the job is dropped. A domain is in path_domain()'s form.
 */
void		 renew_add(struct renew *, void *owner, const char *domain);

#endif
