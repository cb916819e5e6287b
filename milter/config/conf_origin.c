/* milter/config/conf_origin.c: where each value of a configuration was given */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "config/conf_origin.h"

static int
copy_sources(struct conf_origins *origins, const struct conf_source *sources,
    size_t count)
{
	if ((origins->sources = calloc(count + 1, sizeof(*sources))) == NULL)
		return -1;
	for (; origins->source_count < count; origins->source_count++) {
		const struct conf_source *from = &sources[origins->source_count];
		struct conf_source *to = &origins->sources[origins->source_count];
		to->has_lines = from->has_lines;
		if ((to->name = strdup(from->name)) == NULL)
			return -1;
	}
	return 0;
}

struct conf_origins *
conf_origins_new(const struct conf_source *sources, size_t count, const char *folder)
{
	struct conf_origins *origins = calloc(1, sizeof(*origins));

	if (origins == NULL)
		return NULL;
	origins->folder = strdup(folder);
	if (origins->folder == NULL || copy_sources(origins, sources, count) == -1) {
		conf_origins_free(origins);
		return NULL;
	}
	return origins;
}

void
conf_origins_free(struct conf_origins *origins)
{
	if (origins == NULL)
		return;
	for (size_t i = 0; i < origins->source_count; i++)
		free(origins->sources[i].name);
	for (size_t i = 0; i < settings_count; i++)
		free(origins->values[i]);
	free(origins->sources);
	free(origins->folder);
	free(origins);
}

int
conf_origins_keep(struct conf_origins *origins, const struct setting *setting,
    struct conf_value *const *values, size_t count)
{
	size_t at = (size_t)(setting - settings);
	struct conf_origin *kept = calloc(count + 1, sizeof(*kept));

	if (kept == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		kept[i] = (struct conf_origin){ values[i]->source, values[i]->line };
	free(origins->values[at]);
	origins->values[at] = kept;
	origins->counts[at] = count;
	return 0;
}

void
conf_origins_give(struct conf_origins *origins, unsigned source,
    const unsigned lines[SETTINGS_MAX])
{
	for (size_t i = 0; i < settings_count; i++)
		if (lines[i] != 0)
			origins->given[i] = (struct conf_origin){ source, lines[i] };
}

int
conf_origins_is_given(const struct conf_origins *origins, const struct setting *setting)
{
	return origins->given[setting - settings].source != 0;
}

struct conf_place
conf_origins_given(const struct conf_origins *origins, const struct setting *setting)
{
	const struct conf_origin *given = &origins->given[setting - settings];
	const struct conf_source *source = &origins->sources[given->source];

	if (given->source == 0)
		return (struct conf_place){ .name = origins->sources[1].name };
	return (struct conf_place){ .name = source->name,
	    .line = source->has_lines ? given->line : 0,
	    .source = given->source, .source_line = given->line };
}

struct conf_place
conf_origins_place(const struct conf_origins *origins, const struct setting *setting,
    size_t index)
{
	size_t at = (size_t)(setting - settings);

	if (index >= origins->counts[at])
		return (struct conf_place){ .name = origins->sources[0].name };
	const struct conf_origin *origin = &origins->values[at][index];
	const struct conf_source *source = &origins->sources[origin->source];
	return (struct conf_place){ .name = source->name,
	    .line = source->has_lines ? origin->line : 0,
	    .source = origin->source, .source_line = origin->line };
}
