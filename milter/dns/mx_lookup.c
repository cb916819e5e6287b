/* milter/dns/mx_lookup.c: MX lookup for the policy, cached and under a deadline */
/* SPDX-License-Identifier: ISC */

/*
 * What a question goes through: a domain that needs no lookup is answered by
 * mx_is_plain(); else the cache is asked, which answers, waits for another thread's
 * lookup of the same domain, or turns the client away (mx_limit). On a miss the calling
 * thread looks up: mx.c says which question comes next, the backend (name servers, or a
 * test) answers it, and mx_cache_put() ends the lookup and wakes those that wait for it.
 *
 * A struct mx_lookup belongs to one configuration and does not change after it was
 * published, but for its atomic counts; the filter, each transaction and each renewal
 * under way hold a reference. What was found out (struct knowledge) is shared with the
 * lookup of the next configuration if both would find the same; the last of them frees
 * it. Its cache has locks of its own, and its lock guards only how often failures are
 * logged. No lock is held while name servers are asked.
 */

#include <sys/random.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/mx_lookup.h"
#include "dns/dns.h"
#include "dns/renew.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/ownaddr.h"

#define REPORT_PAUSE_US	INT64_C(10000000)
#define NO_MEMORY	"out of memory"

/* What outlives a reload. */
struct knowledge {
	atomic_int	 references;
	struct mx_cache	*cache;
	struct renew	*renew;
	pthread_mutex_t	 lock;		/* guards what follows; not held while logging */
	int64_t		 report_us;	/* when a failure may be logged again */
	uint64_t	 unreported;
};

struct mx_lookup {
	atomic_int		 references;
	atomic_int		 renewals;	/* that hold one of them */
	struct conf		*conf;
	struct mx_rules		 rules;		/* point into conf, but for these: */
	struct netset		*interfaces;
	struct domset		*names;
	struct dns		*dns;		/* NULL: the world answers, in a test */
	struct mx_lookup_backend	 world;
	struct knowledge	*knowledge;
	void			(*waiting)(const void *arg);	/* NULL: not set */
	const void		*waiting_arg;
};

static void
ask_dns(void *arg, const char *name, const enum rrset_type *types, size_t count,
    int64_t deadline_us, struct rrset *rrsets)
{
	dns_ask(arg, name, types, count, deadline_us, rrsets);
}

static int64_t
now_dns(void *arg)
{
	(void)arg;
	return clock_monotonic_us();
}

static void	renew_permit(void *arg, const char *domain);
static void	drop_ask(void *arg);

static void
free_knowledge(struct knowledge *knowledge)
{
	renew_close(knowledge->renew);
	mx_cache_free(knowledge->cache);
	(void)pthread_mutex_destroy(&knowledge->lock);
	free(knowledge);
}

static struct knowledge *
new_knowledge(size_t entries)
{
	struct knowledge *knowledge = calloc(1, sizeof(*knowledge));
	uint8_t key[SIPHASH_KEY_SIZE];

	if (knowledge == NULL)
		return NULL;
	atomic_init(&knowledge->references, 1);
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key) ||
	    pthread_mutex_init(&knowledge->lock, NULL) != 0) {
		free(knowledge);
		return NULL;
	}
	if ((knowledge->cache = mx_cache_new(entries, key)) != NULL &&
	    (knowledge->renew = renew_new(renew_permit, drop_ask)) != NULL)
		return knowledge;
	free_knowledge(knowledge);
	return NULL;
}

static void
unref_knowledge(struct knowledge *knowledge)
{
	if (knowledge == NULL || atomic_fetch_sub(&knowledge->references, 1) > 1)
		return;
	if (knowledge->unreported > 0)
		log_warn("%" PRIu64 " more MX lookups failed",
		    knowledge->unreported);
	free_knowledge(knowledge);
}

struct mx_lookup *
mx_lookup_ref(struct mx_lookup *lookup)
{
	if (lookup != NULL)
		(void)atomic_fetch_add(&lookup->references, 1);
	return lookup;
}

void
mx_lookup_unref(struct mx_lookup *lookup)
{
	if (lookup == NULL || atomic_fetch_sub(&lookup->references, 1) > 1)
		return;
	unref_knowledge(lookup->knowledge);
	dns_close(lookup->dns);
	domset_free(lookup->names);
	netset_free(lookup->interfaces);
	conf_unref(lookup->conf);
	free(lookup);
}

