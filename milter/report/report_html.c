/* milter/report/report_html.c: report as a page for a browser */
/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <string.h>

#include "report/format.h"
#include "report/report_chart.h"
#include "report/sections.h"

#define SPELLINGS_SHOWN	4	/* of a client */

extern const char report_css[];	/* report.css */

static const struct section_words words = { "about ", SPELLINGS_SHOWN, 1 };

/*
 * The classes of a cell in the style sheet, and whether it takes its column's heading
 * with it to where a row is several lines.
 */
static const struct {
	const char *class;
	int has_label;
} cells[CELL_KINDS] = {
	[CELL_KEY] = { "k", 0 },
	[CELL_TEXT] = { "t", 1 },
	[CELL_EXAMPLE] = { "t", 1 },
	[CELL_MARK] = { "mark", 0 },
	[CELL_VERDICT] = { "v", 0 },
	[CELL_COUNT] = { "n m", 0 },
	[CELL_NUMBER] = { "n", 1 },
	[CELL_CHANGE] = { "c", 0 },
	[CELL_BAR] = { "b", 0 },
	[CELL_DISTINCT] = { "n", 1 },
	[CELL_SPELLINGS] = { "t", 1 },
	[CELL_TIME] = { "v", 1 },
	[CELL_CLOCK] = { "v", 1 },
	[CELL_SERIES] = { "s", 1 },
};

static void
page_add(const char *text, struct buf *b)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\'':
			buf_puts(b, "&#39;");
			break;
		default:
			buf_putc(b, *text);
		}
}

static void
page_element(const char *name, const char *text, struct buf *b)
{
	buf_printf(b, "<%s>", name);
	page_add(text, b);
	buf_printf(b, "</%s>", name);
}

static void
page_begin(const char *title, struct buf *b)
{
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'unsafe-inline'; img-src data:\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	page_add(title, b);
	buf_puts(b, "</title>\n<style>\n");
	buf_puts(b, report_css);
	buf_puts(b, "</style>\n</head>\n<body>\n");
}

static void
page_end(struct buf *b)
{
	buf_puts(b, "</body>\n</html>\n");
}

/* Lines that begin small and without a full stop, each as a paragraph. */
static void
add_notes(const char *line, struct buf *b)
{
	const char *end;

	for (; line != NULL && *line != '\0'; line = *end == '\0' ? end : end + 1) {
		end = strchrnul(line, '\n');
		buf_printf(b, "<p class=\"soft\">%c%.*s.</p>\n",
		    toupper((unsigned char)*line), (int)(end - line - 1), line + 1);
	}
}

static void
add_value(const struct rows *rows, const struct row *row, const struct column *column,
    struct buf *b)
{
	const void *value = section_value(column, row);
	const char *class = chart_class(row->verdict);
	struct buf text;

	if (column->kind == CELL_BAR) {
		chart_bar(*(const uint64_t *)value, rows->whole, class, b);
		return;
	}
	if (column->kind == CELL_SERIES) {
		chart_spark(rows->report, row->series, class, b);
		return;
	}
	buf_init(&text);
	section_text(rows, row, column, &words, &text);
	if (text.len > 0 && column->kind == CELL_EXAMPLE)
		page_element("code", text.data, b);
	else if (text.len > 0 && column->kind == CELL_VERDICT)
		buf_printf(b, "<span><i class=\"%s\"></i>%s</span>", class, text.data);
	else if (text.len > 0)
		page_add(text.data, b);
	b->failed |= text.failed;
	buf_clear(&text);
	if (column->kind == CELL_KEY && row->name != NULL) {
		format_text(row->name, strlen(row->name), 1, &text);
		buf_putc(b, ' ');
		page_element("small", text.len > 0 ? text.data : "", b);
		b->failed |= text.failed;
		buf_clear(&text);
	}
}

