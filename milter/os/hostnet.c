/* milter/os/hostnet.c: networks of this host's interfaces and routes */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "os/hostnet.h"

#define NAMES_MAX	512	/* interfaces that may be part of a bridge */

/* Such names are given by Docker, Podman, CNI, libvirt, LXC, LXD and Incus. */
static const char *const bridge_names[] = {
	"docker", "br-", "podman", "cni", "virbr", "lxcbr", "lxdbr", "incusbr", "veth"
};

struct names {
	char	name[NAMES_MAX][HOSTNET_NAME_SIZE];
	size_t	count;
};

static int
has_bridge_name(const char *name)
{
	for (size_t i = 0; i < sizeof(bridge_names) / sizeof(bridge_names[0]); i++)
		if (strncmp(name, bridge_names[i], strlen(bridge_names[i])) == 0)
			return 1;
	return 0;
}

/* The bits that are set in a mask; a mask of no family has the length of the address. */
static unsigned
bits_of(const struct sockaddr *mask, enum netaddr_family family)
{
	const struct sockaddr_in *v4 = (const void *)mask;
	const struct sockaddr_in6 *v6 = (const void *)mask;
	unsigned len = family == NETADDR_V4 ? 4 : 16, bits = 0;
	const uint8_t *bytes;

	if (mask == NULL)
		return len * 8;
	bytes = family == NETADDR_V4 ? (const void *)&v4->sin_addr :
	    (const void *)&v6->sin6_addr;
	for (unsigned i = 0; i < len; i++)
		for (unsigned byte = bytes[i]; byte != 0; byte &= byte - 1)
			bits++;
	return bits;
}

static void
add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return;
	if (names->count < NAMES_MAX && strlen(name) < HOSTNET_NAME_SIZE)
		(void)snprintf(names->name[names->count++], HOSTNET_NAME_SIZE, "%s",
		    name);
}

static int
add_address(struct hostnet *net, const struct ifaddrs *interface, struct names *names)
{
	struct hostnet_address *addresses, *added;
	struct netaddr addr = netaddr_of(interface->ifa_addr);

	if (addr.family == NETADDR_NONE || netaddr_is_kind(&addr, NETADDR_LOOPBACK) ||
	    netaddr_is_kind(&addr, NETADDR_LINK_LOCAL))
		return 0;
	addresses = realloc(net->addresses,
	    (net->address_count + 1) * sizeof(*addresses));
	if (addresses == NULL)
		return -1;
	net->addresses = addresses;
	added = &addresses[net->address_count++];
	memset(added, 0, sizeof(*added));
	(void)snprintf(added->name, sizeof(added->name), "%s", interface->ifa_name);
	added->addr = addr;
	added->bits = bits_of(interface->ifa_netmask, addr.family);
	added->is_bridge = has_bridge_name(interface->ifa_name) ||
	    hostnet_is_inner_bridge(interface->ifa_name, names->name, names->count);
	return 0;
}

int
hostnet_add_gateway(struct hostnet *net, const struct netaddr *addr)
{
	struct netaddr *gateways;

	for (size_t i = 0; i < net->gateway_count; i++)
		if (netaddr_is_equal(&net->gateways[i], addr))
			return 0;
	gateways = realloc(net->gateways, (net->gateway_count + 1) * sizeof(*gateways));
	if (gateways == NULL)
		return -1;
	net->gateways = gateways;
	gateways[net->gateway_count++] = *addr;
	return 0;
}

int
hostnet_read(struct hostnet *net_r)
{
	struct names *names = calloc(1, sizeof(*names));
	struct ifaddrs *interfaces;
	int result = 0;

	memset(net_r, 0, sizeof(*net_r));
	if (names == NULL || getifaddrs(&interfaces) == -1) {
		free(names);
		return -1;
	}
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		add_name(names, i->ifa_name);
	for (struct ifaddrs *i = interfaces; i != NULL && result == 0; i = i->ifa_next)
		result = add_address(net_r, i, names);
	freeifaddrs(interfaces);
	free(names);
	if (result == 0)
		result = hostnet_add_gateways(net_r);
	if (result == -1) {
		hostnet_clear(net_r);
		errno = ENOMEM;
	}
	return result;
}

void
hostnet_clear(struct hostnet *net)
{
	free(net->addresses);
	free(net->gateways);
	memset(net, 0, sizeof(*net));
}
