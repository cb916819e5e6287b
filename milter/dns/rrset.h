/* milter/dns/rrset.h: answer to one DNS question */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RRSET_H
#define AUTHRELAY_RRSET_H

#include <stddef.h>
#include <stdint.h>

#include "core/netaddr.h"
#include "core/path.h"

/* The numbers of the protocol (RFC 1035 §3.2.2, RFC 3596). */
enum rrset_type {
	RRSET_A = 1,
	RRSET_MX = 15,
	RRSET_AAAA = 28
};

enum rrset_status {
	RRSET_FOUND,
	RRSET_NODATA,		/* proven: the name is there, and has none of the type */
	RRSET_NXDOMAIN,
	RRSET_FAILURE		/* DNS did not say, see why */
};

/* A host is in path_domain()'s form. What is no plain name of a host is not asked for. */
struct rrset_mx {
	unsigned	 preference;
	int		 is_null;	/* target ".": RFC 7505 */
	int		 is_host;	/* host is a plain name of at least two labels */
	char		 host[PATH_DOMAIN_SIZE];
};

/*
 * The records of one type at the end of the CNAME chain that began at the name asked for.
 * At most one of mx and addrs is not NULL; both are owned.
 */
struct rrset {
	enum rrset_type		 type;
	enum rrset_status	 status;
	const char		*why;		/* of RRSET_FAILURE, a constant text */
	int			 is_secure;	/* AD, from servers that are believed */
	/*
	 * There were more records than a limit lets in, and count is 0 or that limit; or
	 * the chain is a loop or too long. RRSET_FOUND either way, and never NODATA.
	 */
	int			 is_cut;
	uint32_t		 ttl;		/* seconds: the least that was used */
	size_t			 count;
	struct rrset_mx		*mx;
	struct netaddr		*addrs;
	unsigned		 queries;	/* sent, to all servers */
	int64_t			 elapsed_us;
	char			 server[64];	/* that answered last: 127.0.0.1:53 */
};

/* Frees what it owns; the rrset itself is the caller's. All zero is legal. */
void	rrset_clear(struct rrset *);

#endif
