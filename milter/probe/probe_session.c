/* milter/probe/probe_session.c: what authrelayctl probe says to a mail server or a filter */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/probe_message.h"
#include "probe/probe_session.h"
#include "probe/smtp_auth.h"

#define TESTS_A_SESSION	9	/* Postfix is slow with a client after ten errors */
#define TOO_MUCH	421	/* the server ends the session */
#define OUR_NAME	"probe.invalid"

static int
lost(struct probe_talk *talk, const char *why)
{
	talk->why = why;
	talk->session_helo = NULL;
	return -1;
}

/* What a command came to: no answer, an answer that ends the session, or another. */
static int
answered(struct probe_talk *talk, int code)
{
	if (code == -1)
		return lost(talk, talk->smtp.why);
	if (code == TOO_MUCH) {
		talk->is_shut = 1;
		talk->session_helo = NULL;
	}
	return code;
}

/* What the server calls itself stands first in its reply to EHLO. */
static void
learn_host(struct probe_talk *talk)
{
	const struct buf *text = &talk->smtp.reply.text;
	size_t len = 0;

	if (talk->names.host != NULL)
		return;
	while (len < text->len && len < PROBE_NAME_MAX && strchr("abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", text->data[len]) != NULL &&
	    text->data[len] != '\0')
		len++;
	(void)snprintf(talk->host, sizeof(talk->host), "%.*s", (int)len,
	    len > 0 ? text->data : "");
	talk->names.host = len > 0 ? talk->host : "localhost";
}

/* 0, -1, or the code that says "later". */
static int
smtp_open(struct probe_talk *talk, const char *helo)
{
	smtp_client_close(&talk->smtp);
	if (smtp_client_open(&talk->smtp, (const struct sockaddr *)&talk->target->addr,
	    talk->target->len, helo) == 0) {
		learn_host(talk);
		return 0;
	}
	if (talk->smtp.why != NULL)
		return lost(talk, talk->smtp.why);
	if (talk->smtp.reply.code / 100 != 4)
		return lost(talk, "the server refuses the session");
	talk->is_shut = 1;
	return talk->smtp.reply.code;
}

static const struct milter_macro connect_macros[] = {
	{ "j", "probe.invalid" }, { "{daemon_name}", "probe" }, { "v", "Postfix 3" },
	{ NULL, NULL }
};

/* Of MAIL. */
static int
say_milter_mail(struct probe_talk *talk, const char *text)
{
	const struct milter_macro macros[] = {
		{ "{auth_type}", "PLAIN" }, { "{auth_authen}", talk->target->user },
		{ "{tls_version}", "TLSv1.3" }, { "{cipher}", "TLS_AES_256_GCM_SHA384" },
		{ "{cipher_bits}", "256" }, { NULL, NULL }
	};
	const struct milter_macro none[] = { { NULL, NULL } };

	return milter_client_mail(&talk->milter, text, strlen(text) + 1,
	    talk->is_login ? macros : none);
}

static int
milter_open(struct probe_talk *talk, const char *helo)
{
	struct milter_client *client = &talk->milter;
	const struct netaddr *from = &talk->target->client;
	char addr[NETADDR_TEXT_SIZE], text[NETADDR_TEXT_SIZE + 5], name[sizeof(text) + 2];

	milter_client_close(client);
	netaddr_format(from, addr);
	(void)snprintf(text, sizeof(text), "%s%s",
	    from->family == NETADDR_V6 ? "IPv6:" : "", addr);
	(void)snprintf(name, sizeof(name), "[%s]", text);
	if (milter_client_open(client, (const struct sockaddr *)&talk->target->addr,
	    talk->target->len) == -1 ||
	    milter_client_connect(client, name, from->family == NETADDR_V6 ? '6' : '4', 40000,
	    text, connect_macros) == -1)
		return lost(talk, client->why);
	if (client->code == 0 && milter_client_helo(client, helo, connect_macros) == -1)
		return lost(talk, client->why);
	talk->hello_code = client->code;
	return 0;
}

