/* milter/audit/audit_resume.h: search for the end of an audit file's chain */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_RESUME_H
#define AUTHRELAY_AUDIT_RESUME_H

#include <stdint.h>
#include <sys/types.h>

#include "record/chain.h"

/* How a file ends. */
enum audit_resume_end {
	AUDIT_RESUME_WHOLE,	/* it is empty, or its last byte is a line end */
	AUDIT_RESUME_ENDLESS,	/* a record lacks its line end, and nothing else */
	AUDIT_RESUME_TORN		/* inside a line */
};

struct audit_resume {
	enum audit_resume_end	end;
	off_t			size;
	int			has_chain;	/* if not, all that follows is zero */
	unsigned char		value[CHAIN_SIZE];	/* the last */
	off_t			from;	/* after its closing quotation mark */
	uint64_t		seq;	/* of that record */
	uint64_t		count;	/* of records that have a chain value */
};

/*
 * Looks from the end of an open file of records back to its last one, and on to the
 * anchor before, which has the count; to the beginning where there is none. Needs no
 * more memory than a line. -1 and errno: it cannot be read.
 */
int	audit_resume_read(int fd, struct audit_resume *);

#endif
