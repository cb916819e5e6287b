/* milter/os/clock.h: the time of day, and a clock that nobody sets */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CLOCK_H
#define AUTHRELAY_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, for deadlines and intervals. */
int64_t	clock_monotonic_us(void);
int64_t	clock_monotonic_ms(void);
/* CLOCK_REALTIME, since 1970. It can go back. */
int64_t	clock_realtime_us(void);

#endif
