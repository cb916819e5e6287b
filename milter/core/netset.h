/* milter/core/netset.h: set of networks, searched for the narrowest match */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_NETSET_H
#define AUTHRELAY_NETSET_H

#include <stddef.h>

#include "core/netaddr.h"

/*
 * Networks are added, the set is sealed, and from then on it never changes: any number
 * of threads may ask it without a lock. IPv4 and IPv6 are apart: ::/0 holds no IPv4
 * client.
 */
struct netset;

struct netset_network {
	struct netaddr	addr;
	unsigned	bits;
};

struct netset	*netset_new(void);		/* NULL: no memory */
void		 netset_free(struct netset *);

/*
 * Reads a network: "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32"; an address alone
 * is a network of its full length. Strict: bits set past the prefix, a missing part, a
 * zone, a v4-mapped IPv6 network are errors. Returns NULL if it was read, or what is
 * wrong with it, as a constant text.
 */
const char	*netset_parse(const char *text, size_t len,
    struct netset_network *network_r);

/*
 * Takes a network as netset_parse() gives it: of a known family, no bits set past the
 * prefix. The same network twice is one. Returns -1 without memory. Not after
 * netset_seal().
 */
int	netset_add(struct netset *, const struct netset_network *);
/* Makes it ready to be asked. Returns -1 without memory, and the set is as before. */
int	netset_seal(struct netset *);

/* The narrowest network that has the address: 1 and network_r (or NULL), else 0. */
int	netset_find(const struct netset *, const struct netaddr *,
    struct netset_network *network_r);

/* Whether it has a network of the family; not before netset_seal(). */
int	netset_has_family(const struct netset *, enum netaddr_family);

/* How many networks there are, duplicates left out; 0 before netset_seal(). */
/* Whether two sealed sets hold the same addresses. */
int	netset_is_equal(const struct netset *, const struct netset *);

size_t	netset_count(const struct netset *);
/* All memory that the set holds, in bytes. */
size_t	netset_memory(const struct netset *);

/* "192.0.2.0/24", "2001:db8::/32"; text_r holds NETADDR_TEXT_SIZE. */
void	netset_format(const struct netset_network *, char *text_r);

#endif
