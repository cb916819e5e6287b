/* milter/priv.h: who the daemon is */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PRIV_H
#define AUTHRELAY_PRIV_H

/*
 * Becomes the user, with the user's groups, for good. "" stays who we are; so does the
 * name of who we are. Returns -1 and logs why, and then the process must not go on.
 */
int	priv_drop(const char *user);

#endif
