/* milter/os/sandbox_seccomp_none.c: build without seccomp */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>

#include "os/sandbox.h"

const struct sandbox sandbox_seccomp = { "seccomp", NULL, NULL, NULL };
