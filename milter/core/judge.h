/* milter/core/judge.h: a decision, with the answers that it takes */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_JUDGE_H
#define AUTHRELAY_JUDGE_H

#include "core/policy.h"

/*
 * Finds out how this server stands in the MX set of a domain (path_domain()'s form).
 * Returns POLICY_MX_UNASKED where it cannot say, for no reason of the domain's.
 */
typedef enum policy_mx	judge_mx(void *arg, const char *domain);

/*
 * policy_decide(), as often as it asks. The one loop of the daemon and of those who
 * explain it: what differs is who answers. A question without an answer is a failure of
 * ours, POLICY_INTERNAL. Each question is put once.
 */
void	judge(const struct policy *, const struct policy_facts *, judge_mx *mx,
	    void *arg, struct policy_decision *decision_r);

/* Makes it a failure of ours: temporary, "internal". */
void	judge_fail(struct policy_decision *);

#endif
