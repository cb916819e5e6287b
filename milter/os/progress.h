/* milter/os/progress.h: progress bar of a long command, on a terminal */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PROGRESS_H
#define AUTHRELAY_PROGRESS_H

#include <stdint.h>

struct progress {
	int	is_seen;	/* standard error is a terminal */
	int	is_shown;
};

void	progress_init(struct progress *);
/* Draws a bar (none for a total of 0) and a text, over what was drawn before. */
void	progress_show(struct progress *, uint64_t done, uint64_t total,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Removes it: before a line is printed, and at the end. */
void	progress_hide(struct progress *);

#endif
