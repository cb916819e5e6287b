/* milter/core/netaddr.h: one IPv4 or IPv6 address */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_NETADDR_H
#define AUTHRELAY_NETADDR_H

#include <stddef.h>
#include <stdint.h>

enum netaddr_family {
	NETADDR_NONE = 0,	/* not known: equal to none, and in no network */
	NETADDR_V4 = 4,
	NETADDR_V6 = 6
};

/* Bytes in network order; of an IPv4 address the first four, the others 0. */
struct netaddr {
	enum netaddr_family	family;
	uint8_t			bytes[16];
};

#define NETADDR_TEXT_SIZE	52	/* an address, a slash, a length and a NUL */

/* A v4-mapped IPv6 address (::ffff:192.0.2.1) becomes the IPv4 address that it is. */
struct netaddr	netaddr_v4(const void *four_bytes);
struct netaddr	netaddr_v6(const void *sixteen_bytes);

/*
 * Reads exactly one address: four decimal numbers, or IPv6 as in RFC 4291 §2.2 without
 * brackets, zone or prefix length. Returns -1 if it is none.
 */
int	netaddr_parse(const char *text, size_t len, struct netaddr *addr_r);

/*
 * Writes it as RFC 5952 has it (an unknown one as "unknown"); text_r holds
 * NETADDR_TEXT_SIZE.
 */
void	netaddr_format(const struct netaddr *, char *text_r);

int	netaddr_is_equal(const struct netaddr *, const struct netaddr *);

#endif
