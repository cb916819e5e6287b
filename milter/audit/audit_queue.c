/* milter/audit/audit_queue.c: queue of audit records and the lead over their writing */
/* SPDX-License-Identifier: ISC */

/*
 * A thread that brings a record adds its line to the pending batch. If nobody
 * writes, it leads: it takes the batch, writes it with the lock let go, tells each
 * of the batch what became of its line, and goes on with what came meanwhile. So no
 * lock is held over I/O, a thread alone never switches, and under load one write, and
 * one wait for the disk, carries many lines. After some batches the lead goes to the
 * first that waits, so that nobody writes for others for ever; not after each, since one
 * that sleeps needs so long to wake that all who come until then would sleep as well.
 *
 * What is buffered is a line that nobody waits for. The clock's thread takes the lead
 * for those, as any other, some time after the first of them came. Where they could not
 * be written, they are put back in front of all that came meanwhile, and the queue has
 * an error: as long as it has, it takes no other, and the clock tries again from time to
 * time. So a client is answered for no more lines than came between two flushes, and
 * those are lost only if the daemon ends before there is room.
 */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "audit/audit_queue.h"
#include "os/clock.h"

#define LOOKS		3	/* before a thread goes to sleep */
#define FLUSH_MS	25	/* that a line may stay in the queue */
#define RETRY_MS	100	/* until lines that were not written are tried again */
#define LOOK_MS		1000	/* between two looks at a disk that has little room */
#define QUEUE_BYTES	2048	/* room for each record that the queue may hold */
#define LONG_MS		3600000

static int
init_work(pthread_cond_t *work)
{
	pthread_condattr_t	attr;
	int			error = pthread_condattr_init(&attr);

	if (error != 0)
		return error;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	error = pthread_cond_init(work, &attr);
	(void)pthread_condattr_destroy(&attr);
	return error;
}

int
audit_queue_init(struct audit_queue *q)
{
	*q = (struct audit_queue){ .seq = 0 };
	if (pthread_mutex_init(&q->lock, NULL) != 0)
		return -1;
	if (init_work(&q->work) == 0)
		return 0;
	pthread_mutex_destroy(&q->lock);
	return -1;
}

void
audit_queue_clear(struct audit_queue *q)
{
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	buf_clear(&q->writing.lines);
	buf_clear(&q->pending.lines);
}

/*
 * Under the lock, by the leader or before there are threads. The clock may sleep for
 * long.
 */
static void
use_options(struct audit_queue *q, const struct audit_queue_options *options)
{
	if (options->anchor_interval != q->options.anchor_interval) {
		q->next_anchor = clock_monotonic_ms() +
		    (int64_t)options->anchor_interval * 1000;
		pthread_cond_signal(&q->work);
	}
	q->options = *options;
}

void
audit_queue_begin(struct audit_queue *q, const struct audit_queue_options *options,
    uint64_t seq)
{
	pthread_mutex_lock(&q->lock);
	use_options(q, options);
	q->seq = q->anchored = seq;
	pthread_mutex_unlock(&q->lock);
}

/* Under the lock. Whether there is no room for another line that nobody waits for. */
static int
is_full(const struct audit_queue *q)
{
	return q->pending.count >= q->options.queue ||
	    q->pending.lines.len / QUEUE_BYTES >= q->options.queue;
}

/* Under the lock. Adds the record's line to the pending batch, whole or not at all. */
static int
add_line(struct audit_queue *q, int64_t time_us, uint64_t seq, const struct buf *tail)
{
	struct audit_batch	*batch = &q->pending;
	size_t		 start = batch->lines.len;

	if (tail->failed)
		return -1;
	record_json_head(&batch->lines, time_us, seq);
	buf_add(&batch->lines, tail->data, tail->len);
	if (batch->lines.failed) {
		buf_cut(&batch->lines, start);
		batch->lines.failed = 0;
		return -1;
	}
	batch->count++;
	return 0;
}

/* Under the lock. */
static void
add_entry(struct audit_queue *q, struct audit_entry *entry)
{
	struct audit_batch	*batch = &q->pending;

	entry->end = batch->lines.len;
	if (batch->first == NULL)
		batch->first = entry;
	else
		batch->last->next = entry;
	batch->last = entry;
}

