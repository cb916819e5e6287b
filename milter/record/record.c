/* milter/record/record.c: writer of audit records, as JSON and as key=value */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "core/encode.h"
#include "record/record.h"
#include "record/record_key.h"

#define SECONDS_A_DAY	86400
#define LAST_SECOND	253402300799	/* 9999-12-31T23:59:59 */

#define KEY_FIRST	RECORD_KEY_EVENT	/* after v, time and seq */

/* What the line for syslog has in front: the same keys as at KEY_FIRST. */
static const enum record_key line_lead[] = {
	RECORD_KEY_VERDICT, RECORD_KEY_REASON, RECORD_KEY_EVENT
};

#define KEY_LED		(sizeof line_lead / sizeof line_lead[0])
#define KEY_REST	(KEY_FIRST + KEY_LED)

/* How long a value in the line for syslog may be. */
static const size_t caps[] = {
	RECORD_LINE_MAX, 512, 384, 256, 192, 160, 128, 112, 96, 80, 64, 48, 32, 24, 16,
	8, 5
};

#define CAP_COUNT	(sizeof caps / sizeof caps[0])
#define CAP_LEAST_WHOLE	24	/* below that, what cut says is worth less than values */
#define CAP_LED		32	/* of verdict, reason and event: they stay whole */

/* What is in front and at the end always has room. */
_Static_assert(RECORD_LINE_MAX >= 256, "a line without its values must fit");

void
record_init(struct record *record, enum record_event event)
{
	*record = (struct record){
		.event = event,
		.enforced = -1,
		.txn = -1,
		.client_port = -1,
		.auth_clear = -1,
		.elapsed_us = -1,
		.count = -1,
	};
}

/* A value without its key; a text is encoded by each writer in its own way. */
struct value {
	const char	*text;		/* NULL: none */
	const char	*bare;		/* true, false */
	int64_t		 number;	/* -1: none */
};

static struct value
value_of(const struct record *record, const struct record_key_row *key)
{
	const char	*at = (const char *)record + key->offset;
	struct value	 value = { NULL, NULL, -1 };
	int		 truth;

	switch (key->kind) {
	case RECORD_KIND_EVENT:
		value.text = record_event_name(record->event);
		break;
	case RECORD_KIND_TEXT:
		memcpy(&value.text, at, sizeof value.text);
		break;
	case RECORD_KIND_BOOL:
		memcpy(&truth, at, sizeof truth);
		if (truth >= 0)
			value.bare = truth ? "true" : "false";
		break;
	case RECORD_KIND_NUMBER:
		memcpy(&value.number, at, sizeof value.number);
		break;
	}
	return value;
}

/*
 * The day's date in the Gregorian calendar. Years are counted from March on, so that
 * a leap day ends one: 153 days in five months, 1461 in four years, 146097 in four
 * hundred.
 */
static void
date_of(int64_t days, int *year_r, int *month_r, int *day_r)
{
	int64_t	since = days + 719468;		/* 0000-03-01 */
	int64_t	era = since / 146097;
	int64_t	of_era = since % 146097;
	int64_t	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t	of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t	month = (5 * of_year + 2) / 153;

	*day_r = (int)(of_year - (153 * month + 2) / 5 + 1);
	*month_r = (int)(month < 10 ? month + 3 : month - 9);
	*year_r = (int)(era * 400 + year + (*month_r <= 2));
}

static void
add_time(struct buf *b, int64_t time_us)
{
	int64_t	seconds = time_us / 1000000;
	int	micros = (int)(time_us % 1000000);
	int	year, month, day, second;

	if (time_us < 0) {
		seconds = 0;
		micros = 0;
	} else if (seconds > LAST_SECOND) {
		seconds = LAST_SECOND;
		micros = 999999;
	}
	date_of(seconds / SECONDS_A_DAY, &year, &month, &day);
	second = (int)(seconds % SECONDS_A_DAY);
	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month, day,
	    second / 3600, second / 60 % 60, second % 60, micros);
}

