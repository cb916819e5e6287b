/* t/unit/json_write.c: JSON values, one after the other */
/* SPDX-License-Identifier: ISC */

#include "core/json_write.h"
#include "tap.h"

static void
write_all(struct buf *out)
{
	json_write_open(out, NULL, '{');
	json_write_text(out, "a", "b,");
	json_write_text(out, "none", NULL);
	json_write_bytes(out, "bytes", "\"\n\xff{", 4);
	json_write_open(out, "empty", '{');
	json_write_close(out, '}');
	json_write_open(out, "list", '[');
	for (unsigned i = 0; i < 2; i++) {
		json_write_line(out);
		json_write_open(out, NULL, '[');
		json_write_number(out, NULL, i == 0 ? 0 : UINT64_MAX);
		json_write_flag(out, NULL, 1);
		json_write_flag(out, NULL, 0);
		json_write_close(out, ']');
	}
	json_write_close(out, ']');
	json_write_key(out, "raw");
	buf_puts(out, "1.5");
	json_write_number(out, "last", 1);
	json_write_close(out, '}');
}

int
main(void)
{
	struct buf out;

	buf_init(&out);
	write_all(&out);
	tap_is_str(out.data, "{\"a\":\"b,\",\"none\":null,\"bytes\":\"\\\"\\n\\\\xff{\","
	    "\"empty\":{},\"list\":[\n[0,true,false],\n[18446744073709551615,true,false]],"
	    "\"raw\":1.5,\"last\":1}", "commas where they belong, and nowhere else");
	tap_is_int(out.failed, 0, "no failure");
	buf_reset(&out);
	buf_putc(&out, ',');
	json_write_line(&out);
	json_write_number(&out, NULL, 1);
	tap_is_str(out.data, ",\n1", "no comma after one that is there");
	buf_clear(&out);
	return tap_done();
}
