/* milter/config/conf_lists.c: settings that are lists, and the files that lists are kept in */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_check.h"
#include "config/conf_file.h"
#include "core/ascii.h"
#include "core/encode.h"
#include "os/nameserver.h"
#include "os/ownaddr.h"
#include "os/peers.h"

#define PATH_SHOWN_MAX	1024
#define FILE_ERRORS_MAX	100	/* of one list file; more are only counted */
#define MECHANISM_MAX	20	/* RFC 4422 §3.1 */

/* One list on its way. */
struct list {
	struct conf_check	*check;
	const struct setting	*setting;
	struct netset		*networks;
	struct netset		*listed;	/* addresses, without the interfaces' */
	struct domset		*domains;
	struct certset		*certificates;
	struct peers		*peers;
	int			 is_out_of_memory;
};

static int
has_blank_or_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == ' ' || ascii_is_control(s[i]))
			return 1;
	return 0;
}

static int
looks_like_domain(const char *s, size_t len)
{
	if (memchr(s, ':', len) != NULL || memchr(s, '/', len) != NULL)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (ascii_is_letter(s[i]))
			return 1;
	return 0;
}

/* What somebody may have had in mind who wrote this; else what is wrong with it. */
static const char *
domain_hint(const char *s, size_t len, const char *why)
{
	struct netset_network network;

	if (len > 2 && s[0] == '*' && s[1] == '.')
		return "names below a domain are written with a dot in front: "
		    ".example.com";
	if (len > 0 && s[0] == '@')
		return "a domain is written without the @: example.com";
	if (memchr(s, '@', len) != NULL)
		return "a mail address, where a domain is allowed";
	if (netset_parse(s, len, &network) == NULL)
		return "an address or network, where a domain is allowed";
	return why;
}

static const char *
add_domain(struct list *list, const char *s, size_t len)
{
	char entry[1 + PATH_DOMAIN_SIZE];
	size_t dot = len > 0 && s[0] == '.';
	const char *why = path_domain(s + dot, len - dot, entry + 1);

	if (why != NULL)
		return domain_hint(s, len, why);
	entry[0] = '.';
	if (domset_add(list->domains, entry + 1 - dot, strlen(entry + 1) + dot) == -1)
		list->is_out_of_memory = 1;
	return NULL;
}

static const char *
add_network(struct list *list, const char *s, size_t len)
{
	struct netset_network network;
	const char *why = netset_parse(s, len, &network);

	if (why != NULL)
		return !looks_like_domain(s, len) ? why :
		    "a domain, where a network is allowed";
	if (netset_add(list->networks, &network) == -1)
		list->is_out_of_memory = 1;
	return NULL;
}

static const char *
add_address(struct list *list, const char *s, size_t len)
{
	struct netset_network network;
	const char *why;

	if (netaddr_parse(s, len, &network.addr) == -1) {
		why = netset_parse(s, len, &network);
		return why == NULL ? "a network, where one address is allowed" :
		    "no IPv4 or IPv6 address";
	}
	if ((why = ownaddr_refusal(&network.addr, 1)) != NULL)
		return why;
	network.bits = network.addr.family == NETADDR_V4 ? 32 : 128;
	if (netset_add(list->networks, &network) == -1 ||
	    netset_add(list->listed, &network) == -1)
		list->is_out_of_memory = 1;
	return NULL;
}

static const char *
listener_fault(const char *s, size_t len)
{
	if (len == 0)
		return "empty; allowed: the name of a listener, or a port";
	return has_blank_or_control(s, len) ? "a blank or control character in it" : NULL;
}

static const char *
add_certificate(struct list *list, const char *s)
{
	const char *why;

	if (certset_add(list->certificates, s, &why) == -1 && why == NULL)
		list->is_out_of_memory = 1;
	return why;
}

static const char *
add_peer(struct list *list, const char *s)
{
	const char *why;

	if (peers_add(list->peers, s, &why) == -1 && why == NULL)
		list->is_out_of_memory = 1;
	return why;
}

