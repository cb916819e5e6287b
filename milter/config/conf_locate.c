/* milter/config/conf_locate.c: the entries of a list, and the place where each stands */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_file.h"
#include "config/conf_locate.h"
#include "config/conf_origin.h"
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
	const struct conf_list *list;
	int result = 0;

	list = (const void *)((const char *)conf + setting->offset);
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
is_network(const char *s, size_t len, const char *entry)
{
	struct netset_network network;
	char text[NETADDR_TEXT_SIZE];

	if (netset_parse(s, len, &network) != NULL)
		return 0;
	netset_format(&network, text);
	return strcmp(text, entry) == 0;
}

static int
is_domain(const char *s, size_t len, const char *entry)
{
	char domain[PATH_DOMAIN_SIZE];
	size_t dot = len > 0 && s[0] == '.';

	return dot == (entry[0] == '.') &&
	    path_domain(s + dot, len - dot, domain) == NULL &&
	    strcmp(domain, entry + dot) == 0;
}

static int
is_entry(const struct setting *setting, const char *s, size_t len, const char *entry)
{
	switch (setting->kind) {
	case SETTING_NETWORKS:
	case SETTING_ADDRESSES:
		return is_network(s, len, entry);
	case SETTING_DOMAINS:
		return is_domain(s, len, entry);
	case SETTING_LISTENERS:
	case SETTING_CERTIFICATES:
	case SETTING_MECHANISMS:
	case SETTING_HOSTS:
	case SETTING_SERVERS:
	case SETTING_PEERS:
	case SETTING_SOCKET:
	case SETTING_MODE:
	case SETTING_GROUP:
	case SETTING_USER:
	case SETTING_FILE:
	case SETTING_REPLY:
	case SETTING_WORD:
	case SETTING_NUMBER:
	case SETTING_SIZE:
		break;
	}
	return strlen(entry) == len && memcmp(s, entry, len) == 0;
}

static int
find(void *arg, const char *s, size_t len, const struct conf_place *place)
{
	struct search *search = arg;

	if (!is_entry(search->setting, s, len, search->entry))
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
	if (found == 0 && setting->kind == SETTING_ADDRESSES) {
		buf_puts(place_r, "interface");
		found = 1;
	}
	return found == 1 && !place_r->failed ? 0 : -1;
}
