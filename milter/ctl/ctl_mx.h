/* milter/ctl/ctl_mx.h: trace of an MX lookup as text */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_MX_H
#define AUTHRELAY_CTL_MX_H

#include "core/buf.h"
#include "dns/mx.h"
#include "dns/rrset.h"

/*
 * An mx_lookup_tracer: adds a line for each type that was asked for, with what came, from
 * which server, in what time.
 */
void	ctl_mx_write(void *buf, const struct mx_question *, const struct rrset *);

#endif
