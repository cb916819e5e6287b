/* milter/dns/dns_packet.h: DNS queries and answers, by ldns */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DNS_PACKET_H
#define AUTHRELAY_DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "dns/dns_reply.h"
#include "dns/rrset.h"

#define DNS_PACKET_SIZE		512
#define DNS_PACKET_LINKS_MAX	8	/* of a CNAME chain */
#define DNS_PACKET_MX_MAX	100
#define DNS_PACKET_ADDRS_MAX	256

/*
 * A query with RD, AD and EDNS (RFC 6891); its id is 0. The first plain_len bytes are the
 * same without EDNS, once ARCOUNT is 0.
 */
struct dns_query_bytes {
	uint8_t	bytes[DNS_PACKET_SIZE];
	size_t	len;
	size_t	plain_len;
	size_t	question_size;		/* name, type and class */
};

/* Returns NULL, or why there is none, as a constant text. */
const char	*dns_packet_build(const char *name, enum rrset_type,
		    struct dns_query_bytes *query_r);

/*
 * Reads a reply that dns_reply_check() found readable. Fills in what the answer says and
 * nothing else: status, is_secure, is_cut, ttl, and the records. A chain of CNAMEs that
 * is a loop or too long is one that was cut. Returns NULL, or why it is no answer, as a
 * constant text; the rrset is then as it was.
 */
const char	*dns_packet_read(const uint8_t *bytes,
		    const struct dns_reply *reply, struct rrset *rrset_r);

const char	*dns_packet_version(void);

#endif
