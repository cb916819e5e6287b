/* milter/background.c: a daemon's life apart from the terminal */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "background.h"
#include "log.h"

void
background_init(struct background *bg)
{
	bg->parent_fd = -1;
	bg->pid_fd = -1;
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
		log_error("cannot go to the background: %s", strerror(errno));
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
		log_warn("the parent has gone before");
	(void)close(bg->parent_fd);
	bg->parent_fd = -1;
}

int
background_write_pid(struct background *bg, const char *file)
{
	if (*file == '\0')
		return 0;
	bg->pid_fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (bg->pid_fd == -1 || dprintf(bg->pid_fd, "%ld\n", (long)getpid()) < 0) {
		log_error("%s: %s", file, strerror(errno));
		return -1;
	}
	return 0;
}

void
background_remove_pid(struct background *bg, const char *file)
{
	if (bg->pid_fd == -1)
		return;
	if (unlink(file) == -1 && ftruncate(bg->pid_fd, 0) == -1)
		log_warn("%s: %s", file, strerror(errno));
	(void)close(bg->pid_fd);
	bg->pid_fd = -1;
}
