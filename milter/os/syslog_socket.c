/* milter/os/syslog_socket.c: socket of the syslog daemon */
/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "os/syslog_socket.h"

static void
disconnect(struct syslog_socket *s)
{
	int	error = errno;

	(void)close(s->fd);
	s->fd = -1;
	errno = error;
}

static int
connect_as(struct syslog_socket *s, int type)
{
	struct sockaddr_un	addr = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };

	s->is_stream = type == SOCK_STREAM;
	s->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		return -1;
	if (connect(s->fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
		return 0;
	disconnect(s);
	return -1;
}

static int
connect_any(struct syslog_socket *s)
{
	if (connect_as(s, SOCK_DGRAM) == 0)
		return 0;
	return errno == EPROTOTYPE ? connect_as(s, SOCK_STREAM) : -1;
}

static int
is_full(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

/* A part of a message in a stream would begin the next one: so the stream ends there. */
static int
send_message(struct syslog_socket *s, const char *header, const char *text)
{
	struct iovec	parts[] = {
		{ (void *)(uintptr_t)header, strlen(header) },
		{ (void *)(uintptr_t)text, strlen(text) + (s->is_stream ? 1 : 0) },
	};
	struct msghdr	message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t		n;

	do
		n = sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if ((size_t)n == parts[0].iov_len + parts[1].iov_len)
		return 0;
	disconnect(s);
	errno = ENOBUFS;
	return -1;
}

int
syslog_socket_send(struct syslog_socket *s, const char *header, const char *text)
{
	int	is_new = s->fd == -1;

	if (is_new && connect_any(s) == -1)
		return -1;
	if (send_message(s, header, text) == 0)
		return 0;
	if (s->fd == -1 || is_full(errno) || errno == EMSGSIZE)
		return -1;
	disconnect(s);
	if (is_new || connect_any(s) == -1)
		return -1;
	return send_message(s, header, text);
}
