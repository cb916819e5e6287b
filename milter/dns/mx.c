/* milter/dns/mx.c: standing of this server in a domain's MX set */
/* SPDX-License-Identifier: ISC */

/*
 * First the MX records, then the addresses of as many mail exchangers as it takes, the
 * best first. A host is asked for only where its addresses may still change the verdict:
 * see wanted(). Where mx.networks is given, all addresses of all best mail exchangers
 * have to be known, and the first one outside ends the inquiry in any case.
 */

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/mx.h"
#include "os/ownaddr.h"

#define WORDS_SIZE	480	/* a name and what is said of it */

#define FAMILY_V4	1U
#define FAMILY_V6	2U

struct mx {
	const struct mx_rules	*rules;
	const char		*domain;
	struct mx_question	 question;
	unsigned		 own_families;	/* in which we have an address */
	int			 is_implicit;	/* no MX record: RFC 5321 §5.1 */
	struct mx_hosts		 hosts;		/* none: not known yet */
	size_t			 asking;	/* which host the question is about */
	unsigned		 asked_hosts;
	size_t			 match;		/* the best host that is us */
	struct netaddr		 via;		/* its address; none: by its name */
	int			 is_cut;	/* a limit kept something from us */
	int			 best_has_failed;
	char			 failure[WORDS_SIZE];	/* the first one */
	char			 outside[WORDS_SIZE];	/* what is not in mx.networks */
	int			 has_answer;
	int			 is_insecure;
	uint32_t		 ttl;
	unsigned		 queries;
	int64_t			 elapsed_us;
};

static void
say(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text + used, size - used, format, ap);
	va_end(ap);
}

const char *
mx_standing_name(enum policy_mx standing)
{
	switch (standing) {
	case POLICY_MX_UNASKED:
		break;
	case POLICY_MX_NOT:
		return "not";
	case POLICY_MX_PRIMARY:
		return "primary";
	case POLICY_MX_BACKUP:
		return "backup";
	case POLICY_MX_TEMPFAIL:
		return "tempfail";
	case POLICY_MX_BADNAME:
		return "badname";
	}
	return "unasked";
}

const char *
mx_type_name(enum rrset_type type)
{
	switch (type) {
	case RRSET_A:
		return "A";
	case RRSET_MX:
		return "MX";
	case RRSET_AAAA:
		return "AAAA";
	}
	return "?";
}

static void
set_plain(struct mx_verdict *verdict, enum policy_mx standing, const char *why)
{
	verdict->standing = standing;
	verdict->ttl = 0;
	(void)snprintf(verdict->text, sizeof(verdict->text), "%s: %s",
	    mx_standing_name(standing), why);
}

int
mx_is_plain(const struct mx_rules *rules, const char *domain,
    struct mx_verdict *verdict_r)
{
	if (!mx_is_host_name(domain)) {
		set_plain(verdict_r, POLICY_MX_BADNAME,
		    "not a name that can have an MX record");
		return 1;
	}
	if (rules->domains != NULL &&
	    domset_find(rules->domains, domain, strlen(domain)) == NULL) {
		set_plain(verdict_r, POLICY_MX_NOT, "not in mx.domains");
		return 1;
	}
	return 0;
}

const char *
mx_group(const struct mx_rules *rules, const char *domain, int *is_listed_r)
{
	const size_t len = strlen(domain);
	const char *group = domain + len, *entry = NULL;
	int dots = 0;

	if (rules->domains != NULL)
		entry = domset_find(rules->domains, domain, len);
	if ((*is_listed_r = entry != NULL && *entry != '.'))
		return domain;
	while (group > domain && (group[-1] != '.' || ++dots < 2))
		group--;
	if (entry != NULL && strlen(entry + 1) > strlen(group))
		group = domain + len - strlen(entry + 1);
	return group;
}

static int
has_family(const struct netset *set, enum netaddr_family family)
{
	return set != NULL && netset_has_family(set, family);
}

struct mx *
mx_begin(const struct mx_rules *rules, const char *domain)
{
	struct mx *mx = calloc(1, sizeof(*mx));

	if (mx == NULL)
		return NULL;
	mx->rules = rules;
	mx->domain = domain;
	mx->match = MX_NO_HOST;
	mx->ttl = UINT32_MAX;
	if (has_family(rules->listed, NETADDR_V4) ||
	    has_family(rules->interfaces, NETADDR_V4))
		mx->own_families |= FAMILY_V4;
	if (has_family(rules->listed, NETADDR_V6) ||
	    has_family(rules->interfaces, NETADDR_V6))
		mx->own_families |= FAMILY_V6;
	return mx;
}

