/* milter/config/conf_warn_networks.c: warnings about networks that hold strangers */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_locate.h"
#include "config/conf_warning.h"
#include "config/settings.h"
#include "os/milter_socket.h"

#define SHOWN_MAX	10	/* of one setting */
#define WIDEST_V4	16
#define WIDEST_V6	32
#define SITE_V6		48	/* what a site is given: it is all its own */
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct walk {
	struct conf_warnings	*warnings;
	const char		*setting;
	const char		*quoted;	/* the entry */
	const struct conf_place	*place;
	unsigned		 count;
};

/* What a range means to a relay, and the least length that is not warned of in it. */
static const struct {
	struct netaddr	 first;
	unsigned	 least;
	const char	*what;
} meanings[] = {
	{ { NETADDR_V4, { 172, 16 } }, 13,
	  "contains the networks that Docker gives to containers, and its proxy makes "
	  "every stranger come from one of them; name the networks of your own "
	  "machines" },
	{ { NETADDR_V4, { 100, 64 } }, 24,
	  "is in the range that providers share among their customers (RFC 6598); name "
	  "the addresses of your own machines" },
	{ { NETADDR_V6, { 0x00, 0x64, 0xff, 0x9b } }, 128,
	  "is NAT64, from which every IPv4 host of the Internet may connect; name the "
	  "networks of your own machines" },
};

static int
is_wide(const struct netset_network *network)
{
	return network->bits <
	    (network->addr.family == NETADDR_V4 ? WIDEST_V4 : WIDEST_V6);
}

/* The range that a network is in, of those that an administrator can own; or NULL. */
static const struct netaddr_range *
find_range(const struct netset_network *network)
{
	const struct netaddr_range *range = netaddr_range(&network->addr);

	if (range == NULL || network->bits < range->bits)
		return NULL;
	switch (range->kind) {
	case NETADDR_LOOPBACK:
	case NETADDR_LINK_LOCAL:
	case NETADDR_PRIVATE:
	case NETADDR_SHARED:
	case NETADDR_NAT64:
		return range;
	case NETADDR_UNSPECIFIED:
	case NETADDR_V4_COMPATIBLE:
	case NETADDR_MULTICAST:
	case NETADDR_RESERVED:
		break;
	}
	return NULL;
}

/* Returns 1: warned, -1: the range is fine at any width, 0: it is in no range. */
static int
warn_of_range(struct walk *walk, const struct netset_network *network)
{
	const struct netaddr_range *range = find_range(network);

	if (range == NULL)
		return 0;
	for (size_t i = 0; i < COUNT(meanings); i++) {
		if (!netaddr_is_equal(&range->first, &meanings[i].first) ||
		    network->bits >= meanings[i].least)
			continue;
		conf_warn_at(walk->warnings, walk->place, walk->setting, "%s %s",
		    walk->quoted, meanings[i].what);
		return 1;
	}
	return -1;
}

static int
warn_of_width(struct walk *walk, const struct netset_network *network)
{
	if (network->bits > 0 && !is_wide(network))
		return 0;
	conf_warn_at(walk->warnings, walk->place, walk->setting,
	    "%s is %s; all of it may relay without a login; name the networks of your "
	    "own machines", walk->quoted,
	    network->bits == 0 ? "the whole Internet" : "a very wide network");
	return 1;
}

static int
warn_of_bridge(struct walk *walk, const struct netset_network *network)
{
	const struct hostnet *net = &walk->warnings->host->net;
	char text[NETADDR_TEXT_SIZE];
	struct conf_quoted name;

	for (size_t i = 0; i < net->address_count; i++) {
		const struct hostnet_address *address = &net->addresses[i];
		if (!address->is_bridge ||
		    !netaddr_is_in(&address->addr, &network->addr, network->bits))
			continue;
		netaddr_format(&address->addr, text);
		conf_warn_at(walk->warnings, walk->place, walk->setting,
		    "%s contains %s, the address of this host on the bridge %s: a proxy "
		    "or NAT of containers makes every stranger come from there; let a "
		    "proxy use the PROXY protocol, or leave the address out and have "
		    "clients log in", walk->quoted, text,
		    conf_quote(address->name, strlen(address->name), &name));
		return 1;
	}
	return 0;
}

