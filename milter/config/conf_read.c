/* milter/config/conf_read.c: from a file and overrides to a configuration */
/* SPDX-License-Identifier: ISC */

/*
 * Sources are read one after the other into the same values: the defaults, which the
 * table of settings has in the file's own syntax, the file, and each override. A later
 * one replaces what it gives, and += adds to it. Then every setting has a value that
 * knows its line.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"
#include "config/conf_check.h"
#include "config/conf_file.h"
#include "config/conf_origin.h"
#include "config/conf_text.h"
#include "config/conf_whole.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "core/ascii.h"
#include "core/encode.h"

#define NAME_SHOWN_MAX	1024

struct reader {
	struct conf_errors	*errors;
	struct conf_source	*sources;
	size_t			 count;
	unsigned		 (*given)[SETTINGS_MAX];	/* lines, by source */
	struct conf_values	 values[SETTINGS_MAX];	/* in the order of settings[] */
};

/* Keeps what a source gives to a setting. */
static int
take(void *arg, const struct setting *setting, struct conf_values *values, int is_append)
{
	struct reader *reader = arg;
	struct conf_values *kept = &reader->values[setting - settings];

	if (!is_append)
		conf_values_clear(kept);
	return conf_values_move(kept, values);
}

static void
read_text(struct reader *reader, struct buf *text,
    const struct conf_text_options *options)
{
	if (text->failed)
		reader->errors->is_out_of_memory = 1;
	else
		conf_text_read(text, options, reader->errors);
}

/*
 * Begins another source. Its name is the text, encoded where needed, between two
 * others.
 */
static struct conf_place
add_source(struct reader *reader, const char *before, const char *text,
    const char *after)
{
	struct conf_source *source = &reader->sources[reader->count];
	struct conf_place place = { .name = "?", .source = (unsigned)reader->count };
	struct buf name;
	size_t printable = 0;

	while (ascii_is_printable(text[printable]))
		printable++;
	buf_init(&name);
	buf_puts(&name, before);
	if (printable < NAME_SHOWN_MAX && text[printable] == '\0')
		buf_puts(&name, text);
	else
		(void)encode_word(&name, text, strlen(text), NAME_SHOWN_MAX);
	buf_puts(&name, after);
	if (name.failed) {
		reader->errors->is_out_of_memory = 1;
		buf_clear(&name);
	} else
		place.name = name.data;
	source->name = name.data;
	reader->count++;
	return place;
}

static void
write_default(FILE *fp, const struct setting *setting, const void *arg)
{
	(void)arg;
	(void)fputs(setting->value, fp);
}

static void
read_defaults(struct reader *reader)
{
	struct conf_place place = add_source(reader, "", "default", "");
	const struct conf_text_options options = { .place = &place, .take = take,
	    .arg = reader };
	struct buf text = { 0 };
	FILE *fp = open_memstream(&text.data, &text.len);

	if (fp == NULL) {
		reader->errors->is_out_of_memory = 1;
		return;
	}
	settings_write(fp, write_default, NULL);
	text.failed = fclose(fp) != 0;
	read_text(reader, &text, &options);
	free(text.data);
}

static void
read_file(struct reader *reader, const char *path)
{
	struct conf_place place = add_source(reader, "", path, "");
	const struct conf_text_options options = { .place = &place, .has_lines = 1,
	    .given = reader->given[reader->count - 1], .take = take, .arg = reader };
	struct buf text;
	const char *why = conf_file_load_main(path, &text);

	reader->sources[reader->count - 1].has_lines = 1;
	if (why != NULL)
		conf_errors_add(reader->errors, &place, "%s", why);
	else
		read_text(reader, &text, &options);
	buf_clear(&text);
}

/* The length of the section's name in "mx.timeout = 5", or 0. */
static size_t
section_length(const char *text)
{
	size_t len = strcspn(text, ". =+{");

	return text[len] == '.' && settings_has_section(text, len) ? len : 0;
}

static void
read_override(struct reader *reader, const char *text)
{
	struct conf_place place = add_source(reader, "-o '", text, "'");
	const char *s = text + strspn(text, " \t\n");
	size_t section = section_length(s);
	const struct conf_text_options options = { .place = &place, .section = s,
	    .section_len = section, .given = reader->given[reader->count - 1],
	    .take = take, .arg = reader };
	struct buf statement;

	if (*s == '\0') {
		conf_errors_add(reader->errors, &place,
		    "it is empty; expected SETTING = VALUE");
		return;
	}
	buf_init(&statement);
	buf_puts(&statement, section > 0 ? s + section + 1 : s);
	buf_putc(&statement, '\n');
	read_text(reader, &statement, &options);
	buf_clear(&statement);
}

/* Checks what one setting was given last. */
static void
check_setting(struct reader *reader, struct conf_check *check,
    const struct setting *setting)
{
	const struct conf_values *values = &reader->values[setting - settings];

	setting->kind->check(check, setting, values);
	if (conf_origins_keep(check->conf->origins, setting, values->items,
	    values->count) == -1)
		check->errors->is_out_of_memory = 1;
}

static void
make_policy(struct conf *conf)
{
	struct policy *policy = &conf->policy;

	policy->permit_local_submission = conf->local_submission;
	policy->require_auth_on = conf->require_auth_on.items;
	policy->auth_mechanisms = conf->auth_mechanisms.items;
	policy->auth_min_ssf = conf->auth_min_ssf;
	policy->auth_require_tls = conf->auth_require_tls;
	policy->mx_accept = (enum policy_mx_accept)conf->mx_accept;
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

static struct conf *
make_conf(struct reader *reader, const char *folder)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_check check = { .conf = conf, .errors = reader->errors,
	    .sources = reader->sources, .folder = folder,
	    .is_whole = !conf_errors_has_any(reader->errors) };

	if (conf != NULL && folder != NULL)
		conf->origins = conf_origins_new(reader->sources, reader->count, folder);
	if (conf == NULL || conf->origins == NULL) {
		reader->errors->is_out_of_memory = 1;
		free(conf);
		return NULL;
	}
	atomic_init(&conf->references, 1);
	for (size_t i = 0; i < reader->count; i++)
		conf_origins_give(conf->origins, (unsigned)i, reader->given[i]);
	for (size_t i = 0; i < settings_count; i++)
		check_setting(reader, &check, &settings[i]);
	if (!reader->errors->is_out_of_memory)
		conf_whole_check(&check);
	make_policy(conf);
	return conf;
}

static void
close_reader(struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		free(reader->sources[i].name);
	for (size_t i = 0; i < settings_count; i++)
		conf_values_clear(&reader->values[i]);
	free(reader->sources);
	free(reader->given);
}

struct conf *
conf_read(const char *file, char *const *overrides, size_t count, struct buf *errors)
{
	struct conf_errors found = { .count = 0 };
	struct reader reader = { .errors = &found,
	    .sources = calloc(count + 2, sizeof(*reader.sources)),
	    .given = calloc(count + 2, sizeof(*reader.given)) };
	char *folder = folder_of(file);
	struct conf *conf = NULL;

	if (reader.sources == NULL || reader.given == NULL)
		found.is_out_of_memory = 1;
	else {
		read_defaults(&reader);
		read_file(&reader, file);
		for (size_t i = 0; i < count; i++)
			read_override(&reader, overrides[i]);
		if (!found.is_out_of_memory)
			conf = make_conf(&reader, folder);
	}
	if (conf_errors_has_any(&found)) {
		conf_errors_write(&found, errors);
		conf_unref(conf);
		conf = NULL;
	}
	conf_errors_clear(&found);
	close_reader(&reader);
	free(folder);
	return conf;
}
