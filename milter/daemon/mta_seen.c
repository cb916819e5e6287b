/* milter/daemon/mta_seen.c: set of mail servers that have connected */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/mta_seen.h"

enum { SEEN_VERSION, SEEN_NAME, SEEN_PEER, SEEN_TEXTS };

struct server {
	char	*texts[SEEN_TEXTS];
};

struct mta_seen {
	pthread_mutex_t	 lock;	/* guards all of it */
	size_t		 count;
	struct server	 servers[MTA_SEEN_MAX];
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

static void
clear(struct server *server)
{
	for (size_t i = 0; i < SEEN_TEXTS; i++)
		free(server->texts[i]);
}

void
mta_seen_free(struct mta_seen *seen)
{
	if (seen == NULL)
		return;
	for (size_t i = 0; i < seen->count; i++)
		clear(&seen->servers[i]);
	(void)pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static int
is_same(const struct server *server, const char *const texts[SEEN_TEXTS])
{
	for (size_t i = 0; i < SEEN_TEXTS; i++)
		if (strncmp(server->texts[i], texts[i], MTA_SEEN_TEXT) != 0)
			return 0;
	return 1;
}

/* Known, or one too many. */
static int
is_known(const struct mta_seen *seen, const char *const texts[SEEN_TEXTS])
{
	size_t of_one = 0;

	for (size_t i = 0; i < seen->count; i++) {
		if (is_same(&seen->servers[i], texts))
			return 1;
		of_one += strcmp(seen->servers[i].texts[SEEN_PEER],
		    texts[SEEN_PEER]) == 0;
	}
	return seen->count == MTA_SEEN_MAX || of_one == MTA_SEEN_OF_ONE;
}

/* Returns 0 where it was not added: there is no memory. */
static int
add(struct mta_seen *seen, const char *const texts[SEEN_TEXTS])
{
	struct server *server = &seen->servers[seen->count];

	for (size_t i = 0; i < SEEN_TEXTS; i++)
		server->texts[i] = strndup(texts[i], MTA_SEEN_TEXT);
	for (size_t i = 0; i < SEEN_TEXTS; i++)
		if (server->texts[i] == NULL) {
			clear(server);
			return 0;
		}
	seen->count++;
	return 1;
}

int
mta_seen_first(struct mta_seen *seen, const char *version, const char *name,
    const char *peer)
{
	const char *const texts[SEEN_TEXTS] = { version != NULL ? version : "",
	    name != NULL ? name : "", peer != NULL ? peer : "" };
	int is_first;

	if (version == NULL && name == NULL && peer == NULL)
		return 0;
	(void)pthread_mutex_lock(&seen->lock);
	is_first = !is_known(seen, texts) && add(seen, texts);
	(void)pthread_mutex_unlock(&seen->lock);
	return is_first;
}
