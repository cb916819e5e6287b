/* milter/daemon/flood.h: bound on the records that one client network may cause */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_FLOOD_H
#define AUTHRELAY_FLOOD_H

#include <stddef.h>
#include <stdint.h>

#include "core/netaddr.h"
#include "core/siphash.h"

#define FLOOD_SETS	2048	/* a power of two */
#define FLOOD_WAYS	8	/* networks in a set; 16,384 in all */
#define FLOOD_SAY_US	INT64_C(1000000)	/* between two summaries of a network */

/*
 * Counts recipients by client network: the /24 of an IPv4 address, the /48 of an IPv6
 * address; clients without an address are one network. The memory is taken at the start
 * and never grows, 1 MB. Any number of threads may ask; locks of its own, over nothing
 * else, guard it. Its clock is given, in microseconds; what threads have read a little
 * earlier may come a little later.
 */
struct flood;

/* In the long run `rate` recipients a second, and `burst` at once, 1 or more. */
struct flood_bound {
	unsigned	rate;		/* 0: no bound */
	unsigned	burst;
};

/* Recipients beyond the bound that no summary has counted before. */
struct flood_summary {
	uint64_t	count;		/* 0: there are none */
	struct netaddr	client;		/* the last of them came from here */
};

struct flood_due {
	struct flood_summary	own;	/* with the recipient that was asked for */
	struct flood_summary	other;	/* of a network that had to make room */
};

/* NULL: no memory. */
struct flood	*flood_new(const uint8_t key[SIPHASH_KEY_SIZE]);
void		 flood_free(struct flood *);

/*
 * Returns 1 where one more recipient of this client is within the bound. Returns 0 where
 * it is not, and counts it. In both cases the caller has to write what *due_r has.
 */
int	flood_admit(struct flood *, const struct netaddr *client,
	    const struct flood_bound *, int64_t now_us, struct flood_due *due_r);

/*
 * Takes a summary of a network whose last one is FLOOD_SAY_US old, or of any (wants_all).
 * Begin with *at 0; returns 0 when there are no more.
 */
int	flood_take(struct flood *, int64_t now_us, int wants_all, size_t *at,
	    struct flood_summary *summary_r);

/* "192.0.2.0/24", "2001:db8::/48", "unknown". */
void	flood_network(const struct netaddr *client, char text_r[NETADDR_TEXT_SIZE]);

#endif
