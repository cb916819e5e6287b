/* milter/config/conf_check.c: complaints about the values of a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
    const struct conf_value *value, const char *fmt, ...)
{
	struct conf_place place = conf_check_place(check, value);
	struct conf_quoted quoted;
	char *what;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (n == -1) {
		check->errors->is_out_of_memory = 1;
		return;
	}
	conf_errors_add(check->errors, &place, "%s: %s%s", setting->name,
	    conf_quote(value->text, strlen(value->text), &quoted), what);
	free(what);
}
