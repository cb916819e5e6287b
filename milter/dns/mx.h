/* milter/dns/mx.h: standing of this server in a domain's MX set */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_H
#define AUTHRELAY_MX_H

#include <stddef.h>
#include <stdint.h>

#include "core/domset.h"
#include "core/netset.h"
#include "core/policy.h"
#include "dns/mx_hosts.h"
#include "dns/rrset.h"

/*
 * Whatever a domain's owner writes into DNS, no more than this is looked at, and of MX
 * records MX_RECORDS_MAX.
 */
#define MX_HOSTS_MAX		10	/* whose addresses are asked for */
#define MX_ADDRESSES_MAX	256	/* of one host and family */
/*
 * For how many seconds a verdict holds at most that a better mail exchanger might change
 * whose addresses could not be looked up.
 */
#define MX_UNSURE_TTL		60

#define MX_TEXT_SIZE		1024	/* more than the longest: three names and words */

/* Who we are, and what counts. Nothing here is owned; a set that is NULL is not given. */
struct mx_rules {
	const struct netset	*listed;	/* own addresses by the configuration */
	const struct netset	*interfaces;	/* own addresses as they came */
	const struct domset	*names;		/* that mean us as a mail exchanger */
	const struct netset	*networks;	/* where all best ones must be */
	const struct domset	*domains;	/* the only ones to be asked for */
	int			 require_dnssec;
	/* a mail exchanger of less preference is of no use */
	int			 primary_only;
};

struct mx_question {
	const char	*name;		/* belongs to the inquiry */
	enum rrset_type	 types[2];	/* to be asked for at once */
	size_t		 count;
};

struct mx_verdict {
	enum policy_mx	 standing;	/* not UNASKED */
	uint32_t	 ttl;		/* seconds, of all it rests on; 0: on a failure */
	/*
	 * For the record: "backup 20 mx.us.example via 198.51.100.25, best 10
	 * mx.other.example, ad=1, 3 queries, 412 us". Printable ASCII.
	 */
	char		 text[MX_TEXT_SIZE];
};

/* One inquiry on its way. */
struct mx;

/*
 * The verdict over a domain (in path_domain()'s form) that nobody has to be asked for:
 * BADNAME, or NOT where mx.domains does not have it. Returns 1 if there is one, else 0.
 */
int		 mx_is_plain(const struct mx_rules *, const char *domain,
		    struct mx_verdict *verdict_r);

/*
 * The end of a domain below which one hand makes names, as far as that can be told: the
 * entry of mx.domains that has it, or its last two labels where these are longer. Names
 * below co.uk are one group then, which costs them their share (mx_limit.h) and no more;
 * mx.domains tells them apart. Sets *is_listed_r where mx.domains names the domain itself
 * and not just a parent, so that no stranger can make more of its like.
 */
const char	*mx_group(const struct mx_rules *, const char *domain, int *is_listed_r);

/*
 * An inquiry about a domain over which mx_is_plain() has no verdict. The rules and the
 * domain have to stay as long. NULL: no memory.
 */
struct mx	*mx_begin(const struct mx_rules *, const char *domain);
void		 mx_end(struct mx *);	/* NULL is legal */

/*
 * Takes the answers to the last question, an rrset for each of its types (NULL before the
 * first one); they stay the caller's. Returns 1 with the next question, or 0 with the
 * verdict. There is an end: at most 1 + 2 * MX_HOSTS_MAX questions.
 */
int		 mx_next(struct mx *, const struct rrset *answers,
		    struct mx_question *question_r, struct mx_verdict *verdict_r);

/* "not", "primary", "backup", "tempfail", "badname", as the text of a verdict begins. */
const char	*mx_standing_name(enum policy_mx);
/* "A", "MX", "AAAA". */
const char	*mx_type_name(enum rrset_type);

#endif
