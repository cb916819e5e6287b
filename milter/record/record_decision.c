/* milter/record/record_decision.c: what an audit record says of a decision */
/* SPDX-License-Identifier: ISC */

#include "record/record_decision.h"

void
record_add_matched(struct buf *matched, const struct policy_decision *decision)
{
	if (decision->entry == NULL)
		return;
	buf_puts(matched, decision->list);
	buf_putc(matched, ' ');
	buf_puts(matched, decision->entry);
}

void
record_set_decision(struct record *record, const struct policy_decision *decision,
    const char *reply, const struct buf *matched, const char *mx)
{
	record->verdict = policy_verdict_name(decision->verdict);
	record->reason = policy_reason_name(decision->reason);
	record->reply = reply;
	record->auth_refused = policy_auth_name(decision->auth);
	record->domain = policy_domain(decision);
	record->matched = matched->len > 0 ? matched->data : NULL;
	record->mx = *mx != '\0' ? mx : NULL;
}
