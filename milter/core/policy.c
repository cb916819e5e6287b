/* milter/core/policy.c: the relay policy, an ordered list of rules */
/* SPDX-License-Identifier: ISC */

/*
 * The whole policy is the array `rules` near the end of this file. Each rule is a
 * sentence: where the function in its first column holds, the verdict and the reason
 * beside it are the decision, and no later rule is looked at. Rules 1 to 6 are about the
 * client, the others about the recipient.
 */

#include <string.h>

#include "core/ascii.h"
#include "core/policy.h"

struct inquiry {
	const struct policy		*policy;
	const struct policy_facts	*facts;
	const struct policy_answers	*answers;
	struct policy_decision		*decision;
};

enum holds {
	NO,
	YES,
	ASK	/* unknown until decision.question is answered */
};

static int
is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* The item of a list that is equal except for ASCII case, or NULL. */
static const char *
find_text(char *const *list, const char *text)
{
	if (list == NULL || !is_given(text))
		return NULL;
	for (; *list != NULL; list++)
		if (strcasecmp(*list, text) == 0)
			return *list;
	return NULL;
}

static enum holds
matched(struct inquiry *q, const char *list, const char *entry)
{
	if (entry == NULL)
		return NO;
	q->decision->list = list;
	q->decision->entry = entry;
	return YES;
}

static enum holds
matched_network(struct inquiry *q, const char *list, const struct netset *set,
    const struct netaddr *addr)
{
	struct netset_network network;

	if (set == NULL || !netset_find(set, addr, &network))
		return NO;
	netset_format(&network, q->decision->network);
	return matched(q, list, q->decision->network);
}

static enum holds
matched_domain(struct inquiry *q, const char *list, const struct domset *set)
{
	const char *domain = q->decision->place->domain;

	if (set == NULL || *domain == '\0')
		return NO;
	return matched(q, list, domset_find(set, domain, strlen(domain)));
}

/* A signature by some authority is never enough: it must be verified and listed. */
static const char *
find_certificate(const struct policy *policy, const struct policy_facts *facts)
{
	const struct certset *set = policy->client_certificates;

	if (set == NULL || !facts->is_cert_verified || !is_given(facts->cert_subject))
		return NULL;
	return certset_find(set, facts->cert_kind, facts->cert_issuer,
	    facts->cert_subject);
}

/*
 * With EXTERNAL (RFC 4422) the certificate is the login, and a mail server takes that of
 * any authority that it trusts.
 */
static int
is_login_by_unlisted_certificate(const struct policy *policy,
    const struct policy_facts *facts)
{
	return strcasecmp(facts->auth_type, "EXTERNAL") == 0 &&
	    find_text(policy->auth_mechanisms, "EXTERNAL") == NULL &&
	    find_certificate(policy, facts) == NULL;
}

/*
 * Both macros count, and nothing else does: {auth_author} is whatever a stranger wrote
 * after MAIL ... AUTH=, and an anonymous login (RFC 4505) has a user name, too.
 */
static enum policy_auth
judge_login(const struct policy *policy, const struct policy_facts *facts)
{
	unsigned strength =
	    facts->auth_ssf > facts->tls_bits ? facts->auth_ssf : facts->tls_bits;

	if (!is_given(facts->auth_type) && !is_given(facts->auth_user))
		return POLICY_AUTH_NONE;
	if (!is_given(facts->auth_type) || !is_given(facts->auth_user))
		return POLICY_AUTH_INCOMPLETE;
	if (facts->is_auth_unreadable || ascii_has_control(facts->auth_user))
		return POLICY_AUTH_UNREADABLE;
	if (strcasecmp(facts->auth_type, "ANONYMOUS") == 0)
		return POLICY_AUTH_ANONYMOUS;
	if (policy->auth_mechanisms != NULL && *policy->auth_mechanisms != NULL &&
	    find_text(policy->auth_mechanisms, facts->auth_type) == NULL)
		return POLICY_AUTH_MECHANISM;
	if (is_login_by_unlisted_certificate(policy, facts))
		return POLICY_AUTH_CERTIFICATE;
	if (policy->auth_require_tls && !is_given(facts->tls_version))
		return POLICY_AUTH_TLS;
	if (strength < policy->auth_min_ssf)
		return POLICY_AUTH_STRENGTH;
	return POLICY_AUTH_OK;
}

