/* milter/daemon/mta.c: reader of the macros of Postfix, Sendmail and others */
/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <strings.h>

#include "core/ascii.h"
#include "core/xtext.h"
#include "daemon/mta.h"
#include "os/log.h"

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
	uint64_t number;

	return text != NULL && ascii_number(text, strlen(text), 65536, &number) == 0 ?
	    (unsigned)number : 0;
}

void
mta_keep(char **text_r, const struct engine_macros *macros, const char *name,
    int *has_failed)
{
	session_keep(text_r, mta_macro(macros, name), has_failed);
}

static int
is_postfix(const char *version)
{
	return version != NULL && strncmp(version, "Postfix", 7) == 0;
}

/* A note is one line. */
static void
add_line(struct buf *text, const char *s)
{
	for (; *s != '\0'; s++)
		buf_putc(text, ascii_is_control(*s) ? '?' : *s);
}

/* Sendmail says its version alone. */
void
mta_describe(const char *version, struct buf *text)
{
	int is_sendmail = version != NULL && ascii_is_digit(*version);

	if (version == NULL)
		version = "mail server of unknown version";
	buf_puts(text, is_sendmail ? "Sendmail " : "");
	add_line(text, version);
	if (is_postfix(version))
		buf_puts(text, ": reports the recipients that it refuses, except those "
		    "whose address it cannot parse");
	else
		buf_puts(text, is_sendmail ? ": " : ", treated as Sendmail: ");
	if (!is_postfix(version))
		buf_puts(text, "does not report recipients that its relay and access "
		    "rules (check_rcpt) refuse");
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
	    session->client_name != NULL &&
	    strcmp(session->client_name, "localhost") == 0;
}

void
mta_read_connection(struct session *session, const struct engine_macros *macros)
{
	const char *version = mta_macro(macros, "v");

	session->is_local = looks_local(session, macros);
	session->is_postfix = is_postfix(version);
	mta_keep(&session->mta, macros, "j", &session->has_failed);
	mta_keep(&session->daemon_name, macros, "{daemon_name}", &session->has_failed);
	mta_keep(&session->daemon_port, macros, "{daemon_port}", &session->has_failed);
}

/*
 * TLS does not end before the connection does, so that one HELO under it without a login
 * settles it for every login to come. A mail server that takes no list of macros
 * (Sendmail before 8.14) shows no login here, nor {client_ptr}.
 */
void
mta_read_helo(struct session *session, const struct engine_macros *macros)
{
	if (mta_macro(macros, "{client_ptr}") != NULL &&
	    mta_macro(macros, "{tls_version}") != NULL &&
	    mta_macro(macros, "{auth_type}") == NULL &&
	    mta_macro(macros, "{auth_authen}") == NULL)
		session->has_tls_first = 1;
}

/*
 * Sendmail keeps a login over STARTTLS, so that TLS at MAIL does not mean that the
 * password was under it. Postfix ends the login.
 */
static int
is_login_clear(const struct session *session)
{
	const struct transaction *txn = &session->txn;

	return (txn->auth_type != NULL || txn->auth_user != NULL) &&
	    txn->tls_version != NULL && !session->is_postfix && !session->has_tls_first;
}

/*
 * Postfix shows a certificate only where it has verified the chain, and has no {verify};
 * every other MTA has to say that it did: Sendmail shows any certificate that a client
 * sends.
 */
static int
is_verified(const struct session *session, const struct engine_macros *macros)
{
	const char *verify = mta_macro(macros, "{verify}");

	if (verify != NULL)
		return strcmp(verify, "OK") == 0;
	return session->is_postfix;
}

/* "/CN=" or "+CN=", of which the separator is not a character of another value. */
static int
has_common_name(const char *dn)
{
	const char *at = dn;

	while ((at = strpbrk(at, "/+")) != NULL) {
		at++;
		if (strncmp(at, "CN=", 3) == 0 && (at - dn < 2 || at[-2] != '\\'))
			return 1;
	}
	return 0;
}

/*
 * Sendmail has room for 255 bytes of a distinguished name, and leaves out the first part
 * that does not fit and all that follow: others have a name with the same beginning. The
 * common name comes apart, and whole, so that it is seen to be missing.
 */
