/* t/failing_memory.h: an allocator that fails at the call it is told to */
/* SPDX-License-Identifier: ISC */

/*
 * What is included after this takes its memory from here: set memory_fails_at to the
 * number of a call, memory_calls to 0, and look at memory_live for what was not given
 * back.
 */

#ifndef AUTHRELAY_FAILING_MEMORY_H
#define AUTHRELAY_FAILING_MEMORY_H

#include <stdlib.h>

static long	memory_calls, memory_fails_at, memory_live;

static int
memory_fails(void)
{
	return ++memory_calls == memory_fails_at;
}

static void *
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

#define malloc(size)	memory_realloc(NULL, size)
#define calloc		memory_calloc
#define realloc		memory_realloc
#define free		memory_free

#endif