void
mx_end(struct mx *mx)
{
	free(mx);
}

/* What every verdict that somebody was asked for ends in. */
static void
say_cost(const struct mx *mx, struct mx_verdict *verdict)
{
	say(verdict->text, sizeof(verdict->text), ", ad=%d, %u %s, %" PRId64 " us",
	    mx->has_answer && !mx->is_insecure, mx->queries,
	    mx->queries == 1 ? "query" : "queries", mx->elapsed_us);
}

static void
settle(const struct mx *mx, enum policy_mx standing, const char *why,
    struct mx_verdict *verdict)
{
	set_plain(verdict, standing, why);
	if (standing != POLICY_MX_TEMPFAIL)
		verdict->ttl = mx->ttl;
	say_cost(mx, verdict);
}

static int
is_best(const struct mx *mx, size_t host)
{
	return mx_hosts_is_best(&mx->hosts, host);
}

static void
say_host(const struct mx *mx, size_t i, char *text, size_t size)
{
	const struct mx_host *host = &mx->hosts.list[i];

	say(text, size, "%u %s", host->preference,
	    host->is_host ? host->name : "(not a host name)");
}

/* We are one of its mail exchangers. */
static void
settle_match(const struct mx *mx, struct mx_verdict *verdict)
{
	const size_t size = sizeof(verdict->text);
	char via[NETADDR_TEXT_SIZE];

	verdict->standing = is_best(mx, mx->match) ? POLICY_MX_PRIMARY : POLICY_MX_BACKUP;
	verdict->ttl = mx->ttl;
	/* a better one that could not be looked up may be us, too */
	if (mx->best_has_failed && !is_best(mx, mx->match) &&
	    verdict->ttl > MX_UNSURE_TTL)
		verdict->ttl = MX_UNSURE_TTL;
	(void)snprintf(verdict->text, size, "%s ", mx_standing_name(verdict->standing));
	say_host(mx, mx->match, verdict->text, size);
	if (mx->is_implicit)
		say(verdict->text, size, " without an MX record");
	if (mx->via.family == NETADDR_NONE)
		say(verdict->text, size, " by name");
	else {
		netaddr_format(&mx->via, via);
		say(verdict->text, size, " via %s", via);
	}
	if (!is_best(mx, mx->match)) {
		say(verdict->text, size, ", best ");
		say_host(mx, 0, verdict->text, size);
	}
	say_cost(mx, verdict);
}

/* Nobody is left whose answer could change anything. */
static void
conclude(const struct mx *mx, struct mx_verdict *verdict)
{
	const struct mx_rules *rules = mx->rules;
	int has_failed = mx->failure[0] != '\0';

	if (mx->match == MX_NO_HOST && has_failed)
		settle(mx, POLICY_MX_TEMPFAIL, mx->failure, verdict);
	else if (mx->match == MX_NO_HOST)
		settle(mx, POLICY_MX_NOT, mx->is_cut ?
		    "this server is not a mail exchanger within the limits" :
		    "this server is not a mail exchanger", verdict);
	/* what could not be looked up may be us, or outside */
	else if (mx->best_has_failed && (rules->networks != NULL ||
	    (rules->primary_only && !is_best(mx, mx->match))))
		settle(mx, POLICY_MX_TEMPFAIL, mx->failure, verdict);
	else
		settle_match(mx, verdict);
}

static void
note_outside(struct mx *mx, size_t host, const char *what)
{
	if (mx->outside[0] != '\0')
		return;
	say(mx->outside, sizeof(mx->outside), "best ");
	say_host(mx, host, mx->outside, sizeof(mx->outside));
	say(mx->outside, sizeof(mx->outside), " %s", what);
}

static void
note_failure(struct mx *mx, const char *name, const struct rrset *rrset)
{
	if (mx->failure[0] != '\0')
		return;
	say(mx->failure, sizeof(mx->failure), "%s %s: %s", name,
	    mx_type_name(rrset->type), rrset->why != NULL ? rrset->why : "no answer");
	if (rrset->server[0] != '\0')
		say(mx->failure, sizeof(mx->failure), " (%s)", rrset->server);
}

/*
 * The MX records
 */

static void
look_at_hosts(struct mx *mx)
{
	const struct mx_rules *rules = mx->rules;

	/* a host in mx.names needs no lookup */
	if (rules->names != NULL)
		mx->match = mx_hosts_find(&mx->hosts, rules->names);
	if (rules->networks == NULL)
		return;
	for (size_t i = 0; i < mx->hosts.count && is_best(mx, i); i++)
		if (!mx->hosts.list[i].is_host)
			note_outside(mx, i, "cannot be in mx.networks");
}

