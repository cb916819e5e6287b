/* milter/config/conf_text.h: the grammar of a configuration */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_TEXT_H
#define AUTHRELAY_CONF_TEXT_H

#include <stddef.h>

#include "config/conf_error.h"
#include "config/conf_value.h"
#include "config/settings.h"
#include "core/buf.h"

/*
 * Gets the values that a statement gives to a setting: to be added to what it has, or in
 * the place of that. May take them away (conf_values_move()). Returns -1 without memory.
 */
typedef int	conf_text_taker(void *arg, const struct setting *, struct conf_values *,
		    int is_append);

struct conf_text_options {
	const struct conf_place	*place;		/* its name is shown with every error */
	int			 has_lines;	/* and so is the line */
	const char		*section;	/* the text is the inside of this one */
	size_t			 section_len;	/* 0: of none */
	unsigned		*given;		/* SETTINGS_MAX lines, or NULL */
	conf_text_taker		*take;
	void			*arg;
};

/*
 * Reads a text: settings of the table, each given once, complete and closed. Calls
 * take() for each, and adds an error for all that is wrong. A statement that is refused
 * is left out; what follows a syntax error is not read. Shortens the buffer where it
 * does not end in a whole line of UTF-8. `given' gets the line in which each setting is
 * given first, 0 where it is not.
 */
void	conf_text_read(struct buf *, const struct conf_text_options *,
	    struct conf_errors *);

#endif
