/* milter/report/report_html.c: a report as a page of its own */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <string.h>

#include "report/report_page.h"
#include "report/rank.h"

#define MINUTES		"%Y-%m-%d %H:%M"
#define FORMS_SHOWN	4	/* of a client */

struct writer {
	const struct report		*report;
	const struct report_style	*style;
	struct buf			*b;
};

static void
section(struct writer *w, const char *title)
{
	buf_printf(w->b, "<section>\n<h2>%s</h2>\n", title);
}

static void
end_section(struct writer *w)
{
	buf_puts(w->b, "</section>\n");
}

/* Names of columns, ended by NULL; a letter in front: n a number, c a change, - text. */
static void
begin_rows(struct writer *w, const char *const names[])
{
	buf_puts(w->b, "<table class=\"rows\"><thead><tr>");
	for (size_t i = 0; names[i] != NULL; i++)
		buf_printf(w->b, "<th scope=\"col\"%s>%s</th>",
		    names[i][0] == '-' ? "" : " class=\"n\"", names[i] + 1);
	buf_puts(w->b, "</tr></thead>\n<tbody>\n");
}

static void
end_rows(struct writer *w)
{
	buf_puts(w->b, "</tbody></table>\n");
}

static void
begin_cell(struct writer *w, const char *class, const char *label)
{
	buf_printf(w->b, "<td class=\"%s\"", class);
	if (*label != '\0')
		buf_printf(w->b, " data-label=\"%s\"", label);
	buf_putc(w->b, '>');
}

static void
end_cell(struct writer *w)
{
	buf_puts(w->b, "</td>");
}

static void
text_cell(struct writer *w, const char *class, const char *label, const char *raw,
    size_t length)
{
	begin_cell(w, class, label);
	page_text(raw, length, w->b);
	end_cell(w);
}

/* The one that counts most has no label. */
static void
number_cell(struct writer *w, const char *label, uint64_t number)
{
	begin_cell(w, *label == '\0' ? "n m" : "n", label);
	format_number(number, w->b);
	end_cell(w);
}

static void
distinct_cell(struct writer *w, const char *label, const struct distinct *distinct)
{
	begin_cell(w, "n", label);
	format_distinct(distinct, "about ", w->b);
	end_cell(w);
}

static void
change_cell(struct writer *w, const struct tally_count *count)
{
	begin_cell(w, "c", "");
	if (report_has_before(w->report))
		format_change(count, w->b);
	end_cell(w);
}

/* A key, and a name of it or NULL, with its counts, in three cells. */
static void
entry_cells(struct writer *w, const struct tally_entry *entry, const char *name)
{
	const struct tally_count	change = tally_both(entry);

	begin_cell(w, "k", "");
	page_text(entry->key, entry->length, w->b);
	if (name != NULL) {
		buf_puts(w->b, " <small>");
		page_text(name, strlen(name), w->b);
		buf_puts(w->b, "</small>");
	}
	end_cell(w);
	begin_cell(w, "n m", "");
	format_number(tally_now(entry), w->b);
	buf_puts(w->b, entry->is_late ? "+" : "");
	end_cell(w);
	change_cell(w, &change);
}

static void
spark_cell(struct writer *w, const struct tally_entry *entry, const char *class)
{
	begin_cell(w, "s", "over time");
	page_spark(w->report, entry->series, class, w->b);
	end_cell(w);
}

static void
example_cell(struct writer *w, const char *label, const char *example)
{
	begin_cell(w, "t", label);
	if (example != NULL) {
		buf_puts(w->b, "<code>");
		page_text(example, strlen(example), w->b);
		buf_puts(w->b, "</code>");
	}
	end_cell(w);
}

/*
 * The sections, in their order
 */

static void
write_header(struct writer *w)
{
	const struct report	*report = w->report;

	buf_puts(w->b, "<header>\n<h1>Relay report</h1>\n<p class=\"soft\">");
	if (report->first_us == -1 && report->options.since_us == INT64_MIN) {
		buf_puts(w->b, "No records.");
	} else {
		format_local(report, report_since(report), MINUTES, w->b);
		buf_puts(w->b, " to ");
		format_local(report, report_until(report), MINUTES, w->b);
	}
	if (report_has_before(report)) {
		buf_puts(w->b, ", compared with the time before it, from ");
		format_local(report, report->options.before_us, MINUTES, w->b);
	}
	buf_puts(w->b, "</p>\n</header>\n");
}

static void
tile(struct writer *w, const char *class, const char *name,
    const struct tally_count *count)
{
	buf_printf(w->b, "<div class=\"%s\"><dt>%s</dt><dd>", class, name);
	format_number(count->now, w->b);
	if (report_has_before(w->report)) {
		buf_puts(w->b, "<small>");
		format_change(count, w->b);
		buf_puts(w->b, "</small>");
	}
	buf_puts(w->b, "</dd></div>\n");
}

