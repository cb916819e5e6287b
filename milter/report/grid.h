/* milter/report/grid.h: rows of cells, laid out for a terminal */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_GRID_H
#define AUTHRELAY_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define GRID_COLUMNS	8

enum grid_color {
	GRID_PLAIN,
	GRID_BOLD,
	GRID_DIM,
	GRID_GREEN,
	GRID_RED,
	GRID_YELLOW,
	GRID_BLUE
};

struct grid_cell {
	size_t		end;		/* of its bytes in `text` */
	enum grid_color	color;
};

/*
 * A line has two columns free in front and between its cells. Where it would be wider
 * than `width`, the widest columns that are aligned left are cut, and their cells end in a
 * mark of that; see grid_init().
 */
struct grid {
	struct buf		 text;
	struct grid_cell	*cells;		/* owned */
	size_t			 count;
	size_t			 size;
	size_t			 columns;
	const char		*align;		/* see grid_init() */
	size_t			 width;
	int			 has_color;
	int			 is_utf8;
};

/*
 * `align` is a constant text with a letter for each column, of at most GRID_COLUMNS: l or
 * r; L and R are never cut, but left out where a line would be too long, first every L,
 * then each R from the last one on.
 */
void	grid_init(struct grid *, const char *align, size_t width, int has_color,
	    int is_utf8);
void	grid_clear(struct grid *);

/* Ends the cell whose text was added to grid.text: UTF-8 that a terminal can take. */
void	grid_end(struct grid *, enum grid_color);
/* A whole cell. */
void	grid_add(struct grid *, const char *, enum grid_color);

/* A cell with a bar that is part of a whole one. */
void	grid_bar(struct grid *, uint64_t part, uint64_t whole, enum grid_color);
/* A cell with a column for each count; the highest is as high as a line. */
void	grid_spark(struct grid *, const uint64_t *counts, size_t count, enum grid_color);

/* Adds all lines. Sets the buffer's failure where memory ran out on the way. */
void	grid_write(const struct grid *, struct buf *);

void	grid_paint(struct buf *, enum grid_color, const char *text, size_t length);

#endif
