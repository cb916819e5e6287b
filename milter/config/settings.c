/* milter/config/settings.c: the table of all settings */
/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <syslog.h>

#include "config/conf.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "core/edit_distance.h"

#define MEMBER(m)	.offset = offsetof(struct conf, m)
#define SET(m)		.set_offset = offsetof(struct conf, m)
#define NAME_MAX_LEN	40

static const struct setting_word modes[] = {
	{ "enforce", CONF_ENFORCE }, { "monitor", CONF_MONITOR }, { NULL, 0 }
};

static const struct setting_word yes_no[] = {
	{ "yes", 1 }, { "no", 0 }, { NULL, 0 }
};

static const struct setting_word yes_no_auto[] = {
	{ "yes", CONF_TRUST_AD_YES }, { "no", CONF_TRUST_AD_NO },
	{ "auto", CONF_TRUST_AD_AUTO },
	{ NULL, 0 }
};

static const struct setting_word permit_reject[] = {
	{ "permit", 1 }, { "reject", 0 }, { NULL, 0 }
};

static const struct setting_word on_failure[] = {
	{ "tempfail", CONF_TEMPFAIL }, { "continue", CONF_CONTINUE }, { NULL, 0 }
};

static const struct setting_word durability[] = {
	{ "buffered", AUDIT_BUFFERED }, { "written", AUDIT_WRITTEN },
	{ "synced", AUDIT_SYNCED }, { NULL, 0 }
};

static const struct setting_word redact[] = {
	{ "none", 0 }, { "local-part", 1 }, { NULL, 0 }
};

/* Of a size: AUDIT_MIN_FREE_AUTO. */
static const struct setting_word size_auto[] = {
	{ "auto", -1 }, { NULL, 0 }
};

static const struct setting_word mx_accept[] = {
	{ "none", POLICY_MX_ACCEPT_NONE }, { "backup", POLICY_MX_ACCEPT_BACKUP },
	{ "primary", POLICY_MX_ACCEPT_PRIMARY }, { "any", POLICY_MX_ACCEPT_ANY },
	{ NULL, 0 }
};

