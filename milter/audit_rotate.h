/* milter/audit_rotate.h: the names of old audit files */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_ROTATE_H
#define AUTHRELAY_AUDIT_ROTATE_H

/*
 * NAME becomes NAME.1, which becomes NAME.2, and so on; at most so many old ones are kept,
 * one at least. -1 and errno: the file has its name still.
 */
int	audit_rotate(const char *name, unsigned keep);

#endif
