/* milter/audit/audit_file.c: the audit file: opening, writing, rotation */
/* SPDX-License-Identifier: ISC */

/*
 * What the file goes through: audit_file_open() finds where its chain ends
 * (audit_resume.c) and whether its last line is whole. Before each batch the place is
 * checked: a removed file is created again, a truncated one begins again, a torn line
 * is closed. Then the lines are sealed (audit_chain.c) and written at once. A file that
 * has reached its size gets an anchor (audit_file_is_full()), is finished once that is
 * written, and is rotated before the next batch.
 *
 * After a failed or short write what is in the file is not guessed: it is stale, and its
 * end is read again before the next batch, as it is at the start.
 *
 * No lock: only the leader of the queue (audit_queue.c) is in here.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit_file.h"
#include "audit/audit_rotate.h"
#include "audit/audit_chain.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/log.h"

#define RETRY_MS	60000	/* until a rotation that failed is tried again */
#define HELD_MS		3600000	/* between two, where more than `keep` are too young */
#define TORN_MARK	"<torn>\n"

static const unsigned char no_value[CHAIN_SIZE];

/* Without a reader a FIFO is an error, not a wait for ever. */
int
audit_file_open_name(const char *name)
{
	int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = open(name, how | O_NONBLOCK, 0640);

	if (fd == -1)
		return -1;
	if (fcntl(fd, F_SETFL, O_APPEND) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int
audit_file_is_renamed(const struct audit_file *f, const char *name)
{
	struct stat named;

	return f->fd != -1 && strcmp(name, f->options.name) == 0 &&
	    stat(name, &named) == -1 && errno == ENOENT;
}

int
audit_file_is_same(const struct audit_file *f, int fd)
{
	struct stat ours, other;

	return f->fd != -1 && fd != -1 && fstat(f->fd, &ours) == 0 &&
	    fstat(fd, &other) == 0 && is_same_file(&ours, &other);
}

/* By its name, which may have become that of another file meanwhile. */
static int
open_reader(const char *name, int fd)
{
	struct stat ours, other;
	int reader;

	if (fstat(fd, &ours) == -1 || !S_ISREG(ours.st_mode))
		return -1;
	reader = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader != -1 && fstat(reader, &other) == 0 && is_same_file(&ours, &other))
		return reader;
	log_warn("audit %s: cannot read: %s", name,
	    strerror(reader == -1 ? errno : ESTALE));
	if (reader != -1)
		(void)close(reader);
	return -1;
}

/* A new name has to be on the disk, too. */
static int
sync_directory(const char *name)
{
	char *directory = directory_path(name);
	int fd, result;

	fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	if (fd == -1)
		return -1;
	result = fsync(fd) == -1 && errno != EINVAL ? -1 : 0;
	(void)close(fd);
	return result;
}

/* The value before, and what the file has from the offset on. */
static int
begin_chain(struct audit_file *f, const unsigned char value[CHAIN_SIZE], uint64_t count,
    off_t from)
{
	int status = audit_chain_begin(&f->chain, value, count, f->reader, from);

	f->is_stale = status == -1;
	return status;
}

/* What NAME.1 ends with. */
static void
read_file_before(const struct audit_file *f, struct audit_resume *tail)
{
	struct buf name;
	int fd;

	*tail = (struct audit_resume){ 0 };
	buf_init(&name);
	buf_printf(&name, "%s.1", f->options.name);
	fd = name.failed ? -1 :
	    open(name.data, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	buf_clear(&name);
	if (fd == -1)
		return;
	if (audit_resume_read(fd, tail) == -1)
		*tail = (struct audit_resume){ 0 };
	(void)close(fd);
}

/* What there is in it, or nothing where it cannot be known. */
static void
read_tail(const struct audit_file *f, struct audit_resume *tail)
{
	struct stat st;

	*tail = (struct audit_resume){ 0 };
	if (f->reader != -1) {
		if (audit_resume_read(f->reader, tail) == 0)
			return;
		log_error("audit %s: cannot read: %s", f->options.name, strerror(errno));
		*tail = (struct audit_resume){ 0 };
	}
	if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode))
		tail->size = st.st_size;
}

