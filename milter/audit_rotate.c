/* milter/audit_rotate.c: the names of old audit files */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "audit_rotate.h"
#include "buf.h"

/* NAME.3, or NAME itself. */
static const char *
numbered(struct buf *b, const char *name, unsigned number)
{
	buf_reset(b);
	buf_puts(b, name);
	if (number > 0)
		buf_printf(b, ".%u", number);
	return b->failed ? NULL : b->data;
}

/* What is gone already is no failure, but for the file itself. */
static int
rename_one(struct buf *b, const char *name, unsigned number)
{
	struct buf old;
	const char *from, *to;
	int result;

	buf_init(&old);
	from = numbered(&old, name, number);
	to = numbered(b, name, number + 1);
	errno = ENOMEM;
	result = from == NULL || to == NULL ? -1 : rename(from, to);
	buf_clear(&old);
	return result == -1 && (errno != ENOENT || number == 0) ? -1 : 0;
}

/*
 * The first number that is free, or the last one, whose file is to go. So a rotation
 * that was stopped half-way and begins again removes nothing more.
 */
static unsigned
free_number(struct buf *b, const char *name, unsigned keep)
{
	unsigned number = 1;

	while (number < keep && numbered(b, name, number) != NULL && access(b->data, F_OK) == 0)
		number++;
	return number;
}

int
audit_rotate(const char *name, unsigned keep)
{
	struct buf b;
	int result = 0;

	buf_init(&b);
	for (unsigned number = free_number(&b, name, keep); number > 0 && result == 0; number--)
		result = rename_one(&b, name, number - 1);
	buf_clear(&b);
	return result;
}
