/* milter/report/report_chart.c: charts of a report's page */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <string.h>

#include "report/format.h"
#include "report/report_chart.h"

#define HEIGHT		100.0	/* of a chart, in its own units */
#define LABELS		8	/* fewer of them at the time axis */
#define SHADES		5

const char *
chart_class(unsigned verdict)
{
	return verdict == REPORT_VERDICTS ? "" :
	    policy_verdict_name((enum policy_verdict)verdict);
}

/* A round number that is not below. */
static uint64_t
round_up(uint64_t number)
{
	static const uint64_t tenths[] = { 10, 15, 20, 25, 30, 40, 50, 60, 80, 100 };
	uint64_t unit = 10;
	size_t i = 0;

	if (number <= 10)
		return 10;
	while (unit < UINT64_MAX / 1000 && unit * 10 < number)
		unit *= 10;
	while (unit / 10 * tenths[i] < number)
		i++;
	return unit / 10 * tenths[i];
}

static uint64_t
highest(const struct series s[REPORT_VERDICTS])
{
	uint64_t most = 1;

	for (uint32_t i = 0; i < s[0].steps; i++) {
		uint64_t sum = 0;

		for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
			sum += s[verdict].count[i];
		if (sum > most)
			most = sum;
	}
	return most;
}

static const char *
step_format(int64_t width)
{
	return width < 86400 ? "%a %e %b, %H:%M" : "%a %e %b %Y";
}

/* The numbers of one step, shown where a pointer rests on it. */
static void
step_title(const struct series s[REPORT_VERDICTS], uint32_t i, struct buf *b)
{
	buf_puts(b, "<title>");
	format_clock(series_start(&s[0], i), step_format(series_width(&s[0])), b);
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++) {
		buf_puts(b, verdict == 0 ? ": " : ", ");
		format_number(s[verdict].count[i], b);
		buf_printf(b, " %s", format_verdict(verdict));
	}
	buf_puts(b, "</title>");
}

static void
step_bars(const struct series s[REPORT_VERDICTS], uint32_t i, uint64_t most,
    struct buf *b)
{
	double y = HEIGHT;

	buf_puts(b, "<g>");
	step_title(s, i, b);
	buf_printf(b, "<rect class=\"hit\" x=\"%" PRIu32 "\" width=\"1\" "
	    "height=\"%.0f\"/>", i, HEIGHT);
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++) {
		double height = HEIGHT * (double)s[verdict].count[i] / (double)most;

		if (height <= 0)
			continue;
		y -= height;
		buf_printf(b, "<rect class=\"%s\" x=\"%" PRIu32 ".08\" y=\"%.2f\" "
		    "width=\".84\" height=\"%.2f\"/>", chart_class(verdict), i, y,
		    height);
	}
	buf_puts(b, "</g>\n");
}

/* Seconds between two labels, so that there are not too many. */
static int64_t
label_width(const struct series *s)
{
	static const int64_t hours[] = { 1, 2, 3, 6, 12, 24, 48, 168, 336, 672 };
	int64_t span = (int64_t)s->steps * series_width(s);
	int64_t width = series_width(s);

	for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++)
		if (hours[i] * 3600 % width == 0 && span / (hours[i] * 3600) < LABELS)
			return hours[i] * 3600;
	while (span / width >= LABELS)
		width *= 2;
	return width;
}

static void
time_labels(const struct series *s, struct buf *b)
{
	int64_t width = label_width(s);
	const char *format = width < 86400 ? "%H:%M" :
	    width > 28 * 86400 ? "%b %Y" : "%e %b";

	buf_puts(b, "<div class=\"times\" aria-hidden=\"true\">");
	for (uint32_t i = 0; i < s->steps; i++) {
		int64_t start = series_start(s, i);

		/* weeks begin on Monday, and 1970-01-01 was a Thursday */
		if ((start + 3 * 86400) % width != 0)
			continue;
		buf_printf(b, "<span style=\"left:%.2f%%\">", 100.0 * i / s->steps);
		format_clock(start, width < 86400 && start % 86400 == 0 ? "%e %b" :
		    format, b);
		buf_puts(b, "</span>");
	}
	buf_puts(b, "</div>\n");
}

void
chart_begin_numbers(const char *title, struct buf *b)
{
	buf_printf(b, "<details><summary>The numbers</summary>\n<div class=\"wide\" "
	    "tabindex=\"0\" role=\"region\" aria-label=\"%s\">", title);
}

void
chart_end_numbers(struct buf *b)
{
	buf_puts(b, "</div></details>\n");
}

