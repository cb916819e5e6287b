/* milter/report/report_text.c: a report for a terminal */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "report/table.h"
#include "report/format.h"
#include "report/rank.h"

#define SPARK_WIDTH	24
#define WIDE		96	/* a terminal that has room for more columns */

struct writer {
	const struct report		*report;
	const struct report_style	*style;
	struct buf			*b;
	struct table			 table;
};

static const enum table_color colors[REPORT_VERDICTS] = {
	[POLICY_PERMIT] = TABLE_GREEN,
	[POLICY_REJECT] = TABLE_RED,
	[POLICY_TEMPFAIL] = TABLE_YELLOW,
};

static void
heading(struct writer *w, const char *text)
{
	buf_putc(w->b, '\n');
	table_paint(w->b, w->style->has_color ? TABLE_BOLD : TABLE_PLAIN, text, strlen(text));
	buf_putc(w->b, '\n');
}

static void
note(struct writer *w, const char *text)
{
	buf_printf(w->b, "  %s\n", text);
}

static void
begin(struct writer *w, const char *align)
{
	table_init(&w->table, align, w->style->width, w->style->has_color, w->style->is_utf8);
}

static void
end(struct writer *w)
{
	table_write(&w->table, w->b);
	table_clear(&w->table);
}

/* The names of the columns, ended by NULL. */
static void
columns(struct writer *w, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++)
		table_add(&w->table, names[i], TABLE_DIM);
}

static void
text_cell(struct writer *w, const char *raw, size_t length)
{
	format_text(raw, length, w->style->is_utf8, &w->table.text);
	table_end(&w->table, TABLE_PLAIN);
}

static void
number_cell(struct writer *w, uint64_t number)
{
	format_number(number, &w->table.text);
	table_end(&w->table, TABLE_PLAIN);
}

static void
distinct_cell(struct writer *w, const struct distinct *distinct)
{
	format_distinct(distinct, "~", &w->table.text);
	table_end(&w->table, TABLE_PLAIN);
}

static void
change_cell(struct writer *w, const struct tally_count *count)
{
	if (report_has_before(w->report))
		format_change(count, &w->table.text);
	table_end(&w->table, TABLE_DIM);
}

static void
spark_cell(struct writer *w, const struct series *series, enum table_color color)
{
	uint64_t	sums[SPARK_WIDTH] = { 0 };
	struct series	whole = *series;
	uint32_t	steps;

	series_align(&whole, &w->report->over_time[0]);
	steps = w->style->width >= WIDE ? SPARK_WIDTH : SPARK_WIDTH / 2;
	if (whole.steps < steps)
		steps = whole.steps;
	for (uint32_t i = 0; i < whole.steps; i++)
		sums[i * steps / whole.steps] += whole.count[i];
	table_spark(&w->table, sums, steps, color);
}

/*
 * The sections, in their order
 */

static void
write_period(struct writer *w)
{
	static const char	form[] = "%Y-%m-%d %H:%M";
	const struct report	*report = w->report;

	table_paint(w->b, w->style->has_color ? TABLE_BOLD : TABLE_PLAIN, "Relay report", 12);
	if (report->first_us == -1 && report->options.since_us == INT64_MIN) {
		buf_puts(w->b, ": no records\n");
		return;
	}
	buf_puts(w->b, ": ");
	format_local(report, report_since(report), form, w->b);
	buf_puts(w->b, " to ");
	format_local(report, report_until(report), form, w->b);
	if (report_has_before(report)) {
		buf_puts(w->b, "\n  compared with the time before it, from ");
		format_local(report, report->options.before_us, form, w->b);
	}
	buf_putc(w->b, '\n');
}

static void
write_lines(struct writer *w)
{
	const struct report	*report = w->report;
	struct buf		*b = w->b;

	buf_puts(b, "  ");
	format_number(report->records.now, b);
	buf_puts(b, report->records.now == 1 ? " record" : " records");
	if (report_has_before(report)) {
		buf_puts(b, ", ");
		format_number(report->records.before, b);
		buf_puts(b, " before");
	}
	if (report->outside > 0) {
		buf_puts(b, "\n  ");
		format_number(report->outside, b);
		buf_puts(b, " of other times");
	}
	if (report->passed_over > 0) {
		buf_puts(b, "\n  ");
		format_number(report->passed_over, b);
		buf_puts(b, " not asked for");
	}
	buf_putc(b, '\n');
	if (report->bad_lines == 0)
		return;
	buf_puts(b, "  ");
	format_number(report->bad_lines, b);
	buf_puts(b, report->bad_lines == 1 ? " line is no record: see authrelayctl verify\n" :
	    " lines are no records: see authrelayctl verify\n");
}

