/* milter/probe/password.c: password from a file or the terminal */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "probe/password.h"

#define PASSWORD_MAX	(PASSWORD_SIZE - 1)

/* After these the terminal is as it was. */
static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

#define SIGNALS		(sizeof(signals) / sizeof(signals[0]))

struct terminal {
	int			fd;
	struct termios		modes;
	sigset_t		mask;
	struct sigaction	actions[SIGNALS];
};

static volatile sig_atomic_t caught;

static void
catch(int number)
{
	caught = number;
}

static int
fail(const char **why_r, const char *why)
{
	*why_r = why;
	return -1;
}

void
password_forget(char password[PASSWORD_SIZE])
{
	explicit_bzero(password, PASSWORD_SIZE);
}

/* Makes a line of what was read: `len` bytes, of which room for one more is there. */
static int
take_line(char *password, size_t len, const char **why_r)
{
	const char *end = memchr(password, '\n', len);

	if (end != NULL)
		len = (size_t)(end - password);
	if (len > 0 && password[len - 1] == '\r')
		len--;
	if (len > PASSWORD_MAX)
		return fail(why_r, "the password is too long");
	if (memchr(password, '\0', len) != NULL)
		return fail(why_r, "the password contains a NUL byte");
	password[len] = '\0';
	return len > 0 ? 0 : fail(why_r, "the password is empty");
}

/* Reads until a line ends, the file does, or there is no room. */
static int
read_line(int fd, char *line, size_t size, const char **why_r)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && memchr(line, '\n', len) == NULL) {
		n = read(fd, line + len, size - len);
		if (n == -1 && errno != EINTR)
			return fail(why_r, strerror(errno));
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	return take_line(line, len, why_r);
}

int
password_read(const char *path, char password_r[PASSWORD_SIZE], const char **why_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;
	char line[PASSWORD_SIZE + 2] = "";	/* and a line end */
	struct stat st;

	if (fd == -1)
		return fail(why_r, strerror(errno));
	if (fstat(fd, &st) == -1)
		result = fail(why_r, strerror(errno));
	else if ((st.st_mode & S_IRWXO) != 0)
		result = fail(why_r,
		    "other users have access to this file; chmod o= it first");
	else
		result = read_line(fd, line, sizeof(line), why_r);
	(void)close(fd);
	if (result == 0)
		memcpy(password_r, line, strlen(line) + 1);
	explicit_bzero(line, sizeof(line));
	return result;
}

/* From here on a signal only comes where it is waited for. */
static int
begin(struct terminal *terminal, const char **why_r)
{
	struct sigaction action = { .sa_handler = catch };
	struct termios silent;
	sigset_t mask;

	if (tcgetpgrp(terminal->fd) != getpgrp())
		return fail(why_r, "the terminal is in use by another program");
	if (tcgetattr(terminal->fd, &terminal->modes) == -1)
		return fail(why_r, strerror(errno));
	(void)sigemptyset(&mask);
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&mask, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &mask, &terminal->mask);
	for (size_t i = 0; i < SIGNALS; i++) {
		(void)sigaction(signals[i], NULL, &terminal->actions[i]);
		if (terminal->actions[i].sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
	silent = terminal->modes;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	(void)tcsetattr(terminal->fd, TCSAFLUSH, &silent);
	return 0;
}

static int
say(int fd, const char *text, const char **why_r)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 :
	    fail(why_r, "cannot write to the terminal");
}

static void
end(const struct terminal *terminal)
{
	const char *why;

	(void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->modes);
	(void)say(terminal->fd, "\n", &why);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &terminal->actions[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

/* A terminal gives a line at a time. */
static int
wait_for_line(const struct terminal *terminal, const char **why_r)
{
	struct pollfd ready = { .fd = terminal->fd, .events = POLLIN };

	while (ppoll(&ready, 1, NULL, &terminal->mask) == -1)
		if (errno != EINTR || caught != 0)
			return fail(why_r, "interrupted by a signal");
	return 0;
}

static int
ask_once(struct terminal *terminal, const char *prompt, char *line, size_t size,
    const char **why_r)
{
	int result;

	if (begin(terminal, why_r) == -1)
		return -1;
	result = say(terminal->fd, prompt, why_r);
	if (result == 0 && (result = wait_for_line(terminal, why_r)) == 0)
		result = read_line(terminal->fd, line, size, why_r);
	end(terminal);
	return result;
}

int
password_ask(const char *prompt, char password_r[PASSWORD_SIZE], const char **why_r)
{
	struct terminal terminal = { .fd = open("/dev/tty", O_RDWR | O_CLOEXEC) };
	char line[PASSWORD_SIZE + 2];
	int result;

	if (terminal.fd == -1)
		return fail(why_r, "no terminal to ask at; use --password-file");
	do {
		caught = 0;
		result = ask_once(&terminal, prompt, line, sizeof(line), why_r);
		if (result == -1 && caught != 0)
			(void)raise(caught);
	} while (result == -1 && caught == SIGTSTP);
	(void)close(terminal.fd);
	if (result == 0)
		memcpy(password_r, line, strlen(line) + 1);
	explicit_bzero(line, sizeof(line));
	return result;
}
