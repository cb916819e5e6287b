/* milter/os/ownaddr.c: which addresses are our own */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "os/ownaddr.h"

enum scope {
	NOWHERE,		/* never anybody's own */
	NEAR,			/* this host, or this link */
	PRIVATE
};

struct range {
	enum netaddr_family	 family;
	uint8_t			 bytes[2];
	unsigned		 bits;		/* at most 16; or more, of zeros */
	uint8_t			 last;		/* of 128: the last byte, others 0 */
	enum scope		 scope;
	const char		*kind;
};

static const struct range ranges[] = {
	{ NETADDR_V4, { 0, 0 }, 8, 0, NOWHERE, "an unspecified address" },
	{ NETADDR_V4, { 127, 0 }, 8, 0, NEAR, "a loopback address" },
	{ NETADDR_V4, { 169, 254 }, 16, 0, NEAR, "a link-local address" },
	{ NETADDR_V4, { 224, 0 }, 4, 0, NOWHERE, "a multicast address" },
	{ NETADDR_V4, { 240, 0 }, 4, 0, NOWHERE, "a reserved address" },
	{ NETADDR_V4, { 10, 0 }, 8, 0, PRIVATE, "a private address" },
	{ NETADDR_V4, { 172, 16 }, 12, 0, PRIVATE, "a private address" },
	{ NETADDR_V4, { 192, 168 }, 16, 0, PRIVATE, "a private address" },
	{ NETADDR_V4, { 100, 64 }, 10, 0, PRIVATE, "a private address" },
	{ NETADDR_V6, { 0, 0 }, 128, 0, NOWHERE, "an unspecified address" },
	{ NETADDR_V6, { 0, 0 }, 128, 1, NEAR, "a loopback address" },
	{ NETADDR_V6, { 0, 0 }, 96, 0, NOWHERE, "an IPv4-compatible address" },
	{ NETADDR_V6, { 0xfe, 0x80 }, 10, 0, NEAR, "a link-local address" },
	{ NETADDR_V6, { 0xff, 0 }, 8, 0, NOWHERE, "a multicast address" },
	{ NETADDR_V6, { 0xfc, 0 }, 7, 0, PRIVATE, "a private address" },
	{ NETADDR_V6, { 0xfe, 0xc0 }, 10, 0, PRIVATE, "a private address" },
};

static int
is_in_range(const struct range *range, const struct netaddr *addr)
{
	uint8_t whole[16] = { 0 };

	if (addr->family != range->family)
		return 0;
	if (range->bits > 16) {
		whole[15] = range->last;
		return memcmp(addr->bytes, whole, range->bits / 8) == 0;
	}
	unsigned prefix = (unsigned)(range->bytes[0] << 8 | range->bytes[1]);
	unsigned found = (unsigned)(addr->bytes[0] << 8 | addr->bytes[1]);
	return (prefix ^ found) >> (16 - range->bits) == 0;
}

/* The first that has the address, or NULL. */
static const struct range *
range_of(const struct netaddr *addr)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (is_in_range(&ranges[i], addr))
			return &ranges[i];
	return NULL;
}

const char *
ownaddr_refusal(const struct netaddr *addr, int is_listed)
{
	const struct range *range = range_of(addr);

	if (addr->family == NETADDR_NONE)
		return "no address";
	return range == NULL || (range->scope == PRIVATE && is_listed) ? NULL : range->kind;
}

int
ownaddr_is_near(const struct netaddr *addr)
{
	const struct range *range = range_of(addr);

	return range != NULL && range->scope != NOWHERE;
}

int
ownaddr_is_usable(const struct netaddr *addr, int is_listed)
{
	return ownaddr_refusal(addr, is_listed) == NULL;
}

static struct netaddr
address_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;

	if (sa != NULL && sa->sa_family == AF_INET)
		return netaddr_v4(&v4->sin_addr);
	if (sa != NULL && sa->sa_family == AF_INET6)
		return netaddr_v6(&v6->sin6_addr);
	return (struct netaddr){ .family = NETADDR_NONE };
}

int
ownaddr_add_interfaces(struct netset *set)
{
	struct ifaddrs *interfaces;
	int result = 0;

	if (getifaddrs(&interfaces) == -1)
		return -1;
	for (struct ifaddrs *i = interfaces; i != NULL && result == 0; i = i->ifa_next) {
		struct netset_network network = { .addr = address_of(i->ifa_addr) };
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
