/* milter/os/progress.c: progress bar of a long command, on a terminal */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "os/progress.h"

#define WIDTH		30
#define CLEAR_LINE	"\r\033[K"

void
progress_init(struct progress *progress)
{
	progress->is_seen = isatty(STDERR_FILENO);
	progress->is_shown = 0;
}

static void
draw_bar(uint64_t done, uint64_t total)
{
	double share = done >= total ? 1 : (double)done / (double)total;
	int part = (int)(share * WIDTH);

	(void)fprintf(stderr, "[%.*s%*s] %3d %%  ", part,
	    "##############################", WIDTH - part, "", (int)(share * 100));
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t total,
    const char *fmt, ...)
{
	va_list ap;

	if (!progress->is_seen)
		return;
	(void)fputs(CLEAR_LINE, stderr);
	if (total > 0)
		draw_bar(done, total);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fflush(stderr);
	progress->is_shown = 1;
}

void
progress_hide(struct progress *progress)
{
	if (!progress->is_shown)
		return;
	(void)fputs(CLEAR_LINE, stderr);
	(void)fflush(stderr);
	progress->is_shown = 0;
}
