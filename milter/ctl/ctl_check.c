/* milter/ctl/ctl_check.c: authrelayctl check: is the configuration right, and meant so? */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/conf_warn.h"
#include "ctl/ctl.h"

static int
run(const struct ctl_source *source)
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
	(void)fprintf(stderr, "%s: the configuration is valid\n", source->file);
	if (result == -1)
		(void)fprintf(stderr, "%s: no memory, or a list file has gone meanwhile: "
		    "there may be more warnings\n", CTL_PROGRAM);
	buf_clear(&text);
	conf_unref(conf);
	return result == -1 ? EX_OSERR : 0;
}

int
ctl_check(int argc, char **argv)
{
	struct ctl_source source;
	int c, status;

	if (ctl_source_init(&source, argc) == -1)
		return ctl_no_memory();
	while ((c = getopt(argc, argv, "+c:o:")) != -1) {
		if (c == 'c')
			source.file = optarg;
		else if (c == 'o')
			source.overrides[source.count++] = optarg;
		else
			break;
	}
	status = c != -1 || optind != argc ? ctl_usage("check") : run(&source);
	ctl_source_clear(&source);
	return status;
}
