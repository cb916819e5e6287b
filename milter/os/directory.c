/* milter/os/directory.c: the directory of a file, held open */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/directory.h"

/* Whether nobody but root can make, rename or remove a name in it. */
static int
is_roots_alone(const struct stat *st)
{
	return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* In /tmp and the like nobody can rename what belongs to root. */
static int
is_kept(const struct stat *parent, const struct stat *st)
{
	return is_roots_alone(parent) ||
	    (parent->st_uid == 0 && (parent->st_mode & S_ISVTX) != 0 && st->st_uid == 0);
}

/* Goes on to the directory of this name; closes the one that it comes from. */
static int
step(struct directory *dir, const char *name, size_t len)
{
	char part[NAME_MAX + 1];
	struct stat parent, st;
	int fd, flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, name, len);
	part[len] = '\0';
	if (fstat(dir->fd, &parent) == -1)
		return -1;
	if (geteuid() == 0 && !is_roots_alone(&parent))
		flags |= O_NOFOLLOW;
	if ((fd = openat(dir->fd, part, flags)) == -1)
		return -1;
	(void)close(dir->fd);
	dir->fd = fd;
	if (fstat(fd, &st) == -1)
		return -1;
	dir->is_safe &= is_kept(&parent, &st);
	return 0;
}

int
directory_open(const char *path, struct directory *directory_r)
{
	const char *slash = strrchr(path, '/'), *at = path, *end;

	*directory_r = (struct directory){ .fd = open(*path == '/' ? "/" : ".",
	    O_PATH | O_DIRECTORY | O_CLOEXEC), .is_safe = *path == '/' };
	directory_r->name = slash == NULL ? path : slash + 1;
	if (directory_r->fd == -1)
		return -1;
	for (; at < directory_r->name; at = end + 1) {
		end = strchr(at, '/');
		if (end > at && step(directory_r, at, (size_t)(end - at)) == -1) {
			directory_close(directory_r);
			return -1;
		}
	}
	return 0;
}

void
directory_close(struct directory *dir)
{
	int error = errno;

	if (dir->fd != -1)
		(void)close(dir->fd);
	dir->fd = -1;
	errno = error;
}

char *
directory_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
