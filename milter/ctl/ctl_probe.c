/* milter/ctl/ctl_probe.c: authrelayctl probe: options of the relay tester */
/* SPDX-License-Identifier: ISC */

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "probe/probe.h"
#include "probe/password.h"
#include "probe/smtp_auth.h"

#define SECONDS_MAX	3600

struct request {
	struct probe_target	 target;
	struct netaddr		 source;
	const char		*local;
	const char		*password_file;
	const char		*milter;	/* NULL: a mail server is asked */
	enum probe_format	 format;
	int			 is_list, is_sure;
	const char		*filter_only;	/* an option that is for a filter only, */
	const char		*server_only;	/* or for a mail server; NULL: none */
	char			 unique[40];
	char			 control[520];
	char			 user[256];
	char			 password[PASSWORD_SIZE];
};

/* What goes into a command of SMTP must not end it, nor be read in two ways. */
static int
is_word(const char *text)
{
	return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+") == strlen(text);
}

static const char *
take_word(void *to, const struct cmdline_option *option, char *value)
{
	return is_word(value) && strlen(value) < 256 ?
	    cmdline_take_text(to, option, value) :
	    "invalid name; allowed: letters, digits and . - _ +";
}

static const char *
take_seconds(void *to, const struct cmdline_option *option, char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	if (*value == '\0' || *end != '\0' || !(seconds >= 0 && seconds <= SECONDS_MAX))
		return "invalid number of seconds; allowed: 0 to 3600";
	*(int *)(void *)((char *)to + option->at) = (int)(seconds * 1000);
	return NULL;
}

static const char *
take_local(void *to, const struct cmdline_option *option, char *value)
{
	static const char fault[] = "invalid address; allowed: USER@DOMAIN";
	struct request *request = to;
	struct probe_names *names = &request->target.names;
	const char *at = strchr(value, '@');

	(void)option;
	if (at == NULL || (size_t)(at - value) >= sizeof(request->user) ||
	    strlen(at) > 256 || !is_word(at + 1))
		return fault;
	(void)snprintf(request->user, sizeof(request->user), "%.*s", (int)(at - value),
	    value);
	if (!is_word(request->user))
		return fault;
	request->local = value;
	names->local_user = request->user;
	names->local_domain = at + 1;
	(void)snprintf(request->control, sizeof(request->control), "<%s>", value);
	request->target.control = request->control;
	return NULL;
}

static const char *
read_address(const char *text, struct netaddr *addr_r)
{
	return netaddr_parse(text, strlen(text), addr_r) == 0 ? NULL :
	    "invalid address; allowed: an IPv4 or IPv6 address";
}

static const char *
take_client(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	request->filter_only = option->name;
	return read_address(value, &request->target.client);
}

static const char *
take_login(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	(void)option;
	request->target.user = value;
	return value[0] != '\0' && strlen(value) <= SMTP_AUTH_MAX ? NULL :
	    "empty or too long";
}

static const char *
take_format(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	(void)value;
	request->format = (enum probe_format)option->at;
	return NULL;
}

/*
 * For mail servers only
 */

static const char *
take_source(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	request->server_only = option->name;
	request->target.smtp.source = &request->source;
	return read_address(value, &request->source);
}

static const char *
take_security(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	(void)value;
	request->server_only = option->name;
	request->target.smtp.security = (enum smtp_client_security)option->at;
	return NULL;
}

static const char *
take_authorities(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	request->server_only = option->name;
	request->target.smtp.tls.is_checked = 1;
	request->target.smtp.tls.ca_file = value;
	return NULL;
}

static const char *
take_server_text(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	request->server_only = option->name;
	return cmdline_take_text(to, option, value);
}

static const char *
take_server_flag(void *to, const struct cmdline_option *option, char *value)
{
	struct request *request = to;

	request->server_only = option->name;
	return cmdline_take_flag(to, option, value);
}

#define AT(member)	offsetof(struct request, member)
#define TLS_SET		1	/* of which one may be given */

static const struct cmdline_option options[] = {
	{ "local", 0, "USER@DOMAIN", "A recipient that the server accepts; required",
	    take_local, 0, 0 },
	{ "external", 0, "DOMAIN", "Domain to relay to (example.org)", take_word,
	    AT(target.names.external), 0 },
	{ "relay-domain", 0, "DOMAIN", "A domain that the server relays to", take_word,
	    AT(target.names.relay_domain), 0 },
	{ "name", 0, "NAME", "The server's name (as in its reply to EHLO)",
	    take_word, AT(target.names.host), 0 },
	{ "timeout", 0, "SECONDS", "Time to connect, and for each reply (30)",
	    take_seconds, AT(target.smtp.timeout_ms), 0 },
	{ "delay", 0, "SECONDS", "Pause before each test (0)", take_seconds,
	    AT(target.delay_ms), 0 },
	{ "quick", 0, NULL, "Test as one sender only", cmdline_take_flag,
	    AT(target.is_quick), 0 },
	{ "json", 0, NULL, "Print a JSON object", take_format, PROBE_JSON, 0 },
	{ "nagios", 0, NULL, "Print a summary line for a monitor", take_format,
	    PROBE_NAGIOS, 0 },
	{ "yes-i-run-this-server", 0, NULL, "Test an address that is not private",
	    cmdline_take_flag, AT(is_sure), 0 },
	{ "list", 0, NULL, "Print the forms of address, and exit",
	    cmdline_take_flag, AT(is_list), 0 },
	{ "auth", 0, "USER", "Test that this user can relay, too", take_login, 0, 0 },
	{ .help = NULL }
};

