/* milter/dns/dns_health.c: order of name servers, those that timed out last */
/* SPDX-License-Identifier: ISC */

#include "dns/dns_health.h"

#define SECOND		INT64_C(1000000)
#define DOUBLINGS	4	/* 5 seconds to more than 60 */

static int
is_silent(struct dns_health *health, size_t server, int64_t now)
{
	long long until = atomic_load(&health->servers[server].until_us);

	if (atomic_load(&health->servers[server].silences) < DNS_HEALTH_SILENCES)
		return 0;
	/* who sets the next time is the one that tries it */
	return now < until ||
	    !atomic_compare_exchange_strong(&health->servers[server].until_us, &until,
	    now + DNS_HEALTH_MIN * SECOND);
}

void
dns_health_order(struct dns_health *health, size_t first, size_t count, int64_t now_us,
    uint8_t order_r[NAMESERVERS_MAX])
{
	uint8_t silent[NAMESERVERS_MAX] = { 0 };
	size_t healthy = 0, others = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t server = (uint8_t)((first + i) % count);
		if (is_silent(health, server, now_us))
			silent[others++] = server;
		else
			order_r[healthy++] = server;
	}
	for (size_t i = 0; i < others; i++)
		order_r[healthy + i] = silent[i];
}

void
dns_health_answer(struct dns_health *health, size_t server)
{
	atomic_store(&health->servers[server].silences, 0);
}

void
dns_health_silence(struct dns_health *health, size_t server, int64_t now_us)
{
	const unsigned silences =
	    atomic_fetch_add(&health->servers[server].silences, 1) + 1;
	int64_t pause = DNS_HEALTH_MAX;

	if (silences < DNS_HEALTH_SILENCES)
		return;
	if (silences - DNS_HEALTH_SILENCES < DOUBLINGS)
		pause = (int64_t)DNS_HEALTH_MIN << (silences - DNS_HEALTH_SILENCES);
	atomic_store(&health->servers[server].until_us, now_us + pause * SECOND);
}

void
dns_health_copy(struct dns_health *to, const struct dns_health *from)
{
	for (size_t i = 0; i < NAMESERVERS_MAX; i++) {
		atomic_store(&to->servers[i].silences,
		    atomic_load(&from->servers[i].silences));
		atomic_store(&to->servers[i].until_us,
		    atomic_load(&from->servers[i].until_us));
	}
}
