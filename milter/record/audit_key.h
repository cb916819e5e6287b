/* milter/record/audit_key.h: Ed25519 keys and signatures of anchors */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_KEY_H
#define AUTHRELAY_AUDIT_KEY_H

#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "record/chain.h"

#define AUDIT_KEY_SIG_SIZE	89	/* base64 of 64 bytes, and the NUL */

/* Any number of threads may sign and check with one. */
struct audit_key;

/*
 * Reads a PEM file: the private key (PKCS#8, no passphrase), or the public one. NULL:
 * none was read, and *why_r is a text not to be freed; a private key that group or
 * others can read or write is refused.
 */
struct audit_key	*audit_key_read(const char *file, const char **why_r);
struct audit_key	*audit_key_read_public(const char *file, const char **why_r);
/* The owner of the file that the private key was read from. */
uid_t	audit_key_owner(const struct audit_key *);
/* A new pair. NULL: the library failed. */
struct audit_key	*audit_key_generate(void);
/* NULL is legal. */
void	audit_key_free(struct audit_key *);

/* Adds the PEM texts. -1: no memory, or the library failed. The first is a secret. */
int	audit_key_write(const struct audit_key *, struct buf *private_key,
	    struct buf *public_key);

/* -1: the library failed, or the key is a public one. */
int	audit_key_sign(const struct audit_key *, uint64_t seq,
	    const unsigned char chain[CHAIN_SIZE], uint64_t count,
	    char sig_r[AUDIT_KEY_SIG_SIZE]);
/* 1: it is the signature of these by this key; 0: it is not. */
int	audit_key_check(const struct audit_key *, uint64_t seq,
	    const unsigned char chain[CHAIN_SIZE], uint64_t count, const char *sig);

#endif
