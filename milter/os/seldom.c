/* milter/os/seldom.c: rate limit for a line of the log */
/* SPDX-License-Identifier: ISC */

#include "os/clock.h"
#include "os/seldom.h"

int
seldom_is_due(struct seldom *seldom, int interval_ms, unsigned long *count_r)
{
	long long now = clock_monotonic_ms() + 1, next = atomic_load(&seldom->next_ms);

	(void)atomic_fetch_add(&seldom->count, 1);
	if ((next != 0 && now < next) ||
	    !atomic_compare_exchange_strong(&seldom->next_ms, &next, now + interval_ms))
		return 0;
	*count_r = atomic_exchange(&seldom->count, 0);
	return 1;
}
