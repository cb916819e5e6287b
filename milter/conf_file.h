/* milter/conf_file.h: files that are read whole */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_FILE_H
#define AUTHRELAY_CONF_FILE_H

#include <stddef.h>

#include "buf.h"

/* Reads a whole file, which has no NUL byte. Returns NULL, or why it could not; clear text_r in any case. */
const char	*conf_file_load(const char *path, struct buf *text_r);

/* Where the first byte stands that is no UTF-8 (RFC 3629), or len. */
size_t	conf_file_utf8_span(const char *, size_t len);

#endif
