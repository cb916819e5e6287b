/* milter/utf8.c: characters of UTF-8 */
/* SPDX-License-Identifier: ISC */

#include "utf8.h"

/*
 * How many continuation bytes the first byte of a character asks for; -1: it begins none
 * (RFC 3629 §4).
 */
static int
continuation(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc2)
		return -1;
	if (first < 0xe0)
		return 1;
	if (first < 0xf0)
		return 2;
	return first < 0xf5 ? 3 : -1;
}

/* Overlong forms, surrogates and what lies above U+10FFFF are no characters. */
static int
is_character(uint32_t point, int more)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	return point >= least[more] && point <= 0x10ffff &&
	    (point < 0xd800 || point > 0xdfff);
}

size_t
utf8_decode(const char *text, size_t len, uint32_t *point_r)
{
	unsigned char first;
	uint32_t point;
	int more, i;

	if (len == 0)
		return 0;
	first = (unsigned char)text[0];
	more = continuation(first);
	if (more == -1 || (size_t)more >= len)
		return 0;
	point = more == 0 ? first : first & (0x3fU >> more);
	for (i = 1; i <= more; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | ((unsigned char)text[i] & 0x3fU);
	}
	if (!is_character(point, more))
		return 0;
	*point_r = point;
	return (size_t)more + 1;
}

size_t
utf8_span(const char *text, size_t len)
{
	uint32_t point;
	size_t i = 0, n;

	while (i < len && (n = utf8_decode(text + i, len - i, &point)) != 0)
		i += n;
	return i;
}