/* Under the lock. The clock's thread is woken for the first line, and where many wait. */
static void
alarm_clock(struct audit_queue *q)
{
	if (q->pending.count == 1)
		q->flush_at = clock_monotonic_ms() + FLUSH_MS;
	else if (q->pending.count != q->options.queue / 2 + 1)
		return;
	pthread_cond_signal(&q->work);
}

/* Under the lock. */
static int
has_pending(const struct audit_queue *q)
{
	return q->pending.count > 0 || q->pending.first != NULL || q->wants_anchor;
}

/* Under the lock, by the leader. */
static void
take_batch(struct audit_queue *q)
{
	struct audit_batch	taken = q->pending;

	if (q->wants_anchor && q->options.has_file && q->seq != q->anchored)
		taken.anchor_seq = q->anchored = ++q->seq;
	q->wants_anchor = 0;
	q->pending = q->writing;
	q->writing = taken;
	buf_reset(&q->pending.lines);
	q->pending.count = q->pending.anchor_seq = 0;
	q->pending.first = q->pending.last = NULL;
}

/*
 * Under the lock, by the leader. Tells each of the batch that waits; returns how many
 * lines did not reach the file. A line that lacks only its end did: the next batch begins
 * with it.
 */
static uint64_t
settle_batch(struct audit_queue *q, const struct audit_written *written)
{
	const struct audit_batch	*batch = &q->writing;
	struct audit_entry		*entry;

	for (entry = batch->first; entry != NULL; entry = entry->next) {
		entry->is_written = entry->end + written->shift <= written->done + 1;
		entry->is_settled = 1;
		pthread_cond_signal(&entry->wake);
	}
	return batch->count + (batch->anchor_seq != 0) - written->lines;
}

/* Under the lock, by the leader. */
static void
hand_over(struct audit_queue *q)
{
	struct audit_entry	*next = q->pending.first;

	q->has_leader = next != NULL;
	if (next != NULL) {
		next->is_leader = 1;
		pthread_cond_signal(&next->wake);
	} else if (has_pending(q))
		pthread_cond_signal(&q->work);
}

/*
 * Lets the lock go for as long as a write mostly takes: to sleep and be woken takes
 * longer.
 */
static void
look_around(struct audit_queue *q, const struct audit_entry *entry)
{
	pthread_mutex_unlock(&q->lock);
	for (int i = 0; i < LOOKS && !entry->is_leader && !entry->is_settled; i++)
		(void)sched_yield();
	pthread_mutex_lock(&q->lock);
}

/*
 * Under the lock. Waits until the entry, which is in the pending batch, is settled or has
 * to lead.
 */
static void
wait_turn(struct audit_queue *q, struct audit_entry *entry)
{
	entry->is_leader = !q->has_leader;
	q->has_leader = 1;
	if (!entry->is_leader)
		look_around(q, entry);
	while (!entry->is_leader && !entry->is_settled)
		pthread_cond_wait(&entry->wake, &q->lock);
	if (entry->is_leader)
		take_batch(q);
}

static int
is_of_daemon(enum record_event event)
{
	return event == RECORD_START || event == RECORD_RELOAD || event == RECORD_STOP;
}

/* Under the lock. */
static int
is_waited_for(const struct audit_queue *q, enum record_event event)
{
	return q->options.durability != AUDIT_BUFFERED || !q->has_clock || q->is_ending ||
	    is_of_daemon(event);
}

/*
 * Under the lock. For a line that waits for nobody: while those before it cannot be
 * written there is no place for it. Where there are none before it and nobody writes, it
 * is the next to be tried.
 */
static int
is_failing(const struct audit_queue *q)
{
	return q->error != 0 && (q->pending.count > 0 || q->has_leader);
}

/* Under the lock. Returns 0, or the error for which the record is lost. */
static int
queue_line(struct audit_queue *q, struct audit_entry *entry, const struct record *record,
    const struct buf *tail)
{
	int	waits = is_waited_for(q, record->event);

	if (q->is_low && q->has_clock && !is_of_daemon(record->event))
		return AUDIT_LOSS_LOW;
	if (!waits && is_failing(q))
		return q->error;
	if (!waits && is_full(q))
		return ENOBUFS;
	if (add_line(q, record->time_us, entry->seq, tail) == -1)
		return ENOMEM;
	if (waits) {
		add_entry(q, entry);
		wait_turn(q, entry);
	} else {
		entry->is_written = 1;
		alarm_clock(q);
	}
	return 0;
}

