/* milter/config/conf_read.c: from a file and overrides to a configuration */
/* SPDX-License-Identifier: ISC */

/*
 * Sources are read one after the other into the same libconfuse tree: the defaults,
 * which the table of settings has in the file's own syntax, the file, and each
 * override. A later one replaces what it gives, and += adds to it. Then every setting
 * has a value that knows its line.
 */

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"
#include "config/conf_check.h"
#include "config/conf_file.h"
#include "config/conf_origin.h"
#include "config/conf_text.h"
#include "config/settings.h"
#include "core/ascii.h"
#include "core/encode.h"

#define NAME_SHOWN_MAX	1024
#define NO_SOURCE	UINT32_MAX
/* More than libconfuse needs for a tree, and for a text. */
#define TREE_MEMORY		(256 * 1024)
#define TEXT_MEMORY(len)	(1024 * 1024 + 32 * (len))

struct reader {
	cfg_t			*cfg;
	struct conf_errors	*errors;
	struct conf_source	*sources;
	size_t			 count;
	unsigned		 (*given)[SETTINGS_MAX];	/* lines, of each source */
};

/* The options of libconfuse, which copies them. */
struct grammar {
	cfg_opt_t	top[SETTINGS_MAX + SECTIONS_MAX + 1];
	size_t		top_count;
	cfg_opt_t	inner[SETTINGS_MAX + SECTIONS_MAX];
	size_t		inner_count;
	char		sections[SECTIONS_MAX][SECTION_SIZE];
	size_t		section_count;
};

/* libconfuse calls it for each value, and tells the line in no other way. */
static int
keep_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t size = strlen(text) + 1;
	struct conf_value *value = malloc(sizeof(*value) + size);

	(void)opt;
	if (value == NULL)
		return -1;
	value->source = NO_SOURCE;
	value->line = (unsigned)cfg->line;
	memcpy(value->text, text, size);
	*(void **)result = value;
	return 0;
}

/* What there is to complain of has been said by conf_text_check(). */
static void
ignore_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

static cfg_opt_t
option_for(const struct setting *setting)
{
	const char *key = setting_key(setting);

	if (setting_is_list(setting))
		return (cfg_opt_t)CFG_PTR_LIST_CB(key, NULL, CFGF_NONE, keep_value, free);
	return (cfg_opt_t)CFG_PTR_CB(key, NULL, CFGF_NONE, keep_value, free);
}

/* Begins a section; its options follow in `inner` up to an end of their own. */
static void
add_section(struct grammar *grammar, const struct setting *first, size_t len)
{
	char *name = grammar->sections[grammar->section_count++];

	if (grammar->section_count > 1)
		grammar->inner[grammar->inner_count++] = (cfg_opt_t)CFG_END();
	(void)snprintf(name, SECTION_SIZE, "%.*s", (int)len, first->name);
	grammar->top[grammar->top_count++] = (cfg_opt_t)CFG_SEC(name,
	    &grammar->inner[grammar->inner_count], CFGF_NONE);
}

/*
 * libconfuse 3.3 dies in more ways than one where it gets no memory, by exit(), assert()
 * and NULL. So it is called only where there is more of it than it needs.
 */
static int
has_memory(size_t size)
{
	/* else a compiler might know that nothing is done with it */
	void *volatile block = malloc(size);
	int is_there = block != NULL;

	free(block);
	return is_there;
}

static cfg_t *
new_tree(void)
{
	if (!has_memory(TREE_MEMORY))
		return NULL;

	struct grammar grammar = { .top_count = 0 };
	const char *section = "";

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		size_t len = setting_section(setting);
		if (len == 0) {
			grammar.top[grammar.top_count++] = option_for(setting);
			continue;
		}
		if (strlen(section) != len || memcmp(section, setting->name, len) != 0) {
			add_section(&grammar, setting, len);
			section = grammar.sections[grammar.section_count - 1];
		}
		grammar.inner[grammar.inner_count++] = option_for(setting);
	}
	grammar.inner[grammar.inner_count] = (cfg_opt_t)CFG_END();
	grammar.top[grammar.top_count] = (cfg_opt_t)CFG_END();
	cfg_t *cfg = cfg_init(grammar.top, CFGF_NONE);
	if (cfg != NULL)
		(void)cfg_set_error_function(cfg, ignore_error);
	return cfg;
}

/* NULL: no memory. */
static cfg_opt_t *
option_of(cfg_t *cfg, const struct setting *setting)
{
	char section[SECTION_SIZE];
	size_t len = setting_section(setting);

	if (len > 0) {
		(void)snprintf(section, sizeof(section), "%.*s", (int)len, setting->name);
		cfg = cfg_getsec(cfg, section);
	}
	return cfg == NULL ? NULL : cfg_getopt(cfg, setting_key(setting));
}

