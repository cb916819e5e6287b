/* milter/ctl/ctl_time.h: times as people read and write them */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_TIME_H
#define AUTHRELAY_CTL_TIME_H

#include <stddef.h>
#include <stdint.h>

#define CTL_TIME_SIZE	32

/*
 * All are microseconds since 1970 UTC.
 *
 * Reads "2026-11-24", "2026-11-24 06:34", "2026-11-24T06:34:42.5" (local time, or with Z
 * or +01:00 after it), "06:34" (of today), "today", "yesterday", "now", and "30m",
 * "12h", "7d", "2w" before now. Returns NULL, or what is wrong as a constant text.
 */
const char	*ctl_time_parse(const char *text, int64_t now_us, int64_t *time_us_r);

/* Adds nothing but digits and marks: "2026-11-24 06:34:42" in local time. */
void	ctl_time_format(int64_t time_us, char text_r[CTL_TIME_SIZE]);

#endif
