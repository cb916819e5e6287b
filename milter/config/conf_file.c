/* milter/config/conf_file.c: files that are read whole */
/* SPDX-License-Identifier: ISC */

/*
 * A file may change while it is read; what was read may then be neither the old nor the
 * new one. A writer truncates it and writes it in parts, so that one that was changed
 * just now may be incomplete. It is read when its last change is some time ago, and its
 * times, its size and what was read have to agree after that.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/conf_file.h"
#include "os/clock.h"

#define CHUNK		65536
#define PIPE_MS		5000	/* for the writer of a pipe, until the next part */
#define QUIET_US	20000	/* without a change; times are up to 10 ms off */
#define TRIES		50

static const char changes[] =
    "it keeps changing; write a new file, and rename it to this one";

/* At least a byte and the NUL. */
static int
make_room(struct buf *text, size_t first)
{
	size_t size = text->size == 0 ? first : text->size * 2;
	char *data;

	if (text->size - text->len >= 2)
		return 0;
	if ((data = realloc(text->data, size)) == NULL)
		return -1;
	text->data = data;
	text->size = size;
	return 0;
}

/*
 * Reads straight into the buffer, since a list may have many megabytes. Nothing waits
 * for a pipe but poll(), which has its end.
 */
static const char *
read_all(int fd, struct buf *text, size_t first_size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t n = 1;

	while (n != 0) {
		if (make_room(text, first_size) == -1)
			return "out of memory";
		char *to = text->data + text->len;
		n = read(fd, to, text->size - text->len - 1);
		if (n == -1 && errno == EAGAIN && poll(&ready, 1, PIPE_MS) == 0)
			return "nothing was written into the pipe for 5 seconds";
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return strerror(errno);
		to[n > 0 ? n : 0] = '\0';
		if (n > 0 && memchr(to, '\0', (size_t)n) != NULL)
			return "it has a NUL byte; expected a text file";
		text->len += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static int
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int
is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && is_same_time(&a->st_mtim, &b->st_mtim) &&
	    is_same_time(&a->st_ctim, &b->st_ctim);
}

/* Waits until the last change is some time ago; not where clocks differ by more. */
static void
wait_for_quiet(const struct stat *status)
{
	struct timespec pause = { .tv_sec = 0 };
	int64_t age = clock_realtime_us() - (int64_t)status->st_mtim.tv_sec * 1000000 -
	    status->st_mtim.tv_nsec / 1000;

	if (age <= -QUIET_US || age >= QUIET_US)
		return;
	pause.tv_nsec = (long)(QUIET_US - (age < 0 ? 0 : age)) * 1000;
	(void)nanosleep(&pause, NULL);
}

/* One attempt. `status' is from before, and after that from now. */
static const char *
read_once(int fd, struct stat *status, struct buf *text)
{
	struct stat before = *status;
	const char *why = NULL;

	text->len = 0;
	wait_for_quiet(&before);
	if (lseek(fd, 0, SEEK_SET) == -1)
		return strerror(errno);
	if ((why = read_all(fd, text, CHUNK + (size_t)before.st_size)) != NULL)
		return why;
	if (fstat(fd, status) == -1)
		return strerror(errno);
	/* what is in /proc has no size */
	return is_same_state(&before, status) && (status->st_size == 0 ||
	    (size_t)status->st_size == text->len) ? NULL : changes;
}

/* Reads a regular file, until nothing has changed meanwhile. */
static const char *
read_quiet(int fd, struct stat *status, struct buf *text)
{
	const char *why = changes;

	for (unsigned i = 0; i < TRIES && why == changes; i++)
		why = read_once(fd, status, text);
	return why;
}

/* What is read from there is nothing, at once: for -n, and where -o says it all. */
static int
is_null_device(const struct stat *status)
{
	struct stat null;

	return S_ISCHR(status->st_mode) && stat("/dev/null", &null) == 0 &&
	    S_ISCHR(null.st_mode) && null.st_rdev == status->st_rdev;
}

static const char *
load(const char *path, int may_be_pipe, struct buf *text)
{
	struct stat status;
	const char *why;
	int fd;

	buf_init(text);
	/* to open a FIFO waits for one who writes, and a terminal may become ours */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return strerror(errno);
	if (fstat(fd, &status) == -1)
		why = strerror(errno);
	else if (S_ISDIR(status.st_mode))
		why = strerror(EISDIR);
	else if (S_ISREG(status.st_mode))
		why = read_quiet(fd, &status, text);
	else if (may_be_pipe && (S_ISFIFO(status.st_mode) || is_null_device(&status)))
		why = read_all(fd, text, CHUNK);
	else
		why = may_be_pipe ? "neither a regular file nor a pipe" :
		    "not a regular file";
	(void)close(fd);
	return why;
}

const char *
conf_file_load(const char *path, struct buf *text_r)
{
	return load(path, 0, text_r);
}

const char *
conf_file_load_main(const char *path, struct buf *text_r)
{
	return load(path, 1, text_r);
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
read_line(struct conf_file_line *line, const char *s, const char *end)
{
	const char *rest;

	while (s < end && is_blank(*s))
		s++;
	for (rest = s; rest < end && !is_blank(*rest); rest++)
		;
	line->entry = s;
	line->len = s < end && *s == '#' ? 0 : (size_t)(rest - s);
	while (rest < end && is_blank(*rest))
		rest++;
	line->why = line->len > 0 && rest < end && *rest != '#' ?
	    "more than one entry on a line" : NULL;
}

int
conf_file_next(struct conf_file_line *line)
{
	const struct buf *text = line->text;

	while (line->at < text->len) {
		const char *s = text->data + line->at;
		const char *end = memchr(s, '\n', text->len - line->at);
		line->number++;
		if (end == NULL) {
			line->at = text->len;
			line->len = 0;
			line->why = "the last line has no newline; the file may be cut "
			    "off";
			return 1;
		}
		line->at += (size_t)(end - s) + 1;
		read_line(line, s, end);
		if (line->len > 0)
			return 1;
	}
	return 0;
}
