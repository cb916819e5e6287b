/* milter/ctl/ctl_filter.h: the options that choose records, of every command that has them */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_FILTER_H
#define AUTHRELAY_CTL_FILTER_H

#include <getopt.h>

#include "record/record_filter.h"

/* What getopt_long() returns for them; a command's own codes begin at CTL_FILTER_OWN. */
enum ctl_filter_code {
	CTL_FILTER_SINCE = 256,		/* above every letter */
	CTL_FILTER_UNTIL,
	CTL_FILTER_KEY,			/* and an enum record_filter_key */
	CTL_FILTER_OWN = CTL_FILTER_KEY + RECORD_FILTER_KEY_COUNT
};

#define CTL_FILTER_OPTION(name, key) \
	{ name, required_argument, NULL, CTL_FILTER_KEY + RECORD_FILTER_ ## key }

/* Rows for a command's struct option. */
#define CTL_FILTER_OPTIONS \
	{ "since", required_argument, NULL, CTL_FILTER_SINCE }, \
	{ "until", required_argument, NULL, CTL_FILTER_UNTIL }, \
	CTL_FILTER_OPTION("user", USER), \
	CTL_FILTER_OPTION("client", CLIENT), \
	CTL_FILTER_OPTION("domain", DOMAIN), \
	CTL_FILTER_OPTION("reason", REASON), \
	CTL_FILTER_OPTION("verdict", VERDICT), \
	CTL_FILTER_OPTION("event", EVENT)

#define CTL_FILTER_USAGE \
	"           [--since TIME] [--until TIME] [--user NAME] [--client NETWORK]\n" \
	"           [--domain DOMAIN] [--reason NAME] [--verdict NAME] [--event NAME]\n"

/* Whether the code is one of these. */
int	ctl_filter_has(int code);
/* Takes one with its value. Returns 0, or the exit status; what is wrong was printed. */
int	ctl_filter_read(struct record_filter *, int code, const char *value,
	    const char *command);

/* Prints what is wrong with an option's value, and returns the exit status for that. */
int	ctl_filter_refuse(const char *command, const char *option, const char *value,
	    const char *why);

#endif
