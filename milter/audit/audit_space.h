/* milter/audit/audit_space.h: how much room is left on the disk of the audit file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_SPACE_H
#define AUTHRELAY_AUDIT_SPACE_H

#include <stdint.h>

/* For one thread at a time, the leader. */
struct audit_space {
	uint64_t	min_free;	/* bytes; 0: it does not matter; AUDIT_MIN_FREE_AUTO */
	uint64_t	limit;		/* what that was at the last look */
	uint64_t	unseen;		/* bytes that were written since */
	int64_t		next_look;	/* monotonic, in ms */
	int64_t		next_note;
	int		is_low;
};

void	audit_space_init(struct audit_space *, uint64_t min_free);

/*
 * After so many bytes were written to the file, which is open: returns whether less than
 * min_free is left for those who are not root. Asks the system at most once a second, or
 * when a part of min_free was written. What is low is logged, at most once a minute, and
 * that it is over. What is no regular file, and a disk whose size is not known, is never
 * low.
 */
int	audit_space_look(struct audit_space *, int fd, const char *name, uint64_t written);

#endif
