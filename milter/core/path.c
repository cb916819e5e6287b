/* milter/core/path.c: parser of mailbox addresses, as both MTAs read them */
/* SPDX-License-Identifier: ISC */

/*
 * A mail server may read an address in another way than we do, and then it would deliver
 * to another place than the one that was judged. So the reader keeps two degrees apart:
 * text that RFC 5321 allows letter by letter (PATH_PLAIN), and text that some server
 * takes all the same, for which we say how we read it (PATH_LOOSE). All else is PATH_BAD.
 */

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "core/ascii.h"
#include "core/path.h"
#include "core/utf8.h"

static int
is_atext(unsigned char c)
{
	static const char marks[] = "!#$%&'*+-/=?^_`{|}~";

	return ascii_is_alnum(c) || memchr(marks, c, sizeof(marks) - 1) != NULL;
}

static void
set_bad(struct path *path, const char *why)
{
	if (path->form == PATH_BAD)
		return;
	path->form = PATH_BAD;
	path->why = why;
}

static void
set_loose(struct path *path, const char *why)
{
	if (path->form != PATH_PLAIN)
		return;
	path->form = PATH_LOOSE;
	path->why = why;
}

/*
 * The end of a quoted string that begins at s[0], past its closing mark; 0: it has none.
 */
static size_t
quoted_length(const char *s, size_t len)
{
	size_t i;

	for (i = 1; i < len; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '"')
			return i + 1;
	}
	return 0;
}

/*
 * The end of a comment (RFC 5322 §3.2.2) that begins at s[0]; comments nest. 0: it has
 * none.
 */
