/* t/unit/encode.c: what a stranger's bytes become in a record and in a log line */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/encode.h"
#include "tap.h"

#define ROUNDS	20000

struct row {
	const char	*text;
	const char	*json;
	const char	*word;
};

static const struct row rows[] = {
	{ "", "\"\"", "\"\"" },
	{ "a", "\"a\"", "a" },
	{ "user@example.com", "\"user@example.com\"", "user@example.com" },
	{ "<u+tag@[192.0.2.1]>", "\"<u+tag@[192.0.2.1]>\"", "<u+tag@[192.0.2.1]>" },
	{ "a_b:c/d-e,f%g.Z9", "\"a_b:c/d-e,f%g.Z9\"", "a_b:c/d-e,f%g.Z9" },
	{ "a b", "\"a b\"", "\"a b\"" },
	{ "a=b", "\"a=b\"", "\"a=b\"" },
	{ "a;b", "\"a;b\"", "\"a;b\"" },
	{ "~", "\"~\"", "\"~\"" },

	/* the writers' own marks */
	{ "\"", "\"\\\"\"", "\"\\\"\"" },
	{ "\\", "\"\\\\\"", "\"\\\\\"" },
	{ "\\x", "\"\\\\x\"", "\"\\\\x\"" },
	{ "\\x4", "\"\\\\x4\"", "\"\\\\x4\"" },
	{ "\\x41", "\"\\\\x5cx41\"", "\"\\\\x41\"" },
	{ "\\xFf", "\"\\\\x5cxFf\"", "\"\\\\xFf\"" },
	{ "\\\\x41", "\"\\\\\\\\x5cx41\"", "\"\\\\\\\\x41\"" },
	{ "\\x4g", "\"\\\\x4g\"", "\"\\\\x4g\"" },
	{ "\\n", "\"\\\\n\"", "\"\\\\n\"" },
	{ "\\u0041", "\"\\\\u0041\"", "\"\\\\u0041\"" },

	/* C0, DEL, C1 */
	{ "a\nb", "\"a\\nb\"", "\"a\\x0ab\"" },
	{ "a\rb", "\"a\\rb\"", "\"a\\x0db\"" },
	{ "a\tb", "\"a\\tb\"", "\"a\\x09b\"" },
	{ "\033[2J", "\"\\u001b[2J\"", "\"\\x1b[2J\"" },
	{ "\001\037", "\"\\u0001\\u001f\"", "\"\\x01\\x1f\"" },
	{ "\177", "\"\\u007f\"", "\"\\x7f\"" },
	{ "\xc2\x80", "\"\\u0080\"", "\"\\xc2\\x80\"" },
	{ "\xc2\x9b" "31m", "\"\\u009b31m\"", "\"\\xc2\\x9b31m\"" },
	{ "\xc2\xa0", "\"\xc2\xa0\"", "\"\xc2\xa0\"" },

	/* letters of the world stay readable */
	{ "gr\xc3\xbc\xc3\x9f" "e", "\"gr\xc3\xbc\xc3\x9f" "e\"", "\"gr\xc3\xbc\xc3\x9f" "e\"" },
	{ "\xe2\x82\xac", "\"\xe2\x82\xac\"", "\"\xe2\x82\xac\"" },
	{ "\xed\x9f\xbf", "\"\xed\x9f\xbf\"", "\"\xed\x9f\xbf\"" },
	{ "\xee\x80\x80", "\"\xee\x80\x80\"", "\"\xee\x80\x80\"" },
	{ "\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\"", "\"\xf0\x9f\x93\xa7\"" },

	/* what is no UTF-8: overlong, surrogates, too large, cut short, stray */
	{ "\xc0\x80", "\"\\\\xc0\\\\x80\"", "\"\\xc0\\x80\"" },
	{ "\xc1\xbf", "\"\\\\xc1\\\\xbf\"", "\"\\xc1\\xbf\"" },
	{ "\xe0\x9f\xbf", "\"\\\\xe0\\\\x9f\\\\xbf\"", "\"\\xe0\\x9f\\xbf\"" },
	{ "\xf0\x8f\xbf\xbf", "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\"", "\"\\xf0\\x8f\\xbf\\xbf\"" },
	{ "\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"", "\"\\xed\\xa0\\x80\"" },
	{ "\xed\xbf\xbf", "\"\\\\xed\\\\xbf\\\\xbf\"", "\"\\xed\\xbf\\xbf\"" },
	{ "\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"", "\"\\xf4\\x90\\x80\\x80\"" },
	{ "\xf5\x80\x80\x80", "\"\\\\xf5\\\\x80\\\\x80\\\\x80\"", "\"\\xf5\\x80\\x80\\x80\"" },
	{ "\xff", "\"\\\\xff\"", "\"\\xff\"" },
	{ "\x80", "\"\\\\x80\"", "\"\\x80\"" },
	{ "\xe2\x82", "\"\\\\xe2\\\\x82\"", "\"\\xe2\\x82\"" },
	{ "\xe2\x82" "a", "\"\\\\xe2\\\\x82" "a\"", "\"\\xe2\\x82" "a\"" },
	{ "\xf0\x9f\x93", "\"\\\\xf0\\\\x9f\\\\x93\"", "\"\\xf0\\x9f\\x93\"" },
	{ "\xc3\xc3\xbc", "\"\\\\xc3\xc3\xbc\"", "\"\\xc3\xc3\xbc\"" },
	{ "\xe2\"", "\"\\\\xe2\\\"\"", "\"\\xe2\\\"\"" },
	{ "\xe2\n", "\"\\\\xe2\\n\"", "\"\\xe2\\x0a\"" },

	/* above the first plane JSON needs two units */
	{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"", "\"\\xf3\\xa0\\x81\\x81\"" },
	{ "\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"", "\"\\xf4\\x8f\\xbf\\xbf\"" },
	{ "\xf4\x8f\xbf\xbd", "\"\xf4\x8f\xbf\xbd\"", "\"\xf4\x8f\xbf\xbd\"" },
};

