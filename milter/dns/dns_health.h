/* milter/dns/dns_health.h: order of name servers, those that timed out last */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DNS_HEALTH_H
#define AUTHRELAY_DNS_HEALTH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "os/nameserver.h"

#define DNS_HEALTH_SILENCES	3	/* in a row, and a server is asked last */
#define DNS_HEALTH_MIN		5	/* seconds; it doubles */
#define DNS_HEALTH_MAX		60

/*
 * All zero is healthy. Any number of threads may use it at once; each value is right by
 * itself, and nothing depends on more than one. No server is ever left out: what is
 * silent may be the domain that is asked for.
 */
struct dns_health {
	struct {
		atomic_uint	silences;
		atomic_llong	until_us;	/* asked last until then */
	} servers[NAMESERVERS_MAX];
};

/*
 * The order in which to ask: from the first one on, and the silent ones last. Of the
 * questions that come when the time of a silent one is over, one finds it in its place.
 */
void	dns_health_order(struct dns_health *, size_t first, size_t count, int64_t now_us,
	    uint8_t order_r[NAMESERVERS_MAX]);

/* A server has said something, or nothing for as long as it was given. */
void	dns_health_answer(struct dns_health *, size_t server);
void	dns_health_silence(struct dns_health *, size_t server, int64_t now_us);

void	dns_health_copy(struct dns_health *to, const struct dns_health *from);

#endif
