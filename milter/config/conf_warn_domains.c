/* milter/config/conf_warn_domains.c: warnings about domains that are not one's own */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "config/conf_locate.h"
#include "config/conf_warning.h"
#include "config/settings.h"
#include "config/suffix.h"

#define SHOWN_MAX	10	/* of one setting */

struct walk {
	struct conf_warnings	*warnings;
	const char		*setting;
	const char		*meaning;
	unsigned		 count;
};

static int
is_suffix(const char *entry, size_t len)
{
	char domain[PATH_DOMAIN_SIZE];
	size_t dot = len > 0 && entry[0] == '.';

	return path_domain(entry + dot, len - dot, domain) == NULL &&
	    suffix_is_public(domain);
}

static int
warn_of_domain(void *arg, const char *entry, size_t len, const struct conf_place *place)
{
	struct walk *walk = arg;
	struct conf_quoted quoted;

	if (is_suffix(entry, len) && walk->count++ < SHOWN_MAX)
		conf_warn_at(walk->warnings, place, walk->setting,
		    "%s is a public suffix, below which anyone can have a domain%s; "
		    "name your own domains", conf_quote(entry, len, &quoted),
		    entry[0] == '.' ? walk->meaning : "");
	return 0;
}

static int
warn_of_list(struct conf_warnings *warnings, const char *setting, const char *meaning)
{
	struct walk walk = { .warnings = warnings, .setting = setting,
	    .meaning = meaning };

	return conf_locate_each(warnings->conf, settings_named(setting), warn_of_domain,
	    &walk);
}

int
conf_warn_domains(struct conf_warnings *warnings)
{
	if (warn_of_list(warnings, "local-domains",
	    ": mail to all of them is permitted") == -1 ||
	    warn_of_list(warnings, "relay-domains",
	    ": this is an open relay to them") == -1)
		return -1;
	if (warnings->conf->mx_accept == POLICY_MX_ACCEPT_NONE)
		return 0;
	return warn_of_list(warnings, "mx.domains",
	    ": mail is relayed for each that points an MX record here");
}
