/* milter/ctl/ctl_report.c: authrelayctl report: summary of audit files */
/* SPDX-License-Identifier: ISC */

#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/encode.h"
#include "ctl/ctl.h"
#include "ctl/ctl_filter.h"
#include "ctl/ctl_time.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/progress.h"
#include "record/record_file.h"
#include "record/record_json.h"
#include "report/sections.h"

#define FORMAT		1	/* a set of options */
#define TOP_DEFAULT	10
#define TOP_MAX		10000
#define WIDTH_DEFAULT	80
#define WIDTH_MAX	200
#define PROGRESS_PATH	40	/* bytes of a file's name */
#define PROGRESS_LINES	20000	/* between two looks at the clock */
#define PROGRESS_US	INT64_C(200000)
#define PROGRESS_FIRST	INT64_C(1000000)	/* what takes less needs none */

struct report_run {
	struct ctl_source	 source;
	struct ctl_filter	 filter;
	struct report_options	 options;
	struct report_style	 style;
	struct report		 report;
	struct buf		 spare;
	const char		*html;		/* NULL: not wanted */
	int			 is_json;
	struct progress		 progress;
	int64_t			 began_us;
	int64_t			 shown_us;
};

/* Looked up for each quarter of an hour: no clock changes within one. */
static int32_t
local_offset(int64_t seconds)
{
	static int64_t	quarter = INT64_MIN;
	static int32_t	offset;
	time_t		time = (time_t)seconds;
	struct tm	tm;

	if (seconds / 900 == quarter)
		return offset;
	quarter = seconds / 900;
	offset = localtime_r(&time, &tm) == NULL ? 0 : (int32_t)tm.tm_gmtoff;
	return offset;
}

static void
show_progress(struct report_run *run, const char *path, const struct record_file *file)
{
	int64_t		now = clock_realtime_us();
	struct buf	shown;

	if (now - run->began_us < PROGRESS_FIRST || now - run->shown_us < PROGRESS_US)
		return;
	run->shown_us = now;
	buf_init(&shown);
	(void)encode_word(&shown, path, strlen(path), PROGRESS_PATH);
	progress_show(&run->progress, record_file_done(file), record_file_size(file),
	    "%" PRIu64 " records  %s", run->report.lines, shown.failed ? "" : shown.data);
	buf_clear(&shown);
}

static int
add_line(struct report_run *run, const struct record_line *line)
{
	struct record_view view;
	const char *why = record_json_read(line->at, line->length, &run->spare, &view);

	if (run->spare.failed)
		return -1;
	if (why != NULL)
		report_add_bad(&run->report);
	else if (!record_filter_match(run->filter.records, &view))
		report_pass_over(&run->report);
	else
		return report_add(&run->report, &view);
	return 0;
}

static int
read_file(struct report_run *run, const char *path)
{
	const char		*why;
	struct record_file	*file = record_file_open(path, &why);
	struct record_line	 line;
	uint64_t		 last = 0;
	int			 next, status = 0;

	if (file == NULL)
		return ctl_cannot(&ctl_report, path, why, EX_NOINPUT);
	while ((next = record_file_next(file, &line)) == 1) {
		/* of one that is too long, a part is enough */
		if (line.number != last && add_line(run, &line) == -1) {
			status = ctl_no_memory();
			break;
		}
		last = line.number;
		if (run->progress.is_seen && line.number % PROGRESS_LINES == 0)
			show_progress(run, path, file);
	}
	progress_hide(&run->progress);
	if (next == -1)
		status = ctl_cannot(&ctl_report, path, record_file_why(file), EX_NOINPUT);
	record_file_close(file);
	return status;
}

/* The file that the configuration names, and those that were rotated away from it. */
static int
read_configured(struct report_run *run)
{
	struct conf	*conf = ctl_source_read(&run->source);
	struct buf	 path;
	int		 status;

	if (conf == NULL)
		return EX_CONFIG;
	if (*conf->audit_file == '\0') {
		conf_unref(conf);
		return cmdline_refuse(&ctl_report.line,
		    "audit.file is not set; name a FILE");
	}
	buf_init(&path);
	status = read_file(run, conf->audit_file);
	for (int i = 1, is_there = 1; status == 0 && is_there; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s.%d", conf->audit_file, i);
		is_there = !path.failed && access(path.data, F_OK) == 0;
		if (!is_there) {
			buf_puts(&path, ".gz");
			is_there = !path.failed && access(path.data, F_OK) == 0;
		}
		if (is_there)
			status = read_file(run, path.data);
	}
	if (status == 0 && path.failed)
		status = ctl_no_memory();
	buf_clear(&path);
	conf_unref(conf);
	return status;
}

