/* milter/core/siphash.c: keyed hash for tables whose keys come from outside */
/* SPDX-License-Identifier: ISC */

#include "core/siphash.h"

#define FINAL_ROUNDS	3

struct state {
	uint64_t	v[4];
};

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* Little-endian, of at most eight bytes. */
static uint64_t
word(const uint8_t *bytes, size_t count)
{
	uint64_t x = 0;

	for (size_t i = 0; i < count; i++)
		x |= (uint64_t)bytes[i] << (8 * i);
	return x;
}

static void
mix(struct state *s)
{
	uint64_t *v = s->v;

	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void
take(struct state *s, uint64_t x)
{
	s->v[3] ^= x;
	mix(s);
	s->v[0] ^= x;
}

uint64_t
siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *data, size_t len)
{
	const uint8_t *bytes = data;
	const uint64_t k0 = word(key, 8), k1 = word(key + 8, 8);
	struct state s = { {
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573
	} };
	size_t left = len;

	for (; left >= 8; bytes += 8, left -= 8)
		take(&s, word(bytes, 8));
	take(&s, word(bytes, left) | (uint64_t)len << 56);
	s.v[2] ^= 0xff;
	for (int i = 0; i < FINAL_ROUNDS; i++)
		mix(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
