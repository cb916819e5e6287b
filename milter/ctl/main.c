/* milter/ctl/main.c: authrelayctl: its commands */
/* SPDX-License-Identifier: ISC */

#include <idn2.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/edit_distance.h"
#include "core/encode.h"
#include "ctl/ctl.h"
#include "ctl/ctl_completion.h"

#define SHOWN_MAX	200	/* bytes of a word that is no command */

static int	run_completion(int argc, char **argv);

static const struct cmdline_group no_options[] = { { .options = NULL } };

static const struct ctl_command completion = { { .program = CTL_PROGRAM,
    .command = "completion", .usage = "bash | zsh",
    .help = "Print a script that completes command lines in a shell",
    .groups = no_options, .operand = "SHELL", .least = 1, .most = 1 }, run_completion,
    "bash zsh" };

/* In the order of their names. */
static const struct ctl_command *const commands[] = {
	&ctl_check, &completion, &ctl_explain, &ctl_keygen, &ctl_log, &ctl_mx, &ctl_probe,
	&ctl_replay, &ctl_report, &ctl_verify, NULL
};

static int
run_completion(int argc, char **argv)
{
	struct buf out;
	int status;

	if (cmdline_read(&completion.line, NULL, &argc, &argv, &status) == -1)
		return status;
	buf_init(&out);
	if (strcmp(argv[0], "bash") == 0)
		ctl_completion_bash(commands, &out);
	else if (strcmp(argv[0], "zsh") == 0)
		ctl_completion_zsh(commands, &out);
	else {
		(void)encode_word(&out, argv[0], strlen(argv[0]), SHOWN_MAX);
		status = cmdline_refuse(&completion.line, "%s: unknown shell; "
		    "allowed: bash, zsh", out.failed ? "?" : out.data);
		buf_clear(&out);
		return status;
	}
	status = ctl_write(&out);
	buf_clear(&out);
	return status;
}

static int
print_help(void)
{
	(void)printf("usage: %s COMMAND [OPTION]... [ARGUMENT]...\n"
	    "       %s --help | --version\n"
	    "Check and explain authrelay-milter, and test mail servers for relaying.\n"
	    "\nCommands:\n", CTL_PROGRAM, CTL_PROGRAM);
	for (const struct ctl_command *const *i = commands; *i != NULL; i++)
		(void)printf("  %-10s  %s\n", (*i)->line.command, (*i)->line.help);
	(void)printf("\n%s COMMAND --help lists the options of a command.\n",
	    CTL_PROGRAM);
	return fflush(stdout) == EOF ? EX_IOERR : 0;
}

static int
refuse_command(const char *word)
{
	size_t len = strlen(word), limit = edit_distance_limit(len);
	const char *meant = NULL;
	struct buf shown;

	for (const struct ctl_command *const *i = commands; *i != NULL &&
	    len <= EDIT_DISTANCE_MAX; i++) {
		const char *name = (*i)->line.command;
		size_t distance = edit_distance(word, len, name, strlen(name));

		if (distance >= limit)
			continue;
		limit = distance;
		meant = name;
	}
	buf_init(&shown);
	(void)encode_word(&shown, word, len, SHOWN_MAX);
	(void)fprintf(stderr, "%s: %s: unknown command%s%s%s\nSee: %s --help\n",
	    CTL_PROGRAM, shown.failed ? "?" : shown.data,
	    meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "?", CTL_PROGRAM);
	buf_clear(&shown);
	return EX_USAGE;
}

static int
is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "%s: a command is missing\nSee: %s --help\n",
		    CTL_PROGRAM, CTL_PROGRAM);
		return EX_USAGE;
	}
	if (is_one_of(argv[1], "-h", "--help"))
		return print_help();
	if (is_one_of(argv[1], "-V", "--version")) {
		(void)printf("%s %s\nlibidn2 %s\n", CTL_PROGRAM,
		    AUTHRELAY_VERSION, idn2_check_version(NULL));
		return 0;
	}
	for (const struct ctl_command *const *i = commands; *i != NULL; i++)
		if (strcmp(argv[1], (*i)->line.command) == 0)
			return (*i)->run(argc - 1, argv + 1);
	return refuse_command(argv[1]);
}
