/* milter/audit/audit_chain.h: chain values and anchors of an audit file's lines */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_CHAIN_H
#define AUTHRELAY_AUDIT_CHAIN_H

#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "record/audit_key.h"
#include "record/chain.h"

/* What a line has after record_json_body(): audit_chain_seal() fills in the digits. */
#define AUDIT_LINE_END	",\"chain\":\"00000000000000000000000000000000\"}\n"

/*
 * The end of a file's chain; for one thread at a time. Only audit_chain.c uses its
 * members.
 */
struct audit_chain {
	struct chain	*hash;		/* of the bytes after the last value */
	unsigned char	 value[CHAIN_SIZE];	/* the last; zeros: there is none yet */
	unsigned char	 before[CHAIN_SIZE];	/* the last value kept */
	uint64_t	 count;		/* of records with a value in the file */
};

/* -1: no memory, or no SHA-256 in the library; clear it all the same. */
int	audit_chain_init(struct audit_chain *);
void	audit_chain_clear(struct audit_chain *);

/*
 * Continues after this value, which may be the chain's own, in a file with `count`
 * records, and reads the bytes that follow the value in the file: fd from this offset
 * on, or none if fd is -1. -1 and errno: it has to begin again before lines can be
 * sealed.
 */
int	audit_chain_begin(struct audit_chain *, const unsigned char value[CHAIN_SIZE],
	    uint64_t count, int fd, off_t from);

/* The last value and the number of records in the file. */
const unsigned char	*audit_chain_value(const struct audit_chain *);
uint64_t	audit_chain_count(const struct audit_chain *);

/* Adds bytes that are in the file and have no value. -1: as audit_chain_begin(). */
int	audit_chain_add(struct audit_chain *, const void *, size_t);

/*
 * Fills in the chain value of each of the lines, and adds the value before to the first
 * one of a file: *shift_r is by how much that moves what follows. With a number for it,
 * adds an anchor that counts them all, signed with the key unless it is NULL, and its
 * line for the log to the buffer. audit_chain_keep() has to follow. -1: no memory, or
 * the library failed: nothing may be written, and the chain has to begin again after
 * the value it has.
 */
int	audit_chain_seal(struct audit_chain *, const struct audit_key *,
	    struct buf *lines, uint64_t lines_count, uint64_t anchor_seq,
	    size_t *shift_r, struct buf *anchor);

/*
 * Of the sealed lines (`count` of them, the anchor included) the first `done` bytes are
 * in the file: returns how many lines are whole, or lack only their line end, and makes
 * the value of the last of them the chain's. Unless all bytes are there, it has to
 * begin again.
 */
uint64_t	audit_chain_keep(struct audit_chain *, const struct buf *lines,
		    uint64_t count, size_t done);

/*
 * Removes the first `done` of `count` lines, and leaves the others as they were before
 * audit_chain_seal(), which moved them by `shift`.
 */
void	audit_chain_undo(struct buf *lines, uint64_t count, uint64_t done, size_t shift);

#endif
