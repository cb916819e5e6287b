/* milter/priv.c: who the daemon is */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"

static int
become(const struct passwd *entry)
{
	if (initgroups(entry->pw_name, entry->pw_gid) == -1 ||
	    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) == -1 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) == -1) {
		log_error("user: cannot become %s: %s", entry->pw_name, strerror(errno));
		return -1;
	}
	if (entry->pw_uid != 0 && (setuid(0) != -1 || seteuid(0) != -1)) {
		log_error("user: the privileges of root came back");
		return -1;
	}
	return 0;
}

int
priv_drop(const char *user)
{
	const struct passwd *entry;

	/* that root stays root is warned of with the configuration */
	if (*user == '\0')
		return 0;
	if ((entry = getpwnam(user)) == NULL) {
		log_error("user: no such user");
		return -1;
	}
	if (geteuid() == entry->pw_uid && entry->pw_uid != 0)
		return 0;
	return become(entry);
}
