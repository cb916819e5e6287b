/* milter/probe/probe_session.h: relay tester: session with a mail server or filter */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PROBE_SESSION_H
#define AUTHRELAY_PROBE_SESSION_H

#include "probe/probe.h"
#include "probe/milter_client.h"
#include "probe/smtp_client.h"

#define PROBE_NAME_MAX	255

/* In place of a reply's code: */
#define PROBE_SESSION_NO_LOGIN	1	/* the server has none: see why */
#define PROBE_SESSION_NO_WAY	2	/* it has none that we can or may use */

struct probe_session {
	const struct probe_target *target;
	struct probe_names	 names;		/* the server's, too, once it said it */
	const struct probe_form	*form;		/* for messages: what is tested, */
	unsigned		 number;	/* as which test */
	/* Of the last question: */
	struct buf		 reply;		/* empty where there was none */
	const char		*why;		/* -1 was returned: why */
	int			 is_shut;	/* the reply ended the session */
	int			 is_sent;	/* a message went */
	int			 is_login;	/* it was no stranger who asked */
	/* its own: */
	char			 host[PROBE_NAME_MAX + 1];
	struct smtp_client	 smtp;
	struct milter_client	 milter;
	struct buf		 helo, sender;
	const char		*session_helo;	/* NULL: there is no session */
	unsigned		 in_session;
	int			 hello_code;	/* of the filter, to CONNECT and HELO */
};

void	probe_session_init(struct probe_session *, const struct probe_target *);
void	probe_session_clear(struct probe_session *);

/* From now on this sender, a stranger, in a new session. Returns -1 without memory. */
int	probe_session_set_sender(struct probe_session *, const struct probe_sender *);
/*
 * Begins the session of one who logs in. Returns 0; or what it came to: a code, -1,
 * PROBE_SESSION_NO_LOGIN or PROBE_SESSION_NO_WAY. It ends with the next sender.
 */
int	probe_session_log_in(struct probe_session *);
/*
 * Asks for a recipient, and sends a message to an accepted one that is not the server's
 * own where the target says so. Returns the code that it came to, or -1 and why.
 */
int	probe_session_ask_once(struct probe_session *, const char *rcpt, enum probe_kind,
	    enum probe_lead);
/* The same, a second time in a new session where the first ended the session. */
int	probe_session_ask(struct probe_session *, const char *rcpt, enum probe_kind,
	    enum probe_lead);

/* Whether it is user@domain and nothing about it can be read in two ways. */
int	probe_session_is_plain(const char *, size_t);

#endif
