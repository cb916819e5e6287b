/* milter/dns/mx_backoff.c: pauses after failed MX lookups, for a site and a group */
/* SPDX-License-Identifier: ISC */

/*
 * A record counts failures up and answers down. From MX_BACKOFF_FAILURES on there are
 * pauses. After each one lookup begins, the probe: where it fails the next pause is twice
 * as long, where it is answered there is none until the next failure.
 *
 * Where our own name servers are down every lookup fails, and that says nothing of a
 * domain. A record is blind as long as nobody was answered while one of its failing
 * lookups was under way; a pause of such a record ends with the first answer to anybody.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/mx_backoff.h"

#define WAYS		4	/* records of a set, the one used last first */
#define SECOND		INT64_C(1000000)
#define SCORE_MAX	(MX_BACKOFF_FAILURES + 4)

struct record {
	uint64_t	pair;
	unsigned	score;		/* 0: the record is free */
	int		is_blind;
	int64_t		paused_us;	/* when the pause, or the probe, began */
	int64_t		until_us;
};

struct mx_backoff {
	int64_t		answered_us;	/* when anybody was, last */
	size_t		sets;		/* a power of two */
	struct record	records[];
};

struct mx_backoff *
mx_backoff_new(size_t records)
{
	struct mx_backoff *backoff;
	size_t sets = 1;

	while (sets * WAYS < records)
		sets *= 2;
	backoff = calloc(1, sizeof(*backoff) + sets * WAYS * sizeof(backoff->records[0]));
	if (backoff != NULL)
		backoff->sets = sets;
	return backoff;
}

void
mx_backoff_free(struct mx_backoff *backoff)
{
	free(backoff);
}

static struct record *
set_of(struct mx_backoff *backoff, uint64_t pair)
{
	return &backoff->records[(pair & (backoff->sets - 1)) * WAYS];
}

/* The record, as the first of its set; or NULL. */
static struct record *
find(struct mx_backoff *backoff, uint64_t pair)
{
	struct record *set = set_of(backoff, pair), found;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].score == 0 || set[i].pair != pair)
			continue;
		found = set[i];
		memmove(&set[1], &set[0], i * sizeof(set[0]));
		set[0] = found;
		return &set[0];
	}
	return NULL;
}

static struct record *
add(struct mx_backoff *backoff, uint64_t pair)
{
	struct record *set = set_of(backoff, pair);

	memmove(&set[1], &set[0], (WAYS - 1) * sizeof(set[0]));
	set[0] = (struct record){ .pair = pair, .is_blind = 1 };
	return &set[0];
}

int
mx_backoff_holds(struct mx_backoff *backoff, uint64_t pair, int64_t now_us)
{
	struct record *record = find(backoff, pair);

	if (record == NULL || record->score < MX_BACKOFF_FAILURES)
		return 0;
	if (now_us < record->until_us &&
	    !(record->is_blind && backoff->answered_us > record->paused_us))
		return 1;
	record->paused_us = now_us;
	/* the probe ends before */
	record->until_us = now_us + MX_BACKOFF_MAX * SECOND;
	return 0;
}

static int64_t
pause_of(unsigned score)
{
	const int64_t pause = (int64_t)MX_BACKOFF_MIN << (score - MX_BACKOFF_FAILURES);

	return (pause < MX_BACKOFF_MAX ? pause : MX_BACKOFF_MAX) * SECOND;
}

void
mx_backoff_fail(struct mx_backoff *backoff, uint64_t pair, int64_t began_us,
    int64_t now_us)
{
	struct record *record = find(backoff, pair);

	if (record == NULL)
		record = add(backoff, pair);
	if (backoff->answered_us > began_us)
		record->is_blind = 0;
	/* was under way when the pause began, which it did for its like */
	if (record->score >= MX_BACKOFF_FAILURES && began_us < record->paused_us)
		return;
	if (record->score < SCORE_MAX)
		record->score++;
	if (record->score < MX_BACKOFF_FAILURES)
		return;
	record->paused_us = now_us;
	record->until_us = now_us + pause_of(record->score);
}

void
mx_backoff_answer(struct mx_backoff *backoff, uint64_t pair, int64_t now_us)
{
	struct record *record = find(backoff, pair);

	backoff->answered_us = now_us;
	if (record == NULL)
		return;
	if (record->score > MX_BACKOFF_FAILURES)
		record->score = MX_BACKOFF_FAILURES;
	record->score--;
}
