/* milter/os/sandbox_landlock.c: sandbox of files, by Landlock */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/directory.h"
#include "os/log.h"
#include "os/sandbox.h"

/* The kernel may be newer than the header that we were built with. */
struct ruleset {
	uint64_t	files;
	uint64_t	net;
	uint64_t	scopes;
};

#define FILE_REFER	(1ULL << 13)	/* LANDLOCK_ACCESS_FS_REFER */
#define FILE_TRUNCATE	(1ULL << 14)	/* LANDLOCK_ACCESS_FS_TRUNCATE */
#define FILE_IOCTL_DEV	(1ULL << 15)	/* LANDLOCK_ACCESS_FS_IOCTL_DEV */
#define SCOPE_SIGNAL	(1ULL << 1)	/* LANDLOCK_SCOPE_SIGNAL */

/*
 * What is forbidden where no rule allows it. Reading is not in it: the configuration,
 * its list files and what the C library asks for may be anywhere. Nor are connections:
 * the daemon talks to itself, to the service manager and to syslog.
 */
#define HANDLED \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
	LANDLOCK_ACCESS_FS_MAKE_SYM)

/* From which ABI of the kernel each can be asked for. */
static const struct {
	long		abi;
	struct ruleset	rights;
} rights[] = {
	{ 1, { HANDLED, 0, 0 } },
	{ 2, { FILE_REFER, 0, 0 } },
	{ 3, { FILE_TRUNCATE, 0, 0 } },
	{ 5, { FILE_IOCTL_DEV, 0, 0 } },
	{ 6, { 0, 0, SCOPE_SIGNAL } },
};

/* -1: none. */
static long
kernel_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static int
is_available(void)
{
	return kernel_abi() >= 1;
}

static void
describe(struct buf *text_r)
{
	buf_printf(text_r, "ABI %ld", kernel_abi());
}

static int
open_ruleset(void)
{
	struct ruleset ruleset = { 0, 0, 0 };
	long abi = kernel_abi();

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (abi < rights[i].abi)
			break;
		ruleset.files |= rights[i].rights.files;
		ruleset.scopes |= rights[i].rights.scopes;
	}
	/* A kernel that knows less of the structure takes it where the rest is zero. */
	return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
}

/* What cannot be reached gets no rule, and needs none: nobody could write there. */
static int
allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	int status;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -1;
	status = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0);
	(void)close(rule.parent_fd);
	return status;
}

static int
allow_directory_of(int ruleset, const char *path, uint64_t access)
{
	char *directory = directory_path(path);
	int status = directory == NULL ? -1 : allow(ruleset, directory, access);

	free(directory);
	return status;
}

/* /dev/null and the like stay what they are. */
static int
is_device(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 &&
	    (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode) || S_ISFIFO(info.st_mode));
}

/* A link's target is written to; a missing file is created under its own name. */
static int
allow_written(int ruleset, const char *path)
{
	const uint64_t access = LANDLOCK_ACCESS_FS_WRITE_FILE |
	    LANDLOCK_ACCESS_FS_MAKE_REG;
	char *real;
	int status;

	if (is_device(path))
		return allow(ruleset, path, LANDLOCK_ACCESS_FS_WRITE_FILE);
	if (allow_directory_of(ruleset, path, access) == -1)
		return -1;
	if ((real = realpath(path, NULL)) == NULL)
		return errno == ENOMEM ? -1 : 0;
	status = allow_directory_of(ruleset, real, access);
	free(real);
	return status;
}

static int
is_named(const char *path)
{
	return path != NULL && *path != '\0';
}

static int
add_rules(int ruleset, const struct sandbox_needs *needs)
{
	for (size_t i = 0; i < SANDBOX_FILES_MAX; i++) {
		const char *written = needs->written[i], *removed = needs->removed[i];

		if (is_named(written) && allow_written(ruleset, written) == -1)
			return -1;
		if (is_named(removed) && allow_directory_of(ruleset, removed,
		    LANDLOCK_ACCESS_FS_REMOVE_FILE) == -1)
			return -1;
	}
	return 0;
}

/* Without new privileges anybody may enter, not root alone. */
static int
restrict_self(int ruleset)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

static int
enter(const struct sandbox_needs *needs)
{
	int ruleset = open_ruleset(), status;

	status = ruleset == -1 || add_rules(ruleset, needs) == -1 ||
	    restrict_self(ruleset) == -1 ? -1 : 0;
	if (status == -1)
		log_warn("landlock: %s", strerror(errno));
	if (ruleset != -1)
		(void)close(ruleset);
	return status;
}

const struct sandbox sandbox_landlock = { "landlock", describe, is_available, enter };
