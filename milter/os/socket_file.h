/* milter/os/socket_file.h: file of a unix socket */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SOCKET_FILE_H
#define AUTHRELAY_SOCKET_FILE_H

#include <sys/types.h>

#include "os/directory.h"

/* What is wanted; the texts are not owned. */
struct socket_file_options {
	const char	*socket;	/* the setting `socket`, as it is */
	const char	*user;		/* owns it: the self-check needs that; "": we */
	const char	*group;		/* "": the user's */
	mode_t		 mode;
};

/* The file that was bound; made by socket_file_bind(). */
struct socket_file {
	struct directory	 directory;	/* fd -1: no file was bound */
	dev_t			 dev;
	ino_t			 ino;
};

/*
 * Binds and listens: `socket` is in the syntax of the setting, with a path that is
 * relative to the working directory; errors name it as `shown`. Returns -1, logged.
 */
typedef int	socket_file_binder(const char *socket, const char *shown);

/*
 * Has the socket bound. The file is born with its owner, group and mode: it is
 * bound as the user where the user may write in its directory, else as root. What root
 * changes then it changes by a descriptor of the file, never by a path, as the user could
 * have put a link to another file there.
 *
 * A stale socket, at which nobody answers, is removed before. Returns -1 and logs why:
 * it is answered, not a socket, or cannot be bound. Where `socket` is not a unix
 * socket, it is bound and nothing else.
 */
int	socket_file_bind(struct socket_file *, const struct socket_file_options *,
	    socket_file_binder *);

/*
 * Removes it if it is still the file that was bound, and if we may; in a directory that
 * belongs to another user it stays, and the next start removes it.
 */
void	socket_file_remove(struct socket_file *);

#endif
