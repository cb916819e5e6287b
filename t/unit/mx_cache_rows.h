/* t/unit/mx_cache_rows.h: asking a cache, with a clock that is given */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_T_CACHE_ROWS_H
#define AUTHRELAY_T_CACHE_ROWS_H

#include <stdio.h>
#include <string.h>

#include "dns/mx_cache.h"

#define SECOND		INT64_C(1000000)
#define T0		(1000 * SECOND)

static const uint8_t hash_key[SIPHASH_KEY_SIZE] = "0123456789abcdef";
static const struct netaddr nobody = { .family = NETADDR_NONE };

static struct netaddr
client_of(const char *text)
{
	struct netaddr addr = nobody;

	(void)netaddr_parse(text, strlen(text), &addr);
	return addr;
}

/* As it is without mx.domains. */
static struct mx_asker
asker_of(const char *domain, const struct netaddr *client)
{
	const struct mx_rules rules = { .domains = NULL };
	struct mx_asker asker = { .client = client };

	asker.group = mx_group(&rules, domain, &asker.is_listed);
	return asker;
}

static enum mx_cache_result
ask_cache(struct mx_cache *cache, const char *domain, const struct netaddr *client, int64_t now, int64_t deadline,
    struct mx_verdict *verdict, struct mx_cache_entry **entry)
{
	const struct mx_asker asker = asker_of(domain, client);

	return mx_cache_get(cache, domain, &asker, now, deadline, verdict, entry);
}

static inline enum mx_cache_result
renew(struct mx_cache *cache, const char *domain, int64_t now, struct mx_cache_entry **entry)
{
	const struct mx_asker asker = asker_of(domain, NULL);

	return mx_cache_renew(cache, domain, &asker, now, entry);
}

static const char *
name_of(enum mx_cache_result result)
{
	switch (result) {
	case MX_CACHE_HIT:
		return "hit";
	case MX_CACHE_DUE:
		return "due";
	case MX_CACHE_STALE_HIT:
		return "stale";
	case MX_CACHE_FAILED:
		return "failed";
	case MX_CACHE_MISS:
		return "miss";
	case MX_CACHE_BUSY:
		return "busy";
	case MX_CACHE_CLIENT_BUSY:
		return "client busy";
	case MX_CACHE_SILENT:
		return "silent";
	case MX_CACHE_LATE:
		return "late";
	case MX_CACHE_NO_MEMORY:
		return "no memory";
	}
	return "?";
}

static struct mx_verdict
verdict_of(enum policy_mx standing, uint32_t ttl)
{
	struct mx_verdict verdict = { .standing = standing, .ttl = ttl };

	(void)snprintf(verdict.text, sizeof(verdict.text), "%s: of now", mx_standing_name(standing));
	return verdict;
}

/* What is there at a time; a look-up that begins is ended with what was given. */
static const char *
at(struct mx_cache *cache, const char *domain, int64_t now, enum policy_mx standing, uint32_t ttl,
    struct mx_verdict *verdict)
{
	struct mx_cache_entry *entry = NULL;
	enum mx_cache_result result;

	memset(verdict, 0, sizeof(*verdict));
	result = ask_cache(cache, domain, &nobody, now, now, verdict, &entry);
	if (result != MX_CACHE_MISS)
		return name_of(result);
	*verdict = verdict_of(standing, ttl);
	return mx_cache_put(cache, entry, now, verdict) == MX_CACHE_STALE_HIT ? "stale after a miss" : "miss";
}

#endif
