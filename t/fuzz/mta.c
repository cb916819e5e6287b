/* t/fuzz/mta.c: any text as the macros that an MTA sends with a connection and with MAIL */
/* SPDX-License-Identifier: ISC */

/* One value after the other, in the order of the names below, a NUL behind each. */

#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "core/xtext.h"
#include "daemon/mta.h"
#include "fuzz.h"
#include "os/log.h"

static const char *const names[] = { "{auth_authen}", "{cert_subject}", "{cert_issuer}",
    "{verify}", "v", "{client_addr}", "{auth_type}", "{auth_ssf}", "{cipher_bits}", "j",
    "i", "{daemon_name}", "{cn_subject}", "{cn_issuer}" };
#define NAMES	(sizeof(names) / sizeof(names[0]))

/* Instead of the C library's: what cannot be decoded is logged, and there is much of it. */
void
syslog(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
}

void
openlog(const char *program, int option, int facility)
{
	(void)program;
	(void)option;
	(void)facility;
}

struct values {
	const char	*value[NAMES];
};

static const char *
get(void *arg, const char *name)
{
	const struct values *values = arg;

	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return values->value[i];
	return NULL;
}

static int
is_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Coded again, byte for byte where that has to be, it decodes to the same. */
static void
check_xtext(const char *coded)
{
	size_t len = strlen(coded), n = 0;
	char *text = strdup(coded), *again = malloc(3 * len + 1);

	if (text == NULL || again == NULL)
		abort();
	if (xtext_decode(text) == -1)
		fuzz_check(strcmp(text, coded) == 0 && strchr(coded, '+') != NULL,
		    "what is refused is left as it was", coded);
	else {
		fuzz_check(strlen(text) <= len, "no longer than before", coded);
		for (const char *s = text; *s != '\0'; s++)
			n += (size_t)sprintf(again + n, "+%02X", (unsigned char)*s);
		again[n] = '\0';
		fuzz_check(xtext_decode(again) == 0 && strcmp(text, again) == 0,
		    "coded again, it is the same", coded);
	}
	free(text);
	free(again);
}

static char *
copy_of(const char *text)
{
	char *copy = strdup(text == NULL ? "" : text);

	if (copy == NULL)
		abort();
	return copy;
}

/* A name is known decoded from Sendmail, as it is from Postfix, or not at all. */
static void
check_name(const struct session *session, const char *kept, const char *sent)
{
	char *decoded = copy_of(sent);
	int status = session->is_postfix ? 0 : xtext_decode(decoded);

	fuzz_check(is_equal(kept, status == 0 && *decoded != '\0' ? decoded : NULL),
	    "the name", decoded);
	free(decoded);
}

static int
is_certificate(const char *login, const char *type)
{
	return type != NULL && strcasecmp(type, "EXTERNAL") == 0 && login[0] == '/';
}

/* Its realm stands by itself where it is our own. */
static void
check_realm(const struct session *session, const char *login, int may_have_one)
{
	const struct transaction *txn = &session->txn;
	const char *at = strrchr(login, '@');
	size_t len = at == NULL ? 0 : (size_t)(at - login);

	if (may_have_one && len > 0 && session->mta != NULL &&
	    strcasecmp(at + 1, session->mta) == 0)
		fuzz_check(is_equal(txn->auth_realm, at + 1) &&
		    strlen(txn->auth_user) == len &&
		    memcmp(txn->auth_user, login, len) == 0, "a login and a realm", login);
	else
		fuzz_check(txn->auth_realm == NULL && is_equal(txn->auth_user, login),
		    "a login", login);
}

/* The same, but what cannot be decoded stays, and is marked. */
static void
check_login(const struct session *session, const char *sent, const char *type)
{
	const struct transaction *txn = &session->txn;
	char *login = copy_of(sent);
	int status = session->is_postfix ? 0 : xtext_decode(login);

	if (status == 0 && !session->is_postfix && is_certificate(login, type))
		status = xtext_decode(login);
	fuzz_check(txn->is_auth_unreadable == (status == -1), "marked or not", login);
	if (status == -1 || *login == '\0')
		fuzz_check(is_equal(txn->auth_user, sent != NULL && *sent != '\0' ? sent :
		    NULL) && txn->auth_realm == NULL, "as it was sent", login);
	else
		check_realm(session, login, !is_certificate(login, type));
	free(login);
}

/* Sendmail cuts names: what it says of the common name has to be in the whole. */
static void
check_cut(const char *name, const char *cn)
{
	if (name != NULL && cn != NULL && *cn != '\0' &&
	    strcmp(cn, "BadCertificateUnknown") != 0)
		fuzz_check(strstr(name, "CN=") != NULL, "a name that is whole", name);
}

static void
check_transaction(const struct session *session, const struct values *values)
{
	const struct transaction *txn = &session->txn;
	const char *verify = values->value[3], *version = values->value[4];

	check_login(session, values->value[0], values->value[6]);
	check_name(session, txn->cert_subject, values->value[1]);
	check_name(session, txn->cert_issuer, values->value[2]);
	if (txn->is_cert_verified)
		fuzz_check(verify != NULL && *verify != '\0' ? strcmp(verify, "OK") == 0 :
		    version != NULL && strncmp(version, "Postfix", 7) == 0,
		    "a certificate that was verified", verify == NULL ? "" : verify);
	if (txn->is_cert_verified && !session->is_postfix) {
		check_cut(txn->cert_subject, values->value[12]);
		check_cut(txn->cert_issuer, values->value[13]);
	}
	fuzz_check(txn->auth_ssf <= 65536 && txn->tls_bits <= 65536, "numbers", "");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *s = text;
	struct values values = { { NULL } };
	const struct engine_macros macros = { get, &values };
	struct session *session = session_new("fuzz");

	if (text == NULL || session == NULL)
		abort();
	log_to_syslog(LOG_USER);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < NAMES && s < text + size; i++) {
		values.value[i] = s;
		check_xtext(s);
		s += strlen(s) + 1;
	}
	mta_read_connection(session, &macros);
	mta_read_transaction(session, &macros);
	check_transaction(session, &values);
	/* the next one starts from nothing */
	session_reset(session);
	mta_read_transaction(session, &macros);
	check_transaction(session, &values);
	session_free(session);
	free(text);
	return 0;
}
