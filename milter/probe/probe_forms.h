/* milter/probe/probe_forms.h: relay tester: forms of addresses */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PROBE_FORMS_H
#define AUTHRELAY_PROBE_FORMS_H

#include <stddef.h>

#include "core/buf.h"

/* What it means that a form is accepted from a stranger. */
enum probe_kind {
	PROBE_OWN,		/* nothing: a server that accepts it keeps the mail */
	PROBE_FOREIGN,		/* a relay */
	PROBE_DISGUISED		/* one too, unless any user of the server is accepted */
};

/* What is said before, in the same session. L is a recipient of the server's own. */
enum probe_lead {
	PROBE_ALONE,
	PROBE_AFTER_LOCAL,	/* RCPT L, then the form in the same transaction */
	PROBE_AFTER_RSET,	/* MAIL, RCPT L, RSET, and a transaction with the form */
	PROBE_AFTER_MAIL	/* RCPT L, another MAIL, then the form */
};

/*
 * `text` is all that comes after "RCPT TO:" or "MAIL FROM:". In it, $ and a letter are
 *	$u  a user who is nobody's in particular	$l  a user of the server
 *	$x  a foreign domain				$d  a domain of the server
 *	$h  the server's name				$r  a domain that it relays to
 *	$i  its address, as it is in brackets		$n  a word that is new each time
 *	$D  $d in capitals				$L  $l in capitals
 *	$c  $d without its last letter			$_  $d with _ for its dots
 */
struct probe_form {
	const char	*name;		/* "percent hack by host name" */
	const char	*known;		/* where it is known from */
	const char	*text;
	enum probe_kind	 kind;
	enum probe_lead	 lead;
};

struct probe_sender {
	const char	*id;		/* "F1" */
	const char	*name;
	const char	*text;
	const char	*helo;		/* NULL: our own name */
	int		 is_first;	/* the one to ask as, if only one is */
};

/* The values of the letters; nothing is owned. */
struct probe_names {
	const char	*user;		/* $u */
	const char	*external;	/* $x */
	const char	*host;		/* $h */
	const char	*address;	/* $i */
	const char	*local_user;	/* $l */
	const char	*local_domain;	/* $d */
	const char	*relay_domain;	/* $r; NULL: see probe_text_is_known() */
	const char	*unique;	/* $n */
};

/* All of them; they end with one whose name is NULL. */
const struct probe_form		*probe_forms(void);
const struct probe_sender	*probe_senders(void);
/* What a client who has logged in may do, and a stranger may not. */
const struct probe_form		*probe_login_form(void);

/* Whether every letter in the text has a name. */
int	probe_text_is_known(const char *text, const struct probe_names *);
/* Adds the text with the names in place of the letters. */
void	probe_text_write(const char *text, const struct probe_names *, struct buf *);

#endif
