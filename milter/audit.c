/* milter/audit.c: writes audit records to the file and the log */
/* SPDX-License-Identifier: ISC */

/*
 * A thread that brings a record adds its line to the pending batch. If nobody
 * writes, it leads: it takes the batch, writes it with the lock let go, tells each
 * of the batch what became of its line, and goes on with what came meanwhile. So no
 * lock is held over I/O, a thread alone never switches, and under load one write
 * carries many lines. After some batches the lead goes to the first that waits, so
 * that nobody writes for others for ever; not after each, since one that sleeps
 * needs so long to wake that all who come until then would sleep as well.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "log.h"

#define LOOKS		3	/* before a thread goes to sleep */
#define BATCHES		16	/* that one thread writes before it hands the lead over */
#define TROUBLE_SECONDS	60	/* between two messages about lost records */

/* A record under way; lives in audit_write(). */
struct entry {
	pthread_cond_t	 wake;		/* is_leader or is_settled was set */
	struct entry	*next;		/* in the batch */
	uint64_t	 seq;
	size_t		 end;		/* of its line in the batch */
	atomic_int	 is_leader;	/* set under the lock, read without it, too */
	atomic_int	 is_settled;
	int		 is_written;
};

struct batch {
	struct buf	 lines;
	struct entry	*first;
	struct entry	*last;
};

/* What is to be logged once the lock is let go. */
struct note {
	enum {
		NOTE_NOTHING,
		NOTE_LOST,
		NOTE_RECOVERED
	} kind;
	uint64_t	count;
	int		error;
};

struct audit {
	atomic_int	 to_log;

	/* The leader's alone, whoever it is; passes on with the lead, under the lock. */
	char		*file;		/* "": none */
	int		 fd;		/* -1: none */
	struct batch	 writing;
	int		 is_torn;	/* the file ends inside a line */

	/* Guards all that follows and every entry in a batch. Never held over I/O. */
	pthread_mutex_t	 lock;
	int		 has_file;
	uint64_t	 seq;		/* given last */
	struct batch	 pending;
	int		 has_leader;
	int		 is_reopening;	/* somebody waits for the lead, to keep it */
	uint64_t	 lost;		/* records, since the last message of recovery */
	int		 is_announced;	/* that loss was logged */
	time_t		 next_note;	/* monotonic; no loss is logged before */
};

/* Whether the file ends inside a line, as after a crash. */
static int
ends_torn(const char *file, int fd)
{
	struct stat	st;
	char		last = '\n';
	int		reader;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	if ((reader = open(file, O_RDONLY | O_CLOEXEC)) == -1 ||
	    pread(reader, &last, 1, st.st_size - 1) == -1)
		log_warn("audit %s: cannot see whether it ends in a whole line: %s",
		    file, strerror(errno));
	if (reader != -1)
		(void)close(reader);
	return last != '\n';
}

