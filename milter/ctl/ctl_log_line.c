/* milter/ctl/ctl_log_line.c: a record as a line of text */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "core/encode.h"
#include "ctl/ctl_log_line.h"
#include "ctl/ctl_time.h"
#include "record/record.h"
#include "report/columns.h"

#define VERDICT_WIDTH	10
#define REASON_WIDTH	15
#define CLIENT_WIDTH	15
#define LOGIN_WIDTH	10
#define YEAR_LENGTH	5	/* "2026-" */
#define BAD_LENGTH_MAX	400	/* of a line that is no record */
#define MARK		"..."

/* Blanks up to a column that is counted from `start` on, and one in any case. */
static void
pad(struct buf *b, size_t start, size_t width)
{
	size_t columns;

	if (b->failed)
		return;
	columns = columns_of(b->data + start, b->len - start);
	do
		buf_putc(b, ' ');
	while (++columns < width + 1);
}

static int
is_given(const struct record_view *view, enum record_key key)
{
	return view->value[key].at != NULL;
}

static void
add_word(struct buf *b, const struct record_view *view, enum record_key key)
{
	struct buf plain;

	buf_init(&plain);
	record_text_add(&view->value[key], &plain);
	if (plain.failed)
		b->failed = 1;
	else
		(void)encode_word(b, plain.data == NULL ? "" : plain.data, plain.len,
		    SIZE_MAX);
	buf_clear(&plain);
}

/* A text that authrelay wrote, such as "trusted-networks 192.0.2.0/24", or "-". */
static void
add_words(struct buf *b, const struct record_view *view, enum record_key key)
{
	struct buf word;

	buf_init(&word);
	add_word(&word, view, key);
	if (word.failed)
		b->failed = 1;
	else if (word.len > 1 && word.data[0] == '"')
		buf_add(b, word.data + 1, word.len - 2);
	else
		buf_add(b, word.data, word.len);
	buf_clear(&word);
}

static void
add_column(struct buf *b, const struct record_view *view, enum record_key key,
    size_t width)
{
	size_t start = b->len;

	if (is_given(view, key))
		add_word(b, view, key);
	else
		buf_putc(b, '-');
	pad(b, start, width);
}

static void
add_verdict(struct buf *b, const struct record_view *view)
{
	int is_passed = view->enforced == 0;
	size_t start = b->len;

	if (!is_given(view, RECORD_KEY_VERDICT))
		add_word(b, view, RECORD_KEY_EVENT);
	else {
		buf_puts(b, is_passed ? "(" : "");
		add_word(b, view, RECORD_KEY_VERDICT);
		buf_puts(b, is_passed ? ")" : "");
	}
	pad(b, start, VERDICT_WIDTH);
}

/* "alice", or "alice!tls" where that does not count as a login. */
static void
add_login(struct buf *b, const struct record_view *view)
{
	size_t start = b->len;

	if (is_given(view, RECORD_KEY_AUTH))
		add_word(b, view, RECORD_KEY_AUTH);
	else
		buf_putc(b, '-');
	if (is_given(view, RECORD_KEY_AUTH_REFUSED)) {
		buf_putc(b, '!');
		add_word(b, view, RECORD_KEY_AUTH_REFUSED);
	}
	pad(b, start, LOGIN_WIDTH);
}

/* Of a flood: how many recipients have no record of their own. */
static void
add_count(struct buf *b, const struct record_view *view)
{
	buf_puts(b, ": ");
	add_word(b, view, RECORD_KEY_COUNT);
	buf_puts(b, view->count == 1 ? " recipient not recorded" :
	    " recipients not recorded");
}

/* What decided, or what the mail server said. */
static void
add_cause(struct buf *b, const struct record_view *view)
{
	enum record_key key = view->event == RECORD_MTA_REJECT ? RECORD_KEY_REPLY :
	    is_given(view, RECORD_KEY_MATCHED) ? RECORD_KEY_MATCHED : RECORD_KEY_MX;

	if (!is_given(view, key))
		return;
	buf_puts(b, "  (");
	add_words(b, view, key);
	if (view->event == RECORD_FLOOD)
		add_count(b, view);
	buf_putc(b, ')');
}

