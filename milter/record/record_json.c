/* milter/record/record_json.c: reader of records that another program has rewritten */
/* SPDX-License-Identifier: ISC */

#include <jansson.h>
#include <stdlib.h>

#include "record/record_json.h"

#define NO_MEMORY	"out of memory"

/* Adds the value as record_read() expects it. */
static int
add_value(struct buf *b, const json_t *value)
{
	char	*text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	if (text == NULL)
		return -1;
	buf_puts(b, text);
	free(text);
	return b->failed ? -1 : 0;
}

/* The line as we would have written it: keys that we know, in their order. */
static int
rewrite(const json_t *object, struct buf *b)
{
	buf_putc(b, '{');
	for (size_t i = 0; i < RECORD_KEYS; i++) {
		const char	*name = record_keys[i].name;
		const json_t	*value = json_object_get(object, name);

		if (value == NULL || json_is_null(value))
			continue;
		buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
		if (add_value(b, value) == -1)
			return -1;
	}
	buf_putc(b, '}');
	return b->failed ? -1 : 0;
}

const char *
record_json_read(const char *line, size_t length, struct buf *spare,
    struct record_view *view_r)
{
	json_error_t	 error;
	json_t		*object;
	int		 status;

	if (record_read(line, length, view_r) == 0)
		return NULL;
	object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		return json_error_code(&error) == json_error_out_of_memory ? NO_MEMORY :
		    "not JSON";
	if (!json_is_object(object)) {
		json_decref(object);
		return "not a JSON object";
	}
	buf_reset(spare);
	status = rewrite(object, spare);
	json_decref(object);
	if (status == -1)
		return NO_MEMORY;
	return record_read(spare->data, spare->len, view_r) == 0 ? NULL :
	    "not a record of version 1";
}
