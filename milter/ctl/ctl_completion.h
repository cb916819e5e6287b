/* milter/ctl/ctl_completion.h: completion of command lines in bash and zsh */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_COMPLETION_H
#define AUTHRELAY_CTL_COMPLETION_H

#include "core/buf.h"
#include "ctl/ctl.h"

/*
 * Made from the tables of commands (up to NULL) and options. An argument whose name has
 * FILE in it is completed as a file name.
 */
void	ctl_completion_bash(const struct ctl_command *const *, struct buf *);
void	ctl_completion_zsh(const struct ctl_command *const *, struct buf *);

#endif
