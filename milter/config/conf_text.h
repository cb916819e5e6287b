/* milter/config/conf_text.h: the text of a configuration, made safe for libconfuse */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_TEXT_H
#define AUTHRELAY_CONF_TEXT_H

#include <stddef.h>

#include "config/conf_error.h"
#include "core/buf.h"

struct conf_text_options {
	const struct conf_place	*place;		/* its name is shown with every error */
	int			 has_lines;	/* and so is the line */
	const char		*section;	/* the text is the inside of this one */
	size_t			 section_len;	/* 0: of none */
	unsigned		*given;		/* NULL, or SETTINGS_MAX lines; see below */
};

/*
 * Adds an error for all that is wrong with the text as such, and leaves of it only
 * what libconfuse reads as we do: settings of our table, each given once, complete and
 * closed. Statements that are refused are overwritten with blanks, and so are
 * comments; lines stay where they are. What follows a syntax error is cut off, and
 * then the end may have to close a section. `given' gets the line in which each setting of
 * the table is given, 0 where it is not.
 */
void	conf_text_check(struct buf *, const struct conf_text_options *,
	    struct conf_errors *);

#endif
