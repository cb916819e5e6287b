/* milter/core/json_write.c: JSON values (RFC 8259), one after the other, into a buffer */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <string.h>

#include "core/encode.h"
#include "core/json_write.h"

/* A text ends in a quotation mark, so that none of these can be the end of a value. */
static int
needs_comma(const struct buf *out)
{
	return out->len > 0 && strchr("{[,:\n", out->data[out->len - 1]) == NULL;
}

void
json_write_key(struct buf *out, const char *key)
{
	if (needs_comma(out))
		buf_putc(out, ',');
	if (key != NULL)
		buf_printf(out, "\"%s\":", key);
}

void
json_write_line(struct buf *out)
{
	buf_puts(out, needs_comma(out) ? ",\n" : "\n");
}

void
json_write_open(struct buf *out, const char *key, char bracket)
{
	json_write_key(out, key);
	buf_putc(out, bracket);
}

void
json_write_close(struct buf *out, char bracket)
{
	buf_putc(out, bracket);
}

void
json_write_bytes(struct buf *out, const char *key, const char *bytes, size_t len)
{
	json_write_key(out, key);
	encode_json(out, bytes, len);
}

void
json_write_text(struct buf *out, const char *key, const char *text)
{
	json_write_key(out, key);
	if (text == NULL)
		buf_puts(out, "null");
	else
		encode_json(out, text, strlen(text));
}

void
json_write_number(struct buf *out, const char *key, uint64_t number)
{
	json_write_key(out, key);
	buf_printf(out, "%" PRIu64, number);
}

void
json_write_flag(struct buf *out, const char *key, int flag)
{
	json_write_key(out, key);
	buf_puts(out, flag ? "true" : "false");
}
