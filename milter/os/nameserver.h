/* milter/os/nameserver.h: name server addresses */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_NAMESERVER_H
#define AUTHRELAY_NAMESERVER_H

#include <stddef.h>
#include <sys/socket.h>

#define NAMESERVER_TEXT_SIZE	64	/* [ADDRESS%INTERFACE]:PORT and a NUL */
#define NAMESERVER_PORT		53
#define NAMESERVERS_MAX		8	/* that are asked, one after the other */

struct nameserver {
	struct sockaddr_storage	 address;
	socklen_t		 len;
	char			 text[NAMESERVER_TEXT_SIZE];	/* always with its port */
};

/*
 * Reads what dns.servers takes: 127.0.0.1, 127.0.0.1:53, ::1, [::1], [::1]:53 and
 * [fe80::1%eth0]:53, the port 53 where none is given. Returns NULL, or what is wrong as a
 * constant text.
 */
const char	*nameserver_parse(const char *text, struct nameserver *server_r);

/* Reads an address alone, as resolv.conf has it. Returns -1 if it is none. */
int		 nameserver_make(const char *address, size_t len, unsigned port,
		    struct nameserver *server_r);

/* Nobody but this machine can answer in its place. */
int		 nameserver_is_loopback(const struct nameserver *);

#endif
