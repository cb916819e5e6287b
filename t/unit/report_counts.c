/* t/unit/report_counts.c: counts of a report, its tallies, ranks and sections */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/probe_forms.h"
#include "report/sections.h"
#include "report/table.h"
#include "tap.h"

static const uint8_t	hash_key[SIPHASH_KEY_SIZE] = "0123456789abcdef";

static const struct {
	const char	*text;
	const char	*want;
} forms[] = {
	{ "<ann@example.com>", "plain address" },
	{ "ann@example.com", "plain address without brackets" },
	{ "<ann%example.com@example.org>", "percent hack" },
	{ "<\"ann%example.com\"@example.org>", "percent hack" },
	{ "<\"ann@example.com\"@example.org>", "quoted at sign" },
	{ "<\"ann@example.com\">", "quoted at sign" },
	{ "<ann\\@example.com@example.org>", "quoted at sign" },
	{ "<ann@example.com@example.org>", "two at signs" },
	{ "<example.com!ann@example.org>", "bang path" },
	{ "<@example.org:ann@example.com>", "source route" },
	{ "<@a.test,@b.test:ann@example.com>", "source route" },
	{ "<friends:ann@example.com;>", "colon" },
	{ "<a@example.org,ann@example.com>", "list" },
	{ "<a@example.org>,<ann@example.com>", "list" },
	{ "<ann@example.com> ORCPT=x", "words around the address" },
	{ "Joe <ann@example.com>", "words around the address" },
	{ "<<ann@example.com>>", "words around the address" },
	{ "<ann@example.com", "words around the address" },
	{ "<ann(c)@example.com>", "comment" },
	{ "(c)<ann@example.com>", "comment" },
	{ "<a b@example.com>", "blanks and odd characters" },
	{ "<\303\274@example.com>", "blanks and odd characters" },
	{ "<|cat@example.com>", "pipe or file" },
	{ "<\"/etc/passwd\"@example.com>", "pipe or file" },
	{ "<ann@[192.0.2.1]>", "address literal" },
	{ "<ann@[IPv6:::1]>", "address literal" },
	{ "<ann@192.0.2.1>", "address without brackets" },
	{ "<postmaster>", "local part alone" },
	{ "<>", "empty parts" },
	{ "<ann@>", "empty parts" },
	{ "<@>", "empty parts" },
	{ "", "empty parts" },
	{ "<", "words around the address" },
	{ "\\", "local part alone" },
};

static void
test_forms(void)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		tap_is_str(spelling_name(spelling_of(forms[i].text,
		    strlen(forms[i].text))), forms[i].want, "the form of '%s'", forms[i].text);
}

/* What testers call by one of these names is sorted so. */
static void
test_probe_forms(void)
{
	static const struct probe_names	names = {
		.user = "user", .external = "foreign.example", .host = "mx.example.org",
		.address = "192.0.2.25", .local_user = "joe", .local_domain = "example.org",
		.relay_domain = "branch.example.net", .unique = "u1",
	};
	static const char *const	alike[] = { "percent hack", "bang path", "source route",
	    "two at signs", "list" };
	size_t				wrong = 0, asked = 0;
	struct buf			text;

	buf_init(&text);
	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++)
		for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
			const char	*got;

			if (strncmp(form->name, alike[i], strlen(alike[i])) != 0)
				continue;
			buf_reset(&text);
			probe_text_write(form->text, &names, &text);
			got = spelling_name(spelling_of(text.data, text.len));
			asked++;
			if (strcmp(got, alike[i]) == 0)
				continue;
			wrong++;
			tap_note("%s, %s: %s", form->name, text.data, got);
		}
	buf_clear(&text);
	tap_ok(asked > 30, "testers' forms: there are some");
	tap_is_int((long long)wrong, 0, "testers' forms: sorted by their names");
}

static void
test_distinct(void)
{
	struct distinct	d = { 0 };
	uint64_t	count;
	int		is_estimate, failed = 0;

	count = distinct_count(&d, &is_estimate);
	tap_is_int((long long)count, 0, "distinct: nothing");
	for (uint64_t i = 0; i < 3 * DISTINCT_EXACT; i++)
		failed |= distinct_add(&d, siphash(hash_key, &(uint64_t){ i %
		    DISTINCT_EXACT }, 8));
	count = distinct_count(&d, &is_estimate);
	tap_is_int(failed, 0, "distinct: added");
	tap_is_int((long long)count, DISTINCT_EXACT, "distinct: some, three times each");
	tap_is_int(is_estimate, 0, "distinct: is exact");
	for (uint64_t i = 0; i < 200000; i++)
		(void)distinct_add(&d, siphash(hash_key, &i, 8));
	count = distinct_count(&d, &is_estimate);
	tap_is_int(is_estimate, 1, "distinct: many are estimated");
	tap_ok(count > 150000 && count < 250000, "distinct: and nearly right: %llu",
	    (unsigned long long)count);
	distinct_clear(&d);
}

