/* milter/audit/audit_rotate.c: renaming and removal of old audit files */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit_rotate.h"
#include "core/buf.h"

#define REMOVALS	2	/* in a rotation, which adds one */
#define DAY_SECONDS	86400

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

/* How many old files there are, up to the first number that is free. */
static unsigned
count_files(struct buf *b, const char *name)
{
	unsigned count = 0;

	while (numbered(b, name, count + 1) != NULL && access(b->data, F_OK) == 0)
		count++;
	return count;
}

/* A file whose time is in the future, after the clock was set back, is young. */
static int
is_old(const char *file, unsigned days)
{
	struct stat st;

	return days == 0 || (stat(file, &st) == 0 &&
	    (int64_t)time(NULL) - (int64_t)st.st_mtime >= (int64_t)days * DAY_SECONDS);
}

/*
 * Returns how many are left. A few only: others wait for the record meanwhile, and to
 * remove a large file takes time.
 */
static unsigned
expire(struct buf *b, const char *name, unsigned count, unsigned keep, unsigned keep_days)
{
	for (int i = 0; i < REMOVALS && count > keep; i++, count--)
		if (numbered(b, name, count) == NULL || !is_old(b->data, keep_days) ||
		    unlink(b->data) == -1)
			break;
	return count;
}

void
audit_rotate_expire(const char *name, unsigned keep, unsigned keep_days)
{
	struct buf b;

	buf_init(&b);
	(void)expire(&b, name, count_files(&b, name), keep, keep_days);
	buf_clear(&b);
}

/*
 * Up to the first number that is free: so a rotation that was stopped half-way and begins
 * again removes nothing more.
 */
int
audit_rotate(const char *name, unsigned keep, unsigned keep_days)
{
	struct buf b;
	unsigned count;
	int result = 0;

	buf_init(&b);
	count = expire(&b, name, count_files(&b, name), keep - 1, keep_days) + 1;
	for (unsigned number = count; number > 0 && result == 0; number--)
		result = rename_one(&b, name, number - 1);
	if (result == 0 && count > keep && numbered(&b, name, count) != NULL &&
	    !is_old(b.data, keep_days))
		result = (int)count;
	buf_clear(&b);
	return result;
}
