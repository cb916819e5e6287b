/* t/ctl_probe_test.c: the forms of authrelayctl probe, and replies of servers */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../milter/ctl_probe_forms.h"
#include "../milter/smtp_reply.h"
#include "tap.h"

static const struct probe_names names = { "u", "outside.test", "mx.example.test",
    "127.0.0.1", "user", "local.test", "relay.test", "x7k2" };

static const struct {
	const char	*text;
	const char	*want;
} texts[] = {
	{ "<$u%$x@[$i]>",	"<u%outside.test@[127.0.0.1]>" },
	{ "<$L@$D>",		"<USER@LOCAL.TEST>" },
	{ "<$l@$c>",		"<user@local.tes>" },
	{ "<$l@$_.$x>",		"<user@local_test.outside.test>" },
	{ "<$u@$n.$x>",		"<u@x7k2.outside.test>" },
	{ "<$l@$r> $h $q $",	"<user@relay.test> mx.example.test $q $" },
	{ "",			"" },
};

#define L500	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789"

#define R(bytes)	bytes, sizeof(bytes) - 1

static const struct {
	const char	*bytes;
	size_t		 len;
	enum smtp_reply_state state;
	int		 code;
	const char	*text;
} replies[] = {
	{ R("250 2.1.5 Ok\r\n"),	SMTP_REPLY_DONE, 250, "2.1.5 Ok" },
	{ R("250 Ok\n"),		SMTP_REPLY_DONE, 250, "Ok" },
	{ R("250\r\n"),			SMTP_REPLY_DONE, 250, "" },
	{ R("250-a\r\n250-b\r\n250 c\r\n"), SMTP_REPLY_DONE, 250, "a\nb\nc" },
	{ R("250-\r\n250 \r\n"),	SMTP_REPLY_DONE, 250, "\n" },
	{ R("550 x\r\n250 y\r\n"),	SMTP_REPLY_DONE, 550, "x" },
	{ R("250-a\r\n550 b\r\n"),	SMTP_REPLY_BAD, 0, NULL },
	{ R("250-a\r\n"),		SMTP_REPLY_MORE, 0, NULL },
	{ R("250 Ok"),			SMTP_REPLY_MORE, 0, NULL },
	{ R(""),			SMTP_REPLY_MORE, 0, NULL },
	{ R("\r\n"),			SMTP_REPLY_BAD, 0, NULL },
	{ R("25\r\n"),			SMTP_REPLY_BAD, 0, NULL },
	{ R("2500 x\r\n"),		SMTP_REPLY_BAD, 0, NULL },
	{ R("150 x\r\n"),		SMTP_REPLY_BAD, 0, NULL },
	{ R("650 x\r\n"),		SMTP_REPLY_BAD, 0, NULL },
	{ R("2\0000 x\r\n"),		SMTP_REPLY_BAD, 0, NULL },
	{ R("HTTP/1.1 400 Bad\r\n"),	SMTP_REPLY_BAD, 0, NULL },
	{ R("\x16\x03\x01\n"),		SMTP_REPLY_BAD, 0, NULL },
	{ R("250 " L500 L500 L500 L500 "\r\n"), SMTP_REPLY_DONE, 250,
	    L500 L500 L500 L500 },
	{ R("250 " L500 L500 L500 L500 L500), SMTP_REPLY_BAD, 0, NULL },
};

/* The same however the bytes come. */
static void
check_reply(size_t row, size_t step)
{
	struct smtp_reply reply;
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t used, at = 0, len = replies[row].len, part;

	smtp_reply_init(&reply);
	while (state == SMTP_REPLY_MORE && at < len) {
		part = len - at < step ? len - at : step;
		/* Of its own, so that a sanitizer sees each byte read beyond. */
		char *copy = malloc(part);
		if (copy == NULL)
			abort();
		memcpy(copy, replies[row].bytes + at, part);
		state = smtp_reply_add(&reply, copy, part, &used);
		free(copy);
		at += used;
	}
	tap_is_int(state, replies[row].state, "reply %zu by %zu", row, step);
	if (state == SMTP_REPLY_DONE) {
		tap_is_int(reply.code, replies[row].code, "  its code");
		tap_is_str(reply.text.data == NULL ? "" : reply.text.data,
		    replies[row].text, "  its text");
	}
	tap_ok((reply.why != NULL) == (state == SMTP_REPLY_BAD), "  why, where it is bad");
	smtp_reply_clear(&reply);
}

