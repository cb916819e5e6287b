/* milter/os/ownaddr.c: addresses of this host */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>

#include "os/ownaddr.h"

static int
is_private(const struct netaddr_range *range)
{
	return range->kind == NETADDR_PRIVATE || range->kind == NETADDR_SHARED;
}

const char *
ownaddr_refusal(const struct netaddr *addr, int is_listed)
{
	const struct netaddr_range *range = netaddr_range(addr);

	if (addr->family == NETADDR_NONE)
		return "no address";
	return range == NULL || range->kind == NETADDR_NAT64 ||
	    (is_private(range) && is_listed) ? NULL : range->name;
}

int
ownaddr_is_near(const struct netaddr *addr)
{
	const struct netaddr_range *range = netaddr_range(addr);

	return range != NULL && (is_private(range) || range->kind == NETADDR_LOOPBACK ||
	    range->kind == NETADDR_LINK_LOCAL);
}

int
ownaddr_is_usable(const struct netaddr *addr, int is_listed)
{
	return ownaddr_refusal(addr, is_listed) == NULL;
}

int
ownaddr_add_interfaces(struct netset *set)
{
	struct ifaddrs *interfaces;
	int result = 0;

	if (getifaddrs(&interfaces) == -1)
		return -1;
	for (struct ifaddrs *i = interfaces; i != NULL && result == 0; i = i->ifa_next) {
		struct netset_network network = { .addr = netaddr_of(i->ifa_addr) };
		network.bits = network.addr.family == NETADDR_V4 ? 32 : 128;
		if ((i->ifa_flags & IFF_UP) && ownaddr_is_usable(&network.addr, 0))
			result = netset_add(set, &network);
	}
	freeifaddrs(interfaces);
	if (result == -1)
		errno = ENOMEM;
	return result;
}

struct netset *
ownaddr_interfaces(void)
{
	struct netset *set = netset_new();

	if (set == NULL)
		return NULL;
	if (ownaddr_add_interfaces(set) == -1 || netset_seal(set) == -1) {
		netset_free(set);
		return NULL;
	}
	return set;
}
