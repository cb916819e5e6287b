/* milter/ctl/ctl_completion.c: completion of command lines in bash and zsh */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "ctl/ctl_completion.h"

typedef void	option_writer(const struct cmdline *, const struct cmdline_option *,
		    struct buf *);

static int
is_file(const char *arg)
{
	return arg != NULL && strstr(arg, "FILE") != NULL;
}

static void
each_option(const struct cmdline *line, option_writer *write, struct buf *out)
{
	for (const struct cmdline_group *g = line->groups; g->options != NULL; g++)
		for (const struct cmdline_option *i = g->options; i->help != NULL; i++)
			write(line, i, out);
	write(line, cmdline_help_options, out);
}

/*
 * bash
 */

static void
add_names(const struct cmdline *line, const struct cmdline_option *option,
    struct buf *out)
{
	(void)line;
	if (option->letter != '\0')
		buf_printf(out, " -%c", option->letter);
	if (option->name != NULL)
		buf_printf(out, " --%s", option->name);
}

/* Those whose argument is the next word, and is a file; or is not. */
static void
add_file_names(const struct cmdline *line, const struct cmdline_option *option,
    struct buf *out)
{
	if (is_file(option->arg))
		add_names(line, option, out);
}

static void
add_other_names(const struct cmdline *line, const struct cmdline_option *option,
    struct buf *out)
{
	if (option->arg != NULL && option->arg[0] != '[' && !is_file(option->arg))
		add_names(line, option, out);
}

static void
write_bash_command(const struct ctl_command *command, struct buf *out)
{
	const struct cmdline *line = &command->line;

	buf_printf(out, "\t%s)\n\t\toptions='", line->command);
	each_option(line, add_names, out);
	buf_puts(out, "'\n\t\tfiles='");
	each_option(line, add_file_names, out);
	buf_puts(out, "'\n\t\tothers='");
	each_option(line, add_other_names, out);
	buf_printf(out, "'\n\t\toperand=%s\n\t\twords='%s'\n\t\t;;\n",
	    is_file(line->operand) ? "file" : "",
	    command->words == NULL ? "" : command->words);
}