/* NULL: no memory. */
static struct domset *
set_of_names(const struct conf_list *list)
{
	struct domset *set = domset_new();
	char domain[PATH_DOMAIN_SIZE];
	int has_failed = set == NULL;

	for (size_t i = 0; i < list->count && !has_failed; i++)
		has_failed = path_domain(list->items[i], strlen(list->items[i]),
		    domain) == NULL && domset_add(set, domain, strlen(domain)) == -1;
	if (!has_failed && domset_seal(set) == 0)
		return set;
	domset_free(set);
	return NULL;
}

static const char *
open_dns(struct mx_lookup *lookup)
{
	const struct conf_list *servers = &lookup->conf->dns_servers;
	const struct dns_options options = {
		.servers = (const char *const *)servers->items,
		.count = servers->count,
		.trust_ad = (enum conf_trust_ad)lookup->conf->dns_trust_ad,
	};
	const char *why = NULL;

	if ((lookup->dns = dns_open(&options, &why)) == NULL)
		return why != NULL ? why : NO_MEMORY;
	lookup->world = (struct mx_lookup_backend){ ask_dns, now_dns, lookup->dns };
	return NULL;
}

static void
make_rules(struct mx_lookup *lookup)
{
	const struct conf *conf = lookup->conf;
	struct mx_rules *rules = &lookup->rules;

	rules->listed = conf->listed_addresses;
	rules->interfaces = lookup->interfaces;
	rules->names = lookup->names;
	/* a list that is set but empty admits nobody; one that is not set, everybody */
	if (conf->mx_networks.count > 0)
		rules->networks = conf->mx_network_set;
	if (conf->mx_domains.count > 0)
		rules->domains = conf->mx_domain_set;
	rules->require_dnssec = conf->mx_require_dnssec;
	rules->primary_only = conf->mx_accept == POLICY_MX_ACCEPT_PRIMARY;
}

static int
is_same_networks(const struct netset *a, const struct netset *b)
{
	return a == b || (a != NULL && b != NULL && netset_is_equal(a, b));
}

static int
is_same_domains(const struct domset *a, const struct domset *b)
{
	return a == b || (a != NULL && b != NULL && domset_is_equal(a, b));
}

static int
is_same_world(const struct mx_lookup *a, const struct mx_lookup *b)
{
	if (a->dns == NULL || b->dns == NULL)
		return a->dns == b->dns && a->world.arg == b->world.arg;
	return dns_is_equal(a->dns, b->dns);
}

/* Whether what one has found out holds for the other. */
static int
is_same(const struct mx_lookup *a, const struct mx_lookup *b)
{
	const struct mx_rules *one = &a->rules, *other = &b->rules;

	return is_same_networks(one->listed, other->listed) &&
	    is_same_networks(one->interfaces, other->interfaces) &&
	    is_same_domains(one->names, other->names) &&
	    is_same_networks(one->networks, other->networks) &&
	    is_same_domains(one->domains, other->domains) &&
	    one->require_dnssec == other->require_dnssec &&
	    one->primary_only == other->primary_only &&
	    a->conf->mx_cache_entries == b->conf->mx_cache_entries &&
	    is_same_world(a, b);
}

/* Returns the error, or NULL. */
static const char *
fill(struct mx_lookup *lookup, const struct mx_lookup *before,
    const struct mx_lookup_backend *world)
{
	const char *why = NULL;

	if ((lookup->interfaces = ownaddr_interfaces()) == NULL)
		return "cannot read the addresses of the interfaces";
	if ((lookup->names = set_of_names(&lookup->conf->mx_names)) == NULL)
		return NO_MEMORY;
	if (world != NULL)
		lookup->world = *world;
	else if ((why = open_dns(lookup)) != NULL)
		return why;
	make_rules(lookup);
	if (before != NULL && lookup->dns != NULL && before->dns != NULL &&
	    dns_is_equal(lookup->dns, before->dns))
		dns_take_over(lookup->dns, before->dns);
	if (before != NULL && is_same(before, lookup)) {
		lookup->knowledge = before->knowledge;
		(void)atomic_fetch_add(&lookup->knowledge->references, 1);
	} else
		lookup->knowledge = new_knowledge(lookup->conf->mx_cache_entries);
	return lookup->knowledge == NULL ? NO_MEMORY : NULL;
}

struct mx_lookup *
mx_lookup_new(struct conf *conf, const struct mx_lookup *before,
    const struct mx_lookup_backend *world, const char **why_r)
{
	struct mx_lookup *lookup = calloc(1, sizeof(*lookup));

	*why_r = NO_MEMORY;
	if (lookup == NULL)
		return NULL;
	atomic_init(&lookup->references, 1);
	atomic_init(&lookup->renewals, 0);
	lookup->conf = conf_ref(conf);
	if ((*why_r = fill(lookup, before, world)) == NULL)
		return lookup;
	mx_lookup_unref(lookup);
	return NULL;
}

