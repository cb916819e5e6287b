/* milter/os/hostnet_linux.c: default routes and bridges, from /proc and /sys */
/* SPDX-License-Identifier: ISC */

/*
 * /proc/self/net and not /proc/net: a service manager may hide what of /proc belongs to
 * no process.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/hostnet.h"

#define ROUTE_V4	"/proc/self/net/route"
#define ROUTE_V6	"/proc/self/net/ipv6_route"
#define RTF_UP		0x1
#define RTF_GATEWAY	0x2
#define PATH_SIZE	128

/*
 * Interface, destination, gateway, flags, three numbers, mask; addresses as the CPU has
 * them.
 */
static int
read_route_v4(const char *line, struct netaddr *gateway)
{
	unsigned destination, address, flags, mask;

	if (sscanf(line, "%*s %8x %8x %x %*s %*s %*s %8x", &destination, &address, &flags,
	    &mask) != 4 || destination != 0 || mask != 0 || (flags & RTF_GATEWAY) == 0 ||
	    (flags & RTF_UP) == 0)
		return 0;
	*gateway = netaddr_v4(&address);
	return 1;
}

static int
read_hex(const char *text, uint8_t bytes[16])
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned byte;
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -1;
		bytes[i] = (uint8_t)byte;
	}
	return 0;
}

/*
 * Destination and its length, source and its length, gateway, three numbers, flags,
 * interface.
 */
static int
read_route_v6(const char *line, struct netaddr *gateway)
{
	char destination[33], address[33];
	uint8_t to[16], via[16];
	static const uint8_t any[16];
	unsigned bits, flags;

	if (sscanf(line, "%32s %2x %*s %*s %32s %*s %*s %*s %8x", destination, &bits,
	    address, &flags) != 4 || bits != 0 || strlen(destination) != 32 ||
	    strlen(address) != 32 ||
	    (flags & RTF_GATEWAY) == 0 || (flags & RTF_UP) == 0 ||
	    read_hex(destination, to) == -1 || read_hex(address, via) == -1 ||
	    memcmp(to, any, sizeof(any)) != 0)
		return 0;
	*gateway = netaddr_v6(via);
	return 1;
}

static int
read_routes(struct hostnet *net, const char *path,
    int (*read_route)(const char *, struct netaddr *))
{
	FILE *fp = fopen(path, "re");
	struct netaddr gateway;
	char line[512];
	int result = 0;

	while (fp != NULL && result == 0 && fgets(line, sizeof(line), fp) != NULL)
		if (read_route(line, &gateway))
			result = hostnet_add_gateway(net, &gateway);
	if (fp != NULL)
		(void)fclose(fp);
	return result;
}

int
hostnet_add_gateways(struct hostnet *net)
{
	if (read_routes(net, ROUTE_V4, read_route_v4) == -1)
		return -1;
	return read_routes(net, ROUTE_V6, read_route_v6);
}

static int
is_there(const char *name, const char *below, const char *other)
{
	char path[PATH_SIZE];
	int len = snprintf(path, sizeof(path), "/sys/class/net/%s/%s%s", name, below,
	    other);

	return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

/* A card of this machine is a device of its own. */
int
hostnet_is_inner_bridge(const char *name, char (*others)[HOSTNET_NAME_SIZE], size_t count)
{
	if (!is_there(name, "bridge", ""))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (is_there(name, "brif/", others[i]) &&
		    is_there(others[i], "device", ""))
			return 0;
	return 1;
}
