/* milter/config/conf_file.h: files that are read whole */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_FILE_H
#define AUTHRELAY_CONF_FILE_H

#include "core/buf.h"

/*
 * Reads a whole regular file that has no NUL byte; once more where it changes
 * meanwhile. Returns NULL, or why it could not. text_r is to be cleared in any case.
 * Never waits for more than a second: a FIFO, a directory and a device are errors.
 */
const char	*conf_file_load(const char *path, struct buf *text_r);
/*
 * The same for the configuration itself, which may be a pipe, too: /dev/stdin, or what
 * a shell makes of <(COMMAND). One that nobody writes into for 5 seconds is an error,
 * and a FIFO that nobody has open is empty, as is /dev/null.
 */
const char	*conf_file_load_main(const char *path, struct buf *text_r);

/*
 * The next line of a list file that has an entry or a fault, from where the last one
 * ended; all zero but the text is before the first. An entry is without blanks and
 * comment.
 */
struct conf_file_line {
	const struct buf	*text;
	size_t			 at;		/* of the next line */
	unsigned		 number;	/* of this line, from 1 */
	const char		*entry;		/* in the text */
	size_t			 len;
	const char		*why;		/* NULL, or a constant text */
};

/* Returns 1, or 0 behind the last line. A last line without its end is a fault. */
int	conf_file_next(struct conf_file_line *);

#endif
