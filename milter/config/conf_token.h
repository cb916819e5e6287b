/* milter/config/conf_token.h: the words and signs of a configuration */
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
	struct buf	*buf;		/* with its NUL; never changed */
	size_t		 at;
	unsigned	 line;		/* begins with 1 */
};

/*
 * The next word or sign; blanks and comments before it are skipped. What would lose a
 * character, as an unknown escape or a variable that is not set, is TOKEN_BAD.
 */
struct conf_token	conf_token_next(struct conf_lexer *);

/*
 * Adds the text that a word stands for: without quotation marks, its escapes and
 * variables replaced.
 */
void	conf_token_text(const struct conf_token *, struct buf *text_r);

#endif
