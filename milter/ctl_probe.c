/* milter/ctl_probe.c: authrelayctl probe: does a server of ours relay for strangers? */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_probe.h"
#include "socket_file.h"

#define SECONDS_MAX	3600

enum code {
	LOCAL = 256,	/* above every letter */
	EXTERNAL,
	RELAY_DOMAIN,
	NAME,
	CLIENT,
	MILTER,
	SOURCE,
	STARTTLS,
	TIMEOUT,
	DELAY,
	JSON,
	NAGIOS,
	LIST,
	YES
};

static const struct option options[] = {
	{ "local", required_argument, NULL, LOCAL },
	{ "external", required_argument, NULL, EXTERNAL },
	{ "relay-domain", required_argument, NULL, RELAY_DOMAIN },
	{ "name", required_argument, NULL, NAME },
	{ "client", required_argument, NULL, CLIENT },
	{ "milter", required_argument, NULL, MILTER },
	{ "source", required_argument, NULL, SOURCE },
	{ "starttls", no_argument, NULL, STARTTLS },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "delay", required_argument, NULL, DELAY },
	{ "json", no_argument, NULL, JSON },
	{ "nagios", no_argument, NULL, NAGIOS },
	{ "list", no_argument, NULL, LIST },
	{ "yes-i-run-this-server", no_argument, NULL, YES },
	{ NULL, 0, NULL, 0 }
};

struct request {
	struct probe_target	 target;
	struct netaddr		 source;
	const char		*local;
	enum probe_format	 format;
	int			 is_list, is_sure;
	char			 address[NETADDR_TEXT_SIZE];
	char			 unique[32];
	char			 control[520];
	char			 user[256];
};

static int
complain(const char *what, const char *text)
{
	(void)fprintf(stderr, "%s: probe: %s: %s\n", CTL_PROGRAM, text, what);
	return -1;
}

/* What goes into a command of SMTP must not end it, nor be read in two ways. */
static int
is_word(const char *text)
{
	return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+") == strlen(text);
}

static int
read_word(const char *text, const char **word_r)
{
	*word_r = text;
	return is_word(text) && strlen(text) < 256 ? 0 : complain("not a name", text);
}

static int
read_seconds(const char *text, int *ms_r)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(seconds >= 0 && seconds <= SECONDS_MAX))
		return complain("not a number of seconds up to 3600", text);
	*ms_r = (int)(seconds * 1000);
	return 0;
}

static int
read_local(struct request *request, const char *text)
{
	const char *at = strchr(text, '@');
	struct probe_names *names = &request->target.names;

	if (at == NULL || (size_t)(at - text) >= sizeof(request->user) ||
	    strlen(at) > 256 || !is_word(at + 1))
		return complain("not user@domain", text);
	(void)snprintf(request->user, sizeof(request->user), "%.*s", (int)(at - text), text);
	if (!is_word(request->user))
		return complain("not user@domain", text);
	request->local = text;
	names->local_user = request->user;
	names->local_domain = at + 1;
	(void)snprintf(request->control, sizeof(request->control), "<%s>", text);
	request->target.control = request->control;
	return 0;
}

static int
read_address(const char *text, struct netaddr *addr_r)
{
	return netaddr_parse(text, strlen(text), addr_r) == 0 ? 0 :
	    complain("not an address", text);
}

static int
read_client(struct request *request, const char *text)
{
	struct in_addr addr;

	request->target.client = text;
	return inet_pton(AF_INET, text, &addr) == 1 ? 0 :
	    complain("not an IPv4 address", text);
}

static int
read_text_option(struct request *request, int c)
{
	struct probe_target *target = &request->target;

	switch (c) {
	case LOCAL:
		return read_local(request, optarg);
	case EXTERNAL:
		return read_word(optarg, &target->names.external);
	case RELAY_DOMAIN:
		return read_word(optarg, &target->names.relay_domain);
	case NAME:
		return read_word(optarg, &target->names.host);
	case CLIENT:
		return read_client(request, optarg);
	case SOURCE:
		target->source = &request->source;
		return read_address(optarg, &request->source);
	case TIMEOUT:
		return read_seconds(optarg, &target->timeout_ms);
	case DELAY:
		return read_seconds(optarg, &target->delay_ms);
	}
	return -1;
}

static int
read_option(struct request *request, int c)
{
	switch (c) {
	case MILTER:
		request->target.is_milter = 1;
		request->target.text = optarg;
		return 0;
	case STARTTLS:
		request->target.is_starttls = 1;
		return 0;
	case JSON:
		request->format = PROBE_JSON;
		return 0;
	case NAGIOS:
		request->format = PROBE_NAGIOS;
		return 0;
	case LIST:
		request->is_list = 1;
		return 0;
	case YES:
		request->is_sure = 1;
		return 0;
	}
	return read_text_option(request, c);
}

