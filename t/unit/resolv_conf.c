/* t/unit/resolv_conf.c: the addresses of name servers, and resolv.conf */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "os/resolv_conf.h"
#include "tap.h"

static const struct {
	const char	*text;
	const char	*want;		/* as it is written back; NULL: it is refused */
	int		 is_loopback;
} servers[] = {
	{ "127.0.0.1", "127.0.0.1:53", 1 },
	{ "127.0.0.53:5353", "127.0.0.53:5353", 1 },
	{ "192.0.2.1:1", "192.0.2.1:1", 0 },
	{ "192.0.2.1:65535", "192.0.2.1:65535", 0 },
	{ "::1", "[::1]:53", 1 },
	{ "[::1]", "[::1]:53", 1 },
	{ "[::1]:5353", "[::1]:5353", 1 },
	{ "2001:DB8::1", "[2001:db8::1]:53", 0 },
	{ "[::ffff:127.0.0.1]:53", "[::ffff:127.0.0.1]:53", 1 },
	{ "[::ffff:192.0.2.1]:53", "[::ffff:192.0.2.1]:53", 0 },
	{ "[fe80::1%lo]:53", "[fe80::1%lo]:53", 0 },
	{ "[fe80::1%1]:53", "[fe80::1%1]:53", 0 },
	{ "fe80::1%lo", "[fe80::1%lo]:53", 0 },
	{ "fe80::1", NULL, 0 },
	{ "[fe80::1%nosuchinterface]:53", NULL, 0 },
	{ "[fe80::1%0]:53", NULL, 0 },
	{ "[fe80::1%]:53", NULL, 0 },
	{ "", NULL, 0 },
	{ ":53", NULL, 0 },
	{ "[]", NULL, 0 },
	{ "[::1", NULL, 0 },
	{ "[::1]53", NULL, 0 },
	{ "[::1]:", NULL, 0 },
	{ "[127.0.0.1]:53", NULL, 0 },
	{ "127.0.0.1:0", NULL, 0 },
	{ "127.0.0.1:65536", NULL, 0 },
	{ "127.0.0.1:99999999999", NULL, 0 },
	{ "127.0.0.1:53x", NULL, 0 },
	{ "127.0.0.1 ", NULL, 0 },
	{ "127.1", NULL, 0 },
	{ "localhost", NULL, 0 },
	{ "1234567890123456789012345678901234567890123456789012345678901234567890", NULL, 0 },
};

static const struct {
	const char	*name;
	const char	*text;
	const char	*want;	/* servers, timeout, attempts, rotate, trust-ad, use-vc */
} files[] = {
	{ "empty", "", "127.0.0.1:53 0 0 0 0 0" },
	{ "one server", "nameserver 192.0.2.1\n", "192.0.2.1:53 0 0 0 0 0" },
	{ "no line end", "nameserver 192.0.2.1", "192.0.2.1:53 0 0 0 0 0" },
	{ "four servers", "nameserver 192.0.2.1\nnameserver ::1\nnameserver 192.0.2.3\n"
	    "nameserver 192.0.2.4\n", "192.0.2.1:53 [::1]:53 192.0.2.3:53 0 0 0 0 0" },
	{ "blanks and what is behind", "nameserver \t 192.0.2.1 # the first\n",
	    "192.0.2.1:53 0 0 0 0 0" },
	{ "not in the first column", " nameserver 192.0.2.1\n", "127.0.0.1:53 0 0 0 0 0" },
	{ "comments", "# nameserver 192.0.2.1\n\n# nameserver 192.0.2.2\n; nameserver 192.0.2.3\n",
	    "127.0.0.1:53 0 0 0 0 0" },
	{ "a longer word", "nameservers 192.0.2.1\n", "127.0.0.1:53 0 0 0 0 0" },
	{ "an address that is none", "nameserver 192.0.2.1:53\nnameserver x\nnameserver\n"
	    "nameserver 192.0.2.2\n", "192.0.2.2:53 0 0 0 0 0" },
	{ "a short address", "nameserver 127.1\n", "127.0.0.1:53 0 0 0 0 0" },
	{ "a scope", "nameserver fe80::1%lo\n", "[fe80::1%lo]:53 0 0 0 0 0" },
	{ "options", "options timeout:3 attempts:4 rotate trust-ad edns0 ndots:2\n",
	    "127.0.0.1:53 3 4 1 1 0" },
	{ "too many", "options timeout:300 attempts:40\n", "127.0.0.1:53 30 5 0 0 0" },
	{ "too few", "options timeout:0 attempts:-1\n", "127.0.0.1:53 1 1 0 0 0" },
	{ "the last holds", "options timeout:3\noptions timeout:2\n", "127.0.0.1:53 2 0 0 0 0" },
	{ "TCP alone", "options use-vc no-use-vc\n", "127.0.0.1:53 0 0 0 0 1" },
	{ "bare keywords", "options\nsearch\nnameserver 192.0.2.1\n", "192.0.2.1:53 0 0 0 0 0" },
	{ "carriage returns", "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\n",
	    "192.0.2.2:53 0 0 0 0 0" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_servers(void)
{
	for (size_t i = 0; i < COUNT(servers); i++) {
		struct nameserver server;
		const char *why = nameserver_parse(servers[i].text, &server);

		tap_is_str(why == NULL ? server.text : NULL, servers[i].want, "server '%s'",
		    servers[i].text);
		if (why == NULL)
			tap_is_int(nameserver_is_loopback(&server), servers[i].is_loopback,
			    "server '%s': whether it is on loopback", servers[i].text);
	}
}

static void
test_file(const char *path, size_t i)
{
	struct resolv_conf conf;
	struct buf text;
	FILE *fp = fopen(path, "w");

	if (fp == NULL || fputs(files[i].text, fp) == EOF || fclose(fp) == EOF) {
		tap_ok(0, "%s: the file is written", files[i].name);
		return;
	}
	buf_init(&text);
	tap_is_int(resolv_conf_read(path, &conf), 0, "%s: it is read", files[i].name);
	for (size_t k = 0; k < conf.count; k++)
		buf_printf(&text, "%s ", conf.servers[k].text);
	buf_printf(&text, "%u %u %d %d %d", conf.timeout, conf.attempts, conf.rotate,
	    conf.trust_ad, conf.use_vc);
	tap_is_str(text.data, files[i].want, "%s", files[i].name);
	buf_clear(&text);
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE], path[TAP_FOLDER_SIZE + 16];
	struct resolv_conf conf;

	test_servers();
	tap_folder(folder);
	(void)snprintf(path, sizeof(path), "%s/resolv.conf", folder);
	for (size_t i = 0; i < COUNT(files); i++)
		test_file(path, i);
	(void)unlink(path);
	tap_is_int(resolv_conf_read(path, &conf), 0, "a file that is missing is none");
	tap_is_str(conf.servers[0].text, "127.0.0.1:53", "and there is one server then");
	tap_is_int(resolv_conf_read(folder, &conf), 0, "a folder is no file either");
	(void)rmdir(folder);
	return tap_done();
}