/* No honest client sends that, and each of its recipients would be recorded with it. */
static enum holds
helo_or_sender_is_too_long(struct inquiry *q)
{
	return q->facts->helo_length > POLICY_HELO_MAX ||
	    q->facts->sender_length > POLICY_SENDER_MAX ? YES : NO;
}

static enum holds
client_is_authenticated(struct inquiry *q)
{
	return q->decision->auth == POLICY_AUTH_OK ? YES : NO;
}

static enum holds
client_is_in_trusted_network(struct inquiry *q)
{
	return matched_network(q, "trusted-networks", q->policy->trusted_networks,
	    &q->facts->client);
}

/*
 * A client without an address is unknown, and unknown is not local: the session must
 * look local.
 */
static enum holds
client_submits_on_this_host(struct inquiry *q)
{
	return q->facts->client.family == NETADDR_NONE && q->facts->is_local_session &&
	    q->policy->permit_local_submission ? YES : NO;
}

static enum holds
client_has_listed_certificate(struct inquiry *q)
{
	return matched(q, "client-certificates", find_certificate(q->policy, q->facts));
}

static enum holds
listener_wants_authentication(struct inquiry *q)
{
	char *const *list = q->policy->require_auth_on;
	const char *entry = find_text(list, q->facts->daemon_name);

	if (entry == NULL)
		entry = find_text(list, q->facts->daemon_port);
	return matched(q, "require-auth-on", entry);
}

/* Malformed; or only we have read it, and an MTA might read it differently. */
static enum holds
recipient_is_malformed(struct inquiry *q)
{
	const struct path *path = &q->decision->path;

	return path->form == PATH_BAD ||
	    (path->form == PATH_LOOSE && !is_given(q->facts->rcpt_mta)) ? YES : NO;
}

static enum holds
recipient_is_routed(struct inquiry *q)
{
	return q->decision->path.is_routed ? YES : NO;
}

static int
is_local_domain(const struct inquiry *q, const char *domain)
{
	return q->policy->local_domains != NULL &&
	    domset_find(q->policy->local_domains, domain, strlen(domain)) != NULL;
}

/*
 * Where the mail server gives a bare name, that is at one of our own domains: Sendmail
 * resolves <joe@our.domain> to "joe". Where the client gives one, the place is wherever
 * the mail server says: Postfix resolves <joe> to "joe@its.domain".
 */
static int
is_same_place(const struct inquiry *q, const struct path *ours, const struct path *mta)
{
	if (ours->is_bare)
		return 1;
	if (mta->is_literal || ours->is_literal)
		return mta->is_literal && ours->is_literal &&
		    netaddr_is_equal(&mta->literal, &ours->literal);
	if (mta->is_bare)
		return is_local_domain(q, ours->domain);
	return strcmp(mta->domain, ours->domain) == 0;
}

/*
 * What is not plain counts only as what the MTA itself made of it, where both say the
 * same; so does a bare user whom the MTA has given a domain.
 */
static enum holds
recipient_is_read_in_two_ways(struct inquiry *q)
{
	const struct path *path = &q->decision->path, *mta = &q->decision->path_mta;

	if (path->form == PATH_PLAIN && q->decision->place == path)
		return NO;
	return mta->form != PATH_PLAIN || mta->is_routed || !is_same_place(q, path, mta) ?
	    YES : NO;
}

/*
 * <postmaster> (RFC 5321 §4.5.1) and other users whom neither the client nor the MTA has
 * given a domain are the MTA's own.
 */
static enum holds
recipient_is_a_bare_user(struct inquiry *q)
{
	return q->decision->place->is_bare ? YES : NO;
}

static enum holds
recipient_is_in_local_domain(struct inquiry *q)
{
	return matched_domain(q, "local-domains", q->policy->local_domains);
}

static enum holds
recipient_is_at_own_address(struct inquiry *q)
{
	const struct path *place = q->decision->place;

	if (!place->is_literal)
		return NO;
	return matched_network(q, "own-addresses", q->policy->own_addresses,
	    &place->literal);
}

static enum holds
recipient_is_in_relay_domain(struct inquiry *q)
{
	return matched_domain(q, "relay-domains", q->policy->relay_domains);
}

