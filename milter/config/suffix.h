/* milter/config/suffix.h: domains below which strangers have theirs */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SUFFIX_H
#define AUTHRELAY_SUFFIX_H

/*
 * Is the domain, of A-labels in lower case, a public suffix that a registry gives names
 * below (publicsuffix.org, its part of ICANN): "com", "co.uk"? 0 where it is not, and
 * where no list was built in: see suffix_describe().
 */
int		 suffix_is_public(const char *domain);

/* Where the list is from, for a line of its own: "libpsl 0.21.2", "none". */
const char	*suffix_describe(void);

#endif
