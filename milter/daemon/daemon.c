/* milter/daemon/daemon.c: start, reload and stop of the daemon */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "config/conf_reload.h"
#include "config/conf_warn.h"
#include "daemon/daemon.h"
#include "daemon/engine.h"
#include "daemon/filter.h"
#include "daemon/selfcheck.h"
#include "daemon/watchdog.h"
#include "dns/mx_lookup.h"
#include "os/background.h"
#include "os/log.h"
#include "os/milter_socket.h"
#include "os/notify.h"
#include "os/priv.h"
#include "os/rlimit.h"
#include "os/sandbox.h"
#include "os/signals.h"
#include "os/socket_file.h"

#define STOP_MS		300	/* how long a stop waits for records under way */
#define TICK_MS		10000	/* until summaries that are left are written */
#define RENEW_TICKS	6	/* until interfaces and resolv.conf are read again */

struct daemon {
	const struct daemon_options	*options;
	struct conf			*conf;	/* in force; the filter has one, too */
	const struct conf		*first;	/* what the daemon was started with */
	struct mx_lookup		*lookup;	/* NULL: mx.accept is none */
	struct selfcheck_place		*own_place;	/* of our socket; static */
	struct audit			*audit;
	struct filter			*filter;
	struct background		 background;
	struct socket_file		 socket_file;
};

static struct audit_options
audit_options(const struct conf *conf)
{
	return (struct audit_options){
		.file = conf->audit_file,
		.to_log = conf->audit_syslog,
		.durability = (enum audit_durability)conf->audit_durability,
		.queue = conf->audit_queue,
		.rotate_size = conf->audit_rotate_size,
		.keep = conf->audit_keep,
		.keep_days = conf->audit_keep_days,
		.min_free = conf->audit_min_free,
		.anchor_interval = conf->audit_anchor_interval,
		.key = conf->audit_signer,
		.redact = conf->audit_redactor,
	};
}

static const char *
mode_name(const struct conf *conf)
{
	return conf->mode == CONF_MONITOR ? "monitor" : "enforce";
}

static void
log_lines(void (*log)(const char *, ...), const char *lines)
{
	const char *end;

	for (; (end = strchr(lines, '\n')) != NULL; lines = end + 1)
		log("%.*s", (int)(end - lines), lines);
}

static void
log_warnings(const struct conf *conf)
{
	struct buf lines;

	buf_init(&lines);
	if (conf_warn_here(conf, "", &lines) == -1)
		log_warn("out of memory, or a list file is missing now: there may be "
		    "more warnings");
	if (lines.data != NULL)
		log_lines(log_warn, lines.data);
	buf_clear(&lines);
}

/*
 * A permit may lose its record by choice of the administrator: that is logged each
 * time.
 */
static void
log_what_may_be_lost(const struct conf *conf)
{
	if (conf->audit_durability == AUDIT_BUFFERED && *conf->audit_file != '\0')
		log_info("audit.durability is buffered: if the daemon is killed, the "
		    "records of the last tenth of a second are lost, and while a write "
		    "hangs those of up to audit.queue (%u) recipients",
		    conf->audit_queue);
}

/*
 * libmilter gives what comes at one time to the threads that it counts as idle, of which
 * there may be one: if that waits for DNS, so do all the others. It makes a thread
 * when a connection comes and none is idle, so a thread that is going to wait connects.
 */
static void
call_thread(const void *place)
{
	selfcheck_wake_thread(place);
}

/*
 * Sets *lookup to the MX lookup of a configuration, or NULL if it needs none; -1,
 * logged.
 */
static int
make_lookup(const struct daemon *d, struct conf *conf, struct mx_lookup **lookup)
{
	const char *why;

	*lookup = NULL;
	if (conf->mx_accept == POLICY_MX_ACCEPT_NONE)
		return 0;
	if ((*lookup = mx_lookup_new(conf, d->lookup, NULL, &why)) == NULL) {
		log_error("mx.accept: %s", why);
		return -1;
	}
	if (d->own_place->len > 0)
		mx_lookup_set_waiting(*lookup, call_thread, d->own_place);
	return 0;
}

/* What needs the rights that we were started with comes before the change of user. */
static int
open_socket(struct daemon *d)
{
	const struct conf *conf = d->conf;
	const struct socket_file_options options = { .socket = conf->socket,
	    .user = conf->user, .group = conf->socket_group,
	    .mode = (mode_t)conf->socket_mode };

	return socket_file_bind(&d->socket_file, &options, engine_open);
}

