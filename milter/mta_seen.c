/* milter/mta_seen.c: which mail servers have been here */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "mta_seen.h"

struct mta_seen {
	pthread_mutex_t	 lock;	/* guards all of it */
	size_t		 count;
	struct {
		char	*version;
		char	*name;
	}		 servers[MTA_SEEN_MAX];
};

struct mta_seen *
mta_seen_new(void)
{
	struct mta_seen *seen = calloc(1, sizeof(*seen));

	if (seen != NULL && pthread_mutex_init(&seen->lock, NULL) != 0) {
		free(seen);
		return NULL;
	}
	return seen;
}

void
mta_seen_free(struct mta_seen *seen)
{
	size_t i;

	if (seen == NULL)
		return;
	for (i = 0; i < seen->count; i++) {
		free(seen->servers[i].version);
		free(seen->servers[i].name);
	}
	(void)pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static int
is_known(const struct mta_seen *seen, const char *version, const char *name)
{
	size_t i;

	for (i = 0; i < seen->count; i++)
		if (strcmp(seen->servers[i].version, version) == 0 &&
		    strcmp(seen->servers[i].name, name) == 0)
			return 1;
	return 0;
}

/* Returns 0 where it was not added: there is no room, or no memory. */
static int
add(struct mta_seen *seen, const char *version, const char *name)
{
	char *version_copy, *name_copy;

	if (seen->count == MTA_SEEN_MAX)
		return 0;
	version_copy = strdup(version);
	name_copy = strdup(name);
	if (version_copy == NULL || name_copy == NULL) {
		free(version_copy);
		free(name_copy);
		return 0;
	}
	seen->servers[seen->count].version = version_copy;
	seen->servers[seen->count++].name = name_copy;
	return 1;
}

int
mta_seen_first(struct mta_seen *seen, const char *version, const char *name)
{
	int is_first;

	if (version == NULL && name == NULL)
		return 0;
	version = version == NULL ? "" : version;
	name = name == NULL ? "" : name;
	(void)pthread_mutex_lock(&seen->lock);
	is_first = !is_known(seen, version, name) && add(seen, version, name);
	(void)pthread_mutex_unlock(&seen->lock);
	return is_first;
}
