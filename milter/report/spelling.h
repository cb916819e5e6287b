/* milter/report/spelling.h: kinds of spellings of a recipient address */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SPELLING_H
#define AUTHRELAY_SPELLING_H

#include <stddef.h>

/* The kinds into which ctl_probe_forms.c has its forms, by the same names. */
enum spelling {
	SPELLING_PLAIN,
	SPELLING_UNBRACKETED,
	SPELLING_PERCENT,
	SPELLING_QUOTED,
	SPELLING_TWO_AT,
	SPELLING_BANG,
	SPELLING_ROUTE,
	SPELLING_COLON,
	SPELLING_LIST,
	SPELLING_WORDS,
	SPELLING_COMMENT,
	SPELLING_ODD,
	SPELLING_PIPE,
	SPELLING_LITERAL,
	SPELLING_NUMBER,
	SPELLING_BARE,
	SPELLING_EMPTY,
	SPELLINGS
};

/*
 * Of the text after RCPT TO:, with its brackets. A rough sorting for people; no decision
 * depends on it.
 */
enum spelling	spelling_of(const char *text, size_t length);
/* "percent hack" */
const char	*spelling_name(enum spelling);

#endif
