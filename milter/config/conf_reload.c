/* milter/config/conf_reload.c: what a reload may not take away by accident */
/* SPDX-License-Identifier: ISC */

#include "config/conf_origin.h"
#include "config/conf_reload.h"

struct loss {
	const char	*setting;
	int		(*is_lost)(const struct conf *, const struct conf *next);
	int		(*is_meant)(const struct conf *next);
	const char	*what;
};

static int
is_given(const struct conf *conf, const char *name)
{
	return conf_origins_is_given(conf->origins, settings_named(name));
}

static int
has_record(const struct conf *conf)
{
	return conf->audit_syslog || conf->audit_file[0] != '\0';
}

static int
loses_file(const struct conf *conf, const struct conf *next)
{
	return conf->audit_file[0] != '\0' && next->audit_file[0] == '\0';
}

static int
loses_record(const struct conf *conf, const struct conf *next)
{
	return has_record(conf) && !has_record(next) && !loses_file(conf, next);
}

static int
means_no_file(const struct conf *next)
{
	return is_given(next, "audit.file");
}

static int
loses_domains(const struct conf *conf, const struct conf *next)
{
	return domset_count(conf->policy.local_domains) > 0 &&
	    domset_count(next->policy.local_domains) == 0;
}

/* A list file without entries is no intention. */
static int
means_no_domains(const struct conf *next)
{
	return next->local_domains.count == 0 && is_given(next, "local-domains");
}

static const struct loss losses[] = {
	{ "audit.file", loses_file, means_no_file,
	  "records would no longer go to a file; if that is intended, write "
	  "audit { file = \"\" }, or restart the daemon" },
	{ "audit.syslog", loses_record, means_no_file,
	  "nothing would be recorded any longer; if that is intended, write "
	  "audit { file = \"\" }, or restart the daemon" },
	{ "local-domains", loses_domains, means_no_domains,
	  "no domain would be local any longer; if that is intended, write "
	  "local-domains = { }, or restart the daemon" },
};

int
conf_reload_check(const struct conf *conf, const struct conf *next, struct buf *lines)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		const struct loss *loss = &losses[i];
		if (!loss->is_lost(conf, next) || loss->is_meant(next))
			continue;
		buf_printf(lines, "%s: %s: %s\n", next->origins->sources[1].name,
		    loss->setting, loss->what);
		result = -1;
	}
	return result;
}