static int
begin(struct probe_talk *talk, const char *helo)
{
	int result;

	if (talk->session_helo != NULL && strcmp(talk->session_helo, helo) == 0 &&
	    talk->in_session++ < TESTS_A_SESSION)
		return 0;
	talk->in_session = 1;
	result = (talk->target->is_milter ? milter_open : smtp_open)(talk, helo);
	if (result == 0)
		talk->session_helo = helo;
	return result;
}

int
probe_talk_is_plain(const char *text, size_t len)
{
	const char *at = memchr(text, '@', len);

	return at != NULL && at > text && at + 1 < text + len && strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+@") >= len &&
	    memchr(at + 1, '@', (size_t)(text + len - at) - 1) == NULL;
}

/* As the server would tell the filter what it makes of the recipient. */
static int
milter_rcpt(struct probe_talk *talk, const char *text, enum probe_kind kind)
{
	const struct probe_names *names = &talk->names;
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
	if (text[0] == '<' && text[len - 1] == '>' && probe_talk_is_plain(text + 1, len - 2))
		buf_add(&addr, text + 1, len - 2);
	else if (kind == PROBE_OWN)
		buf_printf(&addr, "%s@%s", names->local_user, names->local_domain);
	else
		buf_printf(&addr, "%s@%s", names->user, names->external);
	const struct milter_macro macros[] = {
		{ "i", "PROBE" }, { "{rcpt_addr}", addr.data },
		{ "{rcpt_mailer}", kind == PROBE_OWN ? "local" : "smtp" },
		{ "{rcpt_host}", kind == PROBE_OWN ? names->local_domain : names->external },
		{ NULL, NULL }
	};
	if (sent.failed || addr.failed)
		result = lost(talk, "out of memory");
	else if (milter_client_rcpt(&talk->milter, sent.data, sent.len, macros) == -1)
		result = lost(talk, talk->milter.why);
	else
		result = talk->milter.code == 0 ? 250 : talk->milter.code;
	buf_clear(&sent);
	buf_clear(&addr);
	return result;
}

static int
say_rcpt(struct probe_talk *talk, const char *text, enum probe_kind kind)
{
	if (talk->target->is_milter)
		return milter_rcpt(talk, text, kind);
	return answered(talk, smtp_client_say(&talk->smtp, "RCPT TO:", text));
}

static int
say_mail(struct probe_talk *talk)
{
	const char *text = talk->sender.data;
	int code;

	if (talk->target->is_milter) {
		if (talk->hello_code != 0)
			return talk->hello_code;
		if (say_milter_mail(talk, text) == -1)
			return lost(talk, talk->milter.why);
		return talk->milter.code == 0 ? 0 : talk->milter.code;
	}
	code = answered(talk, smtp_client_say(&talk->smtp, "MAIL FROM:", text));
	return code / 100 == 2 ? 0 : code;
}

static int
reset(struct probe_talk *talk)
{
	if (talk->target->is_milter)
		return milter_client_abort(&talk->milter) == -1 ?
		    lost(talk, talk->milter.why) : 0;
	return answered(talk, smtp_client_say(&talk->smtp, "RSET", "")) == -1 ? -1 : 0;
}

/* MAIL, and what goes before the form. 0: now the form; or the code that ended it. */
static int
lead(struct probe_talk *talk, enum probe_lead how)
{
	int code = say_mail(talk);

	if (code != 0 || how == PROBE_ALONE)
		return code;
	code = say_rcpt(talk, talk->target->control, PROBE_OWN);
	if (code == -1 || talk->is_shut)
		return code;
	if (how == PROBE_AFTER_LOCAL)
		return 0;
	if ((how == PROBE_AFTER_RSET || talk->target->is_milter) && reset(talk) == -1)
		return -1;
	code = say_mail(talk);
	/* A second MAIL may be refused, and the first transaction is still there. */
	return how == PROBE_AFTER_MAIL && code > 0 && !talk->is_shut &&
	    !talk->target->is_milter ? 0 : code;
}

