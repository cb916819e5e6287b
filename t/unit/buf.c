/* t/unit/buf.c: a buffer when memory runs out, and when a format cannot be printed */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "tap.h"

#include "failing_memory.h"

#define buf_add		memory_buf_add
#define buf_clear	memory_buf_clear
#define buf_cut		memory_buf_cut
#define buf_init	memory_buf_init
#define buf_printf	memory_buf_printf
#define buf_putc	memory_buf_putc
#define buf_puts	memory_buf_puts
#define buf_reset	memory_buf_reset
#include "core/buf.c"

static void
fail_at(long call)
{
	memory_calls = 0;
	memory_fails_at = call;
}

/* Of what was written before nothing is lost, and nothing is added after. */
static void
check_failed(struct buf *b, const char *want, const char *name)
{
	tap_ok(b->failed, "%s: it has failed", name);
	tap_is_str(b->data, want, "%s: what it had", name);
	fail_at(0);
	buf_puts(b, "more");
	buf_printf(b, "%d", 7);
	tap_is_str(b->data, want, "%s: nothing comes after", name);
	buf_clear(b);
	tap_is_int(memory_live, 0, "%s: nothing leaks", name);
}

static void
test_memory(void)
{
	struct buf b;
	char text[1000];

	memset(text, 'x', sizeof(text));
	fail_at(1);
	buf_init(&b);
	buf_puts(&b, "text");
	check_failed(&b, NULL, "the first bytes");

	fail_at(1);
	buf_init(&b);
	buf_printf(&b, "%s", "text");
	check_failed(&b, NULL, "the first print");

	fail_at(2);
	buf_init(&b);
	buf_puts(&b, "text");
	buf_add(&b, text, sizeof(text));
	check_failed(&b, "text", "more bytes");

	fail_at(2);
	buf_init(&b);
	buf_puts(&b, "text");
	buf_printf(&b, "%.1000s", text);
	check_failed(&b, "text", "a longer print");
}

/* A character that the locale has no bytes for: the first time, and with text before it. */
static void
test_print(void)
{
	struct buf b;

	fail_at(0);
	buf_init(&b);
	buf_printf(&b, "%ls", L"\x20ac");
	check_failed(&b, "", "what cannot be printed");

	buf_init(&b);
	buf_puts(&b, "text");
	buf_printf(&b, "%s%ls", "a", L"\x20ac");
	check_failed(&b, "text", "what cannot be printed to its end");
}

int
main(void)
{
	test_memory();
	test_print();
	return tap_done();
}
