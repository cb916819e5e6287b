/* milter/dns/ask.c: MX lookup for the policy, cached and under a deadline */
/* SPDX-License-Identifier: ISC */

/*
 * What a question goes through: a domain that needs no lookup is answered by
 * mx_is_plain(); else the cache is asked, which answers, waits for another thread's
 * lookup of the same domain, or turns the client away (mx_limit). On a miss the calling
 * thread looks up: mx.c says which question comes next, the backend (name servers, or a
 * test) answers it, and cache_put() ends the lookup and wakes those that wait for it.
 *
 * A struct ask belongs to one configuration and does not change after it was published,
 * but for its atomic counts; the filter, each transaction and each renewal under way
 * hold a reference. What was found out (struct knowledge) is shared with the ask of the
 * next configuration if both would find the same; the last of them frees it. Its cache
 * has locks of its own, and its lock guards only how often failures are logged. No lock
 * is held while name servers are asked.
 */

#include <sys/random.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/ask.h"
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
	struct cache	*cache;
	struct renew	*renew;
	pthread_mutex_t	 lock;		/* guards what follows; not held while logging */
	int64_t		 report_us;	/* when a failure may be logged again */
	uint64_t	 unreported;
};

struct ask {
	atomic_int		 references;
	atomic_int		 renewals;	/* that hold one of them */
	struct conf		*conf;
	struct mx_rules		 rules;		/* point into conf, but for these: */
	struct netset		*interfaces;
	struct domset		*names;
	struct dns		*dns;		/* NULL: the world answers, in a test */
	struct ask_world	 world;
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
	cache_free(knowledge->cache);
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
	if ((knowledge->cache = cache_new(entries, key)) != NULL &&
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

struct ask *
ask_ref(struct ask *ask)
{
	if (ask != NULL)
		(void)atomic_fetch_add(&ask->references, 1);
	return ask;
}

void
ask_unref(struct ask *ask)
{
	if (ask == NULL || atomic_fetch_sub(&ask->references, 1) > 1)
		return;
	unref_knowledge(ask->knowledge);
	dns_close(ask->dns);
	domset_free(ask->names);
	netset_free(ask->interfaces);
	conf_unref(ask->conf);
	free(ask);
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
open_dns(struct ask *ask)
{
	const struct conf_list *servers = &ask->conf->dns_servers;
	const struct dns_options options = {
		.servers = (const char *const *)servers->items,
		.count = servers->count,
		.trust_ad = (enum conf_trust_ad)ask->conf->dns_trust_ad,
	};
	const char *why = NULL;

	if ((ask->dns = dns_open(&options, &why)) == NULL)
		return why != NULL ? why : NO_MEMORY;
	ask->world = (struct ask_world){ ask_dns, now_dns, ask->dns };
	return NULL;
}

static void
make_rules(struct ask *ask)
{
	const struct conf *conf = ask->conf;
	struct mx_rules *rules = &ask->rules;

	rules->listed = conf->listed_addresses;
	rules->interfaces = ask->interfaces;
	rules->names = ask->names;
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
is_same_world(const struct ask *a, const struct ask *b)
{
	if (a->dns == NULL || b->dns == NULL)
		return a->dns == b->dns && a->world.arg == b->world.arg;
	return dns_is_equal(a->dns, b->dns);
}

/* Whether what one has found out holds for the other. */
static int
is_same(const struct ask *a, const struct ask *b)
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
fill(struct ask *ask, const struct ask *before, const struct ask_world *world)
{
	const char *why = NULL;

	if ((ask->interfaces = ownaddr_interfaces()) == NULL)
		return "cannot read the addresses of the interfaces";
	if ((ask->names = set_of_names(&ask->conf->mx_names)) == NULL)
		return NO_MEMORY;
	if (world != NULL)
		ask->world = *world;
	else if ((why = open_dns(ask)) != NULL)
		return why;
	make_rules(ask);
	if (before != NULL && ask->dns != NULL && before->dns != NULL &&
	    dns_is_equal(ask->dns, before->dns))
		dns_take_over(ask->dns, before->dns);
	if (before != NULL && is_same(before, ask)) {
		ask->knowledge = before->knowledge;
		(void)atomic_fetch_add(&ask->knowledge->references, 1);
	} else
		ask->knowledge = new_knowledge(ask->conf->mx_cache_entries);
	return ask->knowledge == NULL ? NO_MEMORY : NULL;
}

struct ask *
ask_new(struct conf *conf, const struct ask *before, const struct ask_world *world,
    const char **why_r)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	*why_r = NO_MEMORY;
	if (ask == NULL)
		return NULL;
	atomic_init(&ask->references, 1);
	atomic_init(&ask->renewals, 0);
	ask->conf = conf_ref(conf);
	if ((*why_r = fill(ask, before, world)) == NULL)
		return ask;
	ask_unref(ask);
	return NULL;
}

void
ask_set_waiting(struct ask *ask, void (*waiting)(const void *arg), const void *arg)
{
	ask->waiting = waiting;
	ask->waiting_arg = arg;
}

static void
will_wait(const struct ask *ask)
{
	if (ask->waiting != NULL)
		ask->waiting(ask->waiting_arg);
}

int
ask_is_shared(const struct ask *a, const struct ask *b)
{
	return a->knowledge == b->knowledge;
}

int64_t
ask_deadline(const struct ask *ask)
{
	return ask->world.now(ask->world.arg) +
	    (int64_t)ask->conf->mx_timeout * 1000000;
}

/* Not each failure: a name server that is down would fill the log. */
static void
report(const struct ask *ask, const char *domain, const char *what)
{
	struct knowledge *knowledge = ask->knowledge;
	int64_t now = ask->world.now(ask->world.arg);
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
look_up(const struct ask *ask, const char *domain, int64_t deadline_us,
    ask_tracer *tracer, void *arg, struct mx_verdict *verdict)
{
	struct mx *mx = mx_begin(&ask->rules, domain);
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
		ask->world.ask(ask->world.arg, question.name, question.types,
		    question.count, deadline_us, rrsets);
		if (tracer != NULL)
			tracer(arg, &question, rrsets);
		answers = rrsets;
	}
	rrset_clear(&rrsets[0]);
	rrset_clear(&rrsets[1]);
	mx_end(mx);
}

static enum cache_result
look_up_and_keep(const struct ask *ask, const char *domain, int64_t deadline_us,
    struct cache_entry *entry, struct mx_verdict *verdict)
{
	look_up(ask, domain, deadline_us, NULL, NULL, verdict);
	if (verdict->standing == POLICY_MX_TEMPFAIL)
		report(ask, domain, verdict->text);
	return cache_put(ask->knowledge->cache, entry, ask->world.now(ask->world.arg),
	    verdict);
}

static void
turn_away(const struct ask *ask, const char *domain, const char *why,
    struct mx_verdict *verdict)
{
	fail(verdict, why);
	report(ask, domain, verdict->text);
}

static void
add_renewal(struct ask *ask, const char *domain)
{
	(void)atomic_fetch_add(&ask->renewals, 1);
	renew_add(ask->knowledge->renew, ask_ref(ask), domain);
}

static void
drop_ask(void *arg)
{
	struct ask *ask = arg;

	(void)atomic_fetch_sub(&ask->renewals, 1);
	ask_unref(ask);
}

/*
 * In a thread of its own: the mail that found out that it is time has had its answer.
 * Does nothing for rules that nobody uses any more.
 */
static void
renew_permit(void *arg, const char *domain)
{
	struct ask *ask = arg;
	struct mx_asker asker = { .client = NULL };
	struct mx_verdict verdict;
	struct cache_entry *entry;

	asker.group = mx_group(&ask->rules, domain, &asker.is_listed);
	if (atomic_load(&ask->references) > atomic_load(&ask->renewals) &&
	    cache_renew(ask->knowledge->cache, domain, &asker,
	    ask->world.now(ask->world.arg), &entry) == CACHE_MISS)
		(void)look_up_and_keep(ask, domain, ask_deadline(ask), entry, &verdict);
	drop_ask(ask);
}

/* Why there is no verdict, or NULL. */
static const char *
why_not(enum cache_result result)
{
	switch (result) {
	case CACHE_BUSY:
		return "too many MX lookups in progress";
	case CACHE_CLIENT_BUSY:
		return "too many MX lookups in progress for the client's network";
	case CACHE_SILENT:
		return "too many failed MX lookups for such domains from the client's "
		    "network";
	case CACHE_LATE:
		return "an MX lookup in progress did not end in time";
	case CACHE_NO_MEMORY:
		return NO_MEMORY;
	case CACHE_HIT:
	case CACHE_DUE:
	case CACHE_STALE_HIT:
	case CACHE_FAILED:
	case CACHE_MISS:
		break;
	}
	return NULL;
}

/* Returns the age of the verdict for the record, or NULL if it did not need a lookup. */
static const char *
find(struct ask *ask, const char *domain, const struct netaddr *client,
    int64_t deadline_us, struct mx_verdict *verdict)
{
	struct cache *cache = ask->knowledge->cache;
	const int64_t now = ask->world.now(ask->world.arg);
	struct mx_asker asker = { .client = client };
	struct cache_entry *entry;
	enum cache_result result;

	if (mx_is_plain(&ask->rules, domain, verdict))
		return NULL;
	asker.group = mx_group(&ask->rules, domain, &asker.is_listed);
	if (cache_is_asked(cache, domain, now))
		will_wait(ask);
	result = cache_get(cache, domain, &asker, now, deadline_us, verdict, &entry);
	if (result == CACHE_DUE)
		add_renewal(ask, domain);
	else if (result == CACHE_MISS) {
		will_wait(ask);
		result = look_up_and_keep(ask, domain, deadline_us, entry, verdict);
	} else if (why_not(result) != NULL) {
		turn_away(ask, domain, why_not(result), verdict);
		return NULL;
	}
	return result == CACHE_STALE_HIT ? "stale" : result == CACHE_MISS ? "fresh" :
	    "cached";
}

static void
set_answer(const struct mx_verdict *verdict, const char *age, struct ask_answer *answer)
{
	answer->standing = verdict->standing;
	(void)snprintf(answer->text, sizeof(answer->text), "%s%s%s", verdict->text,
	    age == NULL ? "" : ", ", age == NULL ? "" : age);
}

void
ask_mx(struct ask *ask, const char *domain, const struct netaddr *client,
    int64_t deadline_us, struct ask_answer *answer_r)
{
	struct mx_verdict verdict;
	const char *age = find(ask, domain, client, deadline_us, &verdict);

	set_answer(&verdict, age, answer_r);
}

void
ask_mx_traced(struct ask *ask, const char *domain, int64_t deadline_us,
    ask_tracer *tracer, void *arg, struct ask_answer *answer_r)
{
	struct mx_verdict verdict;
	int is_plain = mx_is_plain(&ask->rules, domain, &verdict);

	if (!is_plain)
		look_up(ask, domain, deadline_us, tracer, arg, &verdict);
	set_answer(&verdict, is_plain ? NULL : "fresh", answer_r);
}

void
ask_describe(const struct ask *ask, struct buf *text)
{
	if (ask->dns != NULL)
		dns_describe(ask->dns, text);
}

void
ask_stats(const struct ask *ask, struct cache_stats *stats_r)
{
	cache_read_stats(ask->knowledge->cache, stats_r);
}
