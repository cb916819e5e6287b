/* t/unit/netset.c: a set of networks, against tables and a slow and simple one */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/netset.h"
#include "tap.h"

#define SEED		20240229
#define ROUNDS		40
#define NETWORKS	500
#define QUERIES		500	/* besides those at the borders of each network */

struct find_row {
	const char	*name;
	const char	*networks;	/* blanks between them */
	const char	*addr;		/* NULL: not known */
	const char	*want;
};

static const struct find_row find_rows[] = {
	{ "inside", "192.0.2.0/24", "192.0.2.77", "192.0.2.0/24" },
	{ "the first address", "192.0.2.0/24", "192.0.2.0", "192.0.2.0/24" },
	{ "the last address", "192.0.2.0/24", "192.0.2.255", "192.0.2.0/24" },
	{ "one before", "192.0.2.0/24", "192.0.1.255", NULL },
	{ "one behind", "192.0.2.0/24", "192.0.3.0", NULL },
	{ "IPv6, inside", "2001:db8::/32", "2001:db8:1:2:3:4:5:6", "2001:db8::/32" },
	{ "IPv6, the first address", "2001:db8::/32", "2001:db8::", "2001:db8::/32" },
	{ "IPv6, the last address", "2001:db8::/32",
	    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32" },
	{ "IPv6, one before", "2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
	    NULL },
	{ "IPv6, one behind", "2001:db8::/32", "2001:db9::", NULL },
	{ "the narrowest, wide one first", "10.0.0.0/8 10.1.0.0/16 10.1.1.0/24",
	    "10.1.1.1", "10.1.1.0/24" },
	{ "the narrowest, narrow one first", "10.1.1.0/24 10.1.0.0/16 10.0.0.0/8",
	    "10.1.1.1", "10.1.1.0/24" },
	{ "behind the narrowest", "10.0.0.0/8 10.1.0.0/16 10.1.1.0/24", "10.1.2.0",
	    "10.1.0.0/16" },
	{ "before the narrowest", "10.0.0.0/8 10.1.0.0/16 10.1.1.0/24", "10.1.0.255",
	    "10.1.0.0/16" },
	{ "in the widest only", "10.0.0.0/8 10.1.0.0/16 10.1.1.0/24", "10.2.0.0",
	    "10.0.0.0/8" },
	{ "behind all that end together", "10.0.0.0/8 10.255.0.0/16 10.255.255.0/24",
	    "11.0.0.0", NULL },
	{ "the end of all", "10.0.0.0/8 10.255.0.0/16 10.255.255.0/24", "10.255.255.255",
	    "10.255.255.0/24" },
	{ "the start of all", "10.0.0.0/8 10.0.0.0/16 10.0.0.0/24", "10.0.0.0",
	    "10.0.0.0/24" },
	{ "two side by side, the first", "10.0.0.0/24 10.0.1.0/24", "10.0.0.255",
	    "10.0.0.0/24" },
	{ "two side by side, the second", "10.0.0.0/24 10.0.1.0/24", "10.0.1.0",
	    "10.0.1.0/24" },
	{ "two halves and the whole", "10.0.0.0/24 10.0.0.0/25 10.0.0.128/25",
	    "10.0.0.128", "10.0.0.128/25" },
	{ "/0 holds the first", "0.0.0.0/0", "0.0.0.0", "0.0.0.0/0" },
	{ "/0 holds the last", "0.0.0.0/0", "255.255.255.255", "0.0.0.0/0" },
	{ "/0 around a /32", "0.0.0.0/0 192.0.2.1", "192.0.2.2", "0.0.0.0/0" },
	{ "/32 in a /0", "0.0.0.0/0 192.0.2.1", "192.0.2.1", "192.0.2.1/32" },
	{ "/32 at the end", "255.255.255.255", "255.255.255.255", "255.255.255.255/32" },
	{ "/32 at the end, one before", "255.255.255.255", "255.255.255.254", NULL },
	{ "/32 at the start", "0.0.0.0", "0.0.0.0", "0.0.0.0/32" },
	{ "/32 at the start, one behind", "0.0.0.0", "0.0.0.1", NULL },
	{ "/128 at the end", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	{ "one behind, in the last upper half", "ffff:ffff:ffff:ffff::/96",
	    "ffff:ffff:ffff:ffff:0:1::", NULL },
	{ "/128 where the lower half ends", "2001:db8::ffff:ffff:ffff:ffff",
	    "2001:db8:0:1::", NULL },
	{ "IPv6 /0 holds the last", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "::/0" },
	{ "::/0 holds no IPv4", "::/0", "192.0.2.1", NULL },
	{ "::/0 holds no IPv4 that is mapped", "::/0", "::ffff:192.0.2.1", NULL },
	{ "0.0.0.0/0 holds no IPv6", "0.0.0.0/0", "::1", NULL },
	{ "0.0.0.0/0 holds what is v4-mapped", "0.0.0.0/0", "::ffff:192.0.2.1",
	    "0.0.0.0/0" },
	{ "IPv6 with the same bits is not IPv4", "192.0.2.0/24", "c000:200::", NULL },
	{ "IPv4 with the same bits is not IPv6", "c000:200::/24", "192.0.2.0", NULL },
	{ "both families, IPv4", "192.0.2.0/24 2001:db8::/32", "192.0.2.1",
	    "192.0.2.0/24" },
	{ "both families, IPv6", "192.0.2.0/24 2001:db8::/32", "2001:db8::1",
	    "2001:db8::/32" },
	{ "no address is in no network", "0.0.0.0/0 ::/0", NULL, NULL },
	{ "the empty set", "", "192.0.2.1", NULL },
	{ "the empty set, IPv6", "", "::1", NULL },
	{ "the empty set, no address", "", NULL, NULL }
};

static struct netset_network
network_of(const char *text, size_t len)
{
	struct netset_network network;
	const char *error = netset_parse(text, len, &network);

	if (error != NULL) {
		fprintf(stderr, "%s: %s\n", text, error);
		abort();
	}
	return network;
}

static struct netset *
make_set(const char *networks)
{
	struct netset *set = netset_new();

	if (set == NULL)
		abort();
	while (*networks != '\0') {
		size_t len = strcspn(networks, " ");
		struct netset_network network = network_of(networks, len);
		if (netset_add(set, &network) == -1)
			abort();
		networks += len + strspn(networks + len, " ");
	}
	if (netset_seal(set) == -1)
		abort();
	return set;
}

static void
test_find(void)
{
	for (size_t i = 0; i < sizeof(find_rows) / sizeof(find_rows[0]); i++) {
		const struct find_row *row = &find_rows[i];
		struct netset *set = make_set(row->networks);
		struct netaddr addr = { .family = NETADDR_NONE };
		struct netset_network network;
		char text[NETADDR_TEXT_SIZE];
		int found;

		if (row->addr != NULL && netaddr_parse(row->addr, strlen(row->addr),
		    &addr) == -1)
			abort();
		found = netset_find(set, &addr, &network);
		if (found)
			netset_format(&network, text);
		tap_is_str(found ? text : NULL, row->want, "find: %s", row->name);
		tap_is_int(netset_find(set, &addr, NULL), row->want != NULL,
		    "find: %s, without the network", row->name);
		netset_free(set);
	}
}

/* Networks of one length side by side are one piece. */
static void
test_memory(void)
{
	struct netset *set = netset_new();
	size_t most = netset_memory(set) + 100;
	char text[NETADDR_TEXT_SIZE];

	for (unsigned i = 0; i < 256; i++) {
		int len = snprintf(text, sizeof(text), "192.0.%u.0/24", i);
		struct netset_network network = network_of(text, (size_t)len);
		netset_add(set, &network);
	}
	netset_seal(set);
	tap_ok(netset_memory(set) < most,
	    "256 networks side by side take almost nothing");
	netset_free(set);
}

static void
test_duplicates(void)
{
	struct netset *set = netset_new();
	char text[NETADDR_TEXT_SIZE];

	for (unsigned i = 0; i < 30000; i++) {
		int len = snprintf(text, sizeof(text),
		    i % 2 == 0 ? "10.%u.0.0/16" : "2001:db8:%u::/48", i * 7 % 100);
		struct netset_network network = network_of(text, (size_t)len);
		netset_add(set, &network);
	}
	tap_is_int((long long)netset_count(set), 0,
	    "duplicates: nothing is counted before the seal");
	netset_seal(set);
	tap_is_int((long long)netset_count(set), 100,
	    "duplicates: 30,000 networks are 100");
	tap_ok(netset_memory(set) < 10000, "duplicates: they take %zu bytes",
	    netset_memory(set));
	netset_free(set);
	netset_free(NULL);
	tap_ok(1, "NULL may be freed");
}

/* The oracle: bit by bit, in every network. */
static int
oracle_has(const struct netset_network *network, const struct netaddr *addr)
{
	if (network->addr.family != addr->family)
		return 0;
	for (unsigned i = 0; i < network->bits; i++)
		if ((network->addr.bytes[i / 8] ^ addr->bytes[i / 8]) & 0x80 >> i % 8)
			return 0;
	return 1;
}

static const struct netset_network *
oracle_find(const struct netset_network *networks, const struct netaddr *addr)
{
	const struct netset_network *best = NULL;

	for (size_t i = 0; i < NETWORKS; i++)
		if ((best == NULL || networks[i].bits > best->bits) &&
		    oracle_has(&networks[i], addr))
			best = &networks[i];
	return best;
}

static int
is_same_network(const struct netset_network *a, const struct netset_network *b)
{
	return a->bits == b->bits && netaddr_is_equal(&a->addr, &b->addr);
}

static size_t
oracle_count(const struct netset_network *networks)
{
	size_t count = 0;

	for (size_t i = 0; i < NETWORKS; i++) {
		size_t before = 0;
		while (before < i && !is_same_network(&networks[before], &networks[i]))
			before++;
		count += before == i;
	}
	return count;
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Few values, the ends of the range among them, so that networks touch and nest. */
static struct netaddr
random_addr(uint64_t *random)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff, 0xff, 0, 10 };
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = values[next_random(random) % (i < 2 ? 8 : 6)];
	return next_random(random) % 2 == 0 ? netaddr_v4(bytes) : netaddr_v6(bytes);
}

static unsigned
bits_of(const struct netaddr *addr)
{
	return addr->family == NETADDR_V4 ? 32 : 128;
}

static struct netset_network
random_network(uint64_t *random, unsigned least)
{
	struct netset_network network = { .addr = random_addr(random) };
	unsigned max = bits_of(&network.addr);

	network.bits = least + (unsigned)(next_random(random) % (max + 1 - least));
	for (unsigned i = network.bits; i < max; i++)
		network.addr.bytes[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	return network;
}

/* Adds 1 or takes 1 away; the last address is followed by the first. */
static struct netaddr
step(struct netaddr addr, int up)
{
	size_t i = bits_of(&addr) / 8;

	while (i-- > 0) {
		addr.bytes[i] = (uint8_t)(addr.bytes[i] + (up ? 1 : 255));
		if (addr.bytes[i] != (up ? 0 : 255))
			break;
	}
	return addr;
}

static struct netaddr
last_of(const struct netset_network *network)
{
	struct netaddr addr = network->addr;

	for (unsigned i = network->bits; i < bits_of(&addr); i++)
		addr.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return addr;
}

struct tally {
	int	asked, found, different;
};

static void
ask(const struct netset *set, const struct netset_network *networks, struct netaddr addr,
    struct tally *tally)
{
	struct netset_network got;
	const struct netset_network *want = oracle_find(networks, &addr);
	int found = netset_find(set, &addr, &got);
	char text[NETADDR_TEXT_SIZE];

	tally->asked++;
	tally->found += want != NULL;
	if (found == (want != NULL) && (!found || is_same_network(&got, want)))
		return;
	if (tally->different++ > 0)
		return;
	netaddr_format(&addr, text);
	tap_note("first difference: %s", text);
	if (found)
		netset_format(&got, text);
	tap_note("got  %s", found ? text : "none");
	if (want != NULL)
		netset_format(want, text);
	tap_note("want %s", want != NULL ? text : "none");
}

static void
test_round(uint64_t *random, int round)
{
	struct netset_network networks[NETWORKS];
	struct netset *set = netset_new();
	struct tally tally = { 0, 0, 0 };

	for (size_t i = 0; i < NETWORKS; i++) {
		networks[i] = random_network(random, round % 4 == 0 ? 0 : 8);
		netset_add(set, &networks[i]);
	}
	netset_seal(set);
	for (size_t i = 0; i < NETWORKS; i++) {
		ask(set, networks, networks[i].addr, &tally);
		ask(set, networks, step(networks[i].addr, 0), &tally);
		ask(set, networks, last_of(&networks[i]), &tally);
		ask(set, networks, step(last_of(&networks[i]), 1), &tally);
	}
	for (size_t i = 0; i < QUERIES; i++)
		ask(set, networks, random_addr(random), &tally);
	tap_is_int(tally.different, 0, "random, round %d: %d of %d found", round,
	    tally.found, tally.asked);
	tap_is_int((long long)netset_count(set), (long long)oracle_count(networks),
	    "random, round %d: as many networks", round);
	netset_free(set);
}

static struct netset *
set_of(const char *networks)
{
	struct netset *set = netset_new();
	struct netset_network network;
	size_t len;

	for (; *networks != '\0'; networks += len) {
		networks += strspn(networks, " ");
		len = strcspn(networks, " ");
		if (netset_parse(networks, len, &network) == NULL)
			(void)netset_add(set, &network);
	}
	(void)netset_seal(set);
	return set;
}

static void
test_equal(const char *one, const char *other, int want)
{
	struct netset *a = set_of(one), *b = set_of(other);

	tap_is_int(netset_is_equal(a, b), want, "%s and %s", one, other);
	tap_is_int(netset_is_equal(b, a), want, "and the other way round");
	netset_free(a);
	netset_free(b);
}

static void
test_family(const char *networks, int has_v4, int has_v6)
{
	struct netset_network network;
	struct netset *set = netset_new();

	if (*networks != '\0' && netset_parse(networks, strlen(networks), &network) == NULL)
		(void)netset_add(set, &network);
	(void)netset_seal(set);
	tap_is_int(netset_has_family(set, NETADDR_V4), has_v4, "IPv4 in \"%s\"", networks);
	tap_is_int(netset_has_family(set, NETADDR_V6), has_v6, "IPv6 in \"%s\"", networks);
	tap_is_int(netset_has_family(set, NETADDR_NONE), 0, "nothing else in \"%s\"", networks);
	netset_free(set);
}

static void
test_equals(void)
{
	test_family("", 0, 0);
	test_family("192.0.2.0/24", 1, 0);
	test_family("2001:db8::/32", 0, 1);
	test_equal("", "", 1);
	test_equal("10.0.0.0/8", "", 0);
	test_equal("10.0.0.0/8 ::1", "::1 10.0.0.0/8 ::1", 1);
	test_equal("10.0.0.0/8", "10.0.0.0/9", 0);
	test_equal("10.0.0.0/8 10.1.0.0/16", "10.0.0.0/8", 0);
	test_equal("::/0", "0.0.0.0/0", 0);
	test_equal("0.0.0.0/1", "0.0.0.0/2 64.0.0.0/2", 0);
	test_equal("0.0.0.0/0 128.0.0.0/1", "0.0.0.0/1 128.0.0.0/2 192.0.0.0/2", 0);
	test_equal("10.0.0.0/8 ::1", "10.0.0.0/8 ::2", 0);
}

static void
test_random(void)
{
	uint64_t random = SEED;

	tap_note("seed %d", SEED);
	for (int round = 0; round < ROUNDS; round++)
		test_round(&random, round);
}

/* When memory runs out. */
#include "failing_memory.h"

#define netset_new	memory_netset_new
#define netset_free	memory_netset_free
#define netset_parse	memory_netset_parse
#define netset_add	memory_netset_add
#define netset_seal	memory_netset_seal
#define netset_find	memory_netset_find
#define netset_is_equal	memory_netset_is_equal
#define netset_count	memory_netset_count
#define netset_has_family	memory_netset_has_family
#define netset_memory	memory_netset_memory
#define netset_format	memory_netset_format
#include "core/netset.c"

static struct netset_network
small_network(unsigned i)
{
	char text[NETADDR_TEXT_SIZE];

	snprintf(text, sizeof(text), i % 2 == 0 ? "192.0.2.%u" : "2001:db8::%u", i);
	return network_of(text, strlen(text));
}

static void *
make_numbered(void)
{
	return netset_new();
}

static void
destroy_numbered(void *set)
{
	netset_free(set);
}

static int
add_numbered(void *set, unsigned number)
{
	const struct netset_network network = small_network(number);

	return netset_add(set, &network);
}

static int
seal_numbered(void *set)
{
	return netset_seal(set);
}

static int
has_all_numbered(const void *set)
{
	for (unsigned i = 0; i < netset_count(set); i++) {
		struct netset_network got, network = small_network(i);
		if (!netset_find(set, &network.addr, &got) || !is_same_network(&got,
		    &network))
			return 0;
	}
	return netset_count(set) >= 100;
}

/* The last four calls only make the tables smaller. */
static const struct memory_set network_sets = {
	.make = make_numbered, .destroy = destroy_numbered, .add = add_numbered,
	.seal = seal_numbered, .has_all = has_all_numbered, .unsaid = 4
};

int
main(void)
{
	test_find();
	test_memory();
	test_duplicates();
	test_random();
	test_equals();
	memory_test_failures(&network_sets, 9);
	return tap_done();
}
