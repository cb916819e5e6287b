/* milter/core/edit_distance.c: how far one word is from another */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>

#include "core/edit_distance.h"

size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[EDIT_DISTANCE_MAX + 1];

	if (b_len > EDIT_DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[b_len];
}

size_t
edit_distance_limit(size_t len)
{
	return (len + 9) / 4;
}
