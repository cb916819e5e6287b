/* milter/report/format.c: readable numbers, times and record texts */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/encode.h"
#include "core/utf8.h"
#include "report/format.h"
#include "report/rank.h"

/*
 * Text without a backslash, and so without an escape, by the one way in which strangers'
 * text becomes fit to be seen.
 */
static void
add_run(const char *text, size_t length, struct buf *b)
{
	size_t start = b->len;

	encode_json(b, text, length);
	if (b->failed || b->len < start + 2)
		return;
	memmove(b->data + start, b->data + start + 1, b->len - start - 2);
	buf_cut(b, b->len - 2);
}

/* All that is beyond ASCII as escapes. */
static void
add_ascii(const char *text, size_t length, struct buf *b)
{
	while (length > 0) {
		uint32_t point;
		size_t n = utf8_decode(text, length, &point);

		if (n == 1)
			buf_putc(b, *text);
		else if (n > 1)
			buf_printf(b, "\\u%04" PRIx32, point);
		text += n == 0 ? 1 : n;
		length -= n == 0 ? 1 : n;
	}
}

/* Run by run between the escapes. */
static void
show(const char *raw, size_t length, int is_utf8, int is_json, struct buf *b)
{
	const char *end = raw + length;
	struct buf run;

	buf_init(&run);
	while (raw < end) {
		const char *escape = memchr(raw, '\\', (size_t)(end - raw));
		const char *to = escape == NULL ? end : escape;

		buf_reset(&run);
		add_run(raw, (size_t)(to - raw), &run);
		b->failed |= run.failed;
		if (is_utf8)
			buf_add(b, run.data, run.len);
		else
			add_ascii(run.data, run.len, b);
		if (to == end)
			break;
		if (is_json || to + 1 == end || (to[1] != '"' && to[1] != '\\'))
			buf_putc(b, '\\');
		if (to + 1 < end)
			buf_putc(b, to[1]);
		raw = to + 1 < end ? to + 2 : end;
	}
	buf_clear(&run);
}

void
format_text(const char *raw, size_t length, int is_utf8, struct buf *b)
{
	show(raw, length, is_utf8, 0, b);
}

void
format_json(const char *raw, size_t length, struct buf *b)
{
	buf_putc(b, '"');
	show(raw, length, 1, 1, b);
	buf_putc(b, '"');
}

void
format_number(uint64_t number, struct buf *b)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, number);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf_putc(b, ',');
		buf_putc(b, digits[i]);
	}
}

void
format_distinct(const struct distinct *distinct, const char *about, struct buf *b)
{
	int is_estimate;
	uint64_t number = distinct_count(distinct, &is_estimate);
	uint64_t unit = 1;

	if (is_estimate) {
		buf_puts(b, about);
		while (number / unit >= 100)
			unit *= 10;
		number = (number + unit / 2) / unit * unit;
	}
	format_number(number, b);
}

void
format_spellings(const uint64_t counts[SPELLINGS], size_t most, struct buf *b)
{
	enum spelling spellings[SPELLINGS];
	size_t n = rank_spellings(counts, spellings);

	for (size_t i = 0; i < n && i < most; i++) {
		buf_printf(b, "%s%s ", i == 0 ? "" : ", ", spelling_name(spellings[i]));
		format_number(counts[spellings[i]], b);
	}
	if (n > most)
		buf_printf(b, ", and %zu others", n - most);
}

void
format_change(const struct tally_count *count, struct buf *b)
{
	double change;

	if (count->now == count->before) {
		buf_putc(b, '=');
		return;
	}
	if (count->before == 0) {
		buf_puts(b, "new");
		return;
	}
	change = 100.0 * ((double)count->now - (double)count->before) /
	    (double)count->before;
	if (change >= 1000)
		buf_printf(b, "%.0f-fold", (double)count->now / (double)count->before);
	else if (change > -0.5 && change < 0.5)
		buf_putc(b, '=');
	else
		buf_printf(b, "%+.0f %%", change);
}

void
format_clock(int64_t local_seconds, const char *format, struct buf *b)
{
	time_t seconds = (time_t)local_seconds;
	struct tm tm;
	char text[64];

	if (gmtime_r(&seconds, &tm) != NULL &&
	    strftime(text, sizeof text, format, &tm) != 0)
		buf_puts(b, text);
}

static int64_t
seconds_of(int64_t time_us)
{
	return time_us / 1000000 - (time_us % 1000000 < 0);
}

void
format_utc(int64_t time_us, struct buf *b)
{
	format_clock(seconds_of(time_us), "%Y-%m-%dT%H:%M:%S", b);
	buf_printf(b, ".%06dZ", (int)(time_us - seconds_of(time_us) * 1000000));
}

void
format_local(const struct report *report, int64_t time_us, const char *format,
    struct buf *b)
{
	int64_t seconds = seconds_of(time_us);

	format_clock(seconds + report->options.offset(seconds), format, b);
}

void
format_width(int64_t seconds, struct buf *b)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 7 * 86400, "week" },
		{ 86400, "day" },
		{ 3600, "hour" },
		{ 60, "minute" },
	};
	size_t i = 0;

	while (i + 1 < sizeof units / sizeof units[0] && seconds % units[i].seconds != 0)
		i++;
	if (seconds == units[i].seconds)
		buf_puts(b, units[i].name);
	else
		buf_printf(b, "%" PRId64 " %ss", seconds / units[i].seconds,
		    units[i].name);
}

const char *
format_weekday(unsigned day)
{
	static const char *const	names[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
		"Sunday"
	};

	return names[day % 7];
}

const char *
format_verdict(unsigned verdict)
{
	static const char *const	names[REPORT_VERDICTS] = {
		[POLICY_PERMIT] = "permitted",
		[POLICY_REJECT] = "refused",
		[POLICY_TEMPFAIL] = "deferred",
	};

	return names[verdict];
}
