/* milter/os/cmdline.h: options of a command line, and the help on them, from one table */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CMDLINE_H
#define AUTHRELAY_CMDLINE_H

#include <stddef.h>
#include <stdio.h>

#include "core/buf.h"

struct cmdline_option;

/*
 * Stores a value (NULL: there is none) in what the option's group belongs to. Returns
 * NULL, or what is wrong with the value as a constant text.
 */
typedef const char	*cmdline_taker(void *to, const struct cmdline_option *,
			    char *value);

/* A row of a table; the last one has no help. */
struct cmdline_option {
	const char	*name;		/* after two dashes; NULL: it has a letter only */
	char		 letter;	/* after one dash; 0: it has a name only */
	const char	*arg;		/* "FILE", "[VERSION]" (after a =); NULL: none */
	const char	*help;
	cmdline_taker	*take;
	size_t		 at;		/* what take() wants to know: mostly an offset */
	unsigned	 set;		/* one of a set may be given, once; 0: no set */
};

/* Some of a command's options. The last group has no options. */
struct cmdline_group {
	const struct cmdline_option *options;
	size_t		 offset;	/* of what they belong to, in the command's own */
	const char	*title;		/* in the help; NULL: none */
	const char	*refused;	/* why they are wrong here; NULL: they are not */
};

#define CMDLINE_ANY	(-1)		/* number of operands */

struct cmdline {
	const char	*program;
	const char	*command;	/* NULL: the program has none */
	const char	*usage;		/* what follows, one line for each form */
	const char	*help;		/* a sentence */
	const struct cmdline_group *groups;
	const char	*operand;	/* what one is called; NULL: there are none */
	int		 least, most;	/* how many */
};

/* Texts in the order in which they were given. All zero is an empty list. */
struct cmdline_list {
	char	**texts;		/* owned; each text is the command line's */
	size_t	  count;
};

/* Takers. `at` is the offset of an int, which becomes 1, */
cmdline_taker	cmdline_take_flag;
/* of a const char *, */
cmdline_taker	cmdline_take_text;
/* of a struct cmdline_list, which gets one more. */
cmdline_taker	cmdline_take_more;

/*
 * Reads options, before and after operands, until "--"; argv[0] is not looked at. The
 * operands are argv[*first_r] and on. Returns 0; 1 where --help was among them; -1 where
 * something is wrong, which is added to why_r.
 */
int	cmdline_parse(const struct cmdline *, void *to, int argc, char **argv,
	    int *first_r, struct buf *why_r);

/*
 * The same, for a program: help is printed to standard output, what is wrong to standard
 * error. Returns 0 and the operands in argc and argv, or -1 and the exit status.
 */
int	cmdline_read(const struct cmdline *, void *to, int *argc, char ***argv,
	    int *status_r);

/* Prints what is wrong with a command line, and how to get help. Returns the status. */
int	cmdline_refuse(const struct cmdline *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Prints the usage, a sentence and a line for each option. */
void	cmdline_help(const struct cmdline *, FILE *);

/* Each command line has these. */
extern const struct cmdline_option cmdline_help_options[];

#endif
