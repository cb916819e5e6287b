/* milter/ctl/replay.c: the decision about a recorded recipient */
/* SPDX-License-Identifier: ISC */

/*
 * What the record does not say is tried in each way that the configuration asks for; the
 * verdict is known where all of them come to the same.
 */

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "core/ascii.h"
#include "ctl/replay.h"
#include "dns/mx.h"
#include "record/record_decision.h"

#define HASH_LENGTH	20	/* hexadecimal digits after "~": audit.redact */
#define BIT(unknown)	(1u << (unknown))

/* The texts that a decision looks at. */
enum text {
	TEXT_DAEMON,
	TEXT_CLIENT_NAME,
	TEXT_TLS,
	TEXT_CERT_SUBJECT,
	TEXT_AUTH,
	TEXT_AUTH_TYPE,
	TEXT_HELO,
	TEXT_SENDER,
	TEXT_RCPT,
	TEXT_RCPT_MTA,
	TEXT_COUNT
};

static const enum record_key text_keys[TEXT_COUNT] = {
	[TEXT_DAEMON] = RECORD_KEY_DAEMON,
	[TEXT_CLIENT_NAME] = RECORD_KEY_CLIENT_NAME,
	[TEXT_TLS] = RECORD_KEY_TLS,
	[TEXT_CERT_SUBJECT] = RECORD_KEY_CERT_SUBJECT,
	[TEXT_AUTH] = RECORD_KEY_AUTH,
	[TEXT_AUTH_TYPE] = RECORD_KEY_AUTH_TYPE,
	[TEXT_HELO] = RECORD_KEY_HELO,
	[TEXT_SENDER] = RECORD_KEY_SENDER,
	[TEXT_RCPT] = RECORD_KEY_RCPT,
	[TEXT_RCPT_MTA] = RECORD_KEY_RCPT_MTA,
};

void
replay_init(struct replay *replay, const struct replay_rules *rules)
{
	memset(replay, 0, sizeof(*replay));
	replay->rules = rules;
	buf_init(&replay->matched);
	buf_init(&replay->texts);
	buf_init(&replay->issuer);
}

void
replay_clear(struct replay *replay)
{
	buf_clear(&replay->matched);
	buf_clear(&replay->texts);
	buf_clear(&replay->issuer);
}

/*
 * Turns \xNN back into the byte that was sent. A NUL was never sent: in a forged record
 * it would end the text, so that it becomes a byte that no address has.
 */
static size_t
restore_bytes(char *text, size_t length)
{
	size_t to = 0;

	for (size_t i = 0; i < length; i++, to++) {
		int byte = -1;

		if (text[i] == '\\' && length - i >= 4 && text[i + 1] == 'x')
			byte = ascii_hex_byte(text + i + 2);
		if (byte != -1) {
			text[to] = (char)byte;
			i += 3;
		} else
			text[to] = text[i];
		if (text[to] == '\0')
			text[to] = '\001';
	}
	return to;
}

/* Copies the value as it was sent, with a NUL; its place is its offset in texts. */
static size_t
keep_text(struct replay *replay, const struct record_text *value)
{
	struct buf *texts = &replay->texts;
	size_t start = texts->len;

	if (value->at == NULL)
		return SIZE_MAX;
	record_text_add(value, texts);
	if (!texts->failed && texts->len > start)
		buf_cut(texts, start + restore_bytes(texts->data + start,
		    texts->len - start));
	buf_putc(texts, '\0');
	return start;
}

static int
keep_texts(struct replay *replay, const struct record_view *view,
    const char *text_r[TEXT_COUNT])
{
	size_t place[TEXT_COUNT];

	buf_reset(&replay->texts);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		place[i] = keep_text(replay, &view->value[text_keys[i]]);
	if (replay->texts.failed)
		return -1;
	for (size_t i = 0; i < TEXT_COUNT; i++)
		text_r[i] = place[i] == SIZE_MAX ? NULL : replay->texts.data + place[i];
	return 0;
}

