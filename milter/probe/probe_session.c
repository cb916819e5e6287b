/* milter/probe/probe_session.c: relay tester: session with a mail server or filter */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/probe_message.h"
#include "probe/probe_session.h"
#include "probe/smtp_auth.h"

/*
 * A session serves the tests of one sender, at most TESTS_A_SESSION of them. begin()
 * opens it for the first and keeps it for the next ones; RSET parts them. It is over, and
 * session_helo NULL, once the server did not answer (fail_session()), closed it by 421
 * (check_code()), or the sender changed; the next test then opens another. A test whose
 * session broke is asked once more in a new one, unless a message was sent.
 */
#define TESTS_A_SESSION	9	/* Postfix is slow with a client after ten errors */
#define TOO_MUCH	421	/* the server ends the session */
#define OUR_NAME	"probe.invalid"

static int
fail_session(struct probe_session *session, const char *why)
{
	session->why = why;
	session->session_helo = NULL;
	return -1;
}

/* What a command came to: no answer, an answer that ends the session, or another. */
static int
check_code(struct probe_session *session, int code)
{
	if (code == -1)
		return fail_session(session, session->smtp.why);
	if (code == TOO_MUCH) {
		session->is_shut = 1;
		session->session_helo = NULL;
	}
	return code;
}

/* The server's own name is the first word of its reply to EHLO. */
static void
learn_host(struct probe_session *session)
{
	const struct buf *text = &session->smtp.reply.text;
	size_t len = 0;

	if (session->names.host != NULL)
		return;
	while (len < text->len && len < PROBE_NAME_MAX &&
	    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
	    text->data[len]) != NULL && text->data[len] != '\0')
		len++;
	(void)snprintf(session->host, sizeof(session->host), "%.*s", (int)len,
	    len > 0 ? text->data : "");
	session->names.host = len > 0 ? session->host : "localhost";
}

/* 0, -1, or the code that says "later". */
static int
smtp_open(struct probe_session *session, const char *helo)
{
	smtp_client_close(&session->smtp);
	if (smtp_client_open(&session->smtp,
	    (const struct sockaddr *)&session->target->addr, session->target->len,
	    helo) == 0) {
		learn_host(session);
		return 0;
	}
	if (session->smtp.why != NULL)
		return fail_session(session, session->smtp.why);
	if (session->smtp.reply.code / 100 != 4)
		return fail_session(session, "the server refused the session");
	session->is_shut = 1;
	return session->smtp.reply.code;
}

static const struct milter_macro connect_macros[] = {
	{ "j", "probe.invalid" }, { "{daemon_name}", "probe" }, { "v", "Postfix 3" },
	{ NULL, NULL }
};

/* Of MAIL. */
static int
say_milter_mail(struct probe_session *session, const char *text)
{
	const struct milter_macro macros[] = {
		{ "{auth_type}", "PLAIN" }, { "{auth_authen}", session->target->user },
		{ "{tls_version}", "TLSv1.3" }, { "{cipher}", "TLS_AES_256_GCM_SHA384" },
		{ "{cipher_bits}", "256" }, { NULL, NULL }
	};
	const struct milter_macro none[] = { { NULL, NULL } };

	return milter_client_mail(&session->milter, text, strlen(text) + 1,
	    session->is_login ? macros : none);
}

static int
milter_open(struct probe_session *session, const char *helo)
{
	struct milter_client *client = &session->milter;
	const struct netaddr *from = &session->target->client;
	char addr[NETADDR_TEXT_SIZE], text[NETADDR_TEXT_SIZE + 5], name[sizeof(text) + 2];

	milter_client_close(client);
	netaddr_format(from, addr);
	(void)snprintf(text, sizeof(text), "%s%s",
	    from->family == NETADDR_V6 ? "IPv6:" : "", addr);
	(void)snprintf(name, sizeof(name), "[%s]", text);
	if (milter_client_open(client, (const struct sockaddr *)&session->target->addr,
	    session->target->len) == -1 ||
	    milter_client_connect(client, name, from->family == NETADDR_V6 ? '6' : '4',
	    40000, text, connect_macros) == -1)
		return fail_session(session, client->why);
	if (client->code == 0 && milter_client_helo(client, helo, connect_macros) == -1)
		return fail_session(session, client->why);
	session->hello_code = client->code;
	return 0;
}

