/* milter/record/chain_line.c: the chain's part of a line of an audit file */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/ascii.h"
#include "record/chain_line.h"

#define TIME_LENGTH	(CHAIN_LINE_TIME_SIZE - 1)
#define SIG_LENGTH	(CHAIN_LINE_SIG_SIZE - 1)
#define VALUE_LENGTH	(CHAIN_TEXT_SIZE - 1)

/* What is left to be read. */
struct span {
	const char	*from;
	const char	*to;
};

static int
skip_front(struct span *span, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(span->to - span->from) < length ||
	    memcmp(span->from, text, length) != 0)
		return 0;
	span->from += length;
	return 1;
}

static int
skip_back(struct span *span, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(span->to - span->from) < length ||
	    memcmp(span->to - length, text, length) != 0)
		return 0;
	span->to -= length;
	return 1;
}

/* Takes and copies the last bytes, which must follow the text `before`. */
static int
take_back(struct span *span, const char *before, size_t length, char *copy)
{
	struct span rest = *span;

	if ((size_t)(rest.to - rest.from) < length)
		return 0;
	rest.to -= length;
	memcpy(copy, rest.to, length);
	copy[length] = '\0';
	if (!skip_back(&rest, before))
		return 0;
	*span = rest;
	return 1;
}

static int
take_value(struct span *span, const char *before, unsigned char value[CHAIN_SIZE])
{
	struct span rest = *span;
	char text[CHAIN_TEXT_SIZE];

	if (!skip_back(&rest, "\"") || !take_back(&rest, before, VALUE_LENGTH, text) ||
	    chain_parse(text, value) == -1)
		return 0;
	*span = rest;
	return 1;
}

/* Digits as the daemon writes them, without a zero in front. */
static int
read_number(const char **at, const char *to, uint64_t *number_r)
{
	const char *from = *at;
	uint64_t number;

	while (*at < to && ascii_is_digit(**at))
		(*at)++;
	if (ascii_number(from, (size_t)(*at - from), UINT64_MAX, &number) != 0 ||
	    (*from == '0' && *at > from + 1))
		return 0;
	*number_r = number;
	return 1;
}

static int
take_count(struct span span, uint64_t *count_r)
{
	const char *at = span.to, *end = span.to;

	while (at > span.from && ascii_is_digit(at[-1]))
		at--;
	span.to = at;
	return skip_back(&span, ",\"count\":") && read_number(&at, end, count_r);
}

static void
read_front(struct span span, struct chain_line *line)
{
	if (!skip_front(&span, "{\"v\":1,\"time\":\"") ||
	    (size_t)(span.to - span.from) < TIME_LENGTH)
		return;
	memcpy(line->time, span.from, TIME_LENGTH);
	line->time[TIME_LENGTH] = '\0';
	span.from += TIME_LENGTH;
	line->has_seq = skip_front(&span, "\",\"seq\":") &&
	    read_number(&span.from, span.to, &line->seq) && skip_front(&span, ",");
	if (!line->has_seq)
		line->time[0] = '\0';
	else if (skip_front(&span, "\"event\":\"anchor\","))
		line->is_anchor = take_count((struct span){ span.from - 1, span.to },
		    &line->count);
}

static int
is_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strspn(text, digits) == SIG_LENGTH - 2 &&
	    strcmp(text + SIG_LENGTH - 2, "==") == 0;
}

int
chain_line_parse(const char *text, size_t length, struct chain_line *line_r)
{
	struct span span = { text, text + length };

	line_r->has_prev = line_r->has_seq = line_r->is_anchor = 0;
	line_r->seq = line_r->count = 0;
	line_r->time[0] = line_r->sig[0] = '\0';
	if (!skip_back(&span, "}"))
		return 0;
	if (skip_back(&span, "==\"")) {
		span.to += strlen("==");
		if (!take_back(&span, ",\"sig\":\"", SIG_LENGTH, line_r->sig) ||
		    !is_base64(line_r->sig))
			return 0;
	}
	line_r->rest_at = (size_t)(span.to - text);
	if (!take_value(&span, ",\"chain\":\"", line_r->value))
		return 0;
	line_r->value_at = (size_t)(span.to - text);
	line_r->has_prev = take_value(&span, ",\"prev\":\"", line_r->prev);
	read_front(span, line_r);
	return line_r->sig[0] == '\0' || line_r->is_anchor;
}