static enum holds
mx_standing_permits(const struct policy *policy, enum policy_mx standing)
{
	enum policy_mx_accept accept = policy->mx_accept;

	int is_any = accept == POLICY_MX_ACCEPT_ANY;

	if (standing == POLICY_MX_PRIMARY)
		return is_any || accept == POLICY_MX_ACCEPT_PRIMARY ? YES : NO;
	if (standing == POLICY_MX_BACKUP)
		return is_any || accept == POLICY_MX_ACCEPT_BACKUP ? YES : NO;
	return NO;
}

static int
is_mx_asked_for(const struct inquiry *q)
{
	return q->policy->mx_accept != POLICY_MX_ACCEPT_NONE &&
	    q->decision->place->domain[0] != '\0';
}

static enum holds
recipient_is_served_by_our_mx(struct inquiry *q)
{
	if (!is_mx_asked_for(q))
		return NO;
	if (q->answers->mx == POLICY_MX_UNASKED) {
		q->decision->question = POLICY_QUESTION_MX;
		return ASK;
	}
	return mx_standing_permits(q->policy, q->answers->mx);
}

static enum holds
mx_could_not_be_looked_up(struct inquiry *q)
{
	return is_mx_asked_for(q) && q->answers->mx == POLICY_MX_TEMPFAIL ? YES : NO;
}

static enum holds
nothing_else_holds(struct inquiry *q)
{
	(void)q;
	return YES;
}

static const struct {
	enum holds		(*holds)(struct inquiry *);
	struct policy_rule	  rule;
} rules[] = {
	{ helo_or_sender_is_too_long,	{ POLICY_REJECT, POLICY_OVERSIZED,
	    "the HELO name and the sender address are not too long" } },
	{ client_is_authenticated,	{ POLICY_PERMIT, POLICY_AUTHENTICATED,
	    "the client has not logged in" } },
	{ client_is_in_trusted_network,	{ POLICY_PERMIT, POLICY_TRUSTED_NETWORK,
	    "its address is not in trusted-networks" } },
	{ client_submits_on_this_host,	{ POLICY_PERMIT, POLICY_LOCAL_SUBMISSION,
	    "it does not submit on this host, or local-submission is reject" } },
	{ client_has_listed_certificate, { POLICY_PERMIT, POLICY_CLIENT_CERTIFICATE,
	    "it has no verified certificate listed in client-certificates" } },
	{ listener_wants_authentication, { POLICY_REJECT, POLICY_AUTHENTICATION_REQUIRED,
	    "the listener is not in require-auth-on" } },
	{ recipient_is_malformed,	{ POLICY_REJECT, POLICY_MALFORMED_ADDRESS,
	    "the recipient address can be parsed" } },
	{ recipient_is_routed,		{ POLICY_REJECT, POLICY_ROUTED_ADDRESS,
	    "the recipient address has no routing" } },
	{ recipient_is_read_in_two_ways, { POLICY_REJECT, POLICY_DIVERGENCE,
	    "the address is plain, or the mail server reads it the same way" } },
	{ recipient_is_a_bare_user,	{ POLICY_PERMIT, POLICY_LOCAL_DOMAIN,
	    "the recipient has a domain" } },
	{ recipient_is_in_local_domain,	{ POLICY_PERMIT, POLICY_LOCAL_DOMAIN,
	    "its domain is not in local-domains" } },
	{ recipient_is_at_own_address,	{ POLICY_PERMIT, POLICY_OWN_LITERAL,
	    "it is not at an address of this host" } },
	{ recipient_is_in_relay_domain,	{ POLICY_PERMIT, POLICY_RELAY_DOMAIN,
	    "its domain is not in relay-domains" } },
	{ recipient_is_served_by_our_mx, { POLICY_PERMIT, POLICY_MX,
	    "this server is not a mail exchanger that mx.accept permits" } },
	{ mx_could_not_be_looked_up,	{ POLICY_TEMPFAIL, POLICY_DNS_FAILURE,
	    "no MX lookup has failed" } },
	{ nothing_else_holds,		{ POLICY_REJECT, POLICY_RELAY_DENIED, NULL } },
};

/* The rules that permit because of the client: their first index, their number. */
#define CLIENT_RULES_FROM	1
#define CLIENT_RULES		4

static void
decide(struct inquiry *q)
{
	unsigned i;

	for (i = 0;; i++) {
		q->decision->rule = i;
		switch (rules[i].holds(q)) {
		case NO:
			continue;
		case YES:
			q->decision->verdict = rules[i].rule.verdict;
			q->decision->reason = rules[i].rule.reason;
			return;
		case ASK:
			q->decision->verdict = POLICY_NEED;
			return;
		}
	}
}

