/* milter/record/record_read.c: reader of lines of an audit file */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/ascii.h"
#include "core/utf8.h"
#include "record/record.h"
#include "record/record_read.h"

#define SECONDS_A_DAY	86400
#define TIME_LENGTH	27	/* 2026-11-24T06:34:42.123456Z */

struct reader {
	const char	*at;
	const char	*end;
};

/* Four digits; -1: there are none. */
static long
read_unit(const char *at, const char *end)
{
	long	unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int	digit = ascii_hex_value(ascii_lower(at[i]));

		if (digit == -1)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/*
 * The character of an escape and the escape's length, its backslash included; 0: it is
 * none. Half of a surrogate pair is none, and neither is NUL, which no record can hold.
 */
static size_t
read_escape(const char *at, const char *end, uint32_t *point_r)
{
	static const char	letters[] = "\"\\/bfnrt";
	static const char	meant[] = "\"\\/\b\f\n\r\t";
	const char		*letter;
	long			 unit, low;

	if (end - at < 2 || at[1] == '\0')
		return 0;
	if (at[1] != 'u') {
		if ((letter = strchr(letters, at[1])) == NULL)
			return 0;
		*point_r = (unsigned char)meant[letter - letters];
		return 2;
	}
	unit = read_unit(at + 2, end);
	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return 0;
	*point_r = (uint32_t)unit;
	if (unit < 0xd800 || unit > 0xdbff)
		return 6;
	if (end - at < 8 || at[6] != '\\' || at[7] != 'u')
		return 0;
	low = read_unit(at + 8, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*point_r = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	return 12;
}

/* How much of ASCII without escapes is in front; nearly always all of a value. */
static const char *
plain_end(const char *at, const char *end)
{
	while (at < end && *at >= 0x20 && *at <= 0x7e && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Reads a string; its first quotation mark was read. */
static int
read_string(struct reader *reader, struct record_text *text_r)
{
	const char	*at = reader->at, *end = reader->end;
	uint32_t	 point;
	size_t		 n;

	text_r->at = at;
	for (;; at += n) {
		at = plain_end(at, end);
		if (at == end)
			return -1;
		if (*at == '"')
			break;
		if (*at == '\\') {
			n = read_escape(at, end, &point);
			text_r->has_escapes = 1;
		} else {
			n = utf8_decode(at, (size_t)(end - at), &point);
		}
		if (n == 0 || (n == 1 && (unsigned char)*at < 0x20))
			return -1;
	}
	text_r->length = (size_t)(at - text_r->at);
	reader->at = at + 1;
	return 0;
}

static int
read_digits(struct reader *reader, struct record_text *text_r)
{
	const char	*at = reader->at;

	while (at < reader->end && ascii_is_digit(*at))
		at++;
	text_r->at = reader->at;
	text_r->length = (size_t)(at - reader->at);
	reader->at = at;
	return text_r->length == 0 ||
	    (text_r->length > 1 && text_r->at[0] == '0') ? -1 : 0;
}

static int
read_bool(struct reader *reader, struct record_text *text_r)
{
	size_t	left = (size_t)(reader->end - reader->at);

	if (left >= 4 && memcmp(reader->at, "true", 4) == 0)
		text_r->length = 4;
	else if (left >= 5 && memcmp(reader->at, "false", 5) == 0)
		text_r->length = 5;
	else
		return -1;
	text_r->at = reader->at;
	reader->at += text_r->length;
	return 0;
}

static int
read_char(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return -1;
	reader->at++;
	return 0;
}

/* Reads "NAME": and finds which key it is, `first` or a later one. */
static int
read_key(struct reader *reader, size_t first, size_t *key_r)
{
	const char	*name, *end;
	size_t		 length;

	if (read_char(reader, '"') == -1)
		return -1;
	name = reader->at;
	end = memchr(name, '"', (size_t)(reader->end - name));
	if (end == NULL)
		return -1;
	length = (size_t)(end - name);
	reader->at = end + 1;
	for (size_t i = first; i < RECORD_KEYS; i++)
		if (record_keys[i].length == length &&
		    memcmp(record_keys[i].name, name, length) == 0) {
			*key_r = i;
			return read_char(reader, ':');
		}
	return -1;
}

static int
read_value(struct reader *reader, enum record_kind kind, struct record_text *text_r)
{
	switch (kind) {
	case RECORD_KIND_EVENT:
	case RECORD_KIND_TEXT:
		return read_char(reader, '"') == -1 ? -1 : read_string(reader, text_r);
	case RECORD_KIND_BOOL:
		return read_bool(reader, text_r);
	case RECORD_KIND_NUMBER:
		return read_digits(reader, text_r);
	}
	return -1;
}

/* The object and nothing after it. */
static int
read_object(struct reader *reader, struct record_text value_r[RECORD_KEYS])
{
	size_t	key = 0;

	if (read_char(reader, '{') == -1)
		return -1;
	for (;;) {
		if (read_key(reader, key, &key) == -1 ||
		    read_value(reader, record_keys[key].kind, &value_r[key]) == -1)
			return -1;
		key++;
		if (read_char(reader, ',') == -1)
			break;
	}
	return read_char(reader, '}') == -1 || reader->at != reader->end ? -1 : 0;
}

static int
number_of(const struct record_text *text, uint64_t max, uint64_t *number_r)
{
	return ascii_number(text->at, text->length, max, number_r) == 0 ? 0 : -1;
}

/* The same where it may be absent. */
static int
number_or_none(const struct record_text *text, int64_t *number_r)
{
	uint64_t	number;

	*number_r = -1;
	if (text->at == NULL)
		return 0;
	if (number_of(text, INT64_MAX, &number) == -1)
		return -1;
	*number_r = (int64_t)number;
	return 0;
}

/* Days since 1970 of a date of the Gregorian calendar; see date_of() in record.c. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t	from_march = month <= 2 ? year - 1 : year;
	int64_t	era = from_march / 400;
	int64_t	of_era = from_march % 400;
	int64_t	of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int
days_in_month(int year, int month)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int
digits_at(const char *at, int count)
{
	int	number = 0;

	for (int i = 0; i < count; i++)
		number = number * 10 + (at[i] - '0');
	return number;
}

static int
time_of(const struct record_text *text, int64_t *time_us_r)
{
	static const char	form[TIME_LENGTH + 1] = "0000-00-00T00:00:00.000000Z";
	const char		*at = text->at;
	int			 year, month, day, hour, minute, second;

	if (text->length != TIME_LENGTH)
		return -1;
	for (size_t i = 0; i < TIME_LENGTH; i++)
		if (form[i] == '0' ? !ascii_is_digit(at[i]) : at[i] != form[i])
			return -1;
	year = digits_at(at, 4);
	month = digits_at(at + 5, 2);
	day = digits_at(at + 8, 2);
	hour = digits_at(at + 11, 2);
	minute = digits_at(at + 14, 2);
	second = digits_at(at + 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59)
		return -1;
	*time_us_r = ((days_of(year, month, day) * SECONDS_A_DAY + hour * 3600 +
	    minute * 60 + second) * 1000000) + digits_at(at + 20, 6);
	return 0;
}

static int
event_of(const struct record_text *text)
{
	for (int i = 0; i < RECORD_EVENTS; i++)
		if (record_text_is(text, record_event_name((enum record_event)i)))
			return i;
	return -1;
}

static int
finish(struct record_view *view)
{
	const struct record_text	*value = view->value;
	uint64_t			 version;

	if (value[RECORD_KEY_V].at == NULL || value[RECORD_KEY_TIME].at == NULL ||
	    value[RECORD_KEY_SEQ].at == NULL || value[RECORD_KEY_EVENT].at == NULL)
		return -1;
	if (number_of(&value[RECORD_KEY_V], RECORD_VERSION, &version) == -1 ||
	    version != RECORD_VERSION ||
	    time_of(&value[RECORD_KEY_TIME], &view->time_us) == -1 ||
	    number_of(&value[RECORD_KEY_SEQ], UINT64_MAX, &view->seq) == -1 ||
	    number_or_none(&value[RECORD_KEY_TXN], &view->txn) == -1 ||
	    number_or_none(&value[RECORD_KEY_CLIENT_PORT], &view->client_port) == -1 ||
	    number_or_none(&value[RECORD_KEY_ELAPSED_US], &view->elapsed_us) == -1 ||
	    number_or_none(&value[RECORD_KEY_COUNT], &view->count) == -1)
		return -1;
	view->event = event_of(&value[RECORD_KEY_EVENT]);
	view->enforced = value[RECORD_KEY_ENFORCED].at == NULL ? -1 :
	    value[RECORD_KEY_ENFORCED].length == 4;
	return 0;
}

int
record_read(const char *line, size_t length, struct record_view *view_r)
{
	struct reader	reader = { line, line + length };

	*view_r = (struct record_view){ .event = -1 };
	return read_object(&reader, view_r->value) == -1 ? -1 : finish(view_r);
}

static void
add_point(struct buf *b, uint32_t point)
{
	if (point < 0x80) {
		buf_putc(b, (char)point);
		return;
	}
	if (point < 0x800) {
		buf_putc(b, (char)(0xc0 | point >> 6));
	} else {
		if (point < 0x10000) {
			buf_putc(b, (char)(0xe0 | point >> 12));
		} else {
			buf_putc(b, (char)(0xf0 | point >> 18));
			buf_putc(b, (char)(0x80 | (point >> 12 & 0x3f)));
		}
		buf_putc(b, (char)(0x80 | (point >> 6 & 0x3f)));
	}
	buf_putc(b, (char)(0x80 | (point & 0x3f)));
}

void
record_text_add(const struct record_text *text, struct buf *b)
{
	const char	*at = text->at, *end, *escape;
	uint32_t	 point;
	size_t		 n;

	if (at == NULL)
		return;
	end = at + text->length;
	if (!text->has_escapes) {
		buf_add(b, at, text->length);
		return;
	}
	while ((escape = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		buf_add(b, at, (size_t)(escape - at));
		n = read_escape(escape, end, &point);
		if (n == 0)
			return;
		add_point(b, point);
		at = escape + n;
	}
	buf_add(b, at, (size_t)(end - at));
}

int
record_text_is(const struct record_text *text, const char *other)
{
	return text->at != NULL && !text->has_escapes && strlen(other) == text->length &&
	    memcmp(text->at, other, text->length) == 0;
}

int
record_is_cut(const struct record_view *view, enum record_key key)
{
	const struct record_text	*cut = &view->value[RECORD_KEY_CUT];
	size_t				 name = record_keys[key].length, at = 0, left;
	const char			*comma;

	if (cut->at == NULL)
		return 0;
	while ((left = cut->length - at) > 0) {
		const char	*entry = cut->at + at;

		if (left > name && entry[name] == ' ' &&
		    memcmp(entry, record_keys[key].name, name) == 0)
			return 1;
		/* "..." means all that had no room there */
		if (*entry == '.')
			return 1;
		if ((comma = memchr(entry, ',', left)) == NULL)
			return 0;
		at = (size_t)(comma + 1 - cut->at);
		at += at < cut->length && cut->at[at] == ' ';
	}
	return 0;
}
