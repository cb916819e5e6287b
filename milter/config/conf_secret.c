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

	conf_errors_add(check->errors, &place, "%s: cannot use %s: %s", setting->name,
	    conf_quote(file, strlen(file), &quoted), why);
}

static int
is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Only the owner may read it, which is root now and the user at a reload. */
static const char *
owner_fault(const struct conf *conf, uid_t owner)
{
	const struct passwd *entry = NULL;

	if (geteuid() == 0 && is_given(conf->user))
		entry = getpwnam(conf->user);
	if (entry == NULL || owner == entry->pw_uid)
		return NULL;
	return "its owner is not the user of the setting user, who reads it at a "
	    "reload; change its owner";
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
		refuse(check, "audit.redact-key", "", "it is empty; audit.redact = "
		    "local-part needs the file of a key");
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
