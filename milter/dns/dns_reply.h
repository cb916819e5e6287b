/* milter/dns/dns_reply.h: validation of the bytes of a DNS reply */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DNS_REPLY_H
#define AUTHRELAY_DNS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#define DNS_REPLY_HEADER	12

enum dns_reply_kind {
	DNS_REPLY_FOREIGN,	/* no reply to this query: as if it had not come */
	DNS_REPLY_MALFORMED,
	DNS_REPLY_TRUNCATED,
	DNS_REPLY_REFUSAL,	/* the rcode is neither NOERROR nor NXDOMAIN */
	DNS_REPLY_TOO_MUCH,	/* more answers than anybody reads */
	DNS_REPLY_READABLE
};

/* What else there is to know; of a readable one all of it. */
struct dns_reply {
	unsigned	rcode;		/* with what EDNS adds to it (RFC 6891 §6.1.3) */
	int		is_secure;	/* AD */
	int		is_recursive;	/* RA */
	int		is_referral;	/* AUTHORITY names servers, and no SOA */
	unsigned	answers;
	unsigned	authorities;
	size_t		len;		/* as far as the end of AUTHORITY */
};

/*
 * Looks at every byte that a parser will look at: names whose pointers go back only,
 * records that end where they say, and those that we read of exactly their length
 * (facts that libraries take for granted). A readable reply is changed: records of other
 * types become TYPE65280, whose data is opaque, and ADDITIONAL is taken away. The query's
 * id and its question of `question_size` bytes have to be in the reply as they were sent,
 * but for the case of letters.
 */
enum dns_reply_kind	dns_reply_check(uint8_t *bytes, size_t len, const uint8_t *query,
			    size_t question_size, struct dns_reply *reply_r);

/* SERVFAIL, REFUSED...; a constant text. */
const char		*dns_reply_rcode_name(unsigned);

#endif
