/* milter/dns/rrset.c: answer to one DNS question */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"

void
rrset_clear(struct rrset *rrset)
{
	free(rrset->mx);
	free(rrset->addrs);
	memset(rrset, 0, sizeof(*rrset));
}
