/* milter/main.c: authrelay-milter, from its options to its end */
/* SPDX-License-Identifier: ISC */

#include <confuse.h>
#include <idn2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "audit.h"
#include "background.h"
#include "conf.h"
#include "engine.h"
#include "filter.h"
#include "log.h"
#include "priv.h"
#include "signals.h"
#include "socket_file.h"

#define PROGRAM	"authrelay-milter"
#define STOP_MS	300		/* how long a stop waits for records under way */

struct options {
	const char	 *file;
	char		**overrides;
	size_t		  count;
	int		  in_foreground;
	int		  only_test;
	int		  only_print;
};

static void __attribute__((noreturn))
usage(void)
{
	(void)fprintf(stderr, "usage: %s [-fntV] [-c FILE] [-o 'SETTING = VALUE']...\n", PROGRAM);
	exit(EX_USAGE);
}

static void __attribute__((noreturn))
print_version(void)
{
	char engine[64];

	engine_version(engine, sizeof(engine));
	(void)printf("%s %s\n%s\nlibconfuse %s\nlibidn2 %s\n", PROGRAM, AUTHRELAY_VERSION, engine,
	    confuse_version, idn2_check_version(NULL));
	exit(0);
}

static void
read_options(int argc, char **argv, struct options *options)
{
	int c;

	options->file = AUTHRELAY_CONF;
	options->overrides = calloc((size_t)argc, sizeof(*options->overrides));
	if (options->overrides == NULL)
		fatal("out of memory");
	while ((c = getopt(argc, argv, "c:fno:tV")) != -1) {
		switch (c) {
		case 'c':
			options->file = optarg;
			break;
		case 'f':
			options->in_foreground = 1;
			break;
		case 'n':
			options->only_print = 1;
			break;
		case 'o':
			options->overrides[options->count++] = optarg;
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
	if (optind != argc)
		usage();
}

static struct conf *
read_configuration(const struct options *options)
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

/* What needs the rights that we were started with comes before the change of user. */
static void
open_socket(const struct conf *conf)
{
	mode_t mask;

	if (socket_file_clear(conf->socket) == -1)
		exit(1);
	mask = umask(0777);
	if (engine_open(conf->socket) == -1)
		exit(1);
	(void)umask(mask);
	if (socket_file_share(conf->socket, conf->socket_group, conf->socket_mode) == -1) {
		socket_file_remove(conf->socket);
		exit(1);
	}
}

static struct audit *
open_audit(const struct conf *conf)
{
	struct audit_options options = { conf->audit_file, conf->audit_syslog };

	return audit_open(&options);
}

static void *
run_engine(void *filter)
{
	(void)engine_run(filter);
	signals_post();
	return NULL;
}

/* The engine has a thread of its own; this one waits for signals. Returns the exit status. */
static int
serve(struct filter *filter)
{
	pthread_t thread;
	enum signals_event event;

	if (pthread_create(&thread, NULL, run_engine, filter) != 0)
		return 1;
	(void)pthread_detach(thread);
	do
		event = signals_wait(-1);
	while (event == SIGNALS_RELOAD || event == SIGNALS_TIMEOUT);
	if (filter_stop(filter, STOP_MS) == -1)
		log_warn("stopped while records were being written");
	if (event == SIGNALS_ENGINE_ENDED)
		log_error("the milter engine has ended");
	return event == SIGNALS_ENGINE_ENDED || filter_note(filter, RECORD_STOP) == -1;
}

/*
 * Sessions that are still open keep their threads, and those use the filter and the audit until the
 * process is gone. So nothing of it is freed after the engine has begun.
 */
static int
start(struct conf *conf, const struct options *options, struct background *bg)
{
	struct audit *audit;
	struct filter *filter;
	int status;

	if (signals_open() == -1 || background_write_pid(bg, conf->pid_file) == -1 ||
	    priv_drop(conf->user) == -1 || (audit = open_audit(conf)) == NULL)
		return 1;
	if ((filter = filter_new(conf, audit)) == NULL)
		fatal("out of memory");
	if (!options->in_foreground)
		log_to_syslog(conf->audit_facility);
	if (filter_note(filter, RECORD_START) == -1) {
		(void)fprintf(stderr, "%s: the start could not be recorded\n", PROGRAM);
		return 1;
	}
	background_ready(bg);
	log_info("started, %s mode", conf->mode == CONF_MONITOR ? "monitor" : "enforce");
	status = serve(filter);
	log_info("stopped");
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = { .file = NULL };
	struct background bg;
	struct conf *conf;
	int status;

	log_init(PROGRAM);
	read_options(argc, argv, &options);
	conf = read_configuration(&options);
	if (options.only_print)
		conf_print(conf, stdout);
	if (options.only_test)
		(void)fprintf(stderr, "%s: the configuration is valid\n", options.file);
	free(options.overrides);
	if (options.only_print || options.only_test) {
		conf_unref(conf);
		return fflush(stdout) == EOF;
	}
	background_init(&bg);
	if (!options.in_foreground && background_start(&bg) == -1)
		return 1;
	open_socket(conf);
	status = start(conf, &options, &bg);
	background_remove_pid(&bg, conf->pid_file);
	socket_file_remove(conf->socket);
	return status;
}
