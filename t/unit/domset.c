/* t/unit/domset.c: a set of domains, against tables and against a slow and simple one */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domset.h"
#include "tap.h"

#define SEED		20240229
#define ROUNDS		20
#define ENTRIES		1000
#define QUERIES		1000
#define NAME_SIZE	256

struct row {
	const char	*name;
	const char	*entries;	/* blanks between them */
	const char	*domain;
	const char	*want;
};

static const struct row rows[] = {
	{ "the name itself", "example.com", "example.com", "example.com" },
	{ "not the name's subdomain", "example.com", "www.example.com", NULL },
	{ "not the name's parent", "www.example.com", "example.com", NULL },
	{ "not a longer name", "example.com", "xexample.com", NULL },
	{ "not a shorter name", "xexample.com", "example.com", NULL },
	{ "not a longer end", "example.com", "example.comx", NULL },
	{ "not a name with the same end", "a.example.com", "b.example.com", NULL },
	{ "a subdomain of a dotted entry", ".example.com", "www.example.com",
	    ".example.com" },
	{ "a subdomain's subdomain", ".example.com", "a.b.c.example.com",
	    ".example.com" },
	{ "not the dotted entry's own name", ".example.com", "example.com", NULL },
	{ "not what ends in it without a dot", ".example.com", "xexample.com", NULL },
	{ "not below what ends in it", ".example.com", "www.xexample.com", NULL },
	{ "not a dotted entry's parent", ".www.example.com", "example.com", NULL },
	{ "the name before its parent", ".example.com www.example.com",
	    "www.example.com", "www.example.com" },
	{ "the nearest parent first", ".com .example.com .b.example.com",
	    "a.b.example.com", ".b.example.com" },
	{ "a parent further up", ".com .x.example.com", "a.b.example.com", ".com" },
	{ "a gap between two parents", ".a.b.example.com .com", "y.x.b.example.com",
	    ".com" },
	{ "a name and all below it, the name", "example.com .example.com", "example.com",
	    "example.com" },
	{ "a name and all below it, below", "example.com .example.com", "a.example.com",
	    ".example.com" },
	{ "one label", "localhost", "localhost", "localhost" },
	{ "not another label", "localhost", "localhosts", NULL },
	{ "one label, dotted", ".com", "example.com", ".com" },
	{ "one label, dotted, not itself", ".com", "com", NULL },
	{ "one character", "a", "a", "a" },
	{ "one character, dotted", ".a", "b.a", ".a" },
	{ "the same label twice", ".a.a", "a.a.a", ".a.a" },
	{ "the same label twice is not thrice", "a.a.a", "a.a", NULL },
	{ "no domain", "example.com .com", "", NULL },
	{ "a dot is no domain", ".com com", ".", NULL },
	{ "a dot in front is no domain", ".example.com", ".example.com", NULL },
	{ "nor below a parent", ".com", ".example.com", NULL },
	{ "a dot at the end is another name", "example.com .com", "example.com.", NULL },
	{ "case counts: names are canonical", "example.com", "Example.com", NULL },
	{ "the empty set", "", "example.com", NULL },
	{ "the empty set, no domain", "", "", NULL }
};

static void
add(struct domset *set, const char *entry, size_t len)
{
	char copy[NAME_SIZE];

	memcpy(copy, entry, len);
	if (domset_add(set, copy, len) == -1)
		abort();
	memset(copy, 'x', sizeof(copy));	/* the set has its own */
}

static struct domset *
make_set(const char *entries)
{
	struct domset *set = domset_new();

	if (set == NULL)
		abort();
	while (*entries != '\0') {
		size_t len = strcspn(entries, " ");
		add(set, entries, len);
		entries += len + strspn(entries + len, " ");
	}
	if (domset_seal(set) == -1)
		abort();
	return set;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct domset *set = make_set(row->entries);

		tap_is_str(domset_find(set, row->domain, strlen(row->domain)), row->want,
		    "%s", row->name);
		domset_free(set);
	}
}

static void
test_length(void)
{
	struct domset *set = make_set("example.com .example.com .org");

	tap_is_str(domset_find(set, "example.community", 11), "example.com",
	    "only so much of the domain is read");
	tap_is_str(domset_find(set, "example.com\0", 12), NULL,
	    "a NUL behind is another name");
	tap_is_str(domset_find(set, "a\0b.example.com", 15), ".example.com",
	    "a NUL does not end a name");
	domset_free(set);
	domset_free(NULL);
	tap_ok(1, "NULL may be freed");
}

