/* milter/config/conf_reload.h: what a reload may not take away by accident */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_RELOAD_H
#define AUTHRELAY_CONF_RELOAD_H

#include "config/conf.h"
#include "core/buf.h"

/*
 * May the second configuration take the place of the first one while the daemon runs?
 * Not where the audit file, the whole record or every local domain would go because
 * settings are missing, as in a file that was emptied or cut: what is to go is written
 * as empty, or goes at a restart. Adds a line "FILE: SETTING: ..." for each such loss.
 * Returns 0, or -1 where there is one. Pure.
 */
int	conf_reload_check(const struct conf *, const struct conf *next,
	    struct buf *lines);

#endif
