/* milter/report/table.c: table of a text report, laid out for a terminal */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/table.h"

#define GAP		2
#define BAR_WIDTH	20
#define GOOD_WIDTH	18	/* of a column that is cut */
#define LEAST_WIDTH	8	/* where nothing is left to be left out */
#define HIDDEN		SIZE_MAX

void
table_init(struct table *table, const char *align, size_t width, int has_color,
    int is_utf8)
{
	*table = (struct table){
		.columns = strlen(align),
		.align = align,
		.width = width,
		.has_color = has_color,
		.is_utf8 = is_utf8,
	};
	buf_init(&table->text);
}

void
table_clear(struct table *table)
{
	buf_clear(&table->text);
	free(table->cells);
}

void
table_end(struct table *table, enum table_color color)
{
	if (table->count == table->size) {
		size_t size = table->size == 0 ? 64 : 2 * table->size;
		struct table_cell *cells = reallocarray(table->cells, size,
		    sizeof *cells);

		if (cells == NULL) {
			table->text.failed = 1;
			return;
		}
		table->cells = cells;
		table->size = size;
	}
	table->cells[table->count++] = (struct table_cell){ table->text.len, color };
}

void
table_add(struct table *table, const char *text, enum table_color color)
{
	buf_puts(&table->text, text);
	table_end(table, color);
}

void
table_bar(struct table *table, uint64_t part, uint64_t whole)
{
	static const char *const eighths[8] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double share = whole == 0 ? 0 : (double)part / (double)whole;
	unsigned units = (unsigned)(share * BAR_WIDTH * 8 + 0.5);

	if (part > 0 && units == 0)
		units = 1;
	if (!table->is_utf8)
		units = (units + 7) / 8 * 8;
	for (unsigned i = 0; i < units / 8; i++)
		buf_puts(&table->text, table->is_utf8 ? "█" : "#");
	buf_puts(&table->text, eighths[units % 8]);
}

void
table_spark(struct table *table, const uint64_t *counts, size_t count)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const marks[] = { ".", ".", ":", ":", "-", "=", "+", "#" };
	const char *const *heights = table->is_utf8 ? blocks : marks;
	uint64_t most = 1;

	for (size_t i = 0; i < count; i++)
		if (counts[i] > most)
			most = counts[i];
	for (size_t i = 0; i < count; i++) {
		unsigned height = (unsigned)((double)counts[i] * 7.999 / (double)most);

		buf_puts(&table->text, counts[i] == 0 ? " " : heights[height]);
	}
}

void
table_paint(struct buf *b, enum table_color color, const char *text, size_t length)
{
	static const char *const codes[] = {
		[TABLE_BOLD] = "1", [TABLE_DIM] = "2", [TABLE_GREEN] = "32",
		[TABLE_RED] = "31",
		[TABLE_YELLOW] = "33", [TABLE_BLUE] = "34",
	};

	if (color == TABLE_PLAIN) {
		buf_add(b, text, length);
		return;
	}
	buf_printf(b, "\033[%sm", codes[color]);
	buf_add(b, text, length);
	buf_puts(b, "\033[0m");
}

static const char *
text_of(const struct table *table, size_t cell, size_t *length_r)
{
	size_t start = cell == 0 ? 0 : table->cells[cell - 1].end;

	*length_r = table->cells[cell].end - start;
	return table->text.data + start;
}

static void
pad(struct buf *b, size_t columns)
{
	while (columns-- > 0)
		buf_putc(b, ' ');
}

static void
write_cell(const struct table *table, size_t cell, size_t width, struct buf *b)
{
	const char *mark = table->is_utf8 ? "…" : "~";
	size_t column = cell % table->columns, length, taken, fits;
	const char *text = text_of(table, cell, &length);
	enum table_color color = table->has_color ? table->cells[cell].color :
	    TABLE_PLAIN;
	struct buf shown;

	buf_init(&shown);
	fits = columns_fit(text, length, width, &taken);
	if (fits < length) {
		fits = columns_fit(text, length, width - 1, &taken);
		buf_add(&shown, text, fits);
		buf_puts(&shown, mark);
		taken++;
	} else {
		buf_add(&shown, text, length);
	}
	if (table->align[column] == 'r' || table->align[column] == 'R')
		pad(b, width - taken);
	if (shown.len > 0)
		table_paint(b, color, shown.data, shown.len);
	if (table->align[column] == 'l' || table->align[column] == 'L')
		pad(b, width - taken);
	b->failed |= shown.failed;
	buf_clear(&shown);
}

static void
measure(const struct table *table, size_t widths[TABLE_COLUMNS])
{
	memset(widths, 0, TABLE_COLUMNS * sizeof widths[0]);
	for (size_t i = 0; i < table->count; i++) {
		size_t length;
		const char *text = text_of(table, i, &length);
		size_t width = columns_of(text, length);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
}

/*
 * Takes from the widest until the line fits, or all are down to the least width. Returns
 * whether it fits.
 */
static int
narrow(const struct table *table, size_t widths[TABLE_COLUMNS], size_t least)
{
	for (;;) {
		size_t total = 0, widest = table->columns;

		for (size_t i = 0; i < table->columns; i++) {
			if (widths[i] == HIDDEN)
				continue;
			total += widths[i] + GAP;
			if (table->align[i] == 'l' && widths[i] > least &&
			    (widest == table->columns || widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= table->width)
			return 1;
		if (widest == table->columns)
			return 0;
		widths[widest]--;
	}
}

/* Leaves out the last column with the letter; returns 0 if there is none. */
static int
hide(const struct table *table, size_t widths[TABLE_COLUMNS], char letter)
{
	for (size_t i = table->columns; i-- > 0;)
		if (table->align[i] == letter && widths[i] != HIDDEN) {
			widths[i] = HIDDEN;
			return 1;
		}
	return 0;
}

static void
fit(const struct table *table, size_t widths[TABLE_COLUMNS])
{
	size_t wanted[TABLE_COLUMNS];

	memcpy(wanted, widths, sizeof wanted);
	while (!narrow(table, widths, GOOD_WIDTH)) {
		memcpy(widths, wanted, sizeof wanted);
		if (!hide(table, widths, 'L') && !hide(table, widths, 'R')) {
			(void)narrow(table, widths, LEAST_WIDTH);
			return;
		}
		memcpy(wanted, widths, sizeof wanted);
	}
}

void
table_write(const struct table *table, struct buf *b)
{
	size_t widths[TABLE_COLUMNS];

	b->failed |= table->text.failed;
	if (table->text.failed || table->text.data == NULL)
		return;
	measure(table, widths);
	fit(table, widths);
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		if (widths[column] != HIDDEN) {
			pad(b, GAP);
			write_cell(table, i, widths[column], b);
		}
		if (column + 1 < table->columns)
			continue;
		while (b->len > 0 && b->data[b->len - 1] == ' ')
			buf_cut(b, b->len - 1);
		buf_putc(b, '\n');
	}
}
