/* milter/ctl/ctl_time.c: times as people read and write them */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/ascii.h"
#include "ctl/ctl_time.h"

#define SECOND_US	INT64_C(1000000)
#define YEAR_FIRST	1970
#define YEAR_LAST	9999

static const char form_why[] = "invalid time; allowed: 2026-11-24, 2026-11-24T06:34, "
    "06:34, now, today, yesterday, or a time ago: 30m, 12h, 7d, 2w";
static const char range_why[] = "no such day or time";

/* A text that is read from its front. */
struct reader {
	const char	*at;
	int		 is_bad;	/* a number was out of its range */
};

/* Exactly this number of digits; returns 0 where they are missing. */
static int
read_number(struct reader *reader, int digits, int least, int most, int *number_r)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (!ascii_is_digit(reader->at[i]))
			return 0;
		number = number * 10 + (reader->at[i] - '0');
	}
	reader->at += digits;
	if (number < least || number > most)
		reader->is_bad = 1;
	*number_r = number;
	return 1;
}

static int
read_char(struct reader *reader, char c)
{
	if (*reader->at != c)
		return 0;
	reader->at++;
	return 1;
}

/* Digits after a point; those of less than a microsecond do not count. */
static int
read_fraction(struct reader *reader, int64_t *us_r)
{
	int64_t unit = SECOND_US / 10;

	*us_r = 0;
	if (!read_char(reader, '.'))
		return 1;
	if (!ascii_is_digit(*reader->at))
		return 0;
	for (; ascii_is_digit(*reader->at); reader->at++, unit /= 10)
		*us_r += unit * (*reader->at - '0');
	return 1;
}

static int
read_clock(struct reader *reader, struct tm *tm, int64_t *us_r)
{
	if (!read_number(reader, 2, 0, 23, &tm->tm_hour) || !read_char(reader, ':') ||
	    !read_number(reader, 2, 0, 59, &tm->tm_min))
		return 0;
	tm->tm_sec = 0;
	*us_r = 0;
	if (!read_char(reader, ':'))
		return 1;
	return read_number(reader, 2, 0, 59, &tm->tm_sec) && read_fraction(reader, us_r);
}

static int
read_date(struct reader *reader, struct tm *tm)
{
	int year, month;

	if (!read_number(reader, 4, YEAR_FIRST, YEAR_LAST, &year) ||
	    !read_char(reader, '-') || !read_number(reader, 2, 1, 12, &month) ||
	    !read_char(reader, '-') || !read_number(reader, 2, 1, 31, &tm->tm_mday))
		return 0;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return 1;
}

/* Z, +01:00 or -0530; sets *is_given_r to 0 where there is none. */
static int
read_zone(struct reader *reader, int *is_given_r, int64_t *east_us_r)
{
	int sign = *reader->at == '-' ? -1 : 1;
	int hours, minutes;

	*is_given_r = *reader->at != '\0';
	*east_us_r = 0;
	if (!*is_given_r || read_char(reader, 'Z'))
		return 1;
	if (!read_char(reader, '+') && !read_char(reader, '-'))
		return 0;
	if (!read_number(reader, 2, 0, 23, &hours))
		return 0;
	(void)read_char(reader, ':');
	if (!read_number(reader, 2, 0, 59, &minutes))
		return 0;
	*east_us_r = sign * (hours * 60 + minutes) * INT64_C(60) * SECOND_US;
	return 1;
}

/*
 * The C library takes the 30th of February for the 2nd of March. An hour that a change of
 * the clock leaves out is moved by it, and that is well.
 */
static const char *
point_of(const struct tm *tm, int is_utc, int64_t *time_us_r)
{
	struct tm copy = *tm;
	time_t seconds;

	copy.tm_isdst = -1;
	seconds = is_utc ? timegm(&copy) : mktime(&copy);
	if (copy.tm_mday != tm->tm_mday || copy.tm_mon != tm->tm_mon)
		return range_why;
	*time_us_r = (int64_t)seconds * SECOND_US;
	return NULL;
}

static int
local_day(int64_t now_us, struct tm *tm_r)
{
	time_t seconds = (time_t)(now_us / SECOND_US);

	if (localtime_r(&seconds, tm_r) == NULL)
		return -1;
	tm_r->tm_hour = tm_r->tm_min = tm_r->tm_sec = 0;
	return 0;
}

/* 30m, 12h, 7d, 2w. Returns 0 where it is none. */
static int
read_ago(const char *text, int64_t now_us, int64_t *time_us_r)
{
	static const struct {
		char	unit;
		int64_t	seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 }
	};
	size_t digits = strspn(text, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > 6 || text[digits] == '\0' || text[digits + 1] != '\0')
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (text[i] - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[digits] != units[i].unit)
			continue;
		*time_us_r = now_us - number * units[i].seconds * SECOND_US;
		if (*time_us_r < 0)
			*time_us_r = 0;
		return 1;
	}
	return 0;
}

static int
read_word(const char *text, int64_t now_us, int64_t *time_us_r)
{
	struct tm tm;

	*time_us_r = now_us;
	if (strcmp(text, "now") == 0)
		return 1;
	if (strcmp(text, "today") != 0 && strcmp(text, "yesterday") != 0)
		return 0;
	if (local_day(now_us, &tm) == -1)
		return 0;
	tm.tm_mday -= *text == 'y';
	tm.tm_isdst = -1;
	*time_us_r = (int64_t)mktime(&tm) * SECOND_US;
	return 1;
}

static const char *
read_point(const char *text, int64_t now_us, int64_t *time_us_r)
{
	struct reader reader = { text, 0 };
	int has_date = strlen(text) >= 5 && text[4] == '-';
	int is_utc = 0;
	int64_t us = 0, east_us = 0;
	const char *why;
	struct tm tm;

	if (local_day(now_us, &tm) == -1 || (has_date && !read_date(&reader, &tm)))
		return form_why;
	if (has_date && *reader.at != '\0' && !read_char(&reader, 'T') &&
	    !read_char(&reader, ' '))
		return form_why;
	if ((!has_date || reader.at[-1] == 'T' || reader.at[-1] == ' ') &&
	    (!read_clock(&reader, &tm, &us) || !read_zone(&reader, &is_utc, &east_us)))
		return form_why;
	if (*reader.at != '\0' || (is_utc && !has_date))
		return form_why;
	if (reader.is_bad)
		return range_why;
	if ((why = point_of(&tm, is_utc, time_us_r)) == NULL)
		*time_us_r += us - east_us;
	return why;
}

const char *
ctl_time_parse(const char *text, int64_t now_us, int64_t *time_us_r)
{
	if (read_word(text, now_us, time_us_r) || read_ago(text, now_us, time_us_r))
		return NULL;
	return read_point(text, now_us, time_us_r);
}

void
ctl_time_format(int64_t time_us, char text_r[CTL_TIME_SIZE])
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(text_r, CTL_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(text_r, CTL_TIME_SIZE, "?");
}
