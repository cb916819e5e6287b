/* milter/core/policy.h: the relay policy, an ordered list of rules */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_POLICY_H
#define AUTHRELAY_POLICY_H

#include "core/certset.h"
#include "core/domset.h"
#include "core/netset.h"
#include "core/path.h"

enum policy_verdict {
	POLICY_PERMIT,
	POLICY_REJECT,
	POLICY_TEMPFAIL,
	POLICY_NEED		/* a question first: see policy_decision.question */
};

enum policy_reason {
	POLICY_AUTHENTICATED,
	POLICY_TRUSTED_NETWORK,
	POLICY_LOCAL_SUBMISSION,
	POLICY_CLIENT_CERTIFICATE,
	POLICY_AUTHENTICATION_REQUIRED,
	POLICY_OVERSIZED,
	POLICY_MALFORMED_ADDRESS,
	POLICY_ROUTED_ADDRESS,
	POLICY_DIVERGENCE,
	POLICY_LOCAL_DOMAIN,
	POLICY_OWN_LITERAL,
	POLICY_RELAY_DOMAIN,
	POLICY_MX,
	POLICY_DNS_FAILURE,
	POLICY_TABLE_FAILURE,
	POLICY_RELAY_DENIED,
	POLICY_INTERNAL,	/* an internal error; policy_decide() never returns it */
	POLICY_MTA_REJECT,	/* the MTA's refusal; policy_decide() never returns it */
	POLICY_TOO_MANY,	/* of a flood; policy_decide() never returns it */
	POLICY_REASON_COUNT
};

/* Why a login does not count. */
enum policy_auth {
	POLICY_AUTH_NONE,	/* nobody has logged in */
	POLICY_AUTH_OK,
	POLICY_AUTH_INCOMPLETE,	/* a mechanism without a user, or the other way round */
	POLICY_AUTH_UNREADABLE,	/* a bad code in the name, or a control character */
	POLICY_AUTH_ANONYMOUS,	/* RFC 4505 */
	POLICY_AUTH_MECHANISM,	/* not in auth.mechanisms */
	POLICY_AUTH_CERTIFICATE, /* EXTERNAL, by a certificate that is not listed */
	POLICY_AUTH_TLS,	/* not under TLS, and auth.require-tls asks for it */
	POLICY_AUTH_STRENGTH	/* below auth.min-ssf */
};

/* Which standing of this server in a domain's MX set permits (setting mx.accept). */
enum policy_mx_accept {
	POLICY_MX_ACCEPT_NONE,
	POLICY_MX_ACCEPT_BACKUP,
	POLICY_MX_ACCEPT_PRIMARY,
	POLICY_MX_ACCEPT_ANY
};

/* The standing of this server in a domain's MX set, by DNS; the question "mx". */
enum policy_mx {
	POLICY_MX_UNASKED,
	POLICY_MX_NOT,
	POLICY_MX_PRIMARY,
	POLICY_MX_BACKUP,
	POLICY_MX_TEMPFAIL,
	POLICY_MX_BADNAME
};

enum policy_question {
	POLICY_QUESTION_NONE,
	POLICY_QUESTION_MX	/* this server's standing in place->domain's MX set */
};

/*
 * The rules' lists, from the configuration; lists of texts end in NULL, and NULL is an
 * empty list.
 */
struct policy {
	struct netset		*trusted_networks;
	struct domset		*local_domains;
	struct domset		*relay_domains;
	struct netset		*own_addresses;		/* interfaces' and configured */
	int			 permit_local_submission;
	char			**require_auth_on;	/* {daemon_name}, or ports */
	char			**auth_mechanisms;
	unsigned		 auth_min_ssf;
	int			 auth_require_tls;
	struct certset		*client_certificates;
	enum policy_mx_accept	 mx_accept;
};

/*
 * RFC 5321 §4.5.3.1 has 255 bytes of a domain and 64 of a local part. It has 256 of a
 * path, which real senders of these parts do not keep.
 */
#define POLICY_HELO_MAX		255
#define POLICY_SENDER_MAX	322	/* 64, 255, @ and two brackets */

/*
 * What is known of one recipient; a text that is not known is NULL. Nothing here is
 * owned.
 */
struct policy_facts {
	struct netaddr	 client;		/* NETADDR_NONE: without an address */
	int		 is_local_session;	/* looks like submission on this host */
	const char	*daemon_name;
	const char	*daemon_port;
	const char	*auth_type;
	const char	*auth_user;		/* without auth_realm of the record */
	int		 is_auth_unreadable;	/* auth_user could not be decoded */
	unsigned	 auth_ssf;		/* security strength factor, RFC 4422 */
	const char	*tls_version;		/* that the login was made under */
	unsigned	 tls_bits;		/* the same */
	int		 is_cert_verified;	/* the MTA has verified the chain */
	enum certset_kind cert_kind;		/* of both names */
	const char	*cert_subject;
	const char	*cert_issuer;
	size_t		 helo_length;		/* bytes */
	size_t		 sender_length;		/* with its brackets */
	int		 utf8;			/* SMTPUTF8 was announced */
	const char	*rcpt;			/* as sent, with its brackets */
	const char	*rcpt_mta;		/* as the MTA resolved it */
};

/* Answers to questions asked before; all zero at first. */
struct policy_answers {
	enum policy_mx	 mx;
};

struct policy_decision {
	enum policy_verdict	 verdict;
	enum policy_reason	 reason;	/* not of NEED */
	enum policy_question	 question;	/* of NEED */
	unsigned		 rule;		/* index of what decided or asks */
	enum policy_auth	 auth;
	struct path		 path;		/* the recipient as we read it */
	struct path		 path_mta;	/* as the MTA resolved it, or bad */
	const struct path	*place;		/* one of these: whose domain is judged */
	const char		*list;		/* the setting that decided, or NULL */
	const char		*entry;		/* its entry; the policy's, or network */
	char			 network[NETADDR_TEXT_SIZE];
};

/*
 * Decides over one recipient, by the rules of policy.c in their order. Pure: the same
 * facts and answers give the same decision. With POLICY_NEED, find the answer and ask
 * again with it. A decision points into itself: it is not to be copied.
 */
void	policy_decide(const struct policy *, const struct policy_facts *,
	    const struct policy_answers *, struct policy_decision *decision_r);

/* The domain that was judged, or NULL: the recipient cannot be read, or has none. */
const char	*policy_domain(const struct policy_decision *);

/*
 * Returns 1 if a rule about the client permits all that it sends: it has logged in, is
 * in trusted-networks, submits on this host, or has a listed certificate; 0 for a
 * stranger. Facts about the recipient are ignored.
 */
int	policy_client_is_entitled(const struct policy *, const struct policy_facts *);

/* One rule, to explain a decision. */
struct policy_rule {
	enum policy_verdict	 verdict;
	enum policy_reason	 reason;
	const char		*otherwise;	/* why it did not match, as a clause */
};

/*
 * The rules in the order in which they are tried, from 0; policy_decide() ends at one of
 * them at the latest.
 */
struct policy_rule	policy_rule(unsigned index);

/*
 * The names as they are in a record: "permit", "relay-denied"; of POLICY_AUTH_NONE and
 * _OK: NULL.
 */
const char	*policy_verdict_name(enum policy_verdict);
const char	*policy_reason_name(enum policy_reason);
const char	*policy_auth_name(enum policy_auth);

#endif
