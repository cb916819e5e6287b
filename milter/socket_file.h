/* milter/socket_file.h: the file of a unix socket */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SOCKET_FILE_H
#define AUTHRELAY_SOCKET_FILE_H

/*
 * All take the setting `socket` as it is, and do nothing where it names no unix socket.
 * libmilter removes whatever is at the path, also the socket of a running instance, so
 * the path is looked at before.
 */

/* The path in unix:PATH or local:PATH; NULL: it names no unix socket. */
const char	*socket_file_path(const char *socket);

/*
 * Removes a socket that nobody answers at. Returns -1 and logs why: it is answered, or no
 * socket.
 */
int	socket_file_clear(const char *socket);

/*
 * Gives the file its owner (so that the daemon can ask itself), its group and its mode;
 * "" leaves owner or group as they are. Bind under umask 0777 before: then nobody can
 * connect until this has been done. Returns -1 and logs why.
 */
int	socket_file_share(const char *socket, const char *user, const char *group,
	    unsigned mode);

/*
 * Removes it, if it may; a folder that belongs to somebody else keeps it, and the next
 * start clears it.
 */
void	socket_file_remove(const char *socket);

#endif
