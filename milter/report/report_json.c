/* milter/report/report_json.c: a report for programs */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <string.h>

#include "report/format.h"
#include "report/rank.h"

static void
add_count(struct buf *b, const char *name, const struct tally_count *count)
{
	buf_printf(b, "\"%s\": {\"now\": %" PRIu64 ", \"before\": %" PRIu64 "}", name,
	    count->now, count->before);
}

static void
add_distinct(struct buf *b, const char *name, const struct distinct *distinct)
{
	int		is_estimate;
	uint64_t	number = distinct_count(distinct, &is_estimate);

	buf_printf(b, "\"%s\": {\"count\": %" PRIu64 ", \"is_estimate\": %s}", name, number,
	    is_estimate ? "true" : "false");
}

static void
add_time(struct buf *b, const char *name, int64_t time_us, int is_known)
{
	buf_printf(b, "\"%s\": ", name);
	if (!is_known) {
		buf_puts(b, "null");
		return;
	}
	buf_putc(b, '"');
	format_utc(time_us, b);
	buf_putc(b, '"');
}

static void
add_period(struct buf *b, const struct report *report)
{
	const struct report_options	*options = &report->options;

	buf_puts(b, " \"period\": {");
	add_time(b, "since", options->since_us, options->since_us != INT64_MIN);
	buf_puts(b, ", ");
	add_time(b, "until", options->until_us, options->until_us != INT64_MAX);
	buf_puts(b, ", ");
	add_time(b, "before", options->before_us, report_has_before(report));
	buf_puts(b, ", ");
	add_time(b, "first", report->first_us, report->first_us != -1);
	buf_puts(b, ", ");
	add_time(b, "last", report->last_us, report->first_us != -1);
	buf_puts(b, "},\n");
}

static void
add_totals(struct buf *b, const struct report *report)
{
	const char	*before = "";

	buf_printf(b, " \"lines\": %" PRIu64 ", \"bad_lines\": %" PRIu64 ", \"outside\": %"
	    PRIu64 ", \"passed_over\": %" PRIu64 ",\n ", report->lines, report->bad_lines,
	    report->outside, report->passed_over);
	add_count(b, "records", &report->records);
	buf_puts(b, ",\n \"verdicts\": {");
	for (unsigned i = 0; i < REPORT_VERDICTS; i++) {
		buf_puts(b, i == 0 ? "" : ", ");
		add_count(b, policy_verdict_name((enum policy_verdict)i),
		    &report->verdicts[i]);
	}
	buf_puts(b, "},\n ");
	add_count(b, "unenforced", &report->unenforced);
	buf_puts(b, ", ");
	add_count(b, "unrecorded", &report->unrecorded);
	buf_puts(b, ", ");
	add_count(b, "messages", &report->messages);
	buf_puts(b, ", ");
	add_count(b, "starts", &report->starts);
	buf_puts(b, ",\n \"refused_logins\": {");
	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++) {
		const struct tally_count	*count = &report->refused_logins[i];

		if (count->now == 0 && count->before == 0)
			continue;
		buf_puts(b, before);
		add_count(b, policy_auth_name((enum policy_auth)(POLICY_AUTH_INCOMPLETE + i)),
		    count);
		before = ", ";
	}
	buf_puts(b, "},\n");
}

static void
add_reasons(struct buf *b, const struct report *report)
{
	const char	*before = "\n";

	buf_puts(b, " \"reasons\": [");
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		for (unsigned reason = 0; reason < REPORT_REASONS; reason++) {
			const struct tally_count	*count =
			    &report->reasons[reason][verdict];

			if (count->now == 0 && count->before == 0)
				continue;
			buf_printf(b, "%s  {\"verdict\": \"%s\", \"reason\": \"%s\", "
			    "\"now\": %" PRIu64 ", \"before\": %" PRIu64 "}", before,
			    policy_verdict_name((enum policy_verdict)verdict),
			    reason == REPORT_OTHER_REASON ? "other" :
			    policy_reason_name((enum policy_reason)reason), count->now,
			    count->before);
			before = ",\n";
		}
	buf_puts(b, "\n ],\n");
}