/* Ranges that must never come out raw, and their neighbours that may. */
static const struct {
	uint32_t	first, last;
	int		is_hidden;
	const char	*name;
} ranges[] = {
	{ 0x00, 0x1f, 1, "C0" },
	{ 0x20, 0x21, 0, "blank" },
	{ 0x7e, 0x7e, 0, "tilde" },
	{ 0x7f, 0x9f, 1, "DEL and C1" },
	{ 0xa0, 0xac, 0, "Latin-1 before the soft hyphen" },
	{ 0xad, 0xad, 1, "soft hyphen" },
	{ 0xae, 0x34e, 0, "Latin and its marks" },
	{ 0x61c, 0x61c, 1, "Arabic letter mark" },
	{ 0x200a, 0x200a, 0, "hair space" },
	{ 0x200b, 0x200f, 1, "zero width and bidi marks" },
	{ 0x2010, 0x2027, 0, "punctuation" },
	{ 0x2028, 0x2029, 1, "line and paragraph separators" },
	{ 0x202a, 0x202e, 1, "bidi embeddings" },
	{ 0x202f, 0x205f, 0, "more punctuation" },
	{ 0x2060, 0x2064, 1, "word joiner and invisible operators" },
	{ 0x2066, 0x2069, 1, "bidi isolates" },
	{ 0x206a, 0x206f, 1, "old format characters" },
	{ 0x2070, 0x2071, 0, "superscripts" },
	{ 0x4e00, 0x9fff, 0, "Han" },
	{ 0xd7a3, 0xd7a3, 0, "the last Hangul" },
	{ 0xe000, 0xf8ff, 0, "private use" },
	{ 0xfdcf, 0xfdcf, 0, "before the noncharacters" },
	{ 0xfdd0, 0xfdef, 1, "noncharacters" },
	{ 0xfdf0, 0xfdff, 0, "after the noncharacters" },
	{ 0xfeff, 0xfeff, 1, "byte order mark" },
	{ 0xfff9, 0xfffb, 1, "interlinear annotation" },
	{ 0xfffc, 0xfffd, 0, "replacement character" },
	{ 0xfffe, 0xffff, 1, "noncharacters at the plane's end" },
	{ 0x10000, 0x100ff, 0, "Linear B" },
	{ 0x1f300, 0x1f5ff, 0, "pictures" },
	{ 0x1fffe, 0x1ffff, 1, "noncharacters of plane 1" },
	{ 0x20000, 0x200ff, 0, "Han of plane 2" },
	{ 0xe0000, 0xe007f, 1, "tags" },
	{ 0xefffe, 0xeffff, 1, "noncharacters of plane 14" },
	{ 0x10fffd, 0x10fffd, 0, "the last private character" },
	{ 0x10fffe, 0x10ffff, 1, "the last noncharacters" },
};

static size_t
utf8_of(uint32_t point, char text_r[5])
{
	size_t	n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	memset(text_r, 0, 5);
	for (size_t i = n; i-- > 1; point >>= 6)
		text_r[i] = (char)(0x80 | (point & 0x3f));
	text_r[0] = (char)(point | (n == 1 ? 0 : 0xf00U >> n));
	return n;
}