static const struct cmdline_option server_options[] = {
	{ "password-file", 0, "FILE", "Read the user's password from this file",
	    take_server_text, AT(password_file), 0 },
	{ "allow-plaintext-auth", 0, NULL, "Send the password without TLS, too",
	    take_server_flag, AT(target.is_clear_allowed), 0 },
	{ "starttls", 0, NULL, "Require STARTTLS", take_security, SMTP_CLIENT_STARTTLS,
	    TLS_SET },
	{ "tls", 0, NULL, "Connect with TLS, to port 465 by default", take_security,
	    SMTP_CLIENT_TLS, TLS_SET },
	{ "no-tls", 0, NULL, "Do not use TLS", take_security,
	    SMTP_CLIENT_CLEAR, TLS_SET },
	{ "tls-verify", 0, NULL, "Require a valid certificate", take_server_flag,
	    AT(target.smtp.tls.is_checked), 0 },
	{ "ca-file", 0, "FILE", "Require a certificate of these authorities",
	    take_authorities, 0, 0 },
	{ "data", 0, NULL, "Send messages to recipients that are accepted",
	    take_server_flag, AT(target.is_data), 0 },
	{ "source", 0, "ADDRESS", "Connect from this address", take_source, 0, 0 },
	{ .help = NULL }
};

static const struct cmdline_option filter_options[] = {
	{ "milter", 0, "SOCKET", "Test the filter at this socket",
	    cmdline_take_text, AT(milter), 0 },
	{ "client", 0, "ADDRESS", "Address of the client (203.0.113.9)",
	    take_client, 0, 0 },
	{ .help = NULL }
};

static const struct cmdline_group groups[] = {
	{ .options = options },
	{ .options = server_options, .title = "Options for mail servers" },
	{ .options = filter_options, .title = "Options for filters" },
	{ .options = NULL }
};

/* What is wrong with options that do not go together, or NULL. */
static const char *
fault_in_login(const struct request *request)
{
	if (request->target.user != NULL)
		return NULL;
	if (request->password_file != NULL)
		return "--password-file needs --auth";
	return request->target.is_clear_allowed ?
	    "--allow-plaintext-auth needs --auth" : NULL;
}

static int
check_options(struct request *request, int count)
{
	const struct cmdline *line = &ctl_probe.line;
	struct smtp_client_options *smtp = &request->target.smtp;
	const char *fault;

	if (request->is_list)
		return cmdline_refuse(line, "--list: only without HOST and --milter");
	if (request->milter == NULL && count == 0)
		return cmdline_refuse(line, "HOST or --milter is missing");
	if (request->milter != NULL && count > 0)
		return cmdline_refuse(line, "HOST and --milter exclude each other");
	if (request->local == NULL)
		return cmdline_refuse(line, "--local is missing");
	if (request->milter != NULL && request->server_only != NULL)
		return cmdline_refuse(line, "--%s: only without --milter",
		    request->server_only);
	if (request->milter == NULL && request->filter_only != NULL)
		return cmdline_refuse(line, "--%s: only with --milter",
		    request->filter_only);
	if ((fault = fault_in_login(request)) != NULL)
		return cmdline_refuse(line, "%s", fault);
	if (smtp->tls.is_checked && smtp->security == SMTP_CLIENT_CLEAR)
		return cmdline_refuse(line,
		    "--no-tls: not with --tls-verify or --ca-file");
	if (smtp->tls.is_checked && smtp->security == SMTP_CLIENT_OFFERED)
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
probe(struct request *request)
{
	struct probe_target *target = &request->target;
	struct probe_report report;
	const char *what = target->text;
	const char *why = probe_address_find(target, request->is_sure);
	enum probe_status status;

	(void)signal(SIGPIPE, SIG_IGN);
	probe_report_init(&report, request->format, target->text);
	if (why == NULL && (why = get_password(request)) != NULL)
		what = request->password_file != NULL ?
		    request->password_file : "password";
	if (why != NULL) {
		(void)ctl_cannot(&ctl_probe, what, why, PROBE_UNKNOWN);
		probe_report_end(&report, PROBE_UNKNOWN, "%s", why);
	} else {
		name_server(request);
		probe_run(target, &report);
	}
	password_forget(request->password);
	status = why != NULL && request->format == PROBE_TEXT ? PROBE_UNKNOWN :
	    probe_report_finish(&report);
	probe_report_clear(&report);
	return (int)status;
}

static int
run(int argc, char **argv)
{
	struct request request = { .target = { .smtp = { .timeout_ms = 30000,
	    .security = SMTP_CLIENT_OFFERED }, .names = { .user = "relaytest",
	    .external = "example.org" } } };
	int status;

	(void)read_address("203.0.113.9", &request.target.client);
	if (cmdline_read(&ctl_probe.line, &request, &argc, &argv, &status) == -1)
		return status;
	if (request.is_list && argc == 0 && request.milter == NULL) {
		probe_list();
		return fflush(stdout) == 0 ? 0 : PROBE_UNKNOWN;
	}
	if ((status = check_options(&request, argc)) != 0)
		return status;
	request.target.is_milter = request.milter != NULL;
	request.target.text = request.target.is_milter ? request.milter : argv[0];
	return probe(&request);
}

const struct ctl_command ctl_probe = { { .program = CTL_PROGRAM, .command = "probe",
    .usage = "--local USER@DOMAIN [OPTION]... HOST[:PORT]\n"
    "--local USER@DOMAIN [OPTION]... --milter SOCKET\n"
    "--list", .help = "Test whether a mail server relays for strangers", .groups = groups,
    .operand = "HOST", .most = 1 }, run, NULL };
