/* milter/daemon/daemon.h: start, reload and stop of the daemon */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DAEMON_H
#define AUTHRELAY_DAEMON_H

#include "config/conf.h"

struct daemon_options {
	const char	 *file;		/* the configuration, as conf_read() takes it */
	char		**overrides;
	size_t		  count;
	int		  in_foreground;
};

/*
 * Serves under this configuration (the caller's reference) until a signal ends it.
 * Returns the exit status. Sessions that are still open keep their threads until the
 * process is gone, so the process has to end then.
 */
int	daemon_run(const struct daemon_options *, struct conf *);

#endif