static void
write_totals(struct writer *w)
{
	const struct report	*report = w->report;
	uint64_t		 whole = 0;

	for (size_t i = 0; i < REPORT_VERDICTS; i++)
		whole += report->verdicts[i].now;
	heading(w, "Recipients");
	begin(w, "lrRL");
	for (unsigned i = 0; i < REPORT_VERDICTS; i++) {
		table_add(&w->table, format_verdict(i), colors[i]);
		number_cell(w, report->verdicts[i].now);
		change_cell(w, &report->verdicts[i]);
		table_bar(&w->table, report->verdicts[i].now, whole, colors[i]);
	}
	end(w);
	if (report->unenforced.now > 0) {
		buf_puts(w->b, "  ");
		format_number(report->unenforced.now, w->b);
		buf_puts(w->b, " not permitted, and passed: mode = monitor\n");
	}
	if (report->unrecorded.now > 0) {
		buf_puts(w->b, "  ");
		format_number(report->unrecorded.now, w->b);
		buf_puts(w->b, " more not recorded: audit.stranger-rate\n");
	}
}

static void
write_reasons(struct writer *w)
{
	static const char *const	names[] = { "verdict", "reason", "recipients", "",
	    "", NULL };
	uint64_t			most = 0;

	for (unsigned i = 0; i < REPORT_REASONS; i++)
		for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
			if (w->report->reasons[i][verdict].now > most)
				most = w->report->reasons[i][verdict].now;
	heading(w, "Verdicts by reason");
	begin(w, "llrRL");
	columns(w, names);
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		for (unsigned reason = 0; reason < REPORT_REASONS; reason++) {
			const struct tally_count	*count =
			    &w->report->reasons[reason][verdict];

			if (count->now == 0 && count->before == 0)
				continue;
			table_add(&w->table, format_verdict(verdict), colors[verdict]);
			table_add(&w->table, reason == REPORT_OTHER_REASON ? "other" :
			    policy_reason_name((enum policy_reason)reason), TABLE_PLAIN);
			number_cell(w, count->now);
			change_cell(w, count);
			table_bar(&w->table, count->now, most, colors[verdict]);
		}
	end(w);
}

/* What a list leaves out, and how sure it is. */
static void
write_rest(struct writer *w, enum report_list list, const struct rank *top,
    const char *what)
{
	const struct tally	*table = &w->report->lists[list];
	struct buf			*b = w->b;

	if (top->count > top->shown || table->lost > 0) {
		buf_puts(b, "  others: ");
		format_number(top->rest, b);
		buf_puts(b, " recipients; ");
		if (table->lost == 0)
			format_number(top->count, b);
		else
			format_distinct(&table->keys, "about ", b);
		buf_printf(b, " %s in all\n", what);
	}
	if (table->lost > 0) {
		buf_puts(b, "  too many to keep: a count with a + may lack ");
		format_number(table->lost, b);
		buf_putc(b, '\n');
	}
}

static void
count_cell(struct writer *w, const struct tally_entry *entry)
{
	format_number(tally_now(entry), &w->table.text);
	if (entry->is_late)
		buf_putc(&w->table.text, '+');
	table_end(&w->table, TABLE_PLAIN);
}

static void
write_relayed(struct writer *w, enum report_list list, const char *title,
    const char *key_name, const char *what)
{
	const char *const	names[] = { key_name, "recipients", "", "different",
	    "domains", "networks", "over time", NULL };
	struct rank	top;

	if (rank_highest(w->report, list, w->style->top, &top) == -1)
		w->b->failed = 1;
	heading(w, title);
	if (top.count == 0)
		note(w, "nobody");
	begin(w, "lrRRRRL");
	if (top.count > 0)
		columns(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];
		const struct tally_count	 change = tally_both(entry);

		text_cell(w, entry->key, entry->length);
		count_cell(w, entry);
		change_cell(w, &change);
		distinct_cell(w, &entry->rcpts);
		distinct_cell(w, &entry->domains);
		distinct_cell(w, &entry->networks);
		spark_cell(w, entry->series, TABLE_GREEN);
	}
	end(w);
	write_rest(w, list, &top, what);
	rank_clear(&top);
}

