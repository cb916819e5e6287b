/* milter/probe/tls_client.c: client side of TLS, by OpenSSL */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/deadline.h"
#include "probe/tls_client.h"

struct tls_client {
	SSL_CTX	*context;
	SSL	*ssl;
	int	 fd;
	int	 is_open;	/* nothing has gone wrong: it may say goodbye */
};

static char why_text[300];

/* What OpenSSL has to say about it; `what` where that is nothing. */
static const char *
reason(const char *what)
{
	unsigned long error = ERR_get_error();
	const char *text = error == 0 ? NULL : ERR_reason_error_string(error);

	ERR_clear_error();
	(void)snprintf(why_text, sizeof(why_text), "TLS: %s", text == NULL ? what : text);
	return why_text;
}

static const char *
certificate_reason(const SSL *ssl)
{
	long result = SSL_get_verify_result(ssl);

	if (result == X509_V_OK)
		return reason("the server ended the handshake");
	ERR_clear_error();
	(void)snprintf(why_text, sizeof(why_text), "TLS: the server's certificate: %s",
	    X509_verify_cert_error_string(result));
	return why_text;
}

/*
 * After a call that did not do what it should. Returns 1 where it is to be called again,
 * 0 at the other side's end, else -1.
 */
static int
again(struct tls_client *tls, int result, int64_t deadline, const char **why_r)
{
	short events;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		events = POLLIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		events = POLLOUT;
		break;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		tls->is_open = 0;
		*why_r = reason("the connection broke");
		return -1;
	}
	if (deadline_wait(tls->fd, events, deadline))
		return 1;
	tls->is_open = 0;
	*why_r = "TLS: no answer in time";
	return -1;
}

static int
set_name(SSL *ssl, const struct tls_client_options *options)
{
	if (options->name == NULL)
		return options->is_checked ? -1 : 0;
	if (!options->is_address && SSL_set_tlsext_host_name(ssl, options->name) != 1)
		return -1;
	if (!options->is_checked)
		return 0;
	if (options->is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
		    options->name) == 1 ? 0 : -1;
	return SSL_set1_host(ssl, options->name) == 1 ? 0 : -1;
}

static int
set_check(SSL_CTX *context, const struct tls_client_options *options)
{
	SSL_CTX_set_verify(context,
	    options->is_checked ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!options->is_checked)
		return 0;
	if (options->ca_file == NULL)
		return SSL_CTX_set_default_verify_paths(context) == 1 ? 0 : -1;
	return SSL_CTX_load_verify_locations(context, options->ca_file, NULL) == 1 ?
	    0 : -1;
}

static int
prepare(struct tls_client *tls, const struct tls_client_options *options)
{
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context == NULL || set_check(tls->context, options) == -1)
		return -1;
	(void)SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	tls->ssl = SSL_new(tls->context);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, tls->fd) != 1)
		return -1;
	return set_name(tls->ssl, options);
}

static int
shake_hands(struct tls_client *tls, int64_t deadline, const char **why_r)
{
	int result, next;

	tls->is_open = 1;
	for (;;) {
		ERR_clear_error();
		if ((result = SSL_connect(tls->ssl)) == 1)
			return 0;
		if (SSL_get_error(tls->ssl, result) == SSL_ERROR_SSL) {
			tls->is_open = 0;
			*why_r = certificate_reason(tls->ssl);
			return -1;
		}
		if ((next = again(tls, result, deadline, why_r)) == 1)
			continue;
		tls->is_open = 0;
		if (next == 0)
			*why_r = "TLS: the server ended the handshake";
		return -1;
	}
}

struct tls_client *
tls_client_new(int fd, const struct tls_client_options *options, int64_t deadline,
    const char **why_r)
{
	struct tls_client *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		*why_r = "out of memory";
		return NULL;
	}
	tls->fd = fd;
	ERR_clear_error();
	if (prepare(tls, options) == -1)
		*why_r = reason("setup failed");
	else if (shake_hands(tls, deadline, why_r) == 0)
		return tls;
	tls_client_free(tls);
	return NULL;
}

void
tls_client_free(struct tls_client *tls)
{
	if (tls == NULL)
		return;
	if (tls->is_open)
		(void)SSL_shutdown(tls->ssl);
	ERR_clear_error();
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	free(tls);
}

const char *
tls_client_describe(const struct tls_client *tls)
{
	static char text[120];

	(void)snprintf(text, sizeof(text), "%s %s", SSL_get_version(tls->ssl),
	    SSL_get_cipher_name(tls->ssl));
	return text;
}

/* OpenSSL counts in int. */
static int
limited(size_t size)
{
	return size > INT_MAX ? INT_MAX : (int)size;
}

ssize_t
tls_client_read(struct tls_client *tls, void *bytes, size_t size, int64_t deadline,
    const char **why_r)
{
	int n, next;

	for (;;) {
		ERR_clear_error();
		if ((n = SSL_read(tls->ssl, bytes, limited(size))) > 0)
			return n;
		if ((next = again(tls, n, deadline, why_r)) != 1)
			return next;
	}
}

int
tls_client_write(struct tls_client *tls, const void *bytes, size_t len, int64_t deadline,
    const char **why_r)
{
	const char *from = bytes;
	int n, next;

	while (len > 0) {
		ERR_clear_error();
		if ((n = SSL_write(tls->ssl, from, limited(len))) > 0) {
			from += n;
			len -= (size_t)n;
		} else if ((next = again(tls, n, deadline, why_r)) != 1) {
			if (next == 0)
				*why_r = "TLS: the server closed the connection";
			return -1;
		}
	}
	return 0;
}
