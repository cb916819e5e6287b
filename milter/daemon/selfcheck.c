/* milter/daemon/selfcheck.c: connections to the daemon's own socket */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/netaddr.h"
#include "daemon/selfcheck.h"
#include "os/clock.h"
#include "os/deadline.h"
#include "os/milter_socket.h"

#define PORTS	64	/* of the last connections; more are never under way at once */

/* Local ports of the self-checks: written before they connect. */
static atomic_int ports[PORTS];
static atomic_uint ports_next;

static int
find_inet(const struct milter_socket *socket, struct selfcheck_place *place)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV,
	    .ai_family = socket->kind == MILTER_SOCKET_INET ? AF_INET : AF_INET6 }, *list;
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", (uint16_t)socket->port);
	if (getaddrinfo(socket->host, port, &hints, &list) != 0)
		return -1;
	memcpy(&place->address, list->ai_addr, list->ai_addrlen);
	place->len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

int
selfcheck_find(const char *socket, struct selfcheck_place *place_r)
{
	struct milter_socket parsed;

	memset(place_r, 0, sizeof(*place_r));
	if (milter_socket_parse(socket, &parsed) != NULL)
		return -1;
	if (parsed.path == NULL)
		return find_inet(&parsed, place_r);
	place_r->len = sizeof(struct sockaddr_un);
	return milter_socket_unix(parsed.path,
	    (struct sockaddr_un *)(void *)&place_r->address);
}

int
selfcheck_is_own(int port)
{
	for (size_t i = 0; i < PORTS; i++) {
		int expected = port;

		if (port != 0 && atomic_compare_exchange_strong(&ports[i], &expected, 0))
			return 1;
	}
	return 0;
}

/*
 * The port tells a connection of the daemon from that of another process of this host.
 */
static int
choose_port(int fd, int family)
{
	union {
		struct sockaddr		any;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
	} addr = { .in6 = { .sin6_family = (sa_family_t)family } };
	socklen_t len = family == AF_INET ? sizeof(addr.in) : sizeof(addr.in6);
	in_port_t port;

	if (family == AF_UNIX)
		return 0;
	if (bind(fd, &addr.any, len) == -1 || getsockname(fd, &addr.any, &len) == -1)
		return -1;
	port = family == AF_INET ? addr.in.sin_port : addr.in6.sin6_port;
	atomic_store(&ports[atomic_fetch_add(&ports_next, 1) % PORTS], ntohs(port));
	return 0;
}

/* A socket that connects, and does not block; or -1. */
static int
begin(const struct selfcheck_place *place)
{
	int fd = socket(place->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (choose_port(fd, place->address.ss_family) == 0 &&
	    (connect(fd, (const struct sockaddr *)&place->address, place->len) == 0 ||
	    errno == EINPROGRESS))
		return fd;
	(void)close(fd);
	return -1;
}

void
selfcheck_wake_thread(const struct selfcheck_place *place)
{
	int fd = begin(place);

	if (fd != -1)
		(void)close(fd);
}

/*
 * A packet is its length, a command and its data: O is the offer, with version, actions,
 * steps.
 */
static int
is_offer_taken(int fd, int64_t deadline)
{
	static const char offer[] = "\0\0\0\015O\0\0\0\006\0\0\001\377\0\037\377\377";
	static const char goodbye[] = "\0\0\0\001Q";
	char head[5];
	size_t got = 0;
	ssize_t n;

	if (send(fd, offer, sizeof(offer) - 1, MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(offer) - 1)
		return 0;
	while (got < sizeof(head) && deadline_wait(fd, POLLIN, deadline)) {
		n = recv(fd, head + got, sizeof(head) - got, 0);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	if (got < sizeof(head) || head[4] != 'O')
		return 0;
	(void)send(fd, goodbye, sizeof(goodbye) - 1, MSG_NOSIGNAL);
	return 1;
}

int
selfcheck_is_answered(const char *socket, int timeout_ms)
{
	int64_t deadline = clock_monotonic_ms() + timeout_ms;
	struct selfcheck_place place;
	int fd, is_answered;

	if (selfcheck_find(socket, &place) == -1 || (fd = begin(&place)) == -1)
		return 0;
	is_answered = deadline_wait(fd, POLLOUT, deadline) &&
	    is_offer_taken(fd, deadline);
	(void)close(fd);
	return is_answered;
}
