/* milter/daemon/watchdog.h: tells the service manager that we still answer */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_WATCHDOG_H
#define AUTHRELAY_WATCHDOG_H

/*
 * Where the service manager wants pings, begins a thread that asks our own socket as an
 * MTA would, and pings as long as it is answered; it runs until the process ends. Returns
 * -1 and logs why.
 */
int	watchdog_start(const char *socket);

#endif
