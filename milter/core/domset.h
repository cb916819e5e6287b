/* milter/core/domset.h: set of domains, searched for a name and its parents */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DOMSET_H
#define AUTHRELAY_DOMSET_H

#include <stddef.h>

/*
 * An entry "example.com" is that name alone, ".example.com" every name below it and not
 * itself. Entries are added, the set is sealed, and from then on it never changes: any
 * number of threads may ask it without a lock.
 */
struct domset;

struct domset	*domset_new(void);		/* NULL: no memory */
void		 domset_free(struct domset *);

/*
 * Adds an entry of at most 254 bytes that is in canonical form already (path_domain():
 * A-labels, lower case, no dot at the end), with its dot in front where it has one. The
 * text is copied; the same entry twice is one. Returns -1 without memory, or past 4 GiB
 * of text. Not after domset_seal().
 */
int	domset_add(struct domset *, const char *entry, size_t len);
/* Makes it ready to be asked. Returns -1 without memory, and the set is as before. */
int	domset_seal(struct domset *);

/*
 * The entry that has the domain (canonical form): the name itself before its parents,
 * the nearest parent first. NULL: none has. The text belongs to the set.
 */
const char	*domset_find(const struct domset *, const char *domain, size_t len);

/* How many entries there are, duplicates left out; 0 before domset_seal(). */
/* Whether two sealed sets hold the same entries, added in the same order. */
int	domset_is_equal(const struct domset *, const struct domset *);

size_t	domset_count(const struct domset *);
/* All memory that the set holds, in bytes. */
size_t	domset_memory(const struct domset *);

#endif
