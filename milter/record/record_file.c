/* milter/record/record_file.c: reader of audit files, line by line, unpacking gzip */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "record/record_file.h"

#define PACKED_SIZE	(128 * 1024)
/* A line that is not whole goes to the front before the rest of it is read. */
#define BUFFER_SIZE	(RECORD_FILE_LINE_MAX + 256 * 1024)
#define GZIP_WINDOW	(15 + 16)	/* zlib.h: the largest, and gzip's format only */

struct record_file {
	int		 fd;
	int		 is_packed;
	int		 has_ended;	/* nothing more comes from the descriptor */
	int		 in_member;	/* packed data have begun and not ended */
	int		 in_line;	/* a part of the line was given out */
	const char	*why;
	uint64_t	 done;
	uint64_t	 size;
	uint64_t	 offset;	/* of buffer[first], unpacked */
	uint64_t	 number;
	size_t		 first;		/* what of the buffer was not given out */
	size_t		 searched;	/* of it, up to where there is no line end */
	size_t		 last;
	z_stream	 unpacker;
	unsigned char	 packed[PACKED_SIZE];
	char		 buffer[BUFFER_SIZE];
};

/* At most `size` bytes from the descriptor; 0 at its end, -1 with why. */
static ssize_t
read_some(struct record_file *file, void *to, size_t size)
{
	ssize_t	n;

	while ((n = read(file->fd, to, size)) == -1 && errno == EINTR)
		;
	if (n == -1)
		file->why = strerror(errno);
	else
		file->done += (uint64_t)n;
	return n;
}

/* The first bytes say what it is. A plain file's are the first of the buffer. */
static int
begin(struct record_file *file)
{
	size_t	have = 0;
	ssize_t	n = 1;

	while (have < 2 &&
	    (n = read_some(file, file->packed + have, PACKED_SIZE - have)) > 0)
		have += (size_t)n;
	if (n == -1)
		return -1;
	file->has_ended = n == 0;
	if (have < 2 || file->packed[0] != 0x1f || file->packed[1] != 0x8b) {
		memcpy(file->buffer, file->packed, have);
		file->last = have;
		return 0;
	}
	if (inflateInit2(&file->unpacker, GZIP_WINDOW) != Z_OK) {
		file->why = "out of memory";
		return -1;
	}
	file->is_packed = 1;
	file->in_member = 1;
	file->unpacker.next_in = file->packed;
	file->unpacker.avail_in = (unsigned)have;
	return 0;
}

struct record_file *
record_file_open(const char *path, const char **why_r)
{
	struct record_file	*file = malloc(sizeof *file);
	struct stat		 st;

	if (file == NULL) {
		*why_r = "out of memory";
		return NULL;
	}
	/* The buffers would be too much to clear. */
	memset(file, 0, offsetof(struct record_file, packed));
	file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd == -1) {
		*why_r = strerror(errno);
		free(file);
		return NULL;
	}
	if (fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode))
		file->size = (uint64_t)st.st_size;
	if (begin(file) == -1) {
		*why_r = file->why;
		record_file_close(file);
		return NULL;
	}
	return file;
}

void
record_file_close(struct record_file *file)
{
	if (file == NULL)
		return;
	if (file->is_packed)
		(void)inflateEnd(&file->unpacker);
	if (file->fd != STDIN_FILENO)
		(void)close(file->fd);
	free(file);
}

/* Files of gzip may be concatenated: the next one begins. */
static int
begin_member(struct record_file *file)
{
	if (inflateReset(&file->unpacker) != Z_OK) {
		file->why = "out of memory";
		return -1;
	}
	file->in_member = 1;
	return 0;
}

/* Unpacks into the room; 0 at the end, -1 with why. */
static ssize_t
unpack_some(struct record_file *file, char *to, size_t size)
{
	z_stream	*z = &file->unpacker;
	ssize_t		 n;
	int		 status;

	z->next_out = (unsigned char *)to;
	z->avail_out = (unsigned)size;
	while (z->avail_out == size) {
		if (z->avail_in == 0) {
			n = read_some(file, file->packed, PACKED_SIZE);
			if (n == -1)
				return -1;
			if (n == 0 && file->in_member)
				file->why = "the compressed data is truncated";
			if (n == 0)
				return file->in_member ? -1 : 0;
			z->next_in = file->packed;
			z->avail_in = (unsigned)n;
		}
		if (!file->in_member && begin_member(file) == -1)
			return -1;
		status = inflate(z, Z_NO_FLUSH);
		if (status == Z_STREAM_END) {
			file->in_member = 0;
		} else if (status != Z_OK && status != Z_BUF_ERROR) {
			file->why = status == Z_MEM_ERROR ? "out of memory" :
			    "the compressed data is damaged";
			break;
		}
	}
	if (z->avail_out != size)
		return (ssize_t)(size - z->avail_out);
	return -1;
}

/* Reads more bytes after those that are there: 0, also if there are no more. */
static void
fill(struct record_file *file)
{
	size_t	left = file->last - file->first;
	char	*to;
	ssize_t	n;

	if (file->first != 0) {
		memmove(file->buffer, file->buffer + file->first, left);
		file->searched -= file->first;
		file->first = 0;
		file->last = left;
	}
	to = file->buffer + file->last;
	if (file->is_packed)
		n = unpack_some(file, to, BUFFER_SIZE - left);
	else
		n = read_some(file, to, BUFFER_SIZE - left);
	if (n > 0)
		file->last += (size_t)n;
	if (n <= 0 || file->why != NULL)
		file->has_ended = 1;
}

/* Gives out the first bytes. */
static int
give(struct record_file *file, size_t length, int has_end, struct record_line *line_r)
{
	if (!file->in_line)
		file->number++;
	*line_r = (struct record_line){
		.at = file->buffer + file->first,
		.length = length,
		.has_end = has_end,
		.number = file->number,
		.offset = file->offset,
	};
	file->first += length + (size_t)has_end;
	file->searched = file->first;
	file->offset += length + (size_t)has_end;
	file->in_line = 0;
	return 1;
}

int
record_file_next(struct record_file *file, struct record_line *line_r)
{
	for (;;) {
		size_t		 length = file->last - file->first;
		const char	*from = file->buffer + file->searched;
		const char	*end = memchr(from, '\n', file->last - file->searched);

		if (end != NULL)
			return give(file, (size_t)(end - file->buffer) - file->first, 1,
			    line_r);
		file->searched = file->last;
		if (length >= RECORD_FILE_LINE_MAX) {
			(void)give(file, length, 0, line_r);
			line_r->is_part = 1;
			file->in_line = 1;
			return 1;
		}
		if (!file->has_ended) {
			fill(file);
			continue;
		}
		if (length != 0)
			return give(file, length, 0, line_r);
		return file->why == NULL ? 0 : -1;
	}
}

const char *
record_file_why(const struct record_file *file)
{
	return file->why;
}

uint64_t
record_file_done(const struct record_file *file)
{
	return file->done;
}

uint64_t
record_file_size(const struct record_file *file)
{
	return file->size;
}
