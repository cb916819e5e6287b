/* milter/os/hostnet_none.c: systems without hostnet_linux.c */
/* SPDX-License-Identifier: ISC */

#include "os/hostnet.h"

int
hostnet_add_gateways(struct hostnet *net)
{
	(void)net;
	return 0;
}

int
hostnet_is_inner_bridge(const char *name, char (*others)[HOSTNET_NAME_SIZE], size_t count)
{
	(void)name, (void)others, (void)count;
	return 0;
}
