/* milter/os/peers.h: list of peers that may connect as a mail server */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PEERS_H
#define AUTHRELAY_PEERS_H

#include <sys/types.h>

#include "core/netaddr.h"

/*
 * Users of this host, for a unix socket, and networks, for an inet one. Never changed
 * once it is sealed, so that threads may share it.
 */
struct peers;

struct peers	*peers_new(void);	/* NULL: no memory */
void		 peers_free(struct peers *);

/*
 * Adds "192.0.2.0/24", "uid:105" or the name of a user. Returns -1, and why as a constant
 * text; NULL where memory ran out.
 */
int		 peers_add(struct peers *, const char *text, const char **why_r);
/* Makes it ready to be asked. Returns -1 without memory. */
int		 peers_seal(struct peers *);

/* Of a sealed one. */
int		 peers_has_user(const struct peers *, uid_t);
int		 peers_has_address(const struct peers *, const struct netaddr *);

/* Whether there is any user, or any network. */
int		 peers_has_users(const struct peers *);
int		 peers_has_networks(const struct peers *);

#endif
