/* milter/audit/audit_file.h: the audit file: opening, writing, rotation */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_FILE_H
#define AUTHRELAY_AUDIT_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "audit/audit_chain.h"
#include "audit/audit_resume.h"
#include "core/buf.h"
#include "record/audit_key.h"

struct audit_file_options {
	const char		*name;		/* "": no file */
	int			 is_synced;	/* what is written is on the disk */
	uint64_t		 rotate_size;	/* bytes; 0: never */
	unsigned		 keep;		/* old files */
	unsigned		 keep_days;	/* and all that are younger */
	const struct audit_key	*key;		/* signs anchors; not owned, or NULL */
};

/*
 * For one thread at a time, the leader of the queue. Only audit_file.c writes the
 * members; audit.c reads fd and options.
 */
struct audit_file {
	struct audit_file_options	 options;	/* the name is owned */
	int				 fd;		/* -1: none */
	int				 reader;	/* of the same file; -1: none */
	struct audit_chain		 chain;
	off_t				 size;		/* that we know of */
	enum audit_resume_end		 end;
	int				 is_stale;	/* its end has to be read again */
	int				 is_finished;	/* has its last anchor: rotate */
	int64_t				 next_rotation;	/* monotonic, in ms: not before */
};

/* What became of a batch. */
struct audit_written {
	size_t		done;		/* bytes of the lines, or one short of a line */
	uint64_t	lines;		/* whole ones */
	size_t		shift;		/* of audit_chain_seal() */
	int		error;		/* errno that stopped it */
	int		is_low;		/* there is little room: set by the caller */
	struct buf	anchor;		/* its line for the log; empty: none written */
};

/*
 * Opens the file, creates it if there is none, and finds the end of its chain, or of
 * that of NAME.1 if it has none: *seq_r is the number of the last record there, 0 if
 * there is none, and the note says where the chain begins or continues. -1, logged: it
 * cannot be opened; audit_file_close() all the same.
 */
int	audit_file_open(struct audit_file *, const struct audit_file_options *,
	    uint64_t *seq_r, struct buf *note);
void	audit_file_close(struct audit_file *);

/*
 * Seals lines, each of which ends in AUDIT_LINE_END, and writes them, followed by an
 * anchor with this number unless it is 0. A file that was removed is created again; a
 * full one is rotated before, once its last anchor is written. Without a file all
 * counts as written. The caller clears result_r->anchor; if there is an error,
 * audit_chain_undo() restores the lines that were not written.
 */
void	audit_file_write(struct audit_file *, struct buf *lines, uint64_t lines_count,
	    uint64_t anchor_seq, struct audit_written *result_r);

/* Whether it is to be rotated, and its last anchor is not written yet. */
int	audit_file_is_full(const struct audit_file *);

/* Removes a few of the old files that are not to be kept, to make room. */
void	audit_file_expire(const struct audit_file *);

/* Whether the descriptor is of the same file. */
int	audit_file_is_same(const struct audit_file *, int fd);
/* Whether this is the file's name, and no file has it any more. */
int	audit_file_is_renamed(const struct audit_file *, const char *name);

/*
 * Continues in the file of these options; fd is open on it, may be of the same file,
 * and is taken over. The chain continues, too, unless that file has one of its own;
 * then *seq_r is raised to its last number. -1: no memory; all is as it was, and fd is
 * closed.
 */
int	audit_file_switch(struct audit_file *, int fd, const struct audit_file_options *,
	    uint64_t *seq_r, struct buf *note);

/* Opens a file to append records: its descriptor, or -1 and errno. */
int	audit_file_open_name(const char *name);

#endif
