/* milter/audit/audit_resume.c: search for the end of an audit file's chain */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit_resume.h"
#include "core/buf.h"
#include "record/chain_line.h"

#define BLOCK		65536
#define LINE_MAX_BYTES	(16 * 1024 * 1024)	/* the daemon writes none longer */
#define FIRST_WINDOW	65536	/* the next is WINDOW_FACTOR times as long */
#define WINDOW_FACTOR	16

struct scan {
	struct audit_resume	*tail;
	struct buf		 line;		/* as much of it as was read */
	off_t			 line_start;
	int			 is_junk;	/* it is too long to be kept */
	int			 is_counted;	/* from an anchor or the beginning on */
};

/* Takes the line that is in the buffer; returns whether it is a record. */
static int
take_line(struct scan *scan)
{
	struct audit_resume *tail = scan->tail;
	struct chain_line line;

	if (scan->is_junk || scan->line.len == 0 ||
	    !chain_line_parse(scan->line.data, scan->line.len, &line) || !line.has_seq)
		return 0;
	tail->has_chain = 1;
	memcpy(tail->value, line.value, CHAIN_SIZE);
	tail->from = scan->line_start + (off_t)line.rest_at;
	tail->seq = line.seq;
	tail->count++;
	if (line.is_anchor) {
		tail->count = line.count;
		scan->is_counted = 1;
	}
	return 1;
}

static void
add_piece(struct scan *scan, const char *piece, size_t len)
{
	if (scan->line.len + len > LINE_MAX_BYTES)
		scan->is_junk = 1;
	if (!scan->is_junk)
		buf_add(&scan->line, piece, len);
}

/* A block of the file that begins at this offset. */
static void
take_block(struct scan *scan, const char *block, size_t len, off_t offset)
{
	const char *at = block, *end = block + len, *line_end;

	while ((line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		add_piece(scan, at, (size_t)(line_end - at));
		(void)take_line(scan);
		buf_cut(&scan->line, 0);
		scan->is_junk = 0;
		at = line_end + 1;
		scan->line_start = offset + (at - block);
	}
	add_piece(scan, at, (size_t)(end - at));
}

/* Reads from the offset to the end; what comes before the first line end is left out. */
static int
read_window(struct scan *scan, int fd, off_t offset)
{
	char *block = malloc(BLOCK);
	ssize_t n = 0;

	*scan = (struct scan){ .tail = scan->tail };
	scan->is_counted = offset == 0;
	scan->is_junk = offset != 0;
	scan->line_start = offset;
	while (block != NULL && !scan->line.failed &&
	    (n = pread(fd, block, BLOCK, offset)) > 0) {
		take_block(scan, block, (size_t)n, offset);
		offset += n;
	}
	if (block == NULL || scan->line.failed) {
		errno = ENOMEM;
		n = -1;
	}
	scan->tail->size = offset;
	if (scan->line_start == offset)
		scan->tail->end = AUDIT_RESUME_WHOLE;
	else
		scan->tail->end = take_line(scan) ?
		    AUDIT_RESUME_ENDLESS : AUDIT_RESUME_TORN;
	buf_clear(&scan->line);
	free(block);
	return n < 0 ? -1 : 0;
}

int
audit_resume_read(int fd, struct audit_resume *tail)
{
	struct scan scan = { .tail = tail };
	struct stat st;
	off_t window = FIRST_WINDOW, offset;

	if (fstat(fd, &st) == -1)
		return -1;
	do {
		*tail = (struct audit_resume){ 0 };
		offset = st.st_size > window ? st.st_size - window : 0;
		if (read_window(&scan, fd, offset) == -1)
			return -1;
		window *= WINDOW_FACTOR;
	} while (offset > 0 && !(tail->has_chain && scan.is_counted));
	return 0;
}
