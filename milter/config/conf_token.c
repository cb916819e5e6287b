/* milter/config/conf_token.c: the words and signs of a configuration */
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

/* 16: it is no digit. */
static int
digit_of(char c)
{
	int value = ascii_hex_value(ascii_lower(c));

	return value < 0 ? 16 : value;
}

/* A part of a string, and the text that it stands for. */
struct piece {
	size_t		 len;
	const char	*text;
	size_t		 text_len;
	char		 byte;		/* the text of an escape */
};

/* Reads the number of \x41 or \101. Returns its digits; 0: there is no such byte. */
static size_t
read_number(const char *s, int base, size_t most, char *byte)
{
	size_t n = 0;
	int value = 0;

	for (; n < most && digit_of(s[n]) < base; n++)
		value = value * base + digit_of(s[n]);
	*byte = (char)value;
	return value == 0 || value > 0xff ? 0 : n;
}

/* An escape in double quotation marks; of length 0: there is no such escape. */
static void
read_escape(const char *s, struct piece *piece)
{
	static const char letters[] = "nrbfaetv\\\"'$";
	static const char bytes[] = "\n\r\b\f\a\033\t\v\\\"'$";
	size_t n;

	piece->text = &piece->byte;
	piece->text_len = s[1] != '\n';	/* at the end of a line the string goes on */
	piece->len = 2;
	if (is_in(s[1], letters)) {
		piece->byte = bytes[strchr(letters, s[1]) - letters];
	} else if (s[1] == 'x') {
		n = read_number(s + 2, 16, 2, &piece->byte);
		piece->len = n == 0 ? 0 : 2 + n;
	} else if (s[1] != '\n') {
		n = read_number(s + 1, 8, 3, &piece->byte);
		piece->len = n == 0 || digit_of(s[1 + n]) < 10 ? 0 : 1 + n;
	}
}

/* ${NAME} or ${NAME:-TEXT}. Returns NULL, or what is wrong. */
static const char *
read_variable(const char *s, struct piece *piece)
{
	char name[256];
	size_t end = strcspn(s, "}\"\\\n"), name_end = end;
	const char *colon, *value;

	if (s[end] != '}')
		return "${ is not closed; write \\${ for these two characters";
	piece->len = end + 1;
	piece->text_len = 0;
	colon = memchr(s, ':', end);
	if (colon != NULL && colon[1] == '-') {
		name_end = (size_t)(colon - s);
		piece->text = colon + 2;
		piece->text_len = end - name_end - 2;
	}
	if (name_end - 2 >= sizeof(name))
		return "the name of a variable is longer than 255 bytes";
	memcpy(name, s + 2, name_end - 2);
	name[name_end - 2] = '\0';
	if ((value = getenv(name)) == NULL)
		return name_end < end ? NULL :
		    "environment variable is not set; set it, or write ${NAME:-VALUE}";
	piece->text = value;
	piece->text_len = strlen(value);
	return NULL;
}

/*
 * Reads a part of a string at s, which is not its closing mark. Returns NULL, or what is
 * wrong.
 */
static const char *
read_piece(const char *s, char mark, struct piece *piece)
{
	*piece = (struct piece){ .len = 1, .text = s, .text_len = 1 };
	if (*s == '\n' || *s == '\0')
		return "string is not closed; expected a quotation mark in the same "
		    "line";
	if (ascii_is_control(*s) && *s != '\t')
		return "control character in a string; write it as an escape";
	if (mark == '"' && *s == '\\') {
		read_escape(s, piece);
		return piece->len > 0 ? NULL :
		    "unknown escape; write \\\\ for a backslash";
	}
	if (mark == '"' && s[0] == '$' && s[1] == '{')
		return read_variable(s, piece);
	if (s[0] == '\\' && is_in(s[1], "\\'\n"))
		*piece = (struct piece){ .len = 2, .text = s + 1,
		    .text_len = s[1] != '\n' };
	return NULL;
}

/* Reads a string up to its closing mark. A bad variable in it becomes the token. */
static void
read_string(struct conf_lexer *lexer, struct conf_token *token)
{
	const char *text = lexer->buf->data;
	char mark = text[lexer->at++];
	struct piece piece;

	while (text[lexer->at] != mark) {
		token->why = read_piece(text + lexer->at, mark, &piece);
		if (token->why != NULL) {
			token->text = text + lexer->at;
			token->len = piece.len > 1 ? piece.len : 0;
			return;
		}
		if (text[lexer->at] == '\\' && text[lexer->at + 1] == '\n')
			lexer->line++;
		lexer->at += piece.len;
	}
	lexer->at++;
}

void
conf_token_text(const struct conf_token *token, struct buf *text)
{
	char mark = token->text[0];
	struct piece piece;

	if (mark != '"' && mark != '\'') {
		buf_add(text, token->text, token->len);
		return;
	}
	for (const char *s = token->text + 1; *s != mark; s += piece.len)
		if (read_piece(s, mark, &piece) == NULL)
			buf_add(text, piece.text, piece.text_len);
}

/*
 * Skips a comment that begins here. Returns 1, 0: there is none, -1: it is not
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

/* The length of a bare word. */
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
		token.why = "comment is not closed; expected */";
		lexer->at = start;
	} else if (token.text[0] == '"' || token.text[0] == '\'')
		read_string(lexer, &token);
	else if (token.text[0] == '\0')
		token.kind = TOKEN_END;
	else if (lexer->at == start && (token.kind = read_mark(lexer)) == TOKEN_BAD) {
		token.why = "unexpected character; put the value in quotation marks";
		token.len = 1;
	}
	if (token.why == NULL)
		token.len = lexer->at - start;
	else
		token.kind = TOKEN_BAD;
	return token;
}
