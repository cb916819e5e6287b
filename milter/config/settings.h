/* milter/config/settings.h: the table of all settings */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SETTINGS_H
#define AUTHRELAY_SETTINGS_H

#include <stddef.h>
#include <stdio.h>

#include "config/setting.h"

/* In the order in which they are printed; those of one section stand together. */
extern const struct setting	settings[];
extern const size_t		settings_count;

#define SETTINGS_MAX	96	/* more than there are */

/* Writes every setting in the file's syntax, and asks for each value to be written. */
typedef void	settings_writer(FILE *, const struct setting *, const void *arg);
void		settings_write(FILE *, settings_writer *write_value, const void *arg);

/* By its whole name: "mx.accept". NULL: there is none. */
const struct setting	*settings_named(const char *name);
/* By section (of length 0: none) and key. NULL: there is none. */
const struct setting	*settings_find(const char *section, size_t section_len,
			    const char *key, size_t key_len);
/* By its whole name, "mx.timeout". */
const struct setting	*settings_named(const char *name);
int			 settings_has_section(const char *section, size_t len);
/* "auth, mx, ..."; cut off where there is no room. */
void			 settings_section_names(char *names_r, size_t size);
/* The setting that somebody may have meant by this key, or NULL. */
const struct setting	*settings_nearest(const char *section, size_t section_len,
			    const char *key, size_t key_len);

#endif
