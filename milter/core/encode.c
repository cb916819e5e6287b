/* milter/core/encode.c: encoding of text from outside for records, logs and terminals */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "core/ascii.h"
#include "core/encode.h"
#include "core/utf8.h"

#define WORD_PIECE_MAX	16	/* a hidden character of four bytes */
#define WORD_MAX_LEAST	5	/* "..." */

/* One character of the text, or one byte that is none. */
struct piece {
	enum {
		PIECE_PLAIN,	/* written as it is */
		PIECE_QUOTED,	/* " and \ */
		PIECE_HIDDEN,	/* a character that must not come out raw */
		PIECE_BROKEN	/* a byte that is no UTF-8 */
	} kind;
	size_t		len;	/* bytes of the text */
	uint32_t	point;	/* of the character, or the byte */
};

/*
 * Unicode 15.1: the general categories Cc, Cf, Zl and Zp, what is
 * Default_Ignorable_Code_Point, and the noncharacters of the first plane. Those of
 * ASCII and the last two of each plane: see is_hidden().
 */
static const struct {
	uint32_t	first;
	uint32_t	last;
} hidden[] = {
	{ 0x0080, 0x009f },	/* C1; some terminals take U+009B for ESC [ */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x034f, 0x034f },	/* combining grapheme joiner */
	{ 0x0600, 0x0605 },	/* Arabic number signs */
	{ 0x061c, 0x061c },	/* Arabic letter mark: bidi */
	{ 0x06dd, 0x06dd },
	{ 0x070f, 0x070f },
	{ 0x0890, 0x0891 },
	{ 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 },	/* Hangul fillers */
	{ 0x17b4, 0x17b5 },	/* Khmer inherent vowels */
	{ 0x180b, 0x180f },	/* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f },	/* zero width space and joiners, bidi marks */
	{ 0x2028, 0x202e },	/* line and paragraph separator, bidi embeddings */
	{ 0x2060, 0x206f },	/* word joiner, bidi isolates, old format characters */
	{ 0x3164, 0x3164 },	/* Hangul filler */
	{ 0xfdd0, 0xfdef },	/* noncharacters */
	{ 0xfe00, 0xfe0f },	/* variation selectors */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xffa0, 0xffa0 },	/* half-width Hangul filler */
	{ 0xfff0, 0xfffb },	/* interlinear annotation */
	{ 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f },	/* hieroglyph format controls */
	{ 0x1bca0, 0x1bca3 },	/* shorthand format controls */
	{ 0x1d173, 0x1d17a },	/* musical format controls */
	{ 0xe0000, 0xe0fff },	/* tags, more variation selectors */
};

static int
is_hidden(uint32_t point)
{
	if (point < 0x80)
		return ascii_is_control((int)point);
	if ((point & 0xfffe) == 0xfffe)
		return 1;
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (point <= hidden[i].last)
			return point >= hidden[i].first;
	return 0;
}

static struct piece
next_piece(const unsigned char *text, size_t len)
{
	uint32_t	point;
	size_t		n = utf8_decode((const char *)text, len, &point);

	if (n == 0)
		return (struct piece){ PIECE_BROKEN, 1, text[0] };
	if (point == '"' || point == '\\')
		return (struct piece){ PIECE_QUOTED, 1, point };
	return (struct piece){ is_hidden(point) ? PIECE_HIDDEN : PIECE_PLAIN, n, point };
}

static int
is_plain(unsigned char c)
{
	return ascii_is_printable(c) && c != '"' && c != '\\';
}

/* The length of the ASCII text in front that is written as it is: nearly always all. */
static size_t
plain_run(const unsigned char *text, size_t len)
{
	size_t	i = 0;

	while (i < len && is_plain(text[i]))
		i++;
	return i;
}

static void
put_unit(struct buf *b, uint32_t unit)
{
	buf_printf(b, "\\u%04x", (unsigned)unit);
}

static void
json_hidden(struct buf *b, uint32_t point)
{
	switch (point) {
	case '\n':
		buf_puts(b, "\\n");
		return;
	case '\r':
		buf_puts(b, "\\r");
		return;
	case '\t':
		buf_puts(b, "\\t");
		return;
	}
	if (point < 0x10000) {
		put_unit(b, point);
		return;
	}
	put_unit(b, 0xd800 + ((point - 0x10000) >> 10));
	put_unit(b, 0xdc00 + ((point - 0x10000) & 0x3ff));
}