static size_t
comment_length(const char *s, size_t len)
{
	size_t i;
	int depth = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '(')
			depth++;
		else if (s[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/*
 * What s[0] begins: a quoted string, an escaped character, or one other; 0: a quoted
 * string that is not closed.
 */
static size_t
span_of(const char *s, size_t len)
{
	if (s[0] == '"')
		return quoted_length(s, len);
	return s[0] == '\\' && len > 1 ? 2 : 1;
}

/* Copies the text without the blanks and comments outside quoted strings. */
static size_t
strip(const char *s, size_t len, char *out, struct path *path)
{
	size_t i, n = 0, span;

	for (i = 0; i < len; i += span) {
		if (s[i] == ' ' || s[i] == '(') {
			set_loose(path, "it has blanks or comments");
			span = s[i] == '(' ? comment_length(s + i, len - i) : 1;
			if (span == 0) {
				set_bad(path, "a comment is not closed");
				return 0;
			}
			continue;
		}
		if ((span = span_of(s + i, len - i)) == 0) {
			set_bad(path, "a quoted string is not closed");
			return 0;
		}
		memcpy(out + n, s + i, span);
		n += span;
	}
	return n;
}

/*
 * One character of the local part, dequoted: does it route, or name a program, a file, a
 * list?
 */
static void
note_local(struct path *path, size_t *count, char c)
{
	if (c == '@' || c == '%' || c == '!')
		path->is_routed = 1;
	if (*count == 0 && (c == '|' || c == '/' || c == ':'))
		path->is_routed = 1;
	(*count)++;
}

static void
read_quoted(const char *s, size_t len, struct path *path, size_t *count)
{
	size_t i;

	for (i = 1; i + 1 < len; i++) {
		if (s[i] == '\\')
			i++;
		note_local(path, count, s[i]);
	}
}

/*
 * One character outside quoted strings, or a backslash and the character that it quotes.
 */
static size_t
read_unquoted(const char *s, size_t len, struct path *path, size_t *count)
{
	unsigned char c = (unsigned char)s[0];

	if (c == '\\') {
		set_loose(path, "it has a backslash outside a quoted string");
		if (len < 2)
			set_bad(path, "it ends in a backslash");
		else
			note_local(path, count, s[1]);
		return 2;
	}
	if (c == '@')
		set_loose(path, "it has more than one @");
	else if (c < 0x80 && c != '.' && !is_atext(c))
		set_bad(path, "a character is not allowed in a local part");
	note_local(path, count, s[0]);
	return 1;
}

/* RFC 5321: a dot-string, or one quoted string; loosely, any row of both. */
static void
read_local(const char *s, size_t len, struct path *path)
{
	size_t i, span, count = 0;

	for (i = 0; i < len; i += span) {
		if (s[i] == '"') {
			if ((span = quoted_length(s + i, len - i)) == 0) {
				set_bad(path, "a quoted string is not closed");
				return;
			}
			if (i != 0 || span != len)
				set_loose(path, "a part of the local part is quoted");
			read_quoted(s + i, span, path, &count);
		} else
			span = read_unquoted(s + i, len - i, path, &count);
	}
	if (count == 0)
		set_bad(path, "the local part is empty");
}

/* [192.0.2.1] or [IPv6:2001:db8::1], RFC 5321 §4.1.3. */
static void
read_literal(const char *s, size_t len, struct path *path)
{
	const char tag[] = "IPv6:";

	path->is_literal = 1;
	if (len < 2 || s[len - 1] != ']') {
		set_bad(path, "an address literal is not closed");
		return;
	}
	s++;
	len -= 2;
	if (len > sizeof(tag) - 1 && strncasecmp(s, tag, sizeof(tag) - 1) == 0) {
		s += sizeof(tag) - 1;
		len -= sizeof(tag) - 1;
		if (netaddr_parse(s, len, &path->literal) == -1 ||
		    path->literal.family != NETADDR_V6)
			set_bad(path, "an address literal has no IPv6 address in it");
	} else if (netaddr_parse(s, len, &path->literal) == -1 ||
	    path->literal.family != NETADDR_V4 || memchr(s, ':', len) != NULL)
		set_bad(path, "an address literal has no IPv4 address in it");
}

static void
read_domain(const char *s, size_t len, struct path *path)
{
	const char *why;

	if (len > 0 && s[0] == '[') {
		read_literal(s, len, path);
		return;
	}
	if (len > 1 && s[len - 1] == '.')
		set_loose(path, "the domain has a dot at its end");
	if ((why = path_domain(s, len, path->domain)) != NULL)
		set_bad(path, why);
}

/* The place of the last @ that is not quoted, or len. */
static size_t
find_at(const char *s, size_t len)
{
	size_t i, span, at = len;

	for (i = 0; i < len; i += span) {
		if ((span = span_of(s + i, len - i)) == 0)
			return len;
		if (s[i] == '@')
			at = i;
	}
	return at;
}

static void
read_mailbox(const char *s, size_t len, struct path *path)
{
	size_t at = find_at(s, len);

	read_local(s, at, path);
	if (at == len)
		path->is_bare = 1;
	else
		read_domain(s + at + 1, len - at - 1, path);
}

/*
 * An MTA that resolves <joe.@example.com> may give it back with the quotation marks that
 * the dot wants (Postfix), or without (Sendmail).
 */
static void
note_stray_dots(const char *s, size_t len, struct path *path)
{
	size_t at = find_at(s, len);

	if (at > 0 && memchr(s, '"', at) == NULL &&
	    (s[0] == '.' || s[at - 1] == '.' || memmem(s, at, "..", 2) != NULL))
		set_loose(path, "the local part has a dot at an end, or beside another");
}

/*
 * The length of a source route with its colon (RFC 5321 §4.1.2 A-d-l); 0: there is none.
 */
static size_t
read_route(const char *s, size_t len, struct path *path)
{
	const char *colon;
	char hop[PATH_DOMAIN_SIZE];
	size_t i, end, route;

	if (s[0] != '@' || (colon = memchr(s, ':', len)) == NULL)
		return 0;
	route = (size_t)(colon - s);
	path->is_routed = 1;
	for (i = 0; i < route && path->form == PATH_PLAIN; i = end + 1) {
		for (end = i; end < route && s[end] != ','; end++)
			;
		if (s[i] != '@' || path_domain(s + i + 1, end - i - 1, hop) != NULL)
			set_loose(path, "its source route is not a list of domains");
	}
	return route + 1;
}

static void
path_init(struct path *path)
{
	memset(path, 0, sizeof(*path));
	path->form = PATH_PLAIN;
}

/* What no address has anywhere, in quotes or out of them; NULL: it has none of it. */
static const char *
forbidden(const char *s, size_t len)
{
	size_t i;

	if (len > PATH_TEXT_MAX)
		return "it is too long";
	for (i = 0; i < len; i++)
		if (ascii_is_control(s[i]))
			return "it has a control character";
	return utf8_span(s, len) == len ? NULL : "it has a byte that is no UTF-8";
}

static int
is_ascii(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return 0;
	return 1;
}

/* One of more than ASCII, in the domain. */
static int
has_capital(const char *s, size_t len)
{
	size_t i = find_at(s, len), span;
	uint32_t point;

	for (; i < len && (span = utf8_decode(s + i, len - i, &point)) != 0; i += span)
		if (utf8_small(point) != point)
			return 1;
	return 0;
}

void
path_parse(const char *text, int utf8, struct path *path_r)
{
	char stripped[PATH_TEXT_MAX];
	const char *s = stripped, *why;
	size_t len = strlen(text), route;

	path_init(path_r);
	if ((why = forbidden(text, len)) != NULL) {
		set_bad(path_r, why);
		return;
	}
	if (!utf8 && !is_ascii(text, len))
		set_loose(path_r,
		    "it has 8-bit characters, and SMTPUTF8 was not announced");
	len = strip(text, len, stripped, path_r);
	if (len >= 2 && s[0] == '<' && s[len - 1] == '>') {
		s++;
		len -= 2;
	} else
		set_loose(path_r, "it is not in angle brackets");
	if (len == 0) {
		set_bad(path_r, "it is empty");
		return;
	}
	route = read_route(s, len, path_r);
	note_stray_dots(s + route, len - route, path_r);
	read_mailbox(s + route, len - route, path_r);
}

size_t
path_length(const char *text)
{
	size_t i, span, len = strlen(text);

	for (i = 0; text[0] == '<' && i < len; i += span) {
		if ((span = span_of(text + i, len - i)) == 0)
			break;
		if (text[i] == '>')
			return text[i + 1] == ' ' ? i + 1 : len;
	}
	return len;
}

void
path_parse_resolved(const char *text, struct path *path_r)
{
	const char *why;
	size_t len = strlen(text);

	path_init(path_r);
	if (strspn(text, ".") == len)
		why = "it is empty";
	else if (has_capital(text, len))
		why = "the mail server has left a capital letter in it";
	else
		why = forbidden(text, len);
	if (why != NULL) {
		set_bad(path_r, why);
		return;
	}
	/* Sendmail's canonical form: user@host. */
	if (len > 1 && text[len - 1] == '.')
		len--;
	read_mailbox(text, len, path_r);
	if (path_r->form == PATH_LOOSE)
		set_bad(path_r, path_r->why);
}

/* What is wrong with a label of a host name (RFC 1123 §2.1), or NULL. */
static const char *
check_label(const char *s, size_t len)
{
	size_t i;

	if (len == 0)
		return "a domain has an empty label";
	if (len > 63)
		return "a label of the domain has more than 63 characters";
	if (s[0] == '-' || s[len - 1] == '-')
		return "a label of the domain begins or ends with a hyphen";
	for (i = 0; i < len; i++)
		if (!ascii_is_lower(s[i]) && !ascii_is_digit(s[i]) &&
		    s[i] != '-' && s[i] != '_')
			return "a character is not allowed in a domain";
	return NULL;
}

static int
is_number(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!ascii_is_digit(s[i]))
			return 0;
	return 1;
}

static const char *
check_labels(const char *domain, size_t len)
{
	const char *why, *dot;
	size_t i = 0, span;

	for (;;) {
		dot = memchr(domain + i, '.', len - i);
		span = dot == NULL ? len - i : (size_t)(dot - domain) - i;
		if ((why = check_label(domain + i, span)) != NULL)
			return why;
		if (dot == NULL)
			break;
		i += span + 1;
	}
	if (is_number(domain + i, span))
		return "an address is no domain";
	return NULL;
}

/* In place: a small letter has as many bytes. */
static void
to_small_letters(char *s, size_t len)
{
	size_t i, span;
	uint32_t point;

	for (i = 0; i < len && (span = utf8_decode(s + i, len - i, &point)) != 0;
	    i += span)
		if (utf8_small(point) != point)
			(void)utf8_encode(utf8_small(point), s + i);
}

/* Sets *len to what it takes, which may be more than a domain has room for. */
static const char *
to_alabels(char domain[PATH_DOMAIN_SIZE], size_t *len)
{
	uint8_t *ascii;
	int status;

	to_small_letters(domain, *len);
	/* Not normalized: Postfix compares domains as they are written, but for case. */
	status = idn2_lookup_u8((const uint8_t *)domain, &ascii, IDN2_NO_TR46);
	if (status != IDN2_OK)
		return "a domain is not valid as an internationalized name";
	*len = (size_t)snprintf(domain, PATH_DOMAIN_SIZE, "%s", (const char *)ascii);
	idn2_free(ascii);
	return NULL;
}

const char *
path_domain(const char *text, size_t len, char domain_r[PATH_DOMAIN_SIZE])
{
	const char *why;
	size_t i;

	domain_r[0] = '\0';
	if (len > 1 && text[len - 1] == '.')
		len--;
	if (len >= PATH_DOMAIN_SIZE)
		return "a domain has more than 253 characters";
	for (i = 0; i < len; i++) {
		if (text[i] == '\0') {
			domain_r[0] = '\0';
			return "a character is not allowed in a domain";
		}
		domain_r[i] = ascii_lower(text[i]);
	}
	domain_r[len] = '\0';
	why = is_ascii(domain_r, len) ? NULL : to_alabels(domain_r, &len);
	if (why == NULL && len > 253)
		why = "a domain has more than 253 characters";
	if (why == NULL)
		why = check_labels(domain_r, len);
	if (why != NULL)
		domain_r[0] = '\0';
	return why;
}
