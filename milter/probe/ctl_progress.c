/* milter/probe/ctl_progress.c: how far a long command is, for who watches a terminal */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl_progress.h"

#define WIDTH		40
#define NUMBERS		26	/* at most: two of ten digits, brackets and blanks */

void
ctl_progress_init(struct ctl_progress *progress, unsigned total)
{
	progress->is_seen = isatty(STDERR_FILENO);
	progress->is_shown = 0;
	progress->total = total;
}

void
ctl_progress_show(struct ctl_progress *progress, unsigned done)
{
	char bar[WIDTH + 1];
	unsigned part;

	if (!progress->is_seen || progress->total == 0)
		return;
	part = done >= progress->total ? WIDTH :
	    (unsigned)((unsigned long long)done * WIDTH / progress->total);
	memset(bar, '.', WIDTH);
	memset(bar, '#', part);
	bar[WIDTH] = '\0';
	(void)fprintf(stderr, "\r[%s] %u/%u", bar, done, progress->total);
	(void)fflush(stderr);
	progress->is_shown = 1;
}

void
ctl_progress_hide(struct ctl_progress *progress)
{
	if (!progress->is_shown)
		return;
	(void)fprintf(stderr, "\r%*s\r", WIDTH + NUMBERS, "");
	(void)fflush(stderr);
	progress->is_shown = 0;
}
