/* milter/core/certset.h: set of certificates, identified by their names */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CERTSET_H
#define AUTHRELAY_CERTSET_H

#include <stddef.h>

/* What a mail server shows of a certificate. Names of two kinds are never equal. */
enum certset_kind {
	CERTSET_CN,	/* the common name alone: Postfix */
	CERTSET_DN	/* the distinguished name in one line, /O=A/CN=b: Sendmail */
};

#define CERTSET_DN_MAX	255	/* bytes of a distinguished name that Sendmail shows */

struct certset;

struct certset	*certset_new(void);	/* NULL: no memory */
void		 certset_free(struct certset *);

/*
 * Adds an entry, SUBJECT or ISSUER|SUBJECT; without an issuer it means those of any.
 * Names that begin as a distinguished name does, /TYPE=, are of that kind, and there "+"
 * and two hexadecimal digits in capitals is a byte (xtext, RFC 3461), as Sendmail writes
 * it. All others are common names, in which no character means another. Returns -1, and
 * the set is as it was: *why_r is what is wrong, or NULL without memory.
 */
int		 certset_add(struct certset *, const char *text, const char **why_r);

/*
 * The first entry, as it was written, that has these names, letter by letter; or NULL. An
 * issuer that is NULL is not known, and equal to none.
 */
const char	*certset_find(const struct certset *, enum certset_kind,
		    const char *issuer, const char *subject);

/*
 * The issuer that the first entry wants that has this subject and an issuer; NULL: none
 * does.
 */
const char	*certset_issuer_of(const struct certset *, enum certset_kind,
		    const char *subject);
size_t		 certset_count(const struct certset *);

/* The kind that a name in an entry is of. */
enum certset_kind certset_kind_of(const char *name);

#endif
