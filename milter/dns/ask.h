/* milter/dns/ask.h: MX lookup for the policy, cached and under a deadline */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ASK_H
#define AUTHRELAY_ASK_H

#include <stdint.h>

#include "config/conf.h"
#include "core/buf.h"
#include "dns/cache.h"
#include "dns/mx.h"
#include "dns/rrset.h"

#define ASK_TEXT_SIZE	(MX_TEXT_SIZE + 16)

/*
 * MX lookups under one configuration. It does not change: any number of threads may use
 * it at once. What was found out lives on in the next one, see ask_new().
 */
struct ask;

struct ask_answer {
	enum policy_mx	standing;	/* never UNASKED */
	/* for the record, mx_verdict.text and ", fresh", ", cached" or ", stale" */
	char		text[ASK_TEXT_SIZE];
};

/* In the place of the name servers and the clock, for tests. Both get arg. */
struct ask_world {
	void	(*ask)(void *arg, const char *name, const enum rrset_type *types,
		    size_t count, int64_t deadline_us, struct rrset *rrsets_r);
	int64_t	(*now)(void *arg);
	void	*arg;
};

/* Called for each question and its answers, question->count of them. */
typedef void	ask_tracer(void *arg, const struct mx_question *question,
		    const struct rrset *answers);

/*
 * For a configuration, of which it holds a reference, and the interfaces as they are now.
 * The verdicts that `before` (or NULL) knows are kept, unless something that they depend
 * on is different: own addresses, the settings of section mx but accept (from or to
 * primary) and timeout, the name servers. So it is made at each reload, and may be made
 * again from time to time with the same configuration, to see that interfaces have
 * changed. The caller holds the one reference. With mx.accept = none nobody asks, and
 * none is needed. world: NULL, or copied. Returns NULL with a constant text in *why_r.
 */
struct ask	*ask_new(struct conf *, const struct ask *before,
		    const struct ask_world *world, const char **why_r);
struct ask	*ask_ref(struct ask *);		/* NULL is legal */
void		 ask_unref(struct ask *);	/* the last one frees it; NULL is legal */

/*
 * Sets the function that a thread calls before it waits for name servers or for another
 * thread's lookup. Only before other threads have the ask.
 */
void		 ask_set_waiting(struct ask *, void (*waiting)(const void *arg),
		    const void *arg);

/* Whether both share their verdicts. */
int		 ask_is_shared(const struct ask *, const struct ask *);

/* mx.timeout from now, CLOCK_MONOTONIC in microseconds. */
int64_t		 ask_deadline(const struct ask *);

/*
 * Finds the standing of this server in the MX set of a domain (path_domain()'s form),
 * on behalf of a client. Returns at the deadline, with TEMPFAIL if there is no answer.
 * A permit that is asked for in the last quarter of its life is looked up again in a
 * thread of renew.h, which holds a reference: the answer does not wait for that. Logs
 * failures, one line in ten seconds at most, with the number of those that were not
 * logged.
 */
void		 ask_mx(struct ask *, const char *domain, const struct netaddr *client,
		    int64_t deadline_us, struct ask_answer *answer_r);

/* The same without the cache; each question and answer goes to the tracer. */
void		 ask_mx_traced(struct ask *, const char *domain, int64_t deadline_us,
		    ask_tracer *tracer, void *arg, struct ask_answer *answer_r);

/* Adds the name servers and how they are asked, as one line. */
void		 ask_describe(const struct ask *, struct buf *);
void		 ask_stats(const struct ask *, struct cache_stats *stats_r);

#endif
