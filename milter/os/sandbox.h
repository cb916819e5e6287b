/* milter/os/sandbox.h: sandboxes, entered once the daemon has started */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_SANDBOX_H
#define AUTHRELAY_SANDBOX_H

#include "core/buf.h"

#define SANDBOX_FILES_MAX	4

/*
 * What the daemon does to files once it serves; it may read any. NULL or "" is none. To
 * create or remove a file takes rights in its whole directory.
 */
struct sandbox_needs {
	/* opened for writing, and created if missing */
	const char	*written[SANDBOX_FILES_MAX];
	const char	*removed[SANDBOX_FILES_MAX];
	/* a file that is written and removed is also renamed in its directory */
	int		 renames;
};

/*
 * One way in which a system takes rights from a process, for good. What was not built
 * in has a name and nothing else.
 */
struct sandbox {
	const char	*name;
	/* Adds what of it there is: "ABI 7". */
	void		(*describe)(struct buf *);
	/* Whether the kernel has it. */
	int		(*is_available)(void);
	/*
	 * Holds for the calling thread and for those that it starts, so call it before
	 * there are others. Returns -1 and logs why; rights may be gone all the same.
	 */
	int		(*enter)(const struct sandbox_needs *);
};

extern const struct sandbox	sandbox_landlock;	/* files */
extern const struct sandbox	sandbox_seccomp;	/* system calls */

/*
 * Enters all that were built in and that the kernel has, and adds the names of those
 * that are in force, ", " between them, or "none". One that could not be entered is
 * logged; it is no reason not to serve.
 */
void	sandbox_enter_all(const struct sandbox_needs *, struct buf *names_r);

/* Adds a line for each: "landlock: ABI 7", "seccomp: not built in". */
void	sandbox_describe_all(struct buf *);

#endif