static const char *
mechanism_fault(const char *s, size_t len)
{
	if (strcasecmp(s, "ANONYMOUS") == 0)
		return "nobody is known by it, so it never counts as a login";
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(s[i]) && s[i] != '-' && s[i] != '_')
			return "a character that no SASL mechanism has";
	if (len < 1 || len > MECHANISM_MAX)
		return "a SASL mechanism has 1 to 20 characters";
	return NULL;
}

static const char *
host_fault(const char *s, size_t len)
{
	char domain[PATH_DOMAIN_SIZE];

	if (len > 0 && s[0] == '.')
		return "a dot in front, where the name of one host is allowed";
	const char *why = path_domain(s, len, domain);
	return why == NULL ? NULL : domain_hint(s, len, why);
}

/* Returns what is wrong with an entry of the list, or NULL. */
static const char *
add_entry(struct list *list, const char *s, size_t len)
{
	struct nameserver server;

	switch (list->setting->kind) {
	case SETTING_NETWORKS:
		return add_network(list, s, len);
	case SETTING_DOMAINS:
		return add_domain(list, s, len);
	case SETTING_ADDRESSES:
		return add_address(list, s, len);
	case SETTING_LISTENERS:
		return listener_fault(s, len);
	case SETTING_CERTIFICATES:
		return add_certificate(list, s);
	case SETTING_MECHANISMS:
		return mechanism_fault(s, len);
	case SETTING_HOSTS:
		return host_fault(s, len);
	case SETTING_SERVERS:
		return nameserver_parse(s, &server);
	case SETTING_PEERS:
		return add_peer(list, s);
	case SETTING_SOCKET:
	case SETTING_MODE:
	case SETTING_GROUP:
	case SETTING_USER:
	case SETTING_FILE:
	case SETTING_REPLY:
	case SETTING_WORD:
	case SETTING_NUMBER:
	case SETTING_SIZE:
		break;
	}
	return "no list";
}

static void
refuse_line(struct list *list, const struct conf_place *place,
    const struct conf_file_line *line, const char *why)
{
	struct conf_quoted quoted;

	if (line->len == 0)
		conf_errors_add(list->check->errors, place, "%s", why);
	else
		conf_errors_add(list->check->errors, place, "%s: %s: %s",
		    list->setting->name, conf_quote(line->entry, line->len, &quoted), why);
}

/* Adds the entries of a list file that has been read. */
static void
add_lines(struct list *list, const struct buf *text, struct conf_place place)
{
	struct conf_file_line line = { .text = text };
	size_t errors = 0;

	while (conf_file_next(&line)) {
		const char *why = line.why != NULL ? line.why :
		    add_entry(list, line.entry, line.len);
		place.line = line.number;
		/* that the file is cut off is said in any case */
		if (why != NULL && (line.len == 0 || errors++ < FILE_ERRORS_MAX))
			refuse_line(list, &place, &line, why);
	}
	place.line = 0;
	if (errors > FILE_ERRORS_MAX)
		conf_errors_add(list->check->errors, &place, "%zu more lines are wrong",
		    errors - FILE_ERRORS_MAX);
}

/* Reads the list file that a value names. */
static void
add_file(struct list *list, const struct conf_value *value)
{
	const char *path = value->text + strlen("file:"), *why = "no path after file:";
	struct conf_place place = conf_check_place(list->check, value);
	struct buf whole, shown, text;

	buf_init(&whole);
	buf_init(&shown);
	buf_init(&text);
	buf_puts(&whole, path[0] == '/' ? "" : list->check->folder);
	buf_puts(&whole, path);
	if (!whole.failed && path[0] != '\0') {
		why = conf_file_load(whole.data, &text);
		(void)encode_word(&shown, whole.data, whole.len, PATH_SHOWN_MAX);
	}
	if (whole.failed || shown.failed || text.failed)
		list->is_out_of_memory = 1;
	else if (why != NULL)
		conf_check_refuse(list->check, list->setting, value, ": %s", why);
	else if (text.len > 0) {
		place.name = shown.data;
		add_lines(list, &text, place);
	}
	buf_clear(&whole);
	buf_clear(&shown);
	buf_clear(&text);
}

static void
add_value(struct list *list, const struct conf_value *value)
{
	const char *why;

	if (setting_has_files(list->setting) && strncmp(value->text, "file:", 5) == 0)
		add_file(list, value);
	else if ((why = add_entry(list, value->text, strlen(value->text))) != NULL)
		conf_check_refuse(list->check, list->setting, value, ": %s", why);
}

