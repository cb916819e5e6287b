/* milter/report/report_top.h: what of a report is shown first */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_TOP_H
#define AUTHRELAY_REPORT_TOP_H

#include "report/report.h"

/* The first of a list, in the order of what is asked for. */
struct report_top {
	struct report_entry	**entries;	/* owned, those of the report are not */
	size_t			  shown;	/* how many of them are to be shown */
	size_t			  count;	/* how many there are */
	uint64_t		  rest;		/* counts now of those that are not shown */
};

/* All return -1 without memory; clear it in any case. */

/* Who has the highest counts now. */
int	report_top(const struct report *, enum report_list, size_t most,
	    struct report_top *);
/* Where counts differ most from the period before. Without one: none. */
int	report_top_changed(const struct report *, enum report_list, size_t most,
	    struct report_top *);
/* Of REPORT_PAIRS those that were not there before, most recipients first. */
int	report_top_new(const struct report *, size_t most, struct report_top *);
void	report_top_clear(struct report_top *);

/* Permitted and refused together. */
uint64_t	report_now(const struct report_entry *);
uint64_t	report_before(const struct report_entry *);
struct report_count	report_both(const struct report_entry *);

/* Of a pair: its network, and whether the user was not there before either. */
const char	*report_pair_network(const struct report_entry *);
int		 report_pair_has_new_user(const struct report *, const struct report_entry *);

/* The forms that a client tried, the most frequent first; returns how many. */
size_t	report_forms_sorted(const uint64_t counts[REPORT_FORMS],
	    enum report_form forms_r[REPORT_FORMS]);

#endif
