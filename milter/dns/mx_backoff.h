/* milter/dns/mx_backoff.h: pauses after failed MX lookups, for a site and a group */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_BACKOFF_H
#define AUTHRELAY_MX_BACKOFF_H

#include <stddef.h>
#include <stdint.h>

#define MX_BACKOFF_FAILURES	8	/* until a pause; an answer takes one off */
#define MX_BACKOFF_MIN		5	/* seconds of the first pause; it doubles */
#define MX_BACKOFF_MAX		60
#define MX_BACKOFF_RECORDS	2048	/* that are kept; more push out the oldest */

/*
 * A record is about a pair: the site of a client and the group of the domains that it
 * asks for (struct mx_asker). So a stranger stops lookups of his own site and of nobody
 * else, whatever he finds that is silent: also below a public suffix. The pair is a hash
 * with a key that strangers do not know. Clocks are given, in microseconds. One thread at
 * a time.
 */
struct mx_backoff;

struct mx_backoff	*mx_backoff_new(size_t records);	/* NULL: no memory */
void			 mx_backoff_free(struct mx_backoff *);	/* NULL is legal */

/*
 * Whether a lookup must wait for the end of a pause. 0 means that it begins now: of those
 * that come after a pause one begins, and the others wait for what becomes of it.
 */
int	mx_backoff_holds(struct mx_backoff *, uint64_t pair, int64_t now_us);

/* A lookup has failed, or there was an answer, whatever it says. */
void	mx_backoff_fail(struct mx_backoff *, uint64_t pair, int64_t began_us,
	    int64_t now_us);
void	mx_backoff_answer(struct mx_backoff *, uint64_t pair, int64_t now_us);

#endif
