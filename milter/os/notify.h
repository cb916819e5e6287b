/* milter/os/notify.h: state messages to the service manager (sd_notify) */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_NOTIFY_H
#define AUTHRELAY_NOTIFY_H

/*
 * The datagrams of sd_notify(3), to the socket that NOTIFY_SOCKET names. Without a
 * service manager all of these do nothing.
 */
void	notify_ready(void);
void	notify_reloading(void);
void	notify_stopping(void);
void	notify_watchdog(void);

/*
 * How long the service manager waits for notify_watchdog(), in milliseconds; 0: it does
 * not.
 */
int	notify_watchdog_ms(void);

#endif
