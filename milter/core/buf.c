/* milter/core/buf.c: growing byte buffer */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#define BUF_FIRST_SIZE	256

void
buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void
buf_reset(struct buf *b)
{
	buf_cut(b, 0);
	b->failed = 0;
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/* Makes room for that many more bytes and the NUL. */
static int
reserve(struct buf *b, size_t more)
{
	size_t	 size = b->size != 0 ? b->size : BUF_FIRST_SIZE;
	char	*data;

	if (b->failed)
		return -1;
	if (b->size - b->len > more)
		return 0;
	if (more >= SIZE_MAX / 2 - b->len) {
		b->failed = 1;
		return -1;
	}
	while (size - b->len <= more)
		size *= 2;
	if ((data = realloc(b->data, size)) == NULL) {
		b->failed = 1;
		return -1;
	}
	b->data = data;
	b->size = size;
	return 0;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (reserve(b, len) == -1)
		return;
	if (len != 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

/* Formats into what room there is; returns the length that it needs, or -1. */
static int
print_once(struct buf *b, const char *format, va_list ap)
{
	size_t	room = b->size - b->len;
	int	need = vsnprintf(b->data + b->len, room, format, ap);

	if (need < 0)
		return -1;
	if ((size_t)need < room)
		b->len += (size_t)need;
	return need;
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list	ap;
	size_t	room;
	int	need;

	if (reserve(b, 1) == -1)
		return;
	room = b->size - b->len;
	va_start(ap, format);
	need = print_once(b, format, ap);
	va_end(ap);
	if (need >= 0 && (size_t)need >= room && reserve(b, (size_t)need) == 0) {
		va_start(ap, format);
		need = print_once(b, format, ap);
		va_end(ap);
	}
	if (need < 0)
		b->failed = 1;
	if (b->failed)
		b->data[b->len] = '\0';
}
