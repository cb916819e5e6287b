/* milter/record/chain_line.h: the chain's part of a line of an audit file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CHAIN_LINE_H
#define AUTHRELAY_CHAIN_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "record/chain.h"

#define CHAIN_LINE_TIME_SIZE	28	/* RFC 3339 with microseconds and Z, and a NUL */
#define CHAIN_LINE_SIG_SIZE	89	/* AUDIT_KEY_SIG_SIZE */

struct chain_line {
	size_t		value_at;	/* of ,"chain":" to which all is hashed */
	size_t		rest_at;	/* after the value's closing quotation mark */
	unsigned char	value[CHAIN_SIZE];
	int		has_prev;
	unsigned char	prev[CHAIN_SIZE];
	int		has_seq;	/* v, time and seq are where they should be */
	uint64_t	seq;
	char		time[CHAIN_LINE_TIME_SIZE];	/* "" without them */
	int		is_anchor;	/* and has a count */
	uint64_t	count;
	char		sig[CHAIN_LINE_SIG_SIZE];	/* "": none */
};

/*
 * Reads a line, which the line end is not part of. Returns 1, or 0 where it does not end
 * in a chain value, or in one and the signature of an anchor: exactly as
 * authrelay-audit(5) has it.
 */
int	chain_line_parse(const char *text, size_t length, struct chain_line *line_r);

#endif
