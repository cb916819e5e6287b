/* milter/ctl/ctl_filter.c: the options that choose records, of every command that has them */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/encode.h"
#include "ctl/ctl.h"
#include "ctl/ctl_filter.h"
#include "ctl/ctl_time.h"

#define SHOWN_MAX	200	/* of a value that is wrong */

int
ctl_filter_refuse(const char *command, const char *option, const char *value,
    const char *why)
{
	struct buf shown;

	buf_init(&shown);
	(void)encode_word(&shown, value, strlen(value), SHOWN_MAX);
	(void)fprintf(stderr, "%s: %s: %s %s: %s\n", CTL_PROGRAM, command, option,
	    shown.failed ? "?" : shown.data, why);
	buf_clear(&shown);
	return EX_USAGE;
}

int
ctl_filter_has(int code)
{
	return code >= CTL_FILTER_SINCE && code < CTL_FILTER_OWN;
}

static int
read_time(struct record_filter *filter, int code, const char *value, const char *command)
{
	int64_t time_us;
	const char *why = ctl_time_parse(value, ctl_time_now(), &time_us);

	if (why != NULL)
		return ctl_filter_refuse(command, code == CTL_FILTER_SINCE ? "--since" :
		    "--until", value, why);
	if (code == CTL_FILTER_SINCE)
		record_filter_since(filter, time_us);
	else
		record_filter_until(filter, time_us);
	return 0;
}

int
ctl_filter_read(struct record_filter *filter, int code, const char *value,
    const char *command)
{
	enum record_filter_key key = (enum record_filter_key)(code - CTL_FILTER_KEY);
	char option[32];
	const char *why;

	if (code == CTL_FILTER_SINCE || code == CTL_FILTER_UNTIL)
		return read_time(filter, code, value, command);
	if ((why = record_filter_add(filter, key, value)) == NULL)
		return 0;
	(void)snprintf(option, sizeof(option), "--%s", record_filter_key_name(key));
	return ctl_filter_refuse(command, option, value, why);
}
