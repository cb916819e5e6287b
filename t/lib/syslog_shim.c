/* t/lib/syslog_shim.c: preloaded, writes what a program says to syslog(3) into a file */
/* SPDX-License-Identifier: ISC */

/*
 * Each message is one line of the file that SYSLOG_SHIM_FILE names: "<priority> text", the priority
 * in decimal with the facility in it, as in RFC 3164. A line end inside a message is written as \n,
 * so that a test sees it. Into a program with AddressSanitizer it is preloaded with
 * ASAN_OPTIONS=verify_asan_link_order=0.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

void	__syslog_chk(int, int, const char *, ...);
void	__vsyslog_chk(int, int, const char *, va_list);

static int	default_facility = LOG_USER;

static void
write_line(int priority, const char *text)
{
	const char	*file = getenv("SYSLOG_SHIM_FILE");
	char		*line;
	size_t		 len;
	int		 fd;

	if (file == NULL || (line = malloc(2 * strlen(text) + 32)) == NULL)
		return;
	len = (size_t)snprintf(line, 32, "<%d> ", priority);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			line[len++] = '\\';
		line[len++] = *text == '\n' ? 'n' : *text;
	}
	line[len++] = '\n';
	if ((fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) != -1) {
		if (write(fd, line, len) != (ssize_t)len)
			abort();
		close(fd);
	}
	free(line);
}

static void
take_message(int priority, const char *fmt, va_list ap)
{
	int	 saved_errno = errno;
	char	*text;

	if ((priority & LOG_FACMASK) == 0)
		priority |= default_facility;
	if (vasprintf(&text, fmt, ap) != -1) {	/* %m is the C library's own */
		write_line(priority, text);
		free(text);
	}
	errno = saved_errno;
}

void
openlog(const char *ident, int option, int facility)
{
	(void)ident;
	(void)option;
	if (facility != 0)
		default_facility = facility;
}

void
closelog(void)
{
}

void
vsyslog(int priority, const char *fmt, va_list ap)
{
	take_message(priority, fmt, ap);
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	take_message(priority, fmt, ap);
	va_end(ap);
}

/* What _FORTIFY_SOURCE makes of the two. */
void
__vsyslog_chk(int priority, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	take_message(priority, fmt, ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list	ap;

	(void)flag;
	va_start(ap, fmt);
	take_message(priority, fmt, ap);
	va_end(ap);
}
