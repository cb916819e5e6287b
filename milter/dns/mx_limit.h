/* milter/dns/mx_limit.h: limits on MX lookups in progress, for a client, a site, all */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_LIMIT_H
#define AUTHRELAY_MX_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "core/netaddr.h"
#include "core/policy.h"
#include "core/siphash.h"

/* Lookups under way at once, of domains that are known and of the others. */
#define MX_LIMIT_KNOWN		32
#define MX_LIMIT_STRANGE	24
/* Of the known ones, and of the others, each: */
#define MX_LIMIT_CLIENT		4	/* for one client, a /32 or /64 */
#define MX_LIMIT_SITE		16	/* for one site, a /24 or /48 */
/* Of the known ones: */
#define MX_LIMIT_GROUP		4	/* of one group */
#define MX_LIMIT_GROUP_RENEWALS	2	/* of these while no mail waits; see renew.h */
#define MX_LIMIT_GROUP_KNOWN	16	/* domains of one group that are known */

/*
 * A domain is known where the last answer about it was that this server is one of its
 * mail exchangers, or where the configuration names it. Lookups of known domains are
 * counted apart: however many of the others are under way, they find their place.
 *
 * Where anybody's domain may be known, its owner may make a thousand of them known and
 * then let his name servers be silent. All domains that one hand makes are a group,
 * which has no more than its share of what is known and of what is under way.
 */
struct mx_limit;

/* Who asks for a domain, and what the domain belongs to. Nothing is owned. */
struct mx_asker {
	const struct netaddr	*client;	/* NULL: none, a known one is renewed */
	const char		*group;		/* see mx_group() */
	int			 is_listed;	/* the configuration names the domain */
};

/* A lookup under way. */
struct mx_slot;

enum mx_limit_result {
	MX_LIMIT_BEGUN,
	MX_LIMIT_BUSY,		/* as many as may be are under way */
	MX_LIMIT_CLIENT_BUSY,	/* for this client, or its site */
	MX_LIMIT_SILENT		/* too many of its site and group have failed */
};

/* For about as many known domains as a cache has entries. NULL: no memory, or no lock. */
struct mx_limit	*mx_limit_new(size_t entries, const uint8_t key[SIPHASH_KEY_SIZE]);
void		 mx_limit_free(struct mx_limit *);	/* NULL is legal */

/*
 * Begins a lookup of a domain, of which a hash is given. MX_LIMIT_BEGUN: mx_limit_end()
 * has to follow. Any number of threads may do so at once. Clocks are given, in
 * microseconds.
 */
enum mx_limit_result	mx_limit_begin(struct mx_limit *, uint64_t domain,
			    const struct mx_asker *, int64_t now_us,
			    struct mx_slot **slot_r);
void			mx_limit_end(struct mx_limit *, struct mx_slot *, int64_t now_us,
			    enum policy_mx standing);

/* Gives a slot back where nobody was asked. */
void			mx_limit_cancel(struct mx_limit *, struct mx_slot *);

/* How many are under way. */
size_t			mx_limit_count(struct mx_limit *);

#endif