static int
is_cut(const char *dn, const char *cn)
{
	return dn != NULL && cn != NULL && strcmp(cn, "BadCertificateUnknown") != 0 &&
	    !has_common_name(dn);
}

static int
warn_of_coding(const char *name)
{
	log_warn("the mail server sent a name in %s that cannot be decoded", name);
	return -1;
}

/* What cannot be decoded is not known. */
static void
keep_cert_name(char **text_r, const struct session *session,
    const struct engine_macros *macros, const char *name, int *has_failed)
{
	mta_keep(text_r, macros, name, has_failed);
	if (session->is_postfix || *text_r == NULL || xtext_decode(*text_r) == 0)
		return;
	(void)warn_of_coding(name);
	session_keep(text_r, NULL, has_failed);
}

/* Postfix shows the common names, Sendmail distinguished names, and codes them. */
static void
read_certificate(struct session *session, const struct engine_macros *macros)
{
	struct transaction *txn = &session->txn;

	txn->cert_kind = session->is_postfix ? CERTSET_CN : CERTSET_DN;
	keep_cert_name(&txn->cert_subject, session, macros, "{cert_subject}",
	    &txn->has_failed);
	keep_cert_name(&txn->cert_issuer, session, macros, "{cert_issuer}",
	    &txn->has_failed);
	txn->is_cert_verified = is_verified(session, macros);
	if (txn->cert_kind == CERTSET_DN &&
	    (is_cut(txn->cert_subject, mta_macro(macros, "{cn_subject}")) ||
	    is_cut(txn->cert_issuer, mta_macro(macros, "{cn_issuer}"))))
		txn->is_cert_verified = 0;
}

/* By its certificate, whose distinguished name is the login. */
static int
is_certificate_login(const struct transaction *txn)
{
	return txn->auth_type != NULL && strcasecmp(txn->auth_type, "EXTERNAL") == 0 &&
	    txn->auth_user[0] == '/';
}

/*
 * Sendmail encodes a login; that of a certificate is encoded already, and so is encoded
 * twice.
 */
static int
decode_login(struct transaction *txn)
{
	if (xtext_decode(txn->auth_user) == -1 ||
	    (is_certificate_login(txn) && xtext_decode(txn->auth_user) == -1))
		return warn_of_coding("{auth_authen}");
	return 0;
}

/*
 * Postfix adds its realm to every login, to Sendmail's a client may: either way it is the
 * same user.
 */
static void
split_realm(struct session *session)
{
	struct transaction *txn = &session->txn;
	char *at = strrchr(txn->auth_user, '@');

	if (at == NULL || at == txn->auth_user || session->mta == NULL ||
	    strcasecmp(at + 1, session->mta) != 0 || is_certificate_login(txn))
		return;
	session_keep(&txn->auth_realm, at + 1, &txn->has_failed);
	*at = '\0';
}

static void
read_login(struct session *session, const struct engine_macros *macros)
{
	struct transaction *txn = &session->txn;

	mta_keep(&txn->auth_type, macros, "{auth_type}", &txn->has_failed);
	mta_keep(&txn->auth_user, macros, "{auth_authen}", &txn->has_failed);
	txn->auth_ssf = macro_number(macros, "{auth_ssf}");
	if (txn->auth_user == NULL)
		return;
	if (session->is_postfix || decode_login(txn) == 0) {
		split_realm(session);
		return;
	}
	txn->is_auth_unreadable = 1;
	mta_keep(&txn->auth_user, macros, "{auth_authen}", &txn->has_failed);
}

static void
read_security(struct session *session, const struct engine_macros *macros)
{
	struct transaction *txn = &session->txn;

	read_login(session, macros);
	mta_keep(&txn->tls_version, macros, "{tls_version}", &txn->has_failed);
	mta_keep(&txn->cipher, macros, "{cipher}", &txn->has_failed);
	txn->tls_bits = macro_number(macros, "{cipher_bits}");
	txn->is_auth_clear = is_login_clear(session);
	read_certificate(session, macros);
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