static int
begin(struct probe_session *session, const char *helo)
{
	int result;

	if (session->session_helo != NULL && strcmp(session->session_helo, helo) == 0 &&
	    session->in_session++ < TESTS_A_SESSION)
		return 0;
	session->in_session = 1;
	result = (session->target->is_milter ? milter_open : smtp_open)(session, helo);
	if (result == 0)
		session->session_helo = helo;
	return result;
}

int
probe_session_is_plain(const char *text, size_t len)
{
	const char *at = memchr(text, '@', len);

	return at != NULL && at > text && at + 1 < text + len &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-_+@") >= len &&
	    memchr(at + 1, '@', (size_t)(text + len - at) - 1) == NULL;
}

/* As the server would tell the filter what it makes of the recipient. */
static int
milter_rcpt(struct probe_session *session, const char *text, enum probe_kind kind)
{
	const struct probe_names *names = &session->names;
	const char *blank = strstr(text, "> ");
	size_t len = strlen(text);
	struct buf sent, addr;
	int result;

	buf_init(&sent);
	buf_init(&addr);
	buf_add(&sent, text, len + 1);
	/* A parameter is a text of its own. */
	if (blank != NULL && strchr(blank, '<') == NULL && !sent.failed)
		sent.data[blank + 1 - text] = '\0';
	if (text[0] == '<' && text[len - 1] == '>' &&
	    probe_session_is_plain(text + 1, len - 2))
		buf_add(&addr, text + 1, len - 2);
	else if (kind == PROBE_OWN)
		buf_printf(&addr, "%s@%s", names->local_user, names->local_domain);
	else
		buf_printf(&addr, "%s@%s", names->user, names->external);
	const struct milter_macro macros[] = {
		{ "i", "PROBE" }, { "{rcpt_addr}", addr.data },
		{ "{rcpt_mailer}", kind == PROBE_OWN ? "local" : "smtp" },
		{ "{rcpt_host}",
		    kind == PROBE_OWN ? names->local_domain : names->external },
		{ NULL, NULL }
	};
	if (sent.failed || addr.failed)
		result = fail_session(session, "out of memory");
	else if (milter_client_rcpt(&session->milter, sent.data, sent.len, macros) == -1)
		result = fail_session(session, session->milter.why);
	else
		result = session->milter.code == 0 ? 250 : session->milter.code;
	buf_clear(&sent);
	buf_clear(&addr);
	return result;
}

static int
say_rcpt(struct probe_session *session, const char *text, enum probe_kind kind)
{
	if (session->target->is_milter)
		return milter_rcpt(session, text, kind);
	return check_code(session, smtp_client_say(&session->smtp, "RCPT TO:", text));
}

static int
say_mail(struct probe_session *session)
{
	const char *text = session->sender.data;
	int code;

	if (session->target->is_milter) {
		if (session->hello_code != 0)
			return session->hello_code;
		if (say_milter_mail(session, text) == -1)
			return fail_session(session, session->milter.why);
		return session->milter.code == 0 ? 0 : session->milter.code;
	}
	code = check_code(session, smtp_client_say(&session->smtp, "MAIL FROM:", text));
	return code / 100 == 2 ? 0 : code;
}

static int
reset(struct probe_session *session)
{
	if (session->target->is_milter)
		return milter_client_abort(&session->milter) == -1 ?
		    fail_session(session, session->milter.why) : 0;
	return check_code(session,
	    smtp_client_say(&session->smtp, "RSET", "")) == -1 ? -1 : 0;
}

/* MAIL, and what goes before the form. 0: now the form; or the code that ended it. */
static int
lead(struct probe_session *session, enum probe_lead how)
{
	int code = say_mail(session);

	if (code != 0 || how == PROBE_ALONE)
		return code;
	code = say_rcpt(session, session->target->control, PROBE_OWN);
	if (code == -1 || session->is_shut)
		return code;
	if (how == PROBE_AFTER_LOCAL)
		return 0;
	if ((how == PROBE_AFTER_RSET || session->target->is_milter) &&
	    reset(session) == -1)
		return -1;
	code = say_mail(session);
	/* A second MAIL may be refused, and the first transaction is still there. */
	return how == PROBE_AFTER_MAIL && code > 0 && !session->is_shut &&
	    !session->target->is_milter ? 0 : code;
}

