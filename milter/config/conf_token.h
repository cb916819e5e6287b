/* milter/config/conf_token.h: the words and marks of a configuration */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_TOKEN_H
#define AUTHRELAY_CONF_TOKEN_H

#include <stddef.h>

#include "core/buf.h"

enum conf_token_kind {
	TOKEN_BAD,
	TOKEN_END,
	TOKEN_WORD,	/* bare, or a string with its quotation marks */
	TOKEN_ASSIGN,
	TOKEN_APPEND,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_PAREN
};

struct conf_token {
	enum conf_token_kind	 kind;
	const char		*text;
	size_t			 len;
	unsigned		 line;
	const char		*why;	/* TOKEN_BAD: a constant text */
};

/* Text that is not empty, and how far it has been read. */
struct conf_lexer {
	struct buf	*buf;
	size_t		 at;
	unsigned	 line;		/* begins with 1 */
};

/*
 * Reads what libconfuse would read, but refuses where that would drop a character,
 * make another text of an escape, or go beyond the line. Overwrites comments with
 * blanks on its way.
 */
struct conf_token	conf_token_next(struct conf_lexer *);

/* Overwrites part of the text with blanks and leaves line ends where they are. */
void	conf_token_blank(struct conf_lexer *, size_t start, size_t end);

#endif
