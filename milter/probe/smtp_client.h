/* milter/probe/smtp_client.h: client side of SMTP */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SMTP_CLIENT_H
#define AUTHRELAY_SMTP_CLIENT_H

#include <stddef.h>

#include "probe/smtp_reply.h"
#include "probe/stream.h"
#include "probe/tls_client.h"

enum smtp_client_security {
	SMTP_CLIENT_CLEAR,
	SMTP_CLIENT_OFFERED,	/* STARTTLS where it is offered and works, or clear */
	SMTP_CLIENT_STARTTLS,	/* or no session */
	SMTP_CLIENT_TLS		/* from the first byte on */
};

struct smtp_client_options {
	int			 timeout_ms;	/* for connecting, and for each reply */
	const struct netaddr	*source;	/* our own address; NULL: any */
	enum smtp_client_security security;
	struct tls_client_options tls;
};

/* What the server offers after AUTH. */
enum smtp_client_login {
	SMTP_CLIENT_AUTH = 1,	/* anything at all */
	SMTP_CLIENT_PLAIN = 2,
	SMTP_CLIENT_LOGIN = 4,
	SMTP_CLIENT_CRAM_MD5 = 8
};

struct smtp_client {
	const struct smtp_client_options *options;
	struct stream		 stream;
	struct smtp_reply	 reply;		/* the last one */
	const char		*why;		/* no reply; until the next failure */
	int			 is_esmtp;
	unsigned		 logins;	/* of enum smtp_client_login */
	char			 no_tls[200];	/* in clear, as TLS did not work: why */
	/* its own: */
	char			 in[4096];
	size_t			 in_len;
};

void	smtp_client_init(struct smtp_client *, const struct smtp_client_options *);
void	smtp_client_clear(struct smtp_client *);

/*
 * Connects, waits for the greeting, says EHLO (HELO where that is refused), and begins
 * TLS where the options want it. Returns 0; -1: there is no session. Then `why` is set,
 * or else it is NULL and the reply is what the server refused with. Where TLS that is
 * only welcome fails, it connects once more; from then on this client does without.
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
/* How safe the session is: "TLSv1.3 TLS_AES_256_GCM_SHA384, certificate not checked". */
void	smtp_client_describe(const struct smtp_client *, struct buf *);
/* Says QUIT where there is somebody to hear it, and does not wait long. */
void	smtp_client_close(struct smtp_client *);

#endif