static int
is_ours(const struct netaddr *addr)
{
	const uint8_t *b = addr->bytes;
	static const uint8_t loopback[16] = { [15] = 1 };

	if (addr->family == NETADDR_V4)
		return b[0] == 127 || b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		    (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
	return memcmp(b, loopback, sizeof(loopback)) == 0 || (b[0] & 0xfe) == 0xfc ||
	    (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

static int
take_address(struct request *request, const struct sockaddr *sa, socklen_t len)
{
	struct netaddr addr = sa->sa_family == AF_INET ?
	    netaddr_v4(&((const struct sockaddr_in *)(const void *)sa)->sin_addr) :
	    netaddr_v6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);

	if (!is_ours(&addr) && !request->is_sure)
		return complain("neither loopback nor private: if the server is yours, "
		    "say --yes-i-run-this-server", request->target.text);
	memcpy(&request->target.addr, sa, len);
	request->target.len = len;
	netaddr_format(&addr, request->address);
	request->target.names.address = request->address;
	return 0;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address alone. */
static int
resolve(struct request *request, const char *text, const char *port)
{
	struct addrinfo *list, hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':'), *end = text + strlen(text);
	char host[256];
	int error, result;

	if (text[0] == '[' && (end = strchr(text, ']')) == NULL)
		return complain("a bracket is missing", text);
	if (text[0] == '[') {
		colon = end[1] == ':' ? end + 1 : NULL;
		text++;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		end = colon;
	} else {
		colon = NULL;
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)(end - text), text);
	error = getaddrinfo(host, colon == NULL ? port : colon + 1, &hints, &list);
	if (error != 0)
		return complain(gai_strerror(error), request->target.text);
	result = take_address(request, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return result;
}

/* As in the setting `socket`: unix:PATH, a path, or inet:PORT@HOST. */
static int
find_milter(struct request *request, const char *text)
{
	struct sockaddr_un *addr = (struct sockaddr_un *)(void *)&request->target.addr;
	const char *named = socket_file_path(text), *path = named == NULL ? text : named;
	char port[8];
	size_t len;

	request->target.names.address = "127.0.0.1";
	if (request->target.names.host == NULL)
		request->target.names.host = "probe.invalid";
	if (path[0] == '/') {
		if (strlen(path) >= sizeof(addr->sun_path))
			return complain("the path is too long", text);
		addr->sun_family = AF_UNIX;
		memcpy(addr->sun_path, path, strlen(path) + 1);
		request->target.len = sizeof(*addr);
		return 0;
	}
	if (strncmp(text, "inet:", 5) != 0 || (len = strcspn(text + 5, "@")) == 0 ||
	    len >= sizeof(port) || text[5 + len] != '@')
		return complain("neither unix:PATH nor inet:PORT@HOST", text);
	(void)snprintf(port, sizeof(port), "%.*s", (int)len, text + 5);
	return resolve(request, text + 5 + len + 1, port);
}

static int
run(struct request *request)
{
	struct probe_target *target = &request->target;
	struct probe_report report;
	enum probe_status status;

	if ((target->is_milter ? find_milter(request, target->text) :
	    resolve(request, target->text, "25")) == -1)
		return PROBE_UNKNOWN;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(request->unique, sizeof(request->unique), "probe%lx%lx",
	    (unsigned long)getpid(), (unsigned long)random());
	target->names.unique = request->unique;
	probe_report_init(&report, request->format, target->text);
	probe_play(target, &report);
	status = probe_report_write(&report);
	probe_report_clear(&report);
	return (int)status;
}

int
ctl_probe(int argc, char **argv)
{
	struct request request = { .target = { .timeout_ms = 30000,
	    .client = "203.0.113.9", .names = { .user = "relaytest",
	    .external = "example.org" } } };
	int c, result = 0;

	while (result == 0 && (c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		result = c == '?' ? -1 : read_option(&request, c);
	if (result == -1)
		return ctl_usage("probe");
	if (request.is_list && optind == argc) {
		probe_list();
		return fflush(stdout) == 0 ? 0 : PROBE_UNKNOWN;
	}
	if (request.local == NULL || argc - optind != !request.target.is_milter ||
	    request.is_list)
		return ctl_usage("probe");
	if (!request.target.is_milter)
		request.target.text = argv[optind];
	return run(&request);
}
