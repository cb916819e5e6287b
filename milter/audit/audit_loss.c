/* milter/audit/audit_loss.c: count of lost records, and when to log it */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "audit/audit_loss.h"
#include "os/clock.h"
#include "os/log.h"

#define TROUBLE_MS	60000	/* between two messages about lost records */

struct audit_note
audit_loss_account(struct audit_loss *loss, uint64_t lost, int error)
{
	struct audit_note	note = { AUDIT_NOTE_NOTHING, 0, error };
	int64_t			now;

	loss->count += lost;
	if (loss->count == 0)
		return note;
	now = clock_monotonic_ms();
	if (lost == 0 && (loss->is_announced || now >= loss->next_note))
		note.kind = AUDIT_NOTE_RECOVERED;
	else if (lost != 0 && now >= loss->next_note)
		note.kind = AUDIT_NOTE_LOST;
	else
		return note;
	note.count = loss->count;
	if (note.kind == AUDIT_NOTE_RECOVERED)
		loss->count = 0;
	if (note.kind == AUDIT_NOTE_LOST || !loss->is_announced)
		loss->next_note = now + TROUBLE_MS;
	loss->is_announced = note.kind == AUDIT_NOTE_LOST;
	return note;
}

struct audit_note
audit_loss_wait(struct audit_loss *loss, uint64_t kept, int error)
{
	int64_t	now = clock_monotonic_ms();

	if (now < loss->next_waiting)
		return (struct audit_note){ AUDIT_NOTE_NOTHING, 0, error };
	loss->next_waiting = now + TROUBLE_MS;
	return (struct audit_note){ AUDIT_NOTE_WAITING, kept, error };
}

uint64_t
audit_loss_take(struct audit_loss *loss)
{
	uint64_t	count = loss->count;

	loss->count = 0;
	return count;
}

static const char *
reason(int error)
{
	if (error == AUDIT_LOSS_LOW)
		return "free space is below audit.min-free";
	return error == ENOBUFS ? "audit.queue is full" : strerror(error);
}

void
audit_loss_say(const struct audit_note *note)
{
	switch (note->kind) {
	case AUDIT_NOTE_NOTHING:
		break;
	case AUDIT_NOTE_WAITING:
		log_error("audit: %s; no other record is taken until these are written: "
		    "%" PRIu64, reason(note->error), note->count);
		break;
	case AUDIT_NOTE_UNLOGGED:
		log_error("audit: cannot write records to %s: %s; set audit.file to keep "
		    "them in a file; records lost: %" PRIu64, log_place(),
		    strerror(note->error), note->count);
		break;
	case AUDIT_NOTE_LOST:
		log_error("audit: %s; records lost: %" PRIu64, reason(note->error),
		    note->count);
		break;
	case AUDIT_NOTE_RECOVERED:
		log_warn("audit: written again; records lost: %" PRIu64, note->count);
		break;
	}
}