static int
warn_of_gateway(struct walk *walk, const struct netset_network *network)
{
	const struct hostnet *net = &walk->warnings->host->net;
	char text[NETADDR_TEXT_SIZE];

	for (size_t i = 0; i < net->gateway_count; i++) {
		if (!netaddr_is_in(&net->gateways[i], &network->addr, network->bits))
			continue;
		netaddr_format(&net->gateways[i], text);
		conf_warn_at(walk->warnings, walk->place, walk->setting,
		    "%s contains the default gateway %s: if the gateway replaces the "
		    "addresses of clients by its own (NAT, Docker), every stranger may "
		    "relay; check in the record that no stranger comes from there, or "
		    "leave the address out", walk->quoted, text);
		return 1;
	}
	return 0;
}

/* Nothing follows of an interface in no network, as one with a single address. */
static int
is_wider(const struct netset_network *network, const struct hostnet_address *address)
{
	unsigned most = address->addr.family == NETADDR_V4 ? 32 : 128;

	return address->bits < most && network->bits < address->bits &&
	    (address->addr.family == NETADDR_V4 || network->bits < SITE_V6) &&
	    netaddr_is_in(&address->addr, &network->addr, network->bits);
}

static int
warn_of_neighbours(struct walk *walk, const struct netset_network *network)
{
	const struct hostnet *net = &walk->warnings->host->net;
	struct netset_network own;
	char text[NETADDR_TEXT_SIZE];
	struct conf_quoted name;

	for (size_t i = 0; i < net->address_count; i++) {
		const struct hostnet_address *address = &net->addresses[i];
		if (!is_wider(network, address))
			continue;
		own = (struct netset_network){ address->addr, address->bits };
		netset_format(&own, text);
		conf_warn_at(walk->warnings, walk->place, walk->setting,
		    "%s is wider than the network of this host (%s on %s): it may "
		    "contain machines of others; name the networks of your own",
		    walk->quoted, text,
		    conf_quote(address->name, strlen(address->name), &name));
		return 1;
	}
	return 0;
}

/* One warning of each entry: the gravest. */
static int
warn_of_trusted(void *arg, const char *entry, size_t len, const struct conf_place *place)
{
	struct walk *walk = arg;
	struct netset_network network;
	struct conf_quoted quoted;
	int range;

	if (netset_parse(entry, len, &network) != NULL || walk->count == SHOWN_MAX)
		return 0;
	walk->quoted = conf_quote(entry, len, &quoted);
	walk->place = place;
	range = warn_of_range(walk, &network);
	if (range == 1 || (range == 0 && warn_of_width(walk, &network)) ||
	    warn_of_bridge(walk, &network) || warn_of_gateway(walk, &network) ||
	    warn_of_neighbours(walk, &network))
		walk->count++;
	return 0;
}

static int
warn_of_exchangers(void *arg, const char *entry, size_t len,
    const struct conf_place *place)
{
	struct walk *walk = arg;
	struct netset_network network;
	struct conf_quoted quoted;

	if (netset_parse(entry, len, &network) != NULL || !is_wide(&network) ||
	    walk->count++ >= SHOWN_MAX)
		return 0;
	conf_warn_at(walk->warnings, place, walk->setting, "%s is %s: it contains mail "
	    "exchangers of strangers, for whose domains mail is then relayed; name the "
	    "networks of your customers' servers", conf_quote(entry, len, &quoted),
	    network.bits == 0 ? "the whole Internet" : "a very wide network");
	return 0;
}

/* Users among the entries are no networks; private ones are of any width. */
static int
warn_of_peer(void *arg, const char *entry, size_t len, const struct conf_place *place)
{
	struct walk *walk = arg;
	struct netset_network network;
	struct conf_quoted quoted;

	if (netset_parse(entry, len, &network) != NULL || !is_wide(&network) ||
	    find_range(&network) != NULL || walk->count++ >= SHOWN_MAX)
		return 0;
	conf_warn_at(walk->warnings, place, walk->setting,
	    "%s is %s: every host in it can act as a mail server, and make records; "
	    "name the addresses of your mail servers", conf_quote(entry, len, &quoted),
	    network.bits == 0 ? "the whole Internet" : "a very wide network");
	return 0;
}

static int
warn_of_list(struct conf_warnings *warnings, const char *setting,
    conf_locate_visitor *visit)
{
	struct walk walk = { .warnings = warnings, .setting = setting };

	return conf_locate_each(warnings->conf, settings_named(setting), visit, &walk);
}

int
conf_warn_networks(struct conf_warnings *warnings)
{
	if (warn_of_list(warnings, "trusted-networks", warn_of_trusted) == -1)
		return -1;
	if (milter_socket_path(warnings->conf->socket) == NULL)
		(void)warn_of_list(warnings, "mta-peers", warn_of_peer);
	if (warnings->conf->mx_accept == POLICY_MX_ACCEPT_NONE)
		return 0;
	return warn_of_list(warnings, "mx.networks", warn_of_exchangers);
}
