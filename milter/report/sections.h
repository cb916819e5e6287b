/* milter/report/sections.h: the sections of a report as data, and its three writers */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SECTIONS_H
#define AUTHRELAY_SECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "report/rank.h"
#include "report/report.h"

/*
 * A report is a list of sections, a section a list of rows, a row one value for each
 * column of its section. sections.c says which sections there are and where their rows
 * come from; the writers know kinds of sections and kinds of cells, and no section by
 * its name.
 */

enum cell_kind {
	CELL_KEY,	/* char *, a record's text: what the row is about */
	CELL_TEXT,	/* char *, a record's text, or NULL */
	CELL_EXAMPLE,	/* the same, an example from the records */
	CELL_MARK,	/* the same, something to look at */
	CELL_VERDICT,	/* the row's verdict, or its key where it has none */
	CELL_COUNT,	/* uint64_t: the number that the row is sorted by */
	CELL_NUMBER,	/* uint64_t: another number */
	CELL_CHANGE,	/* struct tally_count: the change in per cent */
	CELL_BAR,	/* uint64_t, a part of rows.whole */
	CELL_DISTINCT,	/* struct distinct *: a number that may be an estimate */
	CELL_SPELLINGS,	/* uint64_t *: SPELLINGS counts, or NULL */
	CELL_TIME,	/* int64_t: microseconds of UTC */
	CELL_CLOCK,	/* int64_t: seconds of the reader's clock */
	CELL_SERIES,	/* struct series *: counts over time */
	CELL_PAIR,	/* struct tally_count: both numbers, in JSON only */
	CELL_FLAG,	/* int: true or false, in JSON only */
	CELL_KINDS
};

struct column {
	enum cell_kind kind;
	size_t at;		/* the member of struct row; see section_value() */
	const char *heading;	/* NULL: in JSON only */
	const char *key;		/* in JSON; NULL: not there */
	size_t width;		/* of a terminal that has room for it */
};

/* All texts and pointers are the report's or constant. */
struct row {
	const char *key;
	const char *other;		/* a network, or what the key is */
	const char *name;		/* of the client */
	const char *example;
	const char *mark;
	enum report_list list;
	unsigned verdict;	/* its colour; REPORT_VERDICTS: none */
	int is_single;	/* count.before is not known */
	int is_late;	/* counts are "at least"; see struct tally */
	int is_certain;
	int is_new_user;
	struct tally_count count;
	struct tally_count permitted;
	struct tally_count refused;
	const struct distinct *about;		/* instead of count, or NULL */
	const struct distinct *rcpts;
	const struct distinct *domains;
	const struct distinct *networks;
	const struct distinct *clients;
	const uint64_t *spellings;
	const struct series *series;
	int64_t first_us;
	int64_t last_us;
	int64_t clock;
	uint64_t steps[REPORT_VERDICTS];
	const uint64_t (*hours)[2];	/* of a day: permitted, refused */
};

struct rows {
	const struct section *section;
	const struct report *report;
	size_t most;		/* rows of a ranked list */
	struct row *list;		/* owned */
	size_t count;
	size_t size;
	uint64_t whole;		/* of which a bar is a part */
	const char *empty;		/* what there is to say; NULL: nothing */
	struct buf notes;		/* a line each; fails without memory */
	const struct tally *tally;		/* of SECTION_RANKED */
	uint64_t rest;		/* recipients of the keys not shown */
};

enum section_kind {
	SECTION_TOTALS,	/* not in JSON, which has them under names of their own */
	SECTION_ROWS,	/* in JSON: [row, ...] */
	SECTION_MAP,	/* in JSON: {key: count, ...} */
	SECTION_RANKED,	/* in JSON: {"list": [row, ...]} and how much is left out */
	SECTION_LISTS,	/* in JSON: {"users": [row, ...], ...} by the row's list */
	SECTION_TIMES,	/* a chart over time; not for a terminal */
	SECTION_HOURS	/* the week's hours, a row each day */
};

#define SECTION_COLUMNS	16

struct section {
	enum section_kind kind;
	const char *title;
	const char *key;		/* in JSON */
	void (*fill)(struct rows *);
	enum report_list list;		/* where rows are ranked, of which tally */
	enum rank_order order;
	const char *noun;		/* what its keys are */
	const char *empty;		/* see struct rows */
	const char *alone;		/* the same without a previous period */
	struct column columns[SECTION_COLUMNS];
	size_t column_count;
};

/* How the three writers are told what to write. */
struct report_style {
	size_t top;		/* rows of a list */
	size_t width;		/* columns of text */
	int has_color;
	int is_utf8;	/* characters beyond ASCII may be written */
};

/* In their order; returns the list and its length. */
const struct section	*sections_all(size_t *count_r);
/* A ranked list has at most `most` rows. Without memory rows.notes fails; clear it. */
void	section_rows(const struct section *, const struct report *, size_t most,
	    struct rows *rows_r);
void	rows_clear(struct rows *);
/* Where the column's value is in the row. */
const void	*section_value(const struct column *, const struct row *);

/* What differs between the texts for a terminal and for a page. */
struct section_words {
	const char *about;		/* in front of an estimate */
	size_t spellings;	/* at most this number in a cell */
	int is_utf8;
};

/* Adds a cell as people read it; nothing where it is a chart or for JSON only. */
void	section_text(const struct rows *, const struct row *, const struct column *,
	    const struct section_words *, struct buf *);
/* Whether there is something to compare the row's count with. */
int	section_has_change(const struct rows *, const struct row *);
/* A count of the row: an estimate, exact, or with a + where some may be missing. */
void	section_number(const struct row *, uint64_t, const char *about, struct buf *);

/* "2026-11-17 00:00 to 2026-11-24 00:00" or "no records". */
void	sections_period(const struct report *, struct buf *);
/* A line each: what the report is compared with, how many records there were. */
void	sections_notes(const struct report *, struct buf *);

/* Each adds the whole report; the buffer's failure is set without memory. */
void	report_text(const struct report *, const struct report_style *, struct buf *);
void	report_json(const struct report *, const struct report_style *, struct buf *);
void	report_html(const struct report *, const struct report_style *, struct buf *);

#endif
