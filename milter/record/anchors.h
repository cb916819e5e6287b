/* milter/record/anchors.h: anchors of audit files, as kept in a log or a copy */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ANCHORS_H
#define AUTHRELAY_ANCHORS_H

#include <stddef.h>
#include <stdint.h>

#include "record/chain_line.h"

struct anchor {
	uint64_t	seq;
	uint64_t	count;
	unsigned char	value[CHAIN_SIZE];
	char		time[CHAIN_LINE_TIME_SIZE];
	char		sig[CHAIN_LINE_SIG_SIZE];	/* "": none */
	int		is_found;	/* a line agrees: the verifier's */
	int		is_reported;
};

/* Memory grows with their number: there is one every few minutes. */
struct anchors {
	struct anchor	*list;	/* sealed: by number and time, none twice */
	size_t		 count;
	size_t		 size;
	size_t		 cursor;
	uint64_t	 unreadable;	/* by their beginning anchors; cut or damaged */
};

void	anchors_init(struct anchors *);
void	anchors_clear(struct anchors *);

/*
 * Takes the anchor out of a line (without its end) of syslog (traditional, ISO time or
 * RFC 5424, or the message alone) or of an audit file; other lines are skipped. Only
 * lines that the daemon logged under its own name count: other programs log text of
 * strangers. -1: no memory.
 */
int	anchors_add_line(struct anchors *, const char *line, size_t length);

/* Call it once before anchors_at(). */
void	anchors_seal(struct anchors *);

/* Those with this number; quick where numbers are asked for as they rise. */
struct anchor	*anchors_at(struct anchors *, uint64_t seq, size_t *count_r);

#endif
