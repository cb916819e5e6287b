/* milter/os/sandbox.c: list of sandboxes */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>

#include "os/log.h"
#include "os/sandbox.h"

/* In the order in which they are entered: seccomp refuses Landlock's own calls. */
static const struct sandbox *const sandboxes[] = { &sandbox_landlock, &sandbox_seccomp };

#define COUNT	(sizeof(sandboxes) / sizeof(sandboxes[0]))

/* Returns whether it is in force. */
static int
enter(const struct sandbox *sandbox, const struct sandbox_needs *needs)
{
	if (sandbox->enter == NULL)
		return 0;
	if (!sandbox->is_available()) {
		log_info("sandbox: this kernel has no %s", sandbox->name);
		return 0;
	}
	if (sandbox->enter(needs) == -1) {
		log_warn("sandbox: going on without %s", sandbox->name);
		return 0;
	}
	return 1;
}

void
sandbox_enter_all(const struct sandbox_needs *needs, struct buf *names_r)
{
	const char *separator = "";

	for (size_t i = 0; i < COUNT; i++) {
		if (!enter(sandboxes[i], needs))
			continue;
		buf_printf(names_r, "%s%s", separator, sandboxes[i]->name);
		separator = ", ";
	}
	if (*separator == '\0')
		buf_puts(names_r, "none");
}

void
sandbox_describe_all(struct buf *text_r)
{
	for (size_t i = 0; i < COUNT; i++) {
		buf_printf(text_r, "%s: ", sandboxes[i]->name);
		if (sandboxes[i]->enter == NULL)
			buf_puts(text_r, "not built in");
		else if (!sandboxes[i]->is_available())
			buf_puts(text_r, "not in this kernel");
		else
			sandboxes[i]->describe(text_r);
		buf_putc(text_r, '\n');
	}
}
