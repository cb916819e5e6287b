/* milter/ctl/ctl_verify.c: authrelayctl verify: integrity of audit files */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/ctl_verify.h"

#define PEEK_LINES	1000	/* for the first one that has a time */
#define STDIN_NAME	"-"

/* A file, and what its beginning says of its place among the others. */
struct input {
	const char	*name;
	int		 is_done;
	int		 has_prev;
	unsigned char	 prev[CHAIN_SIZE];
	char		 time[CHAIN_LINE_TIME_SIZE];
};

struct command {
	struct cmdline_list	 anchor_files;
	const char		*key_file;	/* NULL: none */
	struct input		*inputs;
	size_t			 count;
	struct anchors		 anchors;
	struct audit_key	*key;
	struct ctl_verify_print	 print;
};

/* Skips long lines: authrelay writes none. */
static int
take_anchor_line(struct anchors *anchors, const struct record_line *line,
    uint64_t *number)
{
	int is_whole = line->number != *number && !line->is_part;

	*number = line->number;
	return is_whole ? anchors_add_line(anchors, line->at, line->length) : 0;
}

static int
read_anchors(struct command *command, const char *name)
{
	const char *why;
	struct record_file *file = record_file_open(name, &why);
	struct record_line line;
	uint64_t number = 0;
	int result, status = 0;

	if (file == NULL)
		return ctl_cannot(&ctl_verify, name, why, EX_NOINPUT);
	while ((result = record_file_next(file, &line)) == 1 && status == 0)
		if (take_anchor_line(&command->anchors, &line, &number) == -1)
			status = ctl_no_memory();
	if (result == -1 && status == 0)
		status = ctl_cannot(&ctl_verify, name, record_file_why(file), EX_NOINPUT);
	record_file_close(file);
	return status;
}

static int
read_key(struct command *command, const char *name)
{
	const char *why;

	if ((command->key = audit_key_read_public(name, &why)) == NULL)
		return ctl_cannot(&ctl_verify, name, why, EX_NOINPUT);
	command->print.has_key = 1;
	return 0;
}

static void
peek_at_line(struct input *input, const struct record_line *at)
{
	struct chain_line line;

	if (at->is_part || !chain_line_parse(at->at, at->length, &line))
		return;
	memcpy(input->time, line.time, sizeof(input->time));
	if (at->number == 1 && line.has_prev) {
		input->has_prev = 1;
		memcpy(input->prev, line.prev, CHAIN_SIZE);
	}
}

/* What can be read of it, that is; what cannot, is a finding later. */
static int
peek(struct input *input)
{
	const char *why;
	struct record_file *file = record_file_open(input->name, &why);
	struct record_line line;

	if (file == NULL)
		return ctl_cannot(&ctl_verify, input->name, why, EX_NOINPUT);
	while (input->time[0] == '\0' && record_file_next(file, &line) == 1 &&
	    line.number <= PEEK_LINES)
		peek_at_line(input, &line);
	record_file_close(file);
	return 0;
}

/* The file that names the last line of the one before; or else the oldest. */
static struct input *
next_input(struct command *command, const struct verify *verify)
{
	unsigned char last[CHAIN_SIZE];
	int has_last = verify_last(verify, last);
	struct input *oldest = NULL;

	for (size_t i = 0; i < command->count; i++) {
		struct input *input = &command->inputs[i];

		if (input->is_done)
			continue;
		if (has_last && input->has_prev &&
		    memcmp(input->prev, last, CHAIN_SIZE) == 0)
			return input;
		if (oldest == NULL || strcmp(input->time, oldest->time) < 0)
			oldest = input;
	}
	return oldest;
}

static int
verify_input(struct command *command, struct verify *verify, struct input *input)
{
	struct record_file *file = record_file_open(input->name, &command->print.why);
	struct record_line line;
	int result;

	input->is_done = 1;
	if (file == NULL)
		return ctl_cannot(&ctl_verify, input->name, command->print.why,
		    EX_NOINPUT);
	verify_file(verify, input->name);
	while ((result = record_file_next(file, &line)) == 1)
		verify_line(verify, &line);
	command->print.why = record_file_why(file);
	verify_file_end(verify, result == 0);
	record_file_close(file);
	return 0;
}

