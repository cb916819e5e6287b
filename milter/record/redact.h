/* milter/record/redact.h: replacement of local parts by keyed hashes */
/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#ifndef AUTHRELAY_REDACT_H
#define AUTHRELAY_REDACT_H

#include "core/buf.h"
#include "record/record.h"

#define REDACT_TEXTS	4

/*
 * A local part becomes "~" and 20 hexadecimal digits of an HMAC-SHA-256 of the address in
 * lower case: the same address gives the same hash, and its domain stays. Text that does
 * not end in a domain is hashed as a whole. Never changed once it is made, so that
 * threads may share it.
 */
struct redact;

/*
 * The key is the content of the file, up to 1024 bytes, without line ends at its end.
 * NULL: *why_r is a text not to be freed. A file that group or others may use is
 * refused, and a key of less than 16 bytes.
 */
struct redact	*redact_read(const char *file, const char **why_r);
/* The owner of the file that the key was read from. */
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
 * Replaces the local parts in sender, rcpt, rcpt_mta and reply, as redact.c has it. A
 * sender of which only the beginning was kept is hashed as a whole, and the hash that
 * the record has of all of it is hashed with the key. A NULL redact hides nothing. The
 * record's texts must live as long as redacted_r. -1: no memory, or the library failed.
 * Either way the caller calls redacted_clear().
 */
int	redact_record(const struct redact *, const struct record *,
	    struct redacted *redacted_r);
void	redacted_clear(struct redacted *);

#endif
