/* milter/os/notify.c: state messages to the service manager (sd_notify) */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/ascii.h"
#include "os/clock.h"
#include "os/notify.h"

/* A path, or, with an @ in front, a name in the abstract namespace of Linux. */
static socklen_t
manager_address(struct sockaddr_un *addr)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len;

	if (name == NULL || (name[0] != '/' && name[0] != '@'))
		return 0;
	if ((len = strlen(name)) >= sizeof(addr->sun_path))
		return 0;
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, name, len);
	if (name[0] == '@')
		addr->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void
notify(const char *state)
{
	struct sockaddr_un addr;
	socklen_t len = manager_address(&addr);
	int fd;

	if (len == 0 || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr,
	    len);
	(void)close(fd);
}

void
notify_ready(void)
{
	char state[64];

	(void)snprintf(state, sizeof(state), "READY=1\nMAINPID=%ld", (long)getpid());
	notify(state);
}

void
notify_reloading(void)
{
	char state[80];

	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_monotonic_us());
	notify(state);
}

void
notify_stopping(void)
{
	notify("STOPPING=1");
}

void
notify_watchdog(void)
{
	notify("WATCHDOG=1");
}

static long
number_from(const char *name)
{
	const char *text = getenv(name);
	uint64_t number;

	if (text == NULL || ascii_number(text, strlen(text), LONG_MAX, &number) == -1)
		return -1;
	return (long)number;
}

int
notify_watchdog_ms(void)
{
	long pid = number_from("WATCHDOG_PID");
	long us = number_from("WATCHDOG_USEC");

	if (us < 1000 || (pid != -1 && pid != (long)getpid()))
		return 0;
	return us / 1000 > 3600000 ? 3600000 : (int)(us / 1000);
}
