/* milter/config/conf_locate.c: the entries of a list, and the place where each stands */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_file.h"
#include "config/conf_locate.h"
#include "config/conf_origin.h"
#include "config/kinds.h"
#include "core/encode.h"

#define PATH_SHOWN_MAX	1024

struct walk {
	conf_locate_visitor	*visit;
	void			*arg;
};

static int
visit_lines(const struct walk *walk, const struct buf *text, struct conf_place place)
{
	struct conf_file_line line = { .text = text };
	int result = 0;

	while (result == 0 && conf_file_next(&line)) {
		place.line = line.number;
		if (line.why == NULL)
			result = walk->visit(walk->arg, line.entry, line.len, &place);
	}
	return result;
}

static int
visit_file(const struct walk *walk, const char *folder, const char *path,
    struct conf_place place)
{
	struct buf whole, shown, text;
	int result = -1;

	buf_init(&whole);
	buf_init(&shown);
	buf_init(&text);
	buf_puts(&whole, path[0] == '/' ? "" : folder);
	buf_puts(&whole, path);
	if (!whole.failed && conf_file_load(whole.data, &text) == NULL) {
		(void)encode_word(&shown, whole.data, whole.len, PATH_SHOWN_MAX);
		place.name = shown.data;
		if (!shown.failed)
			result = visit_lines(walk, &text, place);
	}
	buf_clear(&whole);
	buf_clear(&shown);
	buf_clear(&text);
	return result;
}

int
conf_locate_each(const struct conf *conf, const struct setting *setting,
    conf_locate_visitor *visit, void *arg)
{
	const struct walk walk = { visit, arg };
	const struct conf_list *list = setting_of(conf, setting);
	int result = 0;

	for (size_t i = 0; i < list->count && result == 0; i++) {
		struct conf_place place = conf_origins_place(conf->origins, setting, i);
		const char *item = list->items[i];
		if (setting_has_files(setting) && strncmp(item, "file:", 5) == 0)
			result = visit_file(&walk, conf->origins->folder, item + 5,
			    place);
		else
			result = visit(arg, item, strlen(item), &place);
	}
	return result;
}

struct search {
	const struct setting	*setting;
	const char		*entry;
	struct buf		*place;
};

static int
find(void *arg, const char *s, size_t len, const struct conf_place *place)
{
	struct search *search = arg;

	if (!search->setting->kind->matches(s, len, search->entry))
		return 0;
	buf_puts(search->place, place->name);
	if (place->line > 0)
		buf_printf(search->place, ":%u", place->line);
	return 1;
}

int
conf_locate(const struct conf *conf, const char *list, const char *entry,
    struct buf *place_r)
{
	const struct setting *setting = settings_named(list);
	struct search search = { setting, entry, place_r };
	int found;

	if (setting == NULL || !setting_is_list(setting))
		return -1;
	found = conf_locate_each(conf, setting, find, &search);
	if (found == 0 && setting->kind == &kind_addresses) {
		buf_puts(place_r, "interface");
		found = 1;
	}
	return found == 1 && !place_r->failed ? 0 : -1;
}
