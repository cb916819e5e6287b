/* milter/os/priv.h: change of user, for good or for a moment */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PRIV_H
#define AUTHRELAY_PRIV_H

#include <sys/types.h>

/*
 * Becomes the user, with the user's groups, for good. "" stays who we are; so does the
 * name of who we are. Returns -1 and logs why, and then the process must not go on.
 */
int	priv_drop(const char *user);

/* Who root was before priv_act_as(). */
struct priv_self {
	uid_t	uid;
	gid_t	gid;
};

/*
 * Root acts as the user, with the user's other groups and this group ((gid_t)-1: the
 * user's own), until priv_return(); files that are made meanwhile belong to them. ""
 * stays the user that we are. The other groups of root are gone then, also after
 * priv_return(). Anybody but root stays as before. Before there are threads. -1, logged:
 * not possible; priv_return() all the same.
 */
int	priv_act_as(const char *user, gid_t group, struct priv_self *self_r);
/* Returns -1 and logs why, and then the process must not go on. */
int	priv_return(const struct priv_self *);

#endif