/* Returns 1 if the verdict is there. */
static int
take_mx(struct mx *mx, const struct rrset *rrset, struct mx_verdict *verdict)
{
	const char *why = NULL;

	switch (rrset->status) {
	case RRSET_FOUND:
		/* answers to another question: whatever they are, no proof of anything */
		if (rrset->count == 0 && !rrset->is_cut) {
			settle(mx, POLICY_MX_TEMPFAIL, "answer without MX records",
			    verdict);
			return 1;
		}
		why = mx_hosts_read(&mx->hosts, rrset);
		break;
	case RRSET_NODATA:
		mx->is_implicit = 1;
		mx_hosts_set_implicit(&mx->hosts, mx->domain);
		break;
	case RRSET_NXDOMAIN:
		why = "no such domain";
		break;
	case RRSET_FAILURE:
		note_failure(mx, mx->domain, rrset);
		settle(mx, POLICY_MX_TEMPFAIL, mx->failure, verdict);
		return 1;
	}
	if (why != NULL) {
		settle(mx, POLICY_MX_NOT, why, verdict);
		return 1;
	}
	look_at_hosts(mx);
	return 0;
}

/*
 * The addresses
 */

/* An IPv4 address that came as a v4-mapped IPv6 address belongs to neither family. */
static int
is_of_type(const struct netaddr *addr, enum rrset_type type)
{
	return addr->family == (type == RRSET_A ? NETADDR_V4 : NETADDR_V6);
}

static int
is_in(const struct netset *set, const struct netaddr *addr)
{
	return set != NULL && netset_find(set, addr, NULL);
}

/* Who has put what into our own addresses: loopback and its like never mean us. */
static int
is_own(const struct mx_rules *rules, const struct netaddr *addr)
{
	return (ownaddr_is_usable(addr, 1) && is_in(rules->listed, addr)) ||
	    (ownaddr_is_usable(addr, 0) && is_in(rules->interfaces, addr));
}

static void
check_network(struct mx *mx, size_t i, const struct netaddr *addr, enum rrset_type type)
{
	char text[NETADDR_TEXT_SIZE], what[NETADDR_TEXT_SIZE + 40];

	if (is_of_type(addr, type) && ownaddr_is_usable(addr, 1) &&
	    is_in(mx->rules->networks, addr))
		return;
	netaddr_format(addr, text);
	(void)snprintf(what, sizeof(what), "has %s, outside mx.networks", text);
	note_outside(mx, i, what);
}

static void
take_address(struct mx *mx, size_t i, const struct netaddr *addr, enum rrset_type type)
{
	mx->hosts.list[i].has_address = 1;
	/* of two matches the better one; by its name a host is us in any case */
	if (is_of_type(addr, type) && is_own(mx->rules, addr) &&
	    (mx->match == MX_NO_HOST || mx->match > i)) {
		mx->match = i;
		mx->via = *addr;
	}
	if (mx->rules->networks != NULL && is_best(mx, i))
		check_network(mx, i, addr, type);
}

static void
take_addresses(struct mx *mx, const struct rrset *rrset)
{
	size_t i = mx->asking, count = rrset->count;

	mx->hosts.list[i].asked |= rrset->type == RRSET_A ? FAMILY_V4 : FAMILY_V6;
	if (rrset->status == RRSET_FAILURE) {
		note_failure(mx, mx->hosts.list[i].name, rrset);
		mx->best_has_failed |= is_best(mx, i);
		return;
	}
	if (count > MX_ADDRESSES_MAX)
		count = MX_ADDRESSES_MAX;
	for (size_t j = 0; rrset->status == RRSET_FOUND && j < count; j++)
		take_address(mx, i, &rrset->addrs[j], rrset->type);
	if (!rrset->is_cut && count == rrset->count)
		return;
	mx->is_cut = 1;
	if (mx->rules->networks != NULL && is_best(mx, i))
		note_outside(mx, i, "has too many addresses for mx.networks");
}

/* "Every address is inside" holds of none, too, and that is nobody's mail server. */
static void
check_has_address(struct mx *mx, size_t i)
{
	const struct mx_host *host = &mx->hosts.list[i];

	if (mx->rules->networks != NULL && is_best(mx, i) && !host->has_address &&
	    host->asked == (FAMILY_V4 | FAMILY_V6) && !mx->best_has_failed)
		note_outside(mx, i, "has no address");
}

