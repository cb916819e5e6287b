/* milter/ctl/ctl_probe.c: authrelayctl probe: does a server of ours relay for strangers? */
/* SPDX-License-Identifier: ISC */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "probe/ctl_probe.h"
#include "probe/password.h"
#include "probe/smtp_auth.h"

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
	TLS,
	NO_TLS,
	TLS_VERIFY,
	CA_FILE,
	AUTH,
	PASSWORD_FILE,
	ALLOW_PLAINTEXT_AUTH,
	DATA,
	TIMEOUT,
	DELAY,
	QUICK,
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
	{ "tls", no_argument, NULL, TLS },
	{ "no-tls", no_argument, NULL, NO_TLS },
	{ "tls-verify", no_argument, NULL, TLS_VERIFY },
	{ "ca-file", required_argument, NULL, CA_FILE },
	{ "auth", required_argument, NULL, AUTH },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "allow-plaintext-auth", no_argument, NULL, ALLOW_PLAINTEXT_AUTH },
	{ "data", no_argument, NULL, DATA },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "delay", required_argument, NULL, DELAY },
	{ "quick", no_argument, NULL, QUICK },
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
	const char		*password_file;
	enum probe_format	 format;
	int			 is_list, is_sure;
	int			 tls_options;	/* of those that exclude each other */
	int			 has_client;	/* an option for a filter only */
	int			 has_server;	/* one for a mail server only */
	char			 unique[40];
	char			 control[520];
	char			 user[256];
	char			 password[PASSWORD_SIZE];
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
read_login(struct request *request, const char *user)
{
	request->target.user = user;
	return user[0] != '\0' && strlen(user) <= SMTP_AUTH_MAX ? 0 :
	    complain("not a user's name", user);
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
		request->has_client = 1;
		return read_address(optarg, &target->client);
	case SOURCE:
		target->smtp.source = &request->source;
		return read_address(optarg, &request->source);
	case CA_FILE:
		target->smtp.tls.is_checked = 1;
		target->smtp.tls.ca_file = optarg;
		return 0;
	case AUTH:
		return read_login(request, optarg);
	case PASSWORD_FILE:
		request->password_file = optarg;
		return 0;
	case TIMEOUT:
		return read_seconds(optarg, &target->smtp.timeout_ms);
	case DELAY:
		return read_seconds(optarg, &target->delay_ms);
	}
	return -1;
}

static int
read_security(struct request *request, enum smtp_client_security security)
{
	request->target.smtp.security = security;
	request->tls_options++;
	return 0;
}

static int
read_server_option(struct request *request, int c)
{
	struct probe_target *target = &request->target;

	switch (c) {
	case STARTTLS:
		return read_security(request, SMTP_CLIENT_STARTTLS);
	case TLS:
		return read_security(request, SMTP_CLIENT_TLS);
	case NO_TLS:
		return read_security(request, SMTP_CLIENT_CLEAR);
	case TLS_VERIFY:
		target->smtp.tls.is_checked = 1;
		return 0;
	case ALLOW_PLAINTEXT_AUTH:
		target->is_clear_allowed = 1;
		return 0;
	case DATA:
		target->is_data = 1;
		return 0;
	}
	return read_text_option(request, c);
}

static int
is_for_servers(int c)
{
	return (c >= SOURCE && c <= CA_FILE) || (c >= PASSWORD_FILE && c <= DATA);
}

static int
read_option(struct request *request, int c)
{
	request->has_server |= is_for_servers(c);
	switch (c) {
	case MILTER:
		request->target.is_milter = 1;
		request->target.text = optarg;
		return 0;
	case QUICK:
		request->target.is_quick = 1;
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
	return read_server_option(request, c);
}

/* Whether the options go together. */
static int
check_options(struct request *request)
{
	struct probe_target *target = &request->target;
	struct smtp_client_options *smtp = &target->smtp;

	if (request->local == NULL)
		return complain("is needed", "--local");
	if (request->tls_options > 1)
		return complain("only one of them", "--starttls, --tls, --no-tls");
	if (target->is_milter && request->has_server)
		return complain("an option for mail servers only", "--milter");
	if (!target->is_milter && request->has_client)
		return complain("only with --milter", "--client");
	if (target->user == NULL && (request->password_file != NULL ||
	    target->is_clear_allowed))
		return complain("only with --auth", "password");
	if (!smtp->tls.is_checked)
		return 0;
	if (smtp->security == SMTP_CLIENT_CLEAR)
		return complain("not with --no-tls", "--tls-verify");
	if (smtp->security == SMTP_CLIENT_OFFERED)
		smtp->security = SMTP_CLIENT_STARTTLS;
	return 0;
}

/* Returns why there is none. */
static const char *
get_password(struct request *request)
{
	const char *why = NULL;

	if (request->target.user == NULL || request->target.is_milter)
		return NULL;
	request->target.password = request->password;
	if (request->password_file != NULL)
		(void)password_read(request->password_file, request->password, &why);
	else
		(void)password_ask("Password: ", request->password, &why);
	return why;
}

/* The certificate has to be for the name that was given, or the address. */
static void
name_server(struct request *request)
{
	struct probe_target *target = &request->target;
	struct tls_client_options *tls = &target->smtp.tls;
	struct netaddr addr;

	tls->name = target->names.host != NULL ? target->names.host : target->host;
	tls->is_address = netaddr_parse(tls->name, strlen(tls->name), &addr) == 0;
	if (target->is_milter && target->names.host == NULL)
		target->names.host = "probe.invalid";
	(void)snprintf(request->unique, sizeof(request->unique), "probe%lx%lx",
	    (unsigned long)getpid(), (unsigned long)time(NULL));
	target->names.unique = request->unique;
}

static int
run(struct request *request)
{
	struct probe_target *target = &request->target;
	struct probe_report report;
	const char *what = target->text, *why = probe_address_find(target, request->is_sure);
	enum probe_status status;

	(void)signal(SIGPIPE, SIG_IGN);
	probe_report_init(&report, request->format, target->text);
	if (why == NULL && (why = get_password(request)) != NULL)
		what = request->password_file != NULL ? request->password_file : "password";
	if (why != NULL) {
		(void)complain(why, what);
		probe_report_end(&report, PROBE_UNKNOWN, "%s", why);
	} else {
		name_server(request);
		probe_play(target, &report);
	}
	password_forget(request->password);
	status = why != NULL && request->format == PROBE_TEXT ? PROBE_UNKNOWN :
	    probe_report_finish(&report);
	probe_report_clear(&report);
	return (int)status;
}

int
ctl_probe(int argc, char **argv)
{
	struct request request = { .target = { .smtp = { .timeout_ms = 30000,
	    .security = SMTP_CLIENT_OFFERED }, .names = { .user = "relaytest",
	    .external = "example.org" } } };
	int c, result = read_address("203.0.113.9", &request.target.client);

	while (result == 0 && (c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		result = c == '?' ? -1 : read_option(&request, c);
	if (result == -1)
		return ctl_usage("probe");
	if (request.is_list && optind == argc) {
		probe_list();
		return fflush(stdout) == 0 ? 0 : PROBE_UNKNOWN;
	}
	if (argc - optind != !request.target.is_milter || request.is_list ||
	    check_options(&request) == -1)
		return ctl_usage("probe");
	if (!request.target.is_milter)
		request.target.text = argv[optind];
	return run(&request);
}
