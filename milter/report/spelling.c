/* milter/report/spelling.c: kinds of spellings of a recipient address */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/ascii.h"
#include "report/spelling.h"

/* Characters seen outside of quotation marks, unless said otherwise. */
struct marks {
	unsigned	at_signs;
	int		has_hidden_at;	/* quoted or escaped */
	int		has_percent;	/* anywhere before the last at sign */
	int		has_bang;
	int		has_colon;
	int		has_list;
	int		has_comment;
	int		has_odd;	/* blanks, control and non-ASCII characters */
	size_t		domain;		/* where it begins, after the last at sign */
};

static int
is_odd(char c)
{
	return c == ' ' || !ascii_is_printable(c);
}

/* One character outside of an address literal. */
static void
mark(struct marks *m, const char *text, size_t i, int is_hidden)
{
	switch (text[i]) {
	case '@':
		if (is_hidden) {
			m->has_hidden_at = 1;
		} else {
			m->at_signs++;
			m->domain = i + 1;
		}
		break;
	case '%':
		m->has_percent = 1;
		break;
	case '!':
		m->has_bang = 1;
		break;
	case ':':
		m->has_colon |= !is_hidden;
		break;
	case ',':
	case ';':
		m->has_list |= !is_hidden;
		break;
	case '(':
		m->has_comment |= !is_hidden;
		break;
	}
	if (is_odd(text[i]) || (unsigned char)text[i] >= 0x80)
		m->has_odd = 1;
}

static struct marks
marks_of(const char *text, size_t length)
{
	struct marks	m = { 0 };
	int		is_quoted = 0, in_literal = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\' && i + 1 < length) {
			mark(&m, text, ++i, 1);
			m.has_odd = 1;
		} else if (text[i] == '"') {
			is_quoted = !is_quoted;
		} else if (!is_quoted && text[i] == '[') {
			in_literal = 1;
		} else if (!is_quoted && text[i] == ']') {
			in_literal = 0;
		} else if (!in_literal) {
			mark(&m, text, i, is_quoted);
		}
	}
	return m;
}

static int
is_number(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!ascii_is_digit(text[i]) && text[i] != '.')
			return 0;
	return length != 0;
}

static enum spelling
form_by_domain(const char *text, size_t length, const struct marks *m)
{
	const char	*domain = text + m->domain;
	size_t		 left = length - m->domain;

	if (m->at_signs == 0)
		return m->has_odd ? SPELLING_ODD : SPELLING_BARE;
	if (left == 0 || m->domain == 1)
		return SPELLING_EMPTY;
	if (domain[0] == '[')
		return SPELLING_LITERAL;
	if (is_number(domain, left))
		return SPELLING_NUMBER;
	return m->has_odd ? SPELLING_ODD : SPELLING_PLAIN;
}

/* What is between the brackets. */
static enum spelling
form_inside(const char *text, size_t length)
{
	struct marks	m = marks_of(text, length);
	size_t		first = length > 1 && text[0] == '"';

	if (length == 0)
		return SPELLING_EMPTY;
	if (text[first] == '|' || text[first] == '/')
		return SPELLING_PIPE;
	if (text[0] == '@' && m.has_colon)
		return SPELLING_ROUTE;
	if (m.has_comment)
		return SPELLING_COMMENT;
	if (m.has_list && !m.has_colon)
		return SPELLING_LIST;
	if (m.has_colon)
		return SPELLING_COLON;
	if (m.has_percent)
		return SPELLING_PERCENT;
	if (m.has_bang)
		return SPELLING_BANG;
	if (m.has_hidden_at)
		return SPELLING_QUOTED;
	if (m.at_signs > 1)
		return SPELLING_TWO_AT;
	return form_by_domain(text, length, &m);
}

/* The bracket that ends what the first one began. */
static size_t
closing(const char *text, size_t length)
{
	int	is_quoted = 0;

	for (size_t i = 1; i < length; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == '"')
			is_quoted = !is_quoted;
		else if (text[i] == '>' && !is_quoted)
			return i;
	}
	return length;
}

enum spelling
spelling_of(const char *text, size_t length)
{
	enum spelling	form;
	size_t			end;

	if (length == 0)
		return SPELLING_EMPTY;
	if (text[0] != '<') {
		if (memchr(text, '<', length) != NULL)
			return text[0] == '(' ? SPELLING_COMMENT : SPELLING_WORDS;
		form = form_inside(text, length);
		return form == SPELLING_PLAIN ? SPELLING_UNBRACKETED : form;
	}
	end = closing(text, length);
	if (end + 1 == length)
		return memchr(text + 1, '<', length - 1) != NULL ? SPELLING_WORDS :
		    form_inside(text + 1, length - 2);
	if (memchr(text + 1, '(', length - 1) != NULL)
		return SPELLING_COMMENT;
	return text[1] != '<' && memchr(text + 1, '<', length - 1) != NULL ?
	    SPELLING_LIST : SPELLING_WORDS;
}

const char *
spelling_name(enum spelling form)
{
	static const char *const	names[SPELLINGS] = {
		[SPELLING_PLAIN] = "plain address",
		[SPELLING_UNBRACKETED] = "plain address without brackets",
		[SPELLING_PERCENT] = "percent hack",
		[SPELLING_QUOTED] = "quoted at sign",
		[SPELLING_TWO_AT] = "two at signs",
		[SPELLING_BANG] = "bang path",
		[SPELLING_ROUTE] = "source route",
		[SPELLING_COLON] = "colon",
		[SPELLING_LIST] = "list",
		[SPELLING_WORDS] = "words around the address",
		[SPELLING_COMMENT] = "comment",
		[SPELLING_ODD] = "blanks and odd characters",
		[SPELLING_PIPE] = "pipe or file",
		[SPELLING_LITERAL] = "address literal",
		[SPELLING_NUMBER] = "address without brackets",
		[SPELLING_BARE] = "local part alone",
		[SPELLING_EMPTY] = "empty parts",
	};

	return names[form];
}
