/* milter/report/grid.c: rows of cells, laid out for a terminal */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/grid.h"

#define GAP		2
#define BAR_WIDTH	20
#define GOOD_WIDTH	18	/* of a column that is cut */
#define LEAST_WIDTH	8	/* where nothing is left to be left out */
#define HIDDEN		SIZE_MAX

void
grid_init(struct grid *grid, const char *align, size_t width, int has_color, int is_utf8)
{
	*grid = (struct grid){
		.columns = strlen(align),
		.align = align,
		.width = width,
		.has_color = has_color,
		.is_utf8 = is_utf8,
	};
	buf_init(&grid->text);
}

void
grid_clear(struct grid *grid)
{
	buf_clear(&grid->text);
	free(grid->cells);
}

void
grid_end(struct grid *grid, enum grid_color color)
{
	if (grid->count == grid->size) {
		size_t			 size = grid->size == 0 ? 64 : 2 * grid->size;
		struct grid_cell	*cells = reallocarray(grid->cells, size,
		    sizeof *cells);

		if (cells == NULL) {
			grid->text.failed = 1;
			return;
		}
		grid->cells = cells;
		grid->size = size;
	}
	grid->cells[grid->count++] = (struct grid_cell){ grid->text.len, color };
}

void
grid_add(struct grid *grid, const char *text, enum grid_color color)
{
	buf_puts(&grid->text, text);
	grid_end(grid, color);
}

void
grid_bar(struct grid *grid, uint64_t part, uint64_t whole, enum grid_color color)
{
	static const char *const	eighths[8] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double		share = whole == 0 ? 0 : (double)part / (double)whole;
	unsigned	units = (unsigned)(share * BAR_WIDTH * 8 + 0.5);

	if (part > 0 && units == 0)
		units = 1;
	if (!grid->is_utf8)
		units = (units + 7) / 8 * 8;
	for (unsigned i = 0; i < units / 8; i++)
		buf_puts(&grid->text, grid->is_utf8 ? "█" : "#");
	buf_puts(&grid->text, eighths[units % 8]);
	grid_end(grid, color);
}

void
grid_spark(struct grid *grid, const uint64_t *counts, size_t count, enum grid_color color)
{
	static const char *const	blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const	marks[] = { ".", ".", ":", ":", "-", "=", "+", "#" };
	const char *const		*heights = grid->is_utf8 ? blocks : marks;
	uint64_t			 most = 1;

	for (size_t i = 0; i < count; i++)
		if (counts[i] > most)
			most = counts[i];
	for (size_t i = 0; i < count; i++) {
		unsigned	height = (unsigned)((double)counts[i] * 7.999 / (double)most);

		buf_puts(&grid->text, counts[i] == 0 ? " " : heights[height]);
	}
	grid_end(grid, color);
}

void
grid_paint(struct buf *b, enum grid_color color, const char *text, size_t length)
{
	static const char *const	codes[] = {
		[GRID_BOLD] = "1", [GRID_DIM] = "2", [GRID_GREEN] = "32", [GRID_RED] = "31",
		[GRID_YELLOW] = "33", [GRID_BLUE] = "34",
	};

	if (color == GRID_PLAIN) {
		buf_add(b, text, length);
		return;
	}
	buf_printf(b, "\033[%sm", codes[color]);
	buf_add(b, text, length);
	buf_puts(b, "\033[0m");
}

static const char *
text_of(const struct grid *grid, size_t cell, size_t *length_r)
{
	size_t	start = cell == 0 ? 0 : grid->cells[cell - 1].end;

	*length_r = grid->cells[cell].end - start;
	return grid->text.data + start;
}

static void
pad(struct buf *b, size_t columns)
{
	while (columns-- > 0)
		buf_putc(b, ' ');
}

static void
write_cell(const struct grid *grid, size_t cell, size_t width, struct buf *b)
{
	const char	*mark = grid->is_utf8 ? "…" : "~";
	size_t		 column = cell % grid->columns, length, taken, fits;
	const char	*text = text_of(grid, cell, &length);
	enum grid_color	 color = grid->has_color ? grid->cells[cell].color : GRID_PLAIN;
	struct buf	 shown;

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
	if (grid->align[column] == 'r' || grid->align[column] == 'R')
		pad(b, width - taken);
	if (shown.len > 0)
		grid_paint(b, color, shown.data, shown.len);
	if (grid->align[column] == 'l' || grid->align[column] == 'L')
		pad(b, width - taken);
	b->failed |= shown.failed;
	buf_clear(&shown);
}

static void
measure(const struct grid *grid, size_t widths[GRID_COLUMNS])
{
	memset(widths, 0, GRID_COLUMNS * sizeof widths[0]);
	for (size_t i = 0; i < grid->count; i++) {
		size_t		 length;
		const char	*text = text_of(grid, i, &length);
		size_t		 width = columns_of(text, length);

		if (width > widths[i % grid->columns])
			widths[i % grid->columns] = width;
	}
}

/*
 * Takes from the widest until the line fits, or all are down to the least width. Returns
 * whether it fits.
 */
static int
narrow(const struct grid *grid, size_t widths[GRID_COLUMNS], size_t least)
{
	for (;;) {
		size_t	total = 0, widest = grid->columns;

		for (size_t i = 0; i < grid->columns; i++) {
			if (widths[i] == HIDDEN)
				continue;
			total += widths[i] + GAP;
			if (grid->align[i] == 'l' && widths[i] > least &&
			    (widest == grid->columns || widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= grid->width)
			return 1;
		if (widest == grid->columns)
			return 0;
		widths[widest]--;
	}
}

/* Leaves out the last column with the letter; returns 0 if there is none. */
static int
hide(const struct grid *grid, size_t widths[GRID_COLUMNS], char letter)
{
	for (size_t i = grid->columns; i-- > 0;)
		if (grid->align[i] == letter && widths[i] != HIDDEN) {
			widths[i] = HIDDEN;
			return 1;
		}
	return 0;
}

static void
fit(const struct grid *grid, size_t widths[GRID_COLUMNS])
{
	size_t	wanted[GRID_COLUMNS];

	memcpy(wanted, widths, sizeof wanted);
	while (!narrow(grid, widths, GOOD_WIDTH)) {
		memcpy(widths, wanted, sizeof wanted);
		if (!hide(grid, widths, 'L') && !hide(grid, widths, 'R')) {
			(void)narrow(grid, widths, LEAST_WIDTH);
			return;
		}
		memcpy(wanted, widths, sizeof wanted);
	}
}

void
grid_write(const struct grid *grid, struct buf *b)
{
	size_t	widths[GRID_COLUMNS];

	b->failed |= grid->text.failed;
	if (grid->text.failed || grid->text.data == NULL)
		return;
	measure(grid, widths);
	fit(grid, widths);
	for (size_t i = 0; i < grid->count; i++) {
		size_t	column = i % grid->columns;

		if (widths[column] != HIDDEN) {
			pad(b, GAP);
			write_cell(grid, i, widths[column], b);
		}
		if (column + 1 < grid->columns)
			continue;
		while (b->len > 0 && b->data[b->len - 1] == ' ')
			buf_cut(b, b->len - 1);
		buf_putc(b, '\n');
	}
}