static void
hour_table(const struct rows *rows, struct buf *b)
{
	chart_begin_numbers("recipients by day and hour", b);
	buf_puts(b, "<table><thead><tr><th scope=\"col\">hour</th>");
	for (size_t day = 0; day < rows->count; day++)
		buf_printf(b, "<th scope=\"col\" class=\"n\">%.3s</th>",
		    rows->list[day].key);
	buf_puts(b, "</tr></thead><tbody>\n");
	for (unsigned hour = 0; hour < 24; hour++) {
		buf_printf(b, "<tr><th scope=\"row\">%02u</th>", hour);
		for (size_t day = 0; day < rows->count; day++) {
			const uint64_t *cell = rows->list[day].hours[hour];

			buf_puts(b, "<td class=\"n\">");
			format_number(cell[0] + cell[1], b);
			buf_puts(b, "</td>");
		}
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody></table>");
	chart_end_numbers(b);
}

void
chart_over_time(const struct report *report, struct buf *b)
{
	const struct series *s = report->over_time;
	uint64_t most = round_up(highest(s));

	buf_puts(b, "<ul class=\"legend\" aria-hidden=\"true\">");
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		buf_printf(b, "<li><i class=\"%s\"></i>%s</li>", chart_class(verdict),
		    format_verdict(verdict));
	buf_puts(b, "</ul>\n<div class=\"chart over\">"
	    "<div class=\"scale\" aria-hidden=\"true\"><span>");
	format_number(most, b);
	buf_puts(b, "</span><span>");
	if (most % 2 == 0)
		format_number(most / 2, b);
	buf_printf(b, "</span><span>0</span></div>\n"
	    "<svg viewBox=\"0 0 %" PRIu32 " %.0f\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"Recipients over time, one bar for each ",
	    s[0].steps, HEIGHT);
	format_width(series_width(&s[0]), b);
	buf_puts(b, "; the numbers are in the table below\">\n");
	for (int line = 0; line <= 2; line++)
		buf_printf(b, "<rect class=\"rule\" y=\"%.1f\" width=\"%" PRIu32
		    "\" height=\".6\"/>", line * (HEIGHT - .6) / 2, s[0].steps);
	buf_putc(b, '\n');
	for (uint32_t i = 0; i < s[0].steps; i++)
		step_bars(s, i, most, b);
	buf_puts(b, "</svg>\n");
	time_labels(&s[0], b);
	buf_puts(b, "</div>\n");
}

static void
hour_cell(const struct rows *rows, size_t day, unsigned hour, struct buf *b)
{
	const uint64_t *cell = rows->list[day].hours[hour];
	uint64_t sum = cell[0] + cell[1];
	unsigned shade = sum == 0 ? 0 :
	    1 + (unsigned)((double)sum * (SHADES - 0.001) / (double)rows->whole);

	buf_printf(b, "<rect class=\"h%u\" x=\"%u.04\" y=\"%zu.06\" width=\".92\" "
	    "height=\".88\" rx=\".12\" ry=\".15\"><title>%s, %02u:00: ", shade, hour,
	    day, rows->list[day].key, hour);
	format_number(cell[0], b);
	buf_puts(b, " permitted, ");
	format_number(cell[1], b);
	buf_puts(b, " not</title></rect>\n");
}

void
chart_hours(const struct rows *rows, struct buf *b)
{
	buf_puts(b, "<div class=\"map\"><div class=\"days\" aria-hidden=\"true\">");
	for (size_t day = 0; day < rows->count; day++)
		buf_printf(b, "<span>%.3s</span>", rows->list[day].key);
	buf_puts(b, "</div>\n<svg viewBox=\"0 0 24 7\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"Recipients by day of the week and hour; "
	    "the numbers are in the table below\">\n");
	for (size_t day = 0; day < rows->count; day++)
		for (unsigned hour = 0; hour < 24; hour++)
			hour_cell(rows, day, hour, b);
	buf_puts(b, "</svg>\n<div class=\"times\" aria-hidden=\"true\">");
	for (unsigned hour = 0; hour < 24; hour += 4)
		buf_printf(b, "<span style=\"left:%.2f%%\">%02u</span>", hour / .24,
		    hour);
	buf_puts(b, "</div></div>\n");
	hour_table(rows, b);
}

void
chart_spark(const struct report *report, const struct series *series, const char *class,
    struct buf *b)
{
	struct series s = *series;
	uint64_t most = 1;

	series_align(&s, &report->over_time[0]);
	for (uint32_t i = 0; i < s.steps; i++)
		if (s.count[i] > most)
			most = s.count[i];
	buf_printf(b, "<svg viewBox=\"0 0 %" PRIu32 " %.0f\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"over time, at most ",
	    s.steps, HEIGHT);
	format_number(most, b);
	buf_puts(b, "\"><title>at most ");
	format_number(most, b);
	buf_puts(b, " each ");
	format_width(series_width(&s), b);
	buf_printf(b, "</title><rect class=\"rule\" y=\"97\" width=\"%" PRIu32
	    "\" height=\"3\"/>", s.steps);
	for (uint32_t i = 0; i < s.steps; i++) {
		double height = HEIGHT * (double)s.count[i] / (double)most;

		if (s.count[i] == 0)
			continue;
		if (height < 6)
			height = 6;
		buf_printf(b, "<rect class=\"%s\" x=\"%" PRIu32 ".05\" y=\"%.1f\" "
		    "width=\".9\" height=\"%.1f\"/>", class, i, HEIGHT - height, height);
	}
	buf_puts(b, "</svg>");
}

void
chart_bar(uint64_t part, uint64_t whole, const char *class, struct buf *b)
{
	double width = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;

	buf_printf(b, "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	    "aria-hidden=\"true\"><rect class=\"%s\" width=\"%.2f\" height=\"10\"/>"
	    "</svg>", class, part > 0 && width < .5 ? .5 : width);
}
