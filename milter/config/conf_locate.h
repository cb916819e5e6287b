/* milter/config/conf_locate.h: the entries of a list, and the place where each stands */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_LOCATE_H
#define AUTHRELAY_CONF_LOCATE_H

#include <stddef.h>

#include "config/conf.h"
#include "config/conf_error.h"
#include "config/settings.h"
#include "core/buf.h"

/* Gets an entry as it was written. What is not 0 ends the walk. */
typedef int	conf_locate_visitor(void *arg, const char *entry, size_t len,
		    const struct conf_place *);

/*
 * Walks over the entries of a list in their order, and over the lines of the files that
 * it names, which are read again. Returns what the visitor returned, or 0 after the
 * last entry; -1 where a file cannot be read any more, or without memory.
 */
int	conf_locate_each(const struct conf *, const struct setting *,
	    conf_locate_visitor *, void *arg);

/*
 * Adds the place of the first entry of a list that says the same as the one a decision
 * has (policy_decision.list and .entry): "FILE:LINE" of the configuration or of a list
 * file, "-o 'TEXT'", "default"; "interface" for an address that no entry gives. Returns
 * -1 and adds nothing where there is none, or without memory.
 */
int	conf_locate(const struct conf *, const char *list, const char *entry,
	    struct buf *place_r);

#endif
