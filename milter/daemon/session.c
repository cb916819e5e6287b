/* milter/daemon/session.c: state of one connection and its transaction */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session.h"

struct session *
session_new(const char *id)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	(void)strncpy(session->id, id, sizeof(session->id) - 1);
	session->client_port = -1;
	return session;
}

void
session_reset(struct session *session)
{
	struct transaction *txn = &session->txn;

	free(txn->sender);
	free(txn->queue_id);
	free(txn->auth_type);
	free(txn->auth_user);
	free(txn->auth_realm);
	free(txn->tls_version);
	free(txn->cipher);
	free(txn->cert_subject);
	free(txn->cert_issuer);
	mx_lookup_unref(txn->lookup);
	conf_unref(txn->conf);
	memset(txn, 0, sizeof(*txn));
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	session_reset(session);
	free(session->client_name);
	free(session->helo);
	free(session->mta);
	free(session->daemon_name);
	free(session->daemon_port);
	free(session);
}

static int
set_start(char **text, const char *value, size_t max)
{
	size_t length;

	free(*text);
	*text = NULL;
	if (value == NULL || *value == '\0')
		return 0;
	length = strnlen(value, max);
	if ((*text = malloc(length + 1)) == NULL)
		return -1;
	memcpy(*text, value, length);
	(*text)[length] = '\0';
	return 0;
}

int
session_set(char **text_r, const char *value)
{
	return set_start(text_r, value, SIZE_MAX);
}

void
session_keep(char **text_r, const char *value, int *has_failed)
{
	if (session_set(text_r, value) == -1)
		*has_failed = 1;
}

void
session_keep_start(char **text_r, const char *value, size_t max, int *has_failed)
{
	if (set_start(text_r, value, max) == -1)
		*has_failed = 1;
}
