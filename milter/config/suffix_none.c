/* milter/config/suffix_none.c: stands in for suffix_psl.c where that is not built in */
/* SPDX-License-Identifier: ISC */

#include "config/suffix.h"

int
suffix_is_public(const char *domain)
{
	(void)domain;
	return 0;
}

const char *
suffix_describe(void)
{
	return "public suffixes: none";
}
