/* milter/os/socket_file.c: file of a unix socket */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/log.h"
#include "os/milter_socket.h"
#include "os/priv.h"
#include "os/socket_file.h"

#define MODE_BITS	0777

/* One socket on its way. */
struct making {
	struct socket_file	*file;
	const char		*path;
	const char		*user;
	uid_t			 uid;		/* who is to own it */
	gid_t			 gid;		/* it is made with */
	int			 has_group;	/* which it has to have in the end, too */
	mode_t			 mode;
	uid_t			 bound_by;
	const char		*setting;
};

/* An error of the path. */
static int
complain(const struct making *m)
{
	log_error("%s: %s", m->path, strerror(errno));
	return -1;
}

/* 1: somebody answers there, 0: nobody does, -1: cannot tell, see errno. */
static int
is_answered(const char *path)
{
	struct sockaddr_un addr;
	int fd, status;

	if (milter_socket_unix(path, &addr) == -1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return -1;
	status = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	/* EAGAIN: somebody listens, and has much to do */
	if (status == 0 || errno == EAGAIN)
		status = 1;
	else if (errno == ECONNREFUSED)
		status = 0;
	else
		status = -1;
	(void)close(fd);
	return status;
}

/* Removes a socket that nobody answers at. The working directory is the socket's. */
static int
clear(const struct making *m)
{
	const struct directory *dir = &m->file->directory;
	struct stat info;
	int answered;

	if (fstatat(dir->fd, dir->name, &info, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : complain(m);
	if (!S_ISSOCK(info.st_mode)) {
		log_error("%s: not a socket; remove the file, or choose another path",
		    m->path);
		return -1;
	}
	if ((answered = is_answered(dir->name)) == 1) {
		log_error("%s: another instance answers at this socket", m->path);
		return -1;
	}
	if (answered == -1 || unlinkat(dir->fd, dir->name, 0) == -1)
		return complain(m);
	return 0;
}

/* An owner that is not to change is the one that we are. */
static int
find_owner(struct making *m, const struct socket_file_options *options)
{
	const struct passwd *user =
	    *options->user == '\0' ? NULL : getpwnam(options->user);
	const struct group *group;

	if (*options->user != '\0' && user == NULL) {
		log_error("user: no such user \"%s\"", options->user);
		return -1;
	}
	m->uid = user == NULL || geteuid() != 0 ? geteuid() : user->pw_uid;
	m->gid = user == NULL || geteuid() != 0 ? getegid() : user->pw_gid;
	if (*options->group == '\0')
		return 0;
	if ((group = getgrnam(options->group)) == NULL) {
		log_error("socket-group: no such group \"%s\"", options->group);
		return -1;
	}
	m->gid = group->gr_gid;
	m->has_group = 1;
	return 0;
}

/* By the directory that is open: a path could lead elsewhere by now. */
static int
bind_here(struct making *m, socket_file_binder *bind_it)
{
	char socket[sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path)];
	mode_t mask;
	int status;

	(void)snprintf(socket, sizeof(socket), "unix:%s", m->file->directory.name);
	m->bound_by = geteuid();
	mask = umask(MODE_BITS & ~m->mode);
	status = bind_it(socket, m->setting);
	(void)umask(mask);
	return status;
}

/* As the user where the user may, else as root, which gives it to the user afterwards. */
static int
bind_as(struct making *m, socket_file_binder *bind_it)
{
	const struct directory *dir = &m->file->directory;
	struct priv_self self;
	int status, may;

	status = priv_act_as(m->user, m->gid, &self);
	may = faccessat(dir->fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
	if (status == 0 && may)
		status = bind_here(m, bind_it);
	if (priv_return(&self) == -1 || status == -1 || may)
		return status;
	if (self.uid != 0)
		return complain(m);
	if (!dir->is_safe) {
		log_error("%s: user \"%s\" cannot create a file in this directory, and "
		    "root does not create one where others could rename a directory on "
		    "its path; make the user the owner of the directory", m->path,
		    m->user);
		return -1;
	}
	if (priv_act_as("", m->gid, &self) == 0)
		status = bind_here(m, bind_it);
	else
		status = -1;
	return priv_return(&self) == -1 ? -1 : status;
}

/* The link is to the file that is open, whatever its name leads to. */
static int
change_mode(int fd, mode_t mode)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return chmod(link, mode);
}

/*
 * What is to be changed: all of it where root bound the file, the group where the
 * directory gives its own to every file, the mode where it has a default ACL.
 */
static int
settle(struct making *m, int fd)
{
	struct stat info;
	gid_t gid;

	if (fstat(fd, &info) == -1)
		return complain(m);
	if (!S_ISSOCK(info.st_mode) || info.st_uid != m->bound_by || info.st_nlink != 1) {
		log_error("%s: the socket was replaced by another process while it was "
		    "bound", m->path);
		return -1;
	}
	m->file->dev = info.st_dev;
	m->file->ino = info.st_ino;
	gid = m->has_group ? m->gid : info.st_gid;
	if ((info.st_uid != m->uid || info.st_gid != gid) &&
	    fchownat(fd, "", m->uid, gid, AT_EMPTY_PATH) == -1) {
		log_error("%s: cannot change owner and group: %s", m->path,
		    strerror(errno));
		return -1;
	}
	if ((info.st_mode & MODE_BITS) != m->mode && change_mode(fd, m->mode) == -1) {
		log_error("%s: cannot change mode: %s", m->path, strerror(errno));
		return -1;
	}
	return 0;
}

static int
make(struct making *m, socket_file_binder *bind_it)
{
	const struct directory *dir = &m->file->directory;
	int fd, status;

	if (fchdir(dir->fd) == -1)
		return complain(m);
	if (clear(m) == -1 || bind_as(m, bind_it) == -1)
		return -1;
	fd = openat(dir->fd, dir->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return complain(m);
	status = settle(m, fd);
	(void)close(fd);
	return status;
}

int
socket_file_bind(struct socket_file *file, const struct socket_file_options *options,
    socket_file_binder *bind_it)
{
	struct making m = { .file = file, .path = milter_socket_path(options->socket),
	    .setting = options->socket, .user = options->user, .mode = options->mode };
	int here, status;

	*file = (struct socket_file){ .directory = { .fd = -1 } };
	if (m.path == NULL)
		return bind_it(options->socket, options->socket);
	if (find_owner(&m, options) == -1)
		return -1;
	if (directory_open(m.path, &file->directory) == -1)
		return complain(&m);
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	status = make(&m, bind_it);
	if (here == -1 || fchdir(here) == -1)
		status = chdir("/") == -1 ? -1 : status;
	if (here != -1)
		(void)close(here);
	return status;
}

void
socket_file_remove(struct socket_file *file)
{
	const struct directory *dir = &file->directory;
	struct stat info;

	if (dir->fd == -1)
		return;
	if (file->ino != 0 &&
	    fstatat(dir->fd, dir->name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    info.st_dev == file->dev && info.st_ino == file->ino)
		(void)unlinkat(dir->fd, dir->name, 0);
	directory_close(&file->directory);
}
