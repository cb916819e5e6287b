/* milter/ctl/ctl_filter.h: options that choose records */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_FILTER_H
#define AUTHRELAY_CTL_FILTER_H

#include "os/cmdline.h"
#include "record/record_filter.h"

struct ctl_filter {
	struct record_filter	*records;	/* all but the time */
	int64_t			 since_us;	/* since 1970 UTC; INT64_MIN: any */
	int64_t			 until_us;	/* INT64_MAX: any */
	int			 is_given;	/* there was an option */
};

#define CTL_FILTER_TITLE	"Choice of records"

/* Into a struct ctl_filter. */
extern const struct cmdline_option ctl_filter_options[];

/* Returns -1 without memory. */
int	ctl_filter_init(struct ctl_filter *);
void	ctl_filter_clear(struct ctl_filter *);
/* After the options: puts the times into the filter and seals it. -1: no memory. */
int	ctl_filter_seal(struct ctl_filter *);

#endif
