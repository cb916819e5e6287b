/* milter/config/conf_check.h: a configuration on its way, complaints about values */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_CHECK_H
#define AUTHRELAY_CONF_CHECK_H

#include "config/conf.h"
#include "config/conf_error.h"
#include "config/conf_value.h"
#include "config/setting.h"

struct conf_check {
	struct conf			*conf;
	struct conf_errors		*errors;
	const struct conf_source	*sources;
	const char			*folder;	/* of the file, with its slash */
	int				 is_whole;	/* nothing was lost so far */
};

struct conf_place	conf_check_place(const struct conf_check *,
			    const struct conf_value *);

/*
 * Adds `PLACE: SETTING: invalid value "TEXT": why; expected ...', or "entry", of a
 * list. NULL leaves a part out. The texts are fit to be shown.
 */
void	conf_check_refuse(struct conf_check *, const struct setting *,
	    const struct conf_value *, const char *why, const char *expected);
/* The same of a text that is at another place. */
void	conf_check_refuse_at(struct conf_check *, const struct setting *,
	    const struct conf_place *, const char *text, size_t len, const char *why,
	    const char *expected);

#endif
