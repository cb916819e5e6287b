/* milter/ctl/ctl_replay.c: authrelayctl replay: records under another configuration */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/ctl_changes.h"
#include "ctl/ctl_filter.h"
#include "ctl/replay.h"
#include "dns/mx_lookup.h"
#include "record/record.h"
#include "record/record_file.h"
#include "record/record_json.h"

#define EX_REFUSED	1	/* something that was permitted would be refused */
#define EX_TROUBLE	2

struct replay_run {
	struct ctl_source	 source;
	struct ctl_filter	 filter;
	int			 is_live;
	int			 is_json;
	struct mx_lookup	*lookup;	/* NULL: DNS is not asked */
	struct replay		 replay;
	struct ctl_changes	 changes;
	struct buf		 spare;
};

/* Of today, where the record's answers were of their own day. */
static enum policy_mx
ask_now(void *arg, const char *domain)
{
	static const struct netaddr nobody;
	struct replay_run *run = arg;
	struct mx_lookup_answer answer;

	if (run->lookup == NULL)
		return POLICY_MX_UNASKED;
	mx_lookup_find(run->lookup, domain, &nobody, mx_lookup_deadline(run->lookup),
	    &answer);
	return answer.standing;
}

static int
take_line(struct replay_run *run, const struct record_line *line)
{
	struct record_view view;

	run->changes.lines++;
	if (line->is_part ||
	    record_json_read(line->at, line->length, &run->spare, &view) != NULL) {
		run->changes.bad_lines++;
		return 0;
	}
	if (view.event != RECORD_RCPT || !record_filter_match(run->filter.records, &view))
		return 0;
	if (replay_decide(&run->replay, &view) == -1 ||
	    ctl_changes_add(&run->changes, &view, &run->replay) == -1)
		return ctl_no_memory();
	return 0;
}

static int
take_file(struct replay_run *run, const char *path)
{
	const char *why;
	struct record_file *file = record_file_open(path, &why);
	struct record_line line;
	uint64_t taken = 0;
	int next = 0, status = 0;

	if (file == NULL)
		return ctl_cannot(&ctl_replay, path, why, EX_TROUBLE);
	while (status == 0 && (next = record_file_next(file, &line)) == 1) {
		if (line.number != taken)	/* not another part of the same */
			status = take_line(run, &line);
		taken = line.number;
	}
	if (status == 0 && next == -1)
		status = ctl_cannot(&ctl_replay, path, record_file_why(file), EX_TROUBLE);
	record_file_close(file);
	return status;
}

static int
print(struct replay_run *run)
{
	struct buf out;
	int status;

	buf_init(&out);
	if (run->is_json)
		ctl_changes_write_json(&run->changes, &out);
	else
		ctl_changes_write(&run->changes, &out);
	status = ctl_write(&out);
	if (status == 0 && run->changes.refused_now > 0)
		status = EX_REFUSED;
	buf_clear(&out);
	return status;
}

/* What came out before a file that cannot be read is no answer. */
static int
replay_files(struct replay_run *run, struct conf *conf, int count, char **files)
{
	const struct replay_rules rules = { .policy = &conf->policy,
	    .mx_domains = conf->mx_domains.count > 0 ? conf->mx_domain_set : NULL,
	    .is_live = run->is_live, .mx = ask_now, .mx_arg = run };
	int status = 0;

	replay_init(&run->replay, &rules);
	ctl_changes_init(&run->changes);
	for (int i = 0; i < count && status == 0; i++)
		status = take_file(run, files[i]);
	if (status == 0)
		status = print(run);
	ctl_changes_clear(&run->changes);
	replay_clear(&run->replay);
	return status;
}

static int
run_with(struct replay_run *run, struct conf *conf, int count, char **files)
{
	const char *why;
	int status;

	if (run->is_live && conf->mx_accept != POLICY_MX_ACCEPT_NONE &&
	    (run->lookup = mx_lookup_new(conf, NULL, NULL, &why)) == NULL)
		return ctl_cannot(&ctl_replay, "MX lookup", why, EX_TROUBLE);
	if (ctl_filter_seal(&run->filter) == -1)
		status = ctl_no_memory();
	else
		status = replay_files(run, conf, count, files);
	mx_lookup_unref(run->lookup);
	return status;
}

static const struct cmdline_option options[] = {
	{ .name = "live", .help = "Look up mail exchangers now",
	    .take = cmdline_take_flag, .at = offsetof(struct replay_run, is_live) },
	{ .name = "json", .help = "Print a JSON object", .take = cmdline_take_flag,
	    .at = offsetof(struct replay_run, is_json) },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = ctl_source_options, .offset = offsetof(struct replay_run, source) },
	{ .options = options },
	{ .options = ctl_filter_options, .offset = offsetof(struct replay_run, filter),
	    .title = CTL_FILTER_TITLE },
	{ .options = NULL }
};

static int
start(struct replay_run *run, int argc, char **argv)
{
	struct conf *conf;
	int status;

	if (cmdline_read(&ctl_replay.line, run, &argc, &argv, &status) == -1)
		return status;
	if (run->source.file == NULL && run->source.overrides.count == 0)
		return cmdline_refuse(&ctl_replay.line, "--config or -o is missing");
	if ((conf = ctl_source_read(&run->source)) == NULL)
		return EX_CONFIG;
	status = run_with(run, conf, argc, argv);
	conf_unref(conf);
	return status;
}

static int
run(int argc, char **argv)
{
	struct replay_run run = { .is_live = 0 };
	int status;

	buf_init(&run.spare);
	if (ctl_filter_init(&run.filter) == -1)
		status = ctl_no_memory();
	else
		status = start(&run, argc, argv);
	ctl_filter_clear(&run.filter);
	buf_clear(&run.spare);
	ctl_source_clear(&run.source);
	return status;
}

const struct ctl_command ctl_replay = { { .program = CTL_PROGRAM, .command = "replay",
    .usage = "--config FILE [OPTION]... FILE...",
    .help = "Say what another configuration would have decided", .groups = groups,
    .operand = "FILE", .least = 1, .most = CMDLINE_ANY }, run, NULL };
