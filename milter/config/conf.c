/* milter/config/conf.c: the life of a configuration, its text, its differences */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>

#include "config/conf.h"
#include "config/conf_origin.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "core/ascii.h"
#include "core/utf8.h"
#include "os/peers.h"
#include "record/audit_key.h"
#include "record/redact.h"

struct conf *
conf_ref(struct conf *conf)
{
	(void)atomic_fetch_add(&conf->references, 1);
	return conf;
}

void
conf_unref(struct conf *conf)
{
	if (conf == NULL || atomic_fetch_sub(&conf->references, 1) > 1)
		return;
	for (size_t i = 0; i < settings_count; i++)
		settings[i].kind->free(&settings[i], conf);
	netset_free(conf->listed_addresses);
	audit_key_free(conf->audit_signer);
	redact_unref(conf->audit_redactor);
	conf_origins_free(conf->origins);
	free(conf);
}

void
conf_compare(const struct conf *a, const struct conf *b, struct buf *names)
{
	for (size_t i = 0; i < settings_count; i++) {
		if (settings[i].kind->equal(&settings[i], a, b))
			continue;
		buf_puts(names, names->len == 0 ? "" : ", ");
		buf_puts(names, settings[i].name);
	}
}

static void
write_value(FILE *fp, const struct setting *setting, const void *conf)
{
	setting->kind->write(fp, setting, conf);
}

void
conf_print(const struct conf *conf, FILE *fp)
{
	settings_write(fp, write_value, conf);
}