static int
exit_status(const struct ctl_verify_print *print, enum verify_verdict verdict)
{
	if (print->has_failed)
		return ctl_cannot(&ctl_verify, "standard output", "cannot be written",
		    EX_IOERR);
	switch (verdict) {
	case VERIFY_IS_GOOD:
		return 0;
	case VERIFY_IS_BROKEN:
		return 1;
	case VERIFY_IS_UNKNOWN:
		break;
	}
	return 2;
}

static int
verify_all(struct command *command, struct verify *verify)
{
	struct verify_result result;
	struct input *input;
	int status = 0;

	ctl_verify_begin(&command->print);
	while (status == 0 && (input = next_input(command, verify)) != NULL)
		status = verify_input(command, verify, input);
	if (status != 0)
		return status;
	if (verify_end(verify, &result) == -1)
		return ctl_no_memory();
	ctl_verify_end(&command->print, &result);
	return exit_status(&command->print, result.verdict);
}

static int
verify_inputs(struct command *command)
{
	struct verify *verify;
	int status = 0;

	for (size_t i = 0; command->count > 1 && status == 0 && i < command->count; i++)
		status = peek(&command->inputs[i]);
	if (status != 0)
		return status;
	anchors_seal(&command->anchors);
	command->print.anchors = command->anchors.count;
	command->print.unreadable = command->anchors.unreadable;
	command->print.files = command->count;
	verify = verify_new(&command->anchors, command->key, ctl_verify_finding,
	    &command->print);
	if (verify == NULL)
		return ctl_no_memory();
	status = verify_all(command, verify);
	verify_free(verify);
	return status;
}

static int
set_inputs(struct command *command, int argc, char **argv)
{
	command->count = (size_t)argc;
	if ((command->inputs = calloc(command->count, sizeof(*command->inputs))) == NULL)
		return ctl_no_memory();
	for (size_t i = 0; i < command->count; i++) {
		command->inputs[i].name = argv[i];
		if (strcmp(argv[i], STDIN_NAME) == 0 && argc > 1)
			return cmdline_refuse(&ctl_verify.line,
			    "-: standard input must be the only file");
	}
	return 0;
}

static int
read_helpers(struct command *command)
{
	int status = command->key_file == NULL ? 0 : read_key(command, command->key_file);

	for (size_t i = 0; status == 0 && i < command->anchor_files.count; i++)
		status = read_anchors(command, command->anchor_files.texts[i]);
	return status;
}

static const struct cmdline_option options[] = {
	{ .name = "anchors", .arg = "FILE",
	    .help = "Compare with anchors in this syslog file",
	    .take = cmdline_take_more, .at = offsetof(struct command, anchor_files) },
	{ .name = "pubkey", .arg = "FILE",
	    .help = "Check the anchors' signatures by this key",
	    .take = cmdline_take_text, .at = offsetof(struct command, key_file) },
	{ .name = "json", .help = "Print a JSON object", .take = cmdline_take_flag,
	    .at = offsetof(struct command, print.is_json) },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = options },
	{ .options = NULL }
};

static int
run(int argc, char **argv)
{
	struct command command = { .count = 0 };
	int status;

	anchors_init(&command.anchors);
	if (cmdline_read(&ctl_verify.line, &command, &argc, &argv, &status) == 0 &&
	    (status = set_inputs(&command, argc, argv)) == 0 &&
	    (status = read_helpers(&command)) == 0)
		status = verify_inputs(&command);
	anchors_clear(&command.anchors);
	audit_key_free(command.key);
	free(command.inputs);
	free(command.anchor_files.texts);
	return status;
}

const struct ctl_command ctl_verify = { { .program = CTL_PROGRAM, .command = "verify",
    .usage = "[OPTION]... FILE...", .help = "Check audit files for changes and gaps",
    .groups = groups, .operand = "FILE", .least = 1, .most = CMDLINE_ANY }, run, NULL };
