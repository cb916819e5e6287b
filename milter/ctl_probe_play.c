/* milter/ctl_probe_play.c: every form from every sender, to a server or to a filter */
/* SPDX-License-Identifier: ISC */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_probe.h"
#include "milter_client.h"
#include "smtp_client.h"

#define TESTS_A_SESSION	9	/* Postfix is slow with a client after ten errors */
#define LOST_MAX	3	/* tests in a row */
#define OUR_NAME	"probe.invalid"
#define NAME_MAX_LEN	255

struct play {
	const struct probe_target	*target;
	struct probe_names		 names;
	char				 host[NAME_MAX_LEN + 1];
	struct smtp_client_options	 options;
	struct smtp_client		 smtp;
	struct milter_client		 milter;
	struct buf			 helo, sender, rcpt, reply;
	const char			*session_helo;	/* NULL: there is no session */
	unsigned			 in_session;
	int				 takes_any;	/* user of the server */
	const char			*why;
};

static int
lost(struct play *play, const char *why)
{
	play->why = why == NULL ? "the server refuses the session" : why;
	play->session_helo = NULL;
	return -1;
}

/* What the server calls itself stands first in its reply to EHLO. */
static void
learn_host(struct play *play)
{
	const struct buf *text = &play->smtp.reply.text;
	size_t len = 0;

	if (play->names.host != NULL)
		return;
	while (len < text->len && len < NAME_MAX_LEN && strchr("abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", text->data[len]) != NULL &&
	    text->data[len] != '\0')
		len++;
	(void)snprintf(play->host, sizeof(play->host), "%.*s", (int)len,
	    len > 0 ? text->data : "");
	play->names.host = len > 0 ? play->host : "localhost";
}

static int
smtp_open(struct play *play, const char *helo)
{
	smtp_client_close(&play->smtp);
	if (smtp_client_open(&play->smtp, (const struct sockaddr *)&play->target->addr,
	    play->target->len, helo) == -1)
		return lost(play, play->smtp.why);
	learn_host(play);
	return 0;
}

static const struct milter_macro connect_macros[] = {
	{ "j", "probe.invalid" }, { "{daemon_name}", "probe" }, { "v", "Postfix 3" },
	{ NULL, NULL }
};
static const struct milter_macro no_macros[] = { { NULL, NULL } };

static int
milter_open(struct play *play, const char *helo)
{
	struct milter_client *client = &play->milter;
	char name[NETADDR_TEXT_SIZE + 2];

	milter_client_close(client);
	(void)snprintf(name, sizeof(name), "[%s]", play->target->client);
	if (milter_client_open(client, (const struct sockaddr *)&play->target->addr,
	    play->target->len) == -1 ||
	    milter_client_connect(client, name, '4', 40000, play->target->client,
	    connect_macros) == -1)
		return lost(play, client->why);
	if (client->code != 0)
		return 0;
	return milter_client_helo(client, helo, connect_macros) == -1 ?
	    lost(play, client->why) : 0;
}

static int
begin(struct play *play, const char *helo)
{
	if (play->session_helo != NULL && strcmp(play->session_helo, helo) == 0 &&
	    play->in_session++ < TESTS_A_SESSION)
		return 0;
	play->in_session = 1;
	if ((play->target->is_milter ? milter_open : smtp_open)(play, helo) == -1)
		return -1;
	play->session_helo = helo;
	return 0;
}

