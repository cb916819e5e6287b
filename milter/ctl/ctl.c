/* milter/ctl/ctl.c: parts that the commands of authrelayctl share */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/ascii.h"
#include "ctl/ctl.h"

#define EX_LATER	2

const struct cmdline_option ctl_source_options[] = {
	{ "config", 'c', "FILE", "Read this configuration file", cmdline_take_text,
	    offsetof(struct ctl_source, file), 0 },
	{ NULL, 'o', "'SETTING = VALUE'", "Override a setting; may be repeated",
	    cmdline_take_more, offsetof(struct ctl_source, overrides), 0 },
	{ .help = NULL }
};

void
ctl_source_clear(struct ctl_source *source)
{
	free(source->overrides.texts);
	source->overrides = (struct cmdline_list){ 0 };
}

const char *
ctl_source_file(const struct ctl_source *source)
{
	return source->file == NULL ? AUTHRELAY_CONF : source->file;
}

struct conf *
ctl_source_read(const struct ctl_source *source)
{
	struct conf *conf;
	struct buf errors;

	buf_init(&errors);
	conf = conf_read(ctl_source_file(source), source->overrides.texts,
	    source->overrides.count, &errors);
	if (errors.data != NULL)
		(void)fputs(errors.data, stderr);
	buf_clear(&errors);
	return conf;
}

int
ctl_cannot(const struct ctl_command *command, const char *what, const char *why,
    int status)
{
	(void)fprintf(stderr, "%s: %s: %s: %s\n", CTL_PROGRAM, command->line.command,
	    what, why);
	return status;
}

int
ctl_no_memory(void)
{
	(void)fprintf(stderr, "%s: out of memory\n", CTL_PROGRAM);
	return EX_OSERR;
}

int
ctl_verdict_status(enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_PERMIT:
		return 0;
	case POLICY_REJECT:
		return 1;
	case POLICY_TEMPFAIL:
	case POLICY_NEED:
		break;
	}
	return EX_LATER;
}

const char *
ctl_variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL ? "" : value;
}

int
ctl_has_colour(void)
{
	return *ctl_variable("NO_COLOR") == '\0' &&
	    strcmp(ctl_variable("TERM"), "dumb") != 0;
}

int
ctl_write(const struct buf *out)
{
	if (out->failed)
		return ctl_no_memory();
	/* fflush() does not know of what fwrite() could not hand on */
	if ((out->len == 0 || fwrite(out->data, 1, out->len, stdout) == out->len) &&
	    fflush(stdout) != EOF)
		return 0;
	(void)fprintf(stderr, "%s: standard output cannot be written\n", CTL_PROGRAM);
	return EX_IOERR;
}

int
ctl_number(const char *text, unsigned most, unsigned *number_r)
{
	size_t len = strlen(text);
	uint64_t number;

	if (len > 9 || ascii_number(text, len, most, &number) != 0)
		return -1;
	*number_r = (unsigned)number;
	return 0;
}
