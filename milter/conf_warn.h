/* milter/conf_warn.h: what is allowed in a configuration, and hardly meant */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_WARN_H
#define AUTHRELAY_CONF_WARN_H

#include <stddef.h>

#include "conf.h"

#define CONF_WARNINGS_MAX	3

/* Both are constant texts. */
struct conf_warning {
	const char	*setting;
	const char	*what;
};

/*
 * What has to be said at every start, too, because it may let strangers relay, or never
 * permit anything. Returns how many there are.
 */
size_t	conf_warnings(const struct conf *,
	    struct conf_warning warnings_r[CONF_WARNINGS_MAX]);

#endif
