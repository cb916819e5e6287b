/* milter/config/kind_lists.c: settings that are lists, and list files */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_file.h"
#include "config/kinds.h"
#include "core/ascii.h"
#include "core/encode.h"
#include "os/nameserver.h"
#include "os/ownaddr.h"
#include "os/peers.h"

#define PATH_SHOWN_MAX	1024
#define FILE_ERRORS_MAX	100	/* of one list file; more are only counted */
#define MECHANISM_MAX	20	/* RFC 4422 §3.1 */
#define ITEMS_IN_LINE	3

struct list;

/* Adds an entry to the set. Returns what is wrong with it, or NULL. */
typedef const char	*list_adder(struct list *, const char *, size_t);

/* One list on its way. */
struct list {
	struct conf_check	*check;
	const struct setting	*setting;
	list_adder		*add;
	void			*set;		/* of the kind's type, or NULL */
	struct netset		*listed;	/* addresses, without the interfaces' */
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
		return "all names below a domain are written with a leading dot, "
		    "as in .example.com";
	if (len > 0 && s[0] == '@')
		return "a domain has no @ before it";
	if (memchr(s, '@', len) != NULL)
		return "it is a mail address";
	if (netset_parse(s, len, &network) == NULL)
		return "it is an address or network";
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
	if (domset_add(list->set, entry + 1 - dot, strlen(entry + 1) + dot) == -1)
		list->is_out_of_memory = 1;
	return NULL;
}

static const char *
add_network(struct list *list, const char *s, size_t len)
{
	struct netset_network network;
	const char *why = netset_parse(s, len, &network);

	if (why != NULL)
		return looks_like_domain(s, len) ? "it is a domain" : why;
	if (netset_add(list->set, &network) == -1)
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
		return why == NULL ? "it is a network" :
		    "not an IPv4 or IPv6 address";
	}
	if ((why = ownaddr_refusal(&network.addr, 1)) != NULL)
		return why;
	network.bits = network.addr.family == NETADDR_V4 ? 32 : 128;
	if (netset_add(list->set, &network) == -1 ||
	    netset_add(list->listed, &network) == -1)
		list->is_out_of_memory = 1;
	return NULL;
}

static const char *
add_listener(struct list *list, const char *s, size_t len)
{
	(void)list;
	if (len == 0)
		return "it is empty";
	return !has_blank_or_control(s, len) ? NULL :
	    "it has a blank or control character";
}

static const char *
add_certificate(struct list *list, const char *s, size_t len)
{
	const char *why;

	(void)len;
	if (certset_add(list->set, s, &why) == -1 && why == NULL)
		list->is_out_of_memory = 1;
	return why;
}

static const char *
add_peer(struct list *list, const char *s, size_t len)
{
	const char *why;

	(void)len;
	if (peers_add(list->set, s, &why) == -1 && why == NULL)
		list->is_out_of_memory = 1;
	return why;
}

static const char *
add_mechanism(struct list *list, const char *s, size_t len)
{
	(void)list;
	if (strcasecmp(s, "ANONYMOUS") == 0)
		return "it identifies nobody, and so is no login";
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(s[i]) && s[i] != '-' && s[i] != '_')
			return "it has another character";
	if (len < 1 || len > MECHANISM_MAX)
		return len < 1 ? "it is empty" : "it is too long";
	return NULL;
}

static const char *
add_host(struct list *list, const char *s, size_t len)
{
	char domain[PATH_DOMAIN_SIZE];

	(void)list;
	if (len > 0 && s[0] == '.')
		return "it begins with a dot";
	const char *why = path_domain(s, len, domain);
	return why == NULL ? NULL : domain_hint(s, len, why);
}

static const char *
add_server(struct list *list, const char *s, size_t len)
{
	struct nameserver server;

	(void)list;
	(void)len;
	return nameserver_parse(s, &server);
}

static void
refuse_line(struct list *list, const struct conf_place *place,
    const struct conf_file_line *line, const char *why)
{
	if (line->len == 0)
		conf_errors_add(list->check->errors, place, "%s", why);
	else
		conf_check_refuse_at(list->check, list->setting, place, line->entry,
		    line->len, why, list->setting->kind->expected);
}

/* Adds the entries of a list file that has been read. */
static void
add_lines(struct list *list, const struct buf *text, struct conf_place place)
{
	struct conf_file_line line = { .text = text };
	size_t errors = 0;

	while (conf_file_next(&line)) {
		const char *why = line.why != NULL ? line.why :
		    list->add(list, line.entry, line.len);
		place.line = line.number;
		/* that the file is cut off is said in any case */
		if (why != NULL && (line.len == 0 || errors++ < FILE_ERRORS_MAX))
			refuse_line(list, &place, &line, why);
	}
	place.line = 0;
	if (errors > FILE_ERRORS_MAX)
		conf_errors_add(list->check->errors, &place, "%zu more invalid lines",
		    errors - FILE_ERRORS_MAX);
}

