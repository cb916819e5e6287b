/* milter/record/redact.h: keyed hashes in the place of local parts */
/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#ifndef AUTHRELAY_REDACT_H
#define AUTHRELAY_REDACT_H

#include "core/buf.h"
#include "record/record.h"

#define REDACT_TEXTS	4

/*
 * A local part becomes "~" and 20 hexadecimal digits of an HMAC-SHA-256 of the address in
 * lower case: the same address gives the same hash, and its domain stays. Text that does not
 * end in a domain is hashed as a whole. Never changed once it is made, so that threads may
 * share it.
 */
struct redact;

/*
 * The key is what is in the file, up to 1024 bytes, without line ends at its end. NULL:
 * why is a text that nobody frees. A file that group or others may use is refused, and a
 * key of less than 16 bytes.
 */
struct redact	*redact_read(const char *file, const char **why_r);
/* Who owns the file that the key was read from. */
uid_t		 redact_key_owner(const struct redact *);
/* One more owner; NULL gives NULL. The last redact_unref() frees it. */
struct redact	*redact_ref(const struct redact *);
void		 redact_unref(struct redact *);

/* A record without local parts; the texts are its own, all else is the first one's. */
struct redacted {
	struct record	record;
	struct buf	texts[REDACT_TEXTS];
};

/*
 * A sender of which only the beginning was kept is hashed as a whole, and so is the hash of
 * all of it.
 *
 * sender, rcpt, rcpt_mta, and in a reply (the mail server's may say anything) each address,
 * each text in angle brackets but the client's own names, and each word that is the local part
 * of one of the three; where that cannot be sure of, all of the reply but its code. A NULL
 * redact hides nothing. -1: no memory, or the library failed. Either way the caller calls
 * redacted_clear().
 */
int	redact_record(const struct redact *, const struct record *, struct redacted *redacted_r);
void	redacted_clear(struct redacted *);

#endif
