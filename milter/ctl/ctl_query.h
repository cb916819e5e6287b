/* milter/ctl/ctl_query.h: query of authrelayctl explain */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_QUERY_H
#define AUTHRELAY_CTL_QUERY_H

#include <stddef.h>

#include "core/buf.h"
#include "core/policy.h"
#include "os/cmdline.h"

/*
 * The texts belong to who gave the options. All zero is one in which nothing is known.
 */
struct ctl_query {
	struct policy_facts	 facts;		/* but for rcpt: see ctl_query_rcpt() */
	const char		*client_name;
	const char		*sender;
	const char		*rcpt;		/* NULL: not given */
	int			 is_raw;	/* rcpt is to be taken as it is */
	int			 has_client;	/* an address, "unknown", or this host */
};

/* Into a struct ctl_query, over what it has already. */
extern const struct cmdline_option ctl_query_options[];

/*
 * Cuts a line into words, in place: they are separated by blanks; in quotation marks,
 * single or double ones, blanks are part of a word, and between double ones a backslash
 * takes the next character as it is. A line of which nothing is left, or whose first
 * character is #, has no words. Returns their number, or -1, and what is wrong is in
 * why_r as a constant text.
 */
int	ctl_query_split(char *line, char **words_r, int max, const char **why_r);

/* The recipient as a client would have sent it: in angle brackets, unless it has one. */
void	ctl_query_rcpt(const struct ctl_query *, struct buf *rcpt_r);

#endif
