/* t/unit/chain.c: the chain's hash and the anchors' signature, against other programs */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/audit_key.h"
#include "record/chain.h"
#include "tap.h"

/* The key of RFC 8032, 7.1, test 1; what `openssl pkeyutl -sign -rawin` says of the text. */
#define PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"-----END PUBLIC KEY-----\n"
#define SIG "fEMn9LavCzs3r9zbwZ3wDobQ2iH5gICrTdKEQFByWLuEvCgGyfDQVxQWe7ABDrACE34h3+el9/TxT4zCyGNwAw=="

static const char ec_key[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWNKcAg/2a9XbL8uN\n"
	"vj+28rVLLbp6N/EYiDLtdNrVu5yhRANCAAR4WRxN+/kayS/PyDAo5/zQwo2/1kuf\n"
	"sTnBx5hi8HoAcKcJjGXQDv25kNZpisxO/sEIA9e5Ox4+RMPnDqTLKH/1\n"
	"-----END PRIVATE KEY-----\n";
static const char locked_key[] =
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiK1EkOG/mOtwICCAAw\n"
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGwkIUnaLw+boxi3mHvT9GYEQBXe\n"
	"eaMz75FgO9PuvF7CYJw0posBPR10QPD+afqUOALX8ek6TAKoYtktgezLm8CM3Zdc\n"
	"FgwToBcfI08v98hlRwI=\n"
	"-----END ENCRYPTED PRIVATE KEY-----\n";

static char	folder[TAP_FOLDER_SIZE];

static const unsigned char zeros[CHAIN_SIZE];
static const unsigned char numbers[CHAIN_SIZE] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 15 };

