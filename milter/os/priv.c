/* milter/os/priv.c: change of user, for good or for a moment */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "os/log.h"
#include "os/priv.h"

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
		log_error("user: root privileges could be regained");
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
		log_error("user: no such user \"%s\"", user);
		return -1;
	}
	if (geteuid() == entry->pw_uid && entry->pw_uid != 0)
		return 0;
	return become(entry);
}

static int
complain(const char *user)
{
	log_error("user: cannot act as %s: %s", *user != '\0' ? user : "ourselves",
	    strerror(errno));
	return -1;
}

int
priv_act_as(const char *user, gid_t group, struct priv_self *self_r)
{
	const struct passwd *entry;

	*self_r = (struct priv_self){ geteuid(), getegid() };
	if (self_r->uid != 0)
		return 0;
	if (*user == '\0')
		return group != (gid_t)-1 && setegid(group) == -1 ? complain(user) : 0;
	if ((entry = getpwnam(user)) == NULL) {
		log_error("user: no such user \"%s\"", user);
		return -1;
	}
	if (group == (gid_t)-1)
		group = entry->pw_gid;
	if (initgroups(entry->pw_name, entry->pw_gid) == -1 || setegid(group) == -1 ||
	    seteuid(entry->pw_uid) == -1)
		return complain(user);
	return 0;
}

int
priv_return(const struct priv_self *self)
{
	if ((geteuid() != self->uid && seteuid(self->uid) == -1) ||
	    (getegid() != self->gid && setegid(self->gid) == -1)) {
		log_error("the rights of root did not come back: %s", strerror(errno));
		return -1;
	}
	return 0;
}
