/* milter/config/kinds.h: kinds of settings, and what can be done with a value of each */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_KINDS_H
#define AUTHRELAY_KINDS_H

#include <stddef.h>
#include <stdio.h>

#include "config/conf_check.h"
#include "config/setting.h"

struct kind {
	const char	*name;		/* of one value: "number" */
	const char	*expected;	/* in errors; NULL: it differs */
	/*
	 * Puts what the setting was given into the configuration, and makes its set, or
	 * adds errors. What is not a list has one value.
	 */
	void		 (*check)(struct conf_check *, const struct setting *,
			    const struct conf_values *);
	void		 (*write)(FILE *, const struct setting *, const struct conf *);
	int		 (*equal)(const struct setting *, const struct conf *,
			    const struct conf *);
	void		 (*free)(const struct setting *, struct conf *);
	int		 is_list;
	int		 has_files;	/* file:PATH may be among its entries */
	/* Does an entry as it was written say the same as one of the set? */
	int		 (*matches)(const char *text, size_t len, const char *entry);
};

/* One value (kind_values.c). */
extern const struct kind	kind_socket;	/* of a milter */
extern const struct kind	kind_mode;	/* octal */
extern const struct kind	kind_group;	/* of this system, or "" */
extern const struct kind	kind_user;
extern const struct kind	kind_file;	/* an absolute path, or "" */
extern const struct kind	kind_reply;
extern const struct kind	kind_word;	/* one of setting.words */
extern const struct kind	kind_number;	/* setting.min to setting.max */
extern const struct kind	kind_size;	/* 0, min to max KiB, or a word */

/* Lists (kind_lists.c). */
extern const struct kind	kind_networks;
extern const struct kind	kind_domains;
extern const struct kind	kind_addresses;
extern const struct kind	kind_listeners;
extern const struct kind	kind_certificates;
extern const struct kind	kind_mechanisms;
extern const struct kind	kind_hosts;
extern const struct kind	kind_servers;
extern const struct kind	kind_peers;

/* The text of a value in double quotation marks, so that it reads back to the same. */
void	kind_write_text(FILE *, const char *);

#endif
