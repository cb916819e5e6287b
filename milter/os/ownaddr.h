/* milter/os/ownaddr.h: addresses of this host */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_OWNADDR_H
#define AUTHRELAY_OWNADDR_H

#include "core/netaddr.h"
#include "core/netset.h"

/*
 * May an address say "this mail server" to the world? Loopback, unspecified,
 * link-local, multicast, IPv4-compatible and reserved ones never may; private ones (RFC
 * 1918, RFC 6598, RFC 4193), which others have too, only where the administrator has
 * listed them.
 */
int	ownaddr_is_usable(const struct netaddr *, int is_listed);
/* Why it is not, as a constant text: "a loopback address"; NULL: it is. */
const char	*ownaddr_refusal(const struct netaddr *, int is_listed);
/* Does it stay on this host, this link or a private network? */
int	ownaddr_is_near(const struct netaddr *);

/*
 * Adds the usable ones of the interfaces that are up. Returns -1 and sets errno, also
 * without memory.
 */
int	ownaddr_add_interfaces(struct netset *);
/* The same as a set of their own, sealed. NULL: no memory, or errno says why. */
struct netset	*ownaddr_interfaces(void);

#endif