static int
write_all(int fd, const struct buf *out)
{
	size_t	done = 0;

	while (done < out->len) {
		ssize_t	n = write(fd, out->data + done, out->len - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	return fsync(fd);
}

/*
 * Whoever looks at the file sees the old page or the new one. By a directory that is
 * opened once: it may belong to somebody else than the root who makes the page.
 */
static int
replace_page(const struct directory *dir, const char *path, const struct buf *out)
{
	const int	how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char		name[sizeof(".authrelay.") + 16];
	uint64_t	number;
	int		fd, status = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return ctl_cannot(&ctl_report, path, strerror(errno), EX_OSERR);
	(void)snprintf(name, sizeof(name), ".authrelay.%016" PRIx64, number);
	if ((fd = openat(dir->fd, name, how, 0666)) == -1)
		return ctl_cannot(&ctl_report, path, strerror(errno), EX_CANTCREAT);
	if (write_all(fd, out) == -1 ||
	    renameat(dir->fd, name, dir->fd, dir->name) == -1) {
		status = ctl_cannot(&ctl_report, path, strerror(errno), EX_IOERR);
		(void)unlinkat(dir->fd, name, 0);
	}
	(void)close(fd);
	return status;
}

static int
write_page(const char *path, const struct buf *out)
{
	struct directory	dir;
	int			status;

	if (out->failed)
		return ctl_no_memory();
	if (directory_open(path, &dir) == -1)
		return ctl_cannot(&ctl_report, path, strerror(errno), EX_CANTCREAT);
	status = replace_page(&dir, path, out);
	directory_close(&dir);
	return status;
}

static int
write_report(struct report_run *run)
{
	struct buf	out;
	int		status;

	report_finish(&run->report);
	buf_init(&out);
	if (run->html != NULL) {
		report_html(&run->report, &run->style, &out);
		status = strcmp(run->html, "-") == 0 ? ctl_write(&out) :
		    write_page(run->html, &out);
	} else {
		(run->is_json ? report_json : report_text)(&run->report, &run->style,
		    &out);
		status = ctl_write(&out);
	}
	buf_clear(&out);
	return status;
}

static int
run_report(struct report_run *run, int count, char **files)
{
	struct report_options	*period = &run->options;
	int			 status = 0;

	period->since_us = run->filter.since_us;
	period->until_us = run->filter.until_us;
	if (period->until_us <= period->since_us)
		return cmdline_refuse(&ctl_report.line, "--until is not after --since");
	if (period->since_us != INT64_MIN) {
		if (period->until_us == INT64_MAX)
			period->until_us = run->began_us;
		period->before_us = 2 * period->since_us - period->until_us;
	}
	if (record_filter_seal(run->filter.records) == -1 ||
	    report_init(&run->report, &run->options) == -1)
		return ctl_no_memory();
	if (count == 0)
		status = read_configured(run);
	for (int i = 0; i < count && status == 0; i++)
		status = read_file(run, files[i]);
	return status == 0 ? write_report(run) : status;
}

/*
 * Options
 */

static const char *
take_top(void *to, const struct cmdline_option *option, char *value)
{
	struct report_run	*run = to;
	unsigned		 top;

	(void)option;
	if (ctl_number(value, TOP_MAX, &top) == -1 || top == 0)
		return "invalid number; allowed: 1 to 10000";
	run->style.top = top;
	return NULL;
}

static const struct cmdline_option options[] = {
	{ .name = "top", .arg = "NUMBER", .help = "Rows of each list (10)",
	    .take = take_top },
	{ .name = "json", .help = "Print a JSON object", .take = cmdline_take_flag,
	    .at = offsetof(struct report_run, is_json), .set = FORMAT },
	{ .name = "html", .arg = "FILE",
	    .help = "Write a page for a browser to this file", .take = cmdline_take_text,
	    .at = offsetof(struct report_run, html), .set = FORMAT },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options, .offset = offsetof(struct report_run, source) },
	{ .options = options },
	{ .options = ctl_filter_options, .offset = offsetof(struct report_run, filter),
	    .title = CTL_FILTER_TITLE },
	{ .options = NULL }
};

static void
choose_style(struct report_style *style)
{
	struct winsize	size;

	(void)setlocale(LC_CTYPE, "");
	*style = (struct report_style){ .top = TOP_DEFAULT, .width = WIDTH_DEFAULT };
	style->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!isatty(STDOUT_FILENO)) {
		size_t	columns = strtoul(ctl_variable("COLUMNS"), NULL, 10);

		if (columns >= 40 && columns <= WIDTH_MAX)
			style->width = columns;
		return;
	}
	style->has_color = ctl_has_colour();
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		style->width = size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static int
run(int argc, char **argv)
{
	struct report_run	run = {
		.options = {
			.before_us = INT64_MIN,
			.tally_max = TALLY_MAX,
			.offset = local_offset,
		},
		.began_us = clock_realtime_us(),
	};
	int			status;

	tzset();
	progress_init(&run.progress);
	choose_style(&run.style);
	buf_init(&run.spare);
	if (ctl_filter_init(&run.filter) == -1)
		status = ctl_no_memory();
	else if (getrandom(run.options.hash_key, SIPHASH_KEY_SIZE, 0) != SIPHASH_KEY_SIZE)
		status = EX_OSERR;
	else if (cmdline_read(&ctl_report.line, &run, &argc, &argv, &status) == 0)
		status = run_report(&run, argc, argv);
	report_clear(&run.report);
	ctl_filter_clear(&run.filter);
	buf_clear(&run.spare);
	ctl_source_clear(&run.source);
	return status;
}

const struct ctl_command ctl_report = { { .program = CTL_PROGRAM, .command = "report",
    .usage = "[OPTION]... [FILE...]", .help = "Sum up the records of audit files",
    .groups = groups, .operand = "FILE", .most = CMDLINE_ANY }, run, NULL };
