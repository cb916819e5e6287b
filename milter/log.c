/* milter/log.c: the operational log, on standard error or syslog */
/* SPDX-License-Identifier: ISC */

#include <sys/uio.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"

/* Set before there are threads, and only read by them. */
static struct {
	const char	*program;
	int		 to_syslog;
} logger = { "authrelay", 0 };

void
log_init(const char *program)
{
	logger.program = program;
}

void
log_to_syslog(int facility)
{
	openlog(logger.program, LOG_PID | LOG_NDELAY, facility);
	if (!logger.to_syslog)	/* others read it once there are threads */
		logger.to_syslog = 1;
}

static void
put(int priority, const char *line)
{
	if (logger.to_syslog) {
		syslog(priority, "%s", line);
		return;
	}

	struct iovec	part[] = {
		{ (void *)(uintptr_t)line, strlen(line) },
		{ (void *)(uintptr_t)"\n", 1 },
	};

	while (writev(STDERR_FILENO, part, 2) == -1 && errno == EINTR)
		continue;
}

/* Ends a line that was too long in three dots, not inside a character. */
static void
mark_cut(char line[LOG_LINE_MAX + 1])
{
	size_t	end = LOG_LINE_MAX - 3;

	while (end > 0 && (line[end] & 0xc0) == 0x80)
		end--;
	memcpy(line + end, "...", 4);
}

static void
put_text(int priority, const char *label, const char *format, va_list ap)
{
	char	line[LOG_LINE_MAX + 1];
	int	used, more;

	used = logger.to_syslog ? snprintf(line, sizeof line, "%s", label) :
	    snprintf(line, sizeof line, "%s: %s", logger.program, label);
	if (used < 0 || used > LOG_LINE_MAX / 2)
		used = 0;
	more = vsnprintf(line + used, sizeof line - (size_t)used, format, ap);
	if (more < 0)
		return;
	if (more > LOG_LINE_MAX - used)
		mark_cut(line);
	put(priority, line);
}

void
log_info(const char *format, ...)
{
	va_list	ap;

	va_start(ap, format);
	put_text(LOG_INFO, "", format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list	ap;

	va_start(ap, format);
	put_text(LOG_WARNING, "warning: ", format, ap);
	va_end(ap);
}

void
log_error(const char *format, ...)
{
	va_list	ap;

	va_start(ap, format);
	put_text(LOG_ERR, "error: ", format, ap);
	va_end(ap);
}

void
log_audit(const char *line)
{
	put(LOG_INFO, line);
}

void
fatal(const char *format, ...)
{
	va_list	ap;

	va_start(ap, format);
	put_text(LOG_ERR, "error: ", format, ap);
	va_end(ap);
	exit(1);
}
