/* milter/config/conf_value.c: values as they were given */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "config/conf_value.h"

static int
reserve(struct conf_values *values, size_t count)
{
	size_t size = values->size * 2;
	struct conf_value **items;

	if (count <= values->size)
		return 0;
	if (size < count)
		size = count;
	if ((items = reallocarray(values->items, size, sizeof(*items))) == NULL)
		return -1;
	values->items = items;
	values->size = size;
	return 0;
}

int
conf_values_add(struct conf_values *values, const char *text, size_t len,
    unsigned source, unsigned line)
{
	struct conf_value *value;

	if (reserve(values, values->count + 1) == -1 ||
	    (value = malloc(sizeof(*value) + len + 1)) == NULL)
		return -1;
	value->source = source;
	value->line = line;
	memcpy(value->text, text, len);
	value->text[len] = '\0';
	values->items[values->count++] = value;
	return 0;
}

int
conf_values_move(struct conf_values *values, struct conf_values *from)
{
	if (from->count == 0)
		return 0;
	if (reserve(values, values->count + from->count) == -1)
		return -1;
	memcpy(values->items + values->count, from->items,
	    from->count * sizeof(from->items[0]));
	values->count += from->count;
	from->count = 0;
	return 0;
}

void
conf_values_clear(struct conf_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->items[i]);
	free(values->items);
	*values = (struct conf_values){ .count = 0 };
}
