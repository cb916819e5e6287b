/* milter/core/siphash.h: keyed hash for tables whose keys come from outside */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SIPHASH_H
#define AUTHRELAY_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE	16

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012), as hash tables use it: who does not know
 * the key cannot prepare names that collide.
 */
uint64_t	siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *, size_t);

#endif
