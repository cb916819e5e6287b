/* milter/audit/audit_space.h: free space on the file system of the audit file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_SPACE_H
#define AUTHRELAY_AUDIT_SPACE_H

#include <stdint.h>

#include "os/seldom.h"

/* For one thread at a time, the leader. */
struct audit_space {
	uint64_t	min_free;	/* bytes; AUDIT_MIN_FREE_AUTO; 0: any will do */
	uint64_t	limit;		/* what that was at the last look */
	uint64_t	unseen;		/* bytes that were written since */
	int64_t		next_look;	/* monotonic, in ms */
	struct seldom	notes;
	int		is_low;
};

void	audit_space_init(struct audit_space *, uint64_t min_free);

/*
 * To be called after `written` bytes were written to the open file. Returns 1 if less
 * than min_free is left for unprivileged users, else 0. Asks the system at most once a
 * second, or when a part of min_free was written. Logs that space is low, at most once
 * a minute, and that it is no longer. A file that is not a regular file, or whose file
 * system does not tell its size, is never low.
 */
int	audit_space_look(struct audit_space *, int fd, const char *name,
	    uint64_t written);

#endif
