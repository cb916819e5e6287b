/* milter/core/edit_distance.h: how far one word is from another */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_EDIT_DISTANCE_H
#define AUTHRELAY_EDIT_DISTANCE_H

#include <stddef.h>

#define EDIT_DISTANCE_MAX	64	/* bytes of the second word */

/*
 * How many bytes have to be added, removed or changed (Levenshtein). A second word that
 * is too long is as far as can be: SIZE_MAX.
 */
size_t	edit_distance(const char *, size_t, const char *, size_t);

/* The greatest distance, plus one, at which a word of a length may be a misspelling. */
size_t	edit_distance_limit(size_t);

#endif