/* Reads the recipient. Where a bare user is, the MTA says: Postfix by its myorigin. */
static void
read_recipient(const struct policy_facts *facts, struct policy_decision *decision)
{
	const char *rcpt_mta = is_given(facts->rcpt_mta) ? facts->rcpt_mta : "";
	int has_domain = strchr(rcpt_mta, '@') != NULL;

	path_parse(facts->rcpt, facts->utf8, &decision->path);
	path_parse_resolved(rcpt_mta, &decision->path_mta);
	decision->place = decision->path.is_bare && has_domain ? &decision->path_mta :
	    &decision->path;
}

struct policy_rule
policy_rule(unsigned index)
{
	return rules[index].rule;
}

void
policy_decide(const struct policy *policy, const struct policy_facts *facts,
    const struct policy_answers *answers, struct policy_decision *decision_r)
{
	struct inquiry q = { policy, facts, answers, decision_r };

	memset(decision_r, 0, sizeof(*decision_r));
	decision_r->auth = judge_login(policy, facts);
	read_recipient(facts, decision_r);
	decide(&q);
}

int
policy_client_is_entitled(const struct policy *policy, const struct policy_facts *facts)
{
	const struct policy_answers answers = { .mx = POLICY_MX_UNASKED };
	struct policy_decision decision;
	struct inquiry q = { policy, facts, &answers, &decision };
	unsigned i;

	decision.auth = judge_login(policy, facts);
	for (i = 0; i < CLIENT_RULES; i++)
		if (rules[CLIENT_RULES_FROM + i].holds(&q) == YES)
			return 1;
	return 0;
}

const char *
policy_domain(const struct policy_decision *decision)
{
	const struct path *place = decision->place;

	return decision->path.form != PATH_BAD && place->form != PATH_BAD &&
	    place->domain[0] != '\0' ? place->domain : NULL;
}

const char *
policy_verdict_name(enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_PERMIT:
		return "permit";
	case POLICY_REJECT:
		return "reject";
	case POLICY_TEMPFAIL:
		return "tempfail";
	case POLICY_NEED:
		break;
	}
	return NULL;
}

const char *
policy_reason_name(enum policy_reason reason)
{
	static const char *const names[POLICY_REASON_COUNT] = {
		[POLICY_AUTHENTICATED] = "authenticated",
		[POLICY_TRUSTED_NETWORK] = "trusted-network",
		[POLICY_LOCAL_SUBMISSION] = "local-submission",
		[POLICY_CLIENT_CERTIFICATE] = "client-certificate",
		[POLICY_AUTHENTICATION_REQUIRED] = "authentication-required",
		[POLICY_OVERSIZED] = "oversized",
		[POLICY_MALFORMED_ADDRESS] = "malformed-address",
		[POLICY_ROUTED_ADDRESS] = "routed-address",
		[POLICY_DIVERGENCE] = "divergence",
		[POLICY_LOCAL_DOMAIN] = "local-domain",
		[POLICY_OWN_LITERAL] = "own-literal",
		[POLICY_RELAY_DOMAIN] = "relay-domain",
		[POLICY_MX] = "mx",
		[POLICY_DNS_FAILURE] = "dns-failure",
		[POLICY_TABLE_FAILURE] = "table-failure",
		[POLICY_RELAY_DENIED] = "relay-denied",
		[POLICY_INTERNAL] = "internal",
		[POLICY_MTA_REJECT] = "mta-reject",
		[POLICY_TOO_MANY] = "too-many",
	};

	return names[reason];
}

const char *
policy_auth_name(enum policy_auth auth)
{
	switch (auth) {
	case POLICY_AUTH_NONE:
	case POLICY_AUTH_OK:
		break;
	case POLICY_AUTH_INCOMPLETE:
		return "incomplete";
	case POLICY_AUTH_UNREADABLE:
		return "unreadable";
	case POLICY_AUTH_ANONYMOUS:
		return "anonymous";
	case POLICY_AUTH_MECHANISM:
		return "mechanism";
	case POLICY_AUTH_CERTIFICATE:
		return "certificate";
	case POLICY_AUTH_TLS:
		return "tls";
	case POLICY_AUTH_STRENGTH:
		return "strength";
	}
	return NULL;
}