/* The rest of the way, after a recipient was accepted. Returns what became of it. */
static int
send_message(struct probe_talk *talk, const char *rcpt)
{
	const struct probe_message message = { .target = talk->target->text,
	    .form = talk->form->name, .number = talk->number, .sender = talk->sender.data,
	    .rcpt = rcpt, .unique = talk->names.unique, .now = time(NULL) };
	struct buf text;
	int code = answered(talk, smtp_client_say(&talk->smtp, "DATA", ""));

	if (code != 354)
		return code;
	buf_init(&text);
	probe_message_write(&message, &text);
	talk->is_sent = 1;
	code = text.failed ? lost(talk, "out of memory") :
	    answered(talk, smtp_client_command(&talk->smtp, text.data, text.len));
	buf_clear(&text);
	return code;
}

static void
keep_reply(struct probe_talk *talk)
{
	const struct buf *text = talk->target->is_milter ? &talk->milter.text :
	    &talk->smtp.reply.text;

	buf_reset(&talk->reply);
	if (text->len > 0)
		buf_add(&talk->reply, text->data, text->len);
}

int
probe_talk_ask_once(struct probe_talk *talk, const char *rcpt, enum probe_kind kind, enum probe_lead how)
{
	int code;

	talk->is_shut = 0;
	talk->is_sent = 0;
	if ((code = begin(talk, talk->helo.data)) == 0 && (code = lead(talk, how)) == 0) {
		code = say_rcpt(talk, rcpt, kind);
		if (code / 100 == 2 && kind != PROBE_OWN && talk->target->is_data)
			code = send_message(talk, rcpt);
	}
	if (code == -1) {
		buf_reset(&talk->reply);
		return -1;
	}
	keep_reply(talk);
	/* What was said counts; a session that ends here is begun again. */
	if (!talk->is_shut) {
		(void)reset(talk);
		talk->is_shut = 0;
	}
	return code;
}

/* No message twice. */
int
probe_talk_ask(struct probe_talk *talk, const char *rcpt, enum probe_kind kind, enum probe_lead how)
{
	int code = probe_talk_ask_once(talk, rcpt, kind, how);

	return (code == -1 || talk->is_shut) && !talk->is_sent ?
	    probe_talk_ask_once(talk, rcpt, kind, how) : code;
}

int
probe_talk_set_sender(struct probe_talk *talk, const struct probe_sender *sender)
{
	talk->session_helo = NULL;
	talk->is_login = 0;
	buf_reset(&talk->helo);
	buf_reset(&talk->sender);
	probe_text_write(sender->helo == NULL ? OUR_NAME : sender->helo, &talk->names,
	    &talk->helo);
	probe_text_write(sender->text, &talk->names, &talk->sender);
	return talk->helo.failed || talk->sender.failed ? -1 : 0;
}

int
probe_talk_log_in(struct probe_talk *talk)
{
	const struct probe_target *target = talk->target;
	int code;

	talk->is_login = 1;
	talk->is_shut = talk->is_sent = 0;
	buf_reset(&talk->reply);
	code = begin(talk, talk->helo.data);
	if (code == 0 && !target->is_milter)
		code = answered(talk, smtp_auth(&talk->smtp, target->user,
		    target->password, target->is_clear_allowed));
	else if (code == 0)
		return 0;
	if (code == 235)
		return 0;
	if (code == 0) {
		talk->why = talk->smtp.why;
		return talk->smtp.logins == 0 ? PROBE_TALK_NO_LOGIN : PROBE_TALK_NO_WAY;
	}
	if (code / 100 == 2) {
		talk->why = "the server answers the login with another code than 235";
		return PROBE_TALK_NO_LOGIN;
	}
	if (code > 0)
		keep_reply(talk);
	return code;
}

void
probe_talk_init(struct probe_talk *talk, const struct probe_target *target)
{
	memset(talk, 0, sizeof(*talk));
	talk->target = target;
	talk->names = target->names;
	smtp_client_init(&talk->smtp, &target->smtp);
	milter_client_init(&talk->milter, target->smtp.timeout_ms);
}

void
probe_talk_clear(struct probe_talk *talk)
{
	smtp_client_close(&talk->smtp);
	milter_client_close(&talk->milter);
	smtp_client_clear(&talk->smtp);
	milter_client_clear(&talk->milter);
	buf_clear(&talk->helo);
	buf_clear(&talk->sender);
	buf_clear(&talk->reply);
}
