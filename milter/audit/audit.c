/* milter/audit/audit.c: writer of audit records, to the file and the log */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/audit_file.h"
#include "audit/audit_queue.h"
#include "audit/audit_chain.h"
#include "audit/audit_space.h"
#include "os/log.h"
#include "os/signals.h"
#include "record/record_cut.h"
#include "record/redact.h"

#define BATCHES	16	/* that one thread writes before it hands the lead over */

struct audit {
	struct audit_queue	 queue;
	struct audit_file	 file;		/* the leader's, as is the next */
	struct audit_space	 space;
	atomic_int		 is_redacted;
	pthread_t		 clock;		/* these three: for start, reload, stop */
	int			 has_clock;
	struct buf		 note;		/* of the chain, not yet asked for */
	pthread_mutex_t		 lock;		/* guards what follows */
	struct redact		*redact;	/* NULL: none */
};

static struct audit_file_options
file_options(const struct audit_options *options)
{
	return (struct audit_file_options){
		.name = options->file,
		.is_synced = options->durability == AUDIT_SYNCED,
		.rotate_size = options->rotate_size,
		.keep = options->keep,
		.keep_days = options->keep_days,
		.key = options->key,
	};
}

static struct audit_queue_options
queue_options(const struct audit_options *options)
{
	return (struct audit_queue_options){
		.durability = options->durability,
		.queue = options->queue,
		.anchor_interval = options->anchor_interval,
		.has_file = *options->file != '\0',
		.to_log = options->to_log,
	};
}

static void
use_options(struct audit *audit, const struct audit_options *options)
{
	struct redact	*before;

	pthread_mutex_lock(&audit->lock);
	before = audit->redact;
	audit->redact = redact_ref(options->redact);
	atomic_store(&audit->is_redacted, audit->redact != NULL);
	pthread_mutex_unlock(&audit->lock);
	redact_unref(before);
}

static struct audit *
audit_new(void)
{
	struct audit	*audit = calloc(1, sizeof *audit);

	if (audit == NULL)
		return NULL;
	if (pthread_mutex_init(&audit->lock, NULL) != 0) {
		free(audit);
		return NULL;
	}
	if (audit_queue_init(&audit->queue) == -1) {
		pthread_mutex_destroy(&audit->lock);
		free(audit);
		return NULL;
	}
	return audit;
}

struct audit *
audit_open(const struct audit_options *options)
{
	struct audit_file_options	 of_file = file_options(options);
	struct audit_queue_options	 of_queue = queue_options(options);
	struct audit			*audit = audit_new();
	uint64_t			 seq;

	if (audit == NULL) {
		log_error("audit: out of memory");
		return NULL;
	}
	if (audit_file_open(&audit->file, &of_file, &seq, &audit->note) == -1) {
		audit_close(audit);
		return NULL;
	}
	audit_space_init(&audit->space, options->min_free);
	audit_queue_begin(&audit->queue, &of_queue, seq);
	use_options(audit, options);
	return audit;
}

/* By the leader. Writes the batch that was taken; returns 1 with the next one taken. */
static int
write_batch(struct audit *audit, enum audit_lead lead)
{
	struct audit_batch	*batch = &audit->queue.writing;
	struct audit_written	 written;
	struct audit_note	 note;
	struct buf		 anchor;
	int			 is_taken;

	audit_file_write(&audit->file, &batch->lines, batch->count, batch->anchor_seq,
	    &written);
	anchor = written.anchor;
	if (written.error != 0)
		audit_chain_undo(&batch->lines, batch->count, written.lines,
		    written.shift);
	written.is_low = audit_space_look(&audit->space, audit->file.fd,
	    audit->file.options.name, written.done);
	if (written.is_low)
		audit_file_expire(&audit->file);
	is_taken = audit_queue_settle(&audit->queue, &written,
	    audit_file_is_full(&audit->file), lead, &note);
	audit_loss_say(&note);
	if (anchor.len > 0 && !anchor.failed)
		(void)log_audit(anchor.data);
	buf_clear(&anchor);
	return is_taken;
}

/* Writes the batch that was taken, and some of those that come meanwhile. */
static void
lead(struct audit *audit)
{
	int	batches = BATCHES;

	while (write_batch(audit,
	    --batches > 0 ? AUDIT_LEAD_GO_ON : AUDIT_LEAD_HAND_OVER))
		;
}

static void
lose(struct audit *audit, int error)
{
	struct audit_note	note = audit_queue_lose(&audit->queue, error);

	audit_loss_say(&note);
}

/* What becomes of a record whose only place is the log. */
static int
settle_log(struct audit *audit, int result, int error)
{
	struct audit_note	note;

	if (result == 0)
		note = audit_queue_gain(&audit->queue);
	else
		note = audit_queue_lose(&audit->queue, error);
	if (note.kind == AUDIT_NOTE_LOST)
		note.kind = AUDIT_NOTE_UNLOGGED;
	audit_loss_say(&note);
	return result;
}

/* The record's line goes to the log, also where it did not reach the file. */
static int
write_log(struct audit *audit, const struct record *record,
    const struct audit_entry *entry)
{
	struct buf	line;
	int		is_failed, result = 0;

	buf_init(&line);
	record_line(&line, record, entry->seq);
	if (!line.failed)
		result = log_audit(line.data);
	is_failed = line.failed;
	if (!is_failed && !entry->has_file)
		result = settle_log(audit, result, errno);
	buf_clear(&line);
	if (is_failed)
		lose(audit, ENOMEM);
	return is_failed || (result == -1 && !entry->has_file) ? -1 : 0;
}

