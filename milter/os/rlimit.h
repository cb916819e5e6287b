/* milter/os/rlimit.h: the limit of descriptors */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RLIMIT_H
#define AUTHRELAY_RLIMIT_H

/* Raises the limit of descriptors to the hard one: each connection takes a descriptor. */
void	rlimit_raise(void);

#endif