/* Keeps the list as it was written. */
static int
keep_items(struct conf_list *items, const struct setting *setting,
    struct conf_value *const *values, size_t count)
{
	if (count == 0)
		return 0;
	if ((items->items = calloc(count + 1, sizeof(char *))) == NULL)
		return -1;
	for (; items->count < count; items->count++) {
		char *item = strdup(values[items->count]->text);
		if ((items->items[items->count] = item) == NULL)
			return -1;
		for (; setting->kind == SETTING_MECHANISMS && *item != '\0'; item++)
			*item = ascii_upper(*item);
	}
	return 0;
}

static void
add_own(struct list *list)
{
	const struct conf_place place = { .name = "own-addresses" };

	if (ownaddr_add_interfaces(list->networks) == 0)
		return;
	if (errno == ENOMEM)
		list->is_out_of_memory = 1;
	else
		conf_errors_add(list->check->errors, &place,
		    "the interfaces' addresses: %s", strerror(errno));
}

static void
new_set(struct list *list)
{
	if (list->setting->kind == SETTING_DOMAINS)
		list->is_out_of_memory = (list->domains = domset_new()) == NULL;
	else if (setting_has_files(list->setting))
		list->is_out_of_memory = (list->networks = netset_new()) == NULL;
	else if (list->setting->kind == SETTING_PEERS)
		list->is_out_of_memory = (list->peers = peers_new()) == NULL;
	else if (list->setting->kind == SETTING_CERTIFICATES)
		list->is_out_of_memory = (list->certificates = certset_new()) == NULL;
	if (list->setting->kind == SETTING_ADDRESSES)
		list->is_out_of_memory |= (list->listed = netset_new()) == NULL;
}

/* Seals the set and gives it to the configuration. */
static void
keep_set(struct list *list)
{
	char *to = (char *)list->check->conf + list->setting->set_offset;

	if ((list->domains != NULL && domset_seal(list->domains) == -1) ||
	    (list->networks != NULL && netset_seal(list->networks) == -1) ||
	    (list->listed != NULL && netset_seal(list->listed) == -1) ||
	    (list->peers != NULL && peers_seal(list->peers) == -1))
		list->is_out_of_memory = 1;
	if (list->is_out_of_memory) {
		domset_free(list->domains);
		certset_free(list->certificates);
		netset_free(list->networks);
		netset_free(list->listed);
		peers_free(list->peers);
		return;
	}
	if (list->domains != NULL)
		memcpy(to, &list->domains, sizeof(list->domains));
	if (list->networks != NULL)
		memcpy(to, &list->networks, sizeof(list->networks));
	if (list->peers != NULL)
		memcpy(to, &list->peers, sizeof(list->peers));
	if (list->certificates != NULL)
		memcpy(to, &list->certificates, sizeof(list->certificates));
	if (list->listed != NULL)
		list->check->conf->listed_addresses = list->listed;
}

/* All that stand in the list are asked: the others could only be left out in silence. */
static void
check_count(struct conf_check *check, const struct setting *setting,
    struct conf_value *const *values, size_t count)
{
	if (setting->kind == SETTING_SERVERS && count > NAMESERVERS_MAX)
		conf_check_refuse(check, setting, values[NAMESERVERS_MAX],
		    ": one too many; allowed: %d", NAMESERVERS_MAX);
}

void
conf_lists_check(struct conf_check *check, const struct setting *setting,
    struct conf_value *const *values, size_t count)
{
	struct list list = { .check = check, .setting = setting };
	struct conf_list *items = (struct conf_list *)(void *)((char *)check->conf +
	    setting->offset);

	new_set(&list);
	for (size_t i = 0; i < count && !list.is_out_of_memory; i++)
		add_value(&list, values[i]);
	check_count(check, setting, values, count);
	if (setting->kind == SETTING_ADDRESSES && !list.is_out_of_memory)
		add_own(&list);
	if (keep_items(items, setting, values, count) == -1)
		list.is_out_of_memory = 1;
	keep_set(&list);
	if (list.is_out_of_memory)
		check->errors->is_out_of_memory = 1;
}
