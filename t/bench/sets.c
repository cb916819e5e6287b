/* t/bench/sets.c: what the sets of domains and networks cost */
/* SPDX-License-Identifier: ISC */

/*
 * Makes its own data, always the same. Each look-up asks for another name, so that no
 * cache has it ready, and waits for what the one before it found. What finds nothing
 * gives nothing to wait for, and the processor may run ahead: such a figure is a little
 * too good.
 */

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/domset.h"
#include "core/netset.h"
#include "core/path.h"

#define DOMAINS		1000000
#define NETWORKS	100000
#define QUERIES		1000000
#define ROUNDS		5
#define NAME_SIZE	64

enum figure {
	DOMAIN_LOAD, DOMAIN_HIT, DOMAIN_MISS,
	NETWORK_LOAD, NETWORK_V4_HIT, NETWORK_V4_MISS, NETWORK_V6_HIT, NETWORK_V6_MISS,
	FIGURES
};

struct name {
	uint8_t	len;
	char	text[NAME_SIZE - 1];
};

struct bench {
	uint64_t		 random;
	size_t			 zero;		/* that the compiler does not know of */
	FILE			*file;
	size_t			 text_bytes;
	struct domset		*domains;
	struct netset		*networks;
	struct name		*name_hits;
	struct name		*name_misses;
	struct netset_network	*sample;	/* what is in networks */
	struct netaddr		*addr_hits[2];	/* IPv4, IPv6 */
	struct netaddr		*addr_misses[2];
	double			 rounds[FIGURES][ROUNDS];
	long			 rss_domains;	/* growth of the process; -1: not known */
};

/* Processor time: other work on the machine counts less, and nothing here waits. */
static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *
need(void *memory)
{
	if (memory == NULL)
		err(1, "memory");
	return memory;
}

