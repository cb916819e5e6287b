/* milter/smtp_client.h: the client's side of SMTP, a command and its reply at a time */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SMTP_CLIENT_H
#define AUTHRELAY_SMTP_CLIENT_H

#include <stddef.h>

#include "smtp_reply.h"
#include "stream.h"
#include "tls_client.h"

struct smtp_client_options {
	int			 timeout_ms;	/* for connecting, and for each reply */
	const struct netaddr	*source;	/* our own address; NULL: any */
	int			 is_starttls;
	struct tls_client_options tls;
};

struct smtp_client {
	const struct smtp_client_options *options;
	struct stream		 stream;
	struct smtp_reply	 reply;		/* the last one */
	const char		*why;		/* no reply came: why, constant */
	int			 is_esmtp;
	/* its own: */
	char			 in[4096];
	size_t			 in_len;
};

void	smtp_client_init(struct smtp_client *, const struct smtp_client_options *);
void	smtp_client_clear(struct smtp_client *);

/*
 * Connects, waits for the greeting, says EHLO (HELO where that is refused), and begins
 * TLS where the options want it. Returns 0; -1: there is no session. Then `why` is set,
 * or else it is NULL and the reply is what the server refused with.
 */
int	smtp_client_open(struct smtp_client *, const struct sockaddr *, socklen_t,
	    const char *helo);
/*
 * Sends a line, to which it adds the end, and waits for the reply. Returns the code, or
 * -1 and why; the connection is then closed.
 */
int	smtp_client_command(struct smtp_client *, const char *line, size_t);
/* The same, two texts after each other: "RCPT TO:" and an address. */
int	smtp_client_say(struct smtp_client *, const char *verb, const char *rest);
/* Says QUIT where there is somebody to hear it, and does not wait long. */
void	smtp_client_close(struct smtp_client *);

#endif
