/* milter/os/sandbox_landlock_none.c: build without Landlock */
/* SPDX-License-Identifier: ISC */

#include <stddef.h>

#include "os/sandbox.h"

const struct sandbox sandbox_landlock = { "landlock", NULL, NULL, NULL };
