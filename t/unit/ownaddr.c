/* t/unit/ownaddr.c: which addresses are those of this host */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "conf_make.h"
#include "os/ownaddr.h"
#include "tap.h"

static const struct {
	const char	*text;
	int		 is_usable;
	int		 is_usable_listed;
} addresses[] = {
	{ "0.0.0.0", 0, 0 }, { "0.1.2.3", 0, 0 }, { "127.0.0.1", 0, 0 }, { "127.255.255.255", 0, 0 },
	{ "128.0.0.1", 1, 1 }, { "169.254.1.1", 0, 0 }, { "169.255.1.1", 1, 1 },
	{ "224.0.0.1", 0, 0 }, { "239.255.255.255", 0, 0 }, { "255.255.255.255", 0, 0 },
	{ "223.255.255.255", 1, 1 }, { "10.0.0.1", 0, 1 }, { "11.0.0.1", 1, 1 },
	{ "172.15.255.255", 1, 1 }, { "172.16.0.0", 0, 1 }, { "172.31.255.255", 0, 1 },
	{ "172.32.0.0", 1, 1 }, { "192.167.255.255", 1, 1 }, { "192.168.0.0", 0, 1 },
	{ "192.169.0.0", 1, 1 }, { "100.63.255.255", 1, 1 }, { "100.64.0.0", 0, 1 },
	{ "100.127.255.255", 0, 1 }, { "100.128.0.0", 1, 1 }, { "198.51.100.1", 1, 1 },
	{ "::", 0, 0 }, { "::1", 0, 0 }, { "::2", 0, 0 },
	{ "::192.0.2.1", 0, 0 }, { "::1:0:0", 1, 1 }, { "fe80::1", 0, 0 }, { "febf::1", 0, 0 },
	{ "fec0::1", 0, 1 }, { "ff02::1", 0, 0 }, { "fc00::1", 0, 1 }, { "fdff::1", 0, 1 },
	{ "fbff::1", 1, 1 }, { "2001:db8::1", 1, 1 }, { "::ffff:127.0.0.1", 0, 0 },
	{ "::ffff:10.0.0.1", 0, 1 },
};

static void
test_addresses(void)
{
	const struct netaddr unknown = { .family = NETADDR_NONE };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct netaddr addr = unknown;
		(void)netaddr_parse(addresses[i].text, strlen(addresses[i].text), &addr);
		tap_is_int(ownaddr_is_usable(&addr, 0), addresses[i].is_usable, "of an interface: %s",
		    addresses[i].text);
		tap_is_int(ownaddr_is_usable(&addr, 1), addresses[i].is_usable_listed, "listed: %s",
		    addresses[i].text);
	}
	tap_is_int(ownaddr_is_usable(&unknown, 1), 0, "no address");
}

/* The interfaces of this machine, whatever they are, are in the set as far as they are usable. */
static void
test_interfaces(void)
{
	struct netset *set = netset_new();
	struct ifaddrs *interfaces;
	char *errors;
	int wrong = 0;

	if (getifaddrs(&interfaces) == -1 || set == NULL || ownaddr_add_interfaces(set) == -1 ||
	    netset_seal(set) == -1) {
		tap_ok(0, "the interfaces' addresses: %s", strerror(errno));
		return;
	}
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next) {
		struct netaddr addr = { .family = NETADDR_NONE };
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET)
			addr = netaddr_v4(&((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr);
		else if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET6)
			addr = netaddr_v6(&((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr);
		else
			continue;
		wrong += netset_find(set, &addr, NULL) !=
		    ((i->ifa_flags & IFF_UP) != 0 && ownaddr_is_usable(&addr, 0));
	}
	tap_is_int(wrong, 0, "the interfaces' usable addresses and no others");
	write_text(FILE_NAME, "");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_int(conf == NULL ? -1 : (long long)netset_count(conf->policy.own_addresses),
	    (long long)netset_count(set), "which the configuration has: %zu", netset_count(set));
	free(errors);
	conf_unref(conf);
	freeifaddrs(interfaces);
	netset_free(set);
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE];

	tap_folder(folder);
	if (chdir(folder) == -1) {
		perror(folder);
		return 1;
	}
	test_addresses();
	test_interfaces();
	remove_folder(folder);
	return tap_done();
}
