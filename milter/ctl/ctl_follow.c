/* milter/ctl/ctl_follow.c: lines of a growing file, across rotations */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "ctl/ctl_follow.h"
#include "record/record_file.h"

#define PAUSE_MS	100	/* between two looks at a file that has nothing new */
#define BLOCK_SIZE	65536

struct follow {
	const char			*path;
	const struct ctl_follow_reader	*reader;
	const char			*why;
	int				 fd;	/* -1: there is no file */
	struct stat			 file;	/* which one it is */
	off_t				 offset;
	struct buf			 line;	/* so far */
	char				 block[BLOCK_SIZE];
};

static int
fail(struct follow *follow, const char *why)
{
	follow->why = why;
	return -1;
}

/* 1, or 0 where there is none, or -1. */
static int
open_file(struct follow *follow)
{
	follow->fd = open(follow->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (follow->fd == -1)
		return errno == ENOENT ? 0 : fail(follow, strerror(errno));
	if (fstat(follow->fd, &follow->file) == -1)
		return fail(follow, strerror(errno));
	if (!S_ISREG(follow->file.st_mode))
		return fail(follow, "not a regular file");
	follow->offset = 0;
	return 1;
}

static ssize_t
read_at(struct follow *follow, off_t offset, size_t size)
{
	ssize_t n;

	while ((n = pread(follow->fd, follow->block, size, offset)) == -1 &&
	    errno == EINTR)
		;
	if (n == -1)
		(void)fail(follow, strerror(errno));
	return n;
}

/* Goes to where the last lines begin. */
static int
skip_to_last(struct follow *follow, size_t lines)
{
	off_t end = follow->file.st_size;
	off_t at = end;

	follow->offset = end;
	if (lines == 0)
		return 0;
	while (at > 0) {
		size_t size = at > BLOCK_SIZE ? BLOCK_SIZE : (size_t)at;
		ssize_t n = read_at(follow, at - (off_t)size, size);

		if (n == -1)
			return -1;
		if ((size_t)n < size)	/* it has become shorter just now */
			break;
		for (size_t i = size; i > 0; i--) {
			follow->offset = at - (off_t)(size - i);
			/* the last line's own end is none between two */
			if (follow->block[i - 1] == '\n' && follow->offset < end &&
			    lines-- == 1)
				return 0;
		}
		at -= (off_t)size;
	}
	follow->offset = 0;
	return 0;
}

static int
end_line(struct follow *follow)
{
	const char *text = follow->line.data == NULL ? "" : follow->line.data;
	int status = follow->reader->line(follow->reader->arg, text, follow->line.len);

	buf_reset(&follow->line);
	return status;
}

/* The rest of a line that is too long for a record goes. */
static int
take(struct follow *follow, const char *text, size_t length)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t n = end == NULL ? length : (size_t)(end - text);
		size_t room = RECORD_FILE_LINE_MAX - follow->line.len;
		int status;

		buf_add(&follow->line, text, n < room ? n : room);
		if (follow->line.failed)
			return fail(follow, "out of memory");
		if (end == NULL)
			return 0;
		if ((status = end_line(follow)) != 0)
			return status;
		text = end + 1;
		length -= n + 1;
	}
	return 0;
}

/* All that is there. */
static int
read_rest(struct follow *follow)
{
	ssize_t n;
	int status;

	while ((n = read_at(follow, follow->offset, BLOCK_SIZE)) > 0) {
		follow->offset += n;
		if ((status = take(follow, follow->block, (size_t)n)) != 0)
			return status;
	}
	return n == 0 ? 0 : -1;
}

static int
look_for_shrinking(struct follow *follow)
{
	struct stat now;

	if (fstat(follow->fd, &now) == -1)
		return fail(follow, strerror(errno));
	if (now.st_size < follow->offset) {
		follow->offset = 0;
		buf_reset(&follow->line);
	}
	return 0;
}

/* The daemon writes to the renamed file until it has heard of that. */
static int
has_successor(const struct follow *follow)
{
	struct stat named;

	return stat(follow->path, &named) == 0 && named.st_size > 0 &&
	    (named.st_ino != follow->file.st_ino || named.st_dev != follow->file.st_dev);
}

/* The old file to its end, then the new one; a last line without its end was torn. */
static int
change_files(struct follow *follow)
{
	int status = read_rest(follow);

	if (status == 0 && follow->line.len > 0)
		status = end_line(follow);
	if (status != 0)
		return status;
	(void)close(follow->fd);
	return open_file(follow) == -1 ? -1 : 0;
}

static int
wait_for_more(struct follow *follow)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	int status = follow->reader->idle(follow->reader->arg);

	if (status == 0)
		(void)nanosleep(&pause, NULL);
	return status;
}

static int
step(struct follow *follow)
{
	int status;

	if (follow->fd == -1) {
		if ((status = open_file(follow)) == 0)
			status = wait_for_more(follow);
		return status == 1 && follow->fd != -1 ? 0 : status;
	}
	if ((status = look_for_shrinking(follow)) == 0)
		status = read_rest(follow);
	if (status != 0)
		return status;
	return has_successor(follow) ? change_files(follow) : wait_for_more(follow);
}

int
ctl_follow(const char *path, size_t lines, const struct ctl_follow_reader *reader,
    const char **why_r)
{
	struct follow follow = { .path = path, .reader = reader, .fd = -1 };
	int status;

	buf_init(&follow.line);
	status = open_file(&follow);
	if (status == 1)
		status = skip_to_last(&follow, lines);
	while (status == 0)
		status = step(&follow);
	if (follow.fd != -1)
		(void)close(follow.fd);
	buf_clear(&follow.line);
	*why_r = follow.why;
	return status;
}
