/* milter/audit/audit_file.h: the audit file: opening, writing, rotation */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_FILE_H
#define AUTHRELAY_AUDIT_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "audit/audit_tail.h"
#include "core/buf.h"
#include "record/audit_key.h"
#include "record/chain.h"

/* What a line has behind record_json_body(): the digits are filled in when it is written. */
#define AUDIT_FILE_LINE_END	",\"chain\":\"00000000000000000000000000000000\"}\n"

struct audit_file_options {
	const char		*name;		/* "": no file */
	int			 is_synced;	/* what is written is on the disk */
	uint64_t		 rotate_size;	/* bytes; 0: never */
	unsigned		 keep;		/* old files */
	unsigned		 keep_days;	/* and all that are younger */
	const struct audit_key	*key;		/* signs anchors; not owned, NULL for none */
};

/* For one thread at a time. All that is in here belongs to audit_file.c. */
struct audit_file {
	struct audit_file_options	 options;	/* the name is owned */
	int				 fd;		/* -1: none */
	int				 reader;	/* of the same file; -1: none */
	struct chain			*chain;		/* of what stands behind the value */
	unsigned char			 value[CHAIN_SIZE];
	uint64_t			 count;		/* of records with a value in the file */
	off_t				 size;		/* that we know of */
	enum audit_tail_end		 end;
	int				 is_stale;	/* chain and end have to be found again */
	int				 is_finished;	/* its last anchor is written: rotate */
	int64_t				 next_rotation;	/* monotonic, in ms: not before */
};

/* What became of a batch. */
struct audit_written {
	size_t		done;		/* bytes of the lines, or one less than a whole line */
	uint64_t	lines;		/* whole ones */
	size_t		shift;		/* by how much lines stand behind where they stood */
	int		error;		/* errno that stopped it */
	int		is_low;		/* there is little room: set by the caller */
	struct buf	anchor;		/* its line for the log; empty: none was written */
};

/*
 * Opens the file, makes it where there is none, and finds where its chain ends, or that
 * of NAME.1 where it has none; what there is to say of that is added to the note. -1,
 * logged: it cannot be opened.
 */
int	audit_file_open(struct audit_file *, const struct audit_file_options *,
	    uint64_t *seq_r, struct buf *note);
void	audit_file_close(struct audit_file *);

/*
 * Writes lines, each with AUDIT_FILE_LINE_END at its end, and puts their chain values into
 * them; behind them an anchor with this number, unless it is 0. A removed file is made
 * anew, a full one is rotated before if its anchor has been written. Where there is no
 * file, all counts as written. The caller clears result_r->anchor.
 */
void	audit_file_write(struct audit_file *, struct buf *lines, uint64_t lines_count,
	    uint64_t anchor_seq, struct audit_written *result_r);

/* Whether it is long enough to be rotated, and waits for its last anchor. */
int	audit_file_is_full(const struct audit_file *);

/* Removes a few of the old files that may be, where there is little room. */
void	audit_file_expire(const struct audit_file *);

/*
 * Goes on in the file of these options, which is opened and may be the same one:
 * audit_file_is_same() has the answer before. The chain goes on, too, unless that file has
 * one of its own; then *seq_r is raised to its last number. -1: no memory; all is as it
 * was, and the descriptor is closed.
 */
int	audit_file_is_same(const struct audit_file *, int fd);
/* Whether this is the file's name, and nothing has it any more. */
int	audit_file_is_renamed(const struct audit_file *, const char *name);
int	audit_file_switch(struct audit_file *, int fd, const struct audit_file_options *,
	    uint64_t *seq_r, struct buf *note);

/* Opens a file for records to be appended: its descriptor, or -1 and errno. */
int	audit_file_open_name(const char *name);

#endif
