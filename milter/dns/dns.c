/* milter/dns/dns.c: stub resolver with a deadline */
/* SPDX-License-Identifier: ISC */

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"
#include "dns/dns_query.h"
#include "os/clock.h"
#include "os/resolv_conf.h"

#define TRY_US		1000000
#define ATTEMPTS	2
#define POLL_MAX_US	60000000

/* Never changes, but for the health. */
struct dns {
	struct dns_servers	servers;
	struct dns_health	health;
	int			is_of_system;
};

static int
are_loopback(const struct dns_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		if (!nameserver_is_loopback(&servers->list[i]))
			return 0;
	return 1;
}

static const char *
take_given(const struct dns_options *options, struct dns_servers *servers)
{
	const char *why;

	if (options->count > NAMESERVERS_MAX)
		return "more than 8 name servers";
	for (; servers->count < options->count; servers->count++) {
		why = nameserver_parse(options->servers[servers->count],
		    &servers->list[servers->count]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

static const char *
take_system(const struct dns_options *options, struct dns_servers *servers)
{
	const char *path = options->resolv_conf;
	struct resolv_conf conf;

	if (resolv_conf_read(path != NULL ? path : RESOLV_CONF_PATH, &conf) == -1)
		return "cannot read resolv.conf";
	memcpy(servers->list, conf.servers, sizeof(conf.servers));
	servers->count = conf.count;
	servers->rotate = conf.rotate;
	servers->use_tcp = conf.use_vc;
	servers->is_ad_believed = conf.trust_ad;
	if (conf.timeout != 0)
		servers->try_us = (int64_t)conf.timeout * 1000000;
	if (conf.attempts != 0)
		servers->attempts = conf.attempts;
	return NULL;
}

struct dns *
dns_open(const struct dns_options *options, const char **why_r)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	struct dns_servers *servers;

	*why_r = "out of memory";
	if (dns == NULL)
		return NULL;
	servers = &dns->servers;
	servers->try_us = TRY_US;
	servers->attempts = ATTEMPTS;
	servers->health = &dns->health;
	dns->is_of_system = options->count == 0;
	*why_r = dns->is_of_system ? take_system(options, servers) :
	    take_given(options, servers);
	if (*why_r != NULL) {
		free(dns);
		return NULL;
	}
	if (options->trust_ad != CONF_TRUST_AD_AUTO)
		servers->is_ad_believed = options->trust_ad == CONF_TRUST_AD_YES;
	else if (are_loopback(servers))
		servers->is_ad_believed = 1;
	return dns;
}

void
dns_close(struct dns *dns)
{
	free(dns);
}

void
dns_describe(const struct dns *dns, struct buf *text)
{
	const struct dns_servers *servers = &dns->servers;

	for (size_t i = 0; i < servers->count; i++)
		buf_printf(text, "%s%s", i > 0 ? ", " : "", servers->list[i].text);
	buf_printf(text, " (%s; %lld s, %u attempts%s%s; AD is %strusted)",
	    dns->is_of_system ? "resolv.conf" : "dns.servers",
	    (long long)(servers->try_us / 1000000), servers->attempts,
	    servers->rotate ? ", in turn" : "", servers->use_tcp ? ", by TCP" : "",
	    servers->is_ad_believed ? "" : "not ");
}

int
dns_is_equal(const struct dns *a, const struct dns *b)
{
	if (a->servers.count != b->servers.count ||
	    a->servers.try_us != b->servers.try_us ||
	    a->servers.attempts != b->servers.attempts ||
	    a->servers.rotate != b->servers.rotate ||
	    a->servers.use_tcp != b->servers.use_tcp ||
	    a->servers.is_ad_believed != b->servers.is_ad_believed)
		return 0;
	for (size_t i = 0; i < a->servers.count; i++)
		if (strcmp(a->servers.list[i].text, b->servers.list[i].text) != 0)
			return 0;
	return 1;
}

void
dns_take_over(struct dns *dns, const struct dns *before)
{
	dns_health_copy(&dns->health, &before->health);
}

/* Returns how many are not done, and what to wait for; their next time in *until_r. */
static size_t
gather(const struct dns_query *queries, size_t count, struct pollfd *fds, int64_t *until)
{
	size_t waiting = 0;

	*until = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		fds[i] = dns_query_poll(&queries[i]);
		if (queries[i].phase == DNS_QUERY_DONE)
			continue;
		waiting++;
		if (queries[i].until < *until)
			*until = queries[i].until;
	}
	return waiting;
}

/* In milliseconds, and not too early. */
static int
wait_time(int64_t until)
{
	int64_t left = until - clock_monotonic_us();

	if (left > POLL_MAX_US)
		left = POLL_MAX_US;
	return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

void
dns_ask(const struct dns *dns, const char *name, const enum rrset_type *types,
    size_t count, int64_t deadline_us, struct rrset *rrsets_r)
{
	struct dns_query queries[DNS_TYPES_MAX];
	struct pollfd fds[DNS_TYPES_MAX];
	const int64_t began = clock_monotonic_us();
	int64_t until;

	/* how many types our own questions have: mx.c */
	assert(count >= 1 && count <= DNS_TYPES_MAX);
	for (size_t i = 0; i < count; i++)
		dns_query_begin(&queries[i], &dns->servers, name, types[i], began,
		    deadline_us, &rrsets_r[i]);
	while (gather(queries, count, fds, &until) > 0) {
		/* A signal, or no memory: then it is as if nothing had come. */
		if (poll(fds, count, wait_time(until)) == -1)
			for (size_t i = 0; i < count; i++)
				fds[i].revents = 0;
		for (size_t i = 0; i < count; i++)
			dns_query_step(&queries[i], fds[i].revents, clock_monotonic_us());
	}
	for (size_t i = 0; i < count; i++)
		dns_query_end(&queries[i]);
}

const char *
dns_library_version(void)
{
	return dns_packet_version();
}
