/* milter/config/conf_whole.h: what no setting alone shows */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_WHOLE_H
#define AUTHRELAY_CONF_WHOLE_H

#include "config/conf_check.h"

/*
 * Adds an error for settings that do not go together, and reads the keys that are named;
 * once all settings have been checked and kept.
 */
void	conf_whole_check(struct conf_check *);

#endif