/* Says of the values that have come since that they come from the last source. */
static void
mark_values(struct reader *reader)
{
	for (size_t i = 0; i < settings_count; i++) {
		cfg_opt_t *option = option_of(reader->cfg, &settings[i]);
		for (unsigned j = 0; j < cfg_opt_size(option); j++) {
			struct conf_value *value = cfg_opt_getnptr(option, j);
			if (value != NULL && value->source == NO_SOURCE)
				value->source = (unsigned)reader->count - 1;
		}
	}
}

static void
parse(struct reader *reader, const struct buf *text)
{
	if (text->failed || !has_memory(TEXT_MEMORY(text->len)) ||
	    (text->len > 0 && cfg_parse_buf(reader->cfg, text->data) != CFG_SUCCESS))
		reader->errors->is_out_of_memory = 1;
	mark_values(reader);
}

/*
 * Begins another source. Its name is the text, encoded where needed, between two
 * others.
 */
static struct conf_place
add_source(struct reader *reader, const char *before, const char *text, const char *after)
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
	struct buf text = { 0 };
	FILE *fp = open_memstream(&text.data, &text.len);

	(void)add_source(reader, "", "default", "");
	if (fp == NULL) {
		reader->errors->is_out_of_memory = 1;
		return;
	}
	settings_write(fp, write_default, NULL);
	text.failed = fclose(fp) != 0;
	parse(reader, &text);
	free(text.data);
}

static void
read_file(struct reader *reader, const char *path)
{
	struct conf_place place = add_source(reader, "", path, "");
	const struct conf_text_options options = { .place = &place, .has_lines = 1,
	    .given = reader->given[reader->count - 1] };
	struct buf text;
	const char *why = conf_file_load_main(path, &text);

	reader->sources[reader->count - 1].has_lines = 1;
	if (why != NULL)
		conf_errors_add(reader->errors, &place, "%s", why);
	else {
		conf_text_check(&text, &options, reader->errors);
		parse(reader, &text);
	}
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
	    .section_len = section, .given = reader->given[reader->count - 1] };
	struct buf statement, whole;

	if (*s == '\0') {
		conf_errors_add(reader->errors, &place,
		    "empty; allowed: SETTING = VALUE");
		return;
	}
	buf_init(&statement);
	buf_init(&whole);
	buf_puts(&statement, section > 0 ? s + section + 1 : s);
	buf_putc(&statement, '\n');
	if (!statement.failed)
		conf_text_check(&statement, &options, reader->errors);
	if (section > 0)
		buf_printf(&whole, "%.*s {", (int)section, s);
	buf_add(&whole, statement.data, statement.len);
	buf_puts(&whole, section > 0 ? "\n}\n" : "");
	whole.failed |= statement.failed;
	parse(reader, &whole);
	buf_clear(&statement);
	buf_clear(&whole);
}

/* Checks what one setting was given last. */
static void
check_setting(struct reader *reader, struct conf_check *check,
    const struct setting *setting)
{
	cfg_opt_t *option = option_of(reader->cfg, setting);
	size_t count = cfg_opt_size(option);
	struct conf_value **values = calloc(count + 1, sizeof(*values));

	for (size_t i = 0; values != NULL && i < count; i++)
		if ((values[i] = cfg_opt_getnptr(option, (unsigned)i)) == NULL)
			count = 0;
	if (option == NULL || values == NULL || (count == 0 && !setting_is_list(setting)))
		check->errors->is_out_of_memory = 1;
	else {
		conf_check_setting(check, setting, values, count);
		if (conf_origins_keep(check->conf->origins, setting, values, count) == -1)
			check->errors->is_out_of_memory = 1;
	}
	free(values);
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
		conf_check_whole(&check);
	make_policy(conf);
	return conf;
}

static void
close_reader(struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		free(reader->sources[i].name);
	free(reader->sources);
	free(reader->given);
	/* libconfuse 3.3 cannot free a tree that it had no memory to finish */
	if (reader->cfg != NULL && !reader->errors->is_out_of_memory)
		(void)cfg_free(reader->cfg);
}

struct conf *
conf_read(const char *file, char *const *overrides, size_t count, struct buf *errors)
{
	struct conf_errors found = { .count = 0 };
	struct reader reader = { .cfg = new_tree(), .errors = &found,
	    .sources = calloc(count + 2, sizeof(*reader.sources)),
	    .given = calloc(count + 2, sizeof(*reader.given)) };
	char *folder = folder_of(file);
	struct conf *conf = NULL;

	if (reader.cfg == NULL || reader.sources == NULL || reader.given == NULL)
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
