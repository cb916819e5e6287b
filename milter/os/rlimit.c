/* milter/os/rlimit.c: the limit of descriptors */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "os/rlimit.h"
#include "os/log.h"

void
rlimit_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		log_warn("the number of descriptors cannot be raised: %s",
		    strerror(errno));
}