static void
add_mail(struct buf *b, const struct record_view *view)
{
	int is_decision = is_given(view, RECORD_KEY_VERDICT);

	add_column(b, view, is_decision ? RECORD_KEY_REASON : RECORD_KEY_QUEUE_ID,
	    REASON_WIDTH);
	add_column(b, view, RECORD_KEY_CLIENT, CLIENT_WIDTH);
	add_login(b, view);
	if (is_given(view, RECORD_KEY_SENDER))
		add_word(b, view, RECORD_KEY_SENDER);
	if (is_given(view, RECORD_KEY_RCPT)) {
		buf_puts(b, is_given(view, RECORD_KEY_SENDER) ? " -> " : "-> ");
		add_word(b, view, RECORD_KEY_RCPT);
	} else if (is_decision && view->event != RECORD_FLOOD)
		buf_puts(b, "  (message)");
	add_cause(b, view);
}

/* Of the daemon itself: what there is to say, and of an anchor its place in the chain. */
static void
add_note(struct buf *b, const struct record_view *view)
{
	if (is_given(view, RECORD_KEY_NOTE))
		add_words(b, view, RECORD_KEY_NOTE);
	else if (is_given(view, RECORD_KEY_COUNT)) {
		buf_puts(b, "seq ");
		add_word(b, view, RECORD_KEY_SEQ);
		buf_puts(b, ", records ");
		add_word(b, view, RECORD_KEY_COUNT);
		buf_puts(b, ", chain ");
		add_word(b, view, RECORD_KEY_CHAIN);
		buf_puts(b, is_given(view, RECORD_KEY_SIG) ? ", signed" : "");
	}
}

static const char *
colour_of(const struct record_view *view)
{
	const struct record_text *verdict = &view->value[RECORD_KEY_VERDICT];

	if (record_text_is(verdict, "permit"))
		return "\033[32m";
	if (record_text_is(verdict, "reject"))
		return "\033[31m";
	if (record_text_is(verdict, "tempfail"))
		return "\033[33m";
	return "\033[36m";
}

/* Blanks at the end go, and what is too long. */
static void
trim(const struct ctl_log_style *style, struct buf *line)
{
	size_t columns, end;

	while (line->len > 0 && line->data[line->len - 1] == ' ')
		buf_cut(line, line->len - 1);
	if (style->width <= strlen(MARK) || line->len == 0)
		return;
	if (columns_of(line->data, line->len) <= style->width)
		return;
	end = columns_fit(line->data, line->len, style->width - strlen(MARK), &columns);
	buf_cut(line, end);
	buf_puts(line, MARK);
}

/* Takes a finished line over, with the first word after the time in its colour. */
static void
put_line(const struct ctl_log_style *style, struct buf *line, size_t start,
    const char *colour, struct buf *out)
{
	size_t length;

	trim(style, line);
	if (line->failed) {
		out->failed = 1;
		return;
	}
	if (!style->has_colour || line->len <= start)
		buf_add(out, line->data, line->len);
	else {
		length = strcspn(line->data + start, " ");
		buf_add(out, line->data, start);
		buf_puts(out, colour);
		buf_add(out, line->data + start, length);
		buf_puts(out, "\033[0m");
		buf_add(out, line->data + start + length, line->len - start - length);
	}
	buf_putc(out, '\n');
}

void
ctl_log_line_write(const struct ctl_log_style *style, const struct record_view *view,
    struct buf *out)
{
	char time[CTL_TIME_SIZE];
	struct buf line;
	size_t start;

	buf_init(&line);
	ctl_time_format(view->time_us, time);
	buf_puts(&line, time + (style->is_short && strlen(time) > YEAR_LENGTH ?
	    YEAR_LENGTH : 0));
	buf_putc(&line, ' ');
	start = line.len;
	add_verdict(&line, view);
	if (is_given(view, RECORD_KEY_SESSION) || view->event == RECORD_FLOOD)
		add_mail(&line, view);
	else
		add_note(&line, view);
	put_line(style, &line, start, colour_of(view), out);
	buf_clear(&line);
}

void
ctl_log_line_write_bad(const struct ctl_log_style *style, const char *text, size_t length,
    const char *why, struct buf *out)
{
	struct buf line;

	buf_init(&line);
	buf_printf(&line, "(%s) ", why);
	(void)encode_word(&line, text, length, BAD_LENGTH_MAX);
	put_line(style, &line, 0, "\033[35m", out);
	buf_clear(&line);
}

void
ctl_log_line_write_fields(const struct record_view *view, const enum record_key *keys,
    size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(out, '\t');
		if (is_given(view, keys[i]))
			add_word(out, view, keys[i]);
	}
	buf_putc(out, '\n');
}