static unsigned
hex_of(const char *text, size_t len)
{
	char	digits[5] = "";

	memcpy(digits, text, len);
	return (unsigned)strtoul(digits, NULL, 16);
}

static int
is_hex_text(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* The value of a JSON string, as any reader of JSON sees it. */
static void
json_value(const char *json, struct buf *value_r)
{
	static const char	names[] = "n\nr\rt\tb\bf\f\"\"\\\\//";
	char			utf8[5];
	const char		*p = json + 1;
	uint32_t		point;

	for (; *p != '"' && *p != '\0'; p++) {
		if (*p != '\\') {
			buf_putc(value_r, *p);
		} else if (*++p != 'u') {
			buf_putc(value_r, strchr(names, *p)[1]);
		} else {
			point = hex_of(p + 1, 4);
			p += 4;
			if (point >= 0xd800 && point < 0xdc00) {
				point = 0x10000 + ((point - 0xd800) << 10) +
				    hex_of(p + 3, 4) - 0xdc00;
				p += 6;
			}
			buf_add(value_r, utf8, utf8_of(point, utf8));
		}
	}
}

/*
 * The bytes that were sent, from a JSON value, or from what stands between a word's
 * quotation marks.
 */
static void
bytes_of(const char *value, size_t len, int is_word, struct buf *bytes_r)
{
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '\\' && i + 3 < len && value[i + 1] == 'x' &&
		    is_hex_text(value + i + 2, 2)) {
			buf_putc(bytes_r, (char)hex_of(value + i + 2, 2));
			i += 3;
		} else {
			i += is_word && value[i] == '\\';
			buf_putc(bytes_r, value[i]);
		}
	}
}

static int
reads_back(const char *text, size_t len, const struct buf *json, const struct buf *word)
{
	struct buf	value, bytes;
	int		ok;

	buf_init(&value);
	buf_init(&bytes);
	json_value(json->data, &value);
	bytes_of(value.data != NULL ? value.data : "", value.len, 0, &bytes);
	ok = bytes.len == len && (len == 0 || memcmp(bytes.data, text, len) == 0);
	buf_reset(&bytes);
	if (word->data[0] == '"')
		bytes_of(word->data + 1, word->len - 2, 1, &bytes);
	else
		bytes_of(word->data, word->len, 1, &bytes);
	ok &= bytes.len == len && (len == 0 || memcmp(bytes.data, text, len) == 0);
	buf_clear(&value);
	buf_clear(&bytes);
	return ok;
}

/* The strict decoder of the test: the point at p, or UINT32_MAX. */
static uint32_t
point_at(const char *p, size_t len, size_t *used_r)
{
	char		again[5];
	uint32_t	point;

	for (size_t n = 1; n <= 4 && n <= len; n++) {
		const unsigned char	*u = (const unsigned char *)p;

		point = n == 1 ? u[0] : n == 2 ? (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU) :
		    n == 3 ? (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU) :
		    (u[0] & 7U) << 18 | (u[1] & 0x3fU) << 12 | (u[2] & 0x3fU) << 6 | (u[3] & 0x3fU);
		if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
			continue;
		if (utf8_of(point, again) == n && memcmp(again, p, n) == 0) {
			*used_r = n;
			return point;
		}
	}
	return UINT32_MAX;
}

static int
is_clean(const struct buf *out)
{
	size_t		used;
	uint32_t	point;

	for (size_t i = 0; i < out->len; i += used) {
		if ((point = point_at(out->data + i, out->len - i, &used)) == UINT32_MAX)
			return 0;
		for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++)
			if (ranges[r].is_hidden && point >= ranges[r].first &&
			    point <= ranges[r].last)
				return 0;
	}
	return 1;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf	json, word;
		size_t		len = strlen(rows[i].text);

		buf_init(&json);
		buf_init(&word);
		encode_json(&json, rows[i].text, len);
		tap_is_int(encode_word(&word, rows[i].text, len, 1000), 0, "row %zu: not cut", i);
		tap_is_str(json.data, rows[i].json, "row %zu: JSON", i);
		tap_is_str(word.data, rows[i].word, "row %zu: word", i);
		tap_ok(reads_back(rows[i].text, len, &json, &word), "row %zu: reads back", i);
		buf_clear(&json);
		buf_clear(&word);
	}
}

