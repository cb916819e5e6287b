/* milter/core/netaddr.h: IPv4 and IPv6 addresses */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_NETADDR_H
#define AUTHRELAY_NETADDR_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr;

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

enum netaddr_kind {
	NETADDR_UNSPECIFIED,
	NETADDR_LOOPBACK,
	NETADDR_LINK_LOCAL,
	NETADDR_PRIVATE,
	NETADDR_SHARED,		/* by a provider's customers */
	NETADDR_NAT64,
	NETADDR_V4_COMPATIBLE,
	NETADDR_MULTICAST,
	NETADDR_RESERVED
};

/* A range of special-purpose addresses (RFC 6890). */
struct netaddr_range {
	struct netaddr		 first;
	unsigned		 bits;
	enum netaddr_kind	 kind;
	const char		*name;		/* "a private address" */
};

#define NETADDR_TEXT_SIZE	52	/* an address, a slash, a length and a NUL */

/* A v4-mapped IPv6 address (::ffff:192.0.2.1) becomes the IPv4 address that it is. */
struct netaddr	netaddr_v4(const void *four_bytes);
struct netaddr	netaddr_v6(const void *sixteen_bytes);
/* Of NULL, or of another family: NETADDR_NONE. */
struct netaddr	netaddr_of(const struct sockaddr *);
/* The port that is with it; 0: of another family. */
unsigned	netaddr_port(const struct sockaddr *);

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
/* Do both have the same first bits, and the same family? */
int	netaddr_is_in(const struct netaddr *, const struct netaddr *network,
	    unsigned bits);

/* The range that has the address, a constant; NULL: one of the Internet, or none. */
const struct netaddr_range	*netaddr_range(const struct netaddr *);
/* Is it in a range of this kind? */
int	netaddr_is_kind(const struct netaddr *, enum netaddr_kind);

#endif
