/* milter/core/buf.h: growing byte buffer */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_BUF_H
#define AUTHRELAY_BUF_H

#include <stddef.h>

/*
 * Memory that could not be had is remembered in `failed`, so that a writer may add
 * piece after piece and look once at the end. What was added before stays; what came
 * after is not there. The bytes always end in a NUL that does not count, unless
 * nothing was ever added (data NULL).
 */
struct buf {
	char	*data;
	size_t	 len;
	size_t	 size;
	int	 failed;
};

void	buf_init(struct buf *);
/* Frees the bytes and makes the buffer as new. */
void	buf_clear(struct buf *);
/* Empties it and forgets a failure, but keeps the memory. */
void	buf_reset(struct buf *);
/*
 * Takes away all but the first bytes; a failure is kept. A length beyond the end
 * changes nothing.
 */
void	buf_cut(struct buf *, size_t len);
void	buf_add(struct buf *, const void *, size_t);
void	buf_puts(struct buf *, const char *);
void	buf_putc(struct buf *, char);
void	buf_printf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
