/* milter/os/nameserver.c: name server addresses */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/ascii.h"
#include "core/netaddr.h"
#include "os/nameserver.h"

#define ADDRESS_SIZE	(INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)
#define WANTED		"not an address; allowed: ADDRESS, ADDRESS:PORT, [IPV6]:PORT"

static int
make_v4(const char *text, unsigned port, struct nameserver *server)
{
	struct sockaddr_in *to = (struct sockaddr_in *)(void *)&server->address;

	if (inet_pton(AF_INET, text, &to->sin_addr) != 1)
		return -1;
	to->sin_family = AF_INET;
	to->sin_port = htons((uint16_t)port);
	server->len = sizeof(*to);
	(void)snprintf(server->text, sizeof(server->text), "%.15s:%u", text,
	    (uint16_t)port);
	return 0;
}

/* The number of an interface, from its name or the number itself; 0: there is none. */
static uint32_t
scope_of(const char *text)
{
	uint64_t number;

	if (ascii_number(text, strlen(text), UINT32_MAX, &number) == 0)
		return (uint32_t)number;
	return if_nametoindex(text);
}

static int
make_v6(char *text, unsigned port, struct nameserver *server)
{
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)(void *)&server->address;
	char shown[40], *scope = strchr(text, '%');

	if (scope != NULL) {
		*scope++ = '\0';
		if ((to->sin6_scope_id = scope_of(scope)) == 0)
			return -1;
	}
	if (inet_pton(AF_INET6, text, &to->sin6_addr) != 1)
		return -1;
	/* Nobody can be reached by it without. */
	if (scope == NULL && IN6_IS_ADDR_LINKLOCAL(&to->sin6_addr))
		return -1;
	to->sin6_family = AF_INET6;
	to->sin6_port = htons((uint16_t)port);
	server->len = sizeof(*to);
	if (inet_ntop(AF_INET6, &to->sin6_addr, shown, sizeof(shown)) == NULL)
		return -1;
	(void)snprintf(server->text, sizeof(server->text), "[%s%s%.15s]:%u", shown,
	    scope != NULL ? "%" : "", scope != NULL ? scope : "", (uint16_t)port);
	return 0;
}

int
nameserver_make(const char *address, size_t len, unsigned port,
    struct nameserver *server_r)
{
	char text[ADDRESS_SIZE];

	memset(server_r, 0, sizeof(*server_r));
	if (len >= sizeof(text) || memchr(address, '\0', len) != NULL)
		return -1;
	memcpy(text, address, len);
	text[len] = '\0';
	return make_v4(text, port, server_r) == 0 ? 0 : make_v6(text, port, server_r);
}

/* 0: it is none. */
static unsigned
port_of(const char *s)
{
	uint64_t port;

	return ascii_number(s, strlen(s), 65535, &port) == 0 ? (unsigned)port : 0;
}

const char *
nameserver_parse(const char *text, struct nameserver *server_r)
{
	const char *colon = strchr(text, ':'), *end = text + strlen(text), *behind = end;
	unsigned port = NAMESERVER_PORT;

	memset(server_r, 0, sizeof(*server_r));
	if (text[0] == '[') {
		if ((end = strchr(++text, ']')) == NULL)
			return "a bracket is not closed";
		/* Brackets are what an IPv6 address is put in. */
		if (colon == NULL || colon > end)
			return WANTED;
		behind = end + 1;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL)
		behind = end = colon;
	if (*behind != '\0' && *behind != ':')
		return WANTED;
	if (*behind == ':' && (port = port_of(behind + 1)) == 0)
		return "the port is not in 1 to 65535";
	if (nameserver_make(text, (size_t)(end - text), port, server_r) == -1) {
		if (memchr(text, '%', (size_t)(end - text)) != NULL)
			return "not an address, or no such interface";
		return WANTED;
	}
	return NULL;
}

int
nameserver_is_loopback(const struct nameserver *server)
{
	struct netaddr addr = netaddr_of((const struct sockaddr *)&server->address);

	return netaddr_is_kind(&addr, NETADDR_LOOPBACK);
}