static uint64_t
sum_of(const struct series *s)
{
	uint64_t	sum = 0;

	for (uint32_t i = 0; i < s->steps; i++)
		sum += s->count[i];
	return sum;
}

static void
test_series(void)
{
	static const int64_t	week = 7 * 86400;
	static const int64_t	monday = 1795392000;	/* 2026-11-23 00:00 */
	struct series		s = { 0 }, other = { 0 };

	series_add(&s, monday, 1);
	tap_is_int(series_width(&s), 300, "series: five minutes at first");
	tap_is_int(series_start(&s, 0), monday, "series: begins there");
	series_add(&s, monday - 1, 1);
	tap_is_int(s.steps, 2, "series: also to the front");
	tap_is_int((long long)s.count[1], 1, "series: what was there has moved");
	series_add(&s, monday + week - 1, 1);
	tap_is_int(series_width(&s), 3 * 3600, "series: three hours for a week");
	tap_is_int((long long)sum_of(&s), 3, "series: nothing is lost");
	series_add(&s, monday + 60 * week, 2);
	tap_is_int(series_width(&s), week, "series: weeks for a year");
	tap_is_int(series_start(&s, 1), monday, "series: they begin on Monday");
	tap_is_int((long long)s.count[1], 2, "series: the whole week is one step");
	series_add(&other, monday + week, 7);
	series_align(&other, &s);
	tap_is_int(series_start(&other, 0), series_start(&s, 0), "series: aligned");
	tap_is_int((long long)other.count[2], 7, "series: aligned, at its place");
	series_add(&s, 0, 1);
	series_add(&s, 253402300799, 1);
	tap_is_int((long long)sum_of(&s), 7, "series: from 1970 to 9999");
	series_align(&other, &s);
	tap_is_int((long long)sum_of(&other), 7, "series: aligned to that");
}

static struct tally_entry *
bump(struct tally *table, const char *key)
{
	struct tally_entry	*entry = tally_get(table, key, strlen(key));

	if (entry != NULL)
		entry->permitted.now++;
	return entry;
}

/* Two that are frequent stand their ground among many that come once. */
static void
test_tally(void)
{
	struct tally tally;
	struct rank ranked;
	uint64_t sum = 0;
	size_t most = 0, failed = 0, unordered = 0;
	char key[32];
	int is_estimate;

	(void)tally_init(&tally, 100, hash_key);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(key, sizeof key, "once-%d", i);
		failed += bump(&tally, key) == NULL || bump(&tally, "often") == NULL;
		if (i > 5000 && i % 2 == 0)
			failed += bump(&tally, "later") == NULL;
		if (tally.count > most)
			most = tally.count;
	}
	failed += rank_init(&ranked, &tally, RANK_NOW, 2) == -1;
	tap_is_int((long long)failed, 0, "tally: enough memory");
	tap_ok(most <= 100, "tally: never more than its limit");
	tap_is_str(ranked.places[0].entry->key, "often", "tally: the most frequent is first");
	tap_is_int((long long)ranked.places[0].weight, 10000, "tally: counted exactly");
	tap_is_int(ranked.places[0].entry->is_late, 0, "tally: and known to be");
	tap_is_str(ranked.places[1].entry->key, "later", "tally: one that came later is next");
	tap_is_int(ranked.places[1].entry->is_late, 1, "tally: and may lack some");
	for (size_t i = 3; i < ranked.count; i++)
		unordered += strcmp(ranked.places[i - 1].entry->key,
		    ranked.places[i].entry->key) >= 0;
	tap_ok(ranked.count > 10 && unordered == 0, "tally: keys break a tie");
	for (size_t i = 0; i < ranked.shown; i++)
		sum += ranked.places[i].weight;
	tap_is_int((long long)ranked.shown, 2, "tally: as many as asked for are shown");
	tap_is_int((long long)(sum + ranked.rest), 22499, "tally: the others are in the rest");
	tap_ok(tally.lost > 0, "tally: it says that some were let go");
	tap_ok(distinct_count(&tally.keys, &is_estimate) > 8000 && is_estimate,
	    "tally: and about how many there were");
	tap_ok(tally_find(&tally, "never", 5) == NULL, "tally: a key that was never added");
	rank_clear(&ranked);
	tally_clear(&tally);
}