void
mx_lookup_set_waiting(struct mx_lookup *lookup, void (*waiting)(const void *arg),
    const void *arg)
{
	lookup->waiting = waiting;
	lookup->waiting_arg = arg;
}

static void
will_wait(const struct mx_lookup *lookup)
{
	if (lookup->waiting != NULL)
		lookup->waiting(lookup->waiting_arg);
}

int
mx_lookup_is_shared(const struct mx_lookup *a, const struct mx_lookup *b)
{
	return a->knowledge == b->knowledge;
}

int64_t
mx_lookup_deadline(const struct mx_lookup *lookup)
{
	return lookup->world.now(lookup->world.arg) +
	    (int64_t)lookup->conf->mx_timeout * 1000000;
}

/* Not each failure: a name server that is down would fill the log. */
static void
report(const struct mx_lookup *lookup, const char *domain, const char *what)
{
	struct knowledge *knowledge = lookup->knowledge;
	int64_t now = lookup->world.now(lookup->world.arg);
	uint64_t others = 0;
	int is_due;

	(void)pthread_mutex_lock(&knowledge->lock);
	is_due = now >= knowledge->report_us;
	if (is_due) {
		others = knowledge->unreported;
		knowledge->unreported = 0;
		knowledge->report_us = now + REPORT_PAUSE_US;
	} else
		knowledge->unreported++;
	(void)pthread_mutex_unlock(&knowledge->lock);
	if (is_due && others > 0)
		log_warn("MX lookup for %s: %s; %" PRIu64 " more failed before", domain,
		    what, others);
	else if (is_due)
		log_warn("MX lookup for %s: %s", domain, what);
}

static void
fail(struct mx_verdict *verdict, const char *why)
{
	verdict->standing = POLICY_MX_TEMPFAIL;
	verdict->ttl = 0;
	(void)snprintf(verdict->text, sizeof(verdict->text), "%s: %s",
	    mx_standing_name(POLICY_MX_TEMPFAIL), why);
}

static void
look_up(const struct mx_lookup *lookup, const char *domain, int64_t deadline_us,
    mx_lookup_tracer *tracer, void *arg, struct mx_verdict *verdict)
{
	struct mx *mx = mx_begin(&lookup->rules, domain);
	const struct rrset *answers = NULL;
	struct rrset rrsets[2] = { { .count = 0 } };
	struct mx_question question;

	if (mx == NULL) {
		fail(verdict, NO_MEMORY);
		return;
	}
	while (mx_next(mx, answers, &question, verdict)) {
		rrset_clear(&rrsets[0]);
		rrset_clear(&rrsets[1]);
		lookup->world.lookup(lookup->world.arg, question.name, question.types,
		    question.count, deadline_us, rrsets);
		if (tracer != NULL)
			tracer(arg, &question, rrsets);
		answers = rrsets;
	}
	rrset_clear(&rrsets[0]);
	rrset_clear(&rrsets[1]);
	mx_end(mx);
}

static enum mx_cache_result
look_up_and_keep(const struct mx_lookup *lookup, const char *domain, int64_t deadline_us,
    struct mx_cache_entry *entry, struct mx_verdict *verdict)
{
	look_up(lookup, domain, deadline_us, NULL, NULL, verdict);
	if (verdict->standing == POLICY_MX_TEMPFAIL)
		report(lookup, domain, verdict->text);
	return mx_cache_put(lookup->knowledge->cache, entry,
	    lookup->world.now(lookup->world.arg), verdict);
}

static void
turn_away(const struct mx_lookup *lookup, const char *domain, const char *why,
    struct mx_verdict *verdict)
{
	fail(verdict, why);
	report(lookup, domain, verdict->text);
}

static void
add_renewal(struct mx_lookup *lookup, const char *domain)
{
	(void)atomic_fetch_add(&lookup->renewals, 1);
	renew_add(lookup->knowledge->renew, mx_lookup_ref(lookup), domain);
}

static void
drop_ask(void *arg)
{
	struct mx_lookup *lookup = arg;

	(void)atomic_fetch_sub(&lookup->renewals, 1);
	mx_lookup_unref(lookup);
}

/*
 * In a thread of its own: the mail that found out that it is time has had its answer.
 * Does nothing for rules that nobody uses any more.
 */
