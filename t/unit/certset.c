/* t/unit/certset.c: a set of certificates by their names */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/certset.h"
#include "tap.h"

static const struct {
	const char		*name;
	enum certset_kind	 kind;
} kinds[] = {
	{ "mx.example.com", CERTSET_CN }, { "", CERTSET_CN }, { "/", CERTSET_CN },
	{ "/=a", CERTSET_CN }, { "/CN", CERTSET_CN }, { "/C N=a", CERTSET_CN },
	{ "/CN=", CERTSET_DN }, { "/O=A/CN=b", CERTSET_DN }, { "/cn=b", CERTSET_DN },
	{ "/1.2.840=b", CERTSET_DN }, { "/x-9=b", CERTSET_DN }, { "/C_N=b", CERTSET_CN },
	{ "/C:N=b", CERTSET_CN }, { "/C{N=b", CERTSET_CN }, { "/C[N=b", CERTSET_CN },
	{ "/C\x80=b", CERTSET_CN },
};

static const struct {
	const char	*entry;
	int		 is_good;
} texts[] = {
	{ "mx.example.com", 1 }, { "ca|mx", 1 }, { "/CN=ca|/CN=mx", 1 }, { "caf\xc3\xa9", 1 },
	{ "/CN=caf\\xC3\\xA9", 1 }, { "", 0 }, { "|mx", 0 }, { "ca|", 0 }, { "/CN=ca|mx", 0 },
	{ "a\tb", 0 }, { "a\x7f", 0 }, { "/CN=a\tb", 0 }, { "/CN=a\x7f", 0 },
	{ "/CN=caf\xc3\xa9", 0 }, { "CN=a,O=b", 0 }, { "subject=CN = a", 0 },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		tap_is_int(certset_kind_of(kinds[i].name), kinds[i].kind, "the kind of %s",
		    kinds[i].name);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct certset *set = certset_new();
		const char *why = "unset";
		int status = certset_add(set, texts[i].entry, &why);
		tap_is_int(status, texts[i].is_good ? 0 : -1, "%s: %s", texts[i].entry,
		    why == NULL ? "taken" : why);
		tap_ok((why == NULL) == texts[i].is_good, "  which is said");
		tap_is_int((long long)certset_count(set), texts[i].is_good, "  and counted");
		certset_free(set);
	}
}

static void
test_find(void)
{
	struct certset *set = certset_new();
	const char *why;

	tap_ok(certset_add(set, "any", &why) == 0 && certset_add(set, "ca|mx", &why) == 0 &&
	    certset_add(set, "other|mx", &why) == 0 && certset_add(set, "/CN=ca|/CN=mx", &why) == 0,
	    "four entries");
	tap_is_int((long long)certset_count(set), 4, "are counted");
	tap_is_str(certset_find(set, CERTSET_CN, "ca", "any"), "any", "of any issuer");
	tap_is_str(certset_find(set, CERTSET_CN, NULL, "any"), "any", "of one that is not known");
	tap_is_str(certset_find(set, CERTSET_CN, "other", "mx"), "other|mx", "of this issuer");
	tap_is_str(certset_find(set, CERTSET_CN, "third", "mx"), NULL, "of another");
	tap_is_str(certset_find(set, CERTSET_CN, NULL, "mx"), NULL, "not known is equal to none");
	tap_is_str(certset_find(set, CERTSET_DN, "ca", "mx"), NULL, "of another kind");
	tap_is_str(certset_issuer_of(set, CERTSET_CN, "mx"), "ca", "the first issuer");
	tap_is_str(certset_issuer_of(set, CERTSET_DN, "/CN=mx"), "/CN=ca", "of the other kind");
	tap_is_str(certset_issuer_of(set, CERTSET_CN, "any"), NULL, "an entry without one");
	tap_is_str(certset_issuer_of(set, CERTSET_CN, "none"), NULL, "no entry");
	certset_free(set);
	certset_free(NULL);
}

/* When memory runs out. */
#include "failing_memory.h"

static char *
memory_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

#undef strdup
#define strdup			memory_strdup
#define certset_new		memory_certset_new
#define certset_free		memory_certset_free
#define certset_add		memory_certset_add
#define certset_find		memory_certset_find
#define certset_issuer_of	memory_certset_issuer_of
#define certset_count		memory_certset_count
#define certset_kind_of		memory_certset_kind_of
#include "core/certset.c"

static void *
make_numbered(void)
{
	return certset_new();
}

static void
destroy_numbered(void *set)
{
	certset_free(set);
}

static int
add_numbered(void *set, unsigned number)
{
	char entry[32];
	const char *why;

	(void)snprintf(entry, sizeof(entry), "ca|mx%u", number);
	return certset_add(set, entry, &why);
}

static int
seal_numbered(void *set)
{
	(void)set;
	return 0;
}

static int
has_all_numbered(const void *set)
{
	char subject[32];

	for (unsigned i = 0; i < certset_count(set); i++) {
		(void)snprintf(subject, sizeof(subject), "mx%u", i);
		if (certset_find(set, CERTSET_CN, "ca", subject) == NULL)
			return 0;
	}
	return certset_count(set) == 100;
}

static const struct memory_set certificate_sets = {
	.make = make_numbered, .destroy = destroy_numbered, .add = add_numbered,
	.seal = seal_numbered, .has_all = has_all_numbered
};

int
main(void)
{
	test_rows();
	test_find();
	memory_test_failures(&certificate_sets, 100);
	return tap_done();
}
