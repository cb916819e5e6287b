/* milter/config/conf_check.c: from the text of a value to the value */
/* SPDX-License-Identifier: ISC */

#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_check.h"
#include "config/conf_origin.h"
#include "config/conf_secret.h"
#include "core/ascii.h"
#include "os/milter_socket.h"
#include "os/peers.h"

#define SIZE_DIGITS	18

struct conf_place
conf_check_place(const struct conf_check *check, const struct conf_value *value)
{
	const struct conf_source *source = &check->sources[value->source];
	struct conf_place place = { .name = source->name, .source = value->source,
	    .source_line = value->line };

	if (source->has_lines)
		place.line = value->line;
	return place;
}

void
conf_check_refuse(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value, const char *fmt, ...)
{
	struct conf_place place = conf_check_place(check, value);
	struct conf_quoted quoted;
	char *what;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (n == -1) {
		check->errors->is_out_of_memory = 1;
		return;
	}
	conf_errors_add(check->errors, &place, "%s: %s%s", setting->name,
	    conf_quote(value->text, strlen(value->text), &quoted), what);
	free(what);
}

static void *
member(struct conf_check *check, const struct setting *setting)
{
	return (char *)check->conf + setting->offset;
}

static void
keep_text(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	char **text = member(check, setting);

	if ((*text = strdup(value->text)) == NULL)
		check->errors->is_out_of_memory = 1;
}

/* Reads decimal digits and nothing else. */
static int
read_number(const char *s, unsigned *number)
{
	uint64_t value;

	if (ascii_number(s, strlen(s), UINT32_MAX, &value) == -1)
		return -1;
	*number = (unsigned)value;
	return 0;
}

static const char *
path_fault(const char *path)
{
	if (path[0] != '/')
		return "the path is not absolute";
	if (path[strlen(path) - 1] == '/')
		return "the path is a folder's";
	if (ascii_has_control(path))
		return "the path has a control character";
	return NULL;
}

/* A resolver could answer anything, so only an address is taken, or localhost. */
static const char *
host_fault(const struct milter_socket *socket)
{
	enum netaddr_family family = socket->kind == MILTER_SOCKET_INET ? NETADDR_V4 :
	    NETADDR_V6;
	const char *host = socket->host;
	struct netaddr addr;

	if (!socket->is_bracketed && strcmp(host, "localhost") == 0)
		return NULL;
	if (netaddr_parse(host, strlen(host), &addr) == 0 && addr.family == family &&
	    (strchr(host, ':') != NULL) == (family == NETADDR_V6) &&
	    (!socket->is_bracketed || family == NETADDR_V6))
		return NULL;
	return family == NETADDR_V4 ? "the host is no IPv4 address and not localhost" :
	    "the host is no IPv6 address and not localhost";
}

static const char *
socket_fault(const char *text)
{
	struct milter_socket socket;
	const char *why = milter_socket_parse(text, &socket);

	if (why != NULL)
		return why;
	return socket.path != NULL ? path_fault(socket.path) : host_fault(&socket);
}

static void
check_socket(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	const char *why = socket_fault(value->text);

	if (why == NULL)
		keep_text(check, setting, value);
	else
		conf_check_refuse(check, setting, value, ": %s; allowed: unix:/PATH, "
		    "inet:PORT@ADDRESS, inet6:PORT@ADDRESS", why);
}

static void
check_mode(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	unsigned *mode = member(check, setting);
	size_t digits = strspn(value->text, "01234567");
	unsigned long number = strtoul(value->text, NULL, 8);

	if (digits < 3 || digits > 4 || value->text[digits] != '\0' || number > 0777)
		conf_check_refuse(check, setting, value,
		    " is no mode; allowed: 0000 to 0777, octal");
	else
		*mode = (unsigned)number;
}

static void
check_group(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	if (value->text[0] != '\0' && getgrnam(value->text) == NULL)
		conf_check_refuse(check, setting, value, ": no such group");
	else
		keep_text(check, setting, value);
}

static void
check_user(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	if (value->text[0] != '\0' && getpwnam(value->text) == NULL)
		conf_check_refuse(check, setting, value, ": no such user");
	else
		keep_text(check, setting, value);
}

static void
check_file(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	const char *why = value->text[0] == '\0' ? NULL : path_fault(value->text);

	if (why != NULL)
		conf_check_refuse(check, setting, value,
		    ": %s; allowed: /PATH, or \"\" for none", why);
	else
		keep_text(check, setting, value);
}

static void
check_reply(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	const char *why = reply_parse(value->text, &check->conf->denied);

	if (why != NULL)
		conf_check_refuse(check, setting, value,
		    ": %s; allowed: as in 550 5.7.1 TEXT", why);
	else
		keep_text(check, setting, value);
}

static void
refuse_word(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	struct buf words;

	buf_init(&words);
	for (const struct setting_word *word = setting->words; word->word != NULL; word++)
		buf_printf(&words, "%s%s", words.len == 0 ? "" : ", ", word->word);
	if (words.failed)
		check->errors->is_out_of_memory = 1;
	else
		conf_check_refuse(check, setting, value,
		    " is none of its words; allowed: %s", words.data);
	buf_clear(&words);
}

static void
check_word(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	int *number = member(check, setting);
	const struct setting_word *word = setting->words;

	while (word->word != NULL && strcmp(word->word, value->text) != 0)
		word++;
	if (word->word == NULL)
		refuse_word(check, setting, value);
	else
		*number = word->value;
}

