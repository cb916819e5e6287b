/* milter/probe/ctl_progress.h: how far a long command is, for who watches a terminal */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_PROGRESS_H
#define AUTHRELAY_CTL_PROGRESS_H

struct ctl_progress {
	int		is_seen;	/* standard error is a terminal */
	int		is_shown;
	unsigned	total;
};

void	ctl_progress_init(struct ctl_progress *, unsigned total);
/* Draws the bar on standard error, over what it drew before. */
void	ctl_progress_show(struct ctl_progress *, unsigned done);
/* Takes it away: before a line is printed, and at the end. */
void	ctl_progress_hide(struct ctl_progress *);

#endif
