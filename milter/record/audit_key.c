/* milter/record/audit_key.c: Ed25519 keys and signatures of anchors */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/audit_key.h"

#define SIG_BYTES	64
#define TEXT_MAX	160	/* what is signed */

struct audit_key {
	EVP_PKEY	*pkey;
	uid_t		 owner;		/* of the file */
};

typedef EVP_PKEY *reader(BIO *, EVP_PKEY **, pem_password_cb *, void *);

/* Asked of a terminal, it would stop the daemon. */
static int
no_passphrase(char *text, int size, int is_new, void *unused)
{
	(void)text, (void)size, (void)is_new, (void)unused;
	return -1;
}

static struct audit_key *
new_key(EVP_PKEY *pkey)
{
	struct audit_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		EVP_PKEY_free(pkey);
	else
		key->pkey = pkey;
	return key;
}

static struct audit_key *
parse(int fd, reader *read_pem, const char *none, const char **why_r)
{
	FILE *fp = fdopen(fd, "r");
	BIO *bio = fp == NULL ? NULL : BIO_new_fp(fp, BIO_NOCLOSE);
	EVP_PKEY *pkey = bio == NULL ? NULL : read_pem(bio, NULL, no_passphrase, NULL);
	struct audit_key *key = NULL;

	*why_r = bio == NULL ? "out of memory" : none;
	if (pkey != NULL && !EVP_PKEY_is_a(pkey, "ED25519")) {
		*why_r = "not an Ed25519 key";
		EVP_PKEY_free(pkey);
	} else if (pkey != NULL && (key = new_key(pkey)) == NULL) {
		*why_r = "out of memory";
	}
	BIO_free(bio);
	if (fp != NULL)
		(void)fclose(fp);
	else
		(void)close(fd);
	ERR_clear_error();
	return key;
}

static const char *
objection(int fd, struct stat *st)
{
	if (fstat(fd, st) == -1)
		return strerror(errno);
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "group or others may use it; its mode must be 0600 or 0400";
	return NULL;
}

static int
open_key(const char *file, int flags, const char **why_r)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);

	if (fd == -1)
		*why_r = strerror(errno);
	return fd;
}

struct audit_key *
audit_key_read(const char *file, const char **why_r)
{
	/* Not to wait is for a FIFO. */
	int fd = open_key(file, O_NONBLOCK, why_r);
	struct audit_key *key;
	struct stat st;

	if (fd == -1)
		return NULL;
	if ((*why_r = objection(fd, &st)) != NULL) {
		(void)close(fd);
		return NULL;
	}
	key = parse(fd, PEM_read_bio_PrivateKey,
	    "not a private key in PEM without a passphrase", why_r);
	if (key != NULL)
		key->owner = st.st_uid;
	return key;
}

uid_t
audit_key_owner(const struct audit_key *key)
{
	return key->owner;
}

struct audit_key *
audit_key_read_public(const char *file, const char **why_r)
{
	int fd = open_key(file, 0, why_r);

	return fd == -1 ? NULL :
	    parse(fd, PEM_read_bio_PUBKEY, "not a public key in PEM", why_r);
}

struct audit_key *
audit_key_generate(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (pkey != NULL)
		return new_key(pkey);
	ERR_clear_error();
	return NULL;
}

void
audit_key_free(struct audit_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static int
copy_out(BIO *bio, struct buf *out)
{
	char *data;
	long length = BIO_get_mem_data(bio, &data);

	if (length <= 0)
		return -1;
	buf_add(out, data, (size_t)length);
	return out->failed ? -1 : 0;
}

int
audit_key_write(const struct audit_key *key, struct buf *private_key,
    struct buf *public_key)
{
	BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
	int result = -1;

	if (secret != NULL && open != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(secret, key->pkey, NULL, NULL, 0, NULL,
	    NULL) == 1 && PEM_write_bio_PUBKEY(open, key->pkey) == 1 &&
	    copy_out(secret, private_key) == 0)
		result = copy_out(open, public_key);
	BIO_free(secret);
	BIO_free(open);
	ERR_clear_error();
	return result;
}

static size_t
signed_text(uint64_t seq, const unsigned char chain[CHAIN_SIZE], uint64_t count,
    char text_r[TEXT_MAX])
{
	char value[CHAIN_TEXT_SIZE];

	chain_format(chain, value);
	return (size_t)snprintf(text_r, TEXT_MAX, "authrelay anchor 1\nseq=%" PRIu64
	    "\nchain=%s\ncount=%" PRIu64 "\n", seq, value, count);
}

/* A context of its own each time: threads can share the key then, and anchors are few. */
int
audit_key_sign(const struct audit_key *key, uint64_t seq,
    const unsigned char chain[CHAIN_SIZE], uint64_t count, char sig_r[AUDIT_KEY_SIG_SIZE])
{
	char text[TEXT_MAX];
	size_t length = signed_text(seq, chain, count, text), size = SIG_BYTES;
	unsigned char sig[SIG_BYTES];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int is_signed = context != NULL &&
	    EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
	    EVP_DigestSign(context, sig, &size, (unsigned char *)text, length) == 1 &&
	    size == SIG_BYTES;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (!is_signed)
		return -1;
	(void)EVP_EncodeBlock((unsigned char *)sig_r, sig, SIG_BYTES);
	return 0;
}

/* One text for one signature: EVP_DecodeBlock() would take others as well. */
static int
decode_sig(const char *text, unsigned char sig_r[SIG_BYTES])
{
	unsigned char bytes[AUDIT_KEY_SIG_SIZE], again[AUDIT_KEY_SIG_SIZE];

	if (strlen(text) != AUDIT_KEY_SIG_SIZE - 1 || EVP_DecodeBlock(bytes,
	    (const unsigned char *)text, AUDIT_KEY_SIG_SIZE - 1) < SIG_BYTES)
		return -1;
	(void)EVP_EncodeBlock(again, bytes, SIG_BYTES);
	if (strcmp((char *)again, text) != 0)
		return -1;
	memcpy(sig_r, bytes, SIG_BYTES);
	return 0;
}

int
audit_key_check(const struct audit_key *key, uint64_t seq,
    const unsigned char chain[CHAIN_SIZE], uint64_t count, const char *sig)
{
	char text[TEXT_MAX];
	size_t length = signed_text(seq, chain, count, text);
	unsigned char bytes[SIG_BYTES];
	EVP_MD_CTX *context;
	int is_good;

	if (decode_sig(sig, bytes) == -1)
		return 0;
	context = EVP_MD_CTX_new();
	is_good = context != NULL &&
	    EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(context, bytes, SIG_BYTES, (unsigned char *)text,
	    length) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_good;
}