/* 253 bytes: labels of 63, 63, 63 and 61, or 127 labels of one. */
static void
test_long_names(void)
{
	char name[NAME_SIZE], below[NAME_SIZE], many[NAME_SIZE], entry[NAME_SIZE];
	struct domset *set = domset_new();

	for (size_t i = 0; i < 253; i++) {
		name[i] = i % 64 == 63 ? '.' : 'n';
		many[i] = i % 2 == 1 ? '.' : 'm';
	}
	many[253] = '\0';
	entry[0] = '.';
	memcpy(entry + 1, many, 253);
	add(set, name, 253);
	add(set, entry, 254);
	add(set, entry, 4);
	add(set, entry, 252);
	domset_seal(set);
	tap_is_int((long long)domset_count(set), 4, "long: there are four");
	tap_ok(domset_find(set, name, 253) != NULL, "long: a name of 253 bytes");
	tap_ok(domset_find(set, name, 252) == NULL, "long: not without its last byte");
	tap_ok(domset_find(set, name + 1, 252) == NULL,
	    "long: not without its first byte");
	tap_is_str(domset_find(set, many, 253), many + 1,
	    "long: the parent of 127 labels");
	memcpy(below, "x.", 2);
	memcpy(below + 2, many + 2, 251);
	tap_is_str(domset_find(set, below, 253), many + 1,
	    "long: a parent of 126 labels");
	tap_is_str(domset_find(set, many + 6, 247), ".m.m",
	    "long: a parent of two labels");
	memcpy(below, many, 251);
	memcpy(below + 251, "x", 1);
	tap_is_str(domset_find(set, below, 253), NULL, "long: 127 labels, none fits");
	memcpy(below, "m.", 2);
	memcpy(below + 2, many, 253);
	tap_is_str(domset_find(set, below, 255), NULL, "long: 255 bytes are no domain");
	memset(below, '.', sizeof(below));
	tap_is_str(domset_find(set, below, 253), NULL, "long: 253 dots");
	below[0] = 'm';
	tap_is_str(domset_find(set, below, 254), NULL, "long: a letter and 253 dots");
	domset_free(set);
}

static void
test_duplicates(void)
{
	struct domset *set = domset_new();
	char entry[NAME_SIZE];
	int missing = 0;

	for (unsigned i = 0; i < 30000; i++) {
		int len = snprintf(entry, sizeof(entry), "%s%u.example.com",
		    i % 2 ? "." : "", i * 7 % 100);
		add(set, entry, (size_t)len);
	}
	tap_is_int((long long)domset_count(set), 0,
	    "duplicates: nothing is counted before the seal");
	domset_seal(set);
	tap_is_int((long long)domset_count(set), 100,
	    "duplicates: 30,000 entries are 100");
	for (unsigned i = 0; i < 100; i++) {
		int len = snprintf(entry, sizeof(entry), "%s%u.example.com",
		    i % 2 ? "a." : "", i);
		const char *got = domset_find(set, entry, (size_t)len);
		missing += got == NULL || strcmp(got, entry + i % 2) != 0;
	}
	tap_is_int(missing, 0, "duplicates: each of them is found");
	domset_free(set);
}

static void
test_memory(void)
{
	struct domset *set = make_set("");
	size_t empty = domset_memory(set);

	tap_ok(empty > 0, "memory: the empty set has some");
	domset_free(set);
	set = domset_new();
	for (unsigned i = 0; i < 10000; i++) {
		char entry[NAME_SIZE];
		int len = snprintf(entry, sizeof(entry), "%05u.example", i);
		add(set, entry, (size_t)len);
	}
	domset_seal(set);
	size_t each = (domset_memory(set) - empty) / 10000;
	tap_ok(each >= 13 && each <= 13 + 16, "memory: 13 bytes take %zu", each);
	domset_free(set);
}

/* The oracle: every entry is looked at, for the name and then for each parent. */
struct list {
	size_t	count;
	size_t	distinct;
	char	entries[ENTRIES][NAME_SIZE];
};

static const char *
list_has(const struct list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i], text) == 0)
			return list->entries[i];
	return NULL;
}

