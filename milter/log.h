/* milter/log.h: the operational log */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_LOG_H
#define AUTHRELAY_LOG_H

#define LOG_LINE_MAX	2048	/* bytes; a longer line is cut and ends in three dots */

/*
 * Until log_to_syslog() is called, lines go to standard error, each in one write.
 * The logger is the only global state of the program; log_init() and log_to_syslog()
 * are called before there are threads, the others by any of them. Text from outside
 * has to go through encode_word() before it comes here.
 */
void	log_init(const char *program);
/* facility: LOG_MAIL and so on, of syslog(3). */
void	log_to_syslog(int facility);

void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_error(const char *, ...) __attribute__((format(printf, 1, 2)));
/* A record's line, as it is: one write to standard error, or one message to syslog. */
void	log_audit(const char *line);

/* Logs an error and ends the program with status 1. Only before the filter serves. */
void	fatal(const char *, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
