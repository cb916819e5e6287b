/* milter/probe/smtp_auth.h: client side of SMTP AUTH (RFC 4954) */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SMTP_AUTH_H
#define AUTHRELAY_SMTP_AUTH_H

#include "probe/smtp_client.h"

#define SMTP_AUTH_MAX	512	/* bytes of a user's name, and of a password */

/*
 * Logs in, over TLS by PLAIN, LOGIN or CRAM-MD5, in clear by CRAM-MD5, which does not
 * show the password; by the others there only where that is allowed. Returns the code
 * (235: it went well); 0: what the server offers does not do, see why, and nothing was
 * said; or -1 and why, and the connection is closed.
 */
int	smtp_auth(struct smtp_client *, const char *user, const char *password,
	    int is_clear_allowed);

#endif
