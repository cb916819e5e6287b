/* milter/os/limits.h: what the system lets us have */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_LIMITS_H
#define AUTHRELAY_LIMITS_H

/* Raises the number of descriptors to what is allowed; a connection needs one. */
void	limits_raise(void);

#endif
