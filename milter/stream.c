/* milter/stream.c: a connection of ours, no wait of which is without an end */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"
#include "tls_client.h"

#define TOO_LATE	"no answer in time"

int64_t
stream_clock(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
stream_wait(int fd, short events, int64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - stream_clock();
		n = poll(&ready, 1, left > 0 ? (int)left : 0);
	} while (n == -1 && errno == EINTR);
	return n == 1;
}

void
stream_init(struct stream *stream)
{
	stream->fd = -1;
	stream->tls = NULL;
	stream->why = NULL;
}

static int
fail(struct stream *stream, const char *why)
{
	stream->why = why;
	return -1;
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

	if (!stream_wait(fd, POLLOUT, deadline))
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int
stream_connect(struct stream *stream, const struct sockaddr *addr, socklen_t len,
    const struct netaddr *source, int64_t deadline)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return fail(stream, strerror(errno));
	if ((source == NULL || bind_to(fd, source) == 0) &&
	    (connect(fd, addr, len) == 0 ||
	    (errno == EINPROGRESS && finish_connect(fd, deadline) == 0))) {
		stream->fd = fd;
		return 0;
	}
	stream->why = strerror(errno);
	(void)close(fd);
	return -1;
}

int
stream_start_tls(struct stream *stream, const struct tls_client_options *options,
    int64_t deadline)
{
	stream->tls = tls_client_new(stream->fd, options, deadline, &stream->why);
	return stream->tls == NULL ? -1 : 0;
}

static ssize_t
read_clear(struct stream *stream, void *bytes, size_t size, int64_t deadline)
{
	ssize_t n;

	for (;;) {
		n = recv(stream->fd, bytes, size, 0);
		if (n >= 0)
			return n;
		if (errno == EAGAIN && !stream_wait(stream->fd, POLLIN, deadline))
			return fail(stream, TOO_LATE);
		if (errno != EAGAIN && errno != EINTR)
			return fail(stream, strerror(errno));
	}
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size, int64_t deadline)
{
	if (stream_clock() >= deadline)
		return fail(stream, TOO_LATE);
	if (stream->tls != NULL)
		return tls_client_read(stream->tls, bytes, size, deadline, &stream->why);
	return read_clear(stream, bytes, size, deadline);
}

static int
write_clear(struct stream *stream, const char *bytes, size_t len, int64_t deadline)
{
	ssize_t n;

	while (len > 0) {
		n = send(stream->fd, bytes, len, MSG_NOSIGNAL);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (!stream_wait(stream->fd, POLLOUT, deadline))
				return fail(stream, TOO_LATE);
		} else if (errno != EINTR) {
			return fail(stream, strerror(errno));
		}
	}
	return 0;
}

int
stream_write(struct stream *stream, const void *bytes, size_t len, int64_t deadline)
{
	if (stream->tls != NULL)
		return tls_client_write(stream->tls, bytes, len, deadline, &stream->why);
	return write_clear(stream, bytes, len, deadline);
}

void
stream_close(struct stream *stream)
{
	tls_client_free(stream->tls);
	stream->tls = NULL;
	if (stream->fd != -1)
		(void)close(stream->fd);
	stream->fd = -1;
}
