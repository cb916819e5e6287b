/* milter/config/conf_warn_audit.c: warnings about the record */
/* SPDX-License-Identifier: ISC */

#include "config/conf_warning.h"

#define LEAST_KEPT	((uint64_t)64 * 1024 * 1024)
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int
has_file(const struct conf *conf)
{
	return conf->audit_file[0] != '\0';
}

static int
records_nothing(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return !conf->audit_syslog && !has_file(conf);
}

static int
records_to_syslog_alone(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->audit_syslog && !has_file(conf);
}

static int
goes_on_unrecorded(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->audit_on_failure == CONF_CONTINUE;
}

static int
is_buffered(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return has_file(conf) && conf->audit_durability == AUDIT_BUFFERED;
}

static int
has_no_anchors(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return has_file(conf) && conf->audit_anchor_interval == 0;
}

/* Not where keep-days keeps every file for as long, whatever their number. */
static int
keeps_little(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return has_file(conf) && conf->audit_rotate_size > 0 &&
	    conf->audit_keep_days == 0 &&
	    conf->audit_rotate_size < LEAST_KEPT / (conf->audit_keep + 1);
}

static int
signs_nothing(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->audit_key[0] != '\0' && !has_file(conf);
}

static int
hides_nothing(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->audit_redact_key[0] != '\0' && !conf->audit_redact;
}

static const struct conf_sentence sentences[] = {
	{ "audit.syslog", records_nothing,
	  "no, and audit.file is empty: nothing is recorded; name a file" },
	{ "audit.file", records_to_syslog_alone,
	  "empty: the only record is in syslog, which may drop lines, and to which "
	  "every user of this host can write; name a file" },
	{ "audit.on-failure", goes_on_unrecorded,
	  "continue: mail passes even if its record cannot be written; use tempfail" },
	{ "audit.durability", is_buffered,
	  "buffered: clients are answered before their records are written; if the "
	  "daemon is killed or the host fails, the records of the last tenth of a "
	  "second are lost; use written" },
	{ "audit.anchor-interval", has_no_anchors,
	  "0: nobody notices if records are cut off at the end of the file; use 300" },
	{ "audit.rotate-size", keeps_little,
	  "less than 64M is kept in all: a stranger can fill it and push older records "
	  "out; set audit.keep-days, or increase audit.rotate-size or audit.keep" },
	{ "audit.key", signs_nothing,
	  "it signs anchors in audit.file, which is empty; name a file there" },
	{ "audit.redact-key", hides_nothing,
	  "audit.redact is none, so addresses are recorded as they are; set that to "
	  "local-part, or remove the key" },
};

void
conf_warn_audit(struct conf_warnings *warnings)
{
	conf_warn_sentences(warnings, sentences, COUNT(sentences));
}
