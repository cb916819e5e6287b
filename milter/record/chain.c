/* milter/record/chain.c: chain values, hashes over an audit file */
/* SPDX-License-Identifier: ISC */

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "record/chain.h"

/* To fetch the digest takes longer than to use it: it is kept. */
struct chain {
	EVP_MD		*digest;
	EVP_MD_CTX	*context;
};

struct chain *
chain_new(void)
{
	struct chain *chain = calloc(1, sizeof(*chain));

	if (chain == NULL)
		return NULL;
	chain->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	chain->context = EVP_MD_CTX_new();
	if (chain->digest != NULL && chain->context != NULL)
		return chain;
	ERR_clear_error();
	chain_free(chain);
	return NULL;
}

void
chain_free(struct chain *chain)
{
	if (chain == NULL)
		return;
	EVP_MD_CTX_free(chain->context);
	EVP_MD_free(chain->digest);
	free(chain);
}

static int
done(int result)
{
	if (result == 1)
		return 0;
	ERR_clear_error();
	return -1;
}

int
chain_begin(struct chain *chain, const unsigned char before[CHAIN_SIZE])
{
	if (done(EVP_DigestInit_ex2(chain->context, chain->digest, NULL)) == -1)
		return -1;
	return chain_add(chain, before, CHAIN_SIZE);
}

int
chain_add(struct chain *chain, const void *bytes, size_t length)
{
	return done(EVP_DigestUpdate(chain->context, bytes, length));
}

int
chain_end(struct chain *chain, unsigned char after_r[CHAIN_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (done(EVP_DigestFinal_ex(chain->context, hash, NULL)) == -1)
		return -1;
	memcpy(after_r, hash, CHAIN_SIZE);
	return 0;
}

int
chain_hash(const void *bytes, size_t length, unsigned char hash_r[CHAIN_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (done(EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL)) == -1)
		return -1;
	memcpy(hash_r, hash, CHAIN_SIZE);
	return 0;
}

void
chain_format(const unsigned char value[CHAIN_SIZE], char text_r[CHAIN_TEXT_SIZE])
{
	for (size_t i = 0; i < CHAIN_SIZE; i++) {
		text_r[2 * i] = ascii_hex_digit(value[i] >> 4);
		text_r[2 * i + 1] = ascii_hex_digit(value[i]);
	}
	text_r[2 * CHAIN_SIZE] = '\0';
}

int
chain_parse(const char *text, unsigned char value_r[CHAIN_SIZE])
{
	for (size_t i = 0; i < CHAIN_SIZE; i++) {
		int byte = ascii_hex_byte(text + 2 * i);

		if (byte == -1)
			return -1;
		value_r[i] = (unsigned char)byte;
	}
	return text[2 * CHAIN_SIZE] == '\0' ? 0 : -1;
}
