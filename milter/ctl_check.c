/* milter/ctl_check.c: authrelayctl check: is the configuration right, and meant so? */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf_locate.h"
#include "conf_origin.h"
#include "conf_warn.h"
#include "ctl.h"

#define WIDEST_V4	8
#define WIDEST_V6	16

struct check {
	const struct conf	*conf;
	const char		*file;		/* fit to be shown */
	struct conf_errors	 warnings;
};

static const struct setting *
setting_of(const char *name)
{
	size_t section = strcspn(name, ".");

	return name[section] == '\0' ? settings_find("", 0, name, section) :
	    settings_find(name, section, name + section + 1, strlen(name + section + 1));
}

/* A default is in force because the file does not have the setting. */
static void
warn_at(struct check *check, struct conf_place place, const char *setting,
    const char *what)
{
	if (place.source == 0) {
		place.name = check->file;
		place.line = 0;
	}
	conf_errors_add(&check->warnings, &place, "warning: %s: %s", setting, what);
}

static void
warn(struct check *check, const char *setting, const char *what)
{
	warn_at(check, conf_origins_place(check->conf->origins, setting_of(setting), 0),
	    setting, what);
}

/* Of settings that are missing. */
static void
warn_of_file(struct check *check, const char *setting, const char *what)
{
	const struct conf_place place = { .name = check->file };

	warn_at(check, place, setting, what);
}

static int
check_network(void *arg, const char *entry, size_t len, const struct conf_place *place)
{
	struct check *check = arg;
	struct netset_network network;
	struct conf_quoted quoted;
	char what[CONF_QUOTED_MAX + 100];

	if (netset_parse(entry, len, &network) != NULL || network.bits >=
	    (network.addr.family == NETADDR_V4 ? WIDEST_V4 : WIDEST_V6))
		return 0;
	(void)snprintf(what, sizeof(what), "%s is %s; all of it may relay "
	    "without a login",
	    conf_quote(entry, len, &quoted),
	    network.bits == 0 ? "the whole Internet" : "a very wide network");
	warn_at(check, *place, "trusted-networks", what);
	return 0;
}

static int
is_open_to_all(const struct conf *conf)
{
	return strncmp(conf->socket, "inet", 4) != 0 && (conf->socket_mode & 02) != 0;
}

static int
is_usual_denial(const struct conf *conf)
{
	const char *code = conf->denied.code;

	return strcmp(code, "550") == 0 || strcmp(code, "554") == 0;
}

static void
check_settings(struct check *check)
{
	const struct conf *conf = check->conf;

	if (is_open_to_all(conf))
		warn(check, "socket-mode", "every user of this host may talk to the "
		    "filter");
	if (conf->user[0] == '\0')
		warn(check, "user", "empty: started by root, the daemon stays root");
	if (conf->mode == CONF_MONITOR)
		warn(check, "mode", "monitor: nothing is refused");
	if (!is_usual_denial(conf))
		warn(check, "denied-reply", "another code than 550 or 554, which mean a "
		    "refusal by policy");
	if (conf->local_domains.count == 0 && conf->relay_domains.count == 0)
		warn_of_file(check, "local-domains", "empty, and so is relay-domains: "
		    "strangers can write to nobody but users without a domain");
	if (!conf->audit_syslog && conf->audit_file[0] == '\0')
		warn(check, "audit.syslog", "no, and audit.file is empty: nothing is "
		    "recorded");
	if (conf->audit_on_failure == CONF_CONTINUE)
		warn(check, "audit.on-failure", "continue: what cannot be recorded is "
		    "decided all the same");
}

/* The daemon says these at every start, too. */
static void
check_mx(struct check *check)
{
	struct conf_warning warnings[CONF_WARNINGS_MAX];
	size_t count = conf_warnings(check->conf, warnings);

	for (size_t i = 0; i < count; i++)
		warn(check, warnings[i].setting, warnings[i].what);
}

/* Adds the warnings. Returns -1 where that could not be done. */
static int
check_conf(const struct conf *conf, struct buf *text)
{
	struct check check = { .conf = conf, .file = conf->origins->sources[1].name };
	const struct setting *networks = setting_of("trusted-networks");
	int result;

	check_settings(&check);
	check_mx(&check);
	result = conf_locate_each(conf, networks, check_network, &check);
	conf_errors_write(&check.warnings, text);
	conf_errors_clear(&check.warnings);
	return text->failed ? -1 : result;
}

static int
run(const struct ctl_source *source)
{
	struct conf *conf = ctl_source_read(source);
	struct buf text;
	int result;

	if (conf == NULL)
		return EX_CONFIG;
	buf_init(&text);
	result = check_conf(conf, &text);
	if (text.data != NULL)
		(void)fputs(text.data, stderr);
	(void)fprintf(stderr, "%s: the configuration is valid\n", source->file);
	if (result == -1)
		(void)fprintf(stderr, "%s: no memory, or a list file has gone meanwhile: "
		    "there may be more warnings\n", CTL_PROGRAM);
	buf_clear(&text);
	conf_unref(conf);
	return result == -1 ? EX_OSERR : 0;
}

int
ctl_check(int argc, char **argv)
{
	struct ctl_source source;
	int c, status;

	if (ctl_source_init(&source, argc) == -1)
		return ctl_no_memory();
	while ((c = getopt(argc, argv, "+c:o:")) != -1) {
		if (c == 'c')
			source.file = optarg;
		else if (c == 'o')
			source.overrides[source.count++] = optarg;
		else
			break;
	}
	status = c != -1 || optind != argc ? ctl_usage("check") : run(&source);
	ctl_source_clear(&source);
	return status;
}