static void
write_new(struct writer *w)
{
	static const char *const	names[] = { "user", "from", "recipients",
	    "first", "", NULL };
	struct rank		top;

	heading(w, "Users seen from new networks");
	if (!report_has_before(w->report)) {
		note(w, "to be told against the time before: give --since");
		return;
	}
	if (rank_new(w->report, w->style->top, &top) == -1)
		w->b->failed = 1;
	if (top.count == 0)
		note(w, "none");
	begin(w, "llrlL");
	if (top.count > 0)
		columns(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*pair = top.entries[i];

		text_cell(w, pair->key, strlen(pair->key));
		table_add(&w->table, rank_pair_network(pair), TABLE_PLAIN);
		count_cell(w, pair);
		format_local(w->report, pair->first_us, "%Y-%m-%d %H:%M",
		    &w->table.text);
		table_end(&w->table, TABLE_PLAIN);
		table_add(&w->table, pair->is_late ? "perhaps new" :
		    rank_pair_has_new_user(w->report, pair) ? "a new user" : "",
		    TABLE_YELLOW);
	}
	end(w);
	if (top.count > top.shown)
		buf_printf(w->b, "  and %zu more\n", top.count - top.shown);
	rank_clear(&top);
}

static void
tried_cell(struct writer *w, const struct tally_entry *entry)
{
	enum spelling	forms[SPELLINGS];
	size_t			n = entry->forms == NULL ? 0 :
	    rank_spellings(entry->forms, forms);

	for (size_t i = 0; i < n; i++) {
		buf_printf(&w->table.text, "%s%s ", i == 0 ? "" : ", ",
		    spelling_name(forms[i]));
		format_number(entry->forms[forms[i]], &w->table.text);
	}
	table_end(&w->table, TABLE_PLAIN);
}

static void
write_refused(struct writer *w)
{
	static const char *const	names[] = { "client", "refused", "", "different",
	    "tried", "over time", NULL };
	struct rank		top;

	if (rank_highest(w->report, REPORT_CLIENTS, w->style->top, &top) == -1)
		w->b->failed = 1;
	heading(w, "Refused clients");
	if (top.count == 0)
		note(w, "none");
	begin(w, w->style->width >= WIDE ? "lrRRlL" : "lrRRl");
	for (size_t i = 0; top.count > 0 && i < w->table.columns; i++)
		table_add(&w->table, names[i], TABLE_DIM);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];
		const struct tally_count	 change = tally_both(entry);

		text_cell(w, entry->key, entry->length);
		count_cell(w, entry);
		change_cell(w, &change);
		distinct_cell(w, &entry->rcpts);
		tried_cell(w, entry);
		if (w->style->width >= WIDE)
			spark_cell(w, entry->series, TABLE_RED);
	}
	end(w);
	write_rest(w, REPORT_CLIENTS, &top, "clients");
	rank_clear(&top);
}

static void
write_forms(struct writer *w)
{
	static const char *const	names[] = { "form", "recipients", "", "clients",
	    "as in", NULL };
	uint64_t			counts[SPELLINGS];
	enum spelling		forms[SPELLINGS];
	size_t				n;

	for (size_t i = 0; i < SPELLINGS; i++)
		counts[i] = w->report->forms[i].now;
	n = rank_spellings(counts, forms);
	if (n == 0)
		return;
	heading(w, "What they tried");
	begin(w, "lrRRl");
	columns(w, names);
	for (size_t i = 0; i < n; i++) {
		const char	*example = w->report->form_example[forms[i]];

		table_add(&w->table, spelling_name(forms[i]), TABLE_PLAIN);
		number_cell(w, w->report->forms[forms[i]].now);
		change_cell(w, &w->report->forms[forms[i]]);
		distinct_cell(w, &w->report->form_clients[forms[i]]);
		text_cell(w, example == NULL ? "" : example,
		    example == NULL ? 0 : strlen(example));
	}
	end(w);
}

static void
write_logins(struct writer *w)
{
	uint64_t	sum = 0;

	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++)
		sum += w->report->refused_logins[i].now;
	if (sum == 0)
		return;
	heading(w, "Logins that did not count");
	begin(w, "lrr");
	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++) {
		if (w->report->refused_logins[i].now == 0)
			continue;
		table_add(&w->table, policy_auth_name((enum policy_auth)
		    (POLICY_AUTH_INCOMPLETE + i)), TABLE_PLAIN);
		number_cell(w, w->report->refused_logins[i].now);
		change_cell(w, &w->report->refused_logins[i]);
	}
	end(w);
}

