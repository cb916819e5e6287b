/* milter/probe/smtp_client.c: client side of SMTP */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/deadline.h"
#include "probe/smtp_client.h"

#define QUIT_MS		1000

void
smtp_client_init(struct smtp_client *client, const struct smtp_client_options *options)
{
	memset(client, 0, sizeof(*client));
	client->options = options;
	stream_init(&client->stream);
	smtp_reply_init(&client->reply);
}

void
smtp_client_clear(struct smtp_client *client)
{
	stream_close(&client->stream);
	smtp_reply_clear(&client->reply);
}

static int
fail(struct smtp_client *client, const char *why)
{
	client->why = why;
	client->in_len = 0;
	stream_close(&client->stream);
	return -1;
}

static int64_t
deadline_of(const struct smtp_client *client)
{
	return clock_monotonic_ms() + client->options->timeout_ms;
}

/* Returns -1 where no more comes. */
static int
read_more(struct smtp_client *client, int64_t deadline)
{
	ssize_t n = stream_read(&client->stream, client->in, sizeof(client->in),
	    deadline);

	if (n > 0) {
		client->in_len = (size_t)n;
		return 0;
	}
	return fail(client, n == 0 ? "the server closed the connection" :
	    client->stream.why);
}

/* One deadline for all of a reply, however slowly it comes. */
static int
read_reply(struct smtp_client *client)
{
	int64_t deadline = deadline_of(client);
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t used;

	smtp_reply_reset(&client->reply);
	while (state == SMTP_REPLY_MORE) {
		if (client->in_len == 0 && read_more(client, deadline) == -1)
			return -1;
		state = smtp_reply_add(&client->reply, client->in, client->in_len, &used);
		client->in_len -= used;
		memmove(client->in, client->in + used, client->in_len);
	}
	if (state == SMTP_REPLY_BAD)
		return fail(client, client->reply.why);
	return client->reply.code;
}

static int
send_line(struct smtp_client *client, const char *line, size_t len)
{
	char *out;
	int result;

	if (client->stream.fd == -1)
		return fail(client, "not connected");
	/* it may be a password, of which a buffer that grows would leave copies */
	if ((out = malloc(len + 2)) == NULL)
		return fail(client, "out of memory");
	memcpy(out, line, len);
	memcpy(out + len, "\r\n", 2);
	result = stream_write(&client->stream, out, len + 2, deadline_of(client));
	if (result == -1)
		(void)fail(client, client->stream.why);
	explicit_bzero(out, len + 2);
	free(out);
	return result;
}

int
smtp_client_command(struct smtp_client *client, const char *line, size_t len)
{
	return send_line(client, line, len) == -1 ? -1 : read_reply(client);
}

int
smtp_client_say(struct smtp_client *client, const char *verb, const char *rest)
{
	struct buf line;
	int code;

	buf_init(&line);
	buf_puts(&line, verb);
	buf_puts(&line, rest);
	code = line.failed ? fail(client, "out of memory") :
	    smtp_client_command(client, line.data, line.len);
	buf_clear(&line);
	return code;
}

/* Returns -1 where there is no session. */
static int
close_refused(struct smtp_client *client)
{
	client->why = NULL;
	smtp_client_close(client);
	return -1;
}

static void
learn_logins(struct smtp_client *client)
{
	static const struct {
		const char	*name;
		unsigned	 login;
	} known[] = { { NULL, SMTP_CLIENT_AUTH }, { "PLAIN", SMTP_CLIENT_PLAIN },
	    { "LOGIN", SMTP_CLIENT_LOGIN }, { "CRAM-MD5", SMTP_CLIENT_CRAM_MD5 } };

	client->logins = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (client->is_esmtp &&
		    smtp_reply_has_parameter(&client->reply, "AUTH", known[i].name))
			client->logins |= known[i].login;
}

static int
say_hello(struct smtp_client *client, const char *helo)
{
	int code = smtp_client_say(client, "EHLO ", helo);

	client->is_esmtp = code / 100 == 2;
	learn_logins(client);
	if (code / 100 == 5 && code != 521)
		code = smtp_client_say(client, "HELO ", helo);
	if (code == -1)
		return -1;
	return code / 100 == 2 ? 0 : close_refused(client);
}

static int
start_tls(struct smtp_client *client)
{
	/* Somebody sent what is left here before there was any TLS. */
	if (client->in_len > 0)
		return fail(client, "the server sent data between STARTTLS and TLS");
	if (stream_start_tls(&client->stream, &client->options->tls,
	    deadline_of(client)) == -1)
		return fail(client, client->stream.why);
	return 0;
}

static int
ask_for_tls(struct smtp_client *client, const char *helo)
{
	int code;

	if (!client->is_esmtp || !smtp_reply_has_keyword(&client->reply, "STARTTLS"))
		return fail(client, "the server does not offer STARTTLS");
	if ((code = smtp_client_say(client, "STARTTLS", "")) == -1)
		return -1;
	if (code != 220)
		return close_refused(client);
	return start_tls(client) == -1 ? -1 : say_hello(client, helo);
}

static int
begin(struct smtp_client *client, const struct sockaddr *addr,
    socklen_t len, const char *helo)
{
	enum smtp_client_security security = client->options->security;
	int code;

	client->in_len = 0;
	client->why = NULL;
	if (stream_connect(&client->stream, addr, len, client->options->source,
	    deadline_of(client)) == -1)
		return fail(client, client->stream.why);
	if (security == SMTP_CLIENT_TLS && start_tls(client) == -1)
		return -1;
	if ((code = read_reply(client)) == -1)
		return -1;
	return code == 220 ? say_hello(client, helo) : close_refused(client);
}

/* Remembers that TLS, which was only welcome, failed. */
static void
do_without_tls(struct smtp_client *client)
{
	if (client->why != NULL)
		(void)snprintf(client->no_tls, sizeof(client->no_tls), "%s", client->why);
	else
		(void)snprintf(client->no_tls, sizeof(client->no_tls),
		    "STARTTLS was refused (%d)", client->reply.code);
}

int
smtp_client_open(struct smtp_client *client, const struct sockaddr *addr, socklen_t len,
    const char *helo)
{
	enum smtp_client_security security = client->options->security;

	if (begin(client, addr, len, helo) == -1)
		return -1;
	if (security == SMTP_CLIENT_STARTTLS)
		return ask_for_tls(client, helo);
	if (security != SMTP_CLIENT_OFFERED || client->no_tls[0] != '\0' ||
	    !client->is_esmtp || !smtp_reply_has_keyword(&client->reply, "STARTTLS") ||
	    ask_for_tls(client, helo) == 0)
		return 0;
	do_without_tls(client);
	return begin(client, addr, len, helo);
}

void
smtp_client_describe(const struct smtp_client *client, struct buf *out)
{
	const char *tls = stream_describe_tls(&client->stream);

	if (tls != NULL)
		buf_printf(out, "%s, certificate %s", tls,
		    client->options->tls.is_checked ? "checked" : "not checked");
	else
		buf_printf(out, "in clear%s%s", client->no_tls[0] == '\0' ? "" : ": ",
		    client->no_tls);
}

void
smtp_client_close(struct smtp_client *client)
{
	if (client->stream.fd != -1)
		(void)stream_write(&client->stream, "QUIT\r\n", 6,
		    clock_monotonic_ms() + QUIT_MS);
	client->in_len = 0;
	stream_close(&client->stream);
}
