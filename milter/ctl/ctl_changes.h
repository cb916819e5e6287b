/* milter/ctl/ctl_changes.h: changed decisions, grouped by cause */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_CHANGES_H
#define AUTHRELAY_CTL_CHANGES_H

#include <stdint.h>

#include "core/buf.h"
#include "ctl/replay.h"
#include "record/record_read.h"

#define CTL_CHANGES_EXAMPLES	3
#define CTL_CHANGES_GROUPS	1000

#define CTL_CHANGES_TIME_SIZE	32

struct ctl_changes_example {
	int64_t		 time_us;
	char		 time[CTL_CHANGES_TIME_SIZE];	/* as the record has it */
	struct buf	 key;		/* its texts, each with a NUL after it */
};

struct ctl_changes_group {
	uint64_t			 hash;
	uint64_t			 count;
	int				 is_refused_now;
	struct buf			 key;		/* its six texts, likewise */
	struct ctl_changes_example	 examples[CTL_CHANGES_EXAMPLES];
	unsigned			 example_count;
};

struct ctl_changes {
	uint64_t			 lines;
	uint64_t			 bad_lines;
	uint64_t			 decisions;
	uint64_t			 same;
	uint64_t			 other_reason;	/* of the same */
	uint64_t			 changed;
	uint64_t			 refused_now;	/* permitted before */
	uint64_t			 permitted_now;	/* refused before */
	uint64_t			 unknown;
	uint64_t			 unknown_for[REPLAY_UNKNOWN_COUNT];
	uint64_t			 others;	/* for which no group was left */
	struct ctl_changes_group	*groups;
	size_t				 group_count;
};

void	ctl_changes_init(struct ctl_changes *);
void	ctl_changes_clear(struct ctl_changes *);

/* Takes a decision into account, beside its record. Returns -1 without memory. */
int	ctl_changes_add(struct ctl_changes *, const struct record_view *,
	    const struct replay *);

/* Adds all of it: for a reader, or as one JSON object. Sorts the groups. */
void	ctl_changes_write(struct ctl_changes *, struct buf *);
void	ctl_changes_write_json(struct ctl_changes *, struct buf *);

#endif
