/* milter/os/syslog_socket.h: socket of the syslog daemon */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SYSLOG_SOCKET_H
#define AUTHRELAY_SYSLOG_SOCKET_H

/*
 * syslog(3) does not say whether a message was taken, and waits for a syslog daemon that
 * hangs. This is a client of the same socket that does neither. For one thread at a time:
 * the caller has a lock.
 */
struct syslog_socket {
	int	fd;		/* -1: not connected */
	int	is_stream;	/* messages end in a NUL */
};

/*
 * Sends "HEADERTEXT", the header as RFC 3164 has it, to _PATH_LOG: on a datagram socket
 * or, where that is one, a stream. Never waits. Connects where it is not connected, and
 * once more where the other end has gone: a syslog daemon that was restarted. -1 and
 * errno: the message was not taken; EAGAIN or ENOBUFS: there was no room for it.
 */
int	syslog_socket_send(struct syslog_socket *, const char *header, const char *text);

#endif
