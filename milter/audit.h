/* milter/audit.h: where audit records go */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_H
#define AUTHRELAY_AUDIT_H

#include "record.h"

/*
 * Writes records to a file as JSON lines, to the log as key=value. Any number of
 * threads may use one.
 */
struct audit;

struct audit_options {
	const char	*file;		/* "" for none; made with mode 0640 */
	int		 to_log;	/* also through log_audit() */
};

/*
 * Returns NULL and logs why. A last line that is not ended is closed before the
 * first record.
 */
struct audit	*audit_open(const struct audit_options *);

/*
 * Gives the record its number and writes it, whole: a line is never inside another,
 * and lines stand in the order of their numbers. Returns when the kernel has it. -1:
 * it did not reach the file (disk full) or there was no memory; its number is used
 * up all the same, so that the gap shows in the file. That is logged at most once a
 * minute, with a count. A line that was torn by a full disk is closed before the
 * next one; a file that was removed is made anew.
 */
int	audit_write(struct audit *, const struct record *);

/*
 * Goes on in this file: the same name again, once something has renamed the old one. What
 * is under way is written to the old file before. -1, logged: it cannot be opened, and
 * the old one stays.
 */
int	audit_reopen(struct audit *, const struct audit_options *);

/* Logs how many records were lost since it was last said that they are written again. */
void	audit_report(struct audit *);

/* No thread may be in audit_write() any more. NULL is legal. */
void	audit_close(struct audit *);

#endif
