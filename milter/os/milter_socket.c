/* milter/os/milter_socket.c: the syntax in which mail servers name a milter's socket */
/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <sys/socket.h>

#include "core/ascii.h"
#include "os/milter_socket.h"

/* What is behind a prefix; NULL: the text does not begin with it. */
static const char *
behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

const char *
milter_socket_path(const char *text)
{
	const char *path = behind(text, "unix:");

	return path != NULL ? path : behind(text, "local:");
}

int
milter_socket_unix(const char *path, struct sockaddr_un *addr)
{
	size_t len = strlen(path);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(addr->sun_path))
		return -1;
	memcpy(addr->sun_path, path, len);
	return 0;
}

static const char *
parse_inet(const char *text, struct milter_socket *socket)
{
	const char *at = strchr(text, '@'), *host;
	uint64_t port;
	size_t len;

	if (at == NULL)
		return "there is no @ between port and host";
	if (ascii_number(text, (size_t)(at - text), 65535, &port) != 0 || port == 0)
		return "the port is not between 1 and 65535";
	socket->port = (unsigned)port;
	host = at + 1;
	len = strlen(host);
	socket->is_bracketed = host[0] == '[' && host[len - 1] == ']';
	if (socket->is_bracketed) {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(socket->host))
		return "the host is missing or too long";
	memcpy(socket->host, host, len);
	return NULL;
}

const char *
milter_socket_parse(const char *text, struct milter_socket *socket)
{
	struct sockaddr_un addr;
	const char *inet;

	*socket = (struct milter_socket){ .path = milter_socket_path(text) };
	if (socket->path != NULL)
		return milter_socket_unix(socket->path, &addr) == 0 ? NULL :
		    "the path is longer than 107 bytes";
	socket->kind = MILTER_SOCKET_INET;
	if ((inet = behind(text, "inet:")) == NULL) {
		socket->kind = MILTER_SOCKET_INET6;
		inet = behind(text, "inet6:");
	}
	return inet == NULL ? "unknown kind of socket" : parse_inet(inet, socket);
}
