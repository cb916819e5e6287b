/* milter/conf_warn.c: what is allowed in a configuration, and hardly meant */
/* SPDX-License-Identifier: ISC */

#include "conf_warn.h"
#include "dns.h"

static int
lets_strangers_in(const struct conf *conf)
{
	return (conf->mx_accept == POLICY_MX_ACCEPT_PRIMARY ||
	    conf->mx_accept == POLICY_MX_ACCEPT_ANY) &&
	    conf->mx_networks.count == 0 && conf->mx_domains.count == 0;
}

static int
can_never_match(const struct conf *conf)
{
	return conf->mx_accept != POLICY_MX_ACCEPT_NONE &&
	    conf->mx_names.count == 0 && netset_count(conf->policy.own_addresses) == 0;
}

static int
is_never_secure(const struct conf *conf)
{
	return conf->mx_accept != POLICY_MX_ACCEPT_NONE && conf->mx_require_dnssec &&
	    conf->dns_trust_ad == DNS_TRUST_NO;
}

size_t
conf_warnings(const struct conf *conf, struct conf_warning warnings[CONF_WARNINGS_MAX])
{
	size_t count = 0;

	if (lets_strangers_in(conf))
		warnings[count++] = (struct conf_warning){ "mx.accept",
		    "without mx.domains or mx.networks, whoever points an MX record here "
		    "may use this server" };
	if (can_never_match(conf))
		warnings[count++] = (struct conf_warning){ "mx.accept",
		    "no mail exchanger can be this server: it has no public address, and "
		    "own-addresses and mx.names are empty" };
	if (is_never_secure(conf))
		warnings[count++] = (struct conf_warning){ "mx.require-dnssec",
		    "no answer is ever authenticated where dns.trust-ad is no" };
	return count;
}