int
audit_queue_join(struct audit_queue *q, struct audit_entry *entry,
    const struct record *record, const struct buf *tail, struct audit_note *note_r)
{
	int	error;

	*note_r = (struct audit_note){ .kind = AUDIT_NOTE_NOTHING };
	pthread_mutex_lock(&q->lock);
	entry->seq = ++q->seq;
	entry->has_file = q->options.has_file;
	entry->to_log = q->options.to_log;
	if (!entry->has_file)
		entry->is_written = 1;
	else if ((error = queue_line(q, entry, record, tail)) != 0)
		*note_r = audit_loss_account(&q->loss, 1, error);
	pthread_mutex_unlock(&q->lock);
	return entry->is_leader;
}

/* Under the lock. A buffered line has its time, an entry and an anchor have not. */
static int
goes_on(const struct audit_queue *q)
{
	return !q->is_reopening && (q->pending.first != NULL || (q->error == 0 &&
	    (q->wants_anchor || q->pending.count > q->options.queue / 2)));
}

/* Under the lock. Whether somebody can write later what could not be written now. */
static int
can_keep(const struct audit_queue *q)
{
	return q->options.durability == AUDIT_BUFFERED && q->has_clock && !q->is_ending;
}

/*
 * Under the lock, by the leader. Puts the lines of a batch that could not be written in
 * front of those that came since; returns how many. Who waited for one of them has been
 * told that it is lost, which it is not for certain any more.
 */
static uint64_t
keep_batch(struct audit_queue *q, const struct audit_written *written)
{
	struct audit_batch *batch = &q->writing, *pending = &q->pending;
	uint64_t done = written->lines < batch->count ? written->lines : batch->count;
	size_t len = batch->lines.len;
	struct buf lines;

	if (written->error == 0 || done == batch->count || !can_keep(q))
		return 0;
	if (pending->lines.len > 0)
		buf_add(&batch->lines, pending->lines.data, pending->lines.len);
	if (batch->lines.failed)
		return 0;
	for (struct audit_entry *entry = pending->first; entry != NULL;
	    entry = entry->next)
		entry->end += len;
	lines = batch->lines;
	batch->lines = pending->lines;
	pending->lines = lines;
	pending->count += batch->count - done;
	q->flush_at = clock_monotonic_ms() + RETRY_MS;
	return batch->count - done;
}

/*
 * Under the lock, by the leader. Notes what became of the batch, for the lines to come
 * and for the log.
 */
static void
account(struct audit_queue *q, const struct audit_written *written,
    struct audit_note *note)
{
	uint64_t	lost = settle_batch(q, written), kept = keep_batch(q, written);

	*note = (struct audit_note){ .kind = AUDIT_NOTE_NOTHING };
	if (q->writing.count == 0 && q->writing.anchor_seq == 0)
		return;
	lost -= kept;
	q->error = kept + lost > 0 && can_keep(q) ? written->error : 0;
	if (kept > 0)
		*note = audit_loss_wait(&q->loss, kept, written->error);
	if (kept == 0 || lost > 0)
		*note = audit_loss_account(&q->loss, lost, written->error);
}

/* Under the lock, by the leader. The clock, which looks again, may sleep for long. */
static void
note_room(struct audit_queue *q, int is_low)
{
	if (is_low && !q->is_low)
		pthread_cond_signal(&q->work);
	q->is_low = is_low;
	q->next_look = clock_monotonic_ms() + LOOK_MS;
}

int
audit_queue_settle(struct audit_queue *q, const struct audit_written *written,
    int is_full_file, enum audit_lead lead, struct audit_note *note_r)
{
	int	is_taken = 0;

	pthread_mutex_lock(&q->lock);
	account(q, written, note_r);
	note_room(q, written->is_low);
	/* else there is none to write, for ever */
	if (is_full_file && q->seq != q->anchored)
		q->wants_anchor = 1;
	if (lead == AUDIT_LEAD_GO_ON && goes_on(q)) {
		take_batch(q);
		is_taken = 1;
	} else if (lead != AUDIT_LEAD_KEEP)
		hand_over(q);
	pthread_mutex_unlock(&q->lock);
	return is_taken;
}

/*
 * An entry in front of all others gets the lead next, unless it was promised to another
 * before: that one settles ours with its batch.
 */
