/* milter/probe/smtp_auth.c: client side of SMTP AUTH (RFC 4954) */
/* SPDX-License-Identifier: ISC */

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "probe/smtp_auth.h"

#define CONTINUE	334
#define CHALLENGE_MAX	1024
#define SECRET_MAX	(2 * SMTP_AUTH_MAX + 2)
#define BASE64_SIZE(n)	(((n) + 2) / 3 * 4 + 1)

/* Sends a secret in base64, after a word. */
static int
say_secret(struct smtp_client *client, const char *verb, const void *secret, size_t len)
{
	unsigned char line[16 + BASE64_SIZE(SECRET_MAX)];
	size_t at = strlen(verb);
	int n, code;

	memcpy(line, verb, at);
	n = EVP_EncodeBlock(line + at, secret, (int)len);
	code = smtp_client_command(client, (const char *)line, at + (size_t)n);
	OPENSSL_cleanse(line, sizeof(line));
	return code;
}

static int
plain(struct smtp_client *client, const char *user, const char *password)
{
	char secret[SECRET_MAX] = "";
	size_t user_len = strlen(user), len = strlen(password);
	int code;

	memcpy(secret + 1, user, user_len);
	memcpy(secret + 2 + user_len, password, len);
	code = say_secret(client, "AUTH PLAIN ", secret, user_len + len + 2);
	OPENSSL_cleanse(secret, sizeof(secret));
	return code;
}

static int
login(struct smtp_client *client, const char *user, const char *password)
{
	int code = smtp_client_say(client, "AUTH LOGIN", "");

	if (code == CONTINUE)
		code = say_secret(client, "", user, strlen(user));
	if (code == CONTINUE)
		code = say_secret(client, "", password, strlen(password));
	return code;
}

/* Decodes the reply's text. Returns how many bytes, or -1. */
static int
read_challenge(const struct buf *text, unsigned char bytes_r[CHALLENGE_MAX])
{
	size_t len = text->len;
	int n;

	/* EVP_DecodeBlock() counts what fills the last four up as bytes. */
	if (len == 0 || len % 4 != 0 || len / 4 * 3 > CHALLENGE_MAX)
		return -1;
	n = EVP_DecodeBlock(bytes_r, (const unsigned char *)text->data, (int)len);
	if (n > 0 && text->data[len - 1] == '=')
		n -= text->data[len - 2] == '=' ? 2 : 1;
	return n;
}

/* "user digest" (RFC 2195). Returns its length, or -1. */
static int
answer_challenge(const unsigned char *challenge, int len, const char *user,
    const char *password, char answer_r[SECRET_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	int at;

	if (HMAC(EVP_md5(), password, (int)strlen(password), challenge, (size_t)len,
	    digest, &digest_len) == NULL)
		return -1;
	at = snprintf(answer_r, SECRET_MAX, "%s ", user);
	for (unsigned i = 0; i < digest_len; i++)
		at += snprintf(answer_r + at, SECRET_MAX - (size_t)at, "%02x", digest[i]);
	return at;
}

static int
cram_md5(struct smtp_client *client, const char *user, const char *password)
{
	unsigned char challenge[CHALLENGE_MAX];
	char answer[SECRET_MAX];
	int len, code = smtp_client_say(client, "AUTH CRAM-MD5", "");

	if (code != CONTINUE)
		return code;
	if ((len = read_challenge(&client->reply.text, challenge)) == -1 ||
	    (len = answer_challenge(challenge, len, user, password, answer)) == -1)
		return smtp_client_say(client, "*", "");	/* ends it, with a 501 */
	return say_secret(client, "", answer, (size_t)len);
}

static int
not_tried(struct smtp_client *client, const char *why)
{
	client->why = why;
	return 0;
}

int
smtp_auth(struct smtp_client *client, const char *user, const char *password,
    int is_clear_allowed)
{
	int is_secret = client->stream.tls != NULL;
	unsigned logins = client->logins;

	if (strlen(user) > SMTP_AUTH_MAX || strlen(password) > SMTP_AUTH_MAX)
		return not_tried(client, "the user name or the password is too long");
	if (!is_secret && (logins & SMTP_CLIENT_CRAM_MD5) != 0)
		return cram_md5(client, user, password);
	if (is_secret || is_clear_allowed) {
		if ((logins & SMTP_CLIENT_PLAIN) != 0)
			return plain(client, user, password);
		if ((logins & SMTP_CLIENT_LOGIN) != 0)
			return login(client, user, password);
	}
	if ((logins & SMTP_CLIENT_CRAM_MD5) != 0)
		return cram_md5(client, user, password);
	if ((logins & SMTP_CLIENT_AUTH) == 0)
		return not_tried(client, "the server does not offer AUTH");
	return not_tried(client, (logins & (SMTP_CLIENT_PLAIN | SMTP_CLIENT_LOGIN)) != 0 ?
	    "the password would be sent without TLS" :
	    "the server offers neither PLAIN, LOGIN nor CRAM-MD5");
}
