/* milter/os/log.c: operational log, on standard error or syslog */
/* SPDX-License-Identifier: ISC */

#include <sys/uio.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/syslog_socket.h"

#define HEADER_MAX	128	/* bytes, of a message to syslog */
#define WAIT_MS		100	/* for a log that has no room */
#define NOTE_MS		60000	/* between two messages about lost lines */

static struct {
	/* Both are set before there are threads. */
	const char		*program;
	int			 to_syslog;
	/*
	 * Guards what follows, and that lines stay in their order. What is done under it
	 * does not wait.
	 */
	pthread_mutex_t		 lock;
	int			 facility;
	struct syslog_socket	 socket;
	int			 is_stuck;	/* it was waited for in vain */
	uint64_t		 lost;		/* lines, since it was last said */
	int			 error;		/* of the last of them */
	int64_t			 next_note_ms;	/* monotonic; nothing is said before */
} logger = {
	.program = "authrelay",
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.socket = { .fd = -1 }
};

/* How many lines were lost, and why, if it is to be said now; else the count is 0. */
struct loss {
	uint64_t	count;
	int		error;
};

void
log_init(const char *program)
{
	logger.program = program;
}

void
log_to_syslog(int facility)
{
	/* libmilter has its own messages, by syslog(3) */
	openlog(logger.program, LOG_PID | LOG_NDELAY, facility);
	(void)pthread_mutex_lock(&logger.lock);
	logger.facility = facility;
	(void)pthread_mutex_unlock(&logger.lock);
	if (!logger.to_syslog)	/* others read it once there are threads */
		logger.to_syslog = 1;
}

const char *
log_place(void)
{
	return logger.to_syslog ? _PATH_LOG : "standard error";
}

/* One write, so that a line is whole; where it is cut short, the rest comes after it. */
static int
write_stderr(const char *start, const char *line)
{
	struct iovec	parts[] = {
		{ (void *)(uintptr_t)start, strlen(start) },
		{ (void *)(uintptr_t)line, strlen(line) },
		{ (void *)(uintptr_t)"\n", 1 },
	};
	size_t		first = 0;
	ssize_t		n;

	while (first < 3) {
		n = writev(STDERR_FILENO, parts + first, (int)(3 - first));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		for (; first < 3 && (size_t)n >= parts[first].iov_len; first++)
			n -= (ssize_t)parts[first].iov_len;
		if (first < 3) {
			parts[first].iov_base = (char *)parts[first].iov_base + n;
			parts[first].iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* A write to a pipe or a socket that nobody reads from would wait. */
static int
put_to_stderr(const char *start, const char *line)
{
	struct pollfd	room = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write_stderr(start, line);
}

/* "<22>Nov 24 06:34:42 authrelay-milter[4711]: ", as syslog(3) writes it. */
static void
format_header(char header[HEADER_MAX], int priority)
{
	static const char	months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t			now = time(NULL);
	struct tm		tm = { .tm_mday = 1 };

	(void)localtime_r(&now, &tm);
	(void)snprintf(header, HEADER_MAX, "<%d>%s %2d %02d:%02d:%02d %.64s[%ld]: ",
	    logger.facility | priority, months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, logger.program, (long)getpid());
}

/* Under the lock. Does not wait. */
static int
put_now(int priority, const char *line)
{
	char	header[HEADER_MAX];

	if (!logger.to_syslog)
		return put_to_stderr("", line);
	format_header(header, priority);
	return syslog_socket_send(&logger.socket, header, line);
}

static int
has_no_room(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

/* Under the lock, which is let go for the time. */
static void
wait_for_room(void)
{
	struct pollfd	room = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (logger.to_syslog)
		room.fd = logger.socket.fd;
	(void)pthread_mutex_unlock(&logger.lock);
	(void)poll(&room, 1, WAIT_MS);
	(void)pthread_mutex_lock(&logger.lock);
}

/* Under the lock. */
static void
account(int result, int error, struct loss *loss)
{
	int64_t	now_ms;

	*loss = (struct loss){ 0, 0 };
	if (result == -1) {
		logger.lost++;
		logger.error = error;
		return;
	}
	if (logger.lost == 0)
		return;
	now_ms = clock_monotonic_ms();
	if (now_ms < logger.next_note_ms)
		return;
	*loss = (struct loss){ logger.lost, logger.error };
	logger.lost = 0;
	logger.next_note_ms = now_ms + NOTE_MS;
}

static int
put_line(int priority, const char *line, struct loss *loss)
{
	int	result, error;

	(void)pthread_mutex_lock(&logger.lock);
	result = put_now(priority, line);
	if (result == -1 && has_no_room(errno) && !logger.is_stuck) {
		wait_for_room();
		result = put_now(priority, line);
	}
	error = errno;
	logger.is_stuck = result == -1 && has_no_room(error);
	account(result, error, loss);
	(void)pthread_mutex_unlock(&logger.lock);
	errno = error;
	return result;
}

static int
put(int priority, const char *line)
{
	struct loss	loss;
	int		result = put_line(priority, line, &loss), error = errno;

	if (loss.count != 0)
		log_warn("%s did not take all lines: %s; lines lost: %" PRIu64,
		    log_place(), strerror(loss.error), loss.count);
	errno = error;
	return result;
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

/* What the system's log did not take; in the background this leads nowhere. */
static void
show(const char *line)
{
	char	start[HEADER_MAX];

	(void)snprintf(start, sizeof start, "%.64s: ", logger.program);
	(void)put_to_stderr(start, line);
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
	if (put(priority, line) == -1 && logger.to_syslog && priority <= LOG_WARNING)
		show(line);
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

int
log_audit(const char *line)
{
	return put(LOG_INFO, line);
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
