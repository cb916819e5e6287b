/* milter/os/resolv_conf.h: reader of resolv.conf(5) */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RESOLV_CONF_H
#define AUTHRELAY_RESOLV_CONF_H

#include <stddef.h>

#include "os/nameserver.h"

#define RESOLV_CONF_PATH	"/etc/resolv.conf"
#define RESOLV_CONF_SERVERS	3	/* glibc's MAXNS: what comes after is not used */

struct resolv_conf {
	struct nameserver	servers[RESOLV_CONF_SERVERS];
	size_t			count;
	unsigned		timeout;	/* seconds; 0: it does not say */
	unsigned		attempts;	/* 0: it does not say */
	int			rotate;
	int			trust_ad;
	int			use_vc;		/* TCP alone */
};

/*
 * Reads it by glibc's rules: a keyword begins in the first column, what cannot be read is
 * passed over, an address may have fewer than four numbers (127.1), the last `timeout:`
 * and `attempts:` hold. `edns0` is taken and changes nothing, as we always use EDNS.
 * Without a file, or without a server in it, there is 127.0.0.1. Returns -1, with errno,
 * if there is a file and it cannot be read.
 */
int	resolv_conf_read(const char *path, struct resolv_conf *conf_r);

#endif