static const char *
path_of(const char *name)
{
	static char path[TAP_FOLDER_SIZE + 32];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *
write_key(const char *text, mode_t mode)
{
	const char *path = path_of("key");
	FILE *fp;

	(void)unlink(path);
	if ((fp = fopen(path, "w")) == NULL || fputs(text, fp) == EOF || fclose(fp) == EOF ||
	    chmod(path, mode) == -1) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
	return path;
}

/* As Python's hashlib has it: sha256(before + text)[:16]. */
static void
test_values(void)
{
	static char bytes[100000];
	static const struct {
		const char	*before, *text;
		size_t		 length;
		const char	*after;
	} rows[] = {
		{ "00000000000000000000000000000000", "", 0, "374708fff7719dd5979ec875d56cd228" },
		{ "00000000000000000000000000000000", "abc", 3,
		    "277e7ff6d232b9763f4a66e8d05d210d" },
		{ "277e7ff6d232b9763f4a66e8d05d210d", "\"}\n{\"v\":1,\"chain\":\"", 19,
		    "867bb6812690c780b956744cf7ff423a" },
		{ "000102030405060708090a0b0c0d0e0f", bytes, sizeof(bytes),
		    "3b4bb2c19cde63bd69fea5fe757032cb" },
	};
	struct chain *chain = chain_new();

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	for (size_t i = 0; chain != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 20000; piece = piece * 7 + 1) {
			unsigned char value[CHAIN_SIZE];
			char text[CHAIN_TEXT_SIZE] = "?";
			int result = chain_parse(rows[i].before, value) | chain_begin(chain, value);

			for (size_t at = 0; at < rows[i].length; at += piece)
				result |= chain_add(chain, rows[i].text + at,
				    rows[i].length - at < piece ? rows[i].length - at : piece);
			if ((result | chain_end(chain, value)) == 0)
				chain_format(value, text);
			tap_is_str(text, rows[i].after, "row %zu by %zu bytes", i, piece);
		}
	chain_free(chain);
	chain_free(NULL);
}

static void
test_texts(void)
{
	static const struct {
		const char	*text;
		int		 result;
	} rows[] = {
		{ "0123456789abcdef0123456789abcdef", 0 },
		{ "ffffffffffffffffffffffffffffffff", 0 },
		{ "", -1 },
		{ "0123456789abcdef0123456789abcde", -1 },
		{ "0123456789abcdef0123456789abcdef0", -1 },
		{ "0123456789abcdef0123456789abcdeF", -1 },
		{ "0123456789abcdef0123456789abcdeg", -1 },
		{ "0123456789abcdef 123456789abcdef", -1 },
		{ "0123456789abcdef`123456789abcdef", -1 },
		{ "0123456789abcdef:123456789abcdef", -1 },
		{ "0x23456789abcdef0123456789abcdef", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char value[CHAIN_SIZE];
		char again[CHAIN_TEXT_SIZE];

		tap_is_int(chain_parse(rows[i].text, value), rows[i].result, "\"%s\"",
		    rows[i].text);
		if (rows[i].result == -1)
			continue;
		chain_format(value, again);
		tap_is_str(again, rows[i].text, "and back again");
	}
}

static void
test_signature(void)
{
	const char *why = NULL;
	struct audit_key *key = audit_key_read(write_key(PRIVATE, 0600), &why);
	struct audit_key *other = audit_key_generate();
	struct audit_key *open = audit_key_read_public(write_key(PUBLIC, 0644), &why);
	unsigned char chain[CHAIN_SIZE];
	char sig[AUDIT_KEY_SIG_SIZE] = "", changed[AUDIT_KEY_SIG_SIZE + 4];
	int taken = 0;

	tap_ok(key != NULL && open != NULL && other != NULL, "the keys are read: %s",
	    why == NULL ? "" : why);
	if (key == NULL || open == NULL || other == NULL)
		return;
	tap_is_int(audit_key_sign(key, UINT64_MAX, numbers, 42, sig), 0, "it signs");
	tap_is_str(sig, SIG, "what openssl says");
	tap_is_int(audit_key_check(open, UINT64_MAX, numbers, 42, SIG), 1, "good");
	tap_is_int(audit_key_check(key, UINT64_MAX, numbers, 42, SIG), 1, "by the private key too");
	tap_is_int(audit_key_check(other, UINT64_MAX, numbers, 42, SIG), 0, "by another");
	tap_is_int(audit_key_check(open, UINT64_MAX - 1, numbers, 42, SIG), 0, "another seq");
	tap_is_int(audit_key_check(open, UINT64_MAX, zeros, 42, SIG), 0, "another chain");
	tap_is_int(audit_key_check(open, UINT64_MAX, numbers, 43, SIG), 0, "another count");
	tap_is_int(audit_key_sign(open, 1, numbers, 42, sig), -1, "a public key cannot sign");
	for (size_t i = 0; i < CHAIN_SIZE * 8; i++) {
		memcpy(chain, numbers, CHAIN_SIZE);
		chain[i / 8] ^= (unsigned char)(1 << i % 8);
		taken += audit_key_check(open, UINT64_MAX, chain, 42, SIG);
	}
	tap_is_int(taken, 0, "no bit of the chain is another");
	for (size_t i = 0; i < (AUDIT_KEY_SIG_SIZE - 1) * 8; i++) {
		memcpy(changed, SIG, AUDIT_KEY_SIG_SIZE);
		changed[i / 8] ^= (char)(1 << i % 8);
		taken += audit_key_check(open, UINT64_MAX, numbers, 42, changed);
	}
	tap_is_int(taken, 0, "no bit of the signature is another");
	taken = audit_key_check(open, UINT64_MAX, numbers, 42, "");
	taken += audit_key_check(open, UINT64_MAX, numbers, 42, SIG "\n");
	taken += audit_key_check(open, UINT64_MAX, numbers, 42, SIG "AAAA");
	tap_is_int(taken, 0, "nor is its length");
	audit_key_free(key);
	audit_key_free(open);
	audit_key_free(other);
	audit_key_free(NULL);
}

static void
test_files(void)
{
	static const struct {
		const char	*text;
		mode_t		 mode;
		int		 is_public;
		const char	*why;
	} rows[] = {
		{ PRIVATE, 0600, 0, NULL },
		{ PRIVATE, 0400, 0, NULL },
		{ PUBLIC, 0644, 1, NULL },
		{ PRIVATE, 0640, 0, "group or others" },
		{ PRIVATE, 0604, 0, "group or others" },
		{ PRIVATE, 0620, 0, "group or others" },
		{ PRIVATE, 0644, 1, "not a public key" },
		{ PUBLIC, 0600, 0, "not a private key" },
		{ "", 0600, 0, "not a private key" },
		{ "password\n", 0600, 0, "not a private key" },
		{ ec_key, 0600, 0, "not an Ed25519" },
		{ locked_key, 0600, 0, "passphrase" },
	};
	struct audit_key *key;
	const char *why;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *file = write_key(rows[i].text, rows[i].mode);

		why = "none said";
		key = rows[i].is_public ? audit_key_read_public(file, &why) :
		    audit_key_read(file, &why);
		tap_ok((key != NULL) == (rows[i].why == NULL), "row %zu: read or not", i);
		if (rows[i].why != NULL)
			tap_ok(strstr(why, rows[i].why) != NULL, "row %zu: %s", i, why);
		audit_key_free(key);
	}
	(void)unlink(path_of("key"));
	tap_ok(audit_key_read(path_of("key"), &why) == NULL && strstr(why, "No such") != NULL,
	    "no file: %s", why);
	tap_ok(mkfifo(path_of("key"), 0600) == 0 && audit_key_read(path_of("key"), &why) == NULL &&
	    strstr(why, "regular") != NULL, "a pipe is not waited for: %s", why);
	tap_ok(audit_key_read(folder, &why) == NULL, "a folder: %s", why);
	(void)unlink(path_of("key"));
}

static void
test_new_key(void)
{
	struct audit_key *key = audit_key_generate();
	struct buf secret, open;
	const char *why;

	buf_init(&secret);
	buf_init(&open);
	tap_ok(key != NULL && audit_key_write(key, &secret, &open) == 0, "a new pair");
	if (secret.data != NULL && open.data != NULL) {
		struct audit_key *signer = audit_key_read(write_key(secret.data, 0600), &why);
		struct audit_key *checker = audit_key_read_public(write_key(open.data, 0644), &why);
		char sig[AUDIT_KEY_SIG_SIZE];

		tap_ok(signer != NULL && checker != NULL &&
		    audit_key_sign(signer, 1, numbers, 2, sig) == 0 &&
		    audit_key_check(checker, 1, numbers, 2, sig) == 1, "one signs, one checks");
		tap_ok(strcmp(secret.data, PRIVATE) != 0, "the key is new");
		audit_key_free(signer);
		audit_key_free(checker);
	}
	buf_clear(&secret);
	buf_clear(&open);
	audit_key_free(key);
	(void)unlink(path_of("key"));
}

int
main(void)
{
	tap_folder(folder);
	test_values();
	test_texts();
	test_signature();
	test_files();
	test_new_key();
	(void)rmdir(folder);
	return tap_done();
}