static void
test_nul(void)
{
	struct buf	b;

	buf_init(&b);
	encode_json(&b, "a\0b", 3);
	tap_is_str(b.data, "\"a\\u0000b\"", "a NUL in JSON");
	buf_reset(&b);
	encode_word(&b, "a\0b", 3, 100);
	tap_is_str(b.data, "\"a\\x00b\"", "a NUL in a word");
	buf_clear(&b);
}

/* Every character of a range is escaped, or none of it. */
static void
test_ranges(void)
{
	for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
		int	wrong = 0;

		for (uint32_t point = ranges[r].first; point <= ranges[r].last; point++) {
			struct buf	json, word;
			char		text[5];
			size_t		len = utf8_of(point, text);
			int		json_raw, word_raw;

			buf_init(&json);
			buf_init(&word);
			encode_json(&json, text, len);
			encode_word(&word, text, len, 100);
			json_raw = json.len == len + 2 && memcmp(json.data + 1, text, len) == 0;
			word_raw = word.len >= len + 2 && memcmp(word.data + 1, text, len) == 0;
			if (point != '"')
				wrong += json_raw == ranges[r].is_hidden ||
				    word_raw == ranges[r].is_hidden;
			wrong += !reads_back(text, len, &json, &word);
			buf_clear(&json);
			buf_clear(&word);
		}
		tap_is_int(wrong, 0, "U+%04X to U+%04X, %s", (unsigned)ranges[r].first,
		    (unsigned)ranges[r].last, ranges[r].name);
	}
}

static const struct {
	const char	*text;
	size_t		 max;
	const char	*word;
	int		 is_cut;
} cuts[] = {
	{ "0123456789abcdef", 16, "0123456789abcdef", 0 },
	{ "0123456789abcdefg", 16, "\"0123456789a...\"", 1 },
	{ "0123456789 bcd", 16, "\"0123456789 bcd\"", 0 },
	{ "0123456789 bcde", 16, "\"0123456789 ...\"", 1 },
	{ "0123456789 b\"", 16, "\"0123456789 b\\\"\"", 0 },
	{ "0123456789 bc\"", 16, "\"0123456789 ...\"", 1 },
	{ "0123456789\"\"\"", 16, "\"0123456789...\"", 1 },
	{ "12345678\n123456789", 16, "\"12345678...\"", 1 },
	{ "1234567\n123456789", 16, "\"1234567\\x0a...\"", 1 },
	{ "123456789\xe2\x82\xac\xe2\x82\xac", 16, "\"123456789...\"", 1 },
	{ "12345678 \xe2\x82\xac", 16, "\"12345678 \xe2\x82\xac\"", 0 },
	{ "1\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 16,
	    "\"1\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac...\"", 1 },
	{ "\xf3\xa0\x81\x81", 16, "\"...\"", 1 },
	{ "\xf3\xa0\x81\x81", 18, "\"\\xf3\\xa0\\x81\\x81\"", 0 },
	{ "\xf3\xa0\x81\x81" "a", 18, "\"...\"", 1 },
	{ "\xf3\xa0\x81\x81" "aaa", 21, "\"\\xf3\\xa0\\x81\\x81" "aaa\"", 0 },
	{ "\xf3\xa0\x81\x81" "aaaa", 21, "\"\\xf3\\xa0\\x81\\x81...\"", 1 },
	{ "a...", 16, "a...", 0 },
	{ "abcdef", 6, "abcdef", 0 },
	{ "abcdefg", 6, "\"a...\"", 1 },
	{ "\"\"\"\"\"\"", 8, "\"\\\"...\"", 1 },
	{ "abcdefg", 5, "\"...\"", 1 },
	{ "abcdefg", 0, "\"...\"", 1 },
	{ "\x1b[2J", 5, "\"...\"", 1 },
	{ "", 0, "\"\"", 0 },
};

static void
test_cuts(void)
{
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		struct buf	b;
		int		is_cut;

		buf_init(&b);
		buf_puts(&b, "k=");
		is_cut = encode_word(&b, cuts[i].text, strlen(cuts[i].text), cuts[i].max);
		tap_is_str(b.data + 2, cuts[i].word, "cut %zu", i);
		tap_is_int(is_cut, cuts[i].is_cut, "cut %zu says so", i);
		buf_clear(&b);
	}
}

/* Repeatable, and rich in what is special. */