/* What the writers rely on. */
static void
test_sections(void)
{
	size_t count, wrong = 0;
	const struct section *sections = sections_all(&count);

	for (size_t i = 0; i < count; i++) {
		size_t shown = 0;

		for (size_t j = 0; j < sections[i].column_count; j++) {
			const struct column *column = &sections[i].columns[j];

			shown += column->heading != NULL;
			wrong += column->heading == NULL && column->key == NULL;
			wrong += column->heading != NULL &&
			    (column->kind == CELL_PAIR || column->kind == CELL_FLAG);
			wrong += column->key != NULL &&
			    (column->kind == CELL_CHANGE || column->kind == CELL_BAR);
			for (size_t k = 0; column->key != NULL && k < j; k++)
				wrong += sections[i].columns[k].key != NULL &&
				    strcmp(sections[i].columns[k].key, column->key) == 0;
		}
		wrong += shown > TABLE_COLUMNS;
		wrong += sections[i].kind == SECTION_RANKED &&
		    (sections[i].noun == NULL || sections[i].order != RANK_NOW);
		wrong += (sections[i].key == NULL) != (sections[i].kind == SECTION_TOTALS);
		for (size_t j = 0; j < i; j++)
			wrong += sections[i].key != NULL && sections[j].key != NULL &&
			    strcmp(sections[i].key, sections[j].key) == 0;
		if (wrong != 0)
			tap_note("%s", sections[i].title);
	}
	tap_ok(count > 10, "sections: there are some");
	tap_is_int((long long)wrong, 0, "sections: each can be shown, and its keys differ");
}

static int32_t
east(int64_t seconds)
{
	(void)seconds;
	return 3600;
}

static int
add(struct report *report, const char *line)
{
	struct record_view	view;

	return record_read(line, strlen(line), &view) == -1 ? -1 : report_add(report, &view);
}

#define LINE(time, rest)	"{\"v\":1,\"time\":\"2026-11-" time "\",\"seq\":1," rest "}"
#define SENT(client)	"\"event\":\"rcpt\",\"verdict\":\"permit\",\"reason\":\"authenticated\"," \
	"\"enforced\":true,\"session\":\"1.1\",\"txn\":1,\"client\":\"" client "\",\"auth\":\"joe\"," \
	"\"rcpt\":\"<a@example.com>\",\"domain\":\"example.com\""

static void
test_report(void)
{
	struct report_options	options = {
		.since_us = 1795392000 * INT64_C(1000000),	/* 2026-11-23 00:00 UTC */
		.until_us = (1795392000 + 86400) * INT64_C(1000000),
		.before_us = (1795392000 - 86400) * INT64_C(1000000),
		.tally_max = 10,
		.offset = east,
	};
	struct report		r;
	struct rank	ranked;
	char			network[NETADDR_TEXT_SIZE];
	struct netaddr		addr;

	(void)report_init(&r, &options);
	tap_is_int(add(&r, LINE("22T10:00:00.000000Z", SENT("192.0.2.7"))), 0, "report: before");
	tap_is_int(add(&r, LINE("23T23:00:00.000000Z", SENT("192.0.2.9"))), 0, "report: now");
	tap_is_int(add(&r, LINE("23T09:00:00.000000Z", SENT("2001:db8::1"))), 0, "report: v6");
	tap_is_int(add(&r, LINE("24T00:00:00.000000Z", SENT("2001:db8::1"))), 0, "report: after");
	tap_is_int(add(&r, LINE("21T00:00:00.000000Z", SENT("2001:db8::1"))), 0, "report: long ago");
	report_finish(&r);
	tap_is_int((long long)r.outside, 2, "report: what is of another time");
	tap_is_int((long long)r.records.now, 2, "report: records now");
	tap_is_int((long long)r.records.before, 1, "report: records before");
	tap_is_int((long long)r.verdicts[POLICY_PERMIT].now, 2, "report: permitted");
	tap_is_int((long long)r.hours[1][0][0], 1, "report: 23:00 UTC is Tuesday, 00:00 here");
	tap_is_int((long long)r.hours[0][10][0], 1, "report: 09:00 UTC is 10:00 here");
	(void)rank_init(&ranked, &r.lists[REPORT_USERS], RANK_NOW, 5);
	tap_is_int((long long)ranked.count, 1, "report: one user");
	tap_is_int((long long)ranked.places[0].weight, 2, "report: with two recipients");
	rank_clear(&ranked);
	(void)rank_init(&ranked, &r.lists[REPORT_USERS], RANK_CHANGE, 5);
	tap_is_int((long long)ranked.places[0].weight, 1, "report: one more than before");
	rank_clear(&ranked);
	(void)rank_init(&ranked, &r.lists[REPORT_PAIRS], RANK_NEW, 5);
	tap_is_int((long long)ranked.count, 1, "report: one new network, as /24 is the same");
	tap_is_str(report_pair_network(ranked.places[0].entry), "2001:db8::/64",
	    "report: which");
	tap_is_int(report_pair_has_new_user(&r, ranked.places[0].entry), 0,
	    "report: no new user");
	rank_clear(&ranked);
	report_clear(&r);
	(void)netaddr_parse("192.0.2.255", 11, &addr);
	report_network(&addr, network);
	tap_is_str(network, "192.0.2.0/24", "report: a network of IPv4");
}

int
main(void)
{
	test_forms();
	test_probe_forms();
	test_distinct();
	test_series();
	test_tally();
	test_sections();
	test_report();
	return tap_done();
}
