/* milter/audit/audit_rotate.h: the names of old audit files */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_ROTATE_H
#define AUTHRELAY_AUDIT_ROTATE_H

/*
 * NAME becomes NAME.1, which becomes NAME.2, and so on; so many old ones are kept, one at
 * least, and of the others those that were written to in the last so many days. Where there
 * are more for that reason, returns how many; else 0. -1 and errno: the file has its name
 * still.
 */
int	audit_rotate(const char *name, unsigned keep, unsigned keep_days);

/* Removes some of those that neither number nor age keeps, from the oldest on. */
void	audit_rotate_expire(const char *name, unsigned keep, unsigned keep_days);

#endif
