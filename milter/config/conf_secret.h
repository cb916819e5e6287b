/* milter/config/conf_secret.h: keys that the configuration names */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_SECRET_H
#define AUTHRELAY_CONF_SECRET_H

#include "config/conf_check.h"

/*
 * Reads audit.key and audit.redact-key, or adds errors. `user` has to own the files: a
 * reload reads them again, and by then root's rights are gone.
 */
void	conf_secret_check(struct conf_check *);

#endif
