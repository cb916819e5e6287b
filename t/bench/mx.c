/* t/bench/mx.c: what a verdict on a domain costs, cold and cached */
/* SPDX-License-Identifier: ISC */

/*
 * mx CONF DOMAIN SLOW_CONF NAME: under CONF every name below DOMAIN has us for its mail
 * exchanger; under SLOW_CONF many threads ask for NAME at once. t/bench/mx.pl has all of
 * that. Name servers share the processors with this, so real figures are no worse.
 */

#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/mx_lookup.h"

#define DOMAINS		2000
#define SECONDS		3
#define THREADS_MAX	64
#define SECOND		1e9

static char domains[DOMAINS][PATH_DOMAIN_SIZE];

struct job {
	struct mx_lookup	*lookup;
	int		 number;
	int		 is_cached;	/* as the daemon asks; else really each time */
	double		 until;
	long		 count;
	const char	*name;		/* of the one that all ask for */
	pthread_t	 thread;
};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * SECOND + (double)ts.tv_nsec;
}

static struct mx_lookup *
open_ask(const char *file)
{
	struct buf errors;
	struct conf *conf;
	struct mx_lookup *lookup;
	const char *why = NULL;

	buf_init(&errors);
	if ((conf = conf_read(file, NULL, 0, &errors)) == NULL)
		errx(1, "%s", errors.data);
	if ((lookup = mx_lookup_new(conf, NULL, NULL, &why)) == NULL)
		errx(1, "%s", why);
	conf_unref(conf);
	buf_clear(&errors);
	return lookup;
}

/* Each of them is in a network of its own. */
static struct netaddr
client(int number)
{
	return (struct netaddr){ .family = NETADDR_V4,
	    .bytes = { 10, (uint8_t)(number >> 8), (uint8_t)number, 1 } };
}

static void
ask_one(const struct job *job, const char *domain)
{
	const struct netaddr addr = client(job->number);
	struct mx_lookup_answer answer;

	if (job->is_cached)
		mx_lookup_find(job->lookup, domain, &addr, mx_lookup_deadline(job->lookup), &answer);
	else
		mx_lookup_trace(job->lookup, domain, mx_lookup_deadline(job->lookup), NULL, NULL, &answer);
	if (answer.standing != POLICY_MX_PRIMARY)
		errx(1, "%s: %s", domain, answer.text);
}

static int
compare(const void *a, const void *b)
{
	const double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static void
measure_latency(struct mx_lookup *lookup, const char *what)
{
	static double took[DOMAINS];
	const struct job job = { .lookup = lookup, .is_cached = 1 };

	for (int i = 0; i < DOMAINS; i++) {
		const double began = now();
		ask_one(&job, domains[i]);
		took[i] = now() - began;
	}
	qsort(took, DOMAINS, sizeof(took[0]), compare);
	(void)printf("%s: p50 %.1f us, p99 %.1f us\n", what, took[DOMAINS / 2] / 1e3,
	    took[DOMAINS * 99 / 100] / 1e3);
}

static void *
ask_many(void *arg)
{
	struct job *job = arg;

	for (; now() < job->until; job->count++)
		ask_one(job, domains[(job->number * 31 + job->count) % DOMAINS]);
	return NULL;
}

static void
measure_rate(struct mx_lookup *lookup, int threads, int is_cached, const char *what)
{
	static struct job jobs[THREADS_MAX];
	const double until = now() + SECONDS * SECOND;
	long count = 0;

	for (int i = 0; i < threads; i++) {
		jobs[i] = (struct job){ .lookup = lookup, .number = i, .is_cached = is_cached,
		    .until = until };
		if (pthread_create(&jobs[i].thread, NULL, ask_many, &jobs[i]) != 0)
			errx(1, "no thread");
	}
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(jobs[i].thread, NULL);
		count += jobs[i].count;
	}
	(void)printf("%d threads, %s: %ld verdicts/s\n", threads, what, count / SECONDS);
}

static void *
ask_name(void *arg)
{
	const struct job *job = arg;

	ask_one(job, job->name);
	return NULL;
}

static void
ask_together(struct mx_lookup *lookup, const char *name)
{
	static struct job jobs[THREADS_MAX];
	struct mx_cache_stats stats;

	for (int i = 0; i < THREADS_MAX; i++) {
		jobs[i] = (struct job){ .lookup = lookup, .number = i, .is_cached = 1, .name = name };
		if (pthread_create(&jobs[i].thread, NULL, ask_name, &jobs[i]) != 0)
			errx(1, "no thread");
	}
	for (int i = 0; i < THREADS_MAX; i++)
		(void)pthread_join(jobs[i].thread, NULL);
	mx_lookup_stats(lookup, &stats);
	(void)printf("%d clients ask for one slow name: %llu look-up, %llu have waited for it\n",
	    THREADS_MAX, (unsigned long long)stats.misses,
	    (unsigned long long)stats.coalesced);
}

int
main(int argc, char **argv)
{
	static const int threads[] = { 1, 8, 64 };
	struct mx_lookup *lookup;

	if (argc != 5)
		errx(64, "usage: mx CONF DOMAIN SLOW_CONF NAME");
	for (int i = 0; i < DOMAINS; i++)
		(void)snprintf(domains[i], sizeof(domains[i]), "b%d.%s", i, argv[2]);
	lookup = open_ask(argv[1]);
	measure_latency(lookup, "cold");
	mx_lookup_unref(lookup);
	lookup = open_ask(argv[1]);
	measure_latency(lookup, "known to the resolver");
	measure_latency(lookup, "known to us");
	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		measure_rate(lookup, threads[i], 0, "known to the resolver");
	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		measure_rate(lookup, threads[i], 1, "known to us");
	mx_lookup_unref(lookup);
	lookup = open_ask(argv[3]);
	ask_together(lookup, argv[4]);
	mx_lookup_unref(lookup);
	return 0;
}
