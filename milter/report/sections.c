/* milter/report/sections.c: the sections of a report as data */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "report/format.h"
#include "report/sections.h"

#define MINUTES	"%Y-%m-%d %H:%M"

static void
add(struct rows *rows, struct row row)
{
	if (rows->count == rows->size) {
		size_t size = rows->size == 0 ? 32 : 2 * rows->size;
		struct row *list = reallocarray(rows->list, size, sizeof *list);

		if (list == NULL) {
			rows->notes.failed = 1;
			return;
		}
		rows->list = list;
		rows->size = size;
	}
	rows->list[rows->count++] = row;
}

static struct row
row_of(enum report_list list, const struct tally_entry *entry)
{
	return (struct row){
		.key = entry->key,
		.name = list == REPORT_CLIENTS ? entry->example : NULL,
		.example = entry->example,
		.list = list,
		.verdict = list == REPORT_CLIENTS ? POLICY_REJECT : POLICY_PERMIT,
		.is_late = entry->is_late,
		.count = tally_both(entry),
		.permitted = entry->permitted,
		.refused = entry->refused,
		.rcpts = &entry->rcpts,
		.domains = &entry->domains,
		.networks = &entry->networks,
		.spellings = entry->spellings,
		.series = entry->series,
		.first_us = entry->first_us,
		.last_us = entry->last_us,
	};
}

/*
 * Where rows come from
 */

static void
rank(struct rank *ranked, enum report_list list, struct rows *rows)
{
	if (rank_init(ranked, &rows->report->lists[list], rows->section->order,
	    rows->most) == -1)
		rows->notes.failed = 1;
}

static void
note_number(struct rows *rows, uint64_t number, const char *text)
{
	if (number == 0)
		return;
	format_number(number, &rows->notes);
	buf_printf(&rows->notes, " %s\n", text);
}

/* How many keys of a list there were in the period. */
static void
add_keys(enum report_list list, const char *name, struct rows *rows)
{
	const struct tally *tally = &rows->report->lists[list];
	struct rank ranked;

	rank(&ranked, list, rows);
	add(rows, (struct row){
		.key = name,
		.verdict = REPORT_VERDICTS,
		.count = { .now = ranked.count },
		.is_single = 1,
		.about = tally->lost > 0 ? &tally->keys : NULL,
	});
	rank_clear(&ranked);
}

static void
fill_totals(struct rows *rows)
{
	const struct report *report = rows->report;

	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++) {
		rows->whole += report->verdicts[verdict].now;
		add(rows, (struct row){
			.key = format_verdict(verdict),
			.verdict = verdict,
			.count = report->verdicts[verdict],
		});
	}
	add(rows, (struct row){
		.key = "messages",
		.verdict = REPORT_VERDICTS,
		.count = report->messages,
	});
	add_keys(REPORT_USERS, "relaying users", rows);
	add_keys(REPORT_CLIENTS, "refused clients", rows);
	note_number(rows, report->unenforced.now,
	    "not permitted, but let through: mode = monitor");
	note_number(rows, report->unrecorded.now,
	    "more not recorded: audit.stranger-rate");
}

/* What a list leaves out, and how far its counts may be wrong. */
static void
note_rest(const struct rank *ranked, struct rows *rows)
{
	struct buf *notes = &rows->notes;
	uint64_t lost = rows->tally->lost;

	if (ranked->count > ranked->shown || lost > 0) {
		buf_puts(notes, "others: ");
		format_number(ranked->rest, notes);
		buf_puts(notes, " recipients; ");
		if (lost == 0)
			format_number(ranked->count, notes);
		else
			format_distinct(&rows->tally->keys, "about ", notes);
		buf_printf(notes, " %ss in all\n", rows->section->noun);
	}
	if (lost > 0) {
		buf_puts(notes, "too many to keep: a count with a + may lack ");
		format_number(lost, notes);
		buf_putc(notes, '\n');
	}
}