static void
distinct_tile(struct writer *w, const char *name, enum report_list list)
{
	struct rank	top;

	if (rank_highest(w->report, list, 0, &top) == -1)
		w->b->failed = 1;
	buf_printf(w->b, "<div><dt>%s</dt><dd>", name);
	if (w->report->lists[list].lost > 0)
		format_distinct(&w->report->lists[list].keys, "about ", w->b);
	else
		format_number(top.count, w->b);
	buf_puts(w->b, "</dd></div>\n");
	rank_clear(&top);
}

static void
write_tiles(struct writer *w)
{
	const struct report	*report = w->report;

	buf_puts(w->b, "<dl class=\"tiles\">\n");
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		tile(w, page_class(verdict), format_verdict(verdict),
		    &report->verdicts[verdict]);
	tile(w, "", "messages", &report->messages);
	distinct_tile(w, "relaying users", REPORT_USERS);
	distinct_tile(w, "refused clients", REPORT_CLIENTS);
	buf_puts(w->b, "</dl>\n");
	if (report->unenforced.now > 0) {
		buf_puts(w->b, "<p class=\"soft\">");
		format_number(report->unenforced.now, w->b);
		buf_puts(w->b, " of those not permitted passed all the same: mode = "
		    "monitor.</p>\n");
	}
	if (report->unrecorded.now > 0) {
		buf_puts(w->b, "<p class=\"soft\">");
		format_number(report->unrecorded.now, w->b);
		buf_puts(w->b, " more were not recorded one by one: "
		    "audit.stranger-rate.</p>\n");
	}
}

static void
write_charts(struct writer *w)
{
	if (w->report->over_time[0].steps == 0)
		return;
	section(w, "Over time");
	page_over_time(w->report, w->b);
	end_section(w);
}

static void
write_hours(struct writer *w)
{
	if (w->report->over_time[0].steps == 0)
		return;
	section(w, "Days and hours");
	page_hours(w->report, w->b);
	end_section(w);
}

static void
reason_row(struct writer *w, unsigned verdict, unsigned reason, uint64_t most)
{
	const struct tally_count	*count = &w->report->reasons[reason][verdict];

	if (count->now == 0 && count->before == 0)
		return;
	buf_printf(w->b, "<tr><td class=\"k\">%s</td>", reason == REPORT_OTHER_REASON ?
	    "other" : policy_reason_name((enum policy_reason)reason));
	begin_cell(w, "v", "");
	buf_printf(w->b, "<span><i class=\"%s\"></i>%s</span>", page_class(verdict),
	    format_verdict(verdict));
	end_cell(w);
	number_cell(w, "", count->now);
	change_cell(w, count);
	begin_cell(w, "b", "");
	page_bar(count->now, most, page_class(verdict), w->b);
	end_cell(w);
	buf_puts(w->b, "</tr>\n");
}

static void
write_reasons(struct writer *w)
{
	static const char *const	names[] = { "-reason", "-verdict", "nrecipients", "c",
	    "-", NULL };
	uint64_t			most = 0;

	for (unsigned i = 0; i < REPORT_REASONS; i++)
		for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
			if (w->report->reasons[i][verdict].now > most)
				most = w->report->reasons[i][verdict].now;
	section(w, "Verdicts by reason");
	begin_rows(w, names);
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		for (unsigned reason = 0; reason < REPORT_REASONS; reason++)
			reason_row(w, verdict, reason, most);
	end_rows(w);
	end_section(w);
}

static void
write_rest(struct writer *w, enum report_list list, const struct rank *top,
    const char *what)
{
	const struct tally	*table = &w->report->lists[list];

	if (top->count == 0)
		buf_puts(w->b, "<p class=\"soft\">None.</p>\n");
	if (top->count <= top->shown && table->lost == 0)
		return;
	buf_puts(w->b, "<p class=\"soft\">And others, with ");
	format_number(top->rest, w->b);
	buf_puts(w->b, " recipients; ");
	if (table->lost == 0)
		format_number(top->count, w->b);
	else
		format_distinct(&table->keys, "about ", w->b);
	buf_printf(w->b, " %s in all.", what);
	if (table->lost > 0) {
		buf_puts(w->b, " Too many to keep them all: a count with a + may lack ");
		format_number(table->lost, w->b);
		buf_putc(w->b, '.');
	}
	buf_puts(w->b, "</p>\n");
}

