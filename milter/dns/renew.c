/* milter/dns/renew.c: background threads that renew MX results */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "dns/renew.h"

struct job {
	void	*owner;
	char	 domain[PATH_DOMAIN_SIZE];
};

struct renew {
	void		(*work)(void *owner, const char *domain);
	void		(*drop)(void *owner);
	pthread_mutex_t	lock;		/* of what follows; not held in work(), drop() */
	unsigned	threads;
	int		is_closed;
	size_t		first;		/* of those that wait */
	size_t		count;
	struct job	jobs[RENEW_JOBS];
};

struct renew *
renew_new(void (*work)(void *owner, const char *domain), void (*drop)(void *owner))
{
	struct renew *renew = calloc(1, sizeof(*renew));

	if (renew == NULL)
		return NULL;
	renew->work = work;
	renew->drop = drop;
	if (pthread_mutex_init(&renew->lock, NULL) == 0)
		return renew;
	free(renew);
	return NULL;
}

static void
renew_free(struct renew *renew)
{
	(void)pthread_mutex_destroy(&renew->lock);
	free(renew);
}

/* Returns 0 if there is none. */
static int
take(struct renew *renew, struct job *job)
{
	int has_job;

	(void)pthread_mutex_lock(&renew->lock);
	has_job = renew->count > 0;
	if (has_job) {
		*job = renew->jobs[renew->first];
		renew->first = (renew->first + 1) % RENEW_JOBS;
		renew->count--;
	}
	(void)pthread_mutex_unlock(&renew->lock);
	return has_job;
}

/* Returns 0 if a job has come meanwhile. */
static int
leave(struct renew *renew)
{
	int has_left, is_last;

	(void)pthread_mutex_lock(&renew->lock);
	has_left = renew->count == 0;
	if (has_left)
		renew->threads--;
	is_last = has_left && renew->is_closed && renew->threads == 0;
	(void)pthread_mutex_unlock(&renew->lock);
	if (is_last)
		renew_free(renew);
	return has_left;
}

static void *
run(void *arg)
{
	struct renew *renew = arg;
	struct job job;

	do
		while (take(renew, &job))
			renew->work(job.owner, job.domain);
	while (!leave(renew));
	return NULL;
}

void
renew_close(struct renew *renew)
{
	struct job job;
	int is_last;

	if (renew == NULL)
		return;
	while (take(renew, &job))
		renew->drop(job.owner);
	(void)pthread_mutex_lock(&renew->lock);
	renew->is_closed = 1;
	is_last = renew->threads == 0;
	(void)pthread_mutex_unlock(&renew->lock);
	if (is_last)
		renew_free(renew);
}

static int
start_thread(struct renew *renew)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, renew) != 0)
		return -1;
	(void)pthread_detach(thread);
	return 0;
}

/* Makes room for no job that nobody would do; the lock is held. */
static int
has_worker(struct renew *renew)
{
	if (renew->threads < RENEW_THREADS && start_thread(renew) == 0)
		renew->threads++;
	return renew->threads > 0;
}

void
renew_add(struct renew *renew, void *owner, const char *domain)
{
	const size_t size = strlen(domain) + 1;
	int is_taken = 0;
	struct job *job;

	(void)pthread_mutex_lock(&renew->lock);
	if (renew->count < RENEW_JOBS && size <= PATH_DOMAIN_SIZE && has_worker(renew)) {
		job = &renew->jobs[(renew->first + renew->count++) % RENEW_JOBS];
		job->owner = owner;
		memcpy(job->domain, domain, size);
		is_taken = 1;
	}
	(void)pthread_mutex_unlock(&renew->lock);
	if (!is_taken)
		renew->drop(owner);
}