static size_t
random_text(uint32_t *state, char *text_r, size_t max)
{
	static const char	special[] = "\\x4f\"\n\x1b\x7f\xc2\xe2\x80\xa8\xf0\x9f\xed\xa0 .@";
	size_t			len = 0;

	while (len + 4 < max) {
		char		utf8[5];
		uint32_t	roll;

		*state = *state * 1664525 + 1013904223;
		roll = *state >> 8;
		if (roll % 23 == 0)
			break;
		if (roll % 3 == 0) {
			text_r[len++] = special[roll / 3 % (sizeof special - 1)];
		} else if (roll % 3 == 1) {
			text_r[len++] = (char)(roll / 3);
		} else {
			size_t	n = utf8_of(roll / 3 % 0xd800, utf8);

			memcpy(text_r + len, utf8, n);
			len += n;
		}
	}
	return len;
}

static void
test_random(void)
{
	uint32_t	state = 1;
	int		unclean = 0, lost = 0, too_long = 0, unmarked = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct buf	json, word, cut;
		char		text[80];
		size_t		len = random_text(&state, text, sizeof text);
		size_t		max = 16 + (size_t)i % 100;
		int		is_cut;

		buf_init(&json);
		buf_init(&word);
		buf_init(&cut);
		encode_json(&json, text, len);
		encode_word(&word, text, len, 4096);
		is_cut = encode_word(&cut, text, len, max);
		unclean += !is_clean(&json) || !is_clean(&word) || !is_clean(&cut);
		lost += !reads_back(text, len, &json, &word);
		too_long += cut.len > max;
		if (is_cut)
			unmarked += word.len <= max || strcmp(cut.data + cut.len - 4, "...\"") != 0 ||
			    memcmp(cut.data + 1, word.data + (word.data[0] == '"'), cut.len - 5) != 0;
		else
			unmarked += strcmp(cut.data, word.data) != 0;
		buf_clear(&json);
		buf_clear(&word);
		buf_clear(&cut);
	}
	tap_is_int(unclean, 0, "%d random texts: nothing unclean comes out", ROUNDS);
	tap_is_int(lost, 0, "all of them read back, byte for byte");
	tap_is_int(too_long, 0, "none is longer than it may be");
	tap_is_int(unmarked, 0, "what is cut is the beginning, and marked; the rest is whole");
}

/* Whatever the room, what fits is whole characters, and does not become more. */
static void
test_fit(void)
{
	uint32_t	state = 7;
	int		too_long = 0, too_short = 0, broken = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct buf	b;
		char		text[84];
		size_t		len = random_text(&state, text, 80), max = (size_t)i % 100;
		size_t		fit = encode_json_fit(text, len, max);

		buf_init(&b);
		encode_json(&b, text, fit);
		buf_puts(&b, "...");
		too_long += b.len - 2 - 3 > max;
		too_short += fit < len && memchr(text, '\\', fit + 1) == NULL && b.len - 2 - 3 + 12 <= max;
		broken += fit > len;
		buf_clear(&b);
	}
	tap_is_int(too_long, 0, "%d random texts: what fits is not longer", ROUNDS);
	tap_is_int(too_short, 0, "  nor shorter than it need be");
	tap_is_int(broken, 0, "  nor more than there is");
}

static void
test_buf(void)
{
	struct buf	b;

	buf_init(&b);
	buf_reset(&b);
	buf_cut(&b, 0);
	tap_ok(b.data == NULL && b.len == 0, "an empty buffer");
	buf_add(&b, NULL, 0);
	tap_is_str(b.data, "", "nothing added");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	tap_ok(b.len == 3890 && strcmp(b.data + b.len - 8, "998,999,") == 0, "it grows");
	buf_cut(&b, 4);
	buf_puts(&b, "x");
	tap_is_str(b.data, "0,1,x", "cut, and added to");
	buf_cut(&b, 100);
	tap_is_int((long long)b.len, 5, "a cut beyond the end");
	for (size_t n = 250; n < 260; n++) {
		buf_clear(&b);
		buf_add(&b, rows, n);
		buf_add(&b, rows, n + 1);
	}
	tap_ok(b.len == 519 && b.data[519] == '\0', "around the end of the memory");
	buf_reset(&b);
	buf_printf(&b, "%0300d", 7);
	tap_ok(b.len == 300 && b.data[299] == '7' && b.data[300] == '\0', "one long print");
	buf_add(&b, "x", SIZE_MAX - 10);
	buf_puts(&b, "after");
	tap_ok(b.failed && b.len == 300, "what cannot be had is remembered");
	buf_reset(&b);
	buf_puts(&b, "again");
	tap_is_str(b.failed ? NULL : b.data, "again", "and forgotten");
	buf_clear(&b);
	tap_ok(b.data == NULL && b.size == 0, "cleared");
}

int
main(void)
{
	test_buf();
	test_rows();
	test_nul();
	test_ranges();
	test_cuts();
	test_random();
	test_fit();
	return tap_done();
}
