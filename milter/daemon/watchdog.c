/* milter/daemon/watchdog.c: watchdog pings to the service manager */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/selfcheck.h"
#include "daemon/watchdog.h"
#include "os/log.h"
#include "os/notify.h"
#include "os/signals.h"

/*
 * Three checks fit into the time that the manager waits: one that fails is no reason to
 * be killed.
 */
static void *
watch(void *socket)
{
	int interval_ms = notify_watchdog_ms() / 3;
	const struct timespec pause = { interval_ms / 1000,
	    interval_ms % 1000 * 1000000L };

	for (;;) {
		if (selfcheck_is_answered(socket, interval_ms))
			notify_watchdog();
		else
			log_error("watchdog: the self-check got no answer");
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

int
watchdog_start(const char *socket)
{
	pthread_t thread;
	char *copy;
	int error;

	if (notify_watchdog_ms() == 0)
		return 0;
	if ((copy = strdup(socket)) == NULL) {
		log_error("watchdog: out of memory");
		return -1;
	}
	if ((error = signals_create_thread(&thread, watch, copy)) != 0) {
		log_error("watchdog: %s", strerror(error));
		free(copy);
		return -1;
	}
	(void)pthread_detach(thread);
	return 0;
}
