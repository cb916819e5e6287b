/* milter/core/judge.h: decision loop, with the answers to the policy's questions */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_JUDGE_H
#define AUTHRELAY_JUDGE_H

#include "core/policy.h"

/*
 * Finds the standing of this server in the MX set of a domain (path_domain()'s form).
 * Returns POLICY_MX_UNASKED if it cannot be asked, for a reason on this host.
 */
typedef enum policy_mx	judge_mx(void *arg, const char *domain);

/*
 * Calls policy_decide() until it asks no more. The daemon and the tools that explain it
 * share this loop; they differ in who answers. A question without an answer is an internal
 * error, POLICY_INTERNAL. Each question is asked once.
 */
void	judge(const struct policy *, const struct policy_facts *, judge_mx *mx,
	    void *arg, struct policy_decision *decision_r);

/* Makes the decision a temporary failure with the reason "internal". */
void	judge_fail(struct policy_decision *);

#endif
