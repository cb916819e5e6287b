/* milter/config/conf_warn_mx.c: warnings about MX records and name servers */
/* SPDX-License-Identifier: ISC */

#include "config/conf_locate.h"
#include "config/conf_origin.h"
#include "config/conf_warning.h"
#include "config/settings.h"
#include "os/nameserver.h"

#define SENDMAIL_TIMEOUT	8	/* its 10 seconds, and something to spare */
#define POSTFIX_TIMEOUT		28	/* and its 30 */
#define COUNT(a)		(sizeof(a) / sizeof((a)[0]))

static int
is_on(const struct conf *conf)
{
	return conf->mx_accept != POLICY_MX_ACCEPT_NONE;
}

static int
lets_strangers_in(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return (conf->mx_accept == POLICY_MX_ACCEPT_PRIMARY ||
	    conf->mx_accept == POLICY_MX_ACCEPT_ANY) &&
	    conf->mx_networks.count == 0 && conf->mx_domains.count == 0;
}

static int
can_never_match(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_on(conf) && conf->mx_names.count == 0 &&
	    netset_count(conf->policy.own_addresses) == 0;
}

static int
has_networks_alone(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_on(conf) && conf->mx_networks.count > 0 && conf->mx_domains.count == 0;
}

static int
is_never_secure(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_on(conf) && conf->mx_require_dnssec &&
	    conf->dns_trust_ad == CONF_TRUST_AD_NO;
}

static int
outlasts_postfix(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_on(conf) && conf->mx_timeout > POSTFIX_TIMEOUT;
}

static int
outlasts_sendmail(const struct conf *conf, const struct conf_warn_host *host)
{
	(void)host;
	return is_on(conf) && conf->mx_timeout > SENDMAIL_TIMEOUT &&
	    conf->mx_timeout <= POSTFIX_TIMEOUT;
}

static int
believes_far_system(const struct conf *conf, const struct conf_warn_host *host)
{
	return is_on(conf) && conf->dns_trust_ad == CONF_TRUST_AD_YES &&
	    conf->dns_servers.count == 0 && host->has_far_server;
}

static const struct conf_sentence sentences[] = {
	{ "mx.accept", lets_strangers_in,
	  "without mx.domains or mx.networks, mail is relayed for every domain that "
	  "points an MX record here; set mx.domains" },
	{ "mx.accept", can_never_match,
	  "no mail exchanger can be this server: it has no public address, and "
	  "own-addresses and mx.names are empty; set one of them" },
	{ "mx.networks", has_networks_alone,
	  "the domain of a stranger can name mail exchangers in these networks, too, "
	  "and mail is then relayed for it; set mx.domains as well" },
	{ "mx.require-dnssec", is_never_secure,
	  "no answer is authenticated while dns.trust-ad is no; set that to auto" },
	{ "mx.timeout", outlasts_sendmail,
	  "Sendmail waits 10 seconds for a filter by default; use 8 or less, or set a "
	  "larger R: in INPUT_MAIL_FILTER" },
	{ "mx.timeout", outlasts_postfix,
	  "Postfix waits 30 seconds for a filter by default, and Sendmail 10; use 8 or "
	  "less, or set a larger milter_command_timeout, or R: in INPUT_MAIL_FILTER" },
	{ "dns.trust-ad", believes_far_system,
	  "yes, and /etc/resolv.conf names a server on another host: anyone on the path "
	  "can forge an authenticated answer; run a validating server on this host, or "
	  "use auto" },
};

static int
warn_of_server(void *arg, const char *entry, size_t len, const struct conf_place *place)
{
	struct nameserver server;
	struct conf_quoted quoted;

	if (nameserver_parse(entry, &server) == NULL && !nameserver_is_loopback(&server))
		conf_warn_at(arg, place, "dns.servers",
		    "%s is on another host, and dns.trust-ad is yes: anyone on the path "
		    "can forge an authenticated answer; run a validating server on this "
		    "host, or set dns.trust-ad to auto",
		    conf_quote(entry, len, &quoted));
	return 0;
}

void
conf_warn_mx(struct conf_warnings *warnings)
{
	conf_warn_sentences(warnings, sentences, COUNT(sentences));
	if (is_on(warnings->conf) && warnings->conf->dns_trust_ad == CONF_TRUST_AD_YES)
		(void)conf_locate_each(warnings->conf, settings_named("dns.servers"),
		    warn_of_server, warnings);
}
