/* milter/record/chain.h: chain values, hashes over an audit file */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CHAIN_H
#define AUTHRELAY_CHAIN_H

#include <stddef.h>

#define CHAIN_SIZE	16
#define CHAIN_TEXT_SIZE	(2 * CHAIN_SIZE + 1)

/*
 * A chain value is the first CHAIN_SIZE bytes of the SHA-256 of the value before it and
 * of the bytes between the two: authrelay-audit(5). For one thread at a time.
 */
struct chain;

/* NULL: no memory, or no SHA-256 in the library. */
struct chain	*chain_new(void);
/* NULL is legal. */
void	chain_free(struct chain *);

/*
 * One value: begin with the value before, add the bytes in any number of pieces, end.
 * -1: the library failed, and there is no value. Each begin forgets what was before.
 */
int	chain_begin(struct chain *, const unsigned char before[CHAIN_SIZE]);
int	chain_add(struct chain *, const void *bytes, size_t length);
int	chain_end(struct chain *, unsigned char after_r[CHAIN_SIZE]);

/* The first CHAIN_SIZE bytes of the SHA-256 of one text. -1: the library failed. */
int	chain_hash(const void *bytes, size_t length, unsigned char hash_r[CHAIN_SIZE]);

/* As lower-case hexadecimal digits. */
void	chain_format(const unsigned char value[CHAIN_SIZE], char text_r[CHAIN_TEXT_SIZE]);
/* The value of such a text, exactly that many digits and nothing more: 0, else -1. */
int	chain_parse(const char *text, unsigned char value_r[CHAIN_SIZE]);

#endif
