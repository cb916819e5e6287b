/* milter/core/xtext.c: decoder of xtext (RFC 3461), for Sendmail's macros */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/ascii.h"
#include "core/xtext.h"

/* -1: not one in capitals. */
static int
hex_digit(char c)
{
	return ascii_is_lower(c) ? -1 : ascii_hex_value(ascii_lower(c));
}

/* The byte of "+XX"; -1: none. */
static int
coded_byte(const char *text)
{
	int high = hex_digit(text[1]);
	int low = high == -1 ? -1 : hex_digit(text[2]);

	return low == -1 || (high == 0 && low == 0) ? -1 : high * 16 + low;
}

int
xtext_decode(char *text)
{
	const char *from;
	char *to = text;

	for (from = text; (from = strchr(from, '+')) != NULL; from += 3)
		if (coded_byte(from) == -1)
			return -1;
	for (from = text; *from != '\0'; to++) {
		if (*from == '+') {
			*to = (char)coded_byte(from);
			from += 3;
		} else
			*to = *from++;
	}
	*to = '\0';
	return 0;
}
