/* t/fuzz/record_read.c: any bytes as a line of an audit file */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/utf8.h"
#include "fuzz.h"
#include "record/record_read.h"
#include "report/report.h"

static int32_t
no_offset(int64_t seconds)
{
	(void)seconds;
	return 0;
}

/* What is read lies in the line, in the keys' order, and turns into UTF-8 without NUL. */
static void
check_view(const char *line, size_t size, const struct record_view *view)
{
	const char *last = line;
	struct buf value;

	buf_init(&value);
	for (size_t i = 0; i < RECORD_KEYS; i++) {
		const struct record_text *text = &view->value[i];

		if (text->at == NULL)
			continue;
		fuzz_check(text->at > last && text->at + text->length < line + size,
		    "a value lies in the line, behind the one before", line);
		last = text->at + text->length;
		buf_reset(&value);
		record_text_add(text, &value);
		fuzz_check(value.len <= text->length, "no longer than it was", line);
		fuzz_check(value.len == 0 || (utf8_span(value.data, value.len) == value.len &&
		    memchr(value.data, '\0', value.len) == NULL), "UTF-8 without NUL", line);
	}
	buf_clear(&value);
	for (size_t i = 0; i < RECORD_KEYS; i++)
		fuzz_check(!record_is_cut(view, (enum record_key)i) ||
		    view->value[RECORD_KEY_CUT].at != NULL, "cut by the key that says so", line);
	fuzz_check(view->time_us >= 0 && view->txn >= -1 && view->client_port >= -1 &&
	    view->elapsed_us >= -1 && view->count >= -1, "numbers", line);
}

static void
check_report(const struct record_view *view)
{
	const struct report_options options = { .since_us = INT64_MIN, .until_us = INT64_MAX,
	    .before_us = INT64_MIN, .tally_max = 4, .offset = no_offset };
	struct report report;

	fuzz_check(report_init(&report, &options) == 0 && report_add(&report, view) == 0 &&
	    report_add(&report, view) == 0, "it can be counted", "");
	report_finish(&report);
	fuzz_check(report.records.now == 2, "and is", "");
	report_clear(&report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] =
	    "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1,\"event\":\"rcpt\",";
	struct record_view view;
	char *line = malloc(sizeof(head) + size);

	if (line == NULL)
		abort();
	memcpy(line, data, size);
	if (record_read(line, size, &view) == 0) {
		check_view(line, size, &view);
		check_report(&view);
	}
	/* much more of what is random is a record behind a good beginning */
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + sizeof(head) - 1, data, size);
	size += sizeof(head) - 1;
	if (record_read(line, size, &view) == 0) {
		check_view(line, size, &view);
		check_report(&view);
	}
	free(line);
	return 0;
}
