/* milter/daemon/rcpt.h: decision, reply and record of one recipient */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RCPT_H
#define AUTHRELAY_RCPT_H

#include "core/buf.h"
#include "core/netaddr.h"
#include "core/policy.h"
#include "core/reply.h"
#include "daemon/flood.h"
#include "daemon/session.h"
#include "dns/mx_lookup.h"
#include "record/record.h"

/*
 * What is known of a recipient. The texts of its record point in here, beside those that
 * point into the session. All zero at first.
 */
struct rcpt {
	struct policy_decision	 decision;
	const struct reply	*reply;		/* NULL: it may pass */
	char			 reply_text[REPLY_LINE_SIZE];
	char			 client[NETADDR_TEXT_SIZE];
	struct mx_lookup_answer	 mx;		/* its text is empty: not asked */
	struct buf		 matched;
	struct buf		 refusal;	/* its status and text */
};

/* What the mail server said when it refused a recipient. */
struct rcpt_refusal {
	const char	*status;	/* "5.7.1" */
	const char	*text;
};

/*
 * Whether the client is entitled, whatever the recipient: see
 * policy_client_is_entitled(). In a session that lacks something for want of memory it is
 * not.
 */
int	rcpt_client_is_entitled(const struct session *);

/*
 * Decides about a recipient under the transaction's configuration; may wait for DNS, at
 * most mx.timeout. For a recipient that the mail server has refused (NULL: it has not)
 * DNS is not asked: a question about it is answered as if DNS had failed.
 */
void	rcpt_find(struct rcpt *, const struct session *, const char *rcpt,
	    const char *rcpt_mta, const struct rcpt_refusal *);

/* Sets the keys of a record that describe the session and its transaction. */
void	rcpt_describe_session(struct rcpt *, const struct session *, struct record *);
/* Sets the decision's keys; if the mail server refused the recipient, of its reply. */
void	rcpt_describe(struct rcpt *, const struct rcpt_refusal *, struct record *);

/*
 * The summary of recipients that have no record of their own, because of the bound on the
 * client's network. Goes with what the session and the recipient put into the record, or
 * with neither.
 */
void	rcpt_describe_flood(struct rcpt *, const struct flood_summary *,
	    const struct conf *, struct record *);

void	rcpt_clear(struct rcpt *);

#endif
