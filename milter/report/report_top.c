/* milter/report/report_top.c: what of a report is shown first */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/report_top.h"

uint64_t
report_now(const struct report_entry *entry)
{
	return entry->permitted.now + entry->refused.now;
}

uint64_t
report_before(const struct report_entry *entry)
{
	return entry->permitted.before + entry->refused.before;
}

struct report_count
report_both(const struct report_entry *entry)
{
	return (struct report_count){ report_now(entry), report_before(entry) };
}

static uint64_t
change_of(const struct report_entry *entry)
{
	uint64_t	now = report_now(entry), before = report_before(entry);

	return now > before ? now - before : before - now;
}

static int
is_now(const struct report_entry *entry)
{
	return report_now(entry) != 0;
}

static int
has_changed(const struct report_entry *entry)
{
	return change_of(entry) != 0;
}

static int
is_new(const struct report_entry *entry)
{
	return report_now(entry) != 0 && report_before(entry) == 0;
}

static int
more_first(const struct report_entry *a, const struct report_entry *b)
{
	return (report_now(a) < report_now(b)) - (report_now(a) > report_now(b));
}

static int
change_first(const struct report_entry *a, const struct report_entry *b)
{
	return (change_of(a) < change_of(b)) - (change_of(a) > change_of(b));
}

static int
sorted(const struct report *report, enum report_list list,
    int (*is_wanted)(const struct report_entry *), report_order *order, size_t most,
    struct report_top *top)
{
	*top = (struct report_top){ 0 };
	top->entries = report_table_sorted(&report->lists[list], is_wanted, order,
	    &top->count);
	if (top->entries == NULL)
		return -1;
	top->shown = top->count < most ? top->count : most;
	for (size_t i = top->shown; i < top->count; i++)
		top->rest += report_now(top->entries[i]);
	top->rest += report_now(&report->lists[list].others);
	return 0;
}

int
report_top(const struct report *report, enum report_list list, size_t most,
    struct report_top *top)
{
	return sorted(report, list, is_now, more_first, most, top);
}

int
report_top_changed(const struct report *report, enum report_list list, size_t most,
    struct report_top *top)
{
	return sorted(report, list, has_changed, change_first,
	    report_has_before(report) ? most : 0, top);
}

int
report_top_new(const struct report *report, size_t most, struct report_top *top)
{
	return sorted(report, REPORT_PAIRS, is_new, more_first,
	    report_has_before(report) ? most : 0, top);
}

void
report_top_clear(struct report_top *top)
{
	free(top->entries);
	*top = (struct report_top){ 0 };
}

const char *
report_pair_network(const struct report_entry *pair)
{
	return pair->key + strlen(pair->key) + 1;
}

int
report_pair_has_new_user(const struct report *report, const struct report_entry *pair)
{
	const struct report_entry	*user = report_table_find(
	    &report->lists[REPORT_USERS], pair->key, strlen(pair->key));

	return user == NULL || report_before(user) == 0;
}

size_t
report_forms_sorted(const uint64_t counts[REPORT_FORMS],
    enum report_form forms_r[REPORT_FORMS])
{
	size_t	n = 0;

	for (unsigned form = 0; form < REPORT_FORMS; form++) {
		size_t	at = n;

		if (counts[form] == 0)
			continue;
		for (; at > 0 && counts[forms_r[at - 1]] < counts[form]; at--)
			forms_r[at] = forms_r[at - 1];
		forms_r[at] = (enum report_form)form;
		n++;
	}
	return n;
}
