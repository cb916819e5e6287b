/* milter/record/record_filter.h: selection of records by user, client, time and so on */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_FILTER_H
#define AUTHRELAY_RECORD_FILTER_H

#include <stdint.h>

struct record_view;

/* What a record can be chosen by; each as the option of its name, --user and so on. */
enum record_filter_key {
	RECORD_FILTER_USER,	/* auth, whatever the case of its letters */
	RECORD_FILTER_CLIENT,	/* an address or a network, 192.0.2.0/24 */
	RECORD_FILTER_DOMAIN,	/* a recipient's: example.com, or .example.com below it */
	RECORD_FILTER_REASON,	/* a reason's name, so for the two others */
	RECORD_FILTER_VERDICT,
	RECORD_FILTER_EVENT
};

struct record_filter;

/* One that lets everything through. NULL: no memory. */
struct record_filter	*record_filter_new(void);
void	record_filter_free(struct record_filter *);

/*
 * Adds a value; of several of one key any may match, of several keys all have to.
 * Returns NULL, or the error as a constant text ("out of memory" is one).
 */
const char	*record_filter_add(struct record_filter *, enum record_filter_key,
		    const char *value);

/*
 * Only what happened from since_us on and before until_us (microseconds since 1970 UTC).
 * See ctl_time.h for how they are given.
 */
void	record_filter_since(struct record_filter *, int64_t since_us);
void	record_filter_until(struct record_filter *, int64_t until_us);

/*
 * To be called after the last value and before the first match. Returns -1 without
 * memory.
 */
int	record_filter_seal(struct record_filter *);

/* Whether the record is meant: 1 or 0. Never needs memory. */
int	record_filter_match(const struct record_filter *, const struct record_view *);

#endif
