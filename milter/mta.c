/* milter/mta.c: what mail servers say, and in how different ways */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "mta.h"
#include "xtext.h"

const char *
mta_macro(const struct engine_macros *macros, const char *name)
{
	const char *text = macros->get(macros->arg, name);

	return text != NULL && *text != '\0' ? text : NULL;
}

/* A decimal number that an MTA sent; 0 where it sent none. */
static unsigned
macro_number(const struct engine_macros *macros, const char *name)
{
	const char *text = mta_macro(macros, name);
	unsigned long number;
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	number = strtoul(text, &end, 10);
	return *end == '\0' && number <= 65536 ? (unsigned)number : 0;
}

void
mta_keep(char **text_r, const struct engine_macros *macros, const char *name,
    int *has_failed)
{
	session_keep(text_r, mta_macro(macros, name), has_failed);
}

/*
 * Mail from a program on this host (sendmail -bs) comes without an address and not
 * through any listener, so {daemon_name} is absent. A client whose address is only
 * withheld has neither mark.
 */
static int
looks_local(const struct session *session, const struct engine_macros *macros)
{
	return session->client.family == NETADDR_NONE &&
	    mta_macro(macros, "{daemon_name}") == NULL &&
	    session->client_name != NULL && strcmp(session->client_name, "localhost") == 0;
}

void
mta_read_connection(struct session *session, const struct engine_macros *macros)
{
	const char *version = mta_macro(macros, "v");

	session->is_local = looks_local(session, macros);
	session->is_postfix = version != NULL && strncmp(version, "Postfix", 7) == 0;
	mta_keep(&session->mta, macros, "j", &session->has_failed);
	mta_keep(&session->daemon_name, macros, "{daemon_name}", &session->has_failed);
	mta_keep(&session->daemon_port, macros, "{daemon_port}", &session->has_failed);
}

/*
 * Postfix shows a certificate only where it has verified the chain, and has no {verify};
 * every other MTA has to say that it did: Sendmail shows any certificate that a client
 * sends.
 */
static int
is_cert_verified(const struct session *session, const struct engine_macros *macros)
{
	const char *verify = mta_macro(macros, "{verify}");

	if (verify != NULL)
		return strcmp(verify, "OK") == 0;
	return session->is_postfix;
}

/*
 * Sendmail codes names, of which Postfix sends a login as it is and of a certificate the
 * common name. What cannot be decoded is not known.
 */
static void
keep_name(char **text_r, const struct session *session,
    const struct engine_macros *macros, const char *name, int *has_failed)
{
	mta_keep(text_r, macros, name, has_failed);
	if (session->is_postfix || *text_r == NULL || xtext_decode(*text_r) == 0)
		return;
	log_warn("the mail server has sent a name in %s that cannot be decoded", name);
	session_keep(text_r, NULL, has_failed);
}

static void
read_security(struct session *session, const struct engine_macros *macros)
{
	struct transaction *txn = &session->txn;

	mta_keep(&txn->auth_type, macros, "{auth_type}", &txn->has_failed);
	keep_name(&txn->auth_user, session, macros, "{auth_authen}", &txn->has_failed);
	txn->auth_ssf = macro_number(macros, "{auth_ssf}");
	mta_keep(&txn->tls_version, macros, "{tls_version}", &txn->has_failed);
	mta_keep(&txn->cipher, macros, "{cipher}", &txn->has_failed);
	txn->tls_bits = macro_number(macros, "{cipher_bits}");
	txn->is_cert_verified = is_cert_verified(session, macros);
	keep_name(&txn->cert_subject, session, macros, "{cert_subject}",
	    &txn->has_failed);
	keep_name(&txn->cert_issuer, session, macros, "{cert_issuer}", &txn->has_failed);
}

/*
 * libmilter passes over a CONNECT that comes where it expects none, and the next client
 * would be taken for the last one. The MTA says with each MAIL who the client is, so that
 * this is seen.
 */
static int
is_same_client(const struct session *session, const struct engine_macros *macros)
{
	const char *text = mta_macro(macros, "{client_addr}");
	struct netaddr addr;

	if (text == NULL)
		return 1;
	if (strncasecmp(text, "IPv6:", 5) == 0)
		text += 5;
	return netaddr_parse(text, strlen(text), &addr) == -1 ||
	    netaddr_is_equal(&addr, &session->client);
}

void
mta_read_transaction(struct session *session, const struct engine_macros *macros)
{
	struct transaction *txn = &session->txn;

	if (!is_same_client(session, macros))
		txn->has_failed = 1;
	mta_keep(&txn->queue_id, macros, "i", &txn->has_failed);
	read_security(session, macros);
}
