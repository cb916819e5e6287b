/* milter/record/record_json.h: reader of records that another program has rewritten */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_JSON_H
#define AUTHRELAY_RECORD_JSON_H

#include <stddef.h>

#include "core/buf.h"
#include "record/record_read.h"

/*
 * Reads a line as record_read() does, and where that cannot, as any JSON object: keys in
 * another order, white space, keys that we do not know (they are passed over), as jq or a
 * log store gives them out. The view then points into `spare`, whose bytes are replaced;
 * else it points into the line. Returns NULL, or the error as a constant text, "out
 * of memory" among them.
 */
const char	*record_json_read(const char *line, size_t length, struct buf *spare,
		    struct record_view *view_r);

#endif
