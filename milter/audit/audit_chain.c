/* milter/audit/audit_chain.c: chain values and anchors of an audit file's lines */
/* SPDX-License-Identifier: ISC */

/*
 * A value is known only when all bytes before it are, so the chain follows the file: it
 * begins after the last value in it, seals a batch of lines in memory, and moves to
 * their last value once they are written (audit_chain_keep()). If less was written, it
 * moves to the last line that is whole, and the hash, which has seen more than the
 * file, is discarded: audit_chain_begin() reads the end of the file again. The leader
 * of the queue (audit_queue.c) calls all of this, so that no lock is needed.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit_chain.h"
#include "os/clock.h"
#include "os/log.h"
#include "record/record.h"

#define BLOCK		65536
#define VALUE_DIGITS	(2 * CHAIN_SIZE)
#define PREV_KEY	",\"prev\":\""
#define CHAIN_KEY	",\"chain\":\""

int
audit_chain_init(struct audit_chain *c)
{
	*c = (struct audit_chain){ .hash = chain_new() };
	return c->hash == NULL ? -1 : 0;
}

void
audit_chain_clear(struct audit_chain *c)
{
	chain_free(c->hash);
	*c = (struct audit_chain){ .hash = NULL };
}

int
audit_chain_begin(struct audit_chain *c, const unsigned char value[CHAIN_SIZE],
    uint64_t count, int fd, off_t from)
{
	char *block = malloc(BLOCK);
	ssize_t n = block == NULL ? -1 : 0;

	memmove(c->value, value, CHAIN_SIZE);
	c->count = count;
	errno = ENOMEM;	/* as it is where the library fails */
	if (block != NULL && chain_begin(c->hash, c->value) == -1)
		n = -1;
	while (n >= 0 && fd != -1 && (n = pread(fd, block, BLOCK, from)) > 0) {
		from += n;
		if (chain_add(c->hash, block, (size_t)n) == -1)
			n = -1;
	}
	free(block);
	return n < 0 ? -1 : 0;
}

const unsigned char *
audit_chain_value(const struct audit_chain *c)
{
	return c->value;
}

uint64_t
audit_chain_count(const struct audit_chain *c)
{
	return c->count;
}

int
audit_chain_add(struct audit_chain *c, const void *bytes, size_t len)
{
	return chain_add(c->hash, bytes, len);
}

/* The first record of a file names the last value of the one before. */
static int
insert_prev(const struct audit_chain *c, struct buf *lines, size_t *shift_r)
{
	char text[sizeof(PREV_KEY) + VALUE_DIGITS + 1], value[CHAIN_TEXT_SIZE];
	char *line_end = memchr(lines->data, '\n', lines->len);
	size_t len, at = (size_t)(line_end + 1 - lines->data) - strlen(AUDIT_LINE_END);

	chain_format(c->value, value);
	len = (size_t)snprintf(text, sizeof(text), PREV_KEY "%s\"", value);
	buf_add(lines, text, len);
	if (lines->failed)
		return -1;
	memmove(lines->data + at + len, lines->data + at, lines->len - len - at);
	memcpy(lines->data + at, text, len);
	*shift_r = len;
	return 0;
}

/* Ends the value of the bytes before its key, writes its digits, begins the next. */
static int
seal_value(struct audit_chain *c, const char *from, char *digits)
{
	const char *key = digits - strlen(CHAIN_KEY);
	char value[CHAIN_TEXT_SIZE];

	if (chain_add(c->hash, from, (size_t)(key - from)) == -1 ||
	    chain_end(c->hash, c->value) == -1)
		return -1;
	chain_format(c->value, value);
	memcpy(digits, value, VALUE_DIGITS);
	return chain_begin(c->hash, c->value);
}

static int
seal_lines(struct audit_chain *c, struct buf *lines)
{
	char *at = lines->data, *from = at, *end = at + lines->len, *line_end;

	for (; at < end; at = line_end + 1) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (seal_value(c, from, line_end - 2 - VALUE_DIGITS) == -1)
			return -1;
		from = line_end - 1;
	}
	return chain_add(c->hash, from, (size_t)(end - from));
}

/* The keys in front of the chain value of an anchor. */
static void
add_anchor_head(struct audit_chain *c, struct record *record, uint64_t seq,
    struct buf *lines)
{
	char prev[CHAIN_TEXT_SIZE];

	if (record->count == 1) {
		chain_format(c->value, prev);
		record->prev = prev;
	}
	record_json_head(lines, record->time_us, seq);
	record_json_body(lines, record);
	buf_puts(lines, AUDIT_LINE_END);
	record->prev = NULL;
}

