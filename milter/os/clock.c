/* milter/os/clock.c: the time of day, and a clock that nobody sets */
/* SPDX-License-Identifier: ISC */

#include <time.h>

#include "os/clock.h"

static int64_t
read_us(clockid_t id)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

int64_t
clock_realtime_us(void)
{
	return read_us(CLOCK_REALTIME);
}
