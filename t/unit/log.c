/* t/unit/log.c: what the operational log writes, to standard error and to syslog */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "core/utf8.h"
#include "os/log.h"
#include "tap.h"

#define LONGEST	(2 * LOG_LINE_MAX)
#define LONGEST_SECONDS	120	/* then the test is stuck */
#define HANGING_LINES	5000	/* that would take longer if each were waited for */

/* Standard error for the time of a call: each write is a message of its own. */
static int	ends[2], real_stderr;

/* What a syslog daemon would listen to, at a path of ours; -1: there is none. */
static int			log_socket = -1;
static struct sockaddr_un	log_addr = { .sun_family = AF_UNIX };

/* The priority, with the facility in it, of the last message that came there. */
static int	syslog_priority;

/* Stands in for the C library's. */
int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)addr;

	if (addr->sa_family != AF_UNIX || strcmp(un->sun_path, _PATH_LOG) != 0)
		return (int)syscall(SYS_connect, fd, addr, len);
	return (int)syscall(SYS_connect, fd, &log_addr, sizeof(log_addr));
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
	tap_is_int(log_audit("{\"v\":1} 100% %s"), 0, "log_audit: done");
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

/* Begins to listen, as a syslog daemon that was started. */
static void
open_log(int type)
{
	log_socket = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
	must(log_socket != -1 && bind(log_socket, (const struct sockaddr *)&log_addr,
	    sizeof(log_addr)) == 0, log_addr.sun_path);
	must(type == SOCK_DGRAM || listen(log_socket, 1) == 0, "listen");
}

static void
close_log(void)
{
	(void)close(log_socket);
	(void)unlink(log_addr.sun_path);
	log_socket = -1;
}

/* "<PRI>Mmm dd hh:mm:ss log-test[pid]: " is taken away; "" where it is not that. */
static const char *
without_header(const char *message)
{
	char tag[64], month[4];
	int priority, day, hour, minute, second, at = 0;
	long pid;

	if (sscanf(message, "<%d>%3[A-Za-z] %2d %2d:%2d:%2d log-test[%ld]: %n", &priority, month, &day,
	    &hour, &minute, &second, &pid, &at) != 7 || at == 0 || pid != (long)getpid())
		return "";
	syslog_priority = priority;
	(void)snprintf(tag, sizeof(tag), "<%d>%s %2d %02d:%02d:%02d log-test[%ld]: ", priority, month,
	    day, hour, minute, second, pid);
	return strncmp(message, tag, strlen(tag)) == 0 ? message + at : "";
}