static enum policy_mx
standing_of(const struct record_text *mx)
{
	static const enum policy_mx standings[] = { POLICY_MX_NOT, POLICY_MX_PRIMARY,
	    POLICY_MX_BACKUP, POLICY_MX_TEMPFAIL, POLICY_MX_BADNAME };

	for (size_t i = 0; i < sizeof(standings) / sizeof(standings[0]); i++) {
		const char *name = mx_standing_name(standings[i]);
		size_t length = strlen(name);

		if (mx->at != NULL && mx->length >= length &&
		    memcmp(mx->at, name, length) == 0 &&
		    (mx->length == length || strchr(" :", mx->at[length]) != NULL))
			return standings[i];
	}
	return POLICY_MX_UNASKED;
}

/* As mta.c tells submission on this host from a client whose address is withheld. */
static int
looks_local(const struct policy_facts *facts, const char *client_name)
{
	return facts->client.family == NETADDR_NONE && facts->daemon_name == NULL &&
	    client_name != NULL && strcmp(client_name, "localhost") == 0;
}

/* Of the texts that were too long the beginning was kept, and the reason says so. */
static void
read_lengths(struct policy_facts *facts, const char *helo, const char *sender,
    const struct record_view *view)
{
	if (record_text_is(&view->value[RECORD_KEY_REASON],
	    policy_reason_name(POLICY_OVERSIZED)))
		facts->helo_length = SIZE_MAX;
	else if (helo != NULL)
		facts->helo_length = strlen(helo);
	if (sender != NULL)
		facts->sender_length = path_length(sender);
}

static int
read_facts(struct replay *replay, const struct record_view *view)
{
	const struct record_text *client = &view->value[RECORD_KEY_CLIENT];
	struct policy_facts *facts = &replay->facts;
	const char *text[TEXT_COUNT];

	memset(facts, 0, sizeof(*facts));
	if (keep_texts(replay, view, text) == -1)
		return -1;
	if (client->at != NULL)
		(void)netaddr_parse(client->at, client->length, &facts->client);
	facts->daemon_name = text[TEXT_DAEMON];
	if (!record_text_is(&view->value[RECORD_KEY_AUTH_CLEAR], "true"))
		facts->tls_version = text[TEXT_TLS];
	if ((facts->cert_subject = text[TEXT_CERT_SUBJECT]) != NULL)
		facts->cert_kind = certset_kind_of(facts->cert_subject);
	facts->auth_user = text[TEXT_AUTH];
	facts->is_auth_unreadable =
	    record_text_is(&view->value[RECORD_KEY_AUTH_REFUSED], "unreadable");
	facts->auth_type = text[TEXT_AUTH_TYPE];
	read_lengths(facts, text[TEXT_HELO], text[TEXT_SENDER], view);
	facts->rcpt = text[TEXT_RCPT] == NULL ? "" : text[TEXT_RCPT];
	facts->rcpt_mta = text[TEXT_RCPT_MTA];
	facts->is_local_session = looks_local(facts, text[TEXT_CLIENT_NAME]);
	replay->mx = standing_of(&view->value[RECORD_KEY_MX]);
	return 0;
}

/*
 * What is not known, and what it might be
 */

/* The issuer that an entry wants of this subject, so that one might have been it. */
static int
find_issuer(struct replay *replay)
{
	const char *issuer = certset_issuer_of(replay->rules->policy->client_certificates,
	    replay->facts.cert_kind, replay->facts.cert_subject);

	buf_reset(&replay->issuer);
	buf_puts(&replay->issuer, issuer == NULL ? "" : issuer);
	return issuer != NULL && !replay->issuer.failed;
}

static const char *
find_port(const struct policy *policy)
{
	char **entry = policy->require_auth_on;

	for (; entry != NULL && *entry != NULL; entry++)
		if (**entry != '\0' && strspn(*entry, "0123456789") == strlen(*entry))
			return *entry;
	return NULL;
}

static int
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text & 0x80) != 0)
			return 0;
	return 1;
}