static void
write_relayed(struct writer *w, enum report_list list, const char *title,
    const char *const names[], const char *what)
{
	struct rank	top;

	if (rank_highest(w->report, list, w->style->top, &top) == -1)
		w->b->failed = 1;
	section(w, title);
	if (top.shown > 0)
		begin_rows(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];

		buf_puts(w->b, "<tr>");
		entry_cells(w, entry, NULL);
		distinct_cell(w, "different", &entry->rcpts);
		distinct_cell(w, "domains", &entry->domains);
		distinct_cell(w, "networks", &entry->networks);
		spark_cell(w, entry, "permit");
		buf_puts(w->b, "</tr>\n");
	}
	if (top.shown > 0)
		end_rows(w);
	write_rest(w, list, &top, what);
	end_section(w);
	rank_clear(&top);
}

static void
write_new(struct writer *w)
{
	static const char *const	names[] = { "-user", "-from", "nrecipients", "-first",
	    "-", NULL };
	struct rank		top;

	if (rank_new(w->report, w->style->top, &top) == -1)
		w->b->failed = 1;
	section(w, "Users seen from new networks");
	if (!report_has_before(w->report))
		buf_puts(w->b, "<p class=\"soft\">To be told against the time before: give "
		    "--since.</p>\n");
	else if (top.count == 0)
		buf_puts(w->b, "<p class=\"soft\">None.</p>\n");
	if (top.shown > 0)
		begin_rows(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*pair = top.entries[i];

		buf_puts(w->b, "<tr>");
		text_cell(w, "k", "", pair->key, strlen(pair->key));
		begin_cell(w, "t", "from");
		buf_printf(w->b, "%s</td>", rank_pair_network(pair));
		number_cell(w, "", tally_now(pair));
		begin_cell(w, "v", "first");
		format_local(w->report, pair->first_us, MINUTES, w->b);
		buf_printf(w->b, "</td><td class=\"mark\">%s</td></tr>\n",
		    pair->is_late ? "perhaps new" :
		    rank_pair_has_new_user(w->report, pair) ? "a new user" : "");
	}
	if (top.shown > 0)
		end_rows(w);
	if (top.shown > 0 && top.count > top.shown)
		buf_printf(w->b, "<p class=\"soft\">And %zu more.</p>\n",
		    top.count - top.shown);
	end_section(w);
	rank_clear(&top);
}

static void
tried_cell(struct writer *w, const struct tally_entry *entry)
{
	enum spelling	forms[SPELLINGS];
	size_t			n = entry->forms == NULL ? 0 :
	    rank_spellings(entry->forms, forms);

	begin_cell(w, "t", "tried");
	for (size_t i = 0; i < n && i < FORMS_SHOWN; i++) {
		buf_printf(w->b, "%s%s ", i == 0 ? "" : ", ", spelling_name(forms[i]));
		format_number(entry->forms[forms[i]], w->b);
	}
	if (n > FORMS_SHOWN)
		buf_printf(w->b, ", and %zu other forms", n - FORMS_SHOWN);
	end_cell(w);
}

static void
write_refused(struct writer *w)
{
	static const char *const	names[] = { "-client", "nrefused", "c", "ndifferent",
	    "-tried", "-over time", NULL };
	struct rank		top;

	if (rank_highest(w->report, REPORT_CLIENTS, w->style->top, &top) == -1)
		w->b->failed = 1;
	section(w, "Refused clients");
	if (top.shown > 0)
		begin_rows(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];

		buf_puts(w->b, "<tr>");
		entry_cells(w, entry, entry->example);
		distinct_cell(w, "different", &entry->rcpts);
		tried_cell(w, entry);
		spark_cell(w, entry, "reject");
		buf_puts(w->b, "</tr>\n");
	}
	if (top.shown > 0)
		end_rows(w);
	write_rest(w, REPORT_CLIENTS, &top, "clients");
	end_section(w);
	rank_clear(&top);
}

static void
write_forms(struct writer *w)
{
	static const char *const	names[] = { "-form", "nrecipients", "c", "nclients",
	    "-as in", NULL };
	uint64_t			counts[SPELLINGS];
	enum spelling		forms[SPELLINGS];
	size_t				n;

	for (size_t i = 0; i < SPELLINGS; i++)
		counts[i] = w->report->forms[i].now;
	n = rank_spellings(counts, forms);
	if (n == 0)
		return;
	section(w, "What they tried");
	begin_rows(w, names);
	for (size_t i = 0; i < n; i++) {
		buf_printf(w->b, "<tr><td class=\"k\">%s</td>", spelling_name(forms[i]));
		number_cell(w, "", counts[forms[i]]);
		change_cell(w, &w->report->forms[forms[i]]);
		distinct_cell(w, "clients", &w->report->form_clients[forms[i]]);
		example_cell(w, "as in", w->report->form_example[forms[i]]);
		buf_puts(w->b, "</tr>\n");
	}
	end_rows(w);
	end_section(w);
}

