/* milter/core/utf8.h: UTF-8 characters */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_UTF8_H
#define AUTHRELAY_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of the character that the text begins with (RFC 3629: shortest form, no
 * surrogates, nothing above U+10FFFF), and the character itself. 0: it begins with none.
 */
size_t	utf8_decode(const char *text, size_t len, uint32_t *point_r);

/*
 * The small letter of a capital one that has more than ASCII, of the Latin, Greek,
 * Cyrillic and Armenian scripts, as Unicode's simple case folding has it; any other
 * character as it is. Both have as many bytes.
 */
uint32_t utf8_small(uint32_t point);

/* Writes the character, which UTF-8 can have, and returns how many bytes that are. */
size_t	utf8_encode(uint32_t point, char text_r[4]);

/* How many bytes from the front are characters: len, where all are. */
size_t	utf8_span(const char *text, size_t len);

#endif