static void
use_tail(struct audit_file *f, const struct audit_resume *tail)
{
	f->end = tail->end;
	f->size = tail->size;
	f->is_finished = 0;
}

static void
look_into(struct audit_file *f, int fd, struct audit_resume *tail)
{
	f->fd = fd;
	f->reader = open_reader(f->options.name, fd);
	read_tail(f, tail);
	use_tail(f, tail);
	if (tail->end == AUDIT_RESUME_TORN)
		log_warn("audit %s: the last line is incomplete", f->options.name);
	if (f->options.is_synced && tail->size == 0 &&
	    sync_directory(f->options.name) == -1)
		log_warn("audit %s: cannot sync its directory: %s", f->options.name,
		    strerror(errno));
}

/* Continues the file's own chain, or the one that ended in this value. */
static int
go_on(struct audit_file *f, const struct audit_resume *tail,
    const unsigned char before[CHAIN_SIZE])
{
	if (begin_chain(f, tail->has_chain ? tail->value : before, tail->count,
	    tail->from) == 0)
		return 0;
	log_error("audit %s: cannot continue the chain: %s", f->options.name,
	    strerror(errno));
	return -1;
}

static void
close_files(struct audit_file *f)
{
	if (f->fd != -1 && close(f->fd) == -1)
		log_error("audit %s: %s", f->options.name, strerror(errno));
	if (f->reader != -1)
		(void)close(f->reader);
	f->fd = f->reader = -1;
}

static int
copy_options(struct audit_file_options *to, const struct audit_file_options *from)
{
	char *name = strdup(from->name);

	if (name == NULL)
		return -1;
	*to = *from;
	to->name = name;
	return 0;
}

static void
describe(const struct audit_resume *tail, uint64_t seq,
    const unsigned char value[CHAIN_SIZE], struct buf *note)
{
	if (tail->has_chain || memcmp(value, no_value, CHAIN_SIZE) != 0)
		buf_printf(note, "the chain continues after %" PRIu64, seq);
	else
		buf_printf(note, "a new chain begins%s",
		    tail->size > 0 ? ", the file had none" : "");
	if (tail->end == AUDIT_RESUME_TORN)
		buf_puts(note, ", a torn line was closed");
}

int
audit_file_open(struct audit_file *f, const struct audit_file_options *options,
    uint64_t *seq_r, struct buf *note)
{
	struct audit_resume tail, before = { 0 };
	int fd;

	*f = (struct audit_file){ .fd = -1, .reader = -1 };
	*seq_r = 0;
	if (copy_options(&f->options, options) == -1 ||
	    audit_chain_init(&f->chain) == -1) {
		log_error("audit: out of memory");
		return -1;
	}
	if (*options->name == '\0')
		return 0;
	if ((fd = audit_file_open_name(options->name)) == -1) {
		log_error("audit %s: %s", options->name, strerror(errno));
		return -1;
	}
	look_into(f, fd, &tail);
	if (!tail.has_chain)
		read_file_before(f, &before);
	if (go_on(f, &tail, before.value) == -1)
		return -1;
	*seq_r = tail.has_chain ? tail.seq : before.seq;
	describe(&tail, *seq_r, audit_chain_value(&f->chain), note);
	return 0;
}

void
audit_file_close(struct audit_file *f)
{
	close_files(f);
	audit_chain_clear(&f->chain);
	free((char *)(uintptr_t)f->options.name);
	*f = (struct audit_file){ .fd = -1, .reader = -1 };
}

