/* milter/config/settings.h: the table of all settings */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SETTINGS_H
#define AUTHRELAY_SETTINGS_H

#include <stddef.h>
#include <stdio.h>

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
	size_t				 set_offset;	/* of its set, where the kind has one */
	const char			*value;		/* the default, as in a file */
	unsigned			 min;
	unsigned			 max;
	const struct setting_word	*words;		/* the last is NULL */
	const char			*help;		/* one line */
};

/* In the order in which they are printed; those of one section stand together. */
extern const struct setting	settings[];
extern const size_t		settings_count;

#define SETTINGS_MAX	96	/* more than there are */
#define SECTIONS_MAX	16
#define SECTION_SIZE	16	/* of a name, with its NUL */

/* Where the name inside its section begins: "timeout" of "mx.timeout". */
const char	*setting_key(const struct setting *);
/* The length of its section's name, 0 where it is in none. */
size_t		 setting_section(const struct setting *);
int		 setting_is_list(const struct setting *);
/* A list that may have file:PATH among its entries. */
int		 setting_has_files(const struct setting *);
/*
 * Where its value and its set are. Both may be written where the configuration may, as with
 * strchr(3).
 */
void		*setting_of(const struct conf *, const struct setting *);
void		*setting_set(const struct conf *, const struct setting *);

/* Writes every setting in the file's syntax, and asks for each value to be written. */
typedef void	settings_writer(FILE *, const struct setting *, const void *arg);
void		settings_write(FILE *, settings_writer *write_value, const void *arg);

/* By its whole name: "mx.accept". NULL: there is none. */
const struct setting	*settings_named(const char *name);
/* By section (of length 0: none) and key. NULL: there is none. */
const struct setting	*settings_find(const char *section, size_t section_len,
			    const char *key, size_t key_len);
int			 settings_has_section(const char *section, size_t len);
/* "auth, mx, ..."; cut off where there is no room. */
void			 settings_section_names(char *names_r, size_t size);
/* The setting that somebody may have meant by this key, or NULL. */
const struct setting	*settings_nearest(const char *section, size_t section_len,
			    const char *key, size_t key_len);

#endif
