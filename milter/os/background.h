/* milter/os/background.h: daemonization and the pid file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_BACKGROUND_H
#define AUTHRELAY_BACKGROUND_H

#include "os/directory.h"

/* What a process that goes to the background has to keep; made by background_init(). */
struct background {
	int	parent_fd;	/* our end of the pipe to the parent, -1: there is none */
	int	pid_fd;		/* the pid file, open over the change of user; or -1 */
	struct directory pid_directory;	/* its directory; the name is the caller's */
};

void	background_init(struct background *);

/*
 * Forks. The child comes back from the call, in a session of its own; the parent waits
 * until the child has said background_ready(), and exits with 0, or has ended before, and
 * exits with the child's status. Returns -1 and logs why.
 */
int	background_start(struct background *);

/*
 * Lets the parent go, and standard input, output and error with it. Does nothing without
 * a parent.
 */
void	background_ready(struct background *);

/*
 * Writes our process id to the file ("": none), which root makes new: as
 * the daemon's user where others could rename a directory on the way to it. Returns -1
 * and logs why.
 */
int	background_write_pid(struct background *, const char *file, const char *user);

/*
 * Removes the file if it is still the one that was written, or empties it where the
 * directory is no longer ours.
 */
void	background_remove_pid(struct background *, const char *file);

#endif