/* NULL, logged: it has errors, or would remove something by accident. */
static struct conf *
read_again(const struct daemon_options *options, const struct conf *now)
{
	struct conf *conf;
	struct buf errors;

	buf_init(&errors);
	conf = conf_read(options->file, options->overrides, options->count, &errors);
	if (conf != NULL && conf_reload_check(now, conf, &errors) == -1) {
		conf_unref(conf);
		conf = NULL;
	}
	if (errors.data != NULL)
		log_lines(log_error, errors.data);
	buf_clear(&errors);
	return conf;
}

/* Where the chain of the record begins or goes on, if there is something to say. */
static void
add_chain(struct daemon *d, struct buf *note)
{
	size_t len = note->len;

	buf_puts(note, ", record: ");
	audit_describe(d->audit, note);
	if (note->len == len + strlen(", record: "))
		buf_cut(note, len);
}

/* These were used up at the start. */
static void
warn_of_restart(const struct conf *first, const struct conf *conf)
{
	if (strcmp(first->socket, conf->socket) != 0 ||
	    strcmp(first->socket_group, conf->socket_group) != 0 ||
	    first->socket_mode != conf->socket_mode ||
	    strcmp(first->user, conf->user) != 0 ||
	    strcmp(first->pid_file, conf->pid_file) != 0)
		log_warn("changes to socket, socket-mode, socket-group, user and "
		    "pid-file take effect at the next start");
}

/* Takes the reference. */
static void
use_lookup(struct daemon *d, struct conf *conf, struct mx_lookup *lookup)
{
	filter_set_rules(d->filter, conf, lookup);
	mx_lookup_unref(d->lookup);
	d->lookup = lookup;
}

/* Interfaces come and go, and so do name servers. */
static void
renew_lookup(struct daemon *d)
{
	struct mx_lookup *lookup;

	if (d->lookup != NULL && make_lookup(d, d->conf, &lookup) == 0)
		use_lookup(d, d->conf, lookup);
}

static void
note_reload(struct daemon *d, struct buf *changed)
{
	if (changed->len == 0)
		buf_puts(changed, "nothing changed");
	add_chain(d, changed);
	(void)filter_note(d->filter, RECORD_RELOAD,
	    changed->failed ? "out of memory" : changed->data);
}

/* The new configuration is in force for every transaction that begins from now on. */
static void
use(struct daemon *d, struct conf *conf, struct mx_lookup *lookup)
{
	struct buf changed;

	buf_init(&changed);
	conf_compare(d->conf, conf, &changed);
	use_lookup(d, conf, lookup);
	if (!d->options->in_foreground && conf->audit_facility != d->conf->audit_facility)
		log_to_syslog(conf->audit_facility);
	if (d->conf != d->first)
		conf_unref(d->conf);
	d->conf = conf;
	warn_of_restart(d->first, conf);
	log_warnings(conf);
	log_what_may_be_lost(conf);
	log_info("reloaded, %s mode; changed: %s", mode_name(conf),
	    changed.data != NULL ? changed.data : "nothing");
	note_reload(d, &changed);
	buf_clear(&changed);
}

/*
 * With errors in the new configuration the file is opened again all the same: it may have
 * been rotated.
 */
static void
reload(struct daemon *d)
{
	struct conf *conf = read_again(d->options, d->conf);
	struct mx_lookup *lookup = NULL;
	int is_good = conf != NULL && make_lookup(d, conf, &lookup) == 0;
	struct audit_options options = audit_options(is_good ? conf : d->conf);

	if (audit_reopen(d->audit, &options) == 0 && is_good) {
		use(d, conf, lookup);
		return;
	}
	mx_lookup_unref(lookup);
	conf_unref(conf);
	log_error("not reloaded: the old configuration stays in force");
}

struct serving {
	struct filter			*filter;
	const struct selfcheck_place	*own_place;
};

static void *
run_engine(void *arg)
{
	const struct serving *serving = arg;

	(void)engine_run(serving->filter, serving->own_place);
	signals_post();
	return NULL;
}

