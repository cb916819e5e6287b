/* milter/probe/probe_address.c: relay tester: address of the target */
/* SPDX-License-Identifier: ISC */

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/deadline.h"
#include "os/milter_socket.h"
#include "os/ownaddr.h"
#include "probe/probe.h"

#define PORT_SIZE	32

static int
is_allowed(const struct addrinfo *info, int is_sure)
{
	struct netaddr addr = netaddr_of(info->ai_addr);

	return addr.family != NETADDR_NONE && (is_sure || ownaddr_is_near(&addr));
}

static const struct addrinfo *
next_allowed(const struct addrinfo *info, int is_sure)
{
	while (info != NULL && !is_allowed(info, is_sure))
		info = info->ai_next;
	return info;
}

/* Of several addresses, the first that is answered at; of those that may be asked. */
static const struct addrinfo *
choose(const struct probe_target *target, const struct addrinfo *list, int is_sure)
{
	const struct addrinfo *first = next_allowed(list, is_sure), *i;
	int fd;

	if (first == NULL || next_allowed(first->ai_next, is_sure) == NULL)
		return first;
	for (i = first; i != NULL; i = next_allowed(i->ai_next, is_sure)) {
		fd = deadline_connect(i->ai_addr, i->ai_addrlen, target->smtp.source,
		    clock_monotonic_ms() + target->smtp.timeout_ms);
		if (fd == -1)
			continue;
		(void)close(fd);
		return i;
	}
	return first;
}

/* As it is in an address literal. */
static void
take_address(struct probe_target *target, const struct addrinfo *info)
{
	struct netaddr addr = netaddr_of(info->ai_addr);
	char text[NETADDR_TEXT_SIZE];

	memcpy(&target->addr, info->ai_addr, info->ai_addrlen);
	target->len = info->ai_addrlen;
	netaddr_format(&addr, text);
	(void)snprintf(target->literal, sizeof(target->literal), "%s%s",
	    addr.family == NETADDR_V6 ? "IPv6:" : "", text);
	target->names.address = target->literal;
}

static const char *
resolve(struct probe_target *target, const char *port, int family, int is_sure)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = family };
	struct addrinfo *list;
	const struct addrinfo *chosen;
	int error = getaddrinfo(target->host, port, &hints, &list);

	if (error != 0)
		return gai_strerror(error);
	if ((chosen = choose(target, list, is_sure)) != NULL)
		take_address(target, chosen);
	freeaddrinfo(list);
	return chosen != NULL ? NULL : "neither loopback nor private; if you run this "
	    "server, use --yes-i-run-this-server";
}

static int
copy(char *to, size_t size, const char *from, size_t len)
{
	if (len == 0 || len >= size)
		return -1;
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address alone. */
static const char *
find_server(struct probe_target *target, int is_sure)
{
	const char *text = target->text, *colon = strchr(text, ':');
	const char *end = text + strlen(text);
	char port[PORT_SIZE];
	int family = target->smtp.source == NULL ? AF_UNSPEC :
	    target->smtp.source->family == NETADDR_V4 ? AF_INET : AF_INET6;

	(void)snprintf(port, sizeof(port), "%s",
	    target->smtp.security == SMTP_CLIENT_TLS ? "465" : "25");
	if (text[0] == '[') {
		if ((end = strchr(++text, ']')) == NULL ||
		    (end[1] != '\0' && end[1] != ':'))
			return "invalid server; allowed: HOST, HOST:PORT, [ADDRESS]:PORT";
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		end = colon;
	} else {
		colon = NULL;
	}
	if (copy(target->host, sizeof(target->host), text, (size_t)(end - text)) == -1 ||
	    (colon != NULL &&
	    copy(port, sizeof(port), colon + 1, strlen(colon + 1)) == -1))
		return "invalid server; allowed: HOST, HOST:PORT, [ADDRESS]:PORT";
	return resolve(target, port, family, is_sure);
}

/* As in the setting `socket`; or a path. */
static const char *
find_filter(struct probe_target *target, int is_sure)
{
	const char *text = target->text;
	const char *path = text[0] == '/' ? text : milter_socket_path(text);
	struct milter_socket socket;
	char port[PORT_SIZE];

	if (path != NULL) {
		target->names.address = "127.0.0.1";
		target->len = sizeof(struct sockaddr_un);
		return milter_socket_unix(path,
		    (struct sockaddr_un *)(void *)&target->addr) == 0 ?
		    NULL : "the path is too long";
	}
	if (milter_socket_parse(text, &socket) != NULL ||
	    copy(target->host, sizeof(target->host), socket.host,
	    strlen(socket.host)) == -1)
		return "invalid socket; allowed: unix:PATH, inet:PORT@HOST, "
		    "inet6:PORT@HOST";
	(void)snprintf(port, sizeof(port), "%u", socket.port);
	return resolve(target, port,
	    socket.kind == MILTER_SOCKET_INET ? AF_INET : AF_INET6, is_sure);
}

const char *
probe_address_find(struct probe_target *target, int is_sure)
{
	return target->is_milter ? find_filter(target, is_sure) :
	    find_server(target, is_sure);
}
