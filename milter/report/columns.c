/* milter/report/columns.c: how many columns of a terminal a text takes */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <wchar.h>

#include "core/utf8.h"
#include "report/columns.h"

static size_t
point_width(uint32_t point)
{
	int width = point < 0x80 ? 1 : wcwidth((wchar_t)point);

	return width < 0 ? 1 : (size_t)width;
}

size_t
columns_fit(const char *text, size_t length, size_t columns, size_t *taken_r)
{
	size_t at = 0, taken = 0, n, width;
	uint32_t point;

	for (; at < length; at += n, taken += width) {
		if ((n = utf8_decode(text + at, length - at, &point)) == 0) {
			n = 1;
			point = '?';
		}
		width = point_width(point);
		if (width > columns - taken)
			break;
	}
	*taken_r = taken;
	return at;
}

size_t
columns_of(const char *text, size_t length)
{
	size_t taken;

	(void)columns_fit(text, length, SIZE_MAX, &taken);
	return taken;
}
