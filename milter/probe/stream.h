/* milter/probe/stream.h: connection with deadlines, with or without TLS */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_STREAM_H
#define AUTHRELAY_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/netaddr.h"

struct tls_client;
struct tls_client_options;

struct stream {
	int			 fd;		/* -1: there is none */
	struct tls_client	*tls;		/* NULL: in clear */
	const char		*why;		/* what went wrong, constant */
};

void	stream_init(struct stream *);
/*
 * Connects as deadline_connect() does; deadlines are on clock_monotonic_ms(). All that
 * follow return -1 where it went wrong, and why.
 */
int	stream_connect(struct stream *, const struct sockaddr *, socklen_t,
	    const struct netaddr *source, int64_t deadline);
/* Begins TLS. */
int	stream_start_tls(struct stream *, const struct tls_client_options *,
	    int64_t deadline);
/* Its version and cipher, until the next call; NULL: in clear. */
const char	*stream_describe_tls(const struct stream *);
/* Waits for bytes. Returns how many; 0: the other side has closed. */
ssize_t	stream_read(struct stream *, void *, size_t, int64_t deadline);
/* Writes them all. The process has to ignore SIGPIPE. */
int	stream_write(struct stream *, const void *, size_t, int64_t deadline);
void	stream_close(struct stream *);

#endif
