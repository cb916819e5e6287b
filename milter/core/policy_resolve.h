/* milter/core/policy_resolve.h: decision loop, with answers to the policy's questions */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_POLICY_RESOLVE_H
#define AUTHRELAY_POLICY_RESOLVE_H

#include "core/policy.h"

/*
 * Finds the standing of this server in the MX set of a domain (path_domain()'s form).
 * Returns POLICY_MX_UNASKED if it cannot be asked, for a reason on this host.
 */
typedef enum policy_mx	policy_resolve_mx(void *arg, const char *domain);

/*
 * Calls policy_decide() until it asks no more. The daemon and the tools that explain it
 * share this loop; they differ in who answers. A question without an answer is an
 * internal error, POLICY_INTERNAL. Each question is asked once.
 */
void	policy_resolve(const struct policy *, const struct policy_facts *,
	    policy_resolve_mx *mx, void *arg, struct policy_decision *decision_r);

/* Makes the decision a temporary failure with the reason "internal". */
void	policy_resolve_fail(struct policy_decision *);

#endif
