/* milter/config/setting.h: one setting, its kind and its place in a configuration */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SETTING_H
#define AUTHRELAY_SETTING_H

#include <stddef.h>

struct conf;
struct kind;

struct setting_word {
	const char	*word;
	int		 value;
};

struct setting {
	const char			*name;		/* "mx.timeout": in section mx */
	const struct kind		*kind;		/* kinds.h */
	size_t				 offset;	/* into struct conf */
	size_t				 set_offset;	/* of its set, or 0 */
	const char			*value;		/* the default, as in a file */
	unsigned			 min;
	unsigned			 max;
	const struct setting_word	*words;		/* the last is NULL */
	const char			*help;		/* one line */
};

/* Where the name inside its section begins: "timeout" of "mx.timeout". */
const char	*setting_key(const struct setting *);
/* The length of its section's name, 0 where it is in none. */
size_t		 setting_section(const struct setting *);
int		 setting_is_list(const struct setting *);
/* A list that may have file:PATH among its entries. */
int		 setting_has_files(const struct setting *);
/*
 * Where its value and its set are. Both may be written where the configuration may, as
 * with strchr(3).
 */
void		*setting_of(const struct conf *, const struct setting *);
void		*setting_set(const struct conf *, const struct setting *);

#endif