/* Whether it is <user@domain> and nothing about it can be read in two ways. */
static int
is_plain(const char *text)
{
	size_t len = strlen(text);
	const char *at = strchr(text, '@');

	return len > 2 && text[0] == '<' && text[len - 1] == '>' && at != NULL &&
	    at > text + 1 && at + 1 < text + len - 1 && strspn(text + 1,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+@") ==
	    len - 2 && strchr(at + 1, '@') == NULL;
}

/* As the server would tell the filter what it makes of the recipient. */
static int
milter_rcpt(struct play *play, const char *text, enum probe_kind kind)
{
	const struct probe_names *names = &play->names;
	const char *blank = strstr(text, "> ");
	struct buf sent, addr;
	int result;

	buf_init(&sent);
	buf_init(&addr);
	buf_add(&sent, text, strlen(text) + 1);
	/* A parameter is a text of its own. */
	if (blank != NULL && strchr(blank, '<') == NULL && !sent.failed)
		sent.data[blank + 1 - text] = '\0';
	if (is_plain(text))
		buf_add(&addr, text + 1, strlen(text) - 2);
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
		result = lost(play, "out of memory");
	else if (milter_client_rcpt(&play->milter, sent.data, sent.len, macros) == -1)
		result = lost(play, play->milter.why);
	else
		result = play->milter.code == 0 ? 250 : play->milter.code;
	buf_clear(&sent);
	buf_clear(&addr);
	return result;
}

static int
say_rcpt(struct play *play, const char *text, enum probe_kind kind)
{
	int code;

	if (play->target->is_milter)
		return milter_rcpt(play, text, kind);
	code = smtp_client_say(&play->smtp, "RCPT TO:", text);
	return code == -1 || code == 421 ? lost(play, play->smtp.why) : code;
}

static int
say_mail(struct play *play)
{
	const char *text = play->sender.data;
	int code;

	if (play->target->is_milter) {
		if (play->milter.code != 0)
			return play->milter.code;	/* of CONNECT or HELO */
		if (milter_client_mail(&play->milter, text, strlen(text) + 1,
		    no_macros) == -1)
			return lost(play, play->milter.why);
		return play->milter.code == 0 ? 0 : play->milter.code;
	}
	code = smtp_client_say(&play->smtp, "MAIL FROM:", text);
	if (code == -1 || code == 421)
		return lost(play, play->smtp.why);
	return code / 100 == 2 ? 0 : code;
}

static int
reset(struct play *play)
{
	if (play->target->is_milter)
		return milter_client_abort(&play->milter) == -1 ?
		    lost(play, play->milter.why) : 0;
	return smtp_client_say(&play->smtp, "RSET", "") == -1 ?
	    lost(play, play->smtp.why) : 0;
}

/* MAIL, and what goes before the form. 0: now the form; or the code that ended it. */
static int
lead(struct play *play, enum probe_lead how)
{
	int code = say_mail(play);

	if (code != 0 || how == PROBE_ALONE)
		return code;
	if (say_rcpt(play, play->target->control, PROBE_OWN) == -1)
		return -1;
	if (how == PROBE_AFTER_LOCAL)
		return 0;
	if ((how == PROBE_AFTER_RSET || play->target->is_milter) && reset(play) == -1)
		return -1;
	code = say_mail(play);
	/* A second MAIL may be refused, and the first transaction is still there. */
	return how == PROBE_AFTER_MAIL && code > 0 && !play->target->is_milter ? 0 : code;
}

static void
keep_reply(struct play *play)
{
	const struct buf *text = play->target->is_milter ? &play->milter.text :
	    &play->smtp.reply.text;

	buf_reset(&play->reply);
	if (text->len > 0)
		buf_add(&play->reply, text->data, text->len);
}

/* Returns the code, or -1 and why. */
static int
ask_once(struct play *play, const char *rcpt, enum probe_kind kind, enum probe_lead how)
{
	int code;

	if (begin(play, play->helo.data) == -1 || (code = lead(play, how)) == -1)
		return -1;
	if (code == 0 && (code = say_rcpt(play, rcpt, kind)) == -1)
		return -1;
	keep_reply(play);
	/* What was said counts; a session that ends here is begun again. */
	(void)reset(play);
	return code;
}

static int
ask(struct play *play, const char *rcpt, enum probe_kind kind, enum probe_lead how)
{
	int code = ask_once(play, rcpt, kind, how);

	if (code == -1)
		buf_reset(&play->reply);
	return code == -1 ? ask_once(play, rcpt, kind, how) : code;
}

static int
write_sender(struct play *play, const struct probe_sender *sender)
{
	play->session_helo = NULL;
	buf_reset(&play->helo);
	buf_reset(&play->sender);
	probe_text_write(sender->helo == NULL ? OUR_NAME : sender->helo, &play->names,
	    &play->helo);
	probe_text_write(sender->text, &play->names, &play->sender);
	return play->helo.failed || play->sender.failed ? -1 : 0;
}

static enum probe_verdict
judge(const struct play *play, const struct probe_form *form, int code)
{
	if (code == -1)
		return PROBE_LOST;
	if (code / 100 == 4)
		return PROBE_TEMPORARY;
	if (code / 100 != 2)
		return PROBE_REFUSED;
	if (form->kind == PROBE_OWN)
		return PROBE_KEPT;
	return form->kind == PROBE_DISGUISED && play->takes_any ? PROBE_DOUBTFUL :
	    PROBE_RELAYED;
}

/* Whether the server answers as one that could be tested. Returns why not, or NULL. */
static const char *
check_control(struct play *play)
{
	static const struct probe_sender sender = { "", "", "<$u@$x>", NULL };
	int code;

	if (write_sender(play, &sender) == -1)
		return "out of memory";
	if ((code = ask(play, play->target->control, PROBE_OWN, PROBE_ALONE)) == -1)
		return play->why;
	if (code == 530) {
		buf_putc(&play->reply, '\0');
		if (!play->target->is_starttls && play->reply.data != NULL &&
		    strstr(play->reply.data, "STARTTLS") != NULL)
			return "the server wants STARTTLS first";
		return NULL;	/* it wants a login, of all */
	}
	if (code / 100 != 2)
		return "the server does not accept the local recipient, so its refusals "
		    "tell nothing";
	if (play->target->is_milter)
		return NULL;	/* does not know the users */
	buf_reset(&play->rcpt);
	probe_text_write("<$n@$d>", &play->names, &play->rcpt);
	code = play->rcpt.failed ? -1 : ask(play, play->rcpt.data, PROBE_OWN, PROBE_ALONE);
	play->takes_any = code / 100 == 2 && code != -1;
	return NULL;
}

static void
play_sender(struct play *play, const struct probe_sender *sender,
    struct probe_report *report, unsigned *lost_in_row)
{
	int code;

	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++) {
		if (!probe_text_is_known(form->text, &play->names))
			continue;
		buf_reset(&play->rcpt);
		probe_text_write(form->text, &play->names, &play->rcpt);
		if (play->rcpt.failed) {
			probe_report_fail(report, "out of memory");
			return;
		}
		(void)poll(NULL, 0, play->target->delay_ms);
		code = ask(play, play->rcpt.data, form->kind, form->lead);
		*lost_in_row = code == -1 ? *lost_in_row + 1 : 0;
		probe_report_add(report, form, sender, play->rcpt.data,
		    judge(play, form, code), code == -1 ? 0 : code, &play->reply);
		if (*lost_in_row == LOST_MAX) {
			probe_report_fail(report, play->why);
			return;
		}
	}
}

static void
play_all(struct play *play, struct probe_report *report)
{
	const struct probe_sender *sender;
	const char *why = check_control(play);
	unsigned lost_in_row = 0;

	if (why != NULL)
		probe_report_fail(report, why);
	for (sender = probe_senders(); sender->id != NULL && report->why == NULL; sender++) {
		if (write_sender(play, sender) == -1)
			probe_report_fail(report, "out of memory");
		else
			play_sender(play, sender, report, &lost_in_row);
	}
}

void
probe_play(const struct probe_target *target, struct probe_report *report)
{
	struct play play = { .target = target, .names = target->names };

	play.options.timeout_ms = target->timeout_ms;
	play.options.source = target->source;
	play.options.is_starttls = target->is_starttls;
	smtp_client_init(&play.smtp, &play.options);
	milter_client_init(&play.milter, target->timeout_ms);
	play_all(&play, report);
	smtp_client_close(&play.smtp);
	milter_client_close(&play.milter);
	smtp_client_clear(&play.smtp);
	milter_client_clear(&play.milter);
	buf_clear(&play.helo);
	buf_clear(&play.sender);
	buf_clear(&play.rcpt);
	buf_clear(&play.reply);
}
