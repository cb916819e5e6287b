/* milter/record/verify_hash.c: chain values that a line may have, for the verifier */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "record/verify_hash.h"

#define TORN_MARK	"<torn>"
#define BARE_MAX	RECORD_FILE_LINE_MAX	/* bytes of bare lines that are kept */

const unsigned char verify_hash_zeros[CHAIN_SIZE];

int
verify_hash_init(struct verify_hash *hash)
{
	*hash = (struct verify_hash){ .chain = chain_new(), .other = chain_new(),
	    .fresh = chain_new(), .once = chain_new() };
	buf_init(&hash->bare.bytes);
	if (hash->chain == NULL || hash->other == NULL || hash->fresh == NULL ||
	    hash->once == NULL)
		return -1;
	return chain_begin(hash->chain, verify_hash_zeros);
}

void
verify_hash_clear(struct verify_hash *hash)
{
	chain_free(hash->chain);
	chain_free(hash->other);
	chain_free(hash->fresh);
	chain_free(hash->once);
	buf_clear(&hash->bare.bytes);
}

static void
must(struct verify_hash *hash, int result)
{
	if (result == -1)
		hash->has_failed = 1;
}

static void
feed(struct verify_hash *hash, const char *bytes, size_t length)
{
	must(hash, chain_add(hash->chain, bytes, length));
	if (hash->has_other)
		must(hash, chain_add(hash->other, bytes, length));
}

static int
is_torn(const struct record_line *line)
{
	size_t length = strlen(TORN_MARK);

	return line->has_end && line->length >= length &&
	    memcmp(line->at + line->length - length, TORN_MARK, length) == 0;
}

static void
keep(struct verify_hash *hash, const char *bytes, size_t length)
{
	struct verify_bare *bare = &hash->bare;

	feed(hash, bytes, length);
	must(hash, chain_add(hash->fresh, bytes, length));
	if (bare->bytes.len + length > BARE_MAX)
		bare->is_long = 1;
	else if (!bare->is_long)
		buf_add(&bare->bytes, bytes, length);
	if (bare->bytes.failed)
		hash->has_failed = 1;
}

void
verify_hash_bare(struct verify_hash *hash, const struct record_line *line, int is_new)
{
	struct verify_bare *bare = &hash->bare;

	if (bare->lines == 0) {
		bare->from = line->number;
		must(hash, chain_begin(hash->fresh, verify_hash_zeros));
	}
	bare->lines += (uint64_t)is_new;
	bare->torn += (uint64_t)is_torn(line);
	bare->is_open = !line->has_end;
	keep(hash, line->at, line->length);
	if (line->has_end)
		keep(hash, "\n", 1);
}

void
verify_hash_reset_bare(struct verify_hash *hash)
{
	struct buf bytes = hash->bare.bytes;

	buf_reset(&bytes);
	hash->bare = (struct verify_bare){ .bytes = bytes };
}

void
verify_hash_end(struct verify_hash *hash, const char *text, const struct chain_line *line,
    unsigned char value_r[CHAIN_SIZE], unsigned char other_r[CHAIN_SIZE])
{
	feed(hash, text, line->value_at);
	must(hash, chain_end(hash->chain, value_r));
	if (hash->has_other)
		must(hash, chain_end(hash->other, other_r));
}

void
verify_hash_go_on(struct verify_hash *hash, const unsigned char value[CHAIN_SIZE],
    const unsigned char *other, const char *rest, size_t length)
{
	hash->has_other = other != NULL;
	must(hash, chain_begin(hash->chain, value));
	if (other != NULL)
		must(hash, chain_begin(hash->other, other));
	feed(hash, rest, length);
	verify_hash_reset_bare(hash);
}

int
verify_hash_comes_from(struct verify_hash *hash, const unsigned char value[CHAIN_SIZE],
    const char *bytes, size_t length, const char *text, const struct chain_line *line)
{
	unsigned char result[CHAIN_SIZE] = { 0 };

	must(hash, chain_begin(hash->once, value));
	if (length > 0)
		must(hash, chain_add(hash->once, bytes, length));
	must(hash, chain_add(hash->once, text, line->value_at));
	must(hash, chain_end(hash->once, result));
	return memcmp(result, line->value, CHAIN_SIZE) == 0;
}

int
verify_hash_begins_file(struct verify_hash *hash, const char *text,
    const struct chain_line *line)
{
	const struct verify_bare *bare = &hash->bare;
	unsigned char result[CHAIN_SIZE] = { 0 };

	if (!line->has_prev)
		return 0;
	if (!bare->is_long)
		return verify_hash_comes_from(hash, line->prev, bare->bytes.data,
		    bare->bytes.len, text, line);
	/* Much without a chain is an older version's: then one begins. */
	if (memcmp(line->prev, verify_hash_zeros, CHAIN_SIZE) != 0)
		return 0;
	must(hash, chain_add(hash->fresh, text, line->value_at));
	must(hash, chain_end(hash->fresh, result));
	return memcmp(result, line->value, CHAIN_SIZE) == 0;
}
