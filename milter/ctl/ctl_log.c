/* milter/ctl/ctl_log.c: authrelayctl log: the record, a line each, as it is or as it comes */
/* SPDX-License-Identifier: ISC */

#include <sys/ioctl.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/ctl_filter.h"
#include "ctl/ctl_follow.h"
#include "ctl/ctl_log_line.h"
#include "record/record_file.h"
#include "record/record_json.h"

#define LAST_LINES	10	/* that -f begins with */
#define LINES_MAX	1000000
#define FIELDS_MAX	64
#define OUT_MAX		65536	/* is kept back before it is written */

enum code {
	FIELD = CTL_FILTER_OWN
};

static const struct option options[] = {
	CTL_FILTER_OPTIONS,
	{ "field", required_argument, NULL, FIELD },
	{ NULL, 0, NULL, 0 }
};

struct log_run {
	struct ctl_source	 source;
	struct record_filter	*filter;
	int			 has_choice;	/* what is no record is not shown then */
	int			 is_following;
	size_t			 lines;
	enum record_key		 fields[FIELDS_MAX];
	size_t			 field_count;
	struct ctl_log_style	 style;
	struct buf		 spare;
	struct buf		 out;
};

static int
flush(struct log_run *run)
{
	int status = ctl_write(&run->out);

	buf_reset(&run->out);
	return status;
}

static int
flush_idle(void *arg)
{
	return flush(arg);
}

static int
show_line(void *arg, const char *line, size_t length)
{
	struct log_run *run = arg;
	struct record_view view;
	const char *why = record_json_read(line, length, &run->spare, &view);

	if (why != NULL) {
		if (!run->has_choice && run->field_count == 0)
			ctl_log_line_write_bad(&run->style, line, length, why,
			    &run->out);
	} else if (record_filter_match(run->filter, &view)) {
		if (run->field_count == 0)
			ctl_log_line_write(&run->style, &view, &run->out);
		else
			ctl_log_line_write_fields(&view, run->fields,
			    run->field_count, &run->out);
	}
	return run->out.len >= OUT_MAX || run->out.failed ? flush(run) : 0;
}

static int
cannot_read(const char *path, const char *why)
{
	(void)fprintf(stderr, "%s: log: %s: %s\n", CTL_PROGRAM, path, why);
	return EX_NOINPUT;
}

static int
show_file(struct log_run *run, const char *path)
{
	const char *why;
	struct record_file *file = record_file_open(path, &why);
	struct record_line line;
	int next = 0, status = 0;
	uint64_t shown = 0;

	if (file == NULL)
		return cannot_read(path, why);
	while (status == 0 && (next = record_file_next(file, &line)) == 1) {
		/* the first part of one that is too long is enough */
		if (line.number != shown)
			status = show_line(run, line.at, line.length);
		shown = line.number;
	}
	if (status == 0)
		status = flush(run);
	if (status == 0 && next == -1)
		status = cannot_read(path, record_file_why(file));
	record_file_close(file);
	return status;
}

static int
follow(struct log_run *run, const char *path)
{
	const struct ctl_follow_reader reader = { show_line, flush_idle, run };
	const char *why = NULL;
	int status = ctl_follow(path, run->lines, &reader, &why);

	return status == -1 ? cannot_read(path, why) : status;
}

/* Without a file, what the configuration names. */
static int
show_configured(struct log_run *run)
{
	struct conf *conf = ctl_source_read(&run->source);
	int status;

	if (conf == NULL)
		return EX_CONFIG;
	if (*conf->audit_file == '\0') {
		(void)fprintf(stderr, "%s: log: audit.file is not set: name a file\n",
		    CTL_PROGRAM);
		status = EX_USAGE;
	} else
		status = run->is_following ? follow(run, conf->audit_file) :
		    show_file(run, conf->audit_file);
	conf_unref(conf);
	return status;
}

static int
show(struct log_run *run, int count, char **files)
{
	int status = 0, one;

	if (record_filter_seal(run->filter) == -1)
		return ctl_no_memory();
	if (count == 0)
		return show_configured(run);
	if (run->is_following) {
		if (count == 1)
			return follow(run, files[0]);
		(void)fprintf(stderr, "%s: log: -f: one file only\n", CTL_PROGRAM);
		return ctl_usage("log");
	}
	for (int i = 0; i < count && status != EX_IOERR && status != EX_OSERR; i++)
		if ((one = show_file(run, files[i])) != 0)
			status = one;
	return status;
}

/*
 * Options
 */

static int
read_fields(struct log_run *run, const char *text)
{
	for (const char *next; text != NULL; text = next) {
		size_t length = strcspn(text, ",");
		enum record_key key = record_key_find(text, length);

		if (key == RECORD_KEYS || run->field_count == FIELDS_MAX)
			return ctl_filter_refuse("log", "--field", text, key == RECORD_KEYS ?
			    "no key of a record, see authrelay-audit(5)" : "too many");
		run->fields[run->field_count++] = key;
		next = text[length] == '\0' ? NULL : text + length + 1;
	}
	return 0;
}

static int
read_lines(struct log_run *run, const char *text)
{
	size_t digits = strspn(text, "0123456789");

	run->lines = digits > 0 && digits < 10 ? strtoul(text, NULL, 10) : LINES_MAX + 1;
	if (text[digits] != '\0' || run->lines > LINES_MAX)
		return ctl_filter_refuse("log", "-n", text, "no number; allowed: 0 to 1000000");
	return 0;
}

static int
read_option(struct log_run *run, int code)
{
	switch (code) {
	case 'c':
		run->source.file = optarg;
		return 0;
	case 'o':
		run->source.overrides[run->source.count++] = optarg;
		return 0;
	case 'f':
		run->is_following = 1;
		return 0;
	case 'n':
		return read_lines(run, optarg);
	case FIELD:
		return read_fields(run, optarg);
	}
	if (!ctl_filter_has(code))
		return ctl_usage("log");
	run->has_choice = 1;
	return ctl_filter_read(run->filter, code, optarg, "log");
}

static int
read_options(struct log_run *run, int argc, char **argv)
{
	int code, status = 0;

	while (status == 0 &&
	    (code = getopt_long(argc, argv, "+c:fn:o:", options, NULL)) != -1)
		status = read_option(run, code);
	return status;
}

static void
choose_style(struct ctl_log_style *style)
{
	struct winsize size;

	(void)setlocale(LC_CTYPE, "");
	memset(style, 0, sizeof(*style));
	if (!isatty(STDOUT_FILENO))
		return;
	style->is_short = 1;
	style->has_colour = ctl_has_colour();
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		style->width = size.ws_col;
}

int
ctl_log(int argc, char **argv)
{
	struct log_run run = { .lines = LAST_LINES };
	int status;

	if (ctl_source_init(&run.source, argc) == -1)
		return ctl_no_memory();
	buf_init(&run.spare);
	buf_init(&run.out);
	choose_style(&run.style);
	if ((run.filter = record_filter_new()) == NULL)
		status = ctl_no_memory();
	else if ((status = read_options(&run, argc, argv)) == 0)
		status = show(&run, argc - optind, argv + optind);
	record_filter_free(run.filter);
	buf_clear(&run.out);
	buf_clear(&run.spare);
	ctl_source_clear(&run.source);
	return status;
}
