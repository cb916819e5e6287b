/* milter/report/rank.c: what of a report is shown first */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/rank.h"

uint64_t
tally_now(const struct tally_entry *entry)
{
	return entry->permitted.now + entry->refused.now;
}

uint64_t
tally_before(const struct tally_entry *entry)
{
	return entry->permitted.before + entry->refused.before;
}

struct tally_count
tally_both(const struct tally_entry *entry)
{
	return (struct tally_count){ tally_now(entry), tally_before(entry) };
}

static uint64_t
change_of(const struct tally_entry *entry)
{
	uint64_t	now = tally_now(entry), before = tally_before(entry);

	return now > before ? now - before : before - now;
}

static int
is_now(const struct tally_entry *entry)
{
	return tally_now(entry) != 0;
}

static int
has_changed(const struct tally_entry *entry)
{
	return change_of(entry) != 0;
}

static int
is_new(const struct tally_entry *entry)
{
	return tally_now(entry) != 0 && tally_before(entry) == 0;
}

static int
more_first(const struct tally_entry *a, const struct tally_entry *b)
{
	return (tally_now(a) < tally_now(b)) - (tally_now(a) > tally_now(b));
}

static int
change_first(const struct tally_entry *a, const struct tally_entry *b)
{
	return (change_of(a) < change_of(b)) - (change_of(a) > change_of(b));
}

static int
sorted(const struct report *report, enum report_list list,
    int (*is_wanted)(const struct tally_entry *), tally_order *order, size_t most,
    struct rank *top)
{
	*top = (struct rank){ 0 };
	top->entries = tally_sorted(&report->lists[list], is_wanted, order,
	    &top->count);
	if (top->entries == NULL)
		return -1;
	top->shown = top->count < most ? top->count : most;
	for (size_t i = top->shown; i < top->count; i++)
		top->rest += tally_now(top->entries[i]);
	top->rest += tally_now(&report->lists[list].others);
	return 0;
}

int
rank_highest(const struct report *report, enum report_list list, size_t most,
    struct rank *top)
{
	return sorted(report, list, is_now, more_first, most, top);
}

int
rank_changed(const struct report *report, enum report_list list, size_t most,
    struct rank *top)
{
	return sorted(report, list, has_changed, change_first,
	    report_has_before(report) ? most : 0, top);
}

int
rank_new(const struct report *report, size_t most, struct rank *top)
{
	return sorted(report, REPORT_PAIRS, is_new, more_first,
	    report_has_before(report) ? most : 0, top);
}

void
rank_clear(struct rank *top)
{
	free(top->entries);
	*top = (struct rank){ 0 };
}

const char *
rank_pair_network(const struct tally_entry *pair)
{
	return pair->key + strlen(pair->key) + 1;
}

int
rank_pair_has_new_user(const struct report *report, const struct tally_entry *pair)
{
	const struct tally_entry	*user = tally_find(
	    &report->lists[REPORT_USERS], pair->key, strlen(pair->key));

	return user == NULL || tally_before(user) == 0;
}

size_t
rank_spellings(const uint64_t counts[SPELLINGS],
    enum spelling forms_r[SPELLINGS])
{
	size_t	n = 0;

	for (unsigned form = 0; form < SPELLINGS; form++) {
		size_t	at = n;

		if (counts[form] == 0)
			continue;
		for (; at > 0 && counts[forms_r[at - 1]] < counts[form]; at--)
			forms_r[at] = forms_r[at - 1];
		forms_r[at] = (enum spelling)form;
		n++;
	}
	return n;
}