/* The engine has a thread of its own; this one waits for signals. */
static enum signals_event
wait_for_end(struct daemon *d)
{
	enum signals_event event;
	unsigned ticks = 0;

	for (;;) {
		event = signals_wait(TICK_MS);
		if (event == SIGNALS_TIMEOUT) {
			filter_sum_up(d->filter);
			if (++ticks % RENEW_TICKS == 0)
				renew_lookup(d);
		} else if (event == SIGNALS_RELOAD) {
			notify_reloading();
			reload(d);
			notify_ready();
		} else
			return event;
	}
}

static int
serve(struct daemon *d)
{
	/* the engine's thread may still use it when this returns */
	static struct serving serving;
	pthread_t thread;
	enum signals_event event;
	int status;

	if (audit_start(d->audit) == -1 || watchdog_start(d->first->socket) == -1)
		return 1;
	serving = (struct serving){ d->filter, d->own_place };
	if (pthread_create(&thread, NULL, run_engine, &serving) != 0) {
		log_error("cannot create a thread for the engine");
		return 1;
	}
	(void)pthread_detach(thread);
	notify_ready();
	event = wait_for_end(d);
	notify_stopping();
	if (filter_stop(d->filter, STOP_MS) == -1)
		log_warn("stopped before all records were written");
	if (event == SIGNALS_ENGINE_ENDED)
		log_error("the milter engine ended unexpectedly");
	status = event == SIGNALS_ENGINE_ENDED ||
	    filter_note(d->filter, RECORD_STOP, NULL) == -1;
	audit_finish(d->audit);
	return status;
}

static int
note_start(struct daemon *d, const char *sandboxes)
{
	struct buf note;
	int status;

	buf_init(&note);
	buf_printf(&note, "%s, %s mode, sandbox: %s", AUTHRELAY_VERSION,
	    mode_name(d->conf), sandboxes);
	add_chain(d, &note);
	status = note.failed ? -1 : filter_note(d->filter, RECORD_START, note.data);
	buf_clear(&note);
	return status;
}

/* There are no threads yet; those to come are in it, too. */
static int
enter_sandbox(struct daemon *d)
{
	const struct sandbox_needs needs = {
		/* the last is where standard output goes in the background */
		.written = { d->conf->audit_file, "/dev/null" },
		.removed = { d->conf->pid_file, milter_socket_path(d->conf->socket),
		    d->conf->audit_rotate_size > 0 ? d->conf->audit_file : NULL },
		.renames = d->conf->audit_rotate_size > 0,
	};
	struct buf names;
	int status = -1;

	buf_init(&names);
	sandbox_enter_all(&needs, &names);
	if (!names.failed) {
		log_info("sandbox: %s", names.data);
		status = note_start(d, names.data);
	}
	buf_clear(&names);
	return status;
}

static int
start(struct daemon *d)
{
	struct audit_options options = audit_options(d->conf);

	/* a signal may come as soon as the socket exists */
	if (signals_open() == -1 || open_socket(d) == -1 ||
	    background_write_pid(&d->background, d->conf->pid_file,
	    d->conf->user) == -1 || priv_drop(d->conf->user) == -1 ||
	    (d->audit = audit_open(&options)) == NULL)
		return -1;
	(void)selfcheck_find(d->conf->socket, d->own_place);
	if (make_lookup(d, d->conf, &d->lookup) == -1)
		return -1;
	if ((d->filter = filter_new(d->conf, d->lookup, d->audit)) == NULL) {
		log_error("out of memory");
		return -1;
	}
	if (!d->options->in_foreground)
		log_to_syslog(d->conf->audit_facility);
	log_warnings(d->conf);
	log_what_may_be_lost(d->conf);
	return enter_sandbox(d);
}

int
daemon_run(const struct daemon_options *options, struct conf *conf)
{
	/* threads of the engine may still use it when this returns */
	static struct selfcheck_place own_place;
	struct daemon d = { .options = options, .conf = conf, .first = conf,
	    .own_place = &own_place, .socket_file = { .directory = { .fd = -1 } } };
	int status = 1;

	background_init(&d.background);
	if (!options->in_foreground && background_start(&d.background) == -1)
		return 1;
	rlimit_raise();
	if (start(&d) == 0) {
		background_ready(&d.background);
		log_info("started, %s mode", mode_name(conf));
		status = serve(&d);
		log_info("stopped");
	}
	background_remove_pid(&d.background, conf->pid_file);
	socket_file_remove(&d.socket_file);
	return status;
}