static void
check_many_lines(void)
{
	struct smtp_reply reply;
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t used, n = 0;

	smtp_reply_init(&reply);
	for (; state == SMTP_REPLY_MORE && n < 1000; n++)
		state = smtp_reply_add(&reply, "250-x\r\n", 7, &used);
	tap_is_int(state, SMTP_REPLY_BAD, "a reply without an end has one");
	tap_is_int((long long)n, SMTP_REPLY_LINES_MAX + 1, "  at the limit");
	smtp_reply_clear(&reply);
}

static void
check_keywords(void)
{
	static const char text[] = "250-STARTTLS.test hello AUTH PLAIN\r\n250-auth=LOGIN plain\r\n"
	    "250-SIZE\r\n250 starttls\r\n";
	struct smtp_reply reply;
	size_t used;

	smtp_reply_init(&reply);
	(void)smtp_reply_add(&reply, text, sizeof(text) - 1, &used);
	tap_ok(smtp_reply_has_keyword(&reply, "STARTTLS"), "STARTTLS is offered");
	tap_ok(smtp_reply_has_parameter(&reply, "AUTH", "PLAIN"), "AUTH PLAIN");
	tap_ok(smtp_reply_has_parameter(&reply, "AUTH", "LOGIN"), "AUTH=LOGIN");
	tap_ok(!smtp_reply_has_parameter(&reply, "AUTH", "PLA"), "no part of a word");
	tap_ok(!smtp_reply_has_parameter(&reply, "SIZE", "starttls"), "nor of the next line");
	tap_ok(!smtp_reply_has_keyword(&reply, "STARTTLS.test"), "nor of the first");
	smtp_reply_reset(&reply);
	tap_ok(!smtp_reply_has_keyword(&reply, "STARTTLS"), "nothing is left of it");
	smtp_reply_clear(&reply);
}

static void
check_texts(void)
{
	struct probe_names without = names;
	struct buf out;

	without.relay_domain = NULL;
	buf_init(&out);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_reset(&out);
		buf_puts(&out, "");
		probe_text_write(texts[i].text, &names, &out);
		tap_is_str(out.data == NULL ? "" : out.data, texts[i].want, "%s", texts[i].text);
	}
	tap_ok(!probe_text_is_known("<$u@$r>", &without), "no relay domain");
	tap_ok(probe_text_is_known("<$u@$d>", &without), "but a local one");
	buf_clear(&out);
}

static void
check_table(void)
{
	const struct probe_form *a, *b;

	for (a = probe_forms(); a->name != NULL; a++) {
		tap_ok(probe_text_is_known(a->text, &names) && a->known[0] != '\0',
		    "%s: all letters have a name", a->name);
		for (b = a + 1; b->name != NULL; b++)
			if (strcmp(a->name, b->name) == 0 ||
			    (a->lead == b->lead && strcmp(a->text, b->text) == 0))
				tap_ok(0, "%s and %s are not the same", a->name, b->name);
	}
}

int
main(int argc, char **argv)
{
	struct buf out;

	(void)argv;
	if (argc > 1) {		/* LIST */
		buf_init(&out);
		for (const struct probe_form *f = probe_forms(); f->name != NULL; f++) {
			probe_text_write(f->text, &names, &out);
			buf_putc(&out, '\n');
		}
		(void)fputs(out.data, stdout);
		buf_clear(&out);
		return 0;
	}
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		for (size_t step = 1; step < 10000; step = step * 7 + 1)
			check_reply(i, step);
	check_many_lines();
	check_keywords();
	check_texts();
	check_table();
	return tap_done();
}
