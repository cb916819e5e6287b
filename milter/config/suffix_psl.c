/* milter/config/suffix_psl.c: public suffixes, of the list built into libpsl */
/* SPDX-License-Identifier: ISC */

#include <libpsl.h>
#include <stddef.h>

#include "config/suffix.h"

/* A suffix that the list has is one; what it does not know is none. */
#define KIND	(PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)

int
suffix_is_public(const char *domain)
{
	const psl_ctx_t *list = psl_builtin();

	return list != NULL && psl_is_public_suffix2(list, domain, KIND) == 1;
}

const char *
suffix_describe(void)
{
	return psl_builtin() == NULL ? "public suffixes: none" :
	    "public suffixes: libpsl";
}
