/* milter/daemon/main.c: authrelay-milter, its options */
/* SPDX-License-Identifier: ISC */

#include <idn2.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/conf.h"
#include "config/conf_warn.h"
#include "config/suffix.h"
#include "daemon/daemon.h"
#include "daemon/engine.h"
#include "dns/dns.h"
#include "os/cmdline.h"
#include "os/log.h"
#include "os/sandbox.h"

#define PROGRAM	"authrelay-milter"

struct options {
	struct daemon_options	daemon;
	struct cmdline_list	overrides;
	int			only_test;
	int			only_print;
	int			only_version;
};

#define AT(member)	offsetof(struct options, member)

static const struct cmdline_option table[] = {
	{ NULL, 'c', "FILE", "Read this configuration file", cmdline_take_text,
	    AT(daemon.file), 0 },
	{ NULL, 'f', NULL, "Stay in the foreground, and log to standard error",
	    cmdline_take_flag, AT(daemon.in_foreground), 0 },
	{ NULL, 'n', NULL, "Print the effective configuration and exit",
	    cmdline_take_flag, AT(only_print), 0 },
	{ NULL, 'o', "'SETTING = VALUE'", "Override a setting; may be repeated",
	    cmdline_take_more, AT(overrides), 0 },
	{ NULL, 't', NULL, "Test the configuration and exit", cmdline_take_flag,
	    AT(only_test), 0 },
	{ NULL, 'V', NULL, "Print the version, libraries and sandboxes, and exit",
	    cmdline_take_flag, AT(only_version), 0 },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = table },
	{ .options = NULL }
};

static const struct cmdline line = { .program = PROGRAM,
    .usage = "[-fntV] [-c FILE] [-o 'SETTING = VALUE']...",
    .help = "Refuse relaying to clients that are not entitled to it", .groups = groups };

static void __attribute__((noreturn))
print_version(void)
{
	char engine[64];
	struct buf sandboxes;

	engine_version(engine, sizeof(engine));
	buf_init(&sandboxes);
	sandbox_describe_all(&sandboxes);
	if (sandboxes.failed)
		fatal("out of memory");
	(void)printf("%s %s\n%s\nlibidn2 %s\nldns %s\n%s\n%s", PROGRAM,
	    AUTHRELAY_VERSION, engine, idn2_check_version(NULL),
	    dns_library_version(), suffix_describe(), sandboxes.data);
	exit(fflush(stdout) == EOF);
}

static void
read_options(int argc, char **argv, struct options *options)
{
	int status;

	memset(options, 0, sizeof(*options));
	options->daemon.file = AUTHRELAY_CONF;
	if (cmdline_read(&line, options, &argc, &argv, &status) == -1)
		exit(status);
	if (options->only_version)
		print_version();
	options->daemon.overrides = options->overrides.texts;
	options->daemon.count = options->overrides.count;
}

static struct conf *
read_configuration(const struct daemon_options *options)
{
	struct conf *conf;
	struct buf errors;

	buf_init(&errors);
	conf = conf_read(options->file, options->overrides, options->count, &errors);
	if (errors.data != NULL)
		(void)fputs(errors.data, stderr);
	buf_clear(&errors);
	if (conf == NULL)
		exit(EX_CONFIG);
	return conf;
}

/* They change no exit status: what is warned of is allowed. */
static void
print_test(const struct conf *conf, const char *file)
{
	struct buf warnings;

	buf_init(&warnings);
	if (conf_warn_here(conf, "warning: ", &warnings) == -1)
		log_warn("out of memory, or a list file is missing now: there may be "
		    "more warnings");
	if (warnings.data != NULL)
		(void)fputs(warnings.data, stderr);
	buf_clear(&warnings);
	(void)fprintf(stderr, "%s: the configuration is valid\n", file);
}

/*
 * In the background the working directory is another, and a reload has to find the file
 * again.
 */
static int
run_daemon(struct daemon_options *options, struct conf *conf)
{
	char *file = realpath(options->file, NULL);
	int status;

	if (file != NULL)
		options->file = file;
	status = daemon_run(options, conf);
	free(file);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct conf *conf;
	int status;

	log_init(PROGRAM);
	read_options(argc, argv, &options);
	conf = read_configuration(&options.daemon);
	if (options.only_print)
		conf_print(conf, stdout);
	if (options.only_test)
		print_test(conf, options.daemon.file);
	if (options.only_print || options.only_test)
		status = fflush(stdout) == EOF;
	else
		status = run_daemon(&options.daemon, conf);
	conf_unref(conf);
	free(options.overrides.texts);
	return status;
}
