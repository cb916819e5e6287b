/* milter/dns/dns_query.h: state machine of one DNS query */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DNS_QUERY_H
#define AUTHRELAY_DNS_QUERY_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns_health.h"
#include "dns/dns_packet.h"
#include "dns/rrset.h"
#include "os/nameserver.h"

struct dns_servers {
	struct nameserver	list[NAMESERVERS_MAX];
	size_t			count;
	int64_t			try_us;		/* of round one; it doubles every round */
	unsigned		attempts;	/* rounds */
	int			rotate;		/* each question begins with another */
	int			use_tcp;	/* from the start, and never UDP */
	int			is_ad_believed;
	struct dns_health	*health;
};

enum dns_query_phase {
	DNS_QUERY_DONE,
	DNS_QUERY_PAUSE,	/* a round failed at once; the server may be restarting */
	DNS_QUERY_UDP,
	DNS_QUERY_CONNECT,	/* TCP */
	DNS_QUERY_SEND,
	DNS_QUERY_SIZE,		/* waits for the two bytes in front of a reply */
	DNS_QUERY_REPLY
};

/* Owned by who began it, and that ends it. */
struct dns_query {
	const struct dns_servers	*servers;
	struct rrset			*rrset;
	struct dns_query_bytes		 question;
	enum dns_query_phase		 phase;
	int64_t				 began;
	int64_t				 deadline;
	int64_t				 until;		/* of phase; CLOCK_MONOTONIC */
	int64_t				 round_began;
	unsigned			 round;
	unsigned			 turn;		/* counts through all rounds */
	uint8_t				 order[NAMESERVERS_MAX];	/* of a round */
	int64_t				 turn_began;
	unsigned			 without_edns;	/* a bit for each server */
	unsigned			 gave_up;	/* said what it would say again */
	unsigned			 junk;
	const char			*why;		/* the last try failed */
	int				 fd;
	uint8_t				 out[2 + DNS_PACKET_SIZE];	/* as in TCP */
	size_t				 out_len;
	uint8_t				*in;
	size_t				 done;		/* bytes sent or read */
	size_t				 want;
};

/* Sends the first bytes. The rrset is filled in when the phase is DNS_QUERY_DONE. */
void	dns_query_begin(struct dns_query *, const struct dns_servers *, const char *name,
	    enum rrset_type, int64_t now, int64_t deadline, struct rrset *);

/* What it waits for, besides for `until`. */
struct pollfd	dns_query_poll(const struct dns_query *);

/* To be called when that came, or when it is time. */
void	dns_query_step(struct dns_query *, short revents, int64_t now);

/* Frees what it owns; an rrset that was not filled in stays so. */
void	dns_query_end(struct dns_query *);

#endif