static void
sign(const struct audit_chain *c, const struct audit_key *key, uint64_t seq,
    struct record *record, char sig_r[AUDIT_KEY_SIG_SIZE])
{
	if (key == NULL)
		return;
	if (audit_key_sign(key, seq, c->value, (uint64_t)record->count, sig_r) == 0)
		record->sig = sig_r;
	else
		log_error("audit: cannot sign anchor %" PRIu64, seq);
}

/* Adds an anchor to lines that have their values, and its line for the log. */
static int
add_anchor(struct audit_chain *c, const struct audit_key *key, struct buf *lines,
    uint64_t lines_count, uint64_t seq, struct buf *line)
{
	size_t start = lines->len, digits;
	char value[CHAIN_TEXT_SIZE], sig[AUDIT_KEY_SIG_SIZE];
	struct record record;

	record_init(&record, RECORD_ANCHOR);
	record.time_us = clock_realtime_us();
	record.count = (int64_t)(c->count + lines_count + 1);
	add_anchor_head(c, &record, seq, lines);
	if (lines->failed)
		return -1;
	digits = lines->len - strlen("\"}\n") - VALUE_DIGITS;
	if (seal_value(c, lines->data + start, lines->data + digits) == -1)
		return -1;
	sign(c, key, seq, &record, sig);
	buf_cut(lines, digits + VALUE_DIGITS + 1);
	if (record.sig != NULL)
		buf_printf(lines, ",\"sig\":\"%s\"", sig);
	buf_puts(lines, "}\n");
	chain_format(c->value, value);
	record.chain = value;
	record_line(line, &record, seq);
	if (lines->failed)
		return -1;
	digits += VALUE_DIGITS + 1;
	return chain_add(c->hash, lines->data + digits, lines->len - digits);
}

int
audit_chain_seal(struct audit_chain *c, const struct audit_key *key, struct buf *lines,
    uint64_t lines_count, uint64_t anchor_seq, size_t *shift_r, struct buf *anchor)
{
	int status = 0;

	*shift_r = 0;
	memcpy(c->before, c->value, CHAIN_SIZE);
	if (c->count == 0 && lines_count > 0)
		status = insert_prev(c, lines, shift_r);
	if (status == 0)
		status = seal_lines(c, lines);
	if (status == 0 && anchor_seq != 0)
		status = add_anchor(c, key, lines, lines_count, anchor_seq, anchor);
	if (status == -1)
		memcpy(c->value, c->before, CHAIN_SIZE);
	return status;
}

/* Goes back to the last value within the first bytes. */
static uint64_t
go_back(struct audit_chain *c, const struct buf *lines, size_t done)
{
	const char *at = lines->data, *line_end;
	char value[CHAIN_TEXT_SIZE];
	uint64_t count = 0;

	memcpy(c->value, c->before, CHAIN_SIZE);
	while ((line_end = memchr(at, '\n',
	    lines->len - (size_t)(at - lines->data))) != NULL &&
	    (size_t)(line_end - lines->data) <= done) {
		memcpy(value, line_end - 2 - VALUE_DIGITS, VALUE_DIGITS);
		value[VALUE_DIGITS] = '\0';
		(void)chain_parse(value, c->value);
		at = line_end + 1;
		count++;
	}
	return count;
}

uint64_t
audit_chain_keep(struct audit_chain *c, const struct buf *lines, uint64_t count,
    size_t done)
{
	if (done + 1 < lines->len)
		count = go_back(c, lines, done);
	c->count += count;
	return count;
}

/* The offset after `count` lines, all of which are there. */
static size_t
skip_lines(const struct buf *lines, size_t from, uint64_t count)
{
	const char *at = lines->data + from, *end = lines->data + lines->len;

	for (; count > 0; count--)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	return (size_t)(at - lines->data);
}

/* What insert_prev() has put into the first line. */
static void
remove_prev(struct buf *lines, size_t shift)
{
	size_t at = skip_lines(lines, 0, 1) - strlen(AUDIT_LINE_END) - shift;

	memmove(lines->data + at, lines->data + at + shift, lines->len - at - shift);
	buf_cut(lines, lines->len - shift);
}

void
audit_chain_undo(struct buf *lines, uint64_t count, uint64_t done, size_t shift)
{
	size_t from, end;

	lines->failed = 0;
	if (done >= count) {
		buf_cut(lines, 0);
		return;
	}
	if (done == 0 && shift > 0)
		remove_prev(lines, shift);
	from = skip_lines(lines, 0, done);
	end = skip_lines(lines, from, count - done);
	memmove(lines->data, lines->data + from, end - from);
	buf_cut(lines, end - from);
}
