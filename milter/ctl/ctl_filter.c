/* milter/ctl/ctl_filter.c: options that choose records */
/* SPDX-License-Identifier: ISC */

#include "ctl/ctl_filter.h"
#include "ctl/ctl_time.h"
#include "os/clock.h"

static const char *
take_time(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_filter *filter = to;

	filter->is_given = 1;
	return ctl_time_parse(value, clock_realtime_us(),
	    (int64_t *)(void *)((char *)to + option->at));
}

static const char *
take_key(void *to, const struct cmdline_option *option, char *value)
{
	struct ctl_filter *filter = to;

	filter->is_given = 1;
	return record_filter_add(filter->records, (enum record_filter_key)option->at,
	    value);
}

const struct cmdline_option ctl_filter_options[] = {
	{ "since", 0, "TIME", "From this time on: 2026-11-24, 06:34, 12h (ago)",
	    take_time, offsetof(struct ctl_filter, since_us), 0 },
	{ "until", 0, "TIME", "Before this time", take_time,
	    offsetof(struct ctl_filter, until_us), 0 },
	{ "user", 0, "NAME", "Authenticated as this user", take_key,
	    RECORD_FILTER_USER, 0 },
	{ "client", 0, "NETWORK", "From this address or network", take_key,
	    RECORD_FILTER_CLIENT, 0 },
	{ "domain", 0, "DOMAIN", "To this domain; .DOMAIN is any domain below it",
	    take_key, RECORD_FILTER_DOMAIN, 0 },
	{ "reason", 0, "NAME", "With this reason", take_key, RECORD_FILTER_REASON, 0 },
	{ "verdict", 0, "NAME", "With this verdict: permit, reject, tempfail", take_key,
	    RECORD_FILTER_VERDICT, 0 },
	{ "event", 0, "NAME", "Of this event", take_key, RECORD_FILTER_EVENT, 0 },
	{ .help = NULL }
};

int
ctl_filter_init(struct ctl_filter *filter)
{
	*filter = (struct ctl_filter){ .records = record_filter_new(),
	    .since_us = INT64_MIN, .until_us = INT64_MAX };
	return filter->records == NULL ? -1 : 0;
}

void
ctl_filter_clear(struct ctl_filter *filter)
{
	record_filter_free(filter->records);
	filter->records = NULL;
}

int
ctl_filter_seal(struct ctl_filter *filter)
{
	record_filter_since(filter->records, filter->since_us);
	record_filter_until(filter->records, filter->until_us);
	return record_filter_seal(filter->records);
}