/* Without a reader a FIFO is an error, not a wait for ever. */
static int
open_file(const char *file)
{
	int	how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int	fd = open(file, how | O_NONBLOCK, 0640);

	if (fd == -1)
		return -1;
	if (fcntl(fd, F_SETFL, O_APPEND) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static struct audit *
audit_new(const struct audit_options *options)
{
	struct audit	*audit = calloc(1, sizeof *audit);

	if (audit == NULL)
		return NULL;
	if ((audit->file = strdup(options->file)) == NULL ||
	    pthread_mutex_init(&audit->lock, NULL) != 0) {
		free(audit->file);
		free(audit);
		return NULL;
	}
	audit->fd = -1;
	atomic_init(&audit->to_log, options->to_log);
	return audit;
}

/* -1 and logs why; a name of "" has no file, and that is no error. */
static int
open_named(const char *file, int *fd_r)
{
	*fd_r = -1;
	if (*file == '\0')
		return 0;
	if ((*fd_r = open_file(file)) == -1) {
		log_error("audit %s: %s", file, strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * By the leader, or before there are threads: while somebody writes, any line may look
 * torn.
 */
static void
use_file(struct audit *audit, int fd)
{
	audit->fd = fd;
	audit->is_torn = fd != -1 && ends_torn(audit->file, fd);
	if (audit->is_torn)
		log_warn("audit %s: the last line is not whole", audit->file);
}

struct audit *
audit_open(const struct audit_options *options)
{
	struct audit	*audit = audit_new(options);
	int		 fd;

	if (audit == NULL) {
		log_error("audit: no memory");
		return NULL;
	}
	if (open_named(audit->file, &fd) == -1) {
		audit_close(audit);
		return NULL;
	}
	use_file(audit, fd);
	audit->has_file = audit->fd != -1;
	return audit;
}

/* Under the lock. Adds the record's line to the pending batch, whole or not at all. */
static int
enqueue(struct audit *audit, struct entry *entry, int64_t time_us,
    const struct buf *tail)
{
	struct batch	*batch = &audit->pending;
	size_t		 start = batch->lines.len;

	if (tail->failed)
		return -1;
	record_json_head(&batch->lines, time_us, entry->seq);
	buf_add(&batch->lines, tail->data, tail->len);
	if (batch->lines.failed) {
		buf_cut(&batch->lines, start);
		batch->lines.failed = 0;
		return -1;
	}
	entry->end = batch->lines.len;
	if (batch->first == NULL)
		batch->first = entry;
	else
		batch->last->next = entry;
	batch->last = entry;
	return 0;
}

/* Under the lock, by the leader. */
static void
take_batch(struct audit *audit)
{
	struct batch	taken = audit->pending;

	audit->pending = audit->writing;
	audit->writing = taken;
	buf_reset(&audit->pending.lines);
	audit->pending.first = audit->pending.last = NULL;
}

/* Writes as much as can be; returns how much that was, and the error that stopped it. */
static size_t
write_all(int fd, const char *data, size_t len, int *error_r)
{
	size_t	done = 0;
	ssize_t	n;

	while (done < len) {
		n = write(fd, data + done, len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			*error_r = n == 0 ? ENOSPC : errno;
			break;
		}
		done += (size_t)n;
	}
	return done;
}

/* Somebody has removed the file: what were written now, nobody would ever read. */
static int
replace_removed(struct audit *audit, int *error_r)
{
	struct stat	st;
	int		fd;

	if (fstat(audit->fd, &st) == -1 || st.st_nlink > 0)
		return 0;
	if ((fd = open_file(audit->file)) == -1) {
		*error_r = errno;
		return -1;
	}
	(void)close(audit->fd);
	audit->fd = fd;
	audit->is_torn = 0;
	log_warn("audit %s: the file was gone; a new one was made", audit->file);
	return 0;
}

/* By the leader, without the lock. */
static size_t
write_batch(struct audit *audit, int *error_r)
{
	const struct buf	*lines = &audit->writing.lines;
	size_t			 done;

	if (audit->fd == -1 || replace_removed(audit, error_r) == -1)
		return 0;
	if (audit->is_torn && write_all(audit->fd, "\n", 1, error_r) == 0)
		return 0;
	audit->is_torn = 0;
	done = write_all(audit->fd, lines->data, lines->len, error_r);
	if (done > 0)
		audit->is_torn = lines->data[done - 1] != '\n';
	return done;
}

/*
 * Under the lock, by the leader. Tells each of the batch; returns how many did not
 * reach the file. A line that lacks only its end did: the next batch begins with it.
 */
static uint64_t
settle_batch(struct audit *audit, size_t done)
{
	struct entry	*entry;
	uint64_t	 lost = 0;

	for (entry = audit->writing.first; entry != NULL; entry = entry->next) {
		entry->is_written = entry->end <= done + 1;
		entry->is_settled = 1;
		lost += !entry->is_written;
		pthread_cond_signal(&entry->wake);
	}
	return lost;
}

/* Under the lock, by the leader. */
static void
hand_over(struct audit *audit)
{
	struct entry	*next = audit->pending.first;

	audit->has_leader = next != NULL;
	if (next == NULL)
		return;
	next->is_leader = 1;
	pthread_cond_signal(&next->wake);
}

static time_t
monotonic_seconds(void)
{
	struct timespec	now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Under the lock. Counts what was lost, and finds what is to be said of it now. */
static struct note
account(struct audit *audit, uint64_t lost, int error)
{
	struct note	note = { NOTE_NOTHING, 0, error };
	time_t		now;

	audit->lost += lost;
	if (audit->lost == 0)
		return note;
	now = monotonic_seconds();
	if (lost == 0 && (audit->is_announced || now >= audit->next_note))
		note.kind = NOTE_RECOVERED;
	else if (lost != 0 && now >= audit->next_note)
		note.kind = NOTE_LOST;
	else
		return note;
	note.count = audit->lost;
	if (note.kind == NOTE_RECOVERED)
		audit->lost = 0;
	if (note.kind == NOTE_LOST || !audit->is_announced)
		audit->next_note = now + TROUBLE_SECONDS;
	audit->is_announced = note.kind == NOTE_LOST;
	return note;
}

/* Without the lock. */
static void
say(const struct note *note)
{
	switch (note->kind) {
	case NOTE_NOTHING:
		break;
	case NOTE_LOST:
		log_error("audit: %s; records lost: %" PRIu64, strerror(note->error),
		    note->count);
		break;
	case NOTE_RECOVERED:
		log_warn("audit: written again; records lost: %" PRIu64, note->count);
		break;
	}
}

/*
 * Lets the lock go for as long as a write mostly takes: to sleep and be woken takes
 * longer.
 */
static void
look_around(struct audit *audit, const struct entry *entry)
{
	pthread_mutex_unlock(&audit->lock);
	for (int i = 0; i < LOOKS && !entry->is_leader && !entry->is_settled; i++)
		(void)sched_yield();
	pthread_mutex_lock(&audit->lock);
}

/*
 * Under the lock. Waits until the entry, which is in the pending batch, is settled or has
 * to lead.
 */
static void
wait_turn(struct audit *audit, struct entry *entry)
{
	entry->is_leader = !audit->has_leader;
	audit->has_leader = 1;
	if (!entry->is_leader)
		look_around(audit, entry);
	while (!entry->is_leader && !entry->is_settled)
		pthread_cond_wait(&entry->wake, &audit->lock);
	if (entry->is_leader)
		take_batch(audit);
}

/* Gives the entry its number and waits its turn. */
static void
join(struct audit *audit, struct entry *entry, int64_t time_us, const struct buf *tail)
{
	struct note	note = { NOTE_NOTHING, 0, 0 };

	pthread_mutex_lock(&audit->lock);
	entry->seq = ++audit->seq;
	if (!audit->has_file)
		entry->is_written = 1;
	else if (enqueue(audit, entry, time_us, tail) == -1)
		note = account(audit, 1, ENOMEM);
	else
		wait_turn(audit, entry);
	pthread_mutex_unlock(&audit->lock);
	say(&note);
}

/* Returns 1 with the next batch taken, or 0 with the lead handed over. */
static int
settle(struct audit *audit, size_t done, int error, int may_go_on)
{
	struct note	note;
	int		goes_on;

	pthread_mutex_lock(&audit->lock);
	note = account(audit, settle_batch(audit, done), error);
	audit->has_file = audit->fd != -1;
	goes_on = may_go_on && !audit->is_reopening && audit->pending.first != NULL;
	if (goes_on)
		take_batch(audit);
	else
		hand_over(audit);
	pthread_mutex_unlock(&audit->lock);
	say(&note);
	return goes_on;
}

/* Writes the batch that join() took, and some of those that come meanwhile. */
static void
lead(struct audit *audit)
{
	int	batches = BATCHES, error;
	size_t	done;

	do {
		error = 0;
		done = write_batch(audit, &error);
	} while (settle(audit, done, error, --batches > 0));
}

/* The record's line goes to the log, also where it did not reach the file. */
static int
write_log(struct audit *audit, const struct record *record, uint64_t seq)
{
	struct note	note;
	struct buf	line;

	buf_init(&line);
	record_line(&line, record, seq);
	if (!line.failed) {
		log_audit(line.data);
		buf_clear(&line);
		return 0;
	}
	buf_clear(&line);
	pthread_mutex_lock(&audit->lock);
	note = account(audit, 1, ENOMEM);
	pthread_mutex_unlock(&audit->lock);
	say(&note);
	return -1;
}

int
audit_write(struct audit *audit, const struct record *record)
{
	struct entry	entry = { .wake = PTHREAD_COND_INITIALIZER };
	struct buf	tail;
	int		result;

	buf_init(&tail);
	record_json_tail(&tail, record);
	join(audit, &entry, record->time_us, &tail);
	if (entry.is_leader)
		lead(audit);
	buf_clear(&tail);
	pthread_cond_destroy(&entry.wake);
	result = entry.is_written ? 0 : -1;
	if (atomic_load(&audit->to_log) && write_log(audit, record, entry.seq) == -1)
		result = -1;
	return result;
}

/*
 * Gets the lead; whatever is pending is then ours to write. An entry in front of all
 * others gets it next, unless it was promised to another before: that one settles ours
 * with its batch.
 */
static void
seize_lead(struct audit *audit, struct entry *entry)
{
	struct batch	*batch = &audit->pending;

	pthread_mutex_lock(&audit->lock);
	audit->is_reopening = 1;
	do {
		entry->is_settled = 0;
		entry->next = batch->first;
		batch->first = entry;
		if (batch->last == NULL)
			batch->last = entry;
		wait_turn(audit, entry);
	} while (!entry->is_leader);
	audit->is_reopening = 0;
	pthread_mutex_unlock(&audit->lock);
}

int
audit_reopen(struct audit *audit, const struct audit_options *options)
{
	struct entry	entry = { .wake = PTHREAD_COND_INITIALIZER };
	char		*file = strdup(options->file);
	int		 fd, error = 0;
	size_t		 done;

	if (file == NULL || open_named(file, &fd) == -1) {
		free(file);
		return -1;
	}
	seize_lead(audit, &entry);
	done = write_batch(audit, &error);
	if (audit->fd != -1)
		(void)close(audit->fd);
	free(audit->file);
	audit->file = file;
	use_file(audit, fd);
	atomic_store(&audit->to_log, options->to_log);
	(void)settle(audit, done, error, 0);
	pthread_cond_destroy(&entry.wake);
	return 0;
}

void
audit_report(struct audit *audit)
{
	uint64_t	lost;

	pthread_mutex_lock(&audit->lock);
	lost = audit->lost;
	audit->lost = 0;
	pthread_mutex_unlock(&audit->lock);
	if (lost != 0)
		log_error("audit: records lost: %" PRIu64, lost);
}

void
audit_close(struct audit *audit)
{
	if (audit == NULL)
		return;
	audit_report(audit);
	if (audit->fd != -1 && close(audit->fd) == -1)
		log_error("audit %s: %s", audit->file, strerror(errno));
	pthread_mutex_destroy(&audit->lock);
	buf_clear(&audit->writing.lines);
	buf_clear(&audit->pending.lines);
	free(audit->file);
	free(audit);
}
