/* milter/os/milter_socket.h: the syntax in which mail servers name a milter's socket */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MILTER_SOCKET_H
#define AUTHRELAY_MILTER_SOCKET_H

#include <sys/un.h>

#define MILTER_SOCKET_HOST_SIZE	256

struct milter_socket {
	enum {
		MILTER_SOCKET_UNIX,
		MILTER_SOCKET_INET,
		MILTER_SOCKET_INET6
	} kind;
	const char	*path;		/* the end of the text that was read; else NULL */
	unsigned	 port;		/* 1 to 65535 */
	char		 host[MILTER_SOCKET_HOST_SIZE];	/* an address or a name */
	int		 is_bracketed;	/* the host was, in [] that are left out */
};

/*
 * Reads unix:PATH, local:PATH, inet:PORT@HOST and inet6:PORT@HOST. A path fits into an
 * address and may be relative; that a host is one is not checked. Returns NULL, or what
 * is wrong as a constant text.
 */
const char	*milter_socket_parse(const char *text, struct milter_socket *);

/* The path in unix:PATH or local:PATH, of any length; NULL: it names no unix socket. */
const char	*milter_socket_path(const char *text);

/* Returns -1 where the path is too long. */
int		 milter_socket_unix(const char *path, struct sockaddr_un *);

#endif