static void
fill_ranked(struct rows *rows)
{
	enum report_list list = rows->section->list;
	struct rank ranked;

	rank(&ranked, list, rows);
	for (size_t i = 0; i < ranked.shown; i++)
		add(rows, row_of(list, ranked.places[i].entry));
	rows->tally = &rows->report->lists[list];
	rows->rest = ranked.rest;
	note_rest(&ranked, rows);
	rank_clear(&ranked);
}

static void
fill_pairs(struct rows *rows)
{
	const struct report *report = rows->report;
	struct rank ranked;

	rank(&ranked, REPORT_PAIRS, rows);
	for (size_t i = 0; i < ranked.shown; i++) {
		const struct tally_entry *pair = ranked.places[i].entry;
		struct row row = row_of(REPORT_PAIRS, pair);

		row.other = report_pair_network(pair);
		row.is_certain = !pair->is_late;
		row.is_new_user = report_pair_has_new_user(report, pair);
		if (pair->is_late)
			row.mark = "possibly new";
		else if (row.is_new_user)
			row.mark = "new user";
		add(rows, row);
	}
	note_number(rows, ranked.count - ranked.shown, "more");
	rank_clear(&ranked);
}

static void
fill_changed(struct rows *rows)
{
	static const struct {
		enum report_list list;
		const char *what;
	} lists[] = {
		{ REPORT_USERS, "user" },
		{ REPORT_HOSTS, "network" },
		{ REPORT_CLIENTS, "refused client" },
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct rank ranked;

		rank(&ranked, lists[i].list, rows);
		for (size_t j = 0; j < ranked.shown; j++) {
			struct row row = row_of(lists[i].list, ranked.places[j].entry);

			row.other = lists[i].what;
			add(rows, row);
		}
		rank_clear(&ranked);
	}
}

static int
most_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count.now != y->count.now)
		return x->count.now < y->count.now ? 1 : -1;
	return strcmp(x->key, y->key);
}

static void
add_counted(struct rows *rows, struct row row)
{
	if (row.count.now > rows->whole)
		rows->whole = row.count.now;
	if (row.count.now != 0 || row.count.before != 0)
		add(rows, row);
}

static void
fill_reasons(struct rows *rows)
{
	for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
		for (unsigned reason = 0; reason < REPORT_REASONS; reason++)
			add_counted(rows, (struct row){
				.key = reason == REPORT_OTHER_REASON ? "other" :
				    policy_reason_name((enum policy_reason)reason),
				.verdict = verdict,
				.count = rows->report->reasons[reason][verdict],
			});
}

static void
fill_spellings(struct rows *rows)
{
	const struct report *report = rows->report;

	for (unsigned i = 0; i < SPELLINGS; i++)
		add_counted(rows, (struct row){
			.key = spelling_name((enum spelling)i),
			.example = report->spelling_example[i],
			.count = report->spellings[i],
			.clients = &report->spelling_clients[i],
		});
	if (rows->count > 0)
		qsort(rows->list, rows->count, sizeof *rows->list, most_first);
}

static void
fill_logins(struct rows *rows)
{
	for (unsigned i = 0; i < REPORT_REFUSED_LOGINS; i++)
		add_counted(rows, (struct row){
			.key = policy_auth_name((enum policy_auth)
			    (POLICY_AUTH_INCOMPLETE + i)),
			.count = rows->report->refused_logins[i],
		});
}

static void
fill_times(struct rows *rows)
{
	const struct report *report = rows->report;
	const struct series *series = report->over_time;

	for (uint32_t i = 0; i < series[0].steps; i++) {
		struct row row = { .clock = series_start(&series[0], i) };

		for (unsigned verdict = 0; verdict < REPORT_VERDICTS; verdict++)
			row.steps[verdict] = series[verdict].count[i];
		add(rows, row);
	}
}

