/* milter/os/cmdline.c: options of a command line, and the help on them, from one table */
/* SPDX-License-Identifier: ISC */

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/edit_distance.h"
#include "core/encode.h"
#include "os/cmdline.h"

#define ROWS_MAX	64
#define ROW_CODE	256	/* and the row's number; above every letter */
#define SHOWN_MAX	200	/* bytes of a text that is wrong */
#define NAME_WIDTH	27	/* columns; what is wider has a line of its own */

/* The table of a command as getopt_long() wants it. */
struct rows {
	const struct cmdline	*line;
	const struct cmdline_option *row[ROWS_MAX];
	const struct cmdline_group *group[ROWS_MAX];
	int			 is_given[ROWS_MAX];
	int			 count;
	struct option		 longs[ROWS_MAX + 2];
	char			 letters[2 * ROWS_MAX + 4];
};

const struct cmdline_option cmdline_help_options[] = {
	{ .name = "help", .letter = 'h', .help = "Print this help and exit" },
	{ .help = NULL }
};

const char *
cmdline_take_flag(void *to, const struct cmdline_option *option, char *value)
{
	(void)value;
	*(int *)(void *)((char *)to + option->at) = 1;
	return NULL;
}

const char *
cmdline_take_text(void *to, const struct cmdline_option *option, char *value)
{
	*(const char **)(void *)((char *)to + option->at) = value;
	return NULL;
}

const char *
cmdline_take_more(void *to, const struct cmdline_option *option, char *value)
{
	struct cmdline_list *list = (void *)((char *)to + option->at);
	char **texts = reallocarray(list->texts, list->count + 1, sizeof(*texts));

	if (texts == NULL)
		return "out of memory";
	list->texts = texts;
	list->texts[list->count++] = value;
	return NULL;
}

static int
argument_of(const struct cmdline_option *option)
{
	if (option->arg == NULL)
		return no_argument;
	return option->arg[0] == '[' ? optional_argument : required_argument;
}

static void
add_row(struct rows *rows, const struct cmdline_group *group,
    const struct cmdline_option *option, char **letter, struct option **name)
{
	assert(rows->count < ROWS_MAX);
	if (option->letter != '\0') {
		*(*letter)++ = option->letter;
		if (option->arg != NULL)
			*(*letter)++ = ':';
	}
	if (option->name != NULL)
		*(*name)++ = (struct option){ option->name, argument_of(option), NULL,
		    ROW_CODE + rows->count };
	rows->group[rows->count] = group;
	rows->row[rows->count++] = option;
}

static void
set_rows(struct rows *rows, const struct cmdline *line)
{
	static const struct cmdline_group help = { .options = cmdline_help_options };
	struct option *name = rows->longs;
	char *letter = rows->letters;

	memset(rows, 0, sizeof(*rows));
	rows->line = line;
	*letter++ = ':';	/* a missing argument is told from another fault */
	for (const struct cmdline_group *g = line->groups; g->options != NULL; g++)
		for (const struct cmdline_option *i = g->options; i->help != NULL; i++)
			add_row(rows, g, i, &letter, &name);
	add_row(rows, &help, cmdline_help_options, &letter, &name);
}

static int
find_row(const struct rows *rows, int code)
{
	int i = 0;

	if (code >= ROW_CODE)
		return code - ROW_CODE;
	while (i < rows->count && rows->row[i]->letter != code)
		i++;
	return i < rows->count ? i : -1;
}

static void
write_name(struct buf *out, const struct cmdline_option *option)
{
	if (option->name != NULL)
		buf_printf(out, "--%s", option->name);
	else
		buf_printf(out, "-%c", option->letter);
}

static void
write_text(struct buf *out, const char *text)
{
	(void)encode_word(out, text, strlen(text), SHOWN_MAX);
}

/* The name that was meant, or NULL. */
static const char *
nearest(const struct rows *rows, const char *name, size_t len)
{
	size_t limit = edit_distance_limit(len);
	const char *best = NULL;

	for (const struct option *i = rows->longs; i->name != NULL && len > 0 &&
	    len <= EDIT_DISTANCE_MAX; i++) {
		size_t distance = edit_distance(name, len, i->name, strlen(i->name));

		if (distance >= limit)
			continue;
		limit = distance;
		best = i->name;
	}
	return best;
}

static int
is_ambiguous(const struct rows *rows, const char *name, size_t len)
{
	for (const struct option *i = rows->longs; i->name != NULL; i++)
		if (strncmp(i->name, name, len) == 0)
			return 1;
	return 0;
}

/* Of letters that stand together, getopt() may not have ended the word. */
static void
refuse_unknown(const struct rows *rows, const char *word, struct buf *why)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	const char *name = word + 2, *meant;
	size_t len = optopt > 0 ? 0 : strcspn(name, "=");

	if (optopt >= ROW_CODE) {
		write_name(why, rows->row[optopt - ROW_CODE]);
		buf_puts(why, ": this option takes no value");
		return;
	}
	write_text(why, optopt > 0 ? letter : word);
	if (len > 0 && is_ambiguous(rows, name, len))
		buf_puts(why, ": ambiguous option");
	else
		buf_puts(why, ": unknown option");
	if ((meant = nearest(rows, name, len)) != NULL)
		buf_printf(why, "; did you mean --%s?", meant);
}

static void
refuse_missing(const struct rows *rows, struct buf *why)
{
	int i = find_row(rows, optopt);

	write_name(why, rows->row[i]);
	buf_printf(why, ": %s is missing", rows->row[i]->arg);
}

