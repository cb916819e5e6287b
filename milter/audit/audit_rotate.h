/* milter/audit/audit_rotate.h: renaming and removal of old audit files */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_ROTATE_H
#define AUTHRELAY_AUDIT_ROTATE_H

/*
 * Renames NAME to NAME.1, NAME.1 to NAME.2, and so on. Keeps `keep` old files, one at
 * least, and all that were written to in the last `keep_days` days; removes two others
 * at most. Returns the number of old files if it is more than `keep` because of their
 * age, else 0; or -1 with errno, and then the file still has its name.
 */
int	audit_rotate(const char *name, unsigned keep, unsigned keep_days);

/* Removes up to two of those that neither number nor age keeps, from the oldest on. */
void	audit_rotate_expire(const char *name, unsigned keep, unsigned keep_days);

#endif
