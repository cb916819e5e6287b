/* milter/record/verify_hash.h: chain values that a line may have, for the verifier */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_VERIFY_HASH_H
#define AUTHRELAY_VERIFY_HASH_H

#include "core/buf.h"
#include "record/chain_line.h"
#include "record/record_file.h"

/* Lines since the last one with a chain value, or since the file's beginning. */
struct verify_bare {
	struct buf	bytes;
	int		is_long;	/* more than what is kept */
	int		is_open;	/* the last one has no end */
	uint64_t	from, lines;
	uint64_t	torn;		/* of them, closed with the daemon's mark */
};

/* Memory does not grow with what is hashed. */
struct verify_hash {
	struct chain		*chain;		/* on from the last line's value */
	struct chain		*other;		/* on from what it should be, if other */
	struct chain		*fresh;		/* from zeros over the bare lines */
	struct chain		*once;
	int			 has_other;
	int			 has_failed;	/* library or memory: values are wrong */
	struct verify_bare	 bare;
};

extern const unsigned char verify_hash_zeros[CHAIN_SIZE];

/* -1: no memory, or no hash in the library; clear it all the same. */
int	verify_hash_init(struct verify_hash *);
void	verify_hash_clear(struct verify_hash *);

/* A line, or a part of one, without a chain value. */
void	verify_hash_bare(struct verify_hash *, const struct record_line *, int is_new);
/* Forgets the bare lines. */
void	verify_hash_reset_bare(struct verify_hash *);

/* The value that a line should have, after the last one; and with the other as base. */
void	verify_hash_end(struct verify_hash *, const char *text, const struct chain_line *,
	    unsigned char value_r[CHAIN_SIZE], unsigned char other_r[CHAIN_SIZE]);
/* Continues after a line: with its value, and with another one or NULL. */
void	verify_hash_go_on(struct verify_hash *, const unsigned char value[CHAIN_SIZE],
	    const unsigned char *other, const char *rest, size_t length);

/* Whether the line's value comes from this one, these bytes, and the line. */
int	verify_hash_comes_from(struct verify_hash *,
	    const unsigned char value[CHAIN_SIZE], const char *bytes, size_t length,
	    const char *text, const struct chain_line *);
/* Whether it comes from the value that the line names, the bare lines, and the line. */
int	verify_hash_begins_file(struct verify_hash *, const char *text,
	    const struct chain_line *);

#endif