void
record_json_head(struct buf *b, int64_t time_us, uint64_t seq)
{
	buf_printf(b, "{\"v\":%d,\"time\":\"", RECORD_VERSION);
	add_time(b, time_us);
	buf_printf(b, "\",\"seq\":%" PRIu64, seq);
}

static void
json_key(struct buf *b, const char *name)
{
	buf_puts(b, ",\"");
	buf_puts(b, name);
	buf_puts(b, "\":");
}

void
record_json_body(struct buf *b, const struct record *record)
{
	for (size_t i = KEY_FIRST; i < RECORD_KEYS; i++) {
		struct value	value = value_of(record, &record_keys[i]);

		if (value.text != NULL) {
			json_key(b, record_keys[i].name);
			encode_json(b, value.text, strlen(value.text));
		} else if (value.bare != NULL) {
			json_key(b, record_keys[i].name);
			buf_puts(b, value.bare);
		} else if (value.number >= 0) {
			json_key(b, record_keys[i].name);
			buf_printf(b, "%" PRId64, value.number);
		}
	}
}

void
record_json_tail(struct buf *b, const struct record *record)
{
	record_json_body(b, record);
	buf_puts(b, "}\n");
}

/* Adds one key and its value and a blank; returns 1 if the value was cut. */
static int
line_value(struct buf *b, const struct record *record, const struct record_key_row *key,
    size_t cap)
{
	struct value	value = value_of(record, key);
	int		is_cut = 0;

	if (value.text != NULL) {
		buf_printf(b, "%s=", key->name);
		is_cut = encode_word(b, value.text, strlen(value.text), cap);
		buf_putc(b, ' ');
	} else if (value.bare != NULL) {
		buf_printf(b, "%s=%s ", key->name, value.bare);
	} else if (value.number >= 0) {
		buf_printf(b, "%s=%" PRId64 " ", key->name, value.number);
	}
	return is_cut;
}

/* How a line is made. */
struct line {
	const struct record	*record;
	uint64_t		 seq;
	const char		*cut;		/* what cut says; NULL: yes, if need be */
	size_t			 cap;		/* of a value */
	size_t			 end;		/* of enum record_key: keys before it */
};

static void
line_render(struct buf *b, const struct line *line)
{
	const struct record	*record = line->record;
	size_t			 cap = line->cap > CAP_LED ? line->cap : CAP_LED;
	int			 is_cut = line->end < RECORD_KEYS || record->cut != NULL;

	for (size_t i = 0; i < KEY_LED; i++)
		is_cut |= line_value(b, record, &record_keys[line_lead[i]], cap);
	for (size_t i = KEY_REST; i < line->end; i++)
		if (i != RECORD_KEY_CUT)
			is_cut |= line_value(b, record, &record_keys[i], line->cap);
	buf_printf(b, "v=%d time=", RECORD_VERSION);
	add_time(b, record->time_us);
	buf_printf(b, " seq=%" PRIu64, line->seq);
	if (line->cut == NULL) {
		buf_puts(b, is_cut ? " cut=yes" : "");
		return;
	}
	buf_puts(b, " cut=");
	(void)encode_word(b, line->cut, strlen(line->cut), RECORD_LINE_MAX);
}

/* Returns 1 if the line is there, or cannot be for want of memory. */
static int
line_fits(struct buf *b, const struct line *line)
{
	size_t	start = b->len;

	line_render(b, line);
	if (!b->failed && b->len - start <= RECORD_LINE_MAX)
		return 1;
	buf_cut(b, start);
	return b->failed;
}

void
record_line(struct buf *b, const struct record *record, uint64_t seq)
{
	struct line	line = { record, seq, record->cut, RECORD_LINE_MAX, RECORD_KEYS };

	for (size_t i = 0; line.cut != NULL && caps[i] >= CAP_LEAST_WHOLE; i++) {
		line.cap = caps[i];
		if (line_fits(b, &line))
			return;
	}
	line.cut = NULL;
	for (size_t i = 0; i < CAP_COUNT; i++) {
		line.cap = caps[i];
		if (line_fits(b, &line))
			return;
	}
	while (line.end > KEY_REST) {
		line.end--;
		if (line_fits(b, &line))
			return;
	}
}
