/* t/unit/tap.h: the Test Anything Protocol, for tests in C */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_TAP_H
#define AUTHRELAY_TAP_H

/*
 * Each check prints "ok N - name" or "not ok N - name" on standard output at once; what
 * was got and what was wanted go to standard error. For one thread. main() ends with
 * `return tap_done();`: a test that dies before has no plan, and prove takes that for a
 * failure.
 */
void	tap_ok(int ok, const char *name, ...) __attribute__((format(printf, 2, 3)));
/* NULL is a value: it is equal to NULL and to nothing else. */
void	tap_is_str(const char *got, const char *want, const char *name, ...)
	    __attribute__((format(printf, 3, 4)));
void	tap_is_int(long long got, long long want, const char *name, ...)
	    __attribute__((format(printf, 3, 4)));

/* "# ..." on standard output. */
void	tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Instead of n checks that cannot run here; where the variable CI is set they count as
 * failed.
 */
void	tap_skip(int n, const char *why, ...) __attribute__((format(printf, 2, 3)));

/*
 * A new folder below TMPDIR, or /tmp, for the test to remove; ends the test if there is
 * none to be had.
 */
#define TAP_FOLDER_SIZE	256
void	tap_folder(char folder_r[TAP_FOLDER_SIZE]);

/* Prints the plan. Returns the exit status: 0 only if checks ran and all of them held. */
int	tap_done(void);

#endif