/* Writes a record of which the body is there. */
static int
write_body(struct audit *audit, const struct record *record, struct buf *body)
{
	struct audit_entry	entry = { .wake = PTHREAD_COND_INITIALIZER };
	struct audit_note	note;
	int			result;

	buf_puts(body, AUDIT_LINE_END);
	if (audit_queue_join(&audit->queue, &entry, record, body, &note))
		lead(audit);
	audit_loss_say(&note);
	pthread_cond_destroy(&entry.wake);
	result = entry.is_written ? 0 : -1;
	if (entry.to_log && write_log(audit, record, &entry) == -1)
		result = -1;
	return result;
}

static int
write_record(struct audit *audit, const struct record *record)
{
	struct record_cut	cut;
	int			result = -1;

	if (record_cut(record, &cut) == 0)
		result = write_body(audit, &cut.record, &cut.body);
	else
		lose(audit, ENOMEM);
	record_cut_clear(&cut);
	return result;
}

int
audit_write(struct audit *audit, const struct record *record)
{
	struct redacted	redacted;
	struct redact	*redact;
	int		result = -1;

	if (!atomic_load(&audit->is_redacted))
		return write_record(audit, record);
	pthread_mutex_lock(&audit->lock);
	redact = redact_ref(audit->redact);
	pthread_mutex_unlock(&audit->lock);
	if (redact_record(redact, record, &redacted) == 0)
		result = write_record(audit, &redacted.record);
	else
		lose(audit, ENOMEM);
	redacted_clear(&redacted);
	redact_unref(redact);
	return result;
}

void
audit_describe(struct audit *audit, struct buf *note)
{
	buf_add(note, audit->note.data, audit->note.len);
	buf_reset(&audit->note);
}

static void *
run_clock(void *arg)
{
	struct audit	*audit = arg;

	while (audit_queue_wait(&audit->queue))
		lead(audit);
	return NULL;
}

int
audit_start(struct audit *audit)
{
	int	error = signals_create_thread(&audit->clock, run_clock, audit);

	if (error != 0) {
		log_error("audit: cannot create a thread: %s", strerror(error));
		return -1;
	}
	audit->has_clock = 1;
	audit_queue_begin_clock(&audit->queue);
	return 0;
}

/* By the leader. What comes after the anchor follows the options; NULL: they stay. */
static void
write_anchor(struct audit *audit, const struct audit_queue_options *options)
{
	audit_queue_take_anchor(&audit->queue, options);
	(void)write_batch(audit, AUDIT_LEAD_KEEP);
}

/*
 * By the leader, so that nobody rotates meanwhile. Who follows the file may leave the one
 * that was renamed as soon as its name is there again, so its anchor comes before.
 */
static int
switch_file(struct audit *audit, const struct audit_options *options, uint64_t *seq_r)
{
	struct audit_file_options of_file = file_options(options);
	int is_renamed = audit_file_is_renamed(&audit->file, options->file);
	int fd = -1;

	if (is_renamed)
		write_anchor(audit, NULL);
	if (*options->file != '\0' && (fd = audit_file_open_name(options->file)) == -1) {
		log_error("audit %s: %s", options->file, strerror(errno));
		return -1;
	}
	if (!is_renamed && !audit_file_is_same(&audit->file, fd))
		write_anchor(audit, NULL);
	buf_reset(&audit->note);
	if (audit_file_switch(&audit->file, fd, &of_file, seq_r, &audit->note) == 0)
		return 0;
	log_error("audit: out of memory");
	return -1;
}

int
audit_reopen(struct audit *audit, const struct audit_options *options)
{
	struct audit_queue_options	of_queue = queue_options(options);
	struct audit_entry		entry = { .wake = PTHREAD_COND_INITIALIZER };
	struct audit_queue_options	before = audit->queue.options;	/* set by us alone */
	uint64_t			seq = 0;
	int				result;

	audit_queue_seize(&audit->queue, &entry);
	(void)write_batch(audit, AUDIT_LEAD_KEEP);
	if (!of_queue.has_file)
		write_anchor(audit, &of_queue);
	result = switch_file(audit, options, &seq);
	if (result == 0) {
		use_options(audit, options);
		audit_space_init(&audit->space, options->min_free);
	}
	audit_queue_release(&audit->queue, result == 0 ? &of_queue : &before, seq);
	pthread_cond_destroy(&entry.wake);
	return result;
}

void
audit_finish(struct audit *audit)
{
	struct audit_entry	entry = { .wake = PTHREAD_COND_INITIALIZER };
	uint64_t		lost;

	if (audit->has_clock) {
		audit_queue_end_clock(&audit->queue);
		(void)pthread_join(audit->clock, NULL);
		audit->has_clock = 0;
	}
	audit_queue_seize(&audit->queue, &entry);
	(void)write_batch(audit, AUDIT_LEAD_KEEP);
	audit_queue_take_anchor(&audit->queue, NULL);
	(void)write_batch(audit, AUDIT_LEAD_HAND_OVER);
	pthread_cond_destroy(&entry.wake);
	if ((lost = audit_queue_take_loss(&audit->queue)) != 0)
		log_error("audit: records lost: %" PRIu64, lost);
}

void
audit_close(struct audit *audit)
{
	if (audit == NULL)
		return;
	audit_finish(audit);
	audit_file_close(&audit->file);
	audit_queue_clear(&audit->queue);
	redact_unref(audit->redact);
	pthread_mutex_destroy(&audit->lock);
	buf_clear(&audit->note);
	free(audit);
}
