/* milter/config/conf.c: the life of a configuration, and its text */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"
#include "config/conf_origin.h"
#include "config/settings.h"
#include "core/ascii.h"
#include "core/utf8.h"
#include "os/peers.h"
#include "record/audit_key.h"
#include "record/redact.h"

#define ITEMS_IN_LINE	3

struct conf *
conf_ref(struct conf *conf)
{
	(void)atomic_fetch_add(&conf->references, 1);
	return conf;
}

static const void *
member(const struct conf *conf, const struct setting *setting)
{
	return (const char *)conf + setting->offset;
}

static void
free_setting(const struct conf *conf, const struct setting *setting)
{
	const struct conf_list *list = member(conf, setting);

	if (setting->kind < SETTING_WORD && setting->kind != SETTING_MODE) {
		free(*(char *const *)member(conf, setting));
		return;
	}
	if (!setting_is_list(setting) || list->items == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void
conf_unref(struct conf *conf)
{
	if (conf == NULL || atomic_fetch_sub(&conf->references, 1) > 1)
		return;
	for (size_t i = 0; i < settings_count; i++)
		free_setting(conf, &settings[i]);
	netset_free(conf->policy.trusted_networks);
	domset_free(conf->policy.local_domains);
	domset_free(conf->policy.relay_domains);
	certset_free(conf->policy.client_certificates);
	netset_free(conf->policy.own_addresses);
	peers_free(conf->mta_peer_set);
	netset_free(conf->listed_addresses);
	netset_free(conf->mx_network_set);
	domset_free(conf->mx_domain_set);
	audit_key_free(conf->audit_signer);
	redact_unref(conf->audit_redactor);
	conf_origins_free(conf->origins);
	free(conf);
}

/* Is it UTF-8 without C1 control characters, which a terminal may obey? */
static int
is_plain_utf8(const char *s)
{
	size_t len = strlen(s);

	if (utf8_span(s, len) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\xc2' && (unsigned char)s[i + 1] < 0xa0)
			return 0;
	return 1;
}

/*
 * In double quotation marks, and so that it reads back to the same: ${NAME} would be a
 * variable, and \x takes the two digits that come.
 */
static void
write_text(FILE *fp, const char *s)
{
	int is_plain = is_plain_utf8(s);

	(void)fputc('"', fp);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\' || c == '$')
			(void)fprintf(fp, "\\%c", c);
		else if (c == '\n')
			(void)fputs("\\n", fp);
		else if (ascii_is_control(c) || (c >= 0x80 && !is_plain))
			(void)fprintf(fp, "\\x%02x", c);
		else
			(void)fputc(c, fp);
	}
	(void)fputc('"', fp);
}

/* Few items in one line, many in a line each. */
static void
write_list(FILE *fp, const struct conf_list *list, int is_indented)
{
	const char *gap = " ", *end = " ";

	if (list->count > ITEMS_IN_LINE) {
		gap = is_indented ? "\n\t\t" : "\n\t";
		end = is_indented ? "\n\t" : "\n";
	}
	(void)fputc('{', fp);
	for (size_t i = 0; i < list->count; i++) {
		(void)fprintf(fp, "%s%s", i == 0 ? "" : ",", gap);
		write_text(fp, list->items[i]);
	}
	(void)fprintf(fp, "%s}", end);
}

/* With the greatest suffix that leaves nothing over. */
static void
write_size(FILE *fp, uint64_t size)
{
	static const char suffixes[] = "kMG";
	size_t i = 0;

	if (size == AUDIT_MIN_FREE_AUTO) {
		(void)fputs("auto", fp);
		return;
	}
	if (size == 0 || size % 1024 != 0) {
		(void)fprintf(fp, "%" PRIu64, size);
		return;
	}
	for (size /= 1024; i < 2 && size % 1024 == 0; i++)
		size /= 1024;
	(void)fprintf(fp, "%" PRIu64 "%c", size, suffixes[i]);
}

static void
write_value(FILE *fp, const struct setting *setting, const void *arg)
{
	const void *value = member(arg, setting);

	switch (setting->kind) {
	case SETTING_SOCKET:
	case SETTING_GROUP:
	case SETTING_USER:
	case SETTING_FILE:
	case SETTING_REPLY:
		write_text(fp, *(char *const *)value);
		break;
	case SETTING_MODE:
		(void)fprintf(fp, "\"%04o\"", *(const unsigned *)value);
		break;
	case SETTING_WORD:
		(void)fputs(setting_word(setting, *(const int *)value), fp);
		break;
	case SETTING_NUMBER:
		(void)fprintf(fp, "%u", *(const unsigned *)value);
		break;
	case SETTING_SIZE:
		write_size(fp, *(const uint64_t *)value);
		break;
	case SETTING_NETWORKS:
	case SETTING_DOMAINS:
	case SETTING_ADDRESSES:
	case SETTING_LISTENERS:
	case SETTING_CERTIFICATES:
	case SETTING_MECHANISMS:
	case SETTING_HOSTS:
	case SETTING_SERVERS:
	case SETTING_PEERS:
		write_list(fp, value, setting_section(setting) != 0);
		break;
	}
}

void
conf_print(const struct conf *conf, FILE *fp)
{
	settings_write(fp, write_value, conf);
}
