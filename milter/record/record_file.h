/* milter/record/record_file.h: reader of audit files, line by line, unpacking gzip */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_FILE_H
#define AUTHRELAY_RECORD_FILE_H

#include <stddef.h>
#include <stdint.h>

/* No record is longer; a longer line comes in parts. */
#define RECORD_FILE_LINE_MAX	(1024 * 1024)

struct record_file;

/*
 * Exactly the file's bytes: at[0..length-1], then "\n" if has_end. The last line of a
 * file may have no end. Where is_part, the same line goes on with the next one (it is too
 * long to be a record, and has_end is 0).
 */
struct record_line {
	const char	*at;		/* good until the next call */
	size_t		 length;
	int		 has_end;
	int		 is_part;
	uint64_t	 number;	/* of the line, from 1 on; parts have the same */
	uint64_t	 offset;	/* where it begins in the file, unpacked */
};

/*
 * Opens a path, or standard input ("-"). Data compressed by gzip is decompressed,
 * whatever the name. NULL: it cannot be opened, and *why_r is the error ("No such file
 * or directory"; good until the next call of strerror()).
 */
struct record_file	*record_file_open(const char *path, const char **why_r);
void	record_file_close(struct record_file *);

/*
 * The next line: 1, or 0 at the end, or -1: it cannot be read further, and
 * record_file_why() says why. Packed data that are cut off, damaged, or followed by
 * something else are such a failure; what came before is given out first.
 */
int	record_file_next(struct record_file *, struct record_line *line_r);
const char	*record_file_why(const struct record_file *);

/* Bytes read so far as they are on the disk, and how many there are; 0: not known. */
uint64_t	record_file_done(const struct record_file *);
uint64_t	record_file_size(const struct record_file *);

#endif
