/* milter/daemon/session.h: state of one connection and its transaction */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SESSION_H
#define AUTHRELAY_SESSION_H

#include "config/conf.h"
#include "core/netaddr.h"
#include "dns/mx_lookup.h"
#include "record/record.h"

/*
 * A session is owned by the engine's connection, and only one thread at a time is in it.
 * Texts are owned; what is not known is NULL.
 */
struct transaction {
	unsigned	 number;	/* from 1 on; 0: none is under way */
	struct conf	*conf;		/* that it began with; one reference */
	struct mx_lookup *lookup;	/* its MX lookup, or NULL; one reference */
	int		 has_failed;	/* not to be relied on: decide nothing by it */
	int		 has_data;	/* DATA was seen, its record is written */
	int		 is_flood;	/* a recipient was beyond the bound */
	int		 has_record;	/* a recipient was not */
	int		 has_unsure_refusal;	/* the MTA may deliver to it even so */
	int		 utf8;		/* SMTPUTF8 (RFC 6531) */
	char		*sender;	/* at most POLICY_SENDER_MAX bytes of it */
	size_t		 sender_length;	/* of the path, without what is after it */
	struct record_whole sender_whole;
	char		*queue_id;
	char		*auth_type;
	char		*auth_user;	/* without its coding and its realm */
	char		*auth_realm;	/* where it is our own */
	int		 is_auth_unreadable;	/* auth_user is as it was sent */
	int		 is_auth_clear;	/* under TLS now, and not when it was made */
	unsigned	 auth_ssf;
	char		*tls_version;
	char		*cipher;
	unsigned	 tls_bits;
	int		 is_cert_verified;
	enum certset_kind cert_kind;	/* of both names */
	char		*cert_subject;
	char		*cert_issuer;
};

struct session {
	char			 id[40];	/* unique over restarts */
	int			 has_failed;	/* memory ran out: decide nothing by it */
	struct netaddr		 client;
	int			 client_port;	/* -1: not known */
	char			*client_name;
	char			*helo;		/* at most POLICY_HELO_MAX bytes of it */
	size_t			 helo_length;
	struct record_whole	 helo_whole;
	char			*mta;		/* {j} */
	char			*daemon_name;
	char			*daemon_port;
	int			 is_local;	/* looks like submission on this host */
	int			 is_postfix;
	int			 has_tls_first;	/* was under TLS, and had no login yet */
	unsigned		 transactions;	/* begun so far */
	struct transaction	 txn;
};

struct session	*session_new(const char *id);	/* NULL: no memory */
void		 session_free(struct session *);

/*
 * Ends the transaction: nothing of it is left, and its references are let go.
 */
void		 session_reset(struct session *);

/*
 * Replaces an owned text by a copy; an empty text and NULL both make it NULL, not known.
 * Returns -1 without memory, and then the text is NULL.
 */
int		 session_set(char **text_r, const char *);

/* The same, and sets *has_failed without memory. */
void		 session_keep(char **text_r, const char *, int *has_failed);
/* The same, but at most its first bytes. */
void		 session_keep_start(char **text_r, const char *, size_t max,
		    int *has_failed);

#endif
