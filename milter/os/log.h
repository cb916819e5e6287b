/* milter/os/log.h: operational log */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_LOG_H
#define AUTHRELAY_LOG_H

#define LOG_LINE_MAX	2048	/* bytes; a longer line is cut and ends in three dots */

/*
 * Until log_to_syslog() is called, lines go to standard error, each in one write; then to
 * the system's log, in the order in which they were logged. The logger is the only global
 * state of the program; log_init() is called before there are threads, the others by any
 * of them. Text from outside has to go through encode_word() before it comes here.
 *
 * A log that has no room is waited for, a tenth of a second at most, and not again until
 * it has taken a line. A line that it did not take is lost, and counted: the log says how
 * many, at most once a minute, when it takes lines again. A warning or an error
 * goes to standard error then: somebody reads it as long as the daemon starts.
 */
void	log_init(const char *program);
/* facility: as syslog(3) has it, LOG_MAIL. The first call is before there are threads. */
void	log_to_syslog(int facility);

void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_error(const char *, ...) __attribute__((format(printf, 1, 2)));
/*
 * A record's line, as it is: one write to standard error, or one message to syslog. -1
 * and errno: it was not taken.
 */
int	log_audit(const char *line);
/* Where lines go, for a message that names it: "/dev/log", or "standard error". */
const char	*log_place(void);

/* Logs an error and ends the program with status 1. Only before the filter serves. */
void	fatal(const char *, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
