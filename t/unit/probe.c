/* t/unit/probe.c: the forms of authrelayctl probe, and replies of servers */
/* SPDX-License-Identifier: ISC */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "os/ownaddr.h"
#include "os/progress.h"
#include "probe/probe_forms.h"
#include "probe/probe_message.h"
#include "probe/password.h"
#include "probe/smtp_reply.h"
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

static void
check_message(void)
{
	struct probe_message message = { .target = "mx.example.test", .form = "third party",
	    .number = 17, .sender = "<>", .rcpt = "<\xc3\xbc\r\n.\r\n@outside.test>",
	    .unique = "probe1", .now = 951782400 };
	char *long_text = calloc(1, 2000);
	struct buf out;

	buf_init(&out);
	probe_message_write(&message, &out);
	tap_is_str(out.data, "Date: Tue, 29 Feb 2000 00:00:00 +0000\r\n"
	    "Message-ID: <probe1.17@probe.invalid>\r\n"
	    "From: authrelay relay test <relaytest@probe.invalid>\r\n"
	    "To: undisclosed-recipients:;\r\n"
	    "Subject: authrelay relay test 17: third party\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Authrelay-Test: 17\r\n\r\n"
	    "This is a test message of `authrelayctl probe --data`; it can be deleted."
	    "\r\nThe mail server below accepted it from this sender for this recipient."
	    "\r\n\r\n"
	    "server:    mx.example.test\r\ntest:      17, third party\r\nsender:    <>\r\n"
	    "recipient: <\\xc3\\xbc\\x0d\\x0a.\\x0d\\x0a@outside.test>\r\n.",
	    "a message, and nothing ends it early");
	buf_reset(&out);
	message.rcpt = memset(long_text, 'x', 1999);
	probe_message_write(&message, &out);
	tap_ok(out.len < 1400 && strstr(out.data, "xxx...\r\n.") != NULL, "a line has an end");
	buf_clear(&out);
	free(long_text);
}

static void
check_near(void)
{
	static const struct {
		const char	*text;
		int		 is_near;
	} rows[] = {
		{ "127.0.0.1", 1 }, { "127.255.255.255", 1 }, { "126.255.255.255", 0 },
		{ "128.0.0.0", 0 }, { "10.0.0.0", 1 }, { "11.0.0.0", 0 }, { "9.255.255.255", 0 },
		{ "172.16.0.0", 1 }, { "172.31.255.255", 1 }, { "172.32.0.0", 0 },
		{ "172.15.255.255", 0 }, { "192.168.0.1", 1 }, { "192.167.0.1", 0 },
		{ "192.169.0.0", 0 }, { "169.254.1.1", 1 }, { "169.253.1.1", 0 },
		{ "100.64.0.1", 1 }, { "100.128.0.1", 0 }, { "0.0.0.0", 0 }, { "224.0.0.1", 0 },
		{ "255.255.255.255", 0 }, { "192.0.2.1", 0 }, { "::1", 1 }, { "::2", 0 },
		{ "::", 0 }, { "fe80::1", 1 }, { "febf::1", 1 }, { "fec0::1", 1 }, { "ff02::1", 0 },
		{ "fc00::1", 1 }, { "fdff::1", 1 }, { "fbff::1", 0 }, { "2001:db8::1", 0 },
		{ "::ffff:127.0.0.1", 1 }, { "::ffff:192.0.2.1", 0 }, { "::127.0.0.1", 0 },
	};
	struct netaddr addr = { .family = NETADDR_NONE };

	tap_ok(!ownaddr_is_near(&addr), "no address is not near");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (netaddr_parse(rows[i].text, strlen(rows[i].text), &addr) == -1)
			abort();
		tap_is_int(ownaddr_is_near(&addr), rows[i].is_near, "near: %s", rows[i].text);
	}
}

/* A child with a terminal of its own; we are its user. */
struct terminal {
	pid_t	pid;
	int	user;		/* where we type and look */
	int	result;		/* what the child has to say */
	char	seen[4096];
	size_t	len;
};

static void
ask_for_password(int result)
{
	char password[PASSWORD_SIZE], line[PASSWORD_SIZE + 100];
	const char *why = "";
	int code = password_ask("Password: ", password, &why);

	(void)snprintf(line, sizeof(line), "%d %s", code, code == 0 ? password : why);
	(void)!write(result, line, strlen(line));
}

static void
show_progress(int result)
{
	struct progress progress;

	progress_init(&progress);
	progress_show(&progress, 5, 10, "%d of %d", 5, 10);
	(void)fputs("|", stderr);
	progress_hide(&progress);
	progress_hide(&progress);
	(void)fputs("|", stderr);
	progress_show(&progress, 11, 10, "%d of %d", 11, 10);
	(void)!write(result, progress.is_seen ? "seen" : "not", progress.is_seen ? 4 : 3);
}

static int
terminal_start(struct terminal *terminal, void (*child)(int))
{
	int pipes[2], slave;

	memset(terminal, 0, sizeof(*terminal));
	terminal->user = posix_openpt(O_RDWR | O_NOCTTY);
	if (terminal->user == -1 || grantpt(terminal->user) == -1 ||
	    unlockpt(terminal->user) == -1 || pipe(pipes) == -1)
		return -1;
	terminal->result = pipes[0];
	slave = open(ptsname(terminal->user), O_RDWR | O_NOCTTY);
	if (slave == -1 || (terminal->pid = fork()) == -1)
		return -1;
	if (terminal->pid == 0) {
		(void)close(terminal->user);
		if (setsid() == -1 || ioctl(slave, TIOCSCTTY, 0) == -1)
			_exit(99);
		(void)dup2(slave, STDERR_FILENO);
		child(pipes[1]);
		_exit(0);
	}
	(void)close(pipes[1]);
	(void)close(slave);
	return 0;
}

