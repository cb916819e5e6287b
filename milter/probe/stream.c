/* milter/probe/stream.c: connection with deadlines, with or without TLS */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/deadline.h"
#include "probe/stream.h"
#include "probe/tls_client.h"

#define TOO_LATE	"no answer in time"

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

int
stream_connect(struct stream *stream, const struct sockaddr *addr, socklen_t len,
    const struct netaddr *source, int64_t deadline)
{
	int on = 1;

	stream->fd = deadline_connect(addr, len, source, deadline);
	if (stream->fd == -1)
		return fail(stream, strerror(errno));
	/* What is written is whole; it need not wait for more. */
	(void)setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

int
stream_start_tls(struct stream *stream, const struct tls_client_options *options,
    int64_t deadline)
{
	stream->tls = tls_client_new(stream->fd, options, deadline, &stream->why);
	return stream->tls == NULL ? -1 : 0;
}

const char *
stream_describe_tls(const struct stream *stream)
{
	return stream->tls == NULL ? NULL : tls_client_describe(stream->tls);
}

static ssize_t
read_clear(struct stream *stream, void *bytes, size_t size, int64_t deadline)
{
	ssize_t n;

	for (;;) {
		n = recv(stream->fd, bytes, size, 0);
		if (n >= 0)
			return n;
		if (errno == EAGAIN && !deadline_wait(stream->fd, POLLIN, deadline))
			return fail(stream, TOO_LATE);
		if (errno != EAGAIN && errno != EINTR)
			return fail(stream, strerror(errno));
	}
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size, int64_t deadline)
{
	if (clock_monotonic_ms() >= deadline)
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
			if (!deadline_wait(stream->fd, POLLOUT, deadline))
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
