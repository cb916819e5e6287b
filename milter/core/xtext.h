/* milter/core/xtext.h: decoder of xtext (RFC 3461), for Sendmail's macros */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_XTEXT_H
#define AUTHRELAY_XTEXT_H

/*
 * Decodes xtext (RFC 3461 §4: a "+" and two hexadecimal digits in capitals is a byte) in
 * place. Bytes that should have been coded are taken as they are. Returns -1, and leaves
 * the text as it was, where a "+" begins no byte, or the byte is a NUL.
 */
int	xtext_decode(char *text);

#endif
