/* milter/report/columns.h: how many columns of a terminal a text takes */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_COLUMNS_H
#define AUTHRELAY_COLUMNS_H

#include <stddef.h>

/*
 * By the locale's character type, for UTF-8. A character that the C library does not
 * know, and a byte that is no UTF-8, count as one column.
 */
size_t	columns_of(const char *, size_t);

/* Bytes from the front that fit into this number of columns; and how many they take. */
size_t	columns_fit(const char *, size_t, size_t columns, size_t *taken_r);

#endif
