/* milter/ctl/replay.h: the decision about a recorded recipient */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPLAY_H
#define AUTHRELAY_REPLAY_H

#include "core/buf.h"
#include "core/domset.h"
#include "core/policy_resolve.h"
#include "core/policy.h"
#include "record/record_read.h"

/*
 * What a record does not hold and a decision may hang on. Each is looked at only where
 * the configuration asks for it.
 */
enum replay_unknown {
	REPLAY_STRENGTH,	/* of the login's connection; auth.min-ssf asks */
	REPLAY_VERIFIED,	/* was the certificate? client-certificates asks */
	REPLAY_ISSUER,		/* of the certificate; "issuer|subject" asks */
	REPLAY_PORT,		/* of the listener; a number in require-auth-on asks */
	REPLAY_UTF8,		/* was SMTPUTF8 announced? more than ASCII asks */
	REPLAY_MX,		/* nobody had asked then; mx.accept asks */
	REPLAY_REDACTED,	/* the address, of which a hash was kept */
	REPLAY_CUT,		/* a text, of which the beginning was kept */
	REPLAY_UNKNOWN_COUNT
};

/* Nothing here is owned. */
struct replay_rules {
	const struct policy	*policy;
	const struct domset	*mx_domains;	/* NULL: any may be asked for */
	int			 is_live;	/* mx answers, not the record */
	policy_resolve_mx		*mx;		/* NULL: nobody answers */
	void			*mx_arg;
};

/* One decision after the other; its memory is kept. */
struct replay {
	const struct replay_rules	*rules;
	enum policy_verdict		 verdict;
	enum policy_reason		 reason;
	struct buf			 matched;	/* as in a record, or empty */
	/* 1 << enum replay_unknown: the verdict hangs on these */
	unsigned			 unknown;

	/* for its own use */
	struct policy_facts		 facts;
	struct buf			 texts;
	struct buf			 issuer;
	const char			*port;
	enum policy_mx			 mx;
	int				 is_mx_missing;
};

/* The rules have to stay as long. */
void	replay_init(struct replay *, const struct replay_rules *);
void	replay_clear(struct replay *);

/*
 * Decides over the record of a recipient (event rcpt). Where `unknown` is not 0, verdict
 * and reason are of those that are possible. Returns -1 without memory.
 */
int	replay_decide(struct replay *, const struct record_view *);

/* In words: "how strong the login's connection was". */
const char	*replay_unknown_name(enum replay_unknown);

#endif