int
audit_file_switch(struct audit_file *f, int fd, const struct audit_file_options *options,
    uint64_t *seq_r, struct buf *note)
{
	struct audit_file_options copy;
	struct audit_resume tail;

	if (copy_options(&copy, options) == -1) {
		if (fd != -1)
			(void)close(fd);
		return -1;
	}
	if (audit_file_is_same(f, fd)) {
		(void)close(fd);
		fd = -1;
	} else
		close_files(f);
	free((char *)(uintptr_t)f->options.name);
	f->options = copy;
	f->next_rotation = 0;
	if (fd == -1)
		return 0;
	look_into(f, fd, &tail);
	(void)go_on(f, &tail, audit_chain_value(&f->chain));
	if (tail.seq > *seq_r)
		*seq_r = tail.seq;
	if (tail.size > 0)
		describe(&tail, *seq_r, audit_chain_value(&f->chain), note);
	return 0;
}

/* A write failed, or another process wrote: the end is read from the file again. */
static int
find_end(struct audit_file *f)
{
	const unsigned char *value = audit_chain_value(&f->chain);
	uint64_t count = audit_chain_count(&f->chain);
	struct audit_resume tail;
	int is_ours;

	read_tail(f, &tail);
	if (f->reader == -1)
		tail.end = f->end;
	is_ours = tail.has_chain ? memcmp(tail.value, value, CHAIN_SIZE) == 0 :
	    count == 0;
	if (f->reader == -1 || !is_ours)
		tail.from = tail.size;
	if (!is_ours && f->reader != -1)
		log_error("audit %s: end of file was modified by another process",
		    f->options.name);
	if (begin_chain(f, value, is_ours ? tail.count : count, tail.from) == -1)
		return -1;
	use_tail(f, &tail);
	return 0;
}

/* The file was removed: nobody would ever read what is written to it now. */
static int
replace(struct audit_file *f)
{
	struct audit_resume tail;
	int fd = audit_file_open_name(f->options.name);

	if (fd == -1)
		return -1;
	close_files(f);
	look_into(f, fd, &tail);
	(void)go_on(f, &tail, audit_chain_value(&f->chain));
	log_warn("audit %s: file was removed; created a new one", f->options.name);
	return 0;
}

/* Truncated to nothing, as by logrotate's copytruncate. */
static int
begin_again(struct audit_file *f)
{
	f->size = 0;
	f->end = AUDIT_RESUME_WHOLE;
	return begin_chain(f, audit_chain_value(&f->chain), 0, 0);
}

/* Does what has to be done before lines can be added. */
static int
check_place(struct audit_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return 0;
	if (st.st_nlink == 0 && replace(f) == -1)
		return -1;
	if (S_ISREG(st.st_mode) && st.st_nlink > 0 && st.st_size < f->size) {
		if (st.st_size == 0)
			return begin_again(f);
		f->is_stale = 1;
	}
	return f->is_stale ? find_end(f) : 0;
}

static int
open_rotated(struct audit_file *f)
{
	struct stat ours, named;
	int count;

	if (fstat(f->fd, &ours) == -1)
		return -1;
	/*
	 * Renamed already: by a rotation that could not open the new one, or by another
	 * process.
	 */
	if (stat(f->options.name, &named) == -1)
		return errno == ENOENT ? audit_file_open_name(f->options.name) : -1;
	if (!is_same_file(&ours, &named)) {
		errno = ESTALE;
		return -1;
	}
	if ((count = audit_rotate(f->options.name, f->options.keep,
	    f->options.keep_days)) == -1)
		return -1;
	f->next_rotation = 0;
	if (count > 0) {
		log_warn("audit %s: kept %d old files, more than audit.keep (%u): the "
		    "oldest is younger than audit.keep-days (%u)", f->options.name,
		    count, f->options.keep, f->options.keep_days);
		f->next_rotation = clock_monotonic_ms() + HELD_MS;
	}
	return audit_file_open_name(f->options.name);
}

void
audit_file_expire(const struct audit_file *f)
{
	if (f->fd != -1 && f->options.rotate_size > 0)
		audit_rotate_expire(f->options.name, f->options.keep,
		    f->options.keep_days);
}

/* The chain goes on in the new file. Where it fails, so it does in the old one. */
static void
rotate(struct audit_file *f)
{
	struct audit_resume tail;
	int fd = open_rotated(f);

	f->is_finished = 0;
	if (fd == -1) {
		log_error("audit %s: cannot rotate: %s", f->options.name,
		    strerror(errno));
		f->next_rotation = clock_monotonic_ms() + RETRY_MS;
		return;
	}
	close_files(f);
	look_into(f, fd, &tail);
	(void)go_on(f, &tail, audit_chain_value(&f->chain));
}

