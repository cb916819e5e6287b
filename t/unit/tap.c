/* t/unit/tap.c: the Test Anything Protocol, for tests in C */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int	tap_count;
static int	tap_failed;

/* A line end would break the protocol; what cannot be seen cannot be compared. */
static void
put_escaped(FILE *fp, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n')
			fputs("\\n", fp);
		else if (c < 0x20 || c == 0x7f)
			fprintf(fp, "\\x%02x", c);
		else
			putc(c, fp);
	}
}

/* A bare # opens a directive, and "# TODO" would turn a failure into none. */
static void
put_name(const char *s)
{
	for (; *s != '\0'; s++) {
		char one[2] = { *s, '\0' };

		if (*s == '#' || *s == '\\')
			putchar('\\');
		put_escaped(stdout, one);
	}
}

static char *
text_of(const char *fmt, va_list ap)
{
	char	*text;

	if (vasprintf(&text, fmt, ap) == -1) {
		fputs("Bail out! no memory\n", stdout);
		exit(1);
	}
	return text;
}

static void
report(int ok, const char *fmt, va_list ap)
{
	char	*name = text_of(fmt, ap);

	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	put_name(name);
	putchar('\n');
	fflush(stdout);
	if (!ok) {
		tap_failed++;
		fputs("#   failed: ", stderr);
		put_escaped(stderr, name);
		putc('\n', stderr);
		fflush(stderr);
	}
	free(name);
}

static void
put_value(const char *label, const char *value)
{
	fprintf(stderr, "#   %6s: ", label);
	if (value == NULL) {
		fputs("NULL\n", stderr);
	} else {
		putc('\'', stderr);
		put_escaped(stderr, value);
		fputs("'\n", stderr);
	}
	fflush(stderr);
}

void
tap_ok(int ok, const char *name, ...)
{
	va_list	ap;

	va_start(ap, name);
	report(ok, name, ap);
	va_end(ap);
}

void
tap_is_str(const char *got, const char *want, const char *name, ...)
{
	va_list	ap;
	int	ok;

	if (got == NULL || want == NULL)
		ok = got == want;
	else
		ok = strcmp(got, want) == 0;
	va_start(ap, name);
	report(ok, name, ap);
	va_end(ap);
	if (!ok) {
		put_value("got", got);
		put_value("want", want);
	}
}

void
tap_is_int(long long got, long long want, const char *name, ...)
{
	va_list	ap;

	va_start(ap, name);
	report(got == want, name, ap);
	va_end(ap);
	if (got != want) {
		fprintf(stderr, "#      got: %lld\n#     want: %lld\n", got, want);
		fflush(stderr);
	}
}

void
tap_note(const char *fmt, ...)
{
	va_list	ap;
	char	*text;

	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	fputs("# ", stdout);
	put_escaped(stdout, text);
	putchar('\n');
	fflush(stdout);
	free(text);
}

/* A test that could not run where it had to is no success. */
static void
skip_one(const char *why)
{
	int	is_failure = getenv("CI") != NULL;

	if (is_failure)
		tap_failed++;
	printf("%sok %d # %s ", is_failure ? "not " : "", ++tap_count,
	    is_failure ? "not run, and CI is set:" : "SKIP");
	put_escaped(stdout, why);
	putchar('\n');
	fflush(stdout);
}

void
tap_skip(int n, const char *why, ...)
{
	va_list	ap;
	char	*text;

	va_start(ap, why);
	text = text_of(why, ap);
	va_end(ap);
	for (int i = 0; i < n; i++)
		skip_one(text);
	free(text);
}

void
tap_folder(char folder[TAP_FOLDER_SIZE])
{
	const char *above = getenv("TMPDIR");

	(void)snprintf(folder, TAP_FOLDER_SIZE, "%s/authrelay.XXXXXX",
	    above != NULL && *above != '\0' ? above : "/tmp");
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(1);
	}
}

int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	if (tap_count == 0)
		fputs("# no check ran\n", stderr);
	else if (tap_failed > 0)
		fprintf(stderr, "# %d of %d checks failed\n", tap_failed, tap_count);
	if (fflush(stdout) != 0 || ferror(stdout))
		return 1;
	return tap_count == 0 || tap_failed > 0;
}
