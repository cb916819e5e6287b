/* milter/conf_file.h: files that are read whole */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_FILE_H
#define AUTHRELAY_CONF_FILE_H

#include "buf.h"

/*
 * Reads a whole file that has no NUL byte. Returns NULL, or why it could not. text_r
 * is to be cleared in any case.
 */
const char	*conf_file_load(const char *path, struct buf *text_r);

/*
 * The entry of a line of a list file, without blanks and comment; of length 0: there is
 * none. why_r is NULL, or what is wrong as a constant text.
 */
const char	*conf_file_entry(const char *line, const char *end, size_t *len_r,
		    const char **why_r);

#endif
