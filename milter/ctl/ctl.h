/* milter/ctl/ctl.h: what the commands of authrelayctl share */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_H
#define AUTHRELAY_CTL_H

#include <stddef.h>

#include "config/conf.h"

struct buf;

#define CTL_PROGRAM	"authrelayctl"

/* Which configuration: the options -c and -o of every command. */
struct ctl_source {
	const char	 *file;
	char		**overrides;	/* owned, their texts are not */
	size_t		  count;
};

/*
 * The commands. argv[0] is the command's name; what they return is the exit status.
 */
int	ctl_check(int argc, char **argv);
int	ctl_explain(int argc, char **argv);
int	ctl_log(int argc, char **argv);
int	ctl_keygen(int argc, char **argv);
int	ctl_mx(int argc, char **argv);
int	ctl_probe(int argc, char **argv);
int	ctl_report(int argc, char **argv);
int	ctl_replay(int argc, char **argv);
int	ctl_verify(int argc, char **argv);

/* Nothing given yet, and room for argc overrides. Returns -1 without memory. */
int	ctl_source_init(struct ctl_source *, int argc);
void	ctl_source_clear(struct ctl_source *);
/* Reads it. NULL: it has errors, and they were printed. */
struct conf	*ctl_source_read(const struct ctl_source *);

/* Prints how the command is used, and returns the exit status for that. */
int	ctl_usage(const char *command);
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

#endif
