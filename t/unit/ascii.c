/* t/unit/ascii.c: classes of characters, and numbers */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/ascii.h"
#include "tap.h"

static const struct {
	const char	*name;
	int		(*is_in)(int);
	const char	*members;	/* as ranges */
} classes[] = {
	{ "a control character", ascii_is_control, "\x01\x1f\x7f\x7f" },
	{ "printable", ascii_is_printable, " ~" },
	{ "a digit", ascii_is_digit, "09" },
	{ "a small letter", ascii_is_lower, "az" },
	{ "a capital letter", ascii_is_upper, "AZ" },
	{ "a letter", ascii_is_letter, "azAZ" },
	{ "a letter or digit", ascii_is_alnum, "azAZ09" },
	{ "a hexadecimal digit", ascii_is_hex, "afAF09" },
};

static int
is_member(const char *ranges, int c)
{
	for (; *ranges != '\0'; ranges += 2)
		if (c >= ranges[0] && c <= ranges[1])
			return 1;
	return 0;
}

/* All that a char, signed or not, can be; NUL counts as a control character. */
static void
test_classes(void)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		int wrong = 1000;

		for (int c = -128; c < 256; c++)
			if (c != 0 && classes[i].is_in(c) != is_member(classes[i].members, c))
				wrong = c;
		tap_is_int(wrong, 1000, "%s", classes[i].name);
	}
	tap_is_int(ascii_is_control('\0'), 1, "NUL is a control character");
}

static void
test_case(void)
{
	int wrong = 1000;

	for (int c = -128; c < 256; c++)
		if (ascii_lower(c) != (char)(ascii_is_upper(c) ? c + 32 : c) ||
		    ascii_upper(c) != (char)(ascii_is_lower(c) ? c - 32 : c))
			wrong = c;
	tap_is_int(wrong, 1000, "letters of ASCII change their case, and nothing else does");
}

static void
test_hex(void)
{
	static const char digits[] = "0123456789abcdef";
	int wrong = 1000;

	for (int c = -128; c < 256; c++) {
		const char *digit = c <= 0 ? NULL : strchr(digits, c);
		if (ascii_hex_value(c) != (digit == NULL ? -1 : (int)(digit - digits)))
			wrong = c;
	}
	tap_is_int(wrong, 1000, "a digit's value; a capital is none");
	for (unsigned i = 0; i < 16; i++)
		tap_is_int(ascii_hex_digit(0xa50 | i), digits[i], "digit %u", i);
	tap_is_int(ascii_hex_byte("ff"), 255, "ff");
	tap_is_int(ascii_hex_byte("0a"), 10, "0a");
	tap_is_int(ascii_hex_byte("0A"), -1, "0A");
	tap_is_int(ascii_hex_byte("0"), -1, "one digit");
	tap_is_int(ascii_hex_byte(""), -1, "no digit");
	tap_is_int(ascii_hex_byte("g0"), -1, "g0");
}

static const struct {
	const char	*text;
	uint64_t	max;
	int		result;
	uint64_t	number;
} numbers[] = {
	{ "0", 0, 0, 0 },
	{ "1", 0, 1, 0 },
	{ "9", 5, 1, 5 },
	{ "65535", 65535, 0, 65535 },
	{ "65536", 65535, 1, 65535 },
	{ "655350", 65535, 1, 65535 },
	{ "000000000000000000000000000025", 65535, 0, 25 },
	{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, 1, UINT64_MAX },
	{ "36893488147419103232", UINT64_MAX, 1, UINT64_MAX },
	{ "99999999999999999999999999", UINT64_MAX, 1, UINT64_MAX },
	{ "9223372036854775808", INT64_MAX, 1, INT64_MAX },
	{ "", 10, -1, 7 },
	{ "-1", 10, -1, 7 },
	{ "+1", 10, -1, 7 },
	{ " 1", 10, -1, 7 },
	{ "1 ", 10, -1, 7 },
	{ "1x", 10, -1, 7 },
	{ "99x", 10, -1, 7 },
	{ "0x10", 100, -1, 7 },
	{ "\xb2", 100, -1, 7 },
};

static void
test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t number = 7;

		tap_is_int(ascii_number(numbers[i].text, strlen(numbers[i].text),
		    numbers[i].max, &number), numbers[i].result, "\"%s\" up to %llu",
		    numbers[i].text, (unsigned long long)numbers[i].max);
		tap_ok(number == numbers[i].number, "what it is: %llu",
		    (unsigned long long)number);
	}
}

int
main(void)
{
	uint64_t number;

	test_classes();
	test_case();
	test_hex();
	test_numbers();
	tap_ok(ascii_number("123", 2, 99, &number) == 0 && number == 12, "a part of a text");
	tap_is_int(ascii_has_control("joe@\xc3\xbc.example"), 0, "8-bit text without control");
	tap_is_int(ascii_has_control("joe\x7f"), 1, "DEL");
	tap_is_int(ascii_has_control("\njoe"), 1, "a line's end");
	return tap_done();
}
