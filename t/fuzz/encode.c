/* t/fuzz/encode.c: any bytes, made fit for a record and for a log line */
/* SPDX-License-Identifier: ISC */

/* The first byte is the room for a word, from 5 on, and for what is cut of a string. */

#include <string.h>

#include "core/encode.h"
#include "core/utf8.h"
#include "fuzz.h"

static int
is_fit(uint32_t point)
{
	return point >= ' ' && point != 0x7f && (point < 0x80 || point >= 0xa0) &&
	    (point < 0x200b || point > 0x200f) && (point < 0x2028 || point > 0x202e) &&
	    (point < 0x2060 || point > 0x206f) && point != 0xfeff &&
	    (point & 0xfffe) != 0xfffe;
}

static void
check_fit(const struct buf *buf)
{
	uint32_t point;
	size_t n;

	fuzz_check(!buf->failed && buf->len > 0, "there is something", "");
	for (size_t i = 0; i < buf->len; i += n) {
		n = utf8_decode(buf->data + i, buf->len - i, &point);
		fuzz_check(n > 0, "what is written is UTF-8", buf->data);
		fuzz_check(is_fit(point), "and fit for a terminal", buf->data);
	}
}

/* A string has its two marks, none within, and no escape that JSON does not know. */
static void
check_json(const char *s, size_t len)
{
	fuzz_check(len >= 2 && s[0] == '"' && s[len - 1] == '"', "its marks", s);
	for (size_t i = 1; i + 1 < len; i++) {
		fuzz_check(s[i] != '"', "no mark within", s);
		if (s[i] != '\\')
			continue;
		i++;
		fuzz_check(i + 1 < len && strchr("\"\\/bfnrtu", s[i]) != NULL,
		    "an escape of JSON", s);
		if (s[i] == 'u')
			fuzz_check(strspn(s + i + 1, "0123456789abcdefABCDEF") >= 4,
			    "four digits", s);
	}
}

static void
check_word(const char *s, size_t len, size_t max, int was_cut)
{
	fuzz_check(len <= max, "no more than there is room for", s);
	if (s[0] == '"')
		fuzz_check(len >= 2 && s[len - 1] == '"', "its marks", s);
	else
		fuzz_check(strpbrk(s, " =\"\\") == NULL && !was_cut, "a bare word", s);
	fuzz_check(!was_cut || (len >= 5 && memcmp(s + len - 4, "...\"", 4) == 0),
	    "it is marked where it was cut", s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + (size > 0);
	size_t len = size - (size > 0), max = 5 + (size > 0 ? data[0] : 0);
	struct buf buf;

	buf_init(&buf);
	encode_json(&buf, text, len);
	check_fit(&buf);
	check_json(buf.data, buf.len);
	buf_reset(&buf);
	int was_cut = encode_word(&buf, text, len, max);
	check_fit(&buf);
	check_word(buf.data, buf.len, max, was_cut);
	size_t fit = encode_json_fit(text, len, max);
	fuzz_check(fit <= len, "no more fits than there is", text);
	buf_reset(&buf);
	encode_json(&buf, text, fit);
	fuzz_check(buf.len <= max + 2, "what fits is no longer", buf.data);
	buf_clear(&buf);
	return 0;
}
