/* t/lib/syslog_shim.c: preloaded, leads what connects to the system's log to another socket */
/* SPDX-License-Identifier: ISC */

/*
 * A connection to _PATH_LOG goes to the path in SYSLOG_SHIM_SOCKET instead; all else is as it is, so
 * that a program is seen to send, and to find that nobody takes, what it says. Into a program with
 * AddressSanitizer it is preloaded with ASAN_OPTIONS=verify_asan_link_order=0.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int
is_log(const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_un	*un = (const struct sockaddr_un *)(const void *)addr;

	return len >= sizeof(sa_family_t) + sizeof(_PATH_LOG) && addr->sa_family == AF_UNIX &&
	    strcmp(un->sun_path, _PATH_LOG) == 0;
}

static int
real_connect(int fd, const void *addr, socklen_t len)
{
	long	result = syscall(SYS_connect, fd, addr, len);

	return (int)result;
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const char		*path = getenv("SYSLOG_SHIM_SOCKET");
	struct sockaddr_un	 other = { .sun_family = AF_UNIX };

	if (path == NULL || !is_log(addr, len))
		return real_connect(fd, addr, len);
	if (strlen(path) >= sizeof other.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(other.sun_path, path);
	return real_connect(fd, &other, sizeof other);
}
