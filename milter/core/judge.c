/* milter/core/judge.c: a decision, with the answers that it takes */
/* SPDX-License-Identifier: ISC */

#include "core/judge.h"

void
judge_fail(struct policy_decision *decision)
{
	decision->verdict = POLICY_TEMPFAIL;
	decision->reason = POLICY_INTERNAL;
}

/* Returns whether there is an answer now that was not there before. */
static int
find_answer(const struct policy_decision *decision, judge_mx *mx, void *arg,
    struct policy_answers *answers)
{
	if (decision->question != POLICY_QUESTION_MX || answers->mx != POLICY_MX_UNASKED)
		return 0;
	answers->mx = mx(arg, decision->place->domain);
	return answers->mx != POLICY_MX_UNASKED;
}

void
judge(const struct policy *policy, const struct policy_facts *facts, judge_mx *mx,
    void *arg, struct policy_decision *decision_r)
{
	struct policy_answers answers = { .mx = POLICY_MX_UNASKED };

	do
		policy_decide(policy, facts, &answers, decision_r);
	while (decision_r->verdict == POLICY_NEED &&
	    find_answer(decision_r, mx, arg, &answers));
	if (decision_r->verdict == POLICY_NEED)
		judge_fail(decision_r);
}