/* Not kern: syslog(3) turns it into user. */
static const struct setting_word facilities[] = {
	{ "auth", LOG_AUTH }, { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON }, { "ftp", LOG_FTP }, { "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 }, { "lpr", LOG_LPR }, { "mail", LOG_MAIL },
	{ "news", LOG_NEWS }, { "syslog", LOG_SYSLOG }, { "user", LOG_USER },
	{ "uucp", LOG_UUCP }, { NULL, 0 }
};

const struct setting settings[] = {
	{ .name = "socket", .kind = &kind_socket, MEMBER(socket),
	  .value = "\"unix:/run/authrelay/milter.sock\"",
	  .help = "where the MTA reaches us" },
	{ .name = "socket-mode", .kind = &kind_mode, MEMBER(socket_mode),
	  .value = "\"0660\"",
	  .help = "permissions of a unix socket, octal" },
	{ .name = "socket-group", .kind = &kind_group, MEMBER(socket_group),
	  .value = "\"\"",
	  .help = "group of a unix socket" },
	{ .name = "mta-peers", .kind = &kind_peers, MEMBER(mta_peers),
	  SET(mta_peer_set), .value = "{ }",
	  .help = "mail servers that may connect; none given: any" },
	{ .name = "user", .kind = &kind_user, MEMBER(user),
	  .value = "\"\"",
	  .help = "user to become once the socket is there" },
	{ .name = "pid-file", .kind = &kind_file, MEMBER(pid_file),
	  .value = "\"\"",
	  .help = "where our process id is written" },
	{ .name = "mode", .kind = &kind_word, MEMBER(mode),
	  .value = "enforce", .words = modes,
	  .help = "refuse, or only record what would be refused" },
	{ .name = "denied-reply", .kind = &kind_reply, MEMBER(denied_reply),
	  .value = "\"550 5.7.1 Relaying denied; authenticate first\"",
	  .help = "what a client is told that may not relay" },
	{ .name = "trusted-networks", .kind = &kind_networks, MEMBER(trusted_networks),
	  SET(policy.trusted_networks), .value = "{ \"127.0.0.0/8\", \"::1/128\" }",
	  .help = "clients that may relay without a login" },
	{ .name = "local-domains", .kind = &kind_domains, MEMBER(local_domains),
	  SET(policy.local_domains), .value = "{ }",
	  .help = "domains whose mail ends here" },
	{ .name = "relay-domains", .kind = &kind_domains, MEMBER(relay_domains),
	  SET(policy.relay_domains), .value = "{ }",
	  .help = "domains that anybody may send to through us" },
	{ .name = "no-local-domains", .kind = &kind_word, MEMBER(no_local_domains),
	  .value = "no", .words = yes_no,
	  .help = "this host takes in no mail for domains of its own" },
	{ .name = "own-addresses", .kind = &kind_addresses, MEMBER(own_addresses),
	  SET(policy.own_addresses), .value = "{ }",
	  .help = "our addresses besides the interfaces'" },
	{ .name = "local-submission", .kind = &kind_word, MEMBER(local_submission),
	  .value = "permit", .words = permit_reject,
	  .help = "clients of this host that have no address" },
	{ .name = "require-auth-on", .kind = &kind_listeners, MEMBER(require_auth_on),
	  .value = "{ }",
	  .help = "listeners that nobody may use without a login" },
	{ .name = "client-certificates", .kind = &kind_certificates,
	  MEMBER(client_certificates), SET(policy.client_certificates), .value = "{ }",
	  .help = "certificates whose owners may relay" },
	{ .name = "auth.mechanisms", .kind = &kind_mechanisms, MEMBER(auth_mechanisms),
	  .value = "{ }",
	  .help = "SASL mechanisms that count; none given: all but ANONYMOUS, and "
	      "EXTERNAL with a listed certificate only" },
	{ .name = "auth.min-ssf", .kind = &kind_number, MEMBER(auth_min_ssf),
	  .value = "0", .min = 0, .max = 1024,
	  .help = "security strength that a login needs, in bits" },
	{ .name = "auth.require-tls", .kind = &kind_word, MEMBER(auth_require_tls),
	  .value = "no", .words = yes_no,
	  .help = "a login counts under TLS only" },
	{ .name = "mx.accept", .kind = &kind_word, MEMBER(mx_accept),
	  .value = "none", .words = mx_accept,
	  .help = "which standing in a domain's MX set permits" },
	{ .name = "mx.names", .kind = &kind_hosts, MEMBER(mx_names),
	  .value = "{ }",
	  .help = "names that mean us in MX records" },
	{ .name = "mx.networks", .kind = &kind_networks, MEMBER(mx_networks),
	  SET(mx_network_set), .value = "{ }",
	  .help = "where the primary mail exchangers must be" },
	{ .name = "mx.domains", .kind = &kind_domains, MEMBER(mx_domains),
	  SET(mx_domain_set), .value = "{ }",
	  .help = "the only domains to look up; none given: any" },
	{ .name = "mx.require-dnssec", .kind = &kind_word, MEMBER(mx_require_dnssec),
	  .value = "no", .words = yes_no,
	  .help = "believe authenticated answers only" },
	{ .name = "mx.timeout", .kind = &kind_number, MEMBER(mx_timeout),
	  .value = "4", .min = 1, .max = 60,
	  .help = "seconds for all lookups of one recipient" },
	{ .name = "mx.cache-entries", .kind = &kind_number, MEMBER(mx_cache_entries),
	  .value = "20000", .min = 1, .max = 10000000,
	  .help = "domains whose answer is kept" },
	{ .name = "dns.servers", .kind = &kind_servers, MEMBER(dns_servers),
	  .value = "{ }",
	  .help = "name servers; none given: those of /etc/resolv.conf" },
	{ .name = "dns.trust-ad", .kind = &kind_word, MEMBER(dns_trust_ad),
	  .value = "auto", .words = yes_no_auto,
	  .help = "believe a name server that says an answer is authenticated" },
	{ .name = "audit.syslog", .kind = &kind_word, MEMBER(audit_syslog),
	  .value = "yes", .words = yes_no,
	  .help = "records go to the system's log" },
	{ .name = "audit.facility", .kind = &kind_word, MEMBER(audit_facility),
	  .value = "mail", .words = facilities,
	  .help = "syslog facility of the log and of records" },
	{ .name = "audit.file", .kind = &kind_file, MEMBER(audit_file),
	  .value = "\"\"",
	  .help = "file for records as JSON lines" },
	{ .name = "audit.on-failure", .kind = &kind_word, MEMBER(audit_on_failure),
	  .value = "tempfail", .words = on_failure,
	  .help = "what happens to mail whose record cannot be written" },
	{ .name = "audit.stranger-rate", .kind = &kind_number,
	  MEMBER(audit_stranger_rate), .value = "50", .min = 0, .max = 100000,
	  .help = "recipients a second from one network of strangers; 0: any number" },
	{ .name = "audit.stranger-burst", .kind = &kind_number,
	  MEMBER(audit_stranger_burst), .value = "10000", .min = 1, .max = 10000000,
	  .help = "recipients that it may have at once" },
	{ .name = "audit.durability", .kind = &kind_word, MEMBER(audit_durability),
	  .value = "written", .words = durability,
	  .help = "where a record has to be before the client is answered" },
	{ .name = "audit.queue", .kind = &kind_number, MEMBER(audit_queue),
	  .value = "10000", .min = 1, .max = 10000000,
	  .help = "records that may wait to be written, if buffered" },
	{ .name = "audit.rotate-size", .kind = &kind_size, MEMBER(audit_rotate_size),
	  .value = "0", .min = 4, .max = 1 << 30,
	  .help = "size at which the file is left for a new one" },
	{ .name = "audit.keep", .kind = &kind_number, MEMBER(audit_keep),
	  .value = "10", .min = 1, .max = 9999,
	  .help = "old files to keep, where rotate-size makes them" },
	{ .name = "audit.keep-days", .kind = &kind_number, MEMBER(audit_keep_days),
	  .value = "7", .min = 0, .max = 36500,
	  .help = "days for which no old file is removed, whatever their number" },
	{ .name = "audit.min-free", .kind = &kind_size, MEMBER(audit_min_free),
	  .value = "auto", .min = 4, .max = 1 << 30, .words = size_auto,
	  .help = "room on the file's disk that records leave to others" },
	{ .name = "audit.anchor-interval", .kind = &kind_number,
	  MEMBER(audit_anchor_interval), .value = "300", .min = 0, .max = 86400,
	  .help = "seconds between two anchors of the chain" },
	{ .name = "audit.key", .kind = &kind_file, MEMBER(audit_key),
	  .value = "\"\"",
	  .help = "private key that signs anchors" },
	{ .name = "audit.redact", .kind = &kind_word, MEMBER(audit_redact),
	  .value = "none", .words = redact,
	  .help = "what of addresses is replaced by a hash" },
	{ .name = "audit.redact-key", .kind = &kind_file, MEMBER(audit_redact_key),
	  .value = "\"\"",
	  .help = "secret key of that hash" },
};

const size_t settings_count = sizeof(settings) / sizeof(settings[0]);

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX,
    "SETTINGS_MAX is too low");