static void
fill_hours(struct rows *rows)
{
	const struct report *report = rows->report;

	for (unsigned day = 0; day < 7; day++)
		for (unsigned hour = 0; hour < 24; hour++) {
			const uint64_t *cell = report->hours[day][hour];

			if (cell[0] + cell[1] > rows->whole)
				rows->whole = cell[0] + cell[1];
		}
	for (unsigned day = 0; rows->whole > 0 && day < 7; day++)
		add(rows, (struct row){ .key = format_weekday(day),
		    .hours = report->hours[day] });
	if (rows->whole > 0) {
		buf_puts(&rows->notes, "busiest hour: ");
		format_number(rows->whole, &rows->notes);
		buf_puts(&rows->notes, " recipients\n");
	}
}

/*
 * Which sections there are
 */

#define AT(member)	offsetof(struct row, member)
#define COLUMNS(...) \
	.columns = { __VA_ARGS__ }, \
	.column_count = sizeof (struct column[]){ __VA_ARGS__ } / sizeof (struct column)

/* Of each key of a tally. */
#define KEY(heading)	{ CELL_KEY, AT(key), heading, "key", 0 }
#define COUNT(heading)	{ CELL_COUNT, AT(count.now), heading, NULL, 0 }
#define CHANGE		{ CELL_CHANGE, AT(count), "", NULL, 0 }
#define COUNTS \
	{ CELL_PAIR, AT(permitted), NULL, "permitted", 0 }, \
	{ CELL_PAIR, AT(refused), NULL, "refused", 0 }, \
	{ CELL_FLAG, AT(is_late), NULL, "is_at_least", 0 }, \
	{ CELL_TIME, AT(first_us), NULL, "first", 0 }, \
	{ CELL_TIME, AT(last_us), NULL, "last", 0 }
#define RCPTS(heading)	{ CELL_DISTINCT, AT(rcpts), heading, "recipients", 0 }
#define DOMAINS(heading)	{ CELL_DISTINCT, AT(domains), heading, "domains", 0 }
#define NETWORKS(heading)	{ CELL_DISTINCT, AT(networks), heading, "networks", 0 }
#define SERIES(heading, width)	{ CELL_SERIES, AT(series), heading, "over_time", width }
/* The counts of both periods as two members. */
#define NOW(heading)	{ CELL_COUNT, AT(count.now), heading, "now", 0 }
#define BEFORE(heading)	{ CELL_NUMBER, AT(count.before), heading, "before", 0 }

#define RELAYED(heading) \
	COLUMNS(KEY(heading), COUNT("recipients"), CHANGE, COUNTS, RCPTS("distinct"), \
	    DOMAINS("domains"), NETWORKS("networks"), SERIES("over time", 0))

