/* milter/core/netset.c: set of networks, searched for the narrowest match */
/* SPDX-License-Identifier: ISC */

/*
 * Networks are nested or apart, never half across. So the whole space of addresses is
 * cut where a network begins or ends, and of each piece it is written down how long the
 * prefix of the narrowest network over it is, if there is one: that and an address give
 * the network. To find the piece is a binary search over where the pieces begin. An IPv4
 * address is in the upper bits of a key.
 */

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/netset.h"

#define NO_NETWORK	255
#define KEY_BITS	128
#define FIRST_SIZE	8

struct key {
	uint64_t	hi;
	uint64_t	lo;
};

struct prefix {
	struct key	first;
	uint8_t		bits;
};

/* The networks of one family. */
struct table {
	struct prefix	*added;		/* until it is sealed */
	size_t		 added_count;
	size_t		 added_size;
	struct key	*starts;	/* where each piece begins; the first at 0 */
	uint8_t		*bits;		/* the prefix over each piece, or NO_NETWORK */
	size_t		 pieces;	/* none: no network */
};

struct netset {
	struct table	v4;
	struct table	v6;
	size_t		count;
	int		is_sealed;
};

/* Networks that are open at a point of the sweep, each inside the one before it. */
struct nest {
	size_t		depth;
	struct key	last[KEY_BITS + 1];
	uint8_t		bits[KEY_BITS + 1];
};

struct netset *
netset_new(void)
{
	return calloc(1, sizeof(struct netset));
}

static void
table_clear(struct table *table)
{
	free(table->added);
	free(table->starts);
	free(table->bits);
}

void
netset_free(struct netset *set)
{
	if (set == NULL)
		return;
	table_clear(&set->v4);
	table_clear(&set->v6);
	free(set);
}

static int
is_less(struct key a, struct key b)
{
	return (a.hi < b.hi) | ((a.hi == b.hi) & (a.lo < b.lo));
}

static int
is_same(struct key a, struct key b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* Byte by byte without a loop, which compilers make one load of. */
static uint64_t
word(const uint8_t *b)
{
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 |
	    (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
	    (uint64_t)b[6] << 8 | (uint64_t)b[7];
}

static struct key
key_of(const struct netaddr *addr)
{
	return (struct key){ .hi = word(addr->bytes), .lo = word(addr->bytes + 8) };
}

/* The bits that lie past a prefix. */
static struct key
host_mask(unsigned bits)
{
	struct key mask = {
		.hi = bits < 64 ? UINT64_MAX >> bits : 0,
		.lo = bits < 64 ? UINT64_MAX : bits < 128 ? UINT64_MAX >> (bits - 64) : 0
	};

	return mask;
}

static unsigned
family_bits(enum netaddr_family family)
{
	return family == NETADDR_V4 ? 32 : 128;
}

static int
has_host_bits(const struct netset_network *network)
{
	struct key key = key_of(&network->addr), mask = host_mask(network->bits);

	return (key.hi & mask.hi) != 0 || (key.lo & mask.lo) != 0;
}

static int
is_made_of(const char *text, size_t len, const char *characters)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(characters, text[i]) == NULL)
			return 0;
	return len > 0;
}

static const char *
bits_error(unsigned max)
{
	return max == 32 ? "the prefix length is not a number from 0 to 32" :
	    "the prefix length is not a number from 0 to 128";
}

static const char *
parse_bits(const char *text, size_t len, struct netset_network *network_r)
{
	unsigned max = family_bits(network_r->addr.family);
	uint64_t bits;
	int result = ascii_number(text, len, max, &bits);

	if (len == 0)
		return "the prefix length is missing";
	if (result == -1)
		return bits_error(max);
	if (len > 1 && text[0] == '0')
		return "the prefix length begins with a zero";
	if (result == 1)
		return bits_error(max);
	network_r->bits = (unsigned)bits;
	return has_host_bits(network_r) ? "bits are set past the prefix length" : NULL;
}

/* What is wrong with a text that is no address. */
static const char *
address_error(const char *text, size_t len)
{
	if (len == 0)
		return "the address is missing";
	if (memchr(text, '%', len) != NULL)
		return "an address with a zone is not allowed";
	if (memchr(text, ':', len) != NULL)
		return "not an IPv6 address";
	if (is_made_of(text, len, "0123456789."))
		return "not an IPv4 address: "
		    "four numbers from 0 to 255 without leading zeros";
	return "not an IPv4 or IPv6 address";
}

