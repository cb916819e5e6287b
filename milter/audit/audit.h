/* milter/audit/audit.h: writer of audit records, to the file and the log */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_H
#define AUTHRELAY_AUDIT_H

#include <stdint.h>

#include "record/audit_durability.h"
#include "record/record.h"

struct audit_key;
struct redact;

/*
 * Writes records to a file as JSON lines, each linked to all before by its chain value,
 * and to the log as key=value. Any number of threads may use one.
 */
struct audit;

struct audit_options {
	const char		*file;		/* "" for none; made with mode 0640 */
	int			 to_log;	/* also through log_audit() */
	enum audit_durability	 durability;
	unsigned		 queue;		/* records, of AUDIT_BUFFERED */
	uint64_t		 rotate_size;	/* bytes; 0: never */
	unsigned		 keep;		/* old files, where we rotate */
	unsigned		 keep_days;	/* and all that are younger; 0: none */
	uint64_t		 min_free;	/* bytes; AUDIT_MIN_FREE_AUTO; 0: none */
	unsigned		 anchor_interval;	/* seconds; 0: none by time */
	/* Not owned; both must live as long as they are in use. NULL for none. */
	const struct audit_key	*key;		/* signs anchors */
	const struct redact	*redact;	/* hides local parts */
};

/*
 * Returns NULL and logs why. A last line that is not whole is closed before the first
 * record; numbers and chain go on from where the file, or FILE.1, ends.
 */
struct audit	*audit_open(const struct audit_options *);

/*
 * Starts the thread that writes buffered lines, and anchors when they are due. Until
 * then nothing is buffered. Returns -1 and logs why if there is no thread.
 */
int	audit_start(struct audit *);

/*
 * Gives the record its number and writes it, whole: lines are in the order of their
 * numbers, and none is inside another. Returns -1 if it did not reach the file (disk
 * full, no memory, no room in the queue), or if no file is set and the log did not
 * take it. Its number is used up all the same, so that the gap shows. A loss is logged
 * at most once a minute, with a count. With a file, the file is the record: a copy that
 * the log did not take is counted by the log. A line that was torn by a full disk is
 * closed before the next one; a file that was removed is created again. Records of
 * start, reload and stop are never buffered.
 *
 * Buffered lines that could not be written stay in the queue, which takes no other until
 * they are; it is tried again every tenth of a second. From audit_start() on, nothing but
 * records of start, reload and stop is written where less than min_free is left.
 */
int	audit_write(struct audit *, const struct record *);

/*
 * Adds where the chain began or continued since the last call, for the note of a
 * record.
 */
void	audit_describe(struct audit *, struct buf *);

/*
 * Goes on in this file: the same name again, once something has renamed the old one.
 * First the old file gets the records that are under way, and an anchor if it is left.
 * -1, logged: the new file cannot be opened, and the old one stays.
 */
int	audit_reopen(struct audit *, const struct audit_options *);

/*
 * Ends the thread, writes what is buffered, and an anchor; then logs how many records
 * were lost since the last message that they are written again. A record that comes
 * later is written all the same.
 */
void	audit_finish(struct audit *);

/* The same, and frees it. No thread may be in audit_write() any more. NULL is legal. */
void	audit_close(struct audit *);

#endif