/* Reads the list file that a value names. */
static void
add_file(struct list *list, const struct conf_value *value)
{
	const char *path = value->text + strlen("file:");
	const char *why = "the path is missing; expected file:PATH";
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
		conf_check_refuse(list->check, list->setting, value, why, NULL);
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

	if (list->setting->kind->has_files && strncmp(value->text, "file:", 5) == 0)
		add_file(list, value);
	else if ((why = list->add(list, value->text, strlen(value->text))) != NULL)
		conf_check_refuse(list->check, list->setting, value, why,
		    list->setting->kind->expected);
}

/* Keeps the list as it was written. */
static int
keep_items(struct conf_list *items, const struct conf_values *values)
{
	if (values->count == 0)
		return 0;
	if ((items->items = calloc(values->count + 1, sizeof(char *))) == NULL)
		return -1;
	for (; items->count < values->count; items->count++) {
		items->items[items->count] = strdup(values->items[items->count]->text);
		if (items->items[items->count] == NULL)
			return -1;
	}
	return 0;
}

/* Reads all of it. Returns -1 without memory. */
static int
read_list(struct list *list, const struct conf_values *values)
{
	for (size_t i = 0; i < values->count && !list->is_out_of_memory; i++)
		add_value(list, values->items[i]);
	if (list->is_out_of_memory)
		return -1;
	return keep_items(setting_of(list->check->conf, list->setting), values);
}

static void
check_networks(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	struct netset *set = netset_new();
	struct list list = { check, setting, add_network, .set = set };

	if (set != NULL && read_list(&list, values) == 0 && netset_seal(set) == 0) {
		*(struct netset **)setting_set(check->conf, setting) = set;
		return;
	}
	check->errors->is_out_of_memory = 1;
	netset_free(set);
}

static void
check_domains(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	struct domset *set = domset_new();
	struct list list = { check, setting, add_domain, .set = set };

	if (set != NULL && read_list(&list, values) == 0 && domset_seal(set) == 0) {
		*(struct domset **)setting_set(check->conf, setting) = set;
		return;
	}
	check->errors->is_out_of_memory = 1;
	domset_free(set);
}

static void
check_certificates(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	struct certset *set = certset_new();
	struct list list = { check, setting, add_certificate, .set = set };

	if (set != NULL && read_list(&list, values) == 0) {
		*(struct certset **)setting_set(check->conf, setting) = set;
		return;
	}
	check->errors->is_out_of_memory = 1;
	certset_free(set);
}

static void
check_peers(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	struct peers *set = peers_new();
	struct list list = { check, setting, add_peer, .set = set };

	if (set != NULL && read_list(&list, values) == 0 && peers_seal(set) == 0) {
		*(struct peers **)setting_set(check->conf, setting) = set;
		return;
	}
	check->errors->is_out_of_memory = 1;
	peers_free(set);
}

static void
add_own(struct list *list)
{
	const struct conf_place place = { .name = "own-addresses" };

	if (ownaddr_add_interfaces(list->set) == 0)
		return;
	if (errno == ENOMEM)
		list->is_out_of_memory = 1;
	else
		conf_errors_add(list->check->errors, &place,
		    "cannot read the addresses of the interfaces: %s", strerror(errno));
}

static void
check_addresses(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	struct netset *set = netset_new(), *listed = netset_new();
	struct list list = { check, setting, add_address, .set = set, .listed = listed };

	if (set != NULL && listed != NULL && read_list(&list, values) == 0) {
		add_own(&list);
		if (!list.is_out_of_memory && netset_seal(set) == 0 &&
		    netset_seal(listed) == 0) {
			*(struct netset **)setting_set(check->conf, setting) = set;
			check->conf->listed_addresses = listed;
			return;
		}
	}
	check->errors->is_out_of_memory = 1;
	netset_free(set);
	netset_free(listed);
}

/* A list of which no set is made. */
static void
check_items(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values, list_adder *add)
{
	struct list list = { check, setting, add, .set = NULL };

	if (read_list(&list, values) == -1)
		check->errors->is_out_of_memory = 1;
}

static void
check_listeners(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	check_items(check, setting, values, add_listener);
}

/* RFC 4422 §3.1 has capitals. */
static void
check_mechanisms(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_list *list = setting_of(check->conf, setting);

	check_items(check, setting, values, add_mechanism);
	for (size_t i = 0; i < list->count; i++)
		for (char *s = list->items[i]; *s != '\0'; s++)
			*s = ascii_upper(*s);
}

static void
check_hosts(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	check_items(check, setting, values, add_host);
}

/* All of them are asked: more could only be left out in silence. */
static void
check_servers(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	char expected[32];

	check_items(check, setting, values, add_server);
	if (values->count <= NAMESERVERS_MAX)
		return;
	(void)snprintf(expected, sizeof(expected), "at most %d", NAMESERVERS_MAX);
	conf_check_refuse(check, setting, values->items[NAMESERVERS_MAX],
	    "too many name servers", expected);
}