/* Writes as much as can be; returns how much that was, and the error that stopped it. */
static size_t
write_all(int fd, const char *data, size_t len, int *error_r)
{
	size_t done = 0;
	ssize_t n;

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

static int
close_line(struct audit_file *f, int *error_r)
{
	const char *text = f->end == AUDIT_RESUME_TORN ? TORN_MARK : "\n";
	size_t len = strlen(text);

	if (f->end == AUDIT_RESUME_WHOLE)
		return 0;
	f->is_stale = 1;
	if (write_all(f->fd, text, len, error_r) < len)
		return -1;
	if (audit_chain_add(&f->chain, text, len) == -1) {
		*error_r = ENOMEM;
		return -1;
	}
	f->size += (off_t)len;
	f->end = AUDIT_RESUME_WHOLE;
	f->is_stale = 0;
	return 0;
}

/* Only needed for a file that cannot be read back. */
static enum audit_resume_end
how_torn(const struct buf *lines, size_t done)
{
	if (done == 0 || lines->data[done - 1] == '\n')
		return AUDIT_RESUME_WHOLE;
	return lines->data[done] == '\n' ? AUDIT_RESUME_ENDLESS : AUDIT_RESUME_TORN;
}

static void
write_lines(struct audit_file *f, const struct buf *lines, uint64_t count,
    struct audit_written *result)
{
	size_t done = write_all(f->fd, lines->data, lines->len, &result->error);

	f->size += (off_t)done;
	result->done = done;
	result->lines = audit_chain_keep(&f->chain, lines, count, done);
	if (done < lines->len) {
		f->is_stale = 1;
		f->end = how_torn(lines, done);
	}
	if (done + 1 < lines->len)
		buf_reset(&result->anchor);
	/* Whole lines in front of the place where it stopped are waited for, too. */
	if (result->lines > 0 && f->options.is_synced && fdatasync(f->fd) == -1 &&
	    errno != EINVAL) {
		result->error = errno;
		result->done = 0;
		result->lines = 0;
	}
}

int
audit_file_is_full(const struct audit_file *f)
{
	uint64_t limit = f->options.rotate_size;

	return limit > 0 && f->reader != -1 && (uint64_t)f->size >= limit &&
	    !f->is_finished && clock_monotonic_ms() >= f->next_rotation;
}

static void
write_sealed(struct audit_file *f, struct buf *lines, uint64_t lines_count,
    uint64_t anchor_seq, struct audit_written *result)
{
	int is_full = anchor_seq != 0 && audit_file_is_full(f);

	if (audit_chain_seal(&f->chain, f->options.key, lines, lines_count, anchor_seq,
	    &result->shift, &result->anchor) == -1) {
		buf_reset(&result->anchor);
		f->is_stale = 1;
		result->error = ENOMEM;
		return;
	}
	write_lines(f, lines, lines_count + (anchor_seq != 0), result);
	if (is_full && result->done == lines->len)
		f->is_finished = 1;
	else if (is_full)
		f->next_rotation = clock_monotonic_ms() + RETRY_MS;
}

void
audit_file_write(struct audit_file *f, struct buf *lines, uint64_t lines_count,
    uint64_t anchor_seq, struct audit_written *result_r)
{
	*result_r = (struct audit_written){ .error = 0 };
	if (f->fd == -1) {
		result_r->done = lines->len;
		result_r->lines = lines_count + (anchor_seq != 0);
		return;
	}
	if (lines_count == 0 && anchor_seq == 0)
		return;
	if (f->is_finished)
		rotate(f);
	if (check_place(f) == -1) {
		result_r->error = errno;
		return;
	}
	if (close_line(f, &result_r->error) == 0)
		write_sealed(f, lines, lines_count, anchor_seq, result_r);
}