void
audit_queue_seize(struct audit_queue *q, struct audit_entry *entry)
{
	struct audit_batch	*batch = &q->pending;

	pthread_mutex_lock(&q->lock);
	q->is_reopening = 1;
	do {
		entry->is_settled = 0;
		entry->next = batch->first;
		batch->first = entry;
		if (batch->last == NULL)
			batch->last = entry;
		wait_turn(q, entry);
	} while (!entry->is_leader);
	q->is_reopening = 0;
	pthread_mutex_unlock(&q->lock);
}

void
audit_queue_take_anchor(struct audit_queue *q, const struct audit_queue_options *options)
{
	pthread_mutex_lock(&q->lock);
	q->wants_anchor = 1;
	take_batch(q);
	if (options != NULL)
		use_options(q, options);
	pthread_mutex_unlock(&q->lock);
}

void
audit_queue_release(struct audit_queue *q, const struct audit_queue_options *options,
    uint64_t least_seq)
{
	pthread_mutex_lock(&q->lock);
	use_options(q, options);
	/* the lines that wait have no place any more */
	if (q->error != 0 && !q->options.has_file) {
		q->loss.count += q->pending.count;
		q->error = 0;
	}
	if (q->seq < least_seq)
		q->seq = least_seq;
	hand_over(q);
	pthread_mutex_unlock(&q->lock);
}

/* Under the lock. Asks for an anchor when its time has come. */
static void
look_at_clock(struct audit_queue *q, int64_t now)
{
	if (q->options.anchor_interval == 0 || now < q->next_anchor)
		return;
	q->next_anchor = now + (int64_t)q->options.anchor_interval * 1000;
	q->wants_anchor = q->options.has_file && q->seq != q->anchored;
}

/* Under the lock. */
static int
is_due(const struct audit_queue *q, int64_t now)
{
	if (q->is_low && now >= q->next_look)
		return 1;
	if (q->error != 0 && q->pending.count > 0)
		return now >= q->flush_at;
	return q->wants_anchor || (q->pending.count > 0 &&
	    (now >= q->flush_at || q->pending.count > q->options.queue / 2));
}

/*
 * Under the lock. Waits until something may be due; the leader signals when it lets the
 * lead go.
 */
static void
wait_for_work(struct audit_queue *q, int64_t now)
{
	int64_t		until = now + LONG_MS;
	struct timespec	ts;

	if (q->options.anchor_interval != 0 && q->next_anchor < until)
		until = q->next_anchor;
	if (!q->has_leader && q->pending.count > 0 && q->flush_at < until)
		until = q->flush_at;
	if (!q->has_leader && q->is_low && q->next_look < until)
		until = q->next_look;
	ts.tv_sec = (time_t)(until / 1000);
	ts.tv_nsec = (long)(until % 1000) * 1000000;
	(void)pthread_cond_timedwait(&q->work, &q->lock, &ts);
}

int
audit_queue_wait(struct audit_queue *q)
{
	int64_t	now;
	int	is_ending;

	pthread_mutex_lock(&q->lock);
	for (;;) {
		now = clock_monotonic_ms();
		look_at_clock(q, now);
		if (q->is_ending || (!q->has_leader && is_due(q, now)))
			break;
		wait_for_work(q, now);
	}
	is_ending = q->is_ending;
	if (!is_ending) {
		q->has_leader = 1;
		take_batch(q);
	}
	pthread_mutex_unlock(&q->lock);
	return !is_ending;
}

void
audit_queue_begin_clock(struct audit_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->has_clock = 1;
	pthread_mutex_unlock(&q->lock);
}

void
audit_queue_end_clock(struct audit_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_ending = 1;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
}

struct audit_note
audit_queue_lose(struct audit_queue *q, int error)
{
	struct audit_note	note;

	pthread_mutex_lock(&q->lock);
	note = audit_loss_account(&q->loss, 1, error);
	pthread_mutex_unlock(&q->lock);
	return note;
}

struct audit_note
audit_queue_gain(struct audit_queue *q)
{
	struct audit_note	note;

	pthread_mutex_lock(&q->lock);
	note = audit_loss_account(&q->loss, 0, 0);
	pthread_mutex_unlock(&q->lock);
	return note;
}

uint64_t
audit_queue_take_loss(struct audit_queue *q)
{
	uint64_t	count;

	pthread_mutex_lock(&q->lock);
	count = audit_loss_take(&q->loss);
	pthread_mutex_unlock(&q->lock);
	return count;
}
