/* milter/config/conf_error.c: what is wrong with a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_error.h"
#include "core/encode.h"

#define FIRST_SIZE	16

struct conf_error {
	unsigned	 source;
	unsigned	 line;
	size_t		 number;	/* keeps the order where places are equal */
	char		*text;
};

void
conf_errors_clear(struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->items[i].text);
	free(errors->items);
	memset(errors, 0, sizeof(*errors));
}

int
conf_errors_has_any(const struct conf_errors *errors)
{
	return errors->count > 0 || errors->is_out_of_memory;
}

static int
reserve(struct conf_errors *errors)
{
	if (errors->count < errors->size)
		return 0;
	size_t size = errors->size == 0 ? FIRST_SIZE : errors->size * 2;
	struct conf_error *items = realloc(errors->items, size * sizeof(*items));
	if (items == NULL)
		return -1;
	errors->items = items;
	errors->size = size;
	return 0;
}

void
conf_errors_addv(struct conf_errors *errors, const struct conf_place *place,
    const char *fmt, va_list ap)
{
	char *what, *text;
	int n;

	if (reserve(errors) == -1 || vasprintf(&what, fmt, ap) == -1) {
		errors->is_out_of_memory = 1;
		return;
	}
	n = place->line == 0 ? asprintf(&text, "%s: %s", place->name, what) :
	    asprintf(&text, "%s:%u: %s", place->name, place->line, what);
	free(what);
	if (n == -1) {
		errors->is_out_of_memory = 1;
		return;
	}
	errors->items[errors->count] = (struct conf_error){ .source = place->source,
	    .line = place->source_line, .number = errors->count, .text = text };
	errors->count++;
}

void
conf_errors_add(struct conf_errors *errors, const struct conf_place *place,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_errors_addv(errors, place, fmt, ap);
	va_end(ap);
}

static int
compare(const void *a, const void *b)
{
	const struct conf_error *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

void
conf_errors_write(struct conf_errors *errors, struct buf *buf)
{
	if (errors->count > 0)
		qsort(errors->items, errors->count, sizeof(errors->items[0]), compare);
	for (size_t i = 0; i < errors->count; i++) {
		buf_puts(buf, errors->items[i].text);
		buf_putc(buf, '\n');
	}
	if (errors->is_out_of_memory)
		buf_puts(buf, "out of memory\n");
}

const char *
conf_quote(const char *text, size_t len, struct conf_quoted *quoted_r)
{
	struct buf word;
	int has_marks;

	buf_init(&word);
	(void)encode_word(&word, text, len, CONF_QUOTED_MAX - 2);
	has_marks = word.len > 0 && word.data[0] == '"';
	(void)snprintf(quoted_r->text, sizeof(quoted_r->text),
	    has_marks ? "%s" : "\"%s\"",
	    word.failed || word.data == NULL ? "..." : word.data);
	buf_clear(&word);
	return quoted_r->text;
}