/* Which facts the configuration would ask for, and are not there. */
static unsigned
find_missing(struct replay *replay, const struct record_view *view)
{
	const struct policy *policy = replay->rules->policy;
	const struct policy_facts *facts = &replay->facts;
	unsigned missing = 0;

	if (policy->auth_min_ssf > 0 && facts->auth_user != NULL)
		missing |= BIT(REPLAY_STRENGTH);
	if (facts->cert_subject != NULL && policy->client_certificates != NULL &&
	    certset_count(policy->client_certificates) > 0) {
		if (!record_text_is(&view->value[RECORD_KEY_REASON],
		    "client-certificate"))
			missing |= BIT(REPLAY_VERIFIED);
		if (find_issuer(replay))
			missing |= BIT(REPLAY_ISSUER);
	}
	if ((replay->port = find_port(policy)) != NULL)
		missing |= BIT(REPLAY_PORT);
	if (!is_ascii(facts->rcpt))
		missing |= BIT(REPLAY_UTF8);
	return missing;
}

/* Each fact in one of two ways. */
static void
suppose(struct replay *replay, unsigned supposed, unsigned missing)
{
	struct policy_facts *facts = &replay->facts;

	facts->auth_ssf = (supposed & BIT(REPLAY_STRENGTH)) != 0 ? 0 : UINT_MAX;
	facts->is_cert_verified = (missing & BIT(REPLAY_VERIFIED)) == 0 ||
	    (supposed & BIT(REPLAY_VERIFIED)) != 0;
	facts->cert_issuer = (supposed & BIT(REPLAY_ISSUER)) != 0 ?
	    replay->issuer.data : NULL;
	facts->daemon_port = (supposed & BIT(REPLAY_PORT)) != 0 ? replay->port : NULL;
	facts->utf8 = (supposed & BIT(REPLAY_UTF8)) == 0;
}

static enum policy_mx
answer_mx(void *arg, const char *domain)
{
	struct replay *replay = arg;
	const struct replay_rules *rules = replay->rules;
	enum policy_mx standing = POLICY_MX_UNASKED;

	if (rules->mx_domains != NULL &&
	    domset_find(rules->mx_domains, domain, strlen(domain)) == NULL)
		return POLICY_MX_NOT;
	if (!rules->is_live)
		standing = replay->mx;
	else if (rules->mx != NULL)
		standing = rules->mx(rules->mx_arg, domain);
	replay->is_mx_missing |= standing == POLICY_MX_UNASKED;
	return standing;
}

static enum policy_verdict
decide(struct replay *replay, unsigned supposed, unsigned missing,
    struct policy_decision *decision)
{
	suppose(replay, supposed, missing);
	policy_resolve(replay->rules->policy, &replay->facts, answer_mx, replay,
	    decision);
	return decision->verdict;
}

/* Which of the missing facts the verdict hangs on: alone, or else together. */
static unsigned
find_unknown(struct replay *replay, unsigned missing, enum policy_verdict verdict)
{
	struct policy_decision other;
	unsigned alone = 0, together = 0;

	for (unsigned set = missing; set != 0; set = (set - 1) & missing) {
		if (decide(replay, set, missing, &other) == verdict)
			continue;
		together |= set;
		if ((set & (set - 1)) == 0)
			alone |= set;
	}
	return alone != 0 ? alone : together;
}

/*
 * Redacted addresses
 */

static int
is_redacted(const char *text)
{
	const char *mark = strchr(text, '~');

	return mark != NULL && strspn(mark + 1, "0123456789abcdef") == HASH_LENGTH &&
	    strchr("@>", mark[1 + HASH_LENGTH]) != NULL;
}

static int
is_about_client(enum policy_reason reason)
{
	switch (reason) {
	case POLICY_AUTHENTICATED:
	case POLICY_TRUSTED_NETWORK:
	case POLICY_LOCAL_SUBMISSION:
	case POLICY_CLIENT_CERTIFICATE:
	case POLICY_AUTHENTICATION_REQUIRED:
	case POLICY_OVERSIZED:
		return 1;
	case POLICY_MALFORMED_ADDRESS:
	case POLICY_ROUTED_ADDRESS:
	case POLICY_DIVERGENCE:
	case POLICY_LOCAL_DOMAIN:
	case POLICY_OWN_LITERAL:
	case POLICY_RELAY_DOMAIN:
	case POLICY_MX:
	case POLICY_DNS_FAILURE:
	case POLICY_TABLE_FAILURE:
	case POLICY_RELAY_DENIED:
	case POLICY_INTERNAL:
	case POLICY_MTA_REJECT:
	case POLICY_TOO_MANY:
	case POLICY_REASON_COUNT:
		break;
	}
	return 0;
}

