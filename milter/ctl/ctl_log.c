/* milter/ctl/ctl_log.c: authrelayctl log: records, one per line */
/* SPDX-License-Identifier: ISC */

#include <sys/ioctl.h>

#include <locale.h>
#include <stddef.h>
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

struct log_run {
	struct ctl_source	 source;
	struct ctl_filter	 filter;	/* given: only records are shown */
	int			 is_following;
	unsigned		 lines;
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
		if (!run->filter.is_given && run->field_count == 0)
			ctl_log_line_write_bad(&run->style, line, length, why,
			    &run->out);
	} else if (record_filter_match(run->filter.records, &view)) {
		if (run->field_count == 0)
			ctl_log_line_write(&run->style, &view, &run->out);
		else
			ctl_log_line_write_fields(&view, run->fields,
			    run->field_count, &run->out);
	}
	return run->out.len >= OUT_MAX || run->out.failed ? flush(run) : 0;
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
		return ctl_cannot(&ctl_log, path, why, EX_NOINPUT);
	while (status == 0 && (next = record_file_next(file, &line)) == 1) {
		/* the first part of one that is too long is enough */
		if (line.number != shown)
			status = show_line(run, line.at, line.length);
		shown = line.number;
	}
	if (status == 0)
		status = flush(run);
	if (status == 0 && next == -1)
		status = ctl_cannot(&ctl_log, path, record_file_why(file), EX_NOINPUT);
	record_file_close(file);
	return status;
}

static int
follow(struct log_run *run, const char *path)
{
	const struct ctl_follow_reader reader = { show_line, flush_idle, run };
	const char *why = NULL;
	int status = ctl_follow(path, run->lines, &reader, &why);

	return status == -1 ? ctl_cannot(&ctl_log, path, why, EX_NOINPUT) : status;
}

/* Without a file, what the configuration names. */
static int
show_configured(struct log_run *run)
{
	struct conf *conf = ctl_source_read(&run->source);
	int status;

	if (conf == NULL)
		return EX_CONFIG;
	if (*conf->audit_file == '\0')
		status = cmdline_refuse(&ctl_log.line,
		    "audit.file is not set; name a FILE");
	else
		status = run->is_following ? follow(run, conf->audit_file) :
		    show_file(run, conf->audit_file);
	conf_unref(conf);
	return status;
}

static int
show(struct log_run *run, int count, char **files)
{
	int status = 0, one;

	if (ctl_filter_seal(&run->filter) == -1)
		return ctl_no_memory();
	if (count == 0)
		return show_configured(run);
	if (run->is_following)
		return count == 1 ? follow(run, files[0]) :
		    cmdline_refuse(&ctl_log.line, "-f: one file only");
	for (int i = 0; i < count && status != EX_IOERR && status != EX_OSERR; i++)
		if ((one = show_file(run, files[i])) != 0)
			status = one;
	return status;
}

/*
 * Options
 */

static const char *
take_fields(void *to, const struct cmdline_option *option, char *value)
{
	struct log_run *run = to;

	(void)option;
	for (const char *text = value;; text++) {
		size_t length = strcspn(text, ",");
		enum record_key key = record_key_find(text, length);

		if (key == RECORD_KEYS)
			return "unknown key; allowed: those of authrelay-audit(5), "
			    "separated by commas";
		if (run->field_count == FIELDS_MAX)
			return "too many keys";
		run->fields[run->field_count++] = key;
		text += length;
		if (*text == '\0')
			return NULL;
	}
}

static const char *
take_lines(void *to, const struct cmdline_option *option, char *value)
{
	struct log_run *run = to;

	(void)option;
	return ctl_number(value, LINES_MAX, &run->lines) == 0 ? NULL :
	    "invalid number; allowed: 0 to 1000000";
}

static const struct cmdline_option options[] = {
	{ .letter = 'f', .help = "Show the last lines, then each new one",
	    .take = cmdline_take_flag, .at = offsetof(struct log_run, is_following) },
	{ .letter = 'n', .arg = "LINES",
	    .help = "Number of lines that -f begins with (10)", .take = take_lines },
	{ .name = "field", .arg = "KEY,...",
	    .help = "Print only these values of a record", .take = take_fields },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options, .offset = offsetof(struct log_run, source) },
	{ .options = options },
	{ .options = ctl_filter_options, .offset = offsetof(struct log_run, filter),
	    .title = CTL_FILTER_TITLE },
	{ .options = NULL }
};

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

static int
run(int argc, char **argv)
{
	struct log_run run = { .lines = LAST_LINES };
	int status;

	buf_init(&run.spare);
	buf_init(&run.out);
	choose_style(&run.style);
	if (ctl_filter_init(&run.filter) == -1)
		status = ctl_no_memory();
	else if (cmdline_read(&ctl_log.line, &run, &argc, &argv, &status) == 0)
		status = show(&run, argc, argv);
	ctl_filter_clear(&run.filter);
	buf_clear(&run.out);
	buf_clear(&run.spare);
	ctl_source_clear(&run.source);
	return status;
}

const struct ctl_command ctl_log = { { .program = CTL_PROGRAM, .command = "log",
    .usage = "[OPTION]... [FILE...]",
    .help = "Print records of audit files, one per line", .groups = groups,
    .operand = "FILE", .most = CMDLINE_ANY }, run, NULL };
