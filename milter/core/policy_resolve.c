/* milter/core/policy_resolve.c: decision loop, with answers to the policy's questions */
/* SPDX-License-Identifier: ISC */

#include "core/policy_resolve.h"

void
policy_resolve_fail(struct policy_decision *decision)
{
	decision->verdict = POLICY_TEMPFAIL;
	decision->reason = POLICY_INTERNAL;
}

void
policy_resolve(const struct policy *policy, const struct policy_facts *facts,
    policy_resolve_mx *mx, void *arg, struct policy_decision *decision_r)
{
	struct policy_answers answers = { .mx = POLICY_MX_UNASKED };

	policy_decide(policy, facts, &answers, decision_r);
	/* there is one question, which is asked once */
	if (decision_r->verdict == POLICY_NEED) {
		answers.mx = mx(arg, decision_r->place->domain);
		policy_decide(policy, facts, &answers, decision_r);
	}
	if (decision_r->verdict == POLICY_NEED)
		policy_resolve_fail(decision_r);
}
