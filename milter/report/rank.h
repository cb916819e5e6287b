/* milter/report/rank.h: what of a report is shown first */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RANK_H
#define AUTHRELAY_RANK_H

#include "report/report.h"

/* The first of a list, in the order of what is asked for. */
struct rank {
	struct tally_entry	**entries;	/* owned, those of the report are not */
	size_t			  shown;	/* how many of them are to be shown */
	size_t			  count;	/* how many there are */
	uint64_t		  rest;		/* counts now of those that are not shown */
};

/* All return -1 without memory; clear it in any case. */

/* Who has the highest counts now. */
int	rank_highest(const struct report *, enum report_list, size_t most,
	    struct rank *);
/* Where counts differ most from the period before. Without one: none. */
int	rank_changed(const struct report *, enum report_list, size_t most,
	    struct rank *);
/* Of REPORT_PAIRS those that were not there before, most recipients first. */
int	rank_new(const struct report *, size_t most, struct rank *);
void	rank_clear(struct rank *);

/* Permitted and refused together. */
uint64_t	tally_now(const struct tally_entry *);
uint64_t	tally_before(const struct tally_entry *);
struct tally_count	tally_both(const struct tally_entry *);

/* Of a pair: its network, and whether the user was not there before either. */
const char	*rank_pair_network(const struct tally_entry *);
int		 rank_pair_has_new_user(const struct report *, const struct tally_entry *);

/* The forms that a client tried, the most frequent first; returns how many. */
size_t	rank_spellings(const uint64_t counts[SPELLINGS],
	    enum spelling forms_r[SPELLINGS]);

#endif