void
ctl_completion_bash(const struct ctl_command *const *commands, struct buf *out)
{
	buf_printf(out, "# Completion of %s(8) in bash\n"
	    "# Made by `%s completion bash`\n# SPDX-License-Identifier: ISC\n\n"
	    "_%s()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "\tlocal options files others operand words\n\n"
	    "\tCOMPREPLY=()\n"
	    "\tif ((COMP_CWORD == 1)); then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W '", CTL_PROGRAM, CTL_PROGRAM,
	    CTL_PROGRAM);
	for (const struct ctl_command *const *i = commands; *i != NULL; i++)
		buf_printf(out, "%s ", (*i)->line.command);
	buf_puts(out, "--help --version' -- \"$cur\")\n\t\treturn\n\tfi\n"
	    "\tcase ${COMP_WORDS[1]} in\n");
	for (const struct ctl_command *const *i = commands; *i != NULL; i++)
		write_bash_command(*i, out);
	buf_printf(out, "\t*)\n\t\treturn\n\t\t;;\n\tesac\n"
	    "\t# --name=value is three words\n"
	    "\tif [[ $cur == = ]]; then\n\t\tcur=\n"
	    "\telif [[ $prev == = ]]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
	    "\tif [[ \" $files \" == *\" $prev \"* ||\n"
	    "\t    ($operand == file && $cur != -* && "
	    "\" $others \" != *\" $prev \"*) ]]; then\n"
	    "\t\tcompopt -o filenames 2>/dev/null\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	    "\telif [[ \" $others \" == *\" $prev \"* ]]; then\n"
	    "\t\treturn\n"
	    "\telif [[ $cur == -* || -z $words ]]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	    "\telse\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	    "\tfi\n}\n\ncomplete -F _%s %s\n", CTL_PROGRAM, CTL_PROGRAM);
}

/*
 * zsh: see _arguments in zshcompsys(1)
 */

/* As it is between single quotation marks, in a description or a message. */
static void
add_quoted(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else {
			if (strchr("[]:\\", *text) != NULL)
				buf_putc(out, '\\');
			buf_putc(out, *text);
		}
}

/* It may be repeated, unless others of its set exclude it. */
static void
add_excluded(const struct cmdline *line, unsigned set, struct buf *out)
{
	const char *before = "(";

	if (set == 0) {
		buf_putc(out, '*');
		return;
	}
	for (const struct cmdline_group *g = line->groups; g->options != NULL; g++)
		for (const struct cmdline_option *i = g->options; i->help != NULL; i++) {
			if (i->set != set)
				continue;
			buf_printf(out, "%s--%s", before, i->name);
			before = " ";
		}
	buf_putc(out, ')');
}

static void
add_argument(const char *arg, struct buf *out)
{
	int is_optional = arg[0] == '[';

	buf_puts(out, is_optional ? "::" : ":");
	if (strcspn(arg, "['") == 0) {		/* its marks */
		struct buf bare;

		buf_init(&bare);
		buf_add(&bare, arg + 1, strlen(arg) - 2);
		add_quoted(out, bare.failed ? "" : bare.data);
		buf_clear(&bare);
	} else
		add_quoted(out, arg);
	buf_puts(out, is_file(arg) ? ":_files" : ": ");
}

static void
write_spec(const struct cmdline *line, const struct cmdline_option *option, int is_long,
    struct buf *out)
{
	const char *arg = option->arg;

	buf_puts(out, " \\\n\t\t    '");
	add_excluded(line, option->set, out);
	if (is_long)
		buf_printf(out, "--%s%s", option->name, arg == NULL ? "" :
		    arg[0] == '[' ? "=-" : "=");
	else
		buf_printf(out, "-%c%s", option->letter, arg == NULL ? "" : "+");
	buf_putc(out, '[');
	add_quoted(out, option->help);
	buf_putc(out, ']');
	if (arg != NULL)
		add_argument(arg, out);
	buf_putc(out, '\'');
}

static void
write_specs(const struct cmdline *line, const struct cmdline_option *option,
    struct buf *out)
{
	if (option->letter != '\0')
		write_spec(line, option, 0, out);
	if (option->name != NULL)
		write_spec(line, option, 1, out);
}

static void
write_zsh_command(const struct ctl_command *command, struct buf *out)
{
	const struct cmdline *line = &command->line;

	buf_printf(out, "\t%s)\n\t\t_arguments -s -S", line->command);
	each_option(line, write_specs, out);
	if (command->words != NULL)
		buf_printf(out, " \\\n\t\t    '*:%s:(%s)'", line->operand,
		    command->words);
	else if (line->operand != NULL)
		buf_printf(out, " \\\n\t\t    '*:%s:%s'", line->operand,
		    is_file(line->operand) ? "_files" : " ");
	buf_puts(out, "\n\t\t;;\n");
}

void
ctl_completion_zsh(const struct ctl_command *const *commands, struct buf *out)
{
	buf_printf(out, "#compdef %s\n# Completion of %s(8) in zsh\n"
	    "# Made by `%s completion zsh`\n# SPDX-License-Identifier: ISC\n\n"
	    "_%s()\n{\n\tlocal -a commands=(\n", CTL_PROGRAM, CTL_PROGRAM, CTL_PROGRAM,
	    CTL_PROGRAM);
	for (const struct ctl_command *const *i = commands; *i != NULL; i++) {
		buf_printf(out, "\t\t'%s:", (*i)->line.command);
		add_quoted(out, (*i)->line.help);
		buf_puts(out, "'\n");
	}
	buf_puts(out, "\t\t'--help:Print help and exit'\n"
	    "\t\t'--version:Print the version and exit'\n\t)\n\n"
	    "\tif ((CURRENT == 2)); then\n"
	    "\t\t_describe command commands\n\t\treturn\n\tfi\n"
	    "\tlocal command=$words[2]\n"
	    "\tshift words\n\t((CURRENT--))\n"
	    "\tcase $command in\n");
	for (const struct ctl_command *const *i = commands; *i != NULL; i++)
		write_zsh_command(*i, out);
	buf_printf(out, "\tesac\n}\n\n_%s \"$@\"\n", CTL_PROGRAM);
}