static int
is_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 20000) == 1;
}

/* Waits until the terminal shows a text, after the last one waited for. */
static int
terminal_shows(struct terminal *terminal, const char *text)
{
	char *found;
	ssize_t n;

	while ((found = memmem(terminal->seen, terminal->len, text, strlen(text))) == NULL) {
		if (terminal->len == sizeof(terminal->seen) ||
		    !is_readable(terminal->user))
			return 0;
		n = read(terminal->user, terminal->seen + terminal->len,
		    sizeof(terminal->seen) - terminal->len);
		if (n <= 0)
			return 0;
		terminal->len += (size_t)n;
	}
	found += strlen(text);
	terminal->len -= (size_t)(found - terminal->seen);
	memmove(terminal->seen, found, terminal->len);
	return 1;
}

static int
has_echo(const struct terminal *terminal)
{
	struct termios modes;

	return tcgetattr(terminal->user, &modes) == 0 && (modes.c_lflag & ECHO) != 0;
}

/* Returns the status; result_r gets what the child had to say. */
static int
terminal_end(struct terminal *terminal, char *result_r, size_t size)
{
	ssize_t n = 0;
	int status = -1;

	if (!is_readable(terminal->result))
		(void)kill(terminal->pid, SIGKILL);
	else
		n = read(terminal->result, result_r, size - 1);
	result_r[n > 0 ? n : 0] = '\0';
	(void)waitpid(terminal->pid, &status, 0);
	(void)close(terminal->user);
	(void)close(terminal->result);
	return status;
}

static void
check_password_at_terminal(void)
{
	struct terminal terminal;
	char result[PASSWORD_SIZE + 100];
	int status;

	if (terminal_start(&terminal, ask_for_password) == -1) {
		tap_skip(5, "there is no terminal to be had");
		return;
	}
	tap_ok(terminal_shows(&terminal, "Password: "), "it is asked for");
	tap_ok(!has_echo(&terminal), "  without echo");
	(void)!write(terminal.user, "open sesame\n", 12);
	tap_ok(terminal_shows(&terminal, "\n") && memmem(terminal.seen, terminal.len, "sesame", 6)
	    == NULL, "  and not shown");
	tap_ok(has_echo(&terminal), "  the echo is back");
	status = terminal_end(&terminal, result, sizeof(result));
	tap_is_str(result, "0 open sesame", "  the password (%d)", status);
}

static void
check_signal_at_terminal(int number)
{
	struct terminal terminal;
	char result[PASSWORD_SIZE + 100];
	int status = 0;

	if (terminal_start(&terminal, ask_for_password) == -1) {
		tap_skip(3, "there is no terminal to be had");
		return;
	}
	tap_ok(terminal_shows(&terminal, "Password: ") && !has_echo(&terminal),
	    "asked for, and signal %d comes", number);
	(void)kill(terminal.pid, number);
	if (number == SIGTSTP) {
		/* Without a shell that could continue it, it does not stop at all. */
		tap_ok(terminal_shows(&terminal, "\n"), "  it leaves the terminal");
		tap_ok(terminal_shows(&terminal, "Password: "), "  it asks again");
		(void)!write(terminal.user, "x\n", 2);
		(void)terminal_end(&terminal, result, sizeof(result));
		tap_is_str(result, "0 x", "  and takes it");
		return;
	}
	tap_ok(terminal_shows(&terminal, "\n") && has_echo(&terminal), "  the echo is back");
	status = terminal_end(&terminal, result, sizeof(result));
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == number, "  it ends by it");
}

static void
check_progress(void)
{
	struct terminal terminal;
	struct progress progress;
	char result[100];
	FILE *was = stderr, *file = tmpfile();

	if (terminal_start(&terminal, show_progress) == -1) {
		tap_skip(4, "there is no terminal to be had");
	} else {
		tap_ok(terminal_shows(&terminal,
		    "\r\033[K[###############               ]  50 %  5 of 10|"), "a bar at a terminal");
		tap_ok(terminal_shows(&terminal, "\r\033[K|"), "  it goes away, once");
		tap_ok(terminal_shows(&terminal,
		    "\r\033[K[##############################] 100 %  11 of 10"), "  it has an end");
		(void)terminal_end(&terminal, result, sizeof(result));
		tap_is_str(result, "seen", "  somebody sees it");
	}
	if (file == NULL)
		abort();
	progress = (struct progress){ .is_seen = 0 };
	stderr = file;
	progress_show(&progress, 5, 10, "%d of %d", 5, 10);
	progress_hide(&progress);
	stderr = was;
	tap_is_int(ftell(file), 0, "no bar where nobody sees it");
	(void)fclose(file);
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
	check_message();
	check_near();
	check_password_at_terminal();
	check_signal_at_terminal(SIGINT);
	check_signal_at_terminal(SIGTERM);
	check_signal_at_terminal(SIGTSTP);
	check_progress();
	return tap_done();
}