static void
check_number(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	struct conf_place place = conf_check_place(check, value);
	unsigned *number = member(check, setting);
	unsigned given;

	if (read_number(value->text, &given) == -1)
		conf_check_refuse(check, setting, value,
		    " is no whole number; allowed: %u to %u", setting->min, setting->max);
	else if (given < setting->min || given > setting->max)
		conf_errors_add(check->errors, &place,
		    "%s: %.*s is out of range; allowed: %u to %u", setting->name,
		    CONF_QUOTED_MAX, value->text, setting->min, setting->max);
	else
		*number = given;
}

/* Bytes, or with one of these suffixes so many times 1024 of them. -1: no size. */
static int
read_size(const char *s, uint64_t *size)
{
	static const char suffixes[] = "kMG";
	size_t digits = strspn(s, "0123456789");
	const char *suffix = s[digits] == '\0' ? NULL : strchr(suffixes, s[digits]);

	if (digits == 0 || digits > SIZE_DIGITS ||
	    (s[digits] != '\0' && (suffix == NULL || s[digits + 1] != '\0')))
		return -1;
	*size = strtoull(s, NULL, 10);
	for (const char *at = suffixes; suffix != NULL && at <= suffix; at++)
		*size = *size > UINT64_MAX / 1024 ? UINT64_MAX : *size * 1024;
	return 0;
}

static void
check_size(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	uint64_t *size = member(check, setting);
	const char *words = setting->words == NULL ? "" : "auto, ";
	uint64_t given;

	if (setting->words != NULL && strcmp(value->text, "auto") == 0)
		*size = AUDIT_MIN_FREE_AUTO;
	else if (read_size(value->text, &given) == -1)
		conf_check_refuse(check, setting, value, " is no size; allowed: %sbytes, "
		    "or with k, M or G behind the number", words);
	else if (given != 0 && (given < (uint64_t)setting->min * 1024 ||
	    given > (uint64_t)setting->max * 1024))
		conf_check_refuse(check, setting, value, " is out of range; allowed: %s0, "
		    "or %uk to %uG", words, setting->min, setting->max / 1024 / 1024);
	else
		*size = given;
}

void
conf_check_setting(struct conf_check *check, const struct setting *setting,
    struct conf_value *const *values, size_t count)
{
	switch (setting->kind) {
	case SETTING_SOCKET:
		check_socket(check, setting, values[0]);
		break;
	case SETTING_MODE:
		check_mode(check, setting, values[0]);
		break;
	case SETTING_GROUP:
		check_group(check, setting, values[0]);
		break;
	case SETTING_USER:
		check_user(check, setting, values[0]);
		break;
	case SETTING_FILE:
		check_file(check, setting, values[0]);
		break;
	case SETTING_REPLY:
		check_reply(check, setting, values[0]);
		break;
	case SETTING_WORD:
		check_word(check, setting, values[0]);
		break;
	case SETTING_NUMBER:
		check_number(check, setting, values[0]);
		break;
	case SETTING_SIZE:
		check_size(check, setting, values[0]);
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
		conf_lists_check(check, setting, values, count);
		break;
	}
}

/*
 * Anybody can point an MX record at us, so that being a backup for whoever wants us to be
 * would make an open relay of us.
 */
static void
check_mx_accept(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct setting *setting = settings_named("mx.accept");
	struct conf_place place;

	if (conf->mx_accept != POLICY_MX_ACCEPT_BACKUP || conf->mx_networks.count > 0 ||
	    conf->mx_domains.count > 0)
		return;
	place = conf_origins_place(conf->origins, setting, 0);
	conf_errors_add(check->errors, &place, "%s: backup without mx.networks or "
	    "mx.domains would relay for whoever points an MX record here; allowed: with "
	    "one of them", setting->name);
}

/* Users have no address, and an address says of which host, not of which user. */
static void
check_peers(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct setting *setting = settings_named("mta-peers");
	struct conf_place place;
	int is_inet;

	if (conf->mta_peers.count == 0 || conf->mta_peer_set == NULL || conf->socket == NULL)
		return;
	is_inet = milter_socket_path(conf->socket) == NULL;
	if (is_inet ? peers_has_networks(conf->mta_peer_set) :
	    peers_has_users(conf->mta_peer_set))
		return;
	place = conf_origins_place(conf->origins, setting, 0);
	conf_errors_add(check->errors, &place, is_inet ? "%s: users only, and `socket' is an "
	    "inet socket, so that no mail server could connect; allowed: with a network" :
	    "%s: networks only, and `socket' is a unix socket, so that no mail server could "
	    "connect; allowed: with the name of a user, or uid:N", setting->name);
}

/*
 * A file that was emptied or cut would otherwise be a configuration that refuses all mail.
 * What is wrong with the file or a list has been said already.
 */
static void
check_recipients(struct conf_check *check)
{
	const struct conf *conf = check->conf;
	const struct conf_place place = { .name = conf->origins->sources[1].name };
	int has_lists = conf->local_domains.count > 0 || conf->relay_domains.count > 0;

	if (!check->is_whole || conf->no_local_domains || conf->mx_accept != POLICY_MX_ACCEPT_NONE ||
	    domset_count(conf->policy.local_domains) > 0 ||
	    domset_count(conf->policy.relay_domains) > 0 ||
	    (has_lists && conf_errors_has_any(check->errors)))
		return;
	conf_errors_add(check->errors, &place, "local-domains and relay-domains have no "
	    "entry, and mx.accept is none: all mail to this host would be refused; allowed: "
	    "a domain in one of them, or no-local-domains = yes on a host that takes in no "
	    "mail");
}

void
conf_check_whole(struct conf_check *check)
{
	check_peers(check);
	check_mx_accept(check);
	check_recipients(check);
	conf_secret_check(check);
}
