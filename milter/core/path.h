/* milter/core/path.h: parser of mailbox addresses (RFC 5321 §4.1.2) */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PATH_H
#define AUTHRELAY_PATH_H

#include <stddef.h>

#include "core/netaddr.h"

enum path_form {
	PATH_PLAIN,	/* reads the same in every MTA */
	PATH_LOOSE,	/* we read it one way, an MTA may read it another way */
	PATH_BAD	/* malformed or ambiguous */
};

#define PATH_DOMAIN_SIZE	256	/* RFC 1035: 253 bytes, and room around them */
#define PATH_TEXT_MAX		1024	/* longer is bad; RFC 5321 §4.5.3.1.3 has 256 */

/* Routing is a source route, one of @ % ! in the local part, or | / : in front of it. */
struct path {
	enum path_form	 form;
	const char	*why;		/* it is not plain, a constant text */
	int		 is_routed;	/* after dequoting, it still carries routing */
	int		 is_bare;	/* a local part alone, <postmaster> */
	int		 is_literal;	/* [192.0.2.1] */
	struct netaddr	 literal;
	char		 domain[PATH_DOMAIN_SIZE];	/* path_domain()'s, or "" */
};

/*
 * Reads what a client sent after RCPT TO:, byte for byte, angle brackets and all. `utf8`
 * says that the sender announced SMTPUTF8 (RFC 6531). Never fails: what cannot be read is
 * PATH_BAD, and then nothing else in path_r is to be believed.
 */
void	path_parse(const char *text, int utf8, struct path *path_r);

/*
 * Reads {rcpt_addr}, the address as an MTA resolved it: without brackets, and otherwise
 * plain or bad. Stray dots in the local part are plain here. A domain with a capital
 * letter of more than ASCII is bad: Postfix gives it in small letters, and a server that
 * does not may not know the domain for its own.
 */
void	path_parse_resolved(const char *text, struct path *path_r);

/*
 * How many bytes of the text the path is: up to its closing bracket, where nothing but a
 * blank is next to it (Sendmail leaves the parameters of an internationalized MAIL
 * there), else all.
 */
size_t	path_length(const char *text);

/*
 * Makes the canonical form of a domain: A-labels (RFC 5890) in lower case, one dot at the
 * end taken away. U-labels are converted as IDNA2008 has it, without any mapping but that
 * of case (utf8_small()): Postfix compares case-folded domains, and does nothing else of
 * what UTS-46 would. A name that only looks like another (full-width letters, an
 * ideographic full stop, decomposed letters) is an error. Underscores are taken: names of
 * hosts have them. Returns NULL, or what is wrong as a constant text, and domain_r is "".
 */
const char	*path_domain(const char *text, size_t len,
		    char domain_r[PATH_DOMAIN_SIZE]);

#endif