static void
renew_permit(void *arg, const char *domain)
{
	struct mx_lookup *lookup = arg;
	struct mx_asker asker = { .client = NULL };
	struct mx_verdict verdict;
	struct mx_cache_entry *entry;

	asker.group = mx_group(&lookup->rules, domain, &asker.is_listed);
	if (atomic_load(&lookup->references) > atomic_load(&lookup->renewals) &&
	    mx_cache_renew(lookup->knowledge->cache, domain, &asker,
	    lookup->world.now(lookup->world.arg), &entry) == MX_CACHE_MISS)
		(void)look_up_and_keep(lookup, domain, mx_lookup_deadline(lookup), entry,
		    &verdict);
	drop_ask(lookup);
}

/* Why there is no verdict, or NULL. */
static const char *
why_not(enum mx_cache_result result)
{
	switch (result) {
	case MX_CACHE_BUSY:
		return "too many MX lookups in progress";
	case MX_CACHE_CLIENT_BUSY:
		return "too many MX lookups in progress for the client's network";
	case MX_CACHE_SILENT:
		return "too many failed MX lookups for such domains from the client's "
		    "network";
	case MX_CACHE_LATE:
		return "an MX lookup in progress did not end in time";
	case MX_CACHE_NO_MEMORY:
		return NO_MEMORY;
	case MX_CACHE_HIT:
	case MX_CACHE_DUE:
	case MX_CACHE_STALE_HIT:
	case MX_CACHE_FAILED:
	case MX_CACHE_MISS:
		break;
	}
	return NULL;
}

/* Returns the age of the verdict for the record, or NULL if it did not need a lookup. */
static const char *
find(struct mx_lookup *lookup, const char *domain, const struct netaddr *client,
    int64_t deadline_us, struct mx_verdict *verdict)
{
	struct mx_cache *cache = lookup->knowledge->cache;
	const int64_t now = lookup->world.now(lookup->world.arg);
	struct mx_asker asker = { .client = client };
	struct mx_cache_entry *entry;
	enum mx_cache_result result;

	if (mx_is_plain(&lookup->rules, domain, verdict))
		return NULL;
	asker.group = mx_group(&lookup->rules, domain, &asker.is_listed);
	if (mx_cache_is_asked(cache, domain, now))
		will_wait(lookup);
	result = mx_cache_get(cache, domain, &asker, now, deadline_us, verdict, &entry);
	if (result == MX_CACHE_DUE)
		add_renewal(lookup, domain);
	else if (result == MX_CACHE_MISS) {
		will_wait(lookup);
		result = look_up_and_keep(lookup, domain, deadline_us, entry, verdict);
	} else if (why_not(result) != NULL) {
		turn_away(lookup, domain, why_not(result), verdict);
		return NULL;
	}
	return result == MX_CACHE_STALE_HIT ? "stale" :
	    result == MX_CACHE_MISS ? "fresh" : "cached";
}

static void
set_answer(const struct mx_verdict *verdict, const char *age,
    struct mx_lookup_answer *answer)
{
	answer->standing = verdict->standing;
	(void)snprintf(answer->text, sizeof(answer->text), "%s%s%s", verdict->text,
	    age == NULL ? "" : ", ", age == NULL ? "" : age);
}

void
mx_lookup_find(struct mx_lookup *lookup, const char *domain, const struct netaddr *client,
    int64_t deadline_us, struct mx_lookup_answer *answer_r)
{
	struct mx_verdict verdict;
	const char *age = find(lookup, domain, client, deadline_us, &verdict);

	set_answer(&verdict, age, answer_r);
}

void
mx_lookup_trace(struct mx_lookup *lookup, const char *domain, int64_t deadline_us,
    mx_lookup_tracer *tracer, void *arg, struct mx_lookup_answer *answer_r)
{
	struct mx_verdict verdict;
	int is_plain = mx_is_plain(&lookup->rules, domain, &verdict);

	if (!is_plain)
		look_up(lookup, domain, deadline_us, tracer, arg, &verdict);
	set_answer(&verdict, is_plain ? NULL : "fresh", answer_r);
}

void
mx_lookup_describe(const struct mx_lookup *lookup, struct buf *text)
{
	if (lookup->dns != NULL)
		dns_describe(lookup->dns, text);
}

void
mx_lookup_stats(const struct mx_lookup *lookup, struct mx_cache_stats *stats_r)
{
	mx_cache_read_stats(lookup->knowledge->cache, stats_r);
}