static void
add_series(struct buf *b, const struct series *series)
{
	buf_puts(b, ", \"over_time\": {\"start\": \"");
	format_clock(series_start(series, 0), "%Y-%m-%dT%H:%M:%S", b);
	buf_printf(b, "\", \"step\": %" PRId64 ", \"counts\": [", series_width(series));
	for (uint32_t i = 0; i < series->steps; i++)
		buf_printf(b, "%s%" PRIu64, i == 0 ? "" : ", ", series->count[i]);
	buf_puts(b, "]}");
}

static void
add_tried(struct buf *b, const uint64_t counts[SPELLINGS])
{
	enum spelling	forms[SPELLINGS];
	size_t			n = rank_spellings(counts, forms);

	buf_puts(b, ", \"tried\": {");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ",
		    spelling_name(forms[i]), counts[forms[i]]);
	buf_putc(b, '}');
}

static void
add_entry(struct buf *b, const struct tally_entry *entry, const char *example)
{
	buf_puts(b, "   {\"key\": ");
	format_json(entry->key, entry->length, b);
	buf_puts(b, ", ");
	add_count(b, "permitted", &entry->permitted);
	buf_puts(b, ", ");
	add_count(b, "refused", &entry->refused);
	buf_printf(b, ", \"is_at_least\": %s, ", entry->is_late ? "true" : "false");
	add_distinct(b, "recipients", &entry->rcpts);
	buf_puts(b, ", ");
	add_distinct(b, "domains", &entry->domains);
	buf_puts(b, ", ");
	add_distinct(b, "networks", &entry->networks);
	buf_puts(b, ", ");
	add_time(b, "first", entry->first_us, entry->series != NULL);
	buf_puts(b, ", ");
	add_time(b, "last", entry->last_us, entry->series != NULL);
	if (entry->example != NULL) {
		buf_printf(b, ", \"%s\": ", example);
		format_json(entry->example, strlen(entry->example), b);
	}
	if (entry->forms != NULL)
		add_tried(b, entry->forms);
	if (entry->series != NULL)
		add_series(b, entry->series);
	buf_putc(b, '}');
}

static void
add_list(struct buf *b, const struct report *report, enum report_list list,
    const char *name, const char *example, size_t most)
{
	const struct tally	*table = &report->lists[list];
	struct rank		 top;

	if (rank_highest(report, list, most, &top) == -1)
		b->failed = 1;
	buf_printf(b, " \"%s\": {", name);
	add_distinct(b, "keys", &table->keys);
	buf_printf(b, ", \"counts_may_lack\": %" PRIu64 ", \"not_shown\": %" PRIu64
	    ", \"list\": [", table->lost, top.rest);
	for (size_t i = 0; i < top.shown; i++) {
		buf_puts(b, i == 0 ? "\n" : ",\n");
		add_entry(b, top.entries[i], example);
	}
	buf_puts(b, "]},\n");
	rank_clear(&top);
}

static void
add_new(struct buf *b, const struct report *report, size_t most)
{
	struct rank	top;

	if (rank_new(report, most, &top) == -1)
		b->failed = 1;
	buf_puts(b, " \"new_networks\": [");
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*pair = top.entries[i];

		buf_printf(b, "%s  {\"user\": ", i == 0 ? "\n" : ",\n");
		format_json(pair->key, strlen(pair->key), b);
		buf_printf(b, ", \"network\": \"%s\", \"recipients\": %" PRIu64
		    ", \"user_is_new\": %s, \"is_certain\": %s, ", rank_pair_network(pair),
		    tally_now(pair), rank_pair_has_new_user(report, pair) ? "true" : "false",
		    pair->is_late ? "false" : "true");
		add_time(b, "first", pair->first_us, 1);
		buf_putc(b, '}');
	}
	buf_puts(b, "],\n");
	rank_clear(&top);
}

