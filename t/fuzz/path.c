/* t/fuzz/path.c: any text as a recipient, as what an MTA made of it, and as a domain */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/path.h"
#include "fuzz.h"

static size_t
count_of(const char *text, char c)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == c;
	return count;
}

static void
check_domain(const char *text, size_t len)
{
	char domain[PATH_DOMAIN_SIZE], again[PATH_DOMAIN_SIZE];

	if (path_domain(text, len, domain) != NULL) {
		fuzz_check(domain[0] == '\0', "no domain where it is refused", text);
		return;
	}
	len = strlen(domain);
	fuzz_check(len >= 1 && len <= 253, "the length of a domain", text);
	fuzz_check(strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len,
	    "the characters of a domain", domain);
	fuzz_check(path_domain(domain, len, again) == NULL && strcmp(domain, again) == 0,
	    "a domain in canonical form is its own", domain);
}

/* What holds for all that is not bad. */
static void
check_readable(const char *text, const struct path *path)
{
	int places = path->is_bare + path->is_literal + (path->domain[0] != '\0');

	fuzz_check(places == 1, "a domain, a literal, or neither", text);
	check_domain(path->domain, strlen(path->domain));
	for (; *text != '\0'; text++)
		fuzz_check((unsigned char)*text >= ' ' && *text != 0x7f,
		    "no control character", text);
}

/* Of what is neither bad nor marked as routed: told from the bytes, without reading them. */
static void
check_unrouted(const char *text, const struct path *path)
{
	size_t start = text[0] == '<';

	start += text[start] == '"';
	start += text[start] == '\\';
	fuzz_check(count_of(text, '@') == (path->is_bare ? 0 : 1), "one @", text);
	fuzz_check(strpbrk(text, "%!") == NULL, "no routing by % or !", text);
	fuzz_check(text[start] == '\0' || strchr("|/:", text[start]) == NULL,
	    "no program, file or list", text);
}

/* With its domain in canonical form it is the same address, to us and as resolved. */
static void
check_rebuilt(const char *text, const struct path *path)
{
	char rebuilt[2 * PATH_TEXT_MAX];
	const char *at = strrchr(text, '@');
	struct path again;

	(void)snprintf(rebuilt, sizeof(rebuilt), "%.*s@%s>", (int)(at - text), text,
	    path->domain);
	if (strlen(rebuilt) > PATH_TEXT_MAX)
		return;
	path_parse(rebuilt, 1, &again);
	fuzz_check(again.form == PATH_PLAIN && !again.is_routed &&
	    strcmp(again.domain, path->domain) == 0, "rebuilt, it is the same", rebuilt);
	rebuilt[strlen(rebuilt) - 1] = '\0';
	path_parse_resolved(rebuilt + 1, &again);
	fuzz_check(again.form == PATH_PLAIN && !again.is_routed &&
	    strcmp(again.domain, path->domain) == 0, "as resolved, it is the same",
	    rebuilt);
}

static void
check_plain(const char *text, const struct path *path)
{
	size_t len = strlen(text);

	fuzz_check(len >= 3 && text[0] == '<' && text[len - 1] == '>', "brackets", text);
	if (strchr(text, '"') == NULL) {
		fuzz_check(count_of(text, '<') == 1 && count_of(text, '>') == 1,
		    "no other bracket", text);
		fuzz_check(strpbrk(text, " \\();") == NULL, "nothing to be dequoted", text);
	}
	if (path->is_routed)
		return;
	check_unrouted(text, path);
	if (path->domain[0] != '\0')
		check_rebuilt(text, path);
}

static void
check_recipient(const char *text)
{
	struct path ascii, utf8;
	int is_ascii = 1;

	for (const char *s = text; *s != '\0'; s++)
		is_ascii &= (unsigned char)*s < 0x80;
	path_parse(text, 0, &ascii);
	path_parse(text, 1, &utf8);
	fuzz_check(ascii.form >= utf8.form, "SMTPUTF8 allows more, not less", text);
	fuzz_check(!is_ascii || ascii.form == utf8.form, "and nothing of ASCII", text);
	fuzz_check((utf8.form == PATH_PLAIN) == (utf8.why == NULL), "a reason", text);
	fuzz_check(is_ascii || ascii.form != PATH_PLAIN, "8-bit is announced", text);
	if (utf8.form != PATH_BAD)
		check_readable(text, &utf8);
	if (ascii.form != PATH_BAD)
		check_readable(text, &ascii);
	if (utf8.form == PATH_PLAIN)
		check_plain(text, &utf8);
}

static void
check_resolved(const char *text)
{
	struct path path;

	path_parse_resolved(text, &path);
	fuzz_check(path.form != PATH_LOOSE, "plain or bad", text);
	if (path.form == PATH_BAD)
		return;
	check_readable(text, &path);
	if (!path.is_routed)
		check_unrouted(text, &path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check_recipient(text);
	check_resolved(text);
	check_domain(text, size);
	free(text);
	return 0;
}
