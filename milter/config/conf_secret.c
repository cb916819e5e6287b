/* milter/config/conf_secret.c: keys that the configuration names */
/* SPDX-License-Identifier: ISC */

#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "config/conf_origin.h"
#include "config/conf_secret.h"
#include "record/audit_key.h"
#include "record/redact.h"

static void
refuse(struct conf_check *check, const char *name, const char *file, const char *why)
{
	const struct setting *setting = settings_named(name);
	struct conf_place place = conf_origins_place(check->conf->origins, setting, 0);
	struct conf_quoted quoted;

	conf_errors_add(check->errors, &place, "%s: %s: %s", setting->name,
	    conf_quote(file, strlen(file), &quoted), why);
}

static int
is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Nobody but the owner may read it, so that has to be who root is going to become. */
static const char *
owner_fault(const struct conf *conf, uid_t owner)
{
	const struct passwd *entry = NULL;

	if (geteuid() == 0 && is_given(conf->user))
		entry = getpwnam(conf->user);
	if (entry == NULL || owner == entry->pw_uid)
		return NULL;
	return "`user' does not own it, and could not read it at a reload";
}

static void
check_key(struct conf_check *check)
{
	struct conf *conf = check->conf;
	const char *why;

	if (!is_given(conf->audit_key))
		return;
	conf->audit_signer = audit_key_read(conf->audit_key, &why);
	if (conf->audit_signer != NULL)
		why = owner_fault(conf, audit_key_owner(conf->audit_signer));
	if (why != NULL)
		refuse(check, "audit.key", conf->audit_key, why);
}

static void
check_redact_key(struct conf_check *check)
{
	struct conf *conf = check->conf;
	const char *why;

	if (conf->audit_redact == 0 || conf->audit_redact_key == NULL)
		return;
	if (*conf->audit_redact_key == '\0') {
		refuse(check, "audit.redact-key", "", "none is given; allowed: a file, "
		    "where audit.redact is local-part");
		return;
	}
	conf->audit_redactor = redact_read(conf->audit_redact_key, &why);
	if (conf->audit_redactor != NULL)
		why = owner_fault(conf, redact_key_owner(conf->audit_redactor));
	if (why != NULL)
		refuse(check, "audit.redact-key", conf->audit_redact_key, why);
}

void
conf_secret_check(struct conf_check *check)
{
	check_key(check);
	check_redact_key(check);
}
