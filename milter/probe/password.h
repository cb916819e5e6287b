/* milter/probe/password.h: password from a file or the terminal */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PASSWORD_H
#define AUTHRELAY_PASSWORD_H

#define PASSWORD_SIZE	513	/* with a NUL */

/*
 * Both return 0, or -1 and why, a constant text. A password is not empty, and has
 * neither a line end nor a NUL in it. It is the caller's to forget.
 */

/* The first line of a file, which users other than owner and group must not reach. */
int	password_read(const char *path, char password_r[PASSWORD_SIZE],
	    const char **why_r);
/*
 * Asks at the terminal of the process, without echo. A signal that ends or stops the
 * process does so after the echo is back; continued, it asks again.
 */
int	password_ask(const char *prompt, char password_r[PASSWORD_SIZE],
	    const char **why_r);
void	password_forget(char password[PASSWORD_SIZE]);

#endif
