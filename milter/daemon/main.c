/* milter/daemon/main.c: authrelay-milter, its options */
/* SPDX-License-Identifier: ISC */

#include <confuse.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/conf_warn.h"
#include "config/suffix.h"
#include "daemon/daemon.h"
#include "daemon/engine.h"
#include "dns/dns.h"
#include "os/log.h"
#include "os/sandbox.h"

#define PROGRAM	"authrelay-milter"

struct options {
	struct daemon_options	daemon;
	int			only_test;
	int			only_print;
};

static void __attribute__((noreturn))
usage(void)
{
	(void)fprintf(stderr, "usage: %s [-fntV] [-c FILE] [-o 'SETTING = VALUE']...\n",
	    PROGRAM);
	exit(EX_USAGE);
}

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
	(void)printf("%s %s\n%s\nlibconfuse %s\nlibidn2 %s\nldns %s\n%s\n%s", PROGRAM,
	    AUTHRELAY_VERSION, engine, confuse_version, idn2_check_version(NULL),
	    dns_library_version(), suffix_describe(), sandboxes.data);
	exit(fflush(stdout) == EOF);
}

static void
read_option(int c, struct options *options)
{
	switch (c) {
	case 'c':
		options->daemon.file = optarg;
		break;
	case 'f':
		options->daemon.in_foreground = 1;
		break;
	case 'n':
		options->only_print = 1;
		break;
	case 'o':
		options->daemon.overrides[options->daemon.count++] = optarg;
		break;
	case 't':
		options->only_test = 1;
		break;
	case 'V':
		print_version();
	default:
		usage();
	}
}

static void
read_options(int argc, char **argv, struct options *options)
{
	int c;

	memset(options, 0, sizeof(*options));
	options->daemon.file = AUTHRELAY_CONF;
	options->daemon.overrides = calloc((size_t)argc, sizeof(char *));
	if (options->daemon.overrides == NULL)
		fatal("out of memory");
	while ((c = getopt(argc, argv, "c:fno:tV")) != -1)
		read_option(c, options);
	if (optind != argc)
		usage();
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
		log_warn("no memory, or a list file has gone meanwhile: there may be more "
		    "warnings");
	if (warnings.data != NULL)
		(void)fputs(warnings.data, stderr);
	buf_clear(&warnings);
	(void)fprintf(stderr, "%s: the configuration is valid\n", file);
}

/*
 * In the background the working folder is another, and a reload has to find the file
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
	free(options.daemon.overrides);
	return status;
}