/*
 * The families in which the addresses of a host may still change the verdict: those in
 * which we could be found, until we are, and until no better one is left; and where
 * mx.networks is given, of the best ones all.
 */
static unsigned
wanted(const struct mx *mx, size_t i)
{
	const struct mx_host *host = &mx->hosts.list[i];
	unsigned families = 0;

	if (!host->is_host || host->is_past_limit)
		return 0;
	if (mx->match == MX_NO_HOST || (is_best(mx, i) && !is_best(mx, mx->match)))
		families = mx->own_families;
	if (mx->match != MX_NO_HOST && mx->rules->networks != NULL && is_best(mx, i))
		families = FAMILY_V4 | FAMILY_V6;
	return families & ~host->asked;
}

static void
make_question(struct mx *mx, const char *name, unsigned families)
{
	struct mx_question *question = &mx->question;

	question->name = name;
	question->count = 0;
	if (families == 0)
		question->types[question->count++] = RRSET_MX;
	if (families & FAMILY_V4)
		question->types[question->count++] = RRSET_A;
	if (families & FAMILY_V6)
		question->types[question->count++] = RRSET_AAAA;
}

/* Returns 0 if the host is one too many to be asked for. */
static int
is_within_limit(struct mx *mx, size_t i)
{
	if (mx->hosts.list[i].asked != 0)
		return 1;
	if (mx->asked_hosts < MX_HOSTS_MAX) {
		mx->asked_hosts++;
		return 1;
	}
	mx->hosts.list[i].is_past_limit = 1;
	mx->is_cut = 1;
	if (mx->rules->networks != NULL && is_best(mx, i))
		note_outside(mx, i, "is beyond the limit of hosts for mx.networks");
	return 0;
}

/* Returns 1 if there is another question about a host. */
static int
ask_next_host(struct mx *mx)
{
	for (size_t i = 0; i < mx->hosts.count && mx->outside[0] == '\0'; i++) {
		unsigned families = wanted(mx, i);
		if (families == 0 || !is_within_limit(mx, i))
			continue;
		mx->asking = i;
		make_question(mx, mx->hosts.list[i].name, families);
		return 1;
	}
	return 0;
}

/* Returns what is not authenticated and has to be, or NULL. */
static const struct rrset *
note_answers(struct mx *mx, const struct rrset *answers)
{
	const struct rrset *insecure = NULL;
	int64_t elapsed_us = 0;

	for (size_t i = 0; i < mx->question.count; i++) {
		mx->queries += answers[i].queries;
		/* they were asked for at once */
		if (answers[i].elapsed_us > elapsed_us)
			elapsed_us = answers[i].elapsed_us;
		if (answers[i].status == RRSET_FAILURE)
			continue;
		mx->has_answer = 1;
		if (answers[i].ttl < mx->ttl)
			mx->ttl = answers[i].ttl;
		if (!answers[i].is_secure)
			insecure = &answers[i];
	}
	mx->elapsed_us += elapsed_us;
	mx->is_insecure |= insecure != NULL;
	return mx->rules->require_dnssec ? insecure : NULL;
}

/* Returns 1 if the verdict is there. */
static int
take(struct mx *mx, const struct rrset *answers, struct mx_verdict *verdict)
{
	const struct rrset *insecure = note_answers(mx, answers);
	char why[WORDS_SIZE];

	if (insecure != NULL) {
		(void)snprintf(why, sizeof(why), "%s %s is not authenticated by DNSSEC",
		    mx->question.name, mx_type_name(insecure->type));
		settle(mx, POLICY_MX_NOT, why, verdict);
		return 1;
	}
	if (mx->hosts.count == 0)
		return take_mx(mx, answers, verdict);
	for (size_t i = 0; i < mx->question.count; i++)
		take_addresses(mx, &answers[i]);
	check_has_address(mx, mx->asking);
	return 0;
}

int
mx_next(struct mx *mx, const struct rrset *answers, struct mx_question *question_r,
    struct mx_verdict *verdict_r)
{
	if (answers == NULL)
		make_question(mx, mx->domain, 0);
	else {
		/* the order of calls: answers come after a question, whatever they say */
		assert(mx->question.count > 0);
		if (take(mx, answers, verdict_r))
			return 0;
		if (!ask_next_host(mx)) {
			if (mx->outside[0] != '\0')
				settle(mx, POLICY_MX_NOT, mx->outside, verdict_r);
			else
				conclude(mx, verdict_r);
			return 0;
		}
	}
	*question_r = mx->question;
	return 1;
}
