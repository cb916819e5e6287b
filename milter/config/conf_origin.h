/* milter/config/conf_origin.h: where each value of a configuration was given */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_ORIGIN_H
#define AUTHRELAY_CONF_ORIGIN_H

#include <stddef.h>

#include "config/conf_error.h"
#include "config/conf_value.h"
#include "config/settings.h"

struct conf_origin {
	unsigned	source;		/* 0 defaults, 1 the file, then the overrides */
	unsigned	line;
};

struct conf_origins {
	struct conf_source	*sources;
	size_t			 source_count;
	char			*folder;	/* of the file, with its slash, or "" */
	struct conf_origin	*values[SETTINGS_MAX];	/* in the order of settings[] */
	size_t			 counts[SETTINGS_MAX];
	struct conf_origin	 given[SETTINGS_MAX];	/* where it was given last */
};

/* Copies what it is given; NULL: no memory. */
struct conf_origins	*conf_origins_new(const struct conf_source *, size_t count,
			    const char *folder);
void			 conf_origins_free(struct conf_origins *);

/* Keeps the places of the values of a setting. Returns -1 without memory. */
int	conf_origins_keep(struct conf_origins *, const struct setting *,
	    struct conf_value *const *values, size_t count);

/* Notes the settings that a source gives; lines is 0 where it does not. */
void	conf_origins_give(struct conf_origins *, unsigned source,
	    const unsigned lines[SETTINGS_MAX]);
/* Does the file or an override give a setting, be it an empty list? Else a default. */
int	conf_origins_is_given(const struct conf_origins *, const struct setting *);
/*
 * The place where it is given; the file as a whole where it is not, since that is what
 * lacks it.
 */
struct conf_place	conf_origins_given(const struct conf_origins *,
			    const struct setting *);

/*
 * The place of one value: "default", "FILE:LINE", "-o 'TEXT'"; "default" where the
 * setting has no such value, as of an empty list. Its name belongs to the origins.
 */
struct conf_place	conf_origins_place(const struct conf_origins *,
			    const struct setting *, size_t index);

#endif
