/* milter/os/peers.c: list of peers that may connect as a mail server */
/* SPDX-License-Identifier: ISC */

#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/netset.h"
#include "os/peers.h"

struct peers {
	struct netset	*networks;
	int		 has_networks;
	uid_t		*users;
	size_t		 count;
};

struct peers *
peers_new(void)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers != NULL && (peers->networks = netset_new()) == NULL) {
		free(peers);
		return NULL;
	}
	return peers;
}

void
peers_free(struct peers *peers)
{
	if (peers == NULL)
		return;
	netset_free(peers->networks);
	free(peers->users);
	free(peers);
}

/* (uid_t)-1 is no user's. */
static int
read_uid(const char *digits, uid_t *uid)
{
	uint64_t number;

	if (ascii_number(digits, strlen(digits), UINT32_MAX - 1, &number) != 0)
		return -1;
	*uid = (uid_t)number;
	return 0;
}

static int
add_user(struct peers *peers, uid_t uid)
{
	uid_t *users = reallocarray(peers->users, peers->count + 1, sizeof(*users));

	if (users == NULL)
		return -1;
	users[peers->count++] = uid;
	peers->users = users;
	return 0;
}

int
peers_add(struct peers *peers, const char *text, const char **why_r)
{
	struct netset_network network;
	const struct passwd *entry;
	uid_t uid;

	*why_r = NULL;
	if (netset_parse(text, strlen(text), &network) == NULL) {
		peers->has_networks = 1;
		return netset_add(peers->networks, &network);
	}
	if (strncmp(text, "uid:", 4) == 0) {
		if (read_uid(text + 4, &uid) == 0)
			return add_user(peers, uid);
		*why_r = "not a user number; allowed: as in uid:105";
		return -1;
	}
	if ((entry = getpwnam(text)) != NULL)
		return add_user(peers, entry->pw_uid);
	*why_r = "no such user, and not a network; allowed: a user name, uid:N, "
	    "or as in 192.0.2.0/24";
	return -1;
}

int
peers_seal(struct peers *peers)
{
	return netset_seal(peers->networks);
}

int
peers_has_user(const struct peers *peers, uid_t uid)
{
	for (size_t i = 0; i < peers->count; i++)
		if (peers->users[i] == uid)
			return 1;
	return 0;
}

int
peers_has_address(const struct peers *peers, const struct netaddr *addr)
{
	return netset_find(peers->networks, addr, NULL);
}

int
peers_has_users(const struct peers *peers)
{
	return peers->count > 0;
}

int
peers_has_networks(const struct peers *peers)
{
	return peers->has_networks;
}
