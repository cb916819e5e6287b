/* milter/config/conf_token.c: the words and marks of a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "config/conf_token.h"
#include "core/ascii.h"

static int
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/*
 * The length of an escape in double quotation marks; 0: libconfuse would mend it its
 * way.
 */
static size_t
escape_length(const char *s)
{
	size_t n = 0;
	long value = 0;

	if (is_in(s[1], "nrbfaetv\\\"'$\n"))
		return 2;
	if (s[1] == 'x') {
		for (; n < 2 && ascii_is_hex(s[2 + n]); n++)
			value |= s[2 + n] != '0';
		return n == 0 || value == 0 ? 0 : 2 + n;
	}
	for (; n < 3 && is_in(s[1 + n], "01234567"); n++)
		value = value * 8 + (s[1 + n] - '0');
	if (n == 0 || value == 0 || value > 0xff || ascii_is_digit(s[1 + n]))
		return 0;
	return 1 + n;
}

/* Says what is wrong with ${NAME} or ${NAME:-DEFAULT} at s, or NULL and its length. */
static const char *
check_variable(const char *s, size_t *len)
{
	char name[256];
	size_t end = strcspn(s, "}\"\\\n");
	const char *colon;

	if (s[end] != '}')
		return "${ is not closed; the two characters themselves are written \\${";
	*len = end + 1;
	colon = memchr(s, ':', end);
	if (colon != NULL && colon[1] == '-')
		return NULL;
	if (end - 2 >= sizeof(name))
		return "the name of a variable is too long";
	memcpy(name, s + 2, end - 2);
	name[end - 2] = '\0';
	return getenv(name) == NULL ? "a variable of the environment is not set" : NULL;
}

/*
 * The length of what stands at s inside double quotation marks, or 0 and why it may
 * not.
 */
static size_t
double_quoted_length(const char *s, const char **why)
{
	size_t n = 1;

	if (s[0] == '\\') {
		if ((n = escape_length(s)) == 0)
			*why = "unknown escape; a backslash itself is written \\\\";
	} else if (s[0] == '$' && s[1] == '{') {
		if ((*why = check_variable(s, &n)) != NULL)
			return 0;
	}
	return n;
}

/* Reads a string up to its closing mark. Returns NULL, or what is wrong. */
static const char *
read_string(struct conf_lexer *lexer)
{
	const char *text = lexer->buf->data, *why = NULL;
	char mark = text[lexer->at++];
	size_t n;

	while (text[lexer->at] != mark) {
		char c = text[lexer->at];
		n = 1;
		if (c == '\n' || c == '\0')
			why = "a string is not closed in its line";
		else if (ascii_is_control(c) && c != '\t')
			why = "a control character in a string";
		else if (mark == '"')
			n = double_quoted_length(text + lexer->at, &why);
		else if (c == '\\' && is_in(text[lexer->at + 1], "\\'\n"))
			n = 2;
		if (why != NULL)
			return why;
		if (text[lexer->at] == '\\' && text[lexer->at + 1] == '\n')
			lexer->line++;
		lexer->at += n;
	}
	lexer->at++;
	return NULL;
}

void
conf_token_blank(struct conf_lexer *lexer, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (lexer->buf->data[i] != '\n')
			lexer->buf->data[i] = ' ';
}

/*
 * Overwrites a comment that begins here. Returns 1, 0: there is none, -1: it is not
 * closed.
 */
static int
skip_comment(struct conf_lexer *lexer)
{
	const char *s = lexer->buf->data + lexer->at, *end;

	if (s[0] == '#' || (s[0] == '/' && s[1] == '/'))
		end = s + strcspn(s, "\n");
	else if (s[0] != '/' || s[1] != '*')
		return 0;
	else if ((end = strstr(s + 2, "*/")) == NULL)
		return -1;
	else
		end += 2;
	for (const char *c = s; c < end; c++)
		lexer->line += *c == '\n';
	conf_token_blank(lexer, lexer->at, lexer->at + (size_t)(end - s));
	lexer->at += (size_t)(end - s);
	return 1;
}

static int
skip_blanks(struct conf_lexer *lexer)
{
	for (;;) {
		const char *s = lexer->buf->data + lexer->at;
		int comment;
		if (s[0] == '\n')
			lexer->line++;
		if (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' ||
		    (s[0] == '\r' && s[1] == '\n'))
			lexer->at++;
		else if ((comment = skip_comment(lexer)) != 1)
			return comment;
	}
}

/* What libconfuse takes for a word, without control characters and dollar signs. */
static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' && !ascii_is_control(s[n]) && !is_in(s[n], " #\"'={}()+,*$"))
		n++;
	return n;
}

static enum conf_token_kind
read_mark(struct conf_lexer *lexer)
{
	static const struct {
		const char		*text;
		enum conf_token_kind	 kind;
	} marks[] = {
		{ "=", TOKEN_ASSIGN }, { "+=", TOKEN_APPEND }, { "{", TOKEN_OPEN },
		{ "}", TOKEN_CLOSE }, { ",", TOKEN_COMMA }, { "(", TOKEN_PAREN },
		{ ")", TOKEN_PAREN }
	};
	const char *s = lexer->buf->data + lexer->at;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(s, marks[i].text, strlen(marks[i].text)) == 0) {
			lexer->at += strlen(marks[i].text);
			return marks[i].kind;
		}
	lexer->at++;
	return TOKEN_BAD;
}

struct conf_token
conf_token_next(struct conf_lexer *lexer)
{
	struct conf_token token = { .kind = TOKEN_WORD };
	int is_open = skip_blanks(lexer) == -1;
	size_t start = lexer->at;

	token.text = lexer->buf->data + start;
	token.line = lexer->line;
	lexer->at += word_length(token.text);
	if (is_open) {
		token.why = "a comment is not closed";
		lexer->at = start;
	} else if (token.text[0] == '"' || token.text[0] == '\'')
		token.why = read_string(lexer);
	else if (token.text[0] == '\0')
		token.kind = TOKEN_END;
	else if (lexer->at == start && (token.kind = read_mark(lexer)) == TOKEN_BAD) {
		token.why = "unexpected character; put what has it in quotation marks";
		token.len = 1;
	}
	if (token.why == NULL)
		token.len = lexer->at - start;
	else
		token.kind = TOKEN_BAD;
	return token;
}
