/* milter/config/conf_warn.c: what is allowed in a configuration, and hardly meant */
/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <unistd.h>

#include "config/conf_locate.h"
#include "config/conf_origin.h"
#include "config/conf_warn.h"
#include "config/conf_warning.h"
#include "config/settings.h"
#include "core/ascii.h"
#include "os/milter_socket.h"
#include "os/peers.h"
#include "os/resolv_conf.h"

#define SSF_MAX		256	/* what the strongest cipher has */
#define PORT_MAX	65535
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int
is_unix(const struct conf *conf)
{
	return milter_socket_path(conf->socket) != NULL;
}

static int
is_on_loopback(const struct conf *conf)
{
	struct milter_socket socket;
	struct netaddr addr;

	return milter_socket_parse(conf->socket, &socket) == NULL &&
	    socket.path == NULL &&
	    (strcmp(socket.host, "localhost") == 0 ||
	    (netaddr_parse(socket.host, strlen(socket.host), &addr) == 0 &&
	    netaddr_is_kind(&addr, NETADDR_LOOPBACK)));
}

/* Has the administrator said which addresses may connect? */
static int
is_unlimited_tcp(const struct conf *conf)
{
	return !is_unix(conf) && !peers_has_networks(conf->mta_peer_set);
}

static int
is_tcp_here(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_unlimited_tcp(conf) && is_on_loopback(conf);
}

static int
is_tcp_elsewhere(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_unlimited_tcp(conf) && !is_on_loopback(conf);
}

static int
is_open_to_all(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_unix(conf) && (conf->socket_mode & 02) != 0;
}

static int
stays_root(const struct conf *conf, const struct conf_warn_host *host)
{
	return conf->user[0] == '\0' && host->is_root;
}

static int
is_monitor(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->mode == CONF_MONITOR;
}

static int
is_unusual_denial(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return strcmp(conf->denied.code, "550") != 0 &&
	    strcmp(conf->denied.code, "554") != 0;
}

static int
has_no_domains_and_some(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->no_local_domains && domset_count(conf->policy.local_domains) > 0;
}

static int
wants_too_much(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return conf->auth_min_ssf > SSF_MAX;
}

static const struct conf_sentence sentences[] = {
	{ "socket", is_tcp_here,
	  "every user of this host can connect to it, act as a mail server, and make "
	  "records; use a unix socket, or accept this by mta-peers = 127.0.0.0/8" },
	{ "socket", is_tcp_elsewhere,
	  "every host that reaches this address can act as a mail server, and make "
	  "records; name the mail servers in mta-peers, or use a unix socket" },
	{ "socket-mode", is_open_to_all,
	  "every user of this host can connect to the filter; use 0660, and "
	  "socket-group" },
	{ "user", stays_root,
	  "empty: started by root, the daemon stays root; name a user, or let the "
	  "service manager start it as one" },
	{ "mode", is_monitor,
	  "monitor: nothing is refused; use enforce once the records show no surprise" },
	{ "denied-reply", is_unusual_denial,
	  "the code is neither 550 nor 554, which mean a refusal by policy; use one of "
	  "them" },
	{ "no-local-domains", has_no_domains_and_some,
	  "yes, but local-domains has entries; remove it, so that a file that has lost "
	  "them is an error" },
	{ "auth.min-ssf", wants_too_much,
	  "no connection has more than 256 bits, so no login counts; use 128 or less" },
};

static int
warn_of_listener(void *arg, const char *entry, size_t len,
    const struct conf_place *place)
{
	struct conf_warnings *warnings = arg;
	struct conf_quoted quoted;
	uint64_t port;

	if (len == strspn(entry, "0123456789") && (len > 5 ||
	    ascii_number(entry, len, PORT_MAX, &port) != 0 || port == 0))
		conf_warn_at(warnings, place, "require-auth-on",
		    "%s is not a port; use 1 to 65535, or the name of a listener",
		    conf_quote(entry, len, &quoted));
	else if (strcmp(entry, "25") == 0 || strcasecmp(entry, "smtp") == 0)
		conf_warn_at(warnings, place, "require-auth-on",
		    "%s is the port of other mail servers, which do not log in: all "
		    "their mail is refused; name the ports of your users, 587 and 465",
		    conf_quote(entry, len, &quoted));
	return 0;
}

static int
warn_of_certificate(void *arg, const char *entry, size_t len,
    const struct conf_place *place)
{
	struct conf_quoted quoted;

	if (memchr(entry, '|', len) == NULL)
		conf_warn_at(arg, place, "client-certificates",
		    "%s does not name its issuer: every CA that the mail server trusts "
		    "can issue such a certificate; write ISSUER|SUBJECT",
		    conf_quote(entry, len, &quoted));
	return 0;
}

static int
is_plain(const char *mechanism)
{
	return strcmp(mechanism, "PLAIN") == 0 || strcmp(mechanism, "LOGIN") == 0;
}

static int
warn_of_mechanism(void *arg, const char *entry, size_t len,
    const struct conf_place *place)
{
	struct conf_warnings *warnings = arg;
	const struct conf *conf = warnings->conf;

	(void)len;
	if (strcmp(entry, "EXTERNAL") == 0)
		conf_warn_at(warnings, place, "auth.mechanisms",
		    "EXTERNAL: every certificate of a CA that the mail server trusts is "
		    "a login; remove it, and list the certificates in "
		    "client-certificates");
	if (is_plain(entry) && !conf->auth_require_tls && conf->auth_min_ssf == 0)
		conf_warn_at(warnings, place, "auth.mechanisms",
		    "%s sends the password in the clear, and a login without TLS "
		    "counts; use auth { require-tls = yes }", entry);
	return 0;
}

static const struct {
	const char		*setting;
	conf_locate_visitor	*visit;
} lists[] = {
	{ "require-auth-on", warn_of_listener },
	{ "client-certificates", warn_of_certificate },
	{ "auth.mechanisms", warn_of_mechanism },
};

/* These have no files, so that all of them can be walked over. */
static void
warn_of_lists(struct conf_warnings *warnings)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		(void)conf_locate_each(warnings->conf, settings_named(lists[i].setting),
		    lists[i].visit, warnings);
}

int
conf_warn(const struct conf *conf, const struct conf_warn_host *host, const char *mark,
    struct buf *lines)
{
	struct conf_warnings warnings = { .conf = conf, .host = host, .mark = mark };
	int result = 0;

	conf_warn_sentences(&warnings, sentences, COUNT(sentences));
	warn_of_lists(&warnings);
	conf_warn_mx(&warnings);
	conf_warn_audit(&warnings);
	if (conf_warn_networks(&warnings) == -1 || conf_warn_domains(&warnings) == -1 ||
	    warnings.found.is_out_of_memory)
		result = -1;
	warnings.found.is_out_of_memory = 0;
	conf_errors_write(&warnings.found, lines);
	conf_errors_clear(&warnings.found);
	return lines->failed ? -1 : result;
}

static int
has_far_server(void)
{
	struct resolv_conf system;

	if (resolv_conf_read(RESOLV_CONF_PATH, &system) == -1)
		return 0;
	for (size_t i = 0; i < system.count; i++)
		if (!nameserver_is_loopback(&system.servers[i]))
			return 1;
	return 0;
}

int
conf_warn_here(const struct conf *conf, const char *mark, struct buf *lines)
{
	struct conf_warn_host host = { .has_far_server = has_far_server(),
	    .is_root = geteuid() == 0 };
	int is_known = hostnet_read(&host.net) == 0;
	int result = conf_warn(conf, &host, mark, lines);

	if (is_known)
		hostnet_clear(&host.net);
	return result;
}
