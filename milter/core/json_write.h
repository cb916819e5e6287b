/* milter/core/json_write.h: JSON values (RFC 8259), one after the other, into a buffer */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_JSON_WRITE_H
#define AUTHRELAY_JSON_WRITE_H

#include <stdint.h>

#include "core/buf.h"

/*
 * Each call adds one value, and a comma before it where one is needed, which the last
 * byte of the buffer tells. In an object a value has a key (ASCII without marks, ours);
 * in an array it is NULL. What was opened has to be closed by the caller. A document is
 * never held as a tree, and bytes that are no UTF-8 are written as in records: see
 * encode.h.
 */
void	json_write_open(struct buf *, const char *key, char bracket);	/* { or [ */
void	json_write_close(struct buf *, char bracket);			/* } or ] */
/* A NULL text is null. */
void	json_write_text(struct buf *, const char *key, const char *text);
void	json_write_bytes(struct buf *, const char *key, const char *, size_t);
void	json_write_number(struct buf *, const char *key, uint64_t);
void	json_write_flag(struct buf *, const char *key, int);

/* The key alone, where the caller adds the value by itself; NULL: only the comma. */
void	json_write_key(struct buf *, const char *key);
/* The next value of an array stands on a line of its own. */
void	json_write_line(struct buf *);

#endif