/* A quotation mark or a backslash, with what of the text follows it. */
static void
json_quoted(struct buf *b, const unsigned char *text, size_t len)
{
	if (text[0] == '"')
		buf_puts(b, "\\\"");
	else if (len >= 4 && text[1] == 'x' && ascii_is_hex(text[2]) &&
	    ascii_is_hex(text[3]))
		buf_puts(b, "\\\\x5c");
	else
		buf_puts(b, "\\\\");
}

void
encode_json(struct buf *b, const char *data, size_t len)
{
	const unsigned char	*text = (const unsigned char *)data;
	struct piece		 piece;

	buf_putc(b, '"');
	for (size_t run; len > 0; text += run, len -= run) {
		if ((run = plain_run(text, len)) != 0) {
			buf_add(b, text, run);
			continue;
		}
		piece = next_piece(text, len);
		run = piece.len;
		switch (piece.kind) {
		case PIECE_PLAIN:
			buf_add(b, text, run);
			break;
		case PIECE_QUOTED:
			json_quoted(b, text, len);
			break;
		case PIECE_HIDDEN:
			json_hidden(b, piece.point);
			break;
		case PIECE_BROKEN:
			buf_printf(b, "\\\\x%02x", (unsigned)piece.point);
			break;
		}
	}
	buf_putc(b, '"');
}

/* How long a piece is in JSON; of a backslash, whatever follows it. */
static size_t
json_length(const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_PLAIN:
		return piece->len;
	case PIECE_QUOTED:
		return piece->point == '"' ? 2 : 5;
	case PIECE_HIDDEN:
		if (piece->point == '\n' || piece->point == '\r' || piece->point == '\t')
			return 2;
		return piece->point < 0x10000 ? 6 : 12;
	case PIECE_BROKEN:
		break;
	}
	return 5;
}

size_t
encode_json_fit(const char *data, size_t len, size_t max)
{
	const unsigned char	*text = (const unsigned char *)data;
	size_t			 used = 0, at = 0;

	while (at < len) {
		struct piece	piece = next_piece(text + at, len - at);

		used += json_length(&piece);
		if (used > max)
			break;
		at += piece.len;
	}
	return at;
}

static int
is_bare(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char	c = text[i];

		if (!ascii_is_alnum(c) &&
		    (c == '\0' || strchr("._:@/+-,[]<>%", c) == NULL))
			return 0;
	}
	return len != 0;
}

/* Writes a piece as it is in a word; returns its length there. */
static size_t
word_piece(const struct piece *piece, const unsigned char *text,
    char out_r[WORD_PIECE_MAX])
{
	size_t	n = 0;

	switch (piece->kind) {
	case PIECE_PLAIN:
		memcpy(out_r, text, piece->len);
		return piece->len;
	case PIECE_QUOTED:
		out_r[n++] = '\\';
		out_r[n++] = (char)text[0];
		return n;
	case PIECE_HIDDEN:
	case PIECE_BROKEN:
		break;
	}
	for (size_t i = 0; i < piece->len; i++) {
		out_r[n++] = '\\';
		out_r[n++] = 'x';
		out_r[n++] = ascii_hex_digit(text[i] >> 4);
		out_r[n++] = ascii_hex_digit(text[i]);
	}
	return n;
}

int
encode_word(struct buf *b, const char *data, size_t len, size_t max)
{
	const unsigned char	*text = (const unsigned char *)data;
	char			 out[WORD_PIECE_MAX];
	size_t			 start = b->len;
	size_t			 used = 1;	/* of max */
	size_t			 whole = 1;	/* where the mark of a cut still fits */

	if (max < WORD_MAX_LEAST)
		max = WORD_MAX_LEAST;
	if (len <= max && is_bare(text, len)) {
		buf_add(b, data, len);
		return 0;
	}
	buf_putc(b, '"');
	while (len > 0) {
		struct piece	piece = next_piece(text, len);
		size_t		n = word_piece(&piece, text, out);

		if (used + n + 1 > max) {
			buf_cut(b, start + whole);
			buf_puts(b, "...\"");
			return 1;
		}
		buf_add(b, out, n);
		used += n;
		if (used + 4 <= max)
			whole = used;
		text += piece.len;
		len -= piece.len;
	}
	buf_putc(b, '"');
	return 0;
}
