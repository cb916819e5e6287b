/* milter/dns/dns.h: stub resolver with a deadline */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DNS_H
#define AUTHRELAY_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "config/conf.h"
#include "core/buf.h"
#include "dns/rrset.h"

#define DNS_TYPES_MAX	2	/* asked for at once */

struct dns_options {
	const char *const	*servers;	/* as dns.servers has them */
	size_t			 count;		/* 0: those of resolv_conf */
	enum conf_trust_ad		 trust_ad;
	const char		*resolv_conf;	/* NULL: /etc/resolv.conf */
};

struct dns;

/*
 * Which servers to ask, and how; any number of threads may ask by it at once. It has no
 * descriptor, and no state but which servers were silent (dns_health.h). What the options
 * point to is not needed afterwards. Returns NULL without memory, or with a constant text
 * in *why_r if a server is not an address or resolv_conf exists and cannot be read.
 */
struct dns	*dns_open(const struct dns_options *, const char **why_r);
void		 dns_close(struct dns *);	/* NULL is legal */

/* Adds the servers, how they are asked, and whether AD is believed, as one line. */
void		 dns_describe(const struct dns *, struct buf *);

/* Whether both would ask the same servers in the same way. */
int		 dns_is_equal(const struct dns *, const struct dns *);

/* Learns which servers were silent, where dns_is_equal(). */
void		 dns_take_over(struct dns *, const struct dns *before);

/*
 * Asks for `count` types (1 to DNS_TYPES_MAX, no two the same) of a name at the same time
 * and writes an rrset for each; the caller clears them. Never fails otherwise than by
 * RRSET_FAILURE, and is back at the deadline, a time of clock_monotonic_us(). A name
 * is in path_domain()'s form; what is none is a failure, and no server hears of it.
 */
void		 dns_ask(const struct dns *, const char *name,
		    const enum rrset_type *types, size_t count, int64_t deadline_us,
		    struct rrset *rrsets_r);

/* Of ldns; a constant text. */
const char	*dns_library_version(void);

#endif
