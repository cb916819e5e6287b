/* milter/core/ascii.h: characters of ASCII and numbers, whatever the locale is */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ASCII_H
#define AUTHRELAY_ASCII_H

#include <stddef.h>
#include <stdint.h>

/*
 * A character may come as char, signed or not, or as unsigned char: no byte above 0x7f is
 * in any of these classes.
 */
static inline int
ascii_is_control(int c)
{
	return (c >= 0 && c < 0x20) || c == 0x7f;
}

static inline int
ascii_is_printable(int c)
{
	return c >= ' ' && c <= '~';
}

static inline int
ascii_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline int
ascii_is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static inline int
ascii_is_upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static inline int
ascii_is_letter(int c)
{
	return ascii_is_lower(c) || ascii_is_upper(c);
}

static inline int
ascii_is_alnum(int c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

static inline char
ascii_lower(int c)
{
	return (char)(ascii_is_upper(c) ? c - 'A' + 'a' : c);
}

static inline char
ascii_upper(int c)
{
	return (char)(ascii_is_lower(c) ? c - 'a' + 'A' : c);
}

/* The value of a hexadecimal digit in lower case; -1: it is none. */
static inline int
ascii_hex_value(int c)
{
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of two such digits; -1: they are none. */
static inline int
ascii_hex_byte(const char *text)
{
	int high = ascii_hex_value(text[0]);
	int low = high == -1 ? -1 : ascii_hex_value(text[1]);

	return low == -1 ? -1 : high * 16 + low;
}

/* In either case. */
static inline int
ascii_is_hex(int c)
{
	return ascii_hex_value(ascii_lower(c)) != -1;
}

/* The digit, in lower case, of the last four bits. */
static inline char
ascii_hex_digit(unsigned value)
{
	return "0123456789abcdef"[value & 0xf];
}

int	ascii_has_control(const char *text);

/*
 * Reads decimal digits and nothing else. Returns 0; or 1 for a number above max, and
 * *number_r is max; or -1 where there is no digit or another character.
 */
int	ascii_number(const char *text, size_t len, uint64_t max, uint64_t *number_r);

#endif
