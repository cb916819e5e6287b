/* milter/probe/tls_client.h: client side of TLS, by OpenSSL */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_TLS_CLIENT_H
#define AUTHRELAY_TLS_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_client;

struct tls_client_options {
	const char	*name;		/* of the server, or its address; may be NULL */
	int		 is_address;
	int		 is_checked;	/* the certificate must be good for this name */
	const char	*ca_file;	/* authorities; NULL: the system's */
};

/*
 * Shakes hands over a connected, non-blocking socket, which stays the caller's. NULL: it
 * failed, and why is a text that lives until the next failure. For one thread.
 */
struct tls_client	*tls_client_new(int fd, const struct tls_client_options *,
    int64_t deadline, const char **why_r);
/* Ends it, says so to the other side where that costs no wait. */
void	tls_client_free(struct tls_client *);

/* Version and cipher, in a text that lives until the next call. */
const char	*tls_client_describe(const struct tls_client *);

/* As stream_read() and stream_write(). */
ssize_t	tls_client_read(struct tls_client *, void *, size_t, int64_t deadline,
	    const char **why_r);
int	tls_client_write(struct tls_client *, const void *, size_t, int64_t deadline,
	    const char **why_r);

#endif
