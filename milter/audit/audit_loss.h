/* milter/audit/audit_loss.h: count of lost records, and when to log it */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_LOSS_H
#define AUTHRELAY_AUDIT_LOSS_H

#include <stdint.h>

#define AUDIT_LOSS_LOW	(-1)	/* no errno: less is free than audit.min-free */

/* The caller's lock guards it. All zero is a good start. */
struct audit_loss {
	uint64_t	count;		/* since the last message of recovery */
	int		is_announced;	/* that was logged */
	int64_t		next_waiting;	/* as below, for what waits */
	int64_t		next_note;	/* monotonic, in ms; nothing is logged before */
};

/* What is to be logged once the lock is let go. */
struct audit_note {
	enum {
		AUDIT_NOTE_NOTHING,
		AUDIT_NOTE_WAITING,
		AUDIT_NOTE_LOST,
		AUDIT_NOTE_UNLOGGED,	/* no file is set, the log took none */
		AUDIT_NOTE_RECOVERED
	} kind;
	uint64_t	count;
	int		error;
};

/*
 * Counts what was lost in this attempt, for an error of errno or of authrelay, or that
 * nothing was, and finds what is to be said of it now: a loss at most once a minute, then
 * that it is over, with the count.
 */
struct audit_note	audit_loss_account(struct audit_loss *, uint64_t lost, int error);

/* The same for what could not be written yet, and is kept to be tried again. */
struct audit_note	audit_loss_wait(struct audit_loss *, uint64_t kept, int error);

/* Returns the count of what was not said yet, and forgets it. */
uint64_t		audit_loss_take(struct audit_loss *);

/* Logs it. */
void			audit_loss_say(const struct audit_note *);

#endif
