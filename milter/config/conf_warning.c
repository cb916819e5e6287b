/* milter/config/conf_warning.c: warnings about a configuration */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/conf_origin.h"
#include "config/conf_warning.h"
#include "config/settings.h"

void
conf_warn_at(struct conf_warnings *warnings, const struct conf_place *place,
    const char *setting, const char *fmt, ...)
{
	struct conf_place shown = *place;
	char *what;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (n == -1) {
		warnings->found.is_out_of_memory = 1;
		return;
	}
	/* a default is in force because the file does not have the setting */
	if (shown.source == 0) {
		shown.name = warnings->conf->origins->sources[1].name;
		shown.line = 0;
	}
	conf_errors_add(&warnings->found, &shown, "%s%s: %s", warnings->mark, setting,
	    what);
	free(what);
}

void
conf_warn_sentences(struct conf_warnings *warnings,
    const struct conf_sentence *sentences, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct conf_sentence *sentence = &sentences[i];
		struct conf_place place;

		if (!sentence->is_so(warnings->conf, warnings->host))
			continue;
		place = conf_origins_given(warnings->conf->origins,
		    settings_named(sentence->setting));
		conf_warn_at(warnings, &place, sentence->setting, "%s", sentence->text);
	}
}