static const struct section sections[] = {
	{
		.kind = SECTION_TOTALS, .title = "Totals", .fill = fill_totals,
		COLUMNS({ CELL_VERDICT, 0, "", NULL, 0 }, COUNT(""), CHANGE,
		    { CELL_BAR, AT(count.now), "", NULL, 0 }),
	},
	{
		.kind = SECTION_TIMES, .title = "Recipients over time",
		.key = "over_time", .fill = fill_times,
		COLUMNS({ CELL_CLOCK, AT(clock), "from", "start", 0 },
		    { CELL_NUMBER, AT(steps[POLICY_PERMIT]), "permitted", "permit", 0 },
		    { CELL_NUMBER, AT(steps[POLICY_REJECT]), "refused", "reject", 0 },
		    { CELL_NUMBER, AT(steps[POLICY_TEMPFAIL]), "deferred", "tempfail",
		    0 }),
	},
	{
		.kind = SECTION_ROWS, .title = "Verdicts by reason", .key = "reasons",
		.fill = fill_reasons, .empty = "none",
		COLUMNS({ CELL_VERDICT, 0, "verdict", "verdict", 0 },
		    { CELL_KEY, AT(key), "reason", "reason", 0 }, NOW("recipients"),
		    BEFORE(NULL), CHANGE, { CELL_BAR, AT(count.now), "", NULL, 0 }),
	},
	{
		.kind = SECTION_RANKED, .title = "Relayed after a login, by user",
		.key = "users", .fill = fill_ranked, .list = REPORT_USERS,
		.noun = "user", .empty = "none", RELAYED("user"),
	},
	{
		.kind = SECTION_RANKED, .title = "Relayed without a login, by network",
		.key = "hosts", .fill = fill_ranked, .list = REPORT_HOSTS,
		.noun = "network", .empty = "none", RELAYED("network"),
	},
	{
		.kind = SECTION_ROWS, .title = "Users seen from new networks",
		.key = "new_networks", .fill = fill_pairs, .order = RANK_NEW,
		.empty = "none",
		.alone = "needs a previous period to compare with: give --since",
		COLUMNS({ CELL_KEY, AT(key), "user", "user", 0 },
		    { CELL_TEXT, AT(other), "from", "network", 0 },
		    { CELL_COUNT, AT(count.now), "recipients", "recipients", 0 },
		    { CELL_FLAG, AT(is_new_user), NULL, "user_is_new", 0 },
		    { CELL_FLAG, AT(is_certain), NULL, "is_certain", 0 },
		    { CELL_TIME, AT(first_us), "first", "first", 0 },
		    { CELL_MARK, AT(mark), "", NULL, 0 }),
	},
	{
		.kind = SECTION_RANKED, .title = "Refused clients", .key = "clients",
		.fill = fill_ranked, .list = REPORT_CLIENTS, .noun = "client",
		.empty = "none",
		COLUMNS(KEY("client"), COUNT("refused"), CHANGE, COUNTS,
		    RCPTS("distinct"), DOMAINS(NULL), NETWORKS(NULL),
		    { CELL_TEXT, AT(name), NULL, "name", 0 },
		    { CELL_SPELLINGS, AT(spellings), "tried", "tried", 0 },
		    SERIES("over time", 96)),
	},
	{
		.kind = SECTION_ROWS, .title = "Spellings that refused clients tried",
		.key = "tried", .fill = fill_spellings,
		COLUMNS({ CELL_KEY, AT(key), "spelling", "form", 0 }, NOW("recipients"),
		    BEFORE(NULL), CHANGE,
		    { CELL_DISTINCT, AT(clients), "clients", "clients", 0 },
		    { CELL_EXAMPLE, AT(example), "example", "example", 0 }),
	},
	{
		.kind = SECTION_MAP, .title = "Logins not accepted",
		.key = "refused_logins", .fill = fill_logins,
		COLUMNS(KEY("cause"), COUNT("recipients"), CHANGE),
	},
	{
		.kind = SECTION_RANKED, .title = "Failed lookups", .key = "lookups",
		.fill = fill_ranked, .list = REPORT_LOOKUPS, .noun = "domain",
		COLUMNS(KEY("domain"), COUNT("recipients"), CHANGE, COUNTS, RCPTS(NULL),
		    DOMAINS(NULL), NETWORKS(NULL), SERIES(NULL, 0),
		    { CELL_EXAMPLE, AT(example), "answer", "mx", 0 }),
	},
	{
		.kind = SECTION_HOURS, .title = "Recipients by day and hour",
		.key = "hours", .fill = fill_hours,
	},
	{
		.kind = SECTION_LISTS,
		.title = "Largest changes from the previous period",
		.key = "changed", .fill = fill_changed, .order = RANK_CHANGE,
		COLUMNS({ CELL_TEXT, AT(other), "", NULL, 0 },
		    { CELL_KEY, AT(key), "", "key", 0 }, BEFORE("before"), NOW("now"),
		    CHANGE),
	},
};

const struct section *
sections_all(size_t *count_r)
{
	*count_r = sizeof sections / sizeof sections[0];
	return sections;
}

void
section_rows(const struct section *section, const struct report *report, size_t most,
    struct rows *rows)
{
	*rows = (struct rows){ .section = section, .report = report, .most = most,
	    .empty = section->empty };
	buf_init(&rows->notes);
	if (section->order == RANK_NOW || report_has_before(report))
		section->fill(rows);
	else
		rows->empty = section->alone;
}

