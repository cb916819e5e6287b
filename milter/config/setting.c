/* milter/config/setting.c: one setting, its kind and its place in a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "config/kinds.h"

size_t
setting_section(const struct setting *setting)
{
	const char *dot = strchr(setting->name, '.');

	return dot == NULL ? 0 : (size_t)(dot - setting->name);
}

const char *
setting_key(const struct setting *setting)
{
	size_t section = setting_section(setting);

	return section == 0 ? setting->name : setting->name + section + 1;
}

int
setting_is_list(const struct setting *setting)
{
	return setting->kind->is_list;
}

int
setting_has_files(const struct setting *setting)
{
	return setting->kind->has_files;
}

void *
setting_of(const struct conf *conf, const struct setting *setting)
{
	return (char *)(uintptr_t)conf + setting->offset;
}

void *
setting_set(const struct conf *conf, const struct setting *setting)
{
	return (char *)(uintptr_t)conf + setting->set_offset;
}