static const char *
parse_address(const char *text, size_t len, struct netaddr *addr_r)
{
	int is_bracketed = len > 0 && text[0] == '[';

	if (is_bracketed) {
		if (text[len - 1] != ']')
			return "the bracket is not closed";
		text++;
		len -= 2;
	}
	if (netaddr_parse(text, len, addr_r) == -1)
		return address_error(text, len);
	if (memchr(text, ':', len) != NULL)
		return addr_r->family == NETADDR_V6 ? NULL :
		    "a v4-mapped IPv6 network: write it as IPv4";
	return is_bracketed ? "brackets are for IPv6 only" : NULL;
}

const char *
netset_parse(const char *text, size_t len, struct netset_network *network_r)
{
	const char *slash, *error;
	size_t address_len;

	if (len == 0)
		return "it is empty";
	if (memchr(text, ' ', len) != NULL || memchr(text, '\t', len) != NULL)
		return "blanks are not allowed";
	slash = memchr(text, '/', len);
	address_len = slash == NULL ? len : (size_t)(slash - text);
	error = parse_address(text, address_len, &network_r->addr);
	if (error != NULL)
		return error;
	if (slash != NULL)
		return parse_bits(slash + 1, len - address_len - 1, network_r);
	network_r->bits = family_bits(network_r->addr.family);
	return NULL;
}

static int
table_add(struct table *table, const struct netset_network *network)
{
	if (table->added_count == table->added_size) {
		size_t size = table->added_size * 2;
		if (size == 0)
			size = FIRST_SIZE;
		struct prefix *added = realloc(table->added, size * sizeof(*added));
		if (added == NULL)
			return -1;
		table->added = added;
		table->added_size = size;
	}
	table->added[table->added_count++] = (struct prefix){
		.first = key_of(&network->addr), .bits = (uint8_t)network->bits
	};
	return 0;
}

int
netset_add(struct netset *set, const struct netset_network *network)
{
	/* whatever a file has, netset_parse() has read it, or ownaddr.c has made it */
	assert(!set->is_sealed && network->addr.family != NETADDR_NONE);
	assert(network->bits <= family_bits(network->addr.family) &&
	    !has_host_bits(network));
	return table_add(network->addr.family == NETADDR_V4 ? &set->v4 : &set->v6,
	    network);
}

/* By where they begin, and the wider first of two that begin together. */
static int
compare_prefixes(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (!is_same(a->first, b->first))
		return is_less(a->first, b->first) ? -1 : 1;
	return a->bits - b->bits;
}

/*
 * Begins a piece. One that began at the same place had no length. One of the same prefix
 * length as the piece before needs no border: each address tells its own network.
 */
static void
cut(struct table *table, struct key start, uint8_t bits)
{
	if (table->pieces > 0 && is_same(table->starts[table->pieces - 1], start))
		table->pieces--;
	if (table->pieces > 0 && table->bits[table->pieces - 1] == bits)
		return;
	table->starts[table->pieces] = start;
	table->bits[table->pieces++] = bits;
}

/* Ends the innermost network; what is around it goes on, if anything follows it. */
static void
leave(struct table *table, struct nest *nest)
{
	struct key last = nest->last[--nest->depth];

	if (last.hi == UINT64_MAX && last.lo == UINT64_MAX)
		return;
	struct key next = { .hi = last.hi + (last.lo == UINT64_MAX), .lo = last.lo + 1 };
	cut(table, next, nest->depth == 0 ? NO_NETWORK : nest->bits[nest->depth - 1]);
}

/* Returns how many networks there are without the duplicates. */
static size_t
table_cut(struct table *table)
{
	struct nest nest = { .depth = 0 };
	size_t count = 0;

	table->pieces = 0;
	cut(table, (struct key){ 0, 0 }, NO_NETWORK);
	for (size_t i = 0; i < table->added_count; i++) {
		const struct prefix *added = &table->added[i];
		if (i > 0 && compare_prefixes(added - 1, added) == 0)
			continue;
		while (nest.depth > 0 &&
		    is_less(nest.last[nest.depth - 1], added->first))
			leave(table, &nest);
		struct key mask = host_mask(added->bits);
		nest.last[nest.depth].hi = added->first.hi | mask.hi;
		nest.last[nest.depth].lo = added->first.lo | mask.lo;
		nest.bits[nest.depth++] = added->bits;
		cut(table, added->first, added->bits);
		count++;
	}
	while (nest.depth > 0)
		leave(table, &nest);
	return count;
}

static void *
shrink(void *memory, size_t size)
{
	void *smaller = realloc(memory, size);

	if (smaller == NULL)
		return memory;
	return smaller;
}

/* Each network begins one piece and ends one, and one is at 0. */
static int
table_reserve(struct table *table)
{
	size_t max = 2 * table->added_count + 1;

	if (table->added_count == 0)
		return 0;
	table->starts = malloc(max * sizeof(*table->starts));
	table->bits = malloc(max * sizeof(*table->bits));
	return table->starts == NULL || table->bits == NULL ? -1 : 0;
}