static void
add_forms(struct buf *b, const struct report *report)
{
	const char	*before = "\n";

	buf_puts(b, " \"tried\": [");
	for (unsigned form = 0; form < SPELLINGS; form++) {
		const struct tally_count	*count = &report->forms[form];

		if (count->now == 0 && count->before == 0)
			continue;
		buf_printf(b, "%s  {\"form\": \"%s\", \"now\": %" PRIu64 ", \"before\": %"
		    PRIu64 ", ", before, spelling_name((enum spelling)form), count->now,
		    count->before);
		add_distinct(b, "clients", &report->form_clients[form]);
		if (report->form_example[form] != NULL) {
			buf_puts(b, ", \"example\": ");
			format_json(report->form_example[form],
			    strlen(report->form_example[form]), b);
		}
		buf_putc(b, '}');
		before = ",\n";
	}
	buf_puts(b, "],\n");
}

static void
add_over_time(struct buf *b, const struct report *report)
{
	const struct series	*s = report->over_time;

	buf_printf(b, " \"over_time\": {\"step\": %" PRId64 ", \"steps\": [",
	    series_width(&s[0]));
	for (uint32_t i = 0; i < s[0].steps; i++) {
		buf_printf(b, "%s  {\"start\": \"", i == 0 ? "\n" : ",\n");
		format_clock(series_start(&s[0], i), "%Y-%m-%dT%H:%M:%S", b);
		buf_putc(b, '"');
		for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
			buf_printf(b, ", \"%s\": %" PRIu64,
			    policy_verdict_name((enum policy_verdict)verdict),
			    s[verdict].count[i]);
		buf_putc(b, '}');
	}
	buf_puts(b, "]},\n");
}

static void
add_hours(struct buf *b, const struct report *report)
{
	static const char *const	names[2] = { "permitted", "refused" };

	buf_puts(b, " \"hours\": {");
	for (unsigned kind = 0; kind < 2; kind++) {
		buf_printf(b, "%s\"%s\": [", kind == 0 ? "" : ", ", names[kind]);
		for (unsigned day = 0; day < 7; day++)
			for (unsigned hour = 0; hour < 24; hour++)
				buf_printf(b, "%s%" PRIu64 "%s",
				    hour != 0 ? ", " : day == 0 ? "[" : ", [",
				    report->hours[day][hour][kind], hour == 23 ? "]" : "");
		buf_puts(b, "]");
	}
	buf_puts(b, "},\n");
}

static void
add_changed(struct buf *b, const struct report *report, enum report_list list,
    const char *name, size_t most)
{
	struct rank	top;

	if (rank_changed(report, list, most, &top) == -1)
		b->failed = 1;
	buf_printf(b, "\"%s\": [", name);
	for (size_t i = 0; i < top.shown; i++) {
		buf_puts(b, i == 0 ? "{\"key\": " : ", {\"key\": ");
		format_json(top.entries[i]->key, top.entries[i]->length, b);
		buf_printf(b, ", \"now\": %" PRIu64 ", \"before\": %" PRIu64 "}",
		    tally_now(top.entries[i]), tally_before(top.entries[i]));
	}
	buf_putc(b, ']');
	rank_clear(&top);
}

void
report_json(const struct report *report, const struct report_style *style, struct buf *b)
{
	buf_puts(b, "{\n");
	add_period(b, report);
	add_totals(b, report);
	add_reasons(b, report);
	add_list(b, report, REPORT_USERS, "users", "", style->top);
	add_list(b, report, REPORT_HOSTS, "hosts", "", style->top);
	add_new(b, report, style->top);
	add_list(b, report, REPORT_CLIENTS, "clients", "name", style->top);
	add_forms(b, report);
	add_list(b, report, REPORT_LOOKUPS, "lookups", "mx", style->top);
	add_over_time(b, report);
	add_hours(b, report);
	buf_puts(b, " \"changed\": {");
	add_changed(b, report, REPORT_USERS, "users", style->top);
	buf_puts(b, ", ");
	add_changed(b, report, REPORT_HOSTS, "hosts", style->top);
	buf_puts(b, ", ");
	add_changed(b, report, REPORT_CLIENTS, "clients", style->top);
	buf_puts(b, "}\n}\n");
}
