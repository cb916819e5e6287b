/* milter/os/directory.h: the directory of a file, held open */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_DIRECTORY_H
#define AUTHRELAY_DIRECTORY_H

/*
 * Root opens the directory of a file once, and then names the file by this descriptor
 * and its last part: a path that is resolved a second time may lead elsewhere, if
 * somebody else owns a directory on the way.
 */
struct directory {
	int		 fd;		/* O_PATH; -1: none */
	const char	*name;		/* of the file in it; in the path, not owned */
	int		 is_safe;	/* only root may change a name on the way to it */
};

/*
 * Root follows a symbolic link only where nobody else could have made it; elsewhere it is
 * ENOTDIR. Returns -1 and sets errno.
 */
int	directory_open(const char *path, struct directory *directory_r);
void	directory_close(struct directory *);

/* The path of the directory that a path leads into, the caller's; NULL: no memory. */
char	*directory_path(const char *path);

#endif
