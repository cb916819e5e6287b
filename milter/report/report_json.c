/* milter/report/report_json.c: report as a JSON object */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/json_write.h"
#include "report/format.h"
#include "report/sections.h"

#define CLOCK	"%Y-%m-%dT%H:%M:%S"

static void
add_pair(struct buf *b, const char *key, const struct tally_count *count)
{
	json_write_open(b, key, '{');
	json_write_number(b, "now", count->now);
	json_write_number(b, "before", count->before);
	json_write_close(b, '}');
}

static void
add_distinct(struct buf *b, const char *key, const struct distinct *distinct)
{
	int is_estimate;
	uint64_t number = distinct_count(distinct, &is_estimate);

	json_write_open(b, key, '{');
	json_write_number(b, "count", number);
	json_write_flag(b, "is_estimate", is_estimate);
	json_write_close(b, '}');
}

static void
add_time(struct buf *b, const char *key, int64_t time_us, int is_known)
{
	json_write_key(b, key);
	buf_puts(b, is_known ? "\"" : "null");
	if (is_known) {
		format_utc(time_us, b);
		buf_putc(b, '"');
	}
}

static void
add_clock(struct buf *b, const char *key, int64_t seconds)
{
	json_write_key(b, key);
	buf_putc(b, '"');
	format_clock(seconds, CLOCK, b);
	buf_putc(b, '"');
}

static void
add_series(struct buf *b, const char *key, const struct series *series)
{
	json_write_open(b, key, '{');
	add_clock(b, "start", series_start(series, 0));
	json_write_number(b, "step", (uint64_t)series_width(series));
	json_write_open(b, "counts", '[');
	for (uint32_t i = 0; i < series->steps; i++)
		json_write_number(b, NULL, series->count[i]);
	json_write_close(b, ']');
	json_write_close(b, '}');
}

static void
add_spellings(struct buf *b, const char *key, const uint64_t counts[SPELLINGS])
{
	enum spelling spellings[SPELLINGS];
	size_t n = rank_spellings(counts, spellings);

	json_write_open(b, key, '{');
	for (size_t i = 0; i < n; i++)
		json_write_number(b, spelling_name(spellings[i]), counts[spellings[i]]);
	json_write_close(b, '}');
}

/* What a row does not have is left out. */
static void
add_text(struct buf *b, const char *key, const char *raw)
{
	if (raw == NULL)
		return;
	json_write_key(b, key);
	format_json(raw, strlen(raw), b);
}

static void
add_value(struct buf *b, const struct row *row, const struct column *column)
{
	const void *value = section_value(column, row);

	switch (column->kind) {
	case CELL_KEY:
	case CELL_TEXT:
	case CELL_EXAMPLE:
	case CELL_MARK:
		add_text(b, column->key, *(const char *const *)value);
		break;
	case CELL_VERDICT:
		json_write_text(b, column->key,
		    policy_verdict_name((enum policy_verdict)row->verdict));
		break;
	case CELL_COUNT:
	case CELL_NUMBER:
		json_write_number(b, column->key, *(const uint64_t *)value);
		break;
	case CELL_DISTINCT:
		add_distinct(b, column->key, *(const struct distinct *const *)value);
		break;
	case CELL_SPELLINGS:
		if (row->spellings != NULL)
			add_spellings(b, column->key, row->spellings);
		break;
	case CELL_TIME:
		add_time(b, column->key, *(const int64_t *)value, 1);
		break;
	case CELL_CLOCK:
		add_clock(b, column->key, *(const int64_t *)value);
		break;
	case CELL_SERIES:
		if (row->series != NULL)
			add_series(b, column->key, row->series);
		break;
	case CELL_PAIR:
		add_pair(b, column->key, value);
		break;
	case CELL_FLAG:
		json_write_flag(b, column->key, *(const int *)value);
		break;
	case CELL_CHANGE:
	case CELL_BAR:
	case CELL_KINDS:
		break;
	}
}

