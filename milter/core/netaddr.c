/* milter/core/netaddr.c: one IPv4 or IPv6 address */
/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "core/netaddr.h"

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
