/* t/fuzz/mta.c: any text as the macros that an MTA sends with a connection and with MAIL */
/* SPDX-License-Identifier: ISC */

/* One value after the other, in the order of the names below, a NUL behind each. */

#include <string.h>
#include <syslog.h>

#include "../../milter/log.h"
#include "../../milter/mta.h"
#include "../../milter/xtext.h"
#include "fuzz.h"

static const char *const names[] = { "{auth_authen}", "{cert_subject}", "{cert_issuer}",
    "{verify}", "v", "{client_addr}", "{auth_type}", "{auth_ssf}", "{cipher_bits}", "j",
    "i", "{daemon_name}" };
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

/* A name is known decoded from Sendmail, as it is from Postfix, or not at all. */
static void
check_name(const struct session *session, const char *kept, const char *sent)
{
	char *decoded = strdup(sent == NULL ? "" : sent);

	if (decoded == NULL)
		abort();
	int status = session->is_postfix ? 0 : xtext_decode(decoded);
	fuzz_check(is_equal(kept, status == 0 && *decoded != '\0' ? decoded : NULL),
	    "the name", decoded);
	free(decoded);
}

static void
check_transaction(const struct session *session, const struct values *values)
{
	const struct transaction *txn = &session->txn;
	const char *verify = values->value[3], *version = values->value[4];

	check_name(session, txn->auth_user, values->value[0]);
	check_name(session, txn->cert_subject, values->value[1]);
	check_name(session, txn->cert_issuer, values->value[2]);
	if (txn->is_cert_verified)
		fuzz_check(verify != NULL && *verify != '\0' ? strcmp(verify, "OK") == 0 :
		    version != NULL && strncmp(version, "Postfix", 7) == 0,
		    "a certificate that was verified", verify == NULL ? "" : verify);
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
