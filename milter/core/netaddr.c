/* milter/core/netaddr.c: IPv4 and IPv6 addresses */
/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "core/netaddr.h"

#define V4(...)	{ NETADDR_V4, { __VA_ARGS__ } }
#define V6(...)	{ NETADDR_V6, { __VA_ARGS__ } }

/*
 * The first that has an address is the one. The NAT64 range has the addresses of
 * RFC 8215, too.
 */
static const struct netaddr_range ranges[] = {
	{ V4(0), 8, NETADDR_UNSPECIFIED, "an unspecified address" },        /* RFC 1122 */
	{ V4(10), 8, NETADDR_PRIVATE, "a private address" },                /* RFC 1918 */
	{ V4(100, 64), 10, NETADDR_SHARED, "a private address" },           /* RFC 6598 */
	{ V4(127), 8, NETADDR_LOOPBACK, "a loopback address" },             /* RFC 1122 */
	{ V4(169, 254), 16, NETADDR_LINK_LOCAL, "a link-local address" },   /* RFC 3927 */
	{ V4(172, 16), 12, NETADDR_PRIVATE, "a private address" },          /* RFC 1918 */
	{ V4(192, 168), 16, NETADDR_PRIVATE, "a private address" },         /* RFC 1918 */
	{ V4(224), 4, NETADDR_MULTICAST, "a multicast address" },           /* RFC 5771 */
	{ V4(240), 4, NETADDR_RESERVED, "a reserved address" },             /* RFC 1112 */
	{ V6(0), 128, NETADDR_UNSPECIFIED, "an unspecified address" },      /* RFC 4291 */
	{ V6([15] = 1), 128, NETADDR_LOOPBACK, "a loopback address" },      /* RFC 4291 */
	{ V6(0), 96, NETADDR_V4_COMPATIBLE, "an IPv4-compatible address" }, /* RFC 4291 */
	{ V6(0, 0x64, 0xff, 0x9b), 32, NETADDR_NAT64, "a NAT64 address" },  /* RFC 6052 */
	{ V6(0xfc), 8, NETADDR_PRIVATE, "a private address" },              /* RFC 4193 */
	{ V6(0xfd), 8, NETADDR_PRIVATE, "a private address" },              /* RFC 4193 */
	{ V6(0xfe, 0x80), 10, NETADDR_LINK_LOCAL, "a link-local address" }, /* RFC 4291 */
	{ V6(0xfe, 0xc0), 10, NETADDR_PRIVATE, "a private address" },       /* RFC 3879 */
	{ V6(0xff), 8, NETADDR_MULTICAST, "a multicast address" },          /* RFC 4291 */
};

struct netaddr
netaddr_v4(const void *four_bytes)
{
	struct netaddr addr = { .family = NETADDR_V4 };

	memcpy(addr.bytes, four_bytes, 4);
	return addr;
}

struct netaddr
netaddr_v6(const void *sixteen_bytes)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct netaddr addr = { .family = NETADDR_V6 };

	if (memcmp(sixteen_bytes, mapped, sizeof(mapped)) == 0)
		return netaddr_v4((const uint8_t *)sixteen_bytes + sizeof(mapped));
	memcpy(addr.bytes, sixteen_bytes, sizeof(addr.bytes));
	return addr;
}

struct netaddr
netaddr_of(const struct sockaddr *sa)
{
	const void *any = sa;

	if (sa != NULL && sa->sa_family == AF_INET)
		return netaddr_v4(&((const struct sockaddr_in *)any)->sin_addr);
	if (sa != NULL && sa->sa_family == AF_INET6)
		return netaddr_v6(&((const struct sockaddr_in6 *)any)->sin6_addr);
	return (struct netaddr){ .family = NETADDR_NONE };
}

unsigned
netaddr_port(const struct sockaddr *sa)
{
	if (sa != NULL && sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	if (sa != NULL && sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
	return 0;
}

int
netaddr_parse(const char *text, size_t len, struct netaddr *addr_r)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	/* A NUL inside would hide what follows it from inet_pton(). */
	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		*addr_r = netaddr_v4(bytes);
	else if (inet_pton(AF_INET6, copy, bytes) == 1)
		*addr_r = netaddr_v6(bytes);
	else
		return -1;
	return 0;
}

void
netaddr_format(const struct netaddr *addr, char *text_r)
{
	switch (addr->family) {
	case NETADDR_V4:
		inet_ntop(AF_INET, addr->bytes, text_r, NETADDR_TEXT_SIZE);
		return;
	case NETADDR_V6:
		inet_ntop(AF_INET6, addr->bytes, text_r, NETADDR_TEXT_SIZE);
		return;
	case NETADDR_NONE:
		break;
	}
	memcpy(text_r, "unknown", sizeof("unknown"));
}

int
netaddr_is_equal(const struct netaddr *a, const struct netaddr *b)
{
	return a->family != NETADDR_NONE && a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int
netaddr_is_in(const struct netaddr *addr, const struct netaddr *network, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (addr->family != network->family ||
	    memcmp(addr->bytes, network->bytes, bytes) != 0)
		return 0;
	return rest == 0 ||
	    (addr->bytes[bytes] ^ network->bytes[bytes]) >> (8 - rest) == 0;
}

const struct netaddr_range *
netaddr_range(const struct netaddr *addr)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (netaddr_is_in(addr, &ranges[i].first, ranges[i].bits))
			return &ranges[i];
	return NULL;
}

int
netaddr_is_kind(const struct netaddr *addr, enum netaddr_kind kind)
{
	const struct netaddr_range *range = netaddr_range(addr);

	return range != NULL && range->kind == kind;
}
