/* milter/audit/audit_seal.c: chain values and anchors of the lines to be written */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit_seal.h"
#include "os/clock.h"
#include "os/log.h"
#include "record/record.h"

#define VALUE_DIGITS	(2 * CHAIN_SIZE)
#define PREV_KEY	",\"prev\":\""
#define CHAIN_KEY	",\"chain\":\""

/* The first record of a file names the last value of the one before. */
static int
insert_prev(const struct audit_file *f, struct buf *lines, size_t *shift_r)
{
	char text[sizeof(PREV_KEY) + VALUE_DIGITS + 1], value[CHAIN_TEXT_SIZE];
	char *line_end = memchr(lines->data, '\n', lines->len);
	size_t len, at = (size_t)(line_end + 1 - lines->data) - strlen(AUDIT_FILE_LINE_END);

	chain_format(f->value, value);
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
seal_value(struct audit_file *f, const char *from, char *digits)
{
	const char *key = digits - strlen(CHAIN_KEY);
	char value[CHAIN_TEXT_SIZE];

	if (chain_add(f->chain, from, (size_t)(key - from)) == -1 ||
	    chain_end(f->chain, f->value) == -1)
		return -1;
	chain_format(f->value, value);
	memcpy(digits, value, VALUE_DIGITS);
	return chain_begin(f->chain, f->value);
}

static int
seal_lines(struct audit_file *f, struct buf *lines)
{
	char *at = lines->data, *from = at, *end = at + lines->len, *line_end;

	for (; at < end; at = line_end + 1) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (seal_value(f, from, line_end - 2 - VALUE_DIGITS) == -1)
			return -1;
		from = line_end - 1;
	}
	return chain_add(f->chain, from, (size_t)(end - from));
}

/* The keys in front of the chain value of an anchor. */
static void
add_anchor_head(struct audit_file *f, struct record *record, uint64_t seq, struct buf *lines)
{
	char prev[CHAIN_TEXT_SIZE];

	if (record->count == 1) {
		chain_format(f->value, prev);
		record->prev = prev;
	}
	record_json_head(lines, record->time_us, seq);
	record_json_body(lines, record);
	buf_puts(lines, AUDIT_FILE_LINE_END);
	record->prev = NULL;
}

static void
sign(const struct audit_file *f, uint64_t seq, struct record *record,
    char sig_r[AUDIT_KEY_SIG_SIZE])
{
	if (f->options.key == NULL)
		return;
	if (audit_key_sign(f->options.key, seq, f->value, (uint64_t)record->count, sig_r) == 0)
		record->sig = sig_r;
	else
		log_error("audit %s: cannot sign anchor %" PRIu64,
		    f->options.name, seq);
}

/* Adds an anchor to lines that have their values, and its line for the log to the result. */
static int
add_anchor(struct audit_file *f, struct buf *lines, uint64_t lines_count, uint64_t seq,
    struct audit_written *result)
{
	size_t start = lines->len, digits;
	char value[CHAIN_TEXT_SIZE], sig[AUDIT_KEY_SIG_SIZE];
	struct record record;

	record_init(&record, RECORD_ANCHOR);
	record.time_us = clock_realtime_us();
	record.count = (int64_t)(f->count + lines_count + 1);
	add_anchor_head(f, &record, seq, lines);
	if (lines->failed)
		return -1;
	digits = lines->len - strlen("\"}\n") - VALUE_DIGITS;
	if (seal_value(f, lines->data + start, lines->data + digits) == -1)
		return -1;
	sign(f, seq, &record, sig);
	buf_cut(lines, digits + VALUE_DIGITS + 1);
	if (record.sig != NULL)
		buf_printf(lines, ",\"sig\":\"%s\"", sig);
	buf_puts(lines, "}\n");
	chain_format(f->value, value);
	record.chain = value;
	record_line(&result->anchor, &record, seq);
	if (lines->failed)
		return -1;
	digits += VALUE_DIGITS + 1;
	return chain_add(f->chain, lines->data + digits, lines->len - digits);
}

int
audit_seal(struct audit_file *f, struct buf *lines, uint64_t lines_count, uint64_t anchor_seq,
    struct audit_written *result)
{
	if (f->count == 0 && lines_count > 0 && insert_prev(f, lines, &result->shift) == -1)
		return -1;
	if (seal_lines(f, lines) == -1)
		return -1;
	return anchor_seq == 0 ? 0 : add_anchor(f, lines, lines_count, anchor_seq, result);
}

uint64_t
audit_seal_resume(struct audit_file *f, const struct buf *lines, size_t done)
{
	const char *at = lines->data, *line_end;
	char value[CHAIN_TEXT_SIZE];
	uint64_t count = 0;

	while ((line_end = memchr(at, '\n', lines->len - (size_t)(at - lines->data))) != NULL &&
	    (size_t)(line_end - lines->data) <= done) {
		memcpy(value, line_end - 2 - VALUE_DIGITS, VALUE_DIGITS);
		value[VALUE_DIGITS] = '\0';
		(void)chain_parse(value, f->value);
		at = line_end + 1;
		count++;
	}
	return count;
}

/* The offset behind so many lines, all of which are there. */
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
	size_t at = skip_lines(lines, 0, 1) - strlen(AUDIT_FILE_LINE_END) - shift;

	memmove(lines->data + at, lines->data + at + shift, lines->len - at - shift);
	buf_cut(lines, lines->len - shift);
}

void
audit_seal_undo(struct buf *lines, uint64_t count, const struct audit_written *written)
{
	uint64_t done = written->lines < count ? written->lines : count;
	size_t from, end;

	lines->failed = 0;
	if (done == count) {
		buf_cut(lines, 0);
		return;
	}
	if (done == 0 && written->shift > 0)
		remove_prev(lines, written->shift);
	from = skip_lines(lines, 0, done);
	end = skip_lines(lines, from, count - done);
	memmove(lines->data, lines->data + from, end - from);
	buf_cut(lines, end - from);
}
