/* milter/config/conf_check.h: from the text of a value to the value */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_CHECK_H
#define AUTHRELAY_CONF_CHECK_H

#include <stddef.h>

#include "config/conf.h"
#include "config/conf_error.h"
#include "config/conf_value.h"
#include "config/settings.h"

/* Where values come from: the table's defaults, the file, each override. */
struct conf_source {
	char	*name;		/* fit to be shown */
	int	 has_lines;
};

struct conf_check {
	struct conf			*conf;
	struct conf_errors		*errors;
	const struct conf_source	*sources;
	const char			*folder;	/* the file's, with its slash, or "" */
	int				 is_whole;	/* nothing was lost on the way to here */
};

/*
 * Checks what a setting was given and puts it into the configuration, or adds errors.
 * A setting that is no list has one value.
 */
void	conf_check_setting(struct conf_check *, const struct setting *,
	    struct conf_value *const *values, size_t count);
/* The same for lists: also makes their sets. */
void	conf_lists_check(struct conf_check *, const struct setting *,
	    struct conf_value *const *values, size_t count);

/* What no setting alone shows; once all of them have been checked and kept. */
void	conf_check_whole(struct conf_check *);

struct conf_place	conf_check_place(const struct conf_check *,
			    const struct conf_value *);

/* Adds `PLACE: SETTING: "TEXT"` and what the format makes. */
void	conf_check_refuse(struct conf_check *, const struct setting *,
	    const struct conf_value *,
	    const char *, ...) __attribute__((format(printf, 4, 5)));

#endif