/* The rest of the way, after a recipient was accepted. Returns what became of it. */
static int
send_message(struct probe_session *session, const char *rcpt)
{
	const struct probe_message message = { .target = session->target->text,
	    .form = session->form->name, .number = session->number,
	    .sender = session->sender.data,
	    .rcpt = rcpt, .unique = session->names.unique, .now = time(NULL) };
	struct buf text;
	int code = check_code(session, smtp_client_say(&session->smtp, "DATA", ""));

	if (code != 354)
		return code;
	buf_init(&text);
	probe_message_write(&message, &text);
	session->is_sent = 1;
	code = text.failed ? fail_session(session, "out of memory") :
	    check_code(session, smtp_client_command(&session->smtp, text.data, text.len));
	buf_clear(&text);
	return code;
}

static void
keep_reply(struct probe_session *session)
{
	const struct buf *text = session->target->is_milter ? &session->milter.text :
	    &session->smtp.reply.text;

	buf_reset(&session->reply);
	if (text->len > 0)
		buf_add(&session->reply, text->data, text->len);
}

int
probe_session_ask_once(struct probe_session *session, const char *rcpt,
    enum probe_kind kind, enum probe_lead how)
{
	int code;

	session->is_shut = 0;
	session->is_sent = 0;
	if ((code = begin(session, session->helo.data)) == 0 &&
	    (code = lead(session, how)) == 0) {
		code = say_rcpt(session, rcpt, kind);
		if (code / 100 == 2 && kind != PROBE_OWN && session->target->is_data)
			code = send_message(session, rcpt);
	}
	if (code == -1) {
		buf_reset(&session->reply);
		return -1;
	}
	keep_reply(session);
	/* What was said counts; a session that ends here is begun again. */
	if (!session->is_shut) {
		(void)reset(session);
		session->is_shut = 0;
	}
	return code;
}

/* No message twice. */
int
probe_session_ask(struct probe_session *session, const char *rcpt,
    enum probe_kind kind, enum probe_lead how)
{
	int code = probe_session_ask_once(session, rcpt, kind, how);

	return (code == -1 || session->is_shut) && !session->is_sent ?
	    probe_session_ask_once(session, rcpt, kind, how) : code;
}

int
probe_session_set_sender(struct probe_session *session, const struct probe_sender *sender)
{
	session->session_helo = NULL;
	session->is_login = 0;
	buf_reset(&session->helo);
	buf_reset(&session->sender);
	probe_text_write(sender->helo == NULL ? OUR_NAME : sender->helo, &session->names,
	    &session->helo);
	probe_text_write(sender->text, &session->names, &session->sender);
	return session->helo.failed || session->sender.failed ? -1 : 0;
}

int
probe_session_log_in(struct probe_session *session)
{
	const struct probe_target *target = session->target;
	int code;

	session->is_login = 1;
	session->is_shut = session->is_sent = 0;
	buf_reset(&session->reply);
	code = begin(session, session->helo.data);
	if (code == 0 && !target->is_milter)
		code = check_code(session, smtp_auth(&session->smtp, target->user,
		    target->password, target->is_clear_allowed));
	else if (code == 0)
		return 0;
	if (code == 235)
		return 0;
	if (code == 0) {
		session->why = session->smtp.why;
		return session->smtp.logins == 0 ?
		    PROBE_SESSION_NO_LOGIN : PROBE_SESSION_NO_WAY;
	}
	if (code / 100 == 2) {
		session->why = "the server answered the login with a code other than 235";
		return PROBE_SESSION_NO_LOGIN;
	}
	if (code > 0)
		keep_reply(session);
	return code;
}

void
probe_session_init(struct probe_session *session, const struct probe_target *target)
{
	memset(session, 0, sizeof(*session));
	session->target = target;
	session->names = target->names;
	smtp_client_init(&session->smtp, &target->smtp);
	milter_client_init(&session->milter, target->smtp.timeout_ms);
}

void
probe_session_clear(struct probe_session *session)
{
	smtp_client_close(&session->smtp);
	milter_client_close(&session->milter);
	smtp_client_clear(&session->smtp);
	milter_client_clear(&session->milter);
	buf_clear(&session->helo);
	buf_clear(&session->sender);
	buf_clear(&session->reply);
}
