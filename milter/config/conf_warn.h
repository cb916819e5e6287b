/* milter/config/conf_warn.h: what is allowed in a configuration, and hardly meant */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_WARN_H
#define AUTHRELAY_CONF_WARN_H

#include "config/conf.h"
#include "core/buf.h"
#include "os/hostnet.h"

/* What is known of the host. */
struct conf_warn_host {
	struct hostnet	net;			/* all zero: not known */
	int		has_far_server;		/* in resolv.conf */
	int		is_root;		/* and stays so without a user */
};

/*
 * Adds a line for each thing that is allowed and hardly meant, with its reason and its
 * cure: "FILE:LINE: SETTING: ...", `mark' before the setting, in the order of their
 * places. The command check, the option -t, a start and a reload say the same. Returns
 * -1 without memory, or where a list file cannot be read again: there may be more then.
 */
int	conf_warn(const struct conf *, const struct conf_warn_host *, const char *mark,
	    struct buf *lines);
/* The same, of the host that this is. */
int	conf_warn_here(const struct conf *, const char *mark, struct buf *lines);

#endif
