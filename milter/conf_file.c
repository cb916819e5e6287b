/* milter/conf_file.c: files that are read whole */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_file.h"

#define CHUNK	65536

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

/* Reads straight into the buffer, since a list may have many megabytes. */
static const char *
read_all(int fd, struct buf *text, size_t first_size)
{
	ssize_t n = 1;

	while (n != 0) {
		if (make_room(text, first_size) == -1)
			return "out of memory";
		char *to = text->data + text->len;
		n = read(fd, to, text->size - text->len - 1);
		if (n == -1 && errno != EINTR)
			return strerror(errno);
		to[n > 0 ? n : 0] = '\0';
		if (n > 0 && memchr(to, '\0', (size_t)n) != NULL)
			return "a NUL byte in it: it is no text file";
		text->len += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

const char *
conf_file_load(const char *path, struct buf *text)
{
	struct stat status;
	const char *why;
	int fd;

	buf_init(text);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return strerror(errno);
	if (fstat(fd, &status) == -1)
		why = strerror(errno);
	else if (S_ISDIR(status.st_mode))
		why = strerror(EISDIR);
	else
		why = read_all(fd, text, CHUNK + (size_t)status.st_size);
	(void)close(fd);
	return why;
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
	    "more than one entry in a line" : NULL;
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
			line->why = "the last line has no line end, the file may be cut off";
			return 1;
		}
		line->at += (size_t)(end - s) + 1;
		read_line(line, s, end);
		if (line->len > 0)
			return 1;
	}
	return 0;
}
