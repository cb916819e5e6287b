/* milter/report/report_form.c: by which kind of spelling somebody asked for a relay */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "report/report_form.h"

/* Where which mark stands first, outside of quotation marks unless said otherwise. */
struct marks {
	unsigned	at_signs;
	int		has_hidden_at;	/* quoted or escaped */
	int		has_percent;	/* anywhere in front of the last at sign */
	int		has_bang;
	int		has_colon;
	int		has_list;
	int		has_comment;
	int		has_odd;	/* blanks, control and non-ASCII characters */
	size_t		domain;		/* behind the last at sign */
};

static int
is_odd(char c)
{
	return c <= 0x20 || c == 0x7f;	/* where char is signed, 8-bit too */
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
		if ((text[i] < '0' || text[i] > '9') && text[i] != '.')
			return 0;
	return length != 0;
}

static enum report_form
form_by_domain(const char *text, size_t length, const struct marks *m)
{
	const char	*domain = text + m->domain;
	size_t		 left = length - m->domain;

	if (m->at_signs == 0)
		return m->has_odd ? REPORT_FORM_ODD : REPORT_FORM_BARE;
	if (left == 0 || m->domain == 1)
		return REPORT_FORM_EMPTY;
	if (domain[0] == '[')
		return REPORT_FORM_LITERAL;
	if (is_number(domain, left))
		return REPORT_FORM_NUMBER;
	return m->has_odd ? REPORT_FORM_ODD : REPORT_FORM_PLAIN;
}

/* What is between the brackets. */
static enum report_form
form_inside(const char *text, size_t length)
{
	struct marks	m = marks_of(text, length);
	size_t		first = length > 1 && text[0] == '"';

	if (length == 0)
		return REPORT_FORM_EMPTY;
	if (text[first] == '|' || text[first] == '/')
		return REPORT_FORM_PIPE;
	if (text[0] == '@' && m.has_colon)
		return REPORT_FORM_ROUTE;
	if (m.has_comment)
		return REPORT_FORM_COMMENT;
	if (m.has_list && !m.has_colon)
		return REPORT_FORM_LIST;
	if (m.has_colon)
		return REPORT_FORM_COLON;
	if (m.has_percent)
		return REPORT_FORM_PERCENT;
	if (m.has_bang)
		return REPORT_FORM_BANG;
	if (m.has_hidden_at)
		return REPORT_FORM_QUOTED;
	if (m.at_signs > 1)
		return REPORT_FORM_TWO_AT;
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

enum report_form
report_form_of(const char *text, size_t length)
{
	enum report_form	form;
	size_t			end;

	if (length == 0)
		return REPORT_FORM_EMPTY;
	if (text[0] != '<') {
		if (memchr(text, '<', length) != NULL)
			return text[0] == '(' ? REPORT_FORM_COMMENT : REPORT_FORM_WORDS;
		form = form_inside(text, length);
		return form == REPORT_FORM_PLAIN ? REPORT_FORM_UNBRACKETED : form;
	}
	end = closing(text, length);
	if (end + 1 == length)
		return memchr(text + 1, '<', length - 1) != NULL ? REPORT_FORM_WORDS :
		    form_inside(text + 1, length - 2);
	if (memchr(text + 1, '(', length - 1) != NULL)
		return REPORT_FORM_COMMENT;
	return text[1] != '<' && memchr(text + 1, '<', length - 1) != NULL ?
	    REPORT_FORM_LIST : REPORT_FORM_WORDS;
}

const char *
report_form_name(enum report_form form)
{
	static const char *const	names[REPORT_FORMS] = {
		[REPORT_FORM_PLAIN] = "plain address",
		[REPORT_FORM_UNBRACKETED] = "plain address without brackets",
		[REPORT_FORM_PERCENT] = "percent hack",
		[REPORT_FORM_QUOTED] = "quoted at sign",
		[REPORT_FORM_TWO_AT] = "two at signs",
		[REPORT_FORM_BANG] = "bang path",
		[REPORT_FORM_ROUTE] = "source route",
		[REPORT_FORM_COLON] = "colon",
		[REPORT_FORM_LIST] = "list",
		[REPORT_FORM_WORDS] = "words around the address",
		[REPORT_FORM_COMMENT] = "comment",
		[REPORT_FORM_ODD] = "blanks and odd characters",
		[REPORT_FORM_PIPE] = "pipe or file",
		[REPORT_FORM_LITERAL] = "address literal",
		[REPORT_FORM_NUMBER] = "address without brackets",
		[REPORT_FORM_BARE] = "local part alone",
		[REPORT_FORM_EMPTY] = "empty parts",
	};

	return names[form];
}