/* Returns the text of the next message; "" where there is none. */
static const char *
heard(void)
{
	static char text[LONGEST + 200];
	ssize_t n = recv(log_socket, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return without_header(text);
}

static void
test_syslog(const struct row *row)
{
	char want[200];

	(void)snprintf(want, sizeof(want), "%s7 of 100%% %%s", row->label);
	begin_capture();
	row->log("%d of 100%% %s", 7, "%s");
	tap_is_str(end_capture(), "", "%s to syslog: nothing on standard error", row->name);
	tap_is_str(heard(), want, "%s to syslog: the text, behind the header of syslog(3)", row->name);
	tap_is_int(syslog_priority, LOG_LOCAL3 | row->priority, "%s to syslog: its priority, and the facility",
	    row->name);
	tap_is_str(heard(), "", "%s to syslog: once", row->name);
}

static void
test_syslog_rest(void)
{
	char *text = text_of("\xc3\xbc", 0, LOG_LINE_MAX + 2);
	const char *line;

	tap_is_int(log_audit("100% %s"), 0, "log_audit to syslog: taken");
	tap_is_str(heard(), "100% %s", "log_audit to syslog: the line as it is");
	tap_is_int(syslog_priority, LOG_LOCAL3 | LOG_INFO, "log_audit to syslog: its priority");
	log_info("%s", text);
	line = heard();
	size_t len = strlen(line);
	tap_ok(len > 3 && len <= LOG_LINE_MAX && strcmp(line + len - 3, "...") == 0 &&
	    utf8_span(line, len) == len, "syslog: a long line is cut, and marked");
	free(text);
	log_to_syslog(LOG_MAIL);
	log_audit("x");
	(void)heard();
	tap_is_int(syslog_priority, LOG_MAIL | LOG_INFO, "syslog: another facility");
}

/* A record that nobody took is a failure; a daemon that was started again is found. */
static void
test_syslog_gone(void)
{
	const char *text;

	close_log();
	begin_capture();
	tap_is_int(log_audit("lost 1"), -1, "no syslog daemon any more: a failure");
	tap_is_int(log_audit("lost 2"), -1, "again");
	tap_is_int(errno, ENOENT, "and why");
	tap_is_str(end_capture(), "", "records do not go to standard error");
	begin_capture();
	log_info("lost 3");
	tap_is_str(end_capture(), "", "nor does information");
	begin_capture();
	log_error("lost 4");
	tap_is_str(end_capture(), "log-test: error: lost 4\n", "but an error does");
	open_log(SOCK_DGRAM);
	tap_is_int(log_audit("taken"), 0, "one that was started is found");
	tap_is_str(heard(), "taken", "and has the line");
	text = heard();
	tap_is_str(text, "warning: " _PATH_LOG " did not take all lines: No such file or directory; "
	    "lines lost: 4", "and hears how many were lost");
	close_log();
	open_log(SOCK_DGRAM);
	tap_is_int(log_audit("taken"), 0, "restarted between two lines: none is lost");
	tap_is_str(heard(), "taken", "and it has the line");
}

/* The queue of a datagram socket takes some lines; then nobody waits for more than once. */
static void
test_syslog_stuck(void)
{
	int taken = 0, heard_all = 0, failed = 0;

	while (taken < 100000 && log_audit("line") == 0)
		taken++;
	tap_ok(taken > 0 && taken < 100000, "a syslog daemon that hangs: a failure after %d lines", taken);
	tap_ok(errno == EAGAIN || errno == ENOBUFS, "because there is no room");
	for (int i = 0; i < HANGING_LINES; i++)
		failed += log_audit("lost") == -1;
	tap_is_int(failed, HANGING_LINES, "and more fail, and do not wait a tenth of a second each");
	while (strcmp(heard(), "line") == 0)
		heard_all++;
	tap_is_int(heard_all, taken, "it has all that were said to be taken");
	tap_is_int(log_audit("taken"), 0, "where it reads again, lines are taken");
}

static void
test_syslog_stream(void)
{
	char text[200] = "";
	size_t len = 0;
	ssize_t n;
	int peer;

	close_log();
	open_log(SOCK_STREAM);
	tap_is_int(log_audit("one") | log_audit("two"), 0, "a stream: taken");
	must((peer = accept(log_socket, NULL, NULL)) != -1, "accept");
	while (len < sizeof(text) - 1 && (n = recv(peer, text + len, sizeof(text) - 1 - len,
	    MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	tap_is_str(without_header(text), "one", "a message");
	tap_is_str(without_header(text + strlen(text) + 1), "two", "a NUL, and the next");
	(void)close(peer);
	tap_is_int(log_audit("three"), 0, "a connection that was closed is made again");
	must((peer = accept(log_socket, NULL, NULL)) != -1, "accept");
	n = recv(peer, text, sizeof(text) - 1, MSG_DONTWAIT);
	tap_is_str(without_header(n > 0 ? text : ""), "three", "with the line");
	(void)close(peer);
	close_log();
}

/* In a process of its own: standard error is a pipe that nobody reads from, and then none. */
static int
fill_stderr(void)
{
	int pipe_fds[2], taken = 0;

	must(pipe(pipe_fds) == 0 && dup2(pipe_fds[1], STDERR_FILENO) != -1, "pipe");
	while (taken < 100000 && log_audit("a line") == 0)
		taken++;
	for (int i = 0; i < HANGING_LINES; i++)
		if (log_audit("lost") == 0)
			return 1;
	if (taken == 0 || taken == 100000)
		return 2;
	(void)close(pipe_fds[0]);
	return log_audit("a line") == -1 ? 0 : 3;
}

static void
test_stderr_stuck(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(LONGEST_SECONDS);
		_exit(fill_stderr());
	}
	must(pid != -1 && waitpid(pid, &status, 0) == pid, "fork");
	tap_is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0,
	    "standard error that nobody reads, or that was closed: a failure, and no wait for ever");
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE];

	(void)alarm(LONGEST_SECONDS);
	tap_folder(folder);
	must(strlen(folder) + sizeof("/log") <= sizeof(log_addr.sun_path), folder);
	(void)strcat(strcpy(log_addr.sun_path, folder), "/log");
	must(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signal");
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
	test_stderr_stuck();
	open_log(SOCK_DGRAM);
	log_to_syslog(LOG_LOCAL3);
	for (size_t i = 0; i < ROWS; i++)
		test_syslog(&rows[i]);
	test_syslog_rest();
	test_syslog_gone();
	test_syslog_stuck();
	test_syslog_stream();
	(void)rmdir(folder);
	return tap_done();
}