void
rows_clear(struct rows *rows)
{
	free(rows->list);
	buf_clear(&rows->notes);
}

const void *
section_value(const struct column *column, const struct row *row)
{
	return (const char *)row + column->at;
}

int
section_has_change(const struct rows *rows, const struct row *row)
{
	return report_has_before(rows->report) && !row->is_single;
}

void
section_number(const struct row *row, uint64_t number, const char *about, struct buf *b)
{
	if (row->about != NULL) {
		format_distinct(row->about, about, b);
		return;
	}
	format_number(number, b);
	if (row->is_late)
		buf_putc(b, '+');
}

static void
add_text(const char *raw, int is_utf8, struct buf *b)
{
	if (raw != NULL)
		format_text(raw, strlen(raw), is_utf8, b);
}

void
section_text(const struct rows *rows, const struct row *row, const struct column *column,
    const struct section_words *words, struct buf *b)
{
	const void *value = section_value(column, row);

	switch (column->kind) {
	case CELL_KEY:
	case CELL_TEXT:
	case CELL_EXAMPLE:
	case CELL_MARK:
		add_text(*(const char *const *)value, words->is_utf8, b);
		break;
	case CELL_VERDICT:
		buf_puts(b, row->verdict == REPORT_VERDICTS ? row->key :
		    format_verdict(row->verdict));
		break;
	case CELL_COUNT:
	case CELL_NUMBER:
		section_number(row, *(const uint64_t *)value, words->about, b);
		break;
	case CELL_CHANGE:
		if (section_has_change(rows, row))
			format_change(value, b);
		break;
	case CELL_DISTINCT:
		format_distinct(*(const struct distinct *const *)value, words->about, b);
		break;
	case CELL_SPELLINGS:
		if (row->spellings != NULL)
			format_spellings(row->spellings, words->spellings, b);
		break;
	case CELL_TIME:
		format_local(rows->report, *(const int64_t *)value, MINUTES, b);
		break;
	case CELL_CLOCK:
		format_clock(*(const int64_t *)value, MINUTES, b);
		break;
	case CELL_BAR:
	case CELL_SERIES:
	case CELL_PAIR:
	case CELL_FLAG:
	case CELL_KINDS:
		break;
	}
}

/*
 * What a report begins with
 */

void
sections_period(const struct report *report, struct buf *b)
{
	if (report->first_us == -1 && report->options.since_us == INT64_MIN) {
		buf_puts(b, "no records");
		return;
	}
	format_local(report, report->options.since_us == INT64_MIN ? report->first_us :
	    report->options.since_us, MINUTES, b);
	buf_puts(b, " to ");
	format_local(report, report->options.until_us == INT64_MAX ? report->last_us :
	    report->options.until_us, MINUTES, b);
}

static void
note_lines(uint64_t number, const char *one, const char *many, struct buf *b)
{
	if (number == 0)
		return;
	format_number(number, b);
	buf_printf(b, " %s\n", number == 1 ? one : many);
}

void
sections_notes(const struct report *report, struct buf *b)
{
	if (report_has_before(report)) {
		buf_puts(b, "compared with the previous period, from ");
		format_local(report, report->options.before_us, MINUTES, b);
		buf_putc(b, '\n');
	}
	format_number(report->records.now, b);
	buf_puts(b, report->records.now == 1 ? " record" : " records");
	if (report_has_before(report)) {
		buf_puts(b, ", ");
		format_number(report->records.before, b);
		buf_puts(b, " before");
	}
	buf_putc(b, '\n');
	note_lines(report->outside, "record of another time", "records of other times",
	    b);
	note_lines(report->passed_over, "record not selected", "records not selected",
	    b);
	note_lines(report->bad_lines, "line is not a record: see authrelayctl verify",
	    "lines are not records: see authrelayctl verify", b);
}