/* Where options contradict each other, it is not clear what is meant. */
static int
check_set(struct rows *rows, int given, struct buf *why)
{
	unsigned set = rows->row[given]->set;

	for (int i = 0; set != 0 && i < rows->count; i++) {
		if (rows->row[i]->set != set || !rows->is_given[i])
			continue;
		write_name(why, rows->row[i]);
		if (i == given)
			buf_puts(why, ": given twice");
		else {
			buf_puts(why, " and ");
			write_name(why, rows->row[given]);
			buf_puts(why, " exclude each other");
		}
		return -1;
	}
	rows->is_given[given] = 1;
	return 0;
}

static int
take(struct rows *rows, int i, void *to, struct buf *why)
{
	const struct cmdline_option *option = rows->row[i];
	const char *fault = rows->group[i]->refused;
	/* which musl leaves as it was */
	char *value = option->arg == NULL ? NULL : optarg;

	if (check_set(rows, i, why) == -1)
		return -1;
	if (fault == NULL)
		fault = option->take((char *)to + rows->group[i]->offset, option, value);
	if (fault == NULL)
		return 0;
	write_name(why, option);
	if (value != NULL) {
		buf_putc(why, ' ');
		write_text(why, value);
	}
	buf_printf(why, ": %s", fault);
	return -1;
}

static int
check_operands(const struct cmdline *line, int count, char **operands, struct buf *why)
{
	if (count < line->least) {
		buf_printf(why, "%s is missing", line->operand);
		return -1;
	}
	if (line->most == CMDLINE_ANY || count <= line->most)
		return 0;
	write_text(why, operands[line->most]);
	buf_puts(why, ": unexpected argument");
	return -1;
}

int
cmdline_parse(const struct cmdline *line, void *to, int argc, char **argv, int *first_r,
    struct buf *why)
{
	struct rows rows;
	int code, i;

	set_rows(&rows, line);
	optind = 0;	/* from the beginning, in the C libraries of Linux and the BSDs */
	opterr = 0;
	while ((code = getopt_long(argc, argv, rows.letters, rows.longs, NULL)) != -1) {
		if (code == ':') {
			refuse_missing(&rows, why);
			return -1;
		}
		if (code == '?' || (i = find_row(&rows, code)) == -1) {
			refuse_unknown(&rows, argv[optind - 1], why);
			return -1;
		}
		if (rows.row[i] == cmdline_help_options)
			return 1;
		if (take(&rows, i, to, why) == -1)
			return -1;
	}
	*first_r = optind;
	return check_operands(line, argc - optind, argv + optind, why);
}

int
cmdline_read(const struct cmdline *line, void *to, int *argc, char ***argv, int *status_r)
{
	struct buf why;
	int first, result;

	buf_init(&why);
	result = cmdline_parse(line, to, *argc, *argv, &first, &why);
	if (result == 1) {
		cmdline_help(line, stdout);
		*status_r = fflush(stdout) == EOF ? EX_IOERR : 0;
	} else if (result == -1)
		*status_r = cmdline_refuse(line, "%s",
		    why.failed ? "out of memory" : why.data);
	buf_clear(&why);
	if (result != 0)
		return -1;
	*argc -= first;
	*argv += first;
	return 0;
}

int
cmdline_refuse(const struct cmdline *line, const char *fmt, ...)
{
	const char *command = line->command == NULL ? "" : line->command;
	va_list ap;

	(void)fprintf(stderr, "%s: %s%s", line->program, command,
	    *command == '\0' ? "" : ": ");
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "\nSee: %s %s%s--help\n", line->program, command,
	    *command == '\0' ? "" : " ");
	return EX_USAGE;
}

/*
 * Help
 */

static void
print_usage(const struct cmdline *line, FILE *fp)
{
	const char *before = "usage:", *form = line->usage;

	do {
		size_t len = strcspn(form, "\n");

		(void)fprintf(fp, "%s %s%s%s%s%.*s\n", before, line->program,
		    line->command == NULL ? "" : " ",
		    line->command == NULL ? "" : line->command,
		    len > 0 ? " " : "", (int)len, form);
		before = "      ";
		form += len + (form[len] == '\n');
	} while (*form != '\0');
}

static void
print_option(const struct cmdline_option *option, FILE *fp)
{
	const char *arg = option->arg == NULL ? "" : option->arg;
	char name[80], letter[] = { '-', option->letter, '\0' };
	int is_optional = arg[0] == '[';

	(void)snprintf(name, sizeof(name), "%s%s%s%s%s%s",
	    option->letter == '\0' ? "    " : letter,
	    option->letter != '\0' && option->name != NULL ? ", " : "",
	    option->name != NULL ? "--" : "", option->name != NULL ? option->name : "",
	    *arg == '\0' ? "" : is_optional ? "[=" : " ", arg + is_optional);
	if (strlen(name) > NAME_WIDTH)
		(void)fprintf(fp, "  %s\n  %*s  %s\n", name, NAME_WIDTH, "",
		    option->help);
	else
		(void)fprintf(fp, "  %-*s  %s\n", NAME_WIDTH, name, option->help);
}

static void
print_options(const struct cmdline_option *options, FILE *fp)
{
	for (; options->help != NULL; options++)
		print_option(options, fp);
}

void
cmdline_help(const struct cmdline *line, FILE *fp)
{
	const struct cmdline_group *group = line->groups;

	print_usage(line, fp);
	(void)fprintf(fp, "%s.\n\nOptions:\n", line->help);
	for (; group->options != NULL && group->title == NULL; group++)
		print_options(group->options, fp);
	print_options(cmdline_help_options, fp);
	for (; group->options != NULL; group++) {
		if (group->title != NULL)
			(void)fprintf(fp, "\n%s:\n", group->title);
		print_options(group->options, fp);
	}
}
