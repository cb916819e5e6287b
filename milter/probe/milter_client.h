/* milter/probe/milter_client.h: client side of the milter protocol */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MILTER_CLIENT_H
#define AUTHRELAY_MILTER_CLIENT_H

#include <stddef.h>

#include "core/buf.h"
#include "probe/stream.h"

/* A filter's packet that is longer is not read. */
#define MILTER_PACKET_MAX	65536

struct milter_macro {
	const char	*name;		/* "{rcpt_addr}" */
	const char	*value;		/* NULL: the server does not know it */
};

struct milter_client {
	struct stream	 stream;
	int		 timeout_ms;	/* for connecting, and for each answer */
	const char	*why;		/* no answer came: why, constant */
	/*
	 * The last answer: as the client of the server would hear it. 0: the filter lets
	 * it pass; 250: it accepts and will not be asked again.
	 */
	int		 code;
	struct buf	 text;		/* of a refusal; may have any byte in it */
	/* its own: */
	unsigned	 steps;
	struct buf	 in;
	struct buf	 wanted[7];	/* macros by stage, where the filter said which */
	int		 is_asked[7];
};

void	milter_client_init(struct milter_client *, int timeout_ms);
void	milter_client_clear(struct milter_client *);

/*
 * All of these return 0, or -1 and why: then the connection is closed. Macros end with
 * one whose name is NULL; sent are those that the filter wants.
 */
int	milter_client_open(struct milter_client *, const struct sockaddr *, socklen_t);
/* The family of SMFIC_CONNECT: 4, 6, L or U. */
int	milter_client_connect(struct milter_client *, const char *name, char family,
	    unsigned port, const char *addr, const struct milter_macro *);
int	milter_client_helo(struct milter_client *, const char *,
	    const struct milter_macro *);
/* The address and its parameters, which stand in one text with NULs between. */
int	milter_client_mail(struct milter_client *, const char *, size_t,
	    const struct milter_macro *);
int	milter_client_rcpt(struct milter_client *, const char *, size_t,
	    const struct milter_macro *);
int	milter_client_abort(struct milter_client *);
void	milter_client_close(struct milter_client *);

#endif
