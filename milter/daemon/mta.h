/* milter/daemon/mta.h: reader of the macros of Postfix, Sendmail and others */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MTA_H
#define AUTHRELAY_MTA_H

#include "core/buf.h"
#include "daemon/engine.h"
#include "daemon/session.h"

/*
 * All that differs between Postfix, Sendmail and others in the macros they send is known
 * here and nowhere else. A mail server that does not tell its name is read as strictly as
 * Sendmail.
 */

/* The value of a macro; NULL: not sent, or empty. */
const char	*mta_macro(const struct engine_macros *, const char *name);

/* Keeps a copy of a macro, as session_keep() does. */
void		 mta_keep(char **text_r, const struct engine_macros *, const char *name,
		    int *has_failed);

/*
 * Adds a description of a mail server of this version ({v}; NULL: not sent) for those
 * who read records: whether it reports the recipients that it refuses itself.
 */
void		 mta_describe(const char *version, struct buf *text);

/*
 * Reads the mail server and its listener; the session must have the client's address
 * and name.
 */
void		 mta_read_connection(struct session *, const struct engine_macros *);

/*
 * Reads the macros of each HELO, which comes again after STARTTLS: was the client under
 * TLS before it logged in?
 */
void		 mta_read_helo(struct session *, const struct engine_macros *);

/*
 * Reads the macros of each MAIL about the client: the login and the names of its
 * certificate without their coding, the cipher, the queue identifier. Of a login
 * user@realm the realm is kept apart if it is the name of the mail server; any
 * other, such as that of a mailbox, is a part of the login. The transaction has
 * failed where it is about another client than the session's, or memory ran out.
 */
void		 mta_read_transaction(struct session *, const struct engine_macros *);

#endif
