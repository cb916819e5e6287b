/* milter/config/conf.h: the configuration, read once and never changed */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_H
#define AUTHRELAY_CONF_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/policy.h"
#include "core/reply.h"
#include "record/audit_durability.h"

struct audit_key;
struct conf_origins;
struct peers;
struct redact;

enum conf_mode {
	CONF_ENFORCE,
	CONF_MONITOR
};

enum conf_on_failure {
	CONF_TEMPFAIL,
	CONF_CONTINUE
};

/* Whether a name server that says an answer is authenticated is believed. */
enum conf_trust_ad {
	CONF_TRUST_AD_NO,
	CONF_TRUST_AD_YES,
	CONF_TRUST_AD_AUTO	/* where all are on loopback, or resolv.conf says so */
};

/* A list as it was written, for -n: file:PATH is kept as such. */
struct conf_list {
	char	**items;	/* ends in NULL; NULL: empty */
	size_t	 count;
};

struct conf {
	char			*socket;	/* unix:PATH, inet[6]:PORT@HOST */
	unsigned		 socket_mode;
	char			*socket_group;	/* "": as it comes */
	struct conf_list	 mta_peers;
	char			*user;		/* "": stay who we are */
	char			*pid_file;	/* "": none */
	int			 mode;		/* enum conf_mode */
	char			*denied_reply;
	struct conf_list	 trusted_networks;
	struct conf_list	 local_domains;
	struct conf_list	 relay_domains;
	int			 no_local_domains;
	struct conf_list	 own_addresses;
	int			 local_submission;	/* 1 permit, 0 reject */
	struct conf_list	 require_auth_on;
	struct conf_list	 client_certificates;
	struct conf_list	 auth_mechanisms;
	unsigned		 auth_min_ssf;
	int			 auth_require_tls;
	int			 mx_accept;		/* enum policy_mx_accept */
	struct conf_list	 mx_names;
	struct conf_list	 mx_networks;
	struct conf_list	 mx_domains;
	int			 mx_require_dnssec;
	unsigned		 mx_timeout;		/* seconds */
	unsigned		 mx_cache_entries;
	struct conf_list	 dns_servers;
	int			 dns_trust_ad;		/* enum conf_trust_ad */
	int			 audit_syslog;
	int			 audit_facility;	/* of syslog(3) */
	char			*audit_file;		/* "": none */
	int			 audit_on_failure;	/* enum conf_on_failure */
	unsigned		 audit_stranger_rate;	/* recipients a second; 0: any */
	unsigned		 audit_stranger_burst;
	int			 audit_durability;	/* enum audit_durability */
	unsigned		 audit_queue;		/* records */
	uint64_t		 audit_rotate_size;	/* bytes; 0: never */
	unsigned		 audit_keep;		/* old files */
	unsigned		 audit_keep_days;	/* and all younger ones */
	uint64_t		 audit_min_free;	/* bytes; AUDIT_MIN_FREE_AUTO */
	char			*audit_key;		/* "": anchors are not signed */
	unsigned		 audit_anchor_interval;	/* seconds; 0: none by time */
	int			 audit_redact;		/* 1: local parts */
	char			*audit_redact_key;	/* "": none */

	/* made of the above */
	struct policy		 policy;
	struct reply		 denied;
	struct peers		*mta_peer_set;
	struct netset		*listed_addresses;	/* of own_addresses, no more */
	struct netset		*mx_network_set;
	struct domset		*mx_domain_set;
	struct audit_key	*audit_signer;		/* NULL: none */
	struct redact		*audit_redactor;	/* NULL: none */
	struct conf_origins	*origins;	/* where each value was given */
	atomic_int		 references;	/* conf_ref() and conf_unref() only */
};

/*
 * Reads the file, then the overrides ("SETTING = VALUE", settings inside a section as
 * "mx.timeout"), checks everything that is in force, and makes the sets. Every error
 * of the run is added to `errors` as a line "FILE:LINE: what is wrong; what is
 * allowed", an override's as "-o 'TEXT': ...". Returns NULL if there was any, or
 * without memory. The caller holds the one reference. Not to be called by two threads
 * at once (getpwnam(3)).
 */
struct conf	*conf_read(const char *file, char *const *overrides, size_t count,
		    struct buf *errors);

struct conf	*conf_ref(struct conf *);
void		 conf_unref(struct conf *);	/* the last frees it; NULL is legal */

/*
 * Adds the names of the settings that differ, ", " between them; a list whose files have
 * other entries differs, too.
 */
void		 conf_compare(const struct conf *, const struct conf *,
		    struct buf *names);

/*
 * Writes every setting in the file's own syntax; what it writes reads back to the
 * same.
 */
void	conf_print(const struct conf *, FILE *);

#endif
