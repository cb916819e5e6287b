/* milter/ctl/ctl_check.c: authrelayctl check: errors and warnings of a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <sysexits.h>

#include "config/conf_warn.h"
#include "ctl/ctl.h"

static int
check(const struct ctl_source *source)
{
	struct conf *conf = ctl_source_read(source);
	struct buf text;
	int result;

	if (conf == NULL)
		return EX_CONFIG;
	buf_init(&text);
	result = conf_warn_here(conf, "warning: ", &text);
	if (text.data != NULL)
		(void)fputs(text.data, stderr);
	(void)fprintf(stderr, "%s: the configuration is valid\n",
	    ctl_source_file(source));
	if (result == -1)
		(void)fprintf(stderr, "%s: out of memory, or a list file was removed "
		    "meanwhile: there may be more warnings\n", CTL_PROGRAM);
	buf_clear(&text);
	conf_unref(conf);
	return result == -1 ? EX_OSERR : 0;
}

static int
run(int argc, char **argv)
{
	struct ctl_source source = { .file = NULL };
	int status;

	if (cmdline_read(&ctl_check.line, &source, &argc, &argv, &status) == 0)
		status = check(&source);
	ctl_source_clear(&source);
	return status;
}

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options },
	{ .options = NULL }
};

const struct ctl_command ctl_check = { { .program = CTL_PROGRAM, .command = "check",
    .usage = "[OPTION]...", .help = "Check the configuration, and warn of what is risky",
    .groups = groups }, run, NULL };
