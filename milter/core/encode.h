/* milter/core/encode.h: encoding of text from outside for records, logs and terminals */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_ENCODE_H
#define AUTHRELAY_ENCODE_H

#include <stddef.h>

#include "core/buf.h"

/*
 * The one way from a stranger's bytes to a record, a log or a terminal. What comes
 * out is valid UTF-8 on one line and has no control character (C0, DEL, C1), no line
 * or paragraph separator, no bidirectional control, no invisible format character
 * and no noncharacter in it.
 *
 * Nothing is lost: what was sent can always be told, byte for byte, from what is
 * written (and not cut).
 */

/*
 * Adds a JSON string (RFC 8259) with its quotation marks. What may not come out raw
 * is \uNNNN, two of them above U+FFFF, or a short form such as \n. A byte that is no
 * UTF-8 becomes four characters of the string's value, \xNN; a backslash of the
 * sender's that would look like one (a backslash, an x and two hexadecimal digits)
 * is \x5c there.
 */
void	encode_json(struct buf *, const char *, size_t);

/*
 * Adds a value for key=value: bare where it has only letters, digits and . _ : @ / +
 * - , [ ] < > % and is not empty, else in quotation marks with \" and \\ ; what JSON
 * writes as \uNNNN, and a byte that is no UTF-8, are \xNN here, a byte each. At
 * most `max` bytes of output, marks included (less than 5 counts as 5): what is longer
 * is cut between characters and closed with three dots inside the quotation marks.
 * Returns 1 if it was cut, else 0.
 */
int	encode_word(struct buf *, const char *, size_t, size_t max);

/*
 * How many bytes of the text, whole characters, encode_json() writes as at most `max`
 * bytes, its quotation marks not counted. What they become is the same whatever follows.
 */
size_t	encode_json_fit(const char *, size_t, size_t max);

#endif
