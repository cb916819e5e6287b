/* milter/config/conf_value.h: values as they were given */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_VALUE_H
#define AUTHRELAY_CONF_VALUE_H

#include <stddef.h>

/* Where values come from. */
struct conf_source {
	char	*name;		/* fit to be shown */
	int	 has_lines;
};

/* A value without its quotation marks, with escapes and variables replaced. */
struct conf_value {
	unsigned	source;		/* 0 defaults, 1 the file, then the overrides */
	unsigned	line;		/* in which it ends */
	char		text[];
};

/* Those of one setting. All zero is empty; owns its values. */
struct conf_values {
	struct conf_value	**items;
	size_t			  count;
	size_t			  size;
};

/* Copies the text. Returns -1 without memory. */
int	conf_values_add(struct conf_values *, const char *text, size_t len,
	    unsigned source, unsigned line);
/* Moves all values of the second to the end of the first. Returns -1 without memory. */
int	conf_values_move(struct conf_values *, struct conf_values *from);
/* Frees the values and makes it empty. */
void	conf_values_clear(struct conf_values *);

#endif
