/* milter/config/conf_whole.c: what no setting alone shows */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_origin.h"
#include "config/conf_secret.h"
#include "config/conf_whole.h"
#include "os/milter_socket.h"
#include "os/peers.h"

/* A backup for every domain whose MX records name this server would be an open relay. */
static void
check_mx_accept(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct setting *setting = settings_named("mx.accept");
	struct conf_place place;

	if (conf->mx_accept != POLICY_MX_ACCEPT_BACKUP || conf->mx_networks.count > 0 ||
	    conf->mx_domains.count > 0)
		return;
	place = conf_origins_place(conf->origins, setting, 0);
	conf_errors_add(check->errors, &place,
	    "%s: backup would relay for every domain that points an MX record here; set "
	    "mx.networks or mx.domains", setting->name);
}

/* A unix socket tells the user of a peer, an inet socket its address. */
static void
check_peers(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct setting *setting = settings_named("mta-peers");
	struct conf_place place;
	int is_inet;

	if (conf->mta_peers.count == 0 || conf->mta_peer_set == NULL ||
	    conf->socket == NULL)
		return;
	is_inet = milter_socket_path(conf->socket) == NULL;
	if (is_inet ? peers_has_networks(conf->mta_peer_set) :
	    peers_has_users(conf->mta_peer_set))
		return;
	place = conf_origins_place(conf->origins, setting, 0);
	conf_errors_add(check->errors, &place, is_inet ?
	    "%s: no mail server could connect: it has only users, and socket is an inet "
	    "socket; add a network" :
	    "%s: no mail server could connect: it has only networks, and socket is a "
	    "unix socket; add the name of a user, or uid:N", setting->name);
}

/*
 * A file that was emptied or cut off would otherwise be a configuration that refuses all
 * mail. What is wrong with the file or a list was reported before.
 */
static void
check_recipients(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct conf_place place = { .name = conf->origins->sources[1].name };
	int has_lists = conf->local_domains.count > 0 || conf->relay_domains.count > 0;

	if (!check->is_whole || conf->no_local_domains ||
	    conf->mx_accept != POLICY_MX_ACCEPT_NONE ||
	    domset_count(conf->policy.local_domains) > 0 ||
	    domset_count(conf->policy.relay_domains) > 0 ||
	    (has_lists && conf_errors_has_any(check->errors)))
		return;
	conf_errors_add(check->errors, &place,
	    "local-domains and relay-domains are empty, and mx.accept is none: all mail "
	    "to this host would be refused; set one of them, or no-local-domains = yes "
	    "on a host that receives no mail");
}

void
conf_whole_check(struct conf_check *check)
{
	check_peers(check);
	check_mx_accept(check);
	check_recipients(check);
	conf_secret_check(check);
}
