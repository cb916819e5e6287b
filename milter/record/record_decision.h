/* milter/record/record_decision.h: what an audit record says of a decision */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_DECISION_H
#define AUTHRELAY_RECORD_DECISION_H

#include "core/buf.h"
#include "core/policy.h"
#include "record/record.h"

/*
 * Adds the setting that decided and its entry, "trusted-networks 192.0.2.0/24"; adds
 * nothing if no entry decided.
 */
void	record_add_matched(struct buf *, const struct policy_decision *);

/*
 * Sets verdict, reason, reply, auth_refused, domain, matched and mx of a record, and
 * nothing else. Nothing is copied: the arguments must live as long as the record. reply
 * is NULL for a permit; matched is what record_add_matched() has added; mx is "" if DNS
 * was not asked.
 */
void	record_set_decision(struct record *, const struct policy_decision *,
	    const char *reply, const struct buf *matched, const char *mx);

#endif
