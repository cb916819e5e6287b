/* t/log_test.c: what the operational log writes, to standard error and to syslog */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "../milter/log.h"
#include "../milter/utf8.h"
#include "tap.h"

#define LONGEST	(2 * LOG_LINE_MAX)

/* Standard error for the time of a call: each write is a message of its own. */
static int	ends[2], real_stderr;

/* What came to syslog(3) last; these stand in for the C library's. */
static int	syslog_facility, syslog_priority, syslog_count;
static char	syslog_text[LONGEST];

void	__syslog_chk(int, int, const char *, ...);

void
openlog(const char *program, int option, int facility)
{
	(void)program;
	(void)option;
	syslog_facility = facility;
}

static void
take(int priority, const char *fmt, va_list ap)
{
	syslog_count++;
	syslog_priority = priority;
	(void)vsnprintf(syslog_text, sizeof(syslog_text), fmt, ap);
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take(priority, fmt, ap);
	va_end(ap);
}

/* What _FORTIFY_SOURCE makes of it. */
void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	take(priority, fmt, ap);
	va_end(ap);
}

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void
begin_capture(void)
{
	must(dup2(ends[1], STDERR_FILENO) != -1, "dup2");
}

/* Returns what the one write since had in it; "" where there was none, or more than one. */
static const char *
end_capture(void)
{
	static char text[LONGEST + 1], more[1];
	ssize_t n = recv(ends[0], text, LONGEST, MSG_DONTWAIT);

	if (recv(ends[0], more, sizeof(more), MSG_DONTWAIT) != -1)
		n = 0;
	must(dup2(real_stderr, STDERR_FILENO) != -1, "dup2");
	text[n > 0 ? n : 0] = '\0';
	return text;
}

typedef void	logger(const char *, ...);

static const struct row {
	const char	*name;
	logger		*log;
	int		 priority;
	const char	*label;
} rows[] = {
	{ "log_info",	log_info,	LOG_INFO,	"" },
	{ "log_warn",	log_warn,	LOG_WARNING,	"warning: " },
	{ "log_error",	log_error,	LOG_ERR,	"error: " },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static void
test_stderr(const struct row *row)
{
	char want[200];

	(void)snprintf(want, sizeof(want), "log-test: %s7 of 100%% %%s\n", row->label);
	begin_capture();
	row->log("%d of 100%% %s", 7, "%s");
	tap_is_str(end_capture(), want, "%s: one line, in one write", row->name);
}

static void
test_audit(void)
{
	begin_capture();
	log_audit("{\"v\":1} 100% %s");
	tap_is_str(end_capture(), "{\"v\":1} 100% %s\n", "log_audit: the line as it is");
}

/* A text of at least so many bytes: some x, and the character again and again. */
static char *
text_of(const char *character, size_t lead, size_t len)
{
	size_t width = strlen(character), n = lead;
	char *text = calloc(1, len + width + 1);

	must(text != NULL, "calloc");
	memset(text, 'x', lead);
	for (; n < len; n += width)
		memcpy(text + n, character, width);
	return text;
}

static void
test_cut(const char *character, size_t lead)
{
	char *text = text_of(character, lead, LOG_LINE_MAX + 100);

	begin_capture();
	log_warn("%s", text);
	const char *line = end_capture();
	size_t len = strlen(line);
	tap_ok(len > LOG_LINE_MAX - 4 && len <= LOG_LINE_MAX + 1,
	    "%s behind %zu bytes: cut to %zu", character, lead, len);
	tap_ok(len > 4 && strcmp(line + len - 4, "...\n") == 0, "  and marked");
	tap_ok(utf8_span(line, len) == len, "  not inside a character");
	free(text);
}

/* The longest line that is whole, and one byte more. */
static void
test_limit(void)
{
	static const size_t label = sizeof("log-test: ") - 1;

	for (size_t more = 0; more <= 1; more++) {
		size_t len = LOG_LINE_MAX - label + more;
		char *text = text_of("y", 0, len);
		begin_capture();
		log_info("%s", text);
		const char *line = end_capture();
		tap_is_int((long long)strlen(line), LOG_LINE_MAX + 1, "%zu bytes: all there is room for",
		    label + len);
		tap_is_int(strstr(line, "...") != NULL, (int)more, "  %s",
		    more == 0 ? "whole" : "cut");
		free(text);
	}
}

static void
test_fatal(void)
{
	int status = 0;

	begin_capture();
	pid_t pid = fork();
	if (pid == 0)
		fatal("no %s", "more");
	must(pid != -1 && waitpid(pid, &status, 0) == pid, "fork");
	tap_is_str(end_capture(), "log-test: error: no more\n", "fatal: an error");
	tap_is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1, "fatal: exit 1");
}

static void
test_syslog(const struct row *row)
{
	char want[200];
	int before = syslog_count;

	(void)snprintf(want, sizeof(want), "%s7 of 100%% %%s", row->label);
	begin_capture();
	row->log("%d of 100%% %s", 7, "%s");
	tap_is_str(end_capture(), "", "%s to syslog: nothing on standard error", row->name);
	tap_is_str(syslog_text, want, "%s to syslog: the text, without the program", row->name);
	tap_is_int(syslog_priority, row->priority, "%s to syslog: its priority", row->name);
	tap_is_int(syslog_count - before, 1, "%s to syslog: once", row->name);
}

static void
test_syslog_rest(void)
{
	char *text = text_of("\xc3\xbc", 0, LOG_LINE_MAX + 2);

	tap_is_int(syslog_facility, LOG_LOCAL3, "syslog: the facility");
	log_audit("100% %s");
	tap_is_str(syslog_text, "100% %s", "log_audit to syslog: the line as it is");
	tap_is_int(syslog_priority, LOG_INFO, "log_audit to syslog: its priority");
	log_info("%s", text);
	size_t len = strlen(syslog_text);
	tap_ok(len <= LOG_LINE_MAX && strcmp(syslog_text + len - 3, "...") == 0 &&
	    utf8_span(syslog_text, len) == len, "syslog: a long line is cut, and marked");
	free(text);
	log_to_syslog(LOG_MAIL);
	tap_is_int(syslog_facility, LOG_MAIL, "syslog: another facility");
}

int
main(void)
{
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0, "socketpair");
	must((real_stderr = dup(STDERR_FILENO)) != -1, "dup");
	log_init("log-test");
	for (size_t i = 0; i < ROWS; i++)
		test_stderr(&rows[i]);
	test_audit();
	for (size_t lead = 0; lead < 4; lead++) {
		test_cut("z", lead);
		test_cut("\xc3\xbc", lead);
		test_cut("\xe2\x82\xac", lead);
		test_cut("\xf0\x9f\x98\x80", lead);
	}
	test_limit();
	test_fatal();
	log_to_syslog(LOG_LOCAL3);
	for (size_t i = 0; i < ROWS; i++)
		test_syslog(&rows[i]);
	test_syslog_rest();
	return tap_done();
}
