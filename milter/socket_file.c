/* milter/socket_file.c: the file of a unix socket */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "socket_file.h"

const char *
socket_file_path(const char *socket)
{
	if (strncmp(socket, "unix:", 5) == 0)
		return socket + 5;
	if (strncmp(socket, "local:", 6) == 0)
		return socket + 6;
	return NULL;
}

/* 1: somebody answers there, 0: nobody does, -1: cannot tell, see errno. */
static int
is_answered(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, status;

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, len);
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

int
socket_file_clear(const char *socket)
{
	const char *path = socket_file_path(socket);
	struct stat info;
	int answered;

	if (path == NULL)
		return 0;
	if (lstat(path, &info) == -1) {
		if (errno == ENOENT)
			return 0;
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISSOCK(info.st_mode)) {
		log_error("%s: a file that is no socket; it is left alone", path);
		return -1;
	}
	if ((answered = is_answered(path)) == 1) {
		log_error("%s: another instance answers at this socket", path);
		return -1;
	}
	if (answered == -1 || unlink(path) == -1) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* An owner that is not to change is -1, as chown(2) has it. */
static int
find_owner(const char *user, const char *group, uid_t *uid_r, gid_t *gid_r)
{
	const struct passwd *passwd = *user == '\0' ? NULL : getpwnam(user);
	const struct group *entry = *group == '\0' ? NULL : getgrnam(group);

	if ((*user != '\0' && passwd == NULL) || (*group != '\0' && entry == NULL)) {
		log_error("user, socket-group: one of them is not there");
		return -1;
	}
	*uid_r = passwd == NULL || geteuid() != 0 ? (uid_t)-1 : passwd->pw_uid;
	*gid_r = entry == NULL ? (gid_t)-1 : entry->gr_gid;
	return 0;
}

int
socket_file_share(const char *socket, const char *user, const char *group, unsigned mode)
{
	const char *path = socket_file_path(socket);
	uid_t uid;
	gid_t gid;

	if (path == NULL)
		return 0;
	if (find_owner(user, group, &uid, &gid) == -1)
		return -1;
	if (chown(path, uid, gid) == -1) {
		log_error("%s: cannot be given to its owner and group: %s", path,
		    strerror(errno));
		return -1;
	}
	if (chmod(path, (mode_t)mode) == -1) {
		log_error("%s: cannot be given its mode: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

void
socket_file_remove(const char *socket)
{
	const char *path = socket_file_path(socket);

	if (path != NULL)
		(void)unlink(path);
}
