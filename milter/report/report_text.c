/* milter/report/report_text.c: report for a terminal */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "report/format.h"
#include "report/sections.h"
#include "report/table.h"

#define SPARK_WIDTH	24
#define WIDE		96	/* a terminal that has room for a whole one */
#define MAP_WIDE	60	/* and for two columns an hour */

struct writer {
	const struct report *report;
	const struct report_style *style;
	struct buf *b;
	struct table table;
};

/* See table_init(). */
static const char aligns[CELL_KINDS] = {
	[CELL_KEY] = 'l', [CELL_TEXT] = 'l', [CELL_EXAMPLE] = 'l',
	[CELL_MARK] = 'L', [CELL_VERDICT] = 'l', [CELL_COUNT] = 'r',
	[CELL_NUMBER] = 'r', [CELL_CHANGE] = 'R', [CELL_BAR] = 'L',
	[CELL_DISTINCT] = 'R', [CELL_SPELLINGS] = 'l', [CELL_TIME] = 'l',
	[CELL_CLOCK] = 'l', [CELL_SERIES] = 'L',
};

static void
heading(struct writer *w, const char *text)
{
	table_paint(w->b, w->style->has_color ? TABLE_BOLD : TABLE_PLAIN, text,
	    strlen(text));
}

/* The lines of a text, each with its margin. */
static void
write_notes(struct writer *w, const struct buf *notes)
{
	const char *line = notes->data, *end;

	w->b->failed |= notes->failed;
	for (; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
		buf_printf(w->b, "  %.*s\n", (int)(end - line), line);
}

/* In the steps of the whole report, as many as there is room for. */
static void
add_series(struct writer *w, const struct series *series)
{
	uint64_t sums[SPARK_WIDTH] = { 0 };
	struct series whole = *series;
	uint32_t steps = w->style->width >= WIDE ? SPARK_WIDTH : SPARK_WIDTH / 2;

	series_align(&whole, &w->report->over_time[0]);
	if (whole.steps < steps)
		steps = whole.steps;
	for (uint32_t i = 0; i < whole.steps; i++)
		sums[i * steps / whole.steps] += whole.count[i];
	table_spark(&w->table, sums, steps);
}

static enum table_color
color_of(enum cell_kind kind, unsigned verdict)
{
	static const enum table_color colors[REPORT_VERDICTS + 1] = {
		[POLICY_PERMIT] = TABLE_GREEN,
		[POLICY_REJECT] = TABLE_RED,
		[POLICY_TEMPFAIL] = TABLE_YELLOW,
		[REPORT_VERDICTS] = TABLE_PLAIN,
	};

	if (kind == CELL_VERDICT || kind == CELL_BAR || kind == CELL_SERIES)
		return colors[verdict];
	if (kind == CELL_MARK)
		return TABLE_YELLOW;
	return kind == CELL_CHANGE ? TABLE_DIM : TABLE_PLAIN;
}

static void
add_cell(struct writer *w, const struct rows *rows, const struct row *row,
    const struct column *column)
{
	const struct section_words words = { "~", SPELLINGS, w->style->is_utf8 };
	const void *value = section_value(column, row);

	if (column->kind == CELL_SERIES)
		add_series(w, *(const struct series *const *)value);
	else if (column->kind == CELL_BAR && row->verdict < REPORT_VERDICTS)
		table_bar(&w->table, *(const uint64_t *)value, rows->whole);
	else
		section_text(rows, row, column, &words, &w->table.text);
	table_end(&w->table, color_of(column->kind, row->verdict));
}

static void
write_table(struct writer *w, const struct rows *rows)
{
	const struct column *shown[TABLE_COLUMNS];
	char align[TABLE_COLUMNS + 1] = "";
	size_t columns = 0;
	int is_named = 0;

	for (size_t i = 0; i < rows->section->column_count; i++) {
		const struct column *column = &rows->section->columns[i];

		if (column->heading == NULL || column->width > w->style->width)
			continue;
		is_named |= *column->heading != '\0';
		align[columns] = aligns[column->kind];
		shown[columns++] = column;
	}
	table_init(&w->table, align, w->style->width, w->style->has_color,
	    w->style->is_utf8);
	for (size_t i = 0; is_named && i < columns; i++)
		table_add(&w->table, shown[i]->heading, TABLE_DIM);
	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < columns; j++)
			add_cell(w, rows, &rows->list[i], shown[j]);
	table_write(&w->table, w->b);
	table_clear(&w->table);
}

static void
end_line(struct buf *b)
{
	while (b->len > 0 && b->data[b->len - 1] == ' ')
		buf_cut(b, b->len - 1);
	buf_putc(b, '\n');
}

static void
write_hours(struct writer *w, const struct rows *rows)
{
	static const char *const shades[5] = { " ", "░", "▒", "▓", "█" };
	static const char *const marks[5] = { " ", ".", "+", "*", "#" };
	int is_wide = w->style->width >= MAP_WIDE;

	buf_puts(w->b, "       ");
	for (int hour = 0; hour < 24; hour += 6)
		buf_printf(w->b, is_wide ? "%02d          " : "%02d    ", hour);
	end_line(w->b);
	for (size_t day = 0; day < rows->count; day++) {
		buf_printf(w->b, "  %.3s  ", rows->list[day].key);
		for (unsigned hour = 0; hour < 24; hour++) {
			const uint64_t *cell = rows->list[day].hours[hour];
			uint64_t sum = cell[0] + cell[1];
			unsigned shade = sum == 0 ? 0 :
			    1 + (unsigned)((double)sum * 3.999 / (double)rows->whole);
			const char *mark = (w->style->is_utf8 ? shades : marks)[shade];

			buf_puts(w->b, mark);
			buf_puts(w->b, is_wide ? mark : "");
		}
		end_line(w->b);
	}
}

static void
write_section(struct writer *w, const struct section *section, const struct rows *rows)
{
	if (section->kind == SECTION_TIMES || (rows->count == 0 && rows->empty == NULL))
		return;
	buf_putc(w->b, '\n');
	heading(w, section->title);
	buf_putc(w->b, '\n');
	if (rows->count == 0)
		buf_printf(w->b, "  %s\n", rows->empty);
	else if (section->kind == SECTION_HOURS)
		write_hours(w, rows);
	else
		write_table(w, rows);
	write_notes(w, &rows->notes);
}

void
report_text(const struct report *report, const struct report_style *style, struct buf *b)
{
	struct writer w = { .report = report, .style = style, .b = b };
	size_t count;
	const struct section *sections = sections_all(&count);
	struct buf notes;

	heading(&w, "Relay report");
	buf_puts(b, ": ");
	sections_period(report, b);
	buf_putc(b, '\n');
	buf_init(&notes);
	sections_notes(report, &notes);
	write_notes(&w, &notes);
	buf_clear(&notes);
	for (size_t i = 0; i < count; i++) {
		struct rows rows;

		section_rows(&sections[i], report, style->top, &rows);
		write_section(&w, &sections[i], &rows);
		b->failed |= rows.notes.failed;
		rows_clear(&rows);
	}
}