/* More networks may be added before the next try, and then this is too small. */
static void
table_release(struct table *table)
{
	free(table->starts);
	free(table->bits);
	table->starts = NULL;
	table->bits = NULL;
}

static size_t
table_seal(struct table *table)
{
	size_t count;

	if (table->added_count == 0)
		return 0;
	qsort(table->added, table->added_count, sizeof(*table->added), compare_prefixes);
	count = table_cut(table);
	table->starts = shrink(table->starts, table->pieces * sizeof(*table->starts));
	table->bits = shrink(table->bits, table->pieces * sizeof(*table->bits));
	free(table->added);
	table->added = NULL;
	table->added_size = 0;
	return count;
}

int
netset_seal(struct netset *set)
{
	/* the order of calls, whatever is in the set */
	assert(!set->is_sealed);
	if (table_reserve(&set->v4) == -1 || table_reserve(&set->v6) == -1) {
		table_release(&set->v4);
		table_release(&set->v6);
		return -1;
	}
	set->count = table_seal(&set->v4) + table_seal(&set->v6);
	set->is_sealed = 1;
	return 0;
}

static size_t
is_from(struct key key, struct key start)
{
	return (size_t)!is_less(key, start);
}

/*
 * The piece that has the key. Nothing branches on a comparison, so none is ever
 * mispredicted, and three at a time wait for memory together.
 */
static size_t
table_search(const struct table *table, struct key key)
{
	const struct key *start = table->starts;
	size_t left = table->pieces;

	while (left >= 4) {
		size_t quarter = left / 4;
		start += quarter * (is_from(key, start[quarter]) +
		    is_from(key, start[2 * quarter]) + is_from(key, start[3 * quarter]));
		left -= 3 * quarter;
	}
	for (; left > 1; left--)
		start += is_from(key, start[1]);
	return (size_t)(start - table->starts);
}

static void
put_word(uint8_t *b, uint64_t value)
{
	b[0] = (uint8_t)(value >> 56);
	b[1] = (uint8_t)(value >> 48);
	b[2] = (uint8_t)(value >> 40);
	b[3] = (uint8_t)(value >> 32);
	b[4] = (uint8_t)(value >> 24);
	b[5] = (uint8_t)(value >> 16);
	b[6] = (uint8_t)(value >> 8);
	b[7] = (uint8_t)value;
}

int
netset_find(const struct netset *set, const struct netaddr *addr,
    struct netset_network *network_r)
{
	const struct table *table = addr->family == NETADDR_V4 ? &set->v4 : &set->v6;
	struct key key = key_of(addr);

	/* the order of calls, whatever the address is */
	assert(set->is_sealed);
	if (addr->family == NETADDR_NONE || table->pieces == 0)
		return 0;
	uint8_t bits = table->bits[table_search(table, key)];
	if (bits == NO_NETWORK)
		return 0;
	if (network_r == NULL)
		return 1;
	struct key mask = host_mask(bits);
	*network_r = (struct netset_network){ { .family = addr->family }, bits };
	put_word(network_r->addr.bytes, key.hi & ~mask.hi);
	put_word(network_r->addr.bytes + 8, key.lo & ~mask.lo);
	return 1;
}

static int
table_is_equal(const struct table *a, const struct table *b)
{
	return a->pieces == b->pieces && (a->pieces == 0 ||
	    (memcmp(a->starts, b->starts, a->pieces * sizeof(*a->starts)) == 0 &&
	    memcmp(a->bits, b->bits, a->pieces) == 0));
}

int
netset_is_equal(const struct netset *a, const struct netset *b)
{
	return table_is_equal(&a->v4, &b->v4) && table_is_equal(&a->v6, &b->v6);
}

int
netset_has_family(const struct netset *set, enum netaddr_family family)
{
	return (family == NETADDR_V4 && set->v4.pieces > 0) ||
	    (family == NETADDR_V6 && set->v6.pieces > 0);
}

size_t
netset_count(const struct netset *set)
{
	return set->count;
}

static size_t
table_memory(const struct table *table)
{
	return table->added_size * sizeof(*table->added) +
	    table->pieces * (sizeof(*table->starts) + sizeof(*table->bits));
}

size_t
netset_memory(const struct netset *set)
{
	return sizeof(*set) + table_memory(&set->v4) + table_memory(&set->v6);
}

void
netset_format(const struct netset_network *network, char *text_r)
{
	netaddr_format(&network->addr, text_r);
	size_t len = strlen(text_r);
	snprintf(text_r + len, NETADDR_TEXT_SIZE - len, "/%u", network->bits);
}
