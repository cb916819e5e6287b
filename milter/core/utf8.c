/* milter/core/utf8.c: UTF-8 characters */
/* SPDX-License-Identifier: ISC */

#include "core/utf8.h"

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

/* Capital letters: from first to last, every step-th, and how far from the small one. */
static const struct {
	uint16_t	first;
	uint16_t	last;
	uint16_t	step;
	int16_t		distance;
} capitals[] = {
	{ 0x00c0, 0x00d6, 1, 32 },	/* À Ö */
	{ 0x00d8, 0x00de, 1, 32 },	/* Ø Þ */
	{ 0x0100, 0x012e, 2, 1 },	/* Ā Į; İ has no small letter of its own */
	{ 0x0134, 0x0136, 2, 1 },	/* Ĵ Ķ */
	{ 0x0139, 0x013d, 2, 1 },	/* Ĺ Ľ */
	{ 0x0141, 0x0147, 2, 1 },	/* Ł Ň */
	{ 0x014a, 0x0176, 2, 1 },	/* Ŋ Ŷ */
	{ 0x0178, 0x0178, 1, -121 },	/* Ÿ */
	{ 0x0179, 0x017d, 2, 1 },	/* Ź Ž */
	{ 0x0181, 0x0181, 1, 210 },	/* Ɓ */
	{ 0x0186, 0x0186, 1, 206 },	/* Ɔ */
	{ 0x0189, 0x018a, 1, 205 },	/* Ɖ Ɗ */
	{ 0x018e, 0x018e, 1, 79 },	/* Ǝ */
	{ 0x018f, 0x018f, 1, 202 },	/* Ə */
	{ 0x0190, 0x0190, 1, 203 },	/* Ɛ */
	{ 0x0191, 0x0191, 1, 1 },	/* Ƒ */
	{ 0x0194, 0x0194, 1, 207 },	/* Ɣ */
	{ 0x0198, 0x0198, 1, 1 },	/* Ƙ */
	{ 0x01a0, 0x01a4, 2, 1 },	/* Ơ Ƥ */
	{ 0x01ac, 0x01ac, 1, 1 },	/* Ƭ */
	{ 0x01af, 0x01af, 1, 1 },	/* Ư */
	{ 0x01b2, 0x01b2, 1, 217 },	/* Ʋ */
	{ 0x01b3, 0x01b5, 2, 1 },	/* Ƴ Ƶ */
	{ 0x01cd, 0x01db, 2, 1 },	/* Ǎ Ǜ */
	{ 0x01de, 0x01ee, 2, 1 },	/* Ǟ Ǯ */
	{ 0x01f8, 0x021e, 2, 1 },	/* Ǹ Ȟ */
	{ 0x0222, 0x0232, 2, 1 },	/* Ȣ Ȳ */
	{ 0x0386, 0x0386, 1, 38 },	/* Ά */
	{ 0x0388, 0x038a, 1, 37 },	/* Έ Ί */
	{ 0x038c, 0x038c, 1, 64 },	/* Ό */
	{ 0x038e, 0x038f, 1, 63 },	/* Ύ Ώ */
	{ 0x0391, 0x03a1, 1, 32 },	/* Α Ρ */
	{ 0x03a3, 0x03ab, 1, 32 },	/* Σ Ϋ */
	{ 0x0400, 0x040f, 1, 80 },	/* Ѐ Џ */
	{ 0x0410, 0x042f, 1, 32 },	/* А Я */
	{ 0x0460, 0x0480, 2, 1 },	/* Ѡ Ҁ */
	{ 0x048a, 0x04be, 2, 1 },	/* Ҋ Ҿ */
	{ 0x04c1, 0x04cd, 2, 1 },	/* Ӂ Ӎ */
	{ 0x04d0, 0x052e, 2, 1 },	/* Ӑ Ԯ */
	{ 0x0531, 0x0556, 1, 48 },	/* Ա Ֆ */
	{ 0x1e00, 0x1e94, 2, 1 },	/* Ḁ Ẕ */
	{ 0x1ea0, 0x1efe, 2, 1 },	/* Ạ Ỿ; ẞ folds to two letters */
};

uint32_t
utf8_small(uint32_t point)
{
	size_t i;

	for (i = 0; i < sizeof(capitals) / sizeof(capitals[0]); i++)
		if (point >= capitals[i].first && point <= capitals[i].last &&
		    (point - capitals[i].first) % capitals[i].step == 0)
			return (uint32_t)((int32_t)point + capitals[i].distance);
	return point;
}

size_t
utf8_encode(uint32_t point, char text_r[4])
{
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3, i;

	for (i = more; i > 0; i--, point >>= 6)
		text_r[i] = (char)(0x80 | (point & 0x3f));
	text_r[0] = (char)(lead[more] | point);
	return more + 1;
}