static void
write_lookups(struct writer *w)
{
	static const char *const	names[] = { "domain", "recipients", "", "as in",
	    NULL };
	struct rank		top;

	if (rank_highest(w->report, REPORT_LOOKUPS, w->style->top, &top) == -1)
		w->b->failed = 1;
	if (top.count > 0) {
		heading(w, "Look-ups that failed");
		begin(w, "lrRl");
		columns(w, names);
		for (size_t i = 0; i < top.shown; i++) {
			const struct tally_entry	*entry = top.entries[i];
			const char			*mx = entry->example;
			const struct tally_count	 change = tally_both(entry);

			text_cell(w, entry->key, entry->length);
			count_cell(w, entry);
			change_cell(w, &change);
			text_cell(w, mx == NULL ? "" : mx, mx == NULL ? 0 : strlen(mx));
		}
		end(w);
		write_rest(w, REPORT_LOOKUPS, &top, "domains");
	}
	rank_clear(&top);
}

static void
write_hours(struct writer *w)
{
	static const char *const	shades[5] = { " ", "░", "▒", "▓", "█" };
	static const char *const	marks[5] = { " ", ".", "+", "*", "#" };
	int				is_wide = w->style->width >= 60;
	uint64_t			most = report_busiest(w->report);

	if (most == 0)
		return;
	heading(w, "Days and hours");
	buf_puts(w->b, "       ");
	for (int hour = 0; hour < 24; hour += 6)
		buf_printf(w->b, is_wide ? "%02d          " : "%02d    ", hour);
	while (w->b->data[w->b->len - 1] == ' ')
		buf_cut(w->b, w->b->len - 1);
	buf_putc(w->b, '\n');
	for (unsigned day = 0; day < 7; day++) {
		buf_printf(w->b, "  %.3s  ", format_weekday(day));
		for (unsigned hour = 0; hour < 24; hour++) {
			const uint64_t	*cell = w->report->hours[day][hour];
			uint64_t	 sum = cell[0] + cell[1];
			unsigned	 shade = sum == 0 ? 0 :
			    1 + (unsigned)((double)sum * 3.999 / (double)most);
			const char	*mark = (w->style->is_utf8 ? shades : marks)[shade];

			buf_puts(w->b, mark);
			buf_puts(w->b, is_wide ? mark : "");
		}
		while (w->b->data[w->b->len - 1] == ' ')
			buf_cut(w->b, w->b->len - 1);
		buf_putc(w->b, '\n');
	}
	buf_puts(w->b, "  darkest: ");
	format_number(most, w->b);
	buf_puts(w->b, " recipients in an hour\n");
}

static void
write_changed(struct writer *w, enum report_list list, const char *what)
{
	struct rank	top;

	if (rank_changed(w->report, list, w->style->top, &top) == -1)
		w->b->failed = 1;
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];
		const struct tally_count	 change = tally_both(entry);

		table_add(&w->table, what, TABLE_DIM);
		text_cell(w, entry->key, entry->length);
		number_cell(w, change.before);
		number_cell(w, change.now);
		if (entry->is_late)
			table_add(&w->table, "perhaps", TABLE_DIM);
		else
			change_cell(w, &change);
	}
	rank_clear(&top);
}

static void
write_changes(struct writer *w)
{
	static const char *const	names[] = { "", "", "before", "now", "", NULL };

	if (!report_has_before(w->report))
		return;
	heading(w, "What differs most from the time before");
	begin(w, "llrrR");
	columns(w, names);
	write_changed(w, REPORT_USERS, "user");
	write_changed(w, REPORT_HOSTS, "network");
	write_changed(w, REPORT_CLIENTS, "refused");
	end(w);
}

void
report_text(const struct report *report, const struct report_style *style, struct buf *b)
{
	struct writer	w = { .report = report, .style = style, .b = b };

	write_period(&w);
	write_lines(&w);
	write_totals(&w);
	write_reasons(&w);
	write_relayed(&w, REPORT_USERS, "Who relayed, by user", "user", "users");
	write_relayed(&w, REPORT_HOSTS, "Who relayed without a login, by network", "network",
	    "networks");
	write_new(&w);
	write_refused(&w);
	write_forms(&w);
	write_logins(&w);
	write_lookups(&w);
	write_hours(&w);
	write_changes(&w);
}
