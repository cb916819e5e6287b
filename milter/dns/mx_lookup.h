/* milter/dns/mx_lookup.h: MX lookup for the policy, cached and under a deadline */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MX_LOOKUP_H
#define AUTHRELAY_MX_LOOKUP_H

#include <stdint.h>

#include "config/conf.h"
#include "core/buf.h"
#include "dns/mx_cache.h"
#include "dns/mx.h"
#include "dns/rrset.h"

#define MX_LOOKUP_TEXT_SIZE	(MX_TEXT_SIZE + 16)

/*
 * MX lookups under one configuration. It does not change: any number of threads may use
 * it at once. What was found out lives on in the next one, see mx_lookup_new().
 */
struct mx_lookup;

struct mx_lookup_answer {
	enum policy_mx	standing;	/* never UNASKED */
	/* for the record, mx_verdict.text and ", fresh", ", cached" or ", stale" */
	char		text[MX_LOOKUP_TEXT_SIZE];
};

/* In the place of the name servers and the clock, for tests. Both get arg. */
struct mx_lookup_backend {
	void	(*lookup)(void *arg, const char *name, const enum rrset_type *types,
		    size_t count, int64_t deadline_us, struct rrset *rrsets_r);
	int64_t	(*now)(void *arg);
	void	*arg;
};

/* Called for each question and its answers, question->count of them. */
typedef void	mx_lookup_tracer(void *arg, const struct mx_question *question,
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
struct mx_lookup	*mx_lookup_new(struct conf *, const struct mx_lookup *before,
		    const struct mx_lookup_backend *world, const char **why_r);
struct mx_lookup	*mx_lookup_ref(struct mx_lookup *);	/* NULL is legal */
/* The last one frees it; NULL is legal. */
void		 mx_lookup_unref(struct mx_lookup *);

/*
 * Sets the function that a thread calls before it waits for name servers or for another
 * thread's lookup. Only before other threads have the ask.
 */
void		 mx_lookup_set_waiting(struct mx_lookup *,
		    void (*waiting)(const void *arg), const void *arg);

/* Whether both share their verdicts. */
int		 mx_lookup_is_shared(const struct mx_lookup *, const struct mx_lookup *);

/* mx.timeout from now, CLOCK_MONOTONIC in microseconds. */
int64_t		 mx_lookup_deadline(const struct mx_lookup *);

/*
 * Finds the standing of this server in the MX set of a domain (path_domain()'s form),
 * on behalf of a client. Returns at the deadline, with TEMPFAIL if there is no answer.
 * A permit that is asked for in the last quarter of its life is looked up again in a
 * thread of renew.h, which holds a reference: the answer does not wait for that. Logs
 * failures, one line in ten seconds at most, with the number of those that were not
 * logged.
 */
void		 mx_lookup_find(struct mx_lookup *, const char *domain,
		    const struct netaddr *client, int64_t deadline_us,
		    struct mx_lookup_answer *answer_r);

/* The same without the cache; each question and answer goes to the tracer. */
void		 mx_lookup_trace(struct mx_lookup *, const char *domain,
		    int64_t deadline_us, mx_lookup_tracer *tracer, void *arg,
		    struct mx_lookup_answer *answer_r);

/* Adds the name servers and how they are asked, as one line. */
void		 mx_lookup_describe(const struct mx_lookup *, struct buf *);
void		 mx_lookup_stats(const struct mx_lookup *,
		    struct mx_cache_stats *stats_r);

#endif
