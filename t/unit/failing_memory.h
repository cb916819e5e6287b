/* t/unit/failing_memory.h: an allocator that fails at the call it is told to */
/* SPDX-License-Identifier: ISC */

/*
 * What is included after this takes its memory from here. A module is compiled in a
 * second time by that, under other names; this works with every linker and every
 * sanitizer.
 */

#ifndef AUTHRELAY_FAILING_MEMORY_H
#define AUTHRELAY_FAILING_MEMORY_H

#include <stdlib.h>

#include "tap.h"

static long	memory_calls, memory_fails_at, memory_live;

static int
memory_fails(void)
{
	return ++memory_calls == memory_fails_at;
}

static __attribute__((unused)) void *
memory_calloc(size_t count, size_t size)
{
	void *block = memory_fails() ? NULL : calloc(count, size);

	memory_live += block != NULL;
	return block;
}

static void *
memory_realloc(void *old, size_t size)
{
	void *block = memory_fails() ? NULL : realloc(old, size);

	memory_live += block != NULL && old == NULL;
	return block;
}

static void
memory_free(void *block)
{
	memory_live -= block != NULL;
	free(block);
}

/*
 * A set with a hundred entries, made while memory fails once. Entries have numbers, and
 * so a set has all of them where it has those up to its count.
 */
struct memory_set {
	void	*(*make)(void);
	void	 (*destroy)(void *);
	int	 (*add)(void *, unsigned number);
	int	 (*seal)(void *);
	int	 (*has_all)(const void *);	/* and there are a hundred at least */
	long	 unsaid;	/* so many last calls only save memory, and may fail */
};

/*
 * What fails is asked again, and is to succeed then; more is added before the next seal.
 * Returns how often something failed.
 */
static int
memory_fill_again(const struct memory_set *kind, void *set)
{
	int failures = 0;

	for (unsigned i = 0; i < 100; i++) {
		if (kind->add(set, i) == 0)
			continue;
		failures++;
		if (kind->add(set, i) == -1)
			return -1;
	}
	if (kind->seal(set) == -1) {
		failures++;
		for (unsigned i = 100; i < 120; i++)
			(void)kind->add(set, i);
		if (kind->seal(set) == -1)
			return -1;
	}
	return failures;
}

static void
memory_test_failure(const struct memory_set *kind, long nth, int want)
{
	memory_calls = 0;
	memory_fails_at = nth;
	void *set = kind->make();
	int failures = set == NULL;
	if (set == NULL)
		set = kind->make();
	failures += memory_fill_again(kind, set);
	tap_is_int(failures, want, "memory fails at call %ld: it is said", nth);
	tap_ok(kind->has_all(set), "memory fails at call %ld: all is there", nth);
	kind->destroy(set);
	tap_is_int(memory_live, 0, "memory fails at call %ld: nothing leaks", nth);
}

/* Each call for memory fails once; there are more than so many. */
static void __attribute__((unused))
memory_test_failures(const struct memory_set *kind, long least)
{
	memory_test_failure(kind, 0, 0);
	long calls = memory_calls;
	tap_ok(calls > least, "there are %ld calls for memory", calls);
	for (long nth = 1; nth <= calls; nth++)
		memory_test_failure(kind, nth, nth <= calls - kind->unsaid);
}

#define malloc(size)	memory_realloc(NULL, size)
#define calloc		memory_calloc
#define realloc		memory_realloc
#define free		memory_free

#endif
