/* milter/config/conf_compare.c: what is different in another configuration */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf.h"
#include "config/settings.h"

static const void *
at(const struct conf *conf, size_t offset)
{
	return (const char *)conf + offset;
}

static int
is_same_list(const struct conf_list *a, const struct conf_list *b)
{
	size_t i;

	if (a->count != b->count)
		return 0;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return 0;
	return 1;
}

static int
is_same_text(const struct conf *a, const struct conf *b, size_t offset)
{
	return strcmp(*(char *const *)at(a, offset), *(char *const *)at(b, offset)) == 0;
}

static int
is_same_number(const struct conf *a, const struct conf *b, size_t offset)
{
	return memcmp(at(a, offset), at(b, offset), sizeof(int)) == 0;
}

static int
is_same_size(const struct conf *a, const struct conf *b, size_t offset)
{
	return memcmp(at(a, offset), at(b, offset), sizeof(uint64_t)) == 0;
}

static int
is_same_networks(const struct conf *a, const struct conf *b, size_t set)
{
	return netset_is_equal(*(struct netset *const *)at(a, set),
	    *(struct netset *const *)at(b, set));
}

static int
is_same_domains(const struct conf *a, const struct conf *b, size_t set)
{
	return domset_is_equal(*(struct domset *const *)at(a, set),
	    *(struct domset *const *)at(b, set));
}

static int
is_same(const struct conf *a, const struct conf *b, const struct setting *setting)
{
	size_t offset = setting->offset, set = setting->set_offset;

	switch (setting->kind) {
	case SETTING_SOCKET:
	case SETTING_GROUP:
	case SETTING_USER:
	case SETTING_FILE:
	case SETTING_REPLY:
		return is_same_text(a, b, offset);
	case SETTING_MODE:
	case SETTING_WORD:
	case SETTING_NUMBER:
		return is_same_number(a, b, offset);
	case SETTING_SIZE:
		return is_same_size(a, b, offset);
	case SETTING_NETWORKS:
	case SETTING_ADDRESSES:
		return is_same_list(at(a, offset), at(b, offset)) &&
		    (set == 0 || is_same_networks(a, b, set));
	case SETTING_DOMAINS:
		return is_same_list(at(a, offset), at(b, offset)) &&
		    (set == 0 || is_same_domains(a, b, set));
	case SETTING_LISTENERS:
	case SETTING_CERTIFICATES:
	case SETTING_MECHANISMS:
	case SETTING_HOSTS:
	case SETTING_SERVERS:
	case SETTING_PEERS:
		break;
	}
	return is_same_list(at(a, offset), at(b, offset));
}

void
conf_compare(const struct conf *a, const struct conf *b, struct buf *names)
{
	size_t i;

	for (i = 0; i < settings_count; i++) {
		if (is_same(a, b, &settings[i]))
			continue;
		buf_puts(names, names->len == 0 ? "" : ", ");
		buf_puts(names, settings[i].name);
	}
}