/* All rows, or those of one list. */
static void
add_rows(struct buf *b, const char *key, const struct rows *rows, enum report_list list)
{
	json_write_open(b, key, '[');
	for (size_t i = 0; i < rows->count; i++) {
		if (list != REPORT_LISTS && rows->list[i].list != list)
			continue;
		json_write_line(b);
		json_write_open(b, NULL, '{');
		for (size_t j = 0; j < rows->section->column_count; j++)
			if (rows->section->columns[j].key != NULL)
				add_value(b, &rows->list[i], &rows->section->columns[j]);
		json_write_close(b, '}');
	}
	json_write_close(b, ']');
}

static void
add_hours(struct buf *b, const struct report *report)
{
	static const char *const names[2] = { "permitted", "refused" };

	for (unsigned kind = 0; kind < 2; kind++) {
		json_write_open(b, names[kind], '[');
		for (unsigned day = 0; day < 7; day++) {
			json_write_open(b, NULL, '[');
			for (unsigned hour = 0; hour < 24; hour++)
				json_write_number(b, NULL,
				    report->hours[day][hour][kind]);
			json_write_close(b, ']');
		}
		json_write_close(b, ']');
	}
}

static void
add_section(struct buf *b, const struct rows *rows)
{
	const struct section *section = rows->section;

	if (section->kind == SECTION_TOTALS)
		return;
	json_write_line(b);
	if (section->kind == SECTION_ROWS) {
		add_rows(b, section->key, rows, REPORT_LISTS);
		return;
	}
	json_write_open(b, section->key, '{');
	switch (section->kind) {
	case SECTION_TOTALS:
	case SECTION_ROWS:
		break;
	case SECTION_MAP:
		for (size_t i = 0; i < rows->count; i++)
			add_pair(b, rows->list[i].key, &rows->list[i].count);
		break;
	case SECTION_RANKED:
		add_distinct(b, "keys", &rows->tally->keys);
		json_write_number(b, "counts_may_lack", rows->tally->lost);
		json_write_number(b, "not_shown", rows->rest);
		add_rows(b, "list", rows, REPORT_LISTS);
		break;
	case SECTION_LISTS:
		add_rows(b, "users", rows, REPORT_USERS);
		add_rows(b, "hosts", rows, REPORT_HOSTS);
		add_rows(b, "clients", rows, REPORT_CLIENTS);
		break;
	case SECTION_TIMES:
		json_write_number(b, "step",
		    (uint64_t)series_width(&rows->report->over_time[0]));
		add_rows(b, "steps", rows, REPORT_LISTS);
		break;
	case SECTION_HOURS:
		add_hours(b, rows->report);
		break;
	}
	json_write_close(b, '}');
}

static void
add_totals(struct buf *b, const struct report *report)
{
	const struct report_options *options = &report->options;

	json_write_open(b, "period", '{');
	add_time(b, "since", options->since_us, options->since_us != INT64_MIN);
	add_time(b, "until", options->until_us, options->until_us != INT64_MAX);
	add_time(b, "before", options->before_us, report_has_before(report));
	add_time(b, "first", report->first_us, report->first_us != -1);
	add_time(b, "last", report->last_us, report->first_us != -1);
	json_write_close(b, '}');
	json_write_line(b);
	json_write_number(b, "lines", report->lines);
	json_write_number(b, "bad_lines", report->bad_lines);
	json_write_number(b, "outside", report->outside);
	json_write_number(b, "passed_over", report->passed_over);
	add_pair(b, "records", &report->records);
	json_write_line(b);
	json_write_open(b, "verdicts", '{');
	for (unsigned i = 0; i < REPORT_VERDICTS; i++)
		add_pair(b, policy_verdict_name((enum policy_verdict)i),
		    &report->verdicts[i]);
	json_write_close(b, '}');
	add_pair(b, "unenforced", &report->unenforced);
	add_pair(b, "unrecorded", &report->unrecorded);
	add_pair(b, "messages", &report->messages);
	add_pair(b, "starts", &report->starts);
}

void
report_json(const struct report *report, const struct report_style *style, struct buf *b)
{
	size_t count;
	const struct section *sections = sections_all(&count);

	json_write_open(b, NULL, '{');
	add_totals(b, report);
	for (size_t i = 0; i < count; i++) {
		struct rows rows;

		section_rows(&sections[i], report, style->top, &rows);
		add_section(b, &rows);
		b->failed |= rows.notes.failed;
		rows_clear(&rows);
	}
	json_write_close(b, '}');
	buf_putc(b, '\n');
}