static void
add_cell(const struct rows *rows, const struct row *row, const struct column *column,
    struct buf *b)
{
	buf_printf(b, "<td class=\"%s\"", cells[column->kind].class);
	if (cells[column->kind].has_label)
		buf_printf(b, " data-label=\"%s\"", column->heading);
	buf_putc(b, '>');
	add_value(rows, row, column, b);
	buf_puts(b, "</td>");
}

static void
add_table(const struct rows *rows, const char *class, struct buf *b)
{
	const struct section *section = rows->section;
	const struct column *end = section->columns + section->column_count;

	buf_printf(b, "<table class=\"%s\"><thead><tr>", class);
	for (const struct column *c = section->columns; c < end; c++)
		if (c->heading != NULL)
			buf_printf(b, "<th scope=\"col\"%s>%s</th>",
			    strchr("nc", *cells[c->kind].class) == NULL ? "" :
			    " class=\"n\"", c->heading);
	buf_puts(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < rows->count; i++) {
		buf_puts(b, "<tr>");
		for (const struct column *c = section->columns; c < end; c++)
			if (c->heading != NULL)
				add_cell(rows, &rows->list[i], c, b);
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody></table>\n");
}

static void
add_tiles(const struct rows *rows, struct buf *b)
{
	buf_puts(b, "<dl class=\"tiles\">\n");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		buf_printf(b, "<div class=\"%s\"><dt>%s</dt><dd>",
		    chart_class(row->verdict), row->key);
		section_number(row, row->count.now, words.about, b);
		if (section_has_change(rows, row)) {
			buf_puts(b, "<small>");
			format_change(&row->count, b);
			buf_puts(b, "</small>");
		}
		buf_puts(b, "</dd></div>\n");
	}
	buf_puts(b, "</dl>\n");
}

static void
add_rows(const struct rows *rows, struct buf *b)
{
	switch (rows->section->kind) {
	case SECTION_TOTALS:
		break;
	case SECTION_TIMES:
		chart_over_time(rows->report, b);
		chart_begin_numbers("recipients over time", b);
		add_table(rows, "", b);
		chart_end_numbers(b);
		break;
	case SECTION_HOURS:
		chart_hours(rows, b);
		break;
	case SECTION_ROWS:
	case SECTION_MAP:
	case SECTION_RANKED:
	case SECTION_LISTS:
		add_table(rows, "rows", b);
		break;
	}
}

static void
add_section(const struct rows *rows, struct buf *b)
{
	const struct section *section = rows->section;

	if (section->kind == SECTION_TOTALS) {
		add_tiles(rows, b);
		add_notes(rows->notes.data, b);
		return;
	}
	if (rows->count == 0 && rows->empty == NULL)
		return;
	buf_printf(b, "<section>\n<h2>%s</h2>\n", section->title);
	if (rows->count == 0)
		add_notes(rows->empty, b);
	else
		add_rows(rows, b);
	add_notes(rows->notes.data, b);
	buf_puts(b, "</section>\n");
}

void
report_html(const struct report *report, const struct report_style *style, struct buf *b)
{
	size_t count;
	const struct section *sections = sections_all(&count);
	struct buf notes;

	page_begin("Relay report", b);
	buf_init(&notes);
	sections_period(report, &notes);
	buf_putc(&notes, '\n');
	sections_notes(report, &notes);
	buf_puts(b, "<header>\n<h1>Relay report</h1>\n");
	add_notes(notes.data, b);
	b->failed |= notes.failed;
	buf_puts(b, "</header>\n<main>\n");
	buf_clear(&notes);
	for (size_t i = 0; i < count; i++) {
		struct rows rows;

		section_rows(&sections[i], report, style->top, &rows);
		add_section(&rows, b);
		b->failed |= rows.notes.failed;
		rows_clear(&rows);
	}
	buf_puts(b, "</main>\n<footer>\n<p>Made by authrelayctl report. Counts are of "
	    "recipients.</p>\n</footer>\n");
	page_end(b);
}
