/* milter/audit/audit_seal.h: chain values and anchors of the lines to be written */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_SEAL_H
#define AUTHRELAY_AUDIT_SEAL_H

#include "audit/audit_file.h"

/*
 * Puts the chain value into each of the lines, and the value of the file before into the
 * first one of a file; with a number for it, adds an anchor that counts them all. The
 * file's chain is then what it is once all of them are in it. -1: no memory, or the
 * library failed; nothing may be written, and the file's value and chain are lost.
 */
int	audit_seal(struct audit_file *, struct buf *lines, uint64_t lines_count,
	    uint64_t anchor_seq, struct audit_written *);

/*
 * Where only the first bytes were written, and not an anchor: how many lines are whole,
 * if only their line end is missing. The value of the last becomes the file's.
 */
uint64_t	audit_seal_resume(struct audit_file *, const struct buf *lines, size_t done);

/*
 * Leaves those lines that were not written, of so many, as they were before audit_seal().
 */
void	audit_seal_undo(struct buf *lines, uint64_t count, const struct audit_written *);

#endif
