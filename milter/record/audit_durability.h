/* milter/record/audit_durability.h: when a record counts as written, and room for it */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_DURABILITY_H
#define AUTHRELAY_AUDIT_DURABILITY_H

#include <stdint.h>

/* When audit_write() returns: the setting audit.durability. */
enum audit_durability {
	AUDIT_WRITTEN,		/* the kernel has it */
	AUDIT_SYNCED,		/* it is on the disk */
	AUDIT_BUFFERED		/* it is in a queue; it may be lost */
};

/* Of audit.min-free: 64 MiB, or 2 % of the file system if that is less. */
#define AUDIT_MIN_FREE_AUTO	UINT64_MAX

#endif
