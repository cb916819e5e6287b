/* milter/os/signals.c: signals, as events for the main thread */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "os/log.h"
#include "os/signals.h"

#define ENGINE_ENDED	0	/* no signal has this number */

/*
 * A signal's number is a byte in this pipe; a handler is given nothing that it could find
 * it by.
 */
static int pipe_fds[2] = { -1, -1 };

static void
post(int number)
{
	int saved = errno;
	char byte = (char)number;
	ssize_t n;

	/* a full pipe has more than enough events in it */
	do
		n = write(pipe_fds[1], &byte, 1);
	while (n == -1 && errno == EINTR);
	errno = saved;
}

int
signals_open(void)
{
	/* no signal is held back by another: it would go to libmilter's thread then */
	struct sigaction action = { .sa_handler = post,
	    .sa_flags = SA_RESTART | SA_NODEFER };
	/* a peer that is gone, a file that may not grow: errors of calls, not the end */
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigemptyset(&action.sa_mask);
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    sigaction(SIGTERM, &action, NULL) == -1 ||
	    sigaction(SIGINT, &action, NULL) == -1 ||
	    sigaction(SIGHUP, &action, NULL) == -1 ||
	    sigaction(SIGPIPE, &ignore, NULL) == -1 ||
	    sigaction(SIGXFSZ, &ignore, NULL) == -1) {
		log_error("signals: %s", strerror(errno));
		return -1;
	}
	return 0;
}

enum signals_event
signals_wait(int timeout_ms)
{
	struct pollfd ready = { .fd = pipe_fds[0], .events = POLLIN };
	char byte;

	while (read(pipe_fds[0], &byte, 1) != 1) {
		if (poll(&ready, 1, timeout_ms) == 0)
			return SIGNALS_TIMEOUT;
	}
	if (byte == ENGINE_ENDED)
		return SIGNALS_ENGINE_ENDED;
	return byte == SIGHUP ? SIGNALS_RELOAD : SIGNALS_STOP;
}

void
signals_post(void)
{
	post(ENGINE_ENDED);
}

int
signals_create_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	error = pthread_create(thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
