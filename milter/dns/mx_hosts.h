/* milter/dns/mx_hosts.h: mail exchangers of a domain, sorted by preference */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_HOSTS_H
#define AUTHRELAY_MX_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/domset.h"
#include "core/path.h"
#include "dns/rrset.h"

#define MX_RECORDS_MAX	100	/* of a domain that is looked at */
#define MX_NO_HOST	SIZE_MAX

struct mx_host {
	unsigned	preference;
	int		is_host;	/* name is one that may be asked for */
	char		name[PATH_DOMAIN_SIZE];
	/* how far an inquiry has come with it */
	unsigned	asked;		/* families */
	int		is_past_limit;
	int		has_address;
};

/* All zero is none. */
struct mx_hosts {
	struct mx_host	list[MX_RECORDS_MAX];
	size_t		count;
};

/* At least two labels of letters, digits, - and _, and no look-alike of an address. */
int		 mx_is_host_name(const char *);

/*
 * Takes a set of MX records: sorted, and a host that is named twice once, where it is
 * better. Returns NULL, or why there is no mail exchanger in it, as a constant text.
 */
const char	*mx_hosts_read(struct mx_hosts *, const struct rrset *);

/* Takes the domain itself, which has no MX record (RFC 5321 §5.1). */
void		 mx_hosts_set_implicit(struct mx_hosts *, const char *domain);

/* Nobody is better than that one. */
int		 mx_hosts_is_best(const struct mx_hosts *, size_t);

/* The best one that has one of these names, or MX_NO_HOST. */
size_t		 mx_hosts_find(const struct mx_hosts *, const struct domset *names);

#endif
