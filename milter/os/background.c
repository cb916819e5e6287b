/* milter/os/background.c: daemonization and the pid file */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/background.h"
#include "os/log.h"
#include "os/priv.h"

void
background_init(struct background *bg)
{
	bg->parent_fd = -1;
	bg->pid_fd = -1;
	bg->pid_directory = (struct directory){ .fd = -1 };
}

static void
wait_for_child(int fd, pid_t child)
{
	char ready;
	ssize_t n;
	int status;

	do
		n = read(fd, &ready, 1);
	while (n == -1 && errno == EINTR);
	if (n == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(1);
}

int
background_start(struct background *bg)
{
	int fds[2];
	pid_t child;

	if (chdir("/") == -1 || pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		log_error("cannot detach from the terminal: %s", strerror(errno));
		return -1;
	}
	if (child != 0) {
		(void)close(fds[1]);
		wait_for_child(fds[0], child);
	}
	(void)close(fds[0]);
	bg->parent_fd = fds[1];
	(void)setsid();
	return 0;
}

static void
leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

void
background_ready(struct background *bg)
{
	if (bg->parent_fd == -1)
		return;
	leave_terminal();
	if (write(bg->parent_fd, "", 1) == -1)
		log_warn("the parent process has exited early");
	(void)close(bg->parent_fd);
	bg->parent_fd = -1;
}

/*
 * Root makes a new file in the directory that it has opened: an existing file of that
 * name may be a link that another user made to a file that is not his own.
 */
static int
create(const struct directory *dir)
{
	const int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	struct stat info;

	if (fstatat(dir->fd, dir->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(info.st_mode)) {
			errno = EEXIST;
			return -1;
		}
		(void)unlinkat(dir->fd, dir->name, 0);
	}
	return openat(dir->fd, dir->name, how, 0644);
}

/* Where others could rename a directory on the way to it, root makes it as the user. */
static int
create_as(const struct directory *dir, const char *user)
{
	struct priv_self self;
	int fd = -1, error;

	if (priv_act_as(dir->is_safe ? "" : user, (gid_t)-1, &self) == 0)
		fd = create(dir);
	error = errno;
	if (priv_return(&self) == -1 && fd != -1) {
		(void)close(fd);
		fd = -1;
	}
	errno = error;
	return fd;
}

static int
open_pid_file(struct background *bg, const char *file, const char *user)
{
	if (directory_open(file, &bg->pid_directory) == -1)
		return -1;
	if (geteuid() == 0)
		return create_as(&bg->pid_directory, user);
	return open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
}

int
background_write_pid(struct background *bg, const char *file, const char *user)
{
	if (*file == '\0')
		return 0;
	bg->pid_fd = open_pid_file(bg, file, user);
	if (bg->pid_fd == -1 || dprintf(bg->pid_fd, "%ld\n", (long)getpid()) < 0) {
		log_error("%s: %s", file, strerror(errno));
		return -1;
	}
	return 0;
}

/* Another instance may have made the file new since. */
static int
is_ours(const struct background *bg)
{
	const struct directory *dir = &bg->pid_directory;
	struct stat named, ours;

	return fstatat(dir->fd, dir->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstat(bg->pid_fd, &ours) == 0 && named.st_dev == ours.st_dev &&
	    named.st_ino == ours.st_ino;
}

void
background_remove_pid(struct background *bg, const char *file)
{
	if (bg->pid_fd != -1 && is_ours(bg) &&
	    unlinkat(bg->pid_directory.fd, bg->pid_directory.name, 0) == -1 &&
	    ftruncate(bg->pid_fd, 0) == -1)
		log_warn("%s: %s", file, strerror(errno));
	if (bg->pid_fd != -1)
		(void)close(bg->pid_fd);
	bg->pid_fd = -1;
	directory_close(&bg->pid_directory);
}
