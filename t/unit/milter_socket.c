/* t/unit/milter_socket.c: how the socket of a milter is named */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "os/milter_socket.h"
#include "tap.h"

#define PORT	"the port is not between 1 and 65535"
#define HOST	"the host is missing or too long"
#define AT	"there is no @ between port and host"
#define KIND	"unknown kind of socket"

static const struct {
	const char	*text;
	const char	*why;		/* NULL: it is a socket */
	int		 kind;
	const char	*place;		/* path or host */
	unsigned	 port;
	int		 is_bracketed;
} rows[] = {
	{ "unix:/run/authrelay/milter.sock", NULL, MILTER_SOCKET_UNIX, "/run/authrelay/milter.sock",
	  0, 0 },
	{ "local:/run/a@b", NULL, MILTER_SOCKET_UNIX, "/run/a@b", 0, 0 },
	{ "unix:milter.sock", NULL, MILTER_SOCKET_UNIX, "milter.sock", 0, 0 },
	{ "unix:", NULL, MILTER_SOCKET_UNIX, "", 0, 0 },
	{ "unix:unix:/s", NULL, MILTER_SOCKET_UNIX, "unix:/s", 0, 0 },
	{ "inet:8891@127.0.0.1", NULL, MILTER_SOCKET_INET, "127.0.0.1", 8891, 0 },
	{ "inet:1@localhost", NULL, MILTER_SOCKET_INET, "localhost", 1, 0 },
	{ "inet:65535@[127.0.0.1]", NULL, MILTER_SOCKET_INET, "127.0.0.1", 65535, 1 },
	{ "inet:00025@mx.example", NULL, MILTER_SOCKET_INET, "mx.example", 25, 0 },
	{ "inet6:8891@::1", NULL, MILTER_SOCKET_INET6, "::1", 8891, 0 },
	{ "inet6:8891@[::1]", NULL, MILTER_SOCKET_INET6, "::1", 8891, 1 },
	{ "inet6:8891@[::1", NULL, MILTER_SOCKET_INET6, "[::1", 8891, 0 },
	{ "inet:25@[", NULL, MILTER_SOCKET_INET, "[", 25, 0 },
	{ "inet:25@a@b", NULL, MILTER_SOCKET_INET, "a@b", 25, 0 },
	{ "inet:25", AT, 0, NULL, 0, 0 },
	{ "inet:", AT, 0, NULL, 0, 0 },
	{ "inet:@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:0@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:65536@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:18446744073709551617@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:-1@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:smtp@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet: 25@127.0.0.1", PORT, 0, NULL, 0, 0 },
	{ "inet:25@", HOST, 0, NULL, 0, 0 },
	{ "inet:25@[]", HOST, 0, NULL, 0, 0 },
	{ "inet6:25@", HOST, 0, NULL, 0, 0 },
	{ "/run/milter.sock", KIND, 0, NULL, 0, 0 },
	{ "UNIX:/s", KIND, 0, NULL, 0, 0 },
	{ "inet4:25@127.0.0.1", KIND, 0, NULL, 0, 0 },
	{ "unix", KIND, 0, NULL, 0, 0 },
	{ "", KIND, 0, NULL, 0, 0 },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct milter_socket socket;
		const char *why = milter_socket_parse(rows[i].text, &socket);

		tap_is_str(why, rows[i].why, "\"%s\"", rows[i].text);
		if (why != NULL || rows[i].why != NULL)
			continue;
		tap_is_int(socket.kind, rows[i].kind, "its kind");
		tap_is_str(socket.kind == MILTER_SOCKET_UNIX ? socket.path : socket.host,
		    rows[i].place, "its path or host");
		tap_ok((socket.path != NULL) == (socket.kind == MILTER_SOCKET_UNIX),
		    "only a unix socket has a path");
		tap_is_int(socket.port, rows[i].port, "its port");
		tap_is_int(socket.is_bracketed, rows[i].is_bracketed, "its brackets");
	}
}

/* The longest that there is room for, and a byte more. */
static void
test_lengths(void)
{
	struct milter_socket socket;
	struct sockaddr_un addr;
	char text[512];
	const int path = (int)sizeof(addr.sun_path) - 1, host = MILTER_SOCKET_HOST_SIZE - 1;

	(void)snprintf(text, sizeof(text), "unix:/%0*d", path - 1, 0);
	tap_is_str(milter_socket_parse(text, &socket), NULL, "a path of %d bytes", path);
	tap_is_int(milter_socket_unix(socket.path, &addr), 0, "it fits into an address");
	tap_is_int(addr.sun_family, AF_UNIX, "of a unix socket");
	tap_is_str(addr.sun_path, text + 5, "which has it");
	(void)snprintf(text, sizeof(text), "local:/%0*d", path, 0);
	tap_is_str(milter_socket_parse(text, &socket), "the path is longer than 107 bytes",
	    "a path of one more");
	tap_is_str(milter_socket_path(text), text + 6, "which has a path all the same");
	tap_is_int(milter_socket_unix(text + 6, &addr), -1, "and it does not fit");
	(void)snprintf(text, sizeof(text), "inet:25@%0*d", host, 0);
	tap_is_str(milter_socket_parse(text, &socket), NULL, "a host of %d bytes", host);
	tap_is_int((long long)strlen(socket.host), host, "it is whole");
	(void)snprintf(text, sizeof(text), "inet:25@%0*d", host + 1, 0);
	tap_is_str(milter_socket_parse(text, &socket), HOST, "a host of one more");
	tap_is_str(milter_socket_path("inet:25@127.0.0.1"), NULL, "an inet socket has no path");
}

int
main(void)
{
	test_rows();
	test_lengths();
	return tap_done();
}
