/* milter/config/conf_check.c: complaints about the values of a configuration */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_check.h"

struct conf_place
conf_check_place(const struct conf_check *check, const struct conf_value *value)
{
	const struct conf_source *source = &check->sources[value->source];
	struct conf_place place = { .name = source->name, .source = value->source,
	    .source_line = value->line };

	if (source->has_lines)
		place.line = value->line;
	return place;
}

void
conf_check_refuse(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value, const char *why, const char *expected)
{
	struct conf_place place = conf_check_place(check, value);

	conf_check_refuse_at(check, setting, &place, value->text, strlen(value->text),
	    why, expected);
}

void
conf_check_refuse_at(struct conf_check *check, const struct setting *setting,
    const struct conf_place *place, const char *text, size_t len, const char *why,
    const char *expected)
{
	struct conf_quoted quoted;

	conf_errors_add(check->errors, place, "%s: invalid %s %s%s%s%s%s", setting->name,
	    setting_is_list(setting) ? "entry" : "value", conf_quote(text, len, &quoted),
	    why == NULL ? "" : ": ", why == NULL ? "" : why,
	    expected == NULL ? "" : "; expected ", expected == NULL ? "" : expected);
}