/* Few items in one line, many in a line each. */
static void
write_list(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	const struct conf_list *list = setting_of(conf, setting);
	int is_indented = setting_section(setting) != 0;
	const char *gap = " ", *end = " ";

	if (list->count > ITEMS_IN_LINE) {
		gap = is_indented ? "\n\t\t" : "\n\t";
		end = is_indented ? "\n\t" : "\n";
	}
	(void)fputc('{', fp);
	for (size_t i = 0; i < list->count; i++) {
		(void)fprintf(fp, "%s%s", i == 0 ? "" : ",", gap);
		kind_write_text(fp, list->items[i]);
	}
	(void)fprintf(fp, "%s}", end);
}

static int
is_equal_list(const struct setting *setting, const struct conf *a, const struct conf *b)
{
	const struct conf_list *x = setting_of(a, setting), *y = setting_of(b, setting);

	if (x->count != y->count)
		return 0;
	for (size_t i = 0; i < x->count; i++)
		if (strcmp(x->items[i], y->items[i]) != 0)
			return 0;
	return 1;
}

static int
is_equal_networks(const struct setting *setting, const struct conf *a,
    const struct conf *b)
{
	return is_equal_list(setting, a, b) &&
	    netset_is_equal(*(struct netset *const *)setting_set(a, setting),
	    *(struct netset *const *)setting_set(b, setting));
}

static int
is_equal_domains(const struct setting *setting, const struct conf *a,
    const struct conf *b)
{
	return is_equal_list(setting, a, b) &&
	    domset_is_equal(*(struct domset *const *)setting_set(a, setting),
	    *(struct domset *const *)setting_set(b, setting));
}

static void
free_list(const struct setting *setting, struct conf *conf)
{
	struct conf_list *list = setting_of(conf, setting);

	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static void
free_networks(const struct setting *setting, struct conf *conf)
{
	free_list(setting, conf);
	netset_free(*(struct netset **)setting_set(conf, setting));
}

static void
free_domains(const struct setting *setting, struct conf *conf)
{
	free_list(setting, conf);
	domset_free(*(struct domset **)setting_set(conf, setting));
}

static void
free_certificates(const struct setting *setting, struct conf *conf)
{
	free_list(setting, conf);
	certset_free(*(struct certset **)setting_set(conf, setting));
}

static void
free_peers(const struct setting *setting, struct conf *conf)
{
	free_list(setting, conf);
	peers_free(*(struct peers **)setting_set(conf, setting));
}

static int
matches_network(const char *s, size_t len, const char *entry)
{
	struct netset_network network;
	char text[NETADDR_TEXT_SIZE];

	if (netset_parse(s, len, &network) != NULL)
		return 0;
	netset_format(&network, text);
	return strcmp(text, entry) == 0;
}

static int
matches_domain(const char *s, size_t len, const char *entry)
{
	char domain[PATH_DOMAIN_SIZE];
	size_t dot = len > 0 && s[0] == '.';

	return dot == (entry[0] == '.') &&
	    path_domain(s + dot, len - dot, domain) == NULL &&
	    strcmp(domain, entry + dot) == 0;
}

static int
matches_text(const char *s, size_t len, const char *entry)
{
	return strlen(entry) == len && memcmp(s, entry, len) == 0;
}

#define NETWORKS	.write = write_list, .equal = is_equal_networks, \
	.free = free_networks, .is_list = 1, .has_files = 1, .matches = matches_network
#define TEXTS	.write = write_list, .equal = is_equal_list, .free = free_list, \
	.is_list = 1, .matches = matches_text

const struct kind kind_networks = { "network", "ADDRESS, ADDRESS/LENGTH or file:PATH",
    check_networks, NETWORKS };
const struct kind kind_addresses = { "address", "ADDRESS or file:PATH", check_addresses,
    NETWORKS };
const struct kind kind_domains = { "domain", "DOMAIN, .DOMAIN or file:PATH",
    check_domains, .write = write_list, .equal = is_equal_domains, .free = free_domains,
    .is_list = 1, .has_files = 1, .matches = matches_domain };
const struct kind kind_listeners = { "listener", "the name of a listener, or a port",
    check_listeners, TEXTS };
const struct kind kind_mechanisms = { "mechanism",
    "1 to 20 letters, digits, hyphens and underscores", check_mechanisms, TEXTS };
const struct kind kind_hosts = { "host", "the name of a host", check_hosts, TEXTS };
const struct kind kind_servers = { "name server", NULL, check_servers, TEXTS };
const struct kind kind_certificates = { "certificate", NULL, check_certificates,
    .write = write_list, .equal = is_equal_list, .free = free_certificates, .is_list = 1,
    .matches = matches_text };
const struct kind kind_peers = { "mail server", NULL, check_peers, .write = write_list,
    .equal = is_equal_list, .free = free_peers, .is_list = 1, .matches = matches_text };