/* splitmix64 */
static uint64_t
next_random(struct bench *b)
{
	uint64_t z = b->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t
below(struct bench *b, size_t n)
{
	return (size_t)(next_random(b) % n);
}

static long
resident(void)
{
	FILE *fp = fopen("/proc/self/statm", "r");
	long pages = -1;

	if (fp == NULL)
		return -1;
	if (fscanf(fp, "%*s %ld", &pages) != 1)
		pages = -1;
	fclose(fp);
	return pages == -1 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

/*
 * "acme.com", "shop.acme.co.uk"; `mark` tells the names of one use from those of
 * another.
 */
static void
make_name(struct bench *b, struct name *name, const char *prefix, int is_sub, char mark)
{
	static const char *const ends[] = {
		"com", "net", "org", "de", "fr", "info", "co.uk", "com.br"
	};
	static const char *const subs[] = { "mail.", "shop.", "lists.", "eu." };
	char label[13];
	size_t len = 5 + below(b, 8);

	for (size_t i = 0; i < len; i++)
		label[i] = (char)('a' + below(b, 26));
	label[0] = mark;
	label[len] = '\0';
	const char *sub = is_sub ? subs[below(b, 4)] : "";
	name->len = (uint8_t)snprintf(name->text, sizeof(name->text), "%s%s%s.%s",
	    prefix, sub, label, ends[below(b, 8)]);
}

/* Half of the entries are names, half are ".names"; of each, half have a label more. */
static void
make_domains(struct bench *b)
{
	struct name *entries = need(calloc(DOMAINS, sizeof(*entries)));

	for (size_t i = 0; i < DOMAINS; i++) {
		make_name(b, &entries[i], i % 2 == 0 ? "" : ".", i % 4 < 2,
		    (char)('a' + below(b, 25)));
		b->text_bytes += entries[i].len;
		fprintf(b->file, "%s\n", entries[i].text);
	}
	for (size_t i = 0; i < QUERIES; i++) {
		const struct name *entry = &entries[below(b, DOMAINS)];
		struct name *hit = &b->name_hits[i];
		hit->len = (uint8_t)snprintf(hit->text, sizeof(hit->text), "%s%s",
		    entry->text[0] == '.' ? "mx1" : "", entry->text);
		make_name(b, &b->name_misses[i], "", i % 2 == 0, 'z');
	}
	free(entries);
	if (fflush(b->file) != 0)
		err(1, "temporary file");
}

static struct netaddr
random_addr(struct bench *b, int is_v6)
{
	uint64_t words[2] = { next_random(b), next_random(b) };
	uint8_t bytes[16];

	memcpy(bytes, words, sizeof(bytes));
	bytes[0] = is_v6 ? 0x2a : (uint8_t)(1 + bytes[0] % 223);
	return is_v6 ? netaddr_v6(bytes) : netaddr_v4(bytes);
}

static void
keep_bits(struct netaddr *addr, unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		addr->bytes[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

/* Every second network lies in the one before, if that is wide enough. */
static void
make_networks(struct bench *b)
{
	static const unsigned v4_bits[] = { 24, 32, 20, 28 }, v6_bits[] = { 48, 64, 32,
	    128 };

	for (size_t i = 0; i < NETWORKS; i++) {
		int is_v6 = i >= NETWORKS / 2;
		struct netset_network *network = &b->sample[i];
		network->bits = is_v6 ? v6_bits[i % 4] : v4_bits[i % 4];
		network->addr = random_addr(b, is_v6);
		if (i % 2 == 1)
			memcpy(network->addr.bytes, network[-1].addr.bytes,
			    is_v6 ? 6 : 3);
		keep_bits(&network->addr, network->bits);
	}
}

static void
make_addresses(struct bench *b, int is_v6)
{
	for (size_t i = 0; i < QUERIES; i++) {
		const struct netset_network *network =
		    &b->sample[below(b, NETWORKS / 2) + (is_v6 ? NETWORKS / 2 : 0)];
		struct netaddr hit = random_addr(b, is_v6);
		for (unsigned bit = 0; bit < network->bits; bit++) {
			uint8_t mask = (uint8_t)(0x80 >> bit % 8);
			hit.bytes[bit / 8] &= (uint8_t)~mask;
			hit.bytes[bit / 8] |= network->addr.bytes[bit / 8] & mask;
		}
		b->addr_hits[is_v6][i] = hit;
		do
			b->addr_misses[is_v6][i] = random_addr(b, is_v6);
		while (netset_find(b->networks, &b->addr_misses[is_v6][i], NULL));
	}
}

static void
load_domains(struct bench *b, size_t round)
{
	char *line = NULL, domain[PATH_DOMAIN_SIZE];
	size_t size = 0;
	long before;

	domset_free(b->domains);
	b->domains = NULL;
	rewind(b->file);
	before = resident();
	double start = now();
	struct domset *set = need(domset_new());
	for (ssize_t len; (len = getline(&line, &size, b->file)) > 0; ) {
		size_t dot = line[0] == '.';
		const char *why = path_domain(line + dot, (size_t)len - 1 - dot,
		    domain + dot);
		if (why != NULL)
			errx(1, "%s: %s", line, why);
		if (dot)
			domain[0] = '.';
		if (domset_add(set, domain, strlen(domain)) == -1)
			err(1, "memory");
	}
	if (domset_seal(set) == -1)
		err(1, "memory");
	b->rounds[DOMAIN_LOAD][round] = now() - start;
	if (round == 0)
		b->rss_domains = before == -1 ? -1 : resident() - before;
	free(line);
	b->domains = set;
}

static void
load_networks(struct bench *b, size_t round)
{
	netset_free(b->networks);
	double start = now();
	b->networks = need(netset_new());
	for (size_t i = 0; i < NETWORKS; i++)
		if (netset_add(b->networks, &b->sample[i]) == -1)
			err(1, "memory");
	if (netset_seal(b->networks) == -1)
		err(1, "memory");
	b->rounds[NETWORK_LOAD][round] = now() - start;
}

/*
 * What was found is a part of the next address to read from: it has to be there first.
 */
static double
ask_domains(const struct bench *b, const struct name *names, size_t want)
{
	size_t found = 0, wait = 0;
	double start = now();

	for (size_t i = 0; i < QUERIES; i++) {
		const struct name *name = &names[i + wait];
		const char *entry = domset_find(b->domains, name->text, name->len);
		found += entry != NULL;
		wait = (uintptr_t)entry & b->zero;
	}
	double took = now() - start;
	if (found != want)
		errx(1, "%zu domains were found, not %zu", found, want);
	return took / QUERIES * 1e9;
}

static double
ask_networks(const struct bench *b, const struct netaddr *addrs, size_t want)
{
	size_t found = 0, wait = 0;
	double start = now();

	for (size_t i = 0; i < QUERIES; i++) {
		struct netset_network network = { .bits = 0 };
		found += (size_t)netset_find(b->networks, &addrs[i + wait], &network);
		wait = network.bits & b->zero;
	}
	double took = now() - start;
	if (found != want)
		errx(1, "%zu networks were found, not %zu", found, want);
	return took / QUERIES * 1e9;
}

static void
run_round(struct bench *b, size_t round)
{
	load_domains(b, round);
	b->rounds[DOMAIN_HIT][round] = ask_domains(b, b->name_hits, QUERIES);
	b->rounds[DOMAIN_MISS][round] = ask_domains(b, b->name_misses, 0);
	load_networks(b, round);
	b->rounds[NETWORK_V4_HIT][round] = ask_networks(b, b->addr_hits[0], QUERIES);
	b->rounds[NETWORK_V4_MISS][round] = ask_networks(b, b->addr_misses[0], 0);
	b->rounds[NETWORK_V6_HIT][round] = ask_networks(b, b->addr_hits[1], QUERIES);
	b->rounds[NETWORK_V6_MISS][round] = ask_networks(b, b->addr_misses[1], 0);
}

static int
compare_doubles(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static double
median(struct bench *b, enum figure figure)
{
	qsort(b->rounds[figure], ROUNDS, sizeof(double), compare_doubles);
	return b->rounds[figure][ROUNDS / 2];
}

static void
print_domains(struct bench *b)
{
	size_t count = domset_count(b->domains);

	printf("%zu domains, %.1f bytes of text each, half with a dot in front\n", count,
	    (double)b->text_bytes / DOMAINS);
	printf("  load from a file     %8.3f s\n", median(b, DOMAIN_LOAD));
	printf("  memory               %8.1f bytes each\n",
	    (double)domset_memory(b->domains) / (double)count);
	if (b->rss_domains != -1)
		printf("  growth of process    %8.1f bytes each\n",
		    (double)b->rss_domains / (double)count);
	printf("  look-up, there       %8.0f ns\n", median(b, DOMAIN_HIT));
	printf("  look-up, not there   %8.0f ns\n", median(b, DOMAIN_MISS));
}

static void
print_networks(struct bench *b)
{
	size_t count = netset_count(b->networks);

	printf("%zu networks, half of them IPv6, half of them inside another\n", count);
	printf("  add and seal         %8.3f s\n", median(b, NETWORK_LOAD));
	printf("  memory               %8.1f bytes each\n",
	    (double)netset_memory(b->networks) / (double)count);
	printf("  IPv4, there          %8.0f ns\n", median(b, NETWORK_V4_HIT));
	printf("  IPv4, not there      %8.0f ns\n", median(b, NETWORK_V4_MISS));
	printf("  IPv6, there          %8.0f ns\n", median(b, NETWORK_V6_HIT));
	printf("  IPv6, not there      %8.0f ns\n", median(b, NETWORK_V6_MISS));
}

static void
free_all(struct bench *b)
{
	domset_free(b->domains);
	netset_free(b->networks);
	free(b->name_hits);
	free(b->name_misses);
	free(b->sample);
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		free(b->addr_hits[is_v6]);
		free(b->addr_misses[is_v6]);
	}
	fclose(b->file);
}

int
main(void)
{
	volatile size_t zero = 0;
	struct bench b = { .random = 1, .zero = zero };

	b.file = tmpfile();
	if (b.file == NULL)
		err(1, "temporary file");
	b.name_hits = need(calloc(QUERIES, sizeof(*b.name_hits)));
	b.name_misses = need(calloc(QUERIES, sizeof(*b.name_misses)));
	b.sample = need(calloc(NETWORKS, sizeof(*b.sample)));
	make_domains(&b);
	make_networks(&b);
	load_networks(&b, 0);
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		b.addr_hits[is_v6] = need(calloc(QUERIES, sizeof(struct netaddr)));
		b.addr_misses[is_v6] = need(calloc(QUERIES, sizeof(struct netaddr)));
		make_addresses(&b, is_v6);
	}
	for (size_t round = 0; round < ROUNDS; round++)
		run_round(&b, round);
	print_domains(&b);
	print_networks(&b);
	printf("(processor time, medians of %d rounds)\n", ROUNDS);
	free_all(&b);
	return 0;
}