static const char *
list_find(const struct list *list, const char *domain)
{
	const char *entry = list_has(list, domain), *dot = strchr(domain, '.');

	for (; entry == NULL && dot != NULL; dot = strchr(dot + 1, '.'))
		entry = list_has(list, dot);
	return entry;
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Few labels, some of them the ends of others, so that much is found and much almost. */
static size_t
random_name(uint64_t *random, char *name, const char *dot, size_t most)
{
	static const char *const labels[] = {
		"a", "ba", "aa", "com", "xcom", "example", "1"
	};
	size_t count = 1 + next_random(random) % most;
	size_t len = (size_t)snprintf(name, NAME_SIZE, "%s", dot);

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(name + len, NAME_SIZE - len, "%s%s",
		    i == 0 ? "" : ".", labels[next_random(random) % 7]);
	return len;
}

static void
test_round(uint64_t *random, int round)
{
	static struct list list;
	struct domset *set = domset_new();
	char domain[NAME_SIZE];
	int differences = 0, found = 0;
	size_t most = 3 + (size_t)round % 4;

	list.count = list.distinct = 0;
	for (size_t i = 0; i < ENTRIES; i++) {
		char *entry = list.entries[i];
		const char *dot = next_random(random) % 4 == 0 ? "." : "";
		size_t len = random_name(random, entry, dot, most);
		list.distinct += list_has(&list, entry) == NULL;
		list.count++;
		add(set, entry, len);
	}
	domset_seal(set);
	for (size_t i = 0; i < QUERIES; i++) {
		size_t len = random_name(random, domain, "", most + 2);
		const char *got = domset_find(set, domain, len);
		const char *want = list_find(&list, domain);
		found += want != NULL;
		if (got == want || (got != NULL && want != NULL && strcmp(got, want) == 0))
			continue;
		if (differences++ == 0)
			tap_note("%s: got %s, want %s", domain,
			    got == NULL ? "none" : got, want == NULL ? "none" : want);
	}
	tap_is_int(differences, 0, "random, round %d: %d of %d found", round, found,
	    QUERIES);
	tap_is_int((long long)domset_count(set), (long long)list.distinct,
	    "random, round %d: as many entries", round);
	domset_free(set);
}

static struct domset *
set_of(const char *entries)
{
	struct domset *set = domset_new();
	size_t len;

	for (; *entries != '\0'; entries += len) {
		entries += strspn(entries, " ");
		len = strcspn(entries, " ");
		(void)domset_add(set, entries, len);
	}
	(void)domset_seal(set);
	return set;
}

static void
test_equal(const char *one, const char *other, int want)
{
	struct domset *a = set_of(one), *b = set_of(other);

	tap_is_int(domset_is_equal(a, b), want, "%s and %s", one, other);
	tap_is_int(domset_is_equal(b, a), want, "and the other way round");
	domset_free(a);
	domset_free(b);
}

static void
test_equals(void)
{
	test_equal("", "", 1);
	test_equal("a.example", "", 0);
	test_equal("a.example .b.example", "a.example .b.example a.example", 1);
	test_equal("a.example", "b.example", 0);
	test_equal("a.example", ".a.example", 0);
	test_equal("a.example b.example", "a.example", 0);
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

#define domset_new	memory_domset_new
#define domset_free	memory_domset_free
#define domset_add	memory_domset_add
#define domset_seal	memory_domset_seal
#define domset_find	memory_domset_find
#define domset_is_equal	memory_domset_is_equal
#define domset_count	memory_domset_count
#define domset_memory	memory_domset_memory
#include "core/domset.c"

static void *
make_numbered(void)
{
	return domset_new();
}

static void
destroy_numbered(void *set)
{
	domset_free(set);
}

static int
add_numbered(void *set, unsigned number)
{
	char entry[NAME_SIZE];
	int len = snprintf(entry, sizeof(entry), "%u.example.com", number);

	return domset_add(set, entry, (size_t)len);
}

static int
seal_numbered(void *set)
{
	return domset_seal(set);
}

static int
has_all_numbered(const void *set)
{
	char entry[NAME_SIZE];

	for (unsigned i = 0; i < domset_count(set); i++) {
		size_t len = (size_t)snprintf(entry, sizeof(entry), "%u.example.com", i);
		const char *got = domset_find(set, entry, len);
		if (got == NULL || strcmp(got, entry) != 0)
			return 0;
	}
	return domset_count(set) >= 100;
}

/* The last call only makes the text smaller. */
static const struct memory_set domain_sets = {
	.make = make_numbered, .destroy = destroy_numbered, .add = add_numbered,
	.seal = seal_numbered, .has_all = has_all_numbered, .unsaid = 1
};

/* Offsets have 32 bits: what would need more is refused before memory is asked for it. */
static void
test_offsets(void)
{
	struct domset *set = domset_new();
	size_t used = (size_t)UINT32_MAX - 10;

	set->used = set->size = used;
	tap_is_int(domset_add(set, "example.com", 11), -1, "more than 4 GiB of names");
	tap_ok(set->used == used && set->size == used, "and the set is as it was");
	domset_free(set);
}

int
main(void)
{
	test_rows();
	test_length();
	test_long_names();
	test_duplicates();
	test_memory();
	test_random();
	test_equals();
	memory_test_failures(&domain_sets, 4);
	test_offsets();
	return tap_done();
}
