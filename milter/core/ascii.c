/* milter/core/ascii.c: characters of ASCII and numbers, whatever the locale is */
/* SPDX-License-Identifier: ISC */

#include "core/ascii.h"

int
ascii_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (ascii_is_control(*text))
			return 1;
	return 0;
}

int
ascii_number(const char *text, size_t len, uint64_t max, uint64_t *number_r)
{
	uint64_t number = 0;
	int is_above = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!ascii_is_digit(text[i]))
			return -1;
		uint64_t digit = (uint64_t)(text[i] - '0');
		if (digit > max || number > (max - digit) / 10)
			is_above = 1;
		else
			number = number * 10 + digit;
	}
	*number_r = is_above ? max : number;
	return is_above;
}
