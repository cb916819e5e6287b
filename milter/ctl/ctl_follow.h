/* milter/ctl/ctl_follow.h: lines of a growing file, across rotations */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_FOLLOW_H
#define AUTHRELAY_CTL_FOLLOW_H

#include <stddef.h>

/*
 * What comes. Every function returns 0 to go on, or an exit status that ends it. A line
 * has no end any more; one that is longer than any record may come cut.
 */
struct ctl_follow_reader {
	int	(*line)(void *arg, const char *line, size_t length);
	int	(*idle)(void *arg);	/* nothing more is there for now */
	void	*arg;
};

/*
 * Gives out the last lines of the file and then each one that is written to it, for
 * ever, or until a reader's function ends it, with its exit status. A file that is
 * renamed is read until its name has another one with something in it; one that has
 * become shorter is read from its beginning; one that is not there is waited for.
 * Returns the status, or -1 if it cannot be read, with why_r ("Permission denied", good
 * until the next call of strerror()).
 */
int	ctl_follow(const char *path, size_t lines, const struct ctl_follow_reader *,
	    const char **why_r);

#endif
