/* milter/ctl/ctl.h: parts that the commands of authrelayctl share */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_H
#define AUTHRELAY_CTL_H

#include "config/conf.h"
#include "os/cmdline.h"

#define CTL_PROGRAM	"authrelayctl"

struct ctl_command {
	struct cmdline	line;
	/* argv[0] is its name. Returns the exit status. */
	int		(*run)(int argc, char **argv);
	const char	*words;		/* what an operand may be; NULL: anything */
};

extern const struct ctl_command ctl_check, ctl_explain, ctl_keygen, ctl_log, ctl_mx,
    ctl_probe, ctl_replay, ctl_report, ctl_verify;

/* Which configuration. All zero is the one that the daemon reads. */
struct ctl_source {
	const char		*file;		/* NULL: see ctl_source_file() */
	struct cmdline_list	 overrides;
};

/* -c and -o, into a struct ctl_source */
extern const struct cmdline_option ctl_source_options[];

void	ctl_source_clear(struct ctl_source *);
const char	*ctl_source_file(const struct ctl_source *);
/* Reads it. NULL: it has errors, and they were printed. */
struct conf	*ctl_source_read(const struct ctl_source *);

/* Prints why a command failed on a file or another thing, and returns the status. */
int	ctl_cannot(const struct ctl_command *, const char *what, const char *why,
	    int status);
/* Says that there is no memory, and returns the exit status for that. */
int	ctl_no_memory(void);
/* The exit status that says what would be decided: 0 permit, 1 reject, 2 later. */
int	ctl_verdict_status(enum policy_verdict);
/* The environment's, or "". */
const char	*ctl_variable(const char *name);
/* Whether a terminal wants colours: https://no-color.org/ */
int	ctl_has_colour(void);
/* Writes all of it to standard output. Returns 0, or the exit status; why was printed. */
int	ctl_write(const struct buf *);

/* A decimal number, digits only, at most 999,999,999. Returns -1 if it is none. */
int	ctl_number(const char *text, unsigned most, unsigned *number_r);

#endif
