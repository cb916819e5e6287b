/* milter/report/table.h: table of a text report, laid out for a terminal */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_TABLE_H
#define AUTHRELAY_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define TABLE_COLUMNS	8

enum table_color {
	TABLE_PLAIN,
	TABLE_BOLD,
	TABLE_DIM,
	TABLE_GREEN,
	TABLE_RED,
	TABLE_YELLOW,
	TABLE_BLUE
};

struct table_cell {
	size_t end;		/* of its bytes in `text` */
	enum table_color color;
};

/*
 * Two blanks stand before each cell of a line. Where a line would be wider than
 * `width`, the widest columns that are aligned left are cut, and a cell that was cut
 * ends in a mark; see table_init().
 */
struct table {
	struct buf text;
	struct table_cell *cells;		/* owned */
	size_t count;
	size_t size;
	size_t columns;
	const char *align;		/* see table_init() */
	size_t width;
	int has_color;
	int is_utf8;
};

/*
 * `align` is a constant text with a letter for each column, of at most TABLE_COLUMNS:
 * l or r; L and R are never cut, but left out where a line would be too long, first
 * every L, then each R from the last one on.
 */
void	table_init(struct table *, const char *align, size_t width, int has_color,
	    int is_utf8);
void	table_clear(struct table *);

/* Ends the cell whose text was added to table.text: UTF-8 that a terminal can take. */
void	table_end(struct table *, enum table_color);
/* A whole cell. */
void	table_add(struct table *, const char *, enum table_color);

/* Adds a bar, part of a whole one, to the cell. */
void	table_bar(struct table *, uint64_t part, uint64_t whole);
/* Adds a column for each count; the highest is as high as a line. */
void	table_spark(struct table *, const uint64_t *counts, size_t count);

/* Adds all lines. Sets the buffer's failure where memory ran out on the way. */
void	table_write(const struct table *, struct buf *);

void	table_paint(struct buf *, enum table_color, const char *text, size_t length);

#endif