static int
is_in_section(const struct setting *setting, const char *section, size_t len)
{
	return setting_section(setting) == len &&
	    (len == 0 || memcmp(setting->name, section, len) == 0);
}

const struct setting *
settings_named(const char *name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

const struct setting *
settings_find(const char *section, size_t section_len, const char *key, size_t key_len)
{
	for (size_t i = 0; i < settings_count; i++) {
		const char *name = setting_key(&settings[i]);
		if (is_in_section(&settings[i], section, section_len) &&
		    strlen(name) == key_len && memcmp(name, key, key_len) == 0)
			return &settings[i];
	}
	return NULL;
}

int
settings_has_section(const char *section, size_t len)
{
	for (size_t i = 0; i < settings_count; i++)
		if (len > 0 && is_in_section(&settings[i], section, len))
			return 1;
	return 0;
}

void
settings_section_names(char *names_r, size_t size)
{
	size_t used = 0;

	names_r[0] = '\0';
	for (size_t i = 0; i < settings_count && used < size; i++) {
		size_t len = setting_section(&settings[i]);
		if (len > 0 && (i == 0 ||
		    !is_in_section(&settings[i - 1], settings[i].name, len)))
			used += (size_t)snprintf(names_r + used, size - used, "%s%.*s",
			    used == 0 ? "" : ", ", (int)len, settings[i].name);
	}
}

/* How far the key is from a setting's; one in another section is a little farther. */
static size_t
setting_distance(const struct setting *setting, const char *section, size_t section_len,
    const char *key, size_t key_len)
{
	const char *name = setting_key(setting);
	size_t whole = edit_distance(key, key_len, setting->name, strlen(setting->name));
	size_t part = edit_distance(key, key_len, name, strlen(name));

	if (!is_in_section(setting, section, section_len))
		part++;
	return whole < part ? whole : part;
}

const struct setting *
settings_nearest(const char *section, size_t section_len, const char *key,
    size_t key_len)
{
	const struct setting *nearest = NULL;
	size_t limit = edit_distance_limit(key_len);

	if (key_len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < settings_count; i++) {
		size_t distance =
		    setting_distance(&settings[i], section, section_len, key, key_len);
		if (distance >= limit)
			continue;
		limit = distance;
		nearest = &settings[i];
	}
	return nearest;
}

void
settings_write(FILE *fp, settings_writer *write_value, const void *arg)
{
	size_t section = 0;

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		size_t len = setting_section(setting);
		if (section != 0 &&
		    !is_in_section(setting, settings[i - 1].name, section))
			(void)fputs("}\n", fp);
		if (len != 0 &&
		    (i == 0 || !is_in_section(&settings[i - 1], setting->name, len)))
			(void)fprintf(fp, "%.*s {\n", (int)len, setting->name);
		(void)fprintf(fp, "%s%s = ", len == 0 ? "" : "\t", setting_key(setting));
		write_value(fp, setting, arg);
		(void)fputc('\n', fp);
		section = len;
	}
	if (section != 0)
		(void)fputs("}\n", fp);
}
