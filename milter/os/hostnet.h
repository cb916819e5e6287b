/* milter/os/hostnet.h: networks of this host's interfaces and routes */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_HOSTNET_H
#define AUTHRELAY_HOSTNET_H

#include <stddef.h>

#include "core/netaddr.h"

#define HOSTNET_NAME_SIZE	16	/* of an interface, with its NUL */

/* One address of an interface. */
struct hostnet_address {
	char		name[HOSTNET_NAME_SIZE];
	struct netaddr	addr;
	unsigned	bits;		/* of the network that it is in */
	int		is_bridge;	/* containers or virtual machines are behind it */
};

struct hostnet {
	struct hostnet_address	*addresses;
	size_t			 address_count;
	struct netaddr		*gateways;	/* of default routes */
	size_t			 gateway_count;
};

/*
 * Reads what the system says now, without loopback and link-local addresses. What it does
 * not tell is left out: elsewhere than on Linux, the gateways. Returns -1 and sets errno
 * where the interfaces cannot be read, or without memory; there is nothing to clear then.
 */
int	hostnet_read(struct hostnet *net_r);
void	hostnet_clear(struct hostnet *);

/*
 * What each system has in a way of its own, see hostnet_linux.c. The first adds the
 * gateways of default routes, and returns -1 without memory. The second says whether an
 * interface is a bridge that no network card of `others' is part of.
 */
int	hostnet_add_gateways(struct hostnet *);
int	hostnet_is_inner_bridge(const char *name, char (*others)[HOSTNET_NAME_SIZE],
	    size_t count);
/* Adds one. Returns -1 without memory. */
int	hostnet_add_gateway(struct hostnet *, const struct netaddr *);

#endif
