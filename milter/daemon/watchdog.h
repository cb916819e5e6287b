/* milter/daemon/watchdog.h: watchdog pings to the service manager */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_WATCHDOG_H
#define AUTHRELAY_WATCHDOG_H

/*
 * If the service manager wants pings, starts a thread that connects to the daemon's
 * socket as an MTA would, and pings as long as it is answered; it runs until the
 * process ends. Returns -1 and logs why.
 */
int	watchdog_start(const char *socket);

#endif
