/* milter/os/deadline.c: connect and poll with a deadline */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/deadline.h"

int
deadline_wait(int fd, short events, int64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - clock_monotonic_ms();
		n = poll(&ready, 1, left > 0 ? (int)left : 0);
	} while (n == -1 && errno == EINTR);
	return n == 1;
}

static int
bind_to(int fd, const struct netaddr *source)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (source->family == NETADDR_V4) {
		memcpy(&v4.sin_addr, source->bytes, sizeof(v4.sin_addr));
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	}
	memcpy(&v6.sin6_addr, source->bytes, sizeof(v6.sin6_addr));
	return bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

/* Returns 0, or -1 with errno. */
static int
finish_connect(int fd, int64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (!deadline_wait(fd, POLLOUT, deadline))
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int
deadline_connect(const struct sockaddr *addr, socklen_t len, const struct netaddr *source,
    int64_t deadline)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd == -1)
		return -1;
	if ((source == NULL || bind_to(fd, source) == 0) &&
	    (connect(fd, addr, len) == 0 ||
	    (errno == EINPROGRESS && finish_connect(fd, deadline) == 0)))
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}