static enum policy_reason
reason_of(const struct record_view *view)
{
	unsigned i;

	for (i = 0; i < POLICY_REASON_COUNT; i++)
		if (record_text_is(&view->value[RECORD_KEY_REASON],
		    policy_reason_name((enum policy_reason)i)))
			break;
	return (enum policy_reason)i;
}

/*
 * How the local part was written is gone. Where the address decided then, that is known
 * all the same: it was faulty, and still is, or it was plain.
 */
static void
allow_for_redaction(struct replay *replay, const struct record_view *view)
{
	enum policy_reason then = reason_of(view);

	if (!is_redacted(replay->facts.rcpt) || is_about_client(replay->reason))
		return;
	if (then == POLICY_MALFORMED_ADDRESS || then == POLICY_ROUTED_ADDRESS ||
	    then == POLICY_DIVERGENCE) {
		replay->verdict = POLICY_REJECT;
		replay->reason = then;
		replay->unknown = 0;
		buf_reset(&replay->matched);
	} else if ((is_about_client(then) || then >= POLICY_INTERNAL) &&
	    replay->verdict != POLICY_REJECT)
		replay->unknown |= BIT(REPLAY_REDACTED);
}

/*
 * Of a login, its TLS and the client's name it is enough that they are there. What the
 * client is does not hang on the address.
 */
static void
allow_for_cuts(struct replay *replay, const struct record_view *view)
{
	static const enum record_key of_client[] = { RECORD_KEY_DAEMON,
	    RECORD_KEY_CERT_SUBJECT, RECORD_KEY_AUTH_TYPE };
	int is_cut = !is_about_client(replay->reason) &&
	    (record_is_cut(view, RECORD_KEY_RCPT) ||
	    record_is_cut(view, RECORD_KEY_RCPT_MTA));

	if (view->value[RECORD_KEY_CUT].at == NULL || replay->reason == POLICY_OVERSIZED)
		return;
	for (size_t i = 0; i < sizeof(of_client) / sizeof(of_client[0]); i++)
		is_cut |= record_is_cut(view, of_client[i]);
	if (is_cut)
		replay->unknown |= BIT(REPLAY_CUT);
}

int
replay_decide(struct replay *replay, const struct record_view *view)
{
	struct policy_decision decision;
	int is_mx_missing;
	unsigned missing;

	if (read_facts(replay, view) == -1)
		return -1;
	missing = find_missing(replay, view);
	replay->is_mx_missing = 0;
	replay->verdict = decide(replay, 0, missing, &decision);
	replay->reason = decision.reason;
	is_mx_missing = replay->is_mx_missing;
	buf_reset(&replay->matched);
	record_add_matched(&replay->matched, &decision);
	replay->unknown = find_unknown(replay, missing, replay->verdict);
	if (is_mx_missing)
		replay->unknown |= BIT(REPLAY_MX);
	allow_for_redaction(replay, view);
	allow_for_cuts(replay, view);
	return replay->matched.failed || replay->issuer.failed ? -1 : 0;
}

const char *
replay_unknown_name(enum replay_unknown unknown)
{
	switch (unknown) {
	case REPLAY_STRENGTH:
		return "how strong the login's connection was";
	case REPLAY_VERIFIED:
		return "whether the certificate was verified";
	case REPLAY_ISSUER:
		return "who issued the certificate";
	case REPLAY_PORT:
		return "the listener's port";
	case REPLAY_UTF8:
		return "whether SMTPUTF8 was announced";
	case REPLAY_MX:
		return "what DNS says (try --live)";
	case REPLAY_REDACTED:
		return "the address, of which a hash was kept";
	case REPLAY_CUT:
		return "a text that was too long, of which the beginning was kept";
	case REPLAY_UNKNOWN_COUNT:
		break;
	}
	return NULL;
}