static void
write_logins(struct writer *w)
{
	static const char *const	names[] = { "-why", "nrecipients", "c", NULL };
	uint64_t			sum = 0;

	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++)
		sum += w->report->refused_logins[i].now;
	if (sum == 0)
		return;
	section(w, "Logins that did not count");
	begin_rows(w, names);
	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++) {
		if (w->report->refused_logins[i].now == 0)
			continue;
		buf_printf(w->b, "<tr><td class=\"k\">%s</td>",
		    policy_auth_name((enum policy_auth)(POLICY_AUTH_INCOMPLETE + i)));
		number_cell(w, "", w->report->refused_logins[i].now);
		change_cell(w, &w->report->refused_logins[i]);
		buf_puts(w->b, "</tr>\n");
	}
	end_rows(w);
	end_section(w);
}

static void
write_lookups(struct writer *w)
{
	static const char *const	names[] = { "-domain", "nrecipients", "c", "-as in",
	    NULL };
	struct rank		top;

	if (rank_highest(w->report, REPORT_LOOKUPS, w->style->top, &top) == -1)
		w->b->failed = 1;
	section(w, "Look-ups that failed");
	if (top.shown > 0)
		begin_rows(w, names);
	for (size_t i = 0; i < top.shown; i++) {
		buf_puts(w->b, "<tr>");
		entry_cells(w, top.entries[i], NULL);
		example_cell(w, "as in", top.entries[i]->example);
		buf_puts(w->b, "</tr>\n");
	}
	if (top.shown > 0)
		end_rows(w);
	write_rest(w, REPORT_LOOKUPS, &top, "domains");
	end_section(w);
	rank_clear(&top);
}

static void
changed_rows(struct writer *w, enum report_list list, const char *what)
{
	struct rank	top;

	if (rank_changed(w->report, list, w->style->top, &top) == -1)
		w->b->failed = 1;
	for (size_t i = 0; i < top.shown; i++) {
		const struct tally_entry	*entry = top.entries[i];
		const struct tally_count	 change = tally_both(entry);

		buf_puts(w->b, "<tr>");
		text_cell(w, "k", "", entry->key, entry->length);
		text_cell(w, "t", "what", what, strlen(what));
		number_cell(w, "before", change.before);
		number_cell(w, "now", change.now);
		change_cell(w, &change);
		buf_puts(w->b, "</tr>\n");
	}
	rank_clear(&top);
}

static void
write_changes(struct writer *w)
{
	static const char *const	names[] = { "-", "-", "nbefore", "nnow", "c", NULL };

	if (!report_has_before(w->report))
		return;
	section(w, "What differs most from the time before");
	begin_rows(w, names);
	changed_rows(w, REPORT_USERS, "user");
	changed_rows(w, REPORT_HOSTS, "network");
	changed_rows(w, REPORT_CLIENTS, "refused client");
	end_rows(w);
	end_section(w);
}

static void
write_footer(struct writer *w)
{
	const struct report	*report = w->report;

	buf_puts(w->b, "<footer>\n<p>Made by authrelayctl report from ");
	format_number(report->lines, w->b);
	buf_puts(w->b, " lines: ");
	format_number(report->records.now + report->records.before, w->b);
	buf_puts(w->b, " records of these times, ");
	format_number(report->outside, w->b);
	buf_puts(w->b, " of others, ");
	format_number(report->passed_over, w->b);
	buf_puts(w->b, " not asked for, ");
	format_number(report->bad_lines, w->b);
	buf_puts(w->b, " that are no records. Counts are of recipients.</p>\n</footer>\n");
}

void
report_html(const struct report *report, const struct report_style *style, struct buf *b)
{
	static const char *const	users[] = { "-user", "nrecipients", "c", "ndifferent",
	    "ndomains", "nnetworks", "-over time", NULL };
	static const char *const	hosts[] = { "-network", "nrecipients", "c",
	    "ndifferent", "ndomains", "nnetworks", "-over time", NULL };
	struct writer			w = { report, style, b };

	page_begin("Relay report", b);
	write_header(&w);
	buf_puts(b, "<main>\n");
	write_tiles(&w);
	write_charts(&w);
	write_reasons(&w);
	write_relayed(&w, REPORT_USERS, "Who relayed, by user", users, "users");
	write_relayed(&w, REPORT_HOSTS, "Who relayed without a login, by network", hosts,
	    "networks");
	write_new(&w);
	write_refused(&w);
	write_forms(&w);
	write_logins(&w);
	write_lookups(&w);
	write_hours(&w);
	write_changes(&w);
	buf_puts(b, "</main>\n");
	write_footer(&w);
	page_end(b);
}
