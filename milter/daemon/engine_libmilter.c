/* milter/daemon/engine_libmilter.c: milter protocol engine, by libmilter */
/* SPDX-License-Identifier: ISC */

/*
 * Only RCPT waits for us. CONNECT, HELO, MAIL and DATA are asked for without a reply
 * (SMFIP_NR_*, which libmilter plays itself where an MTA does not know it), headers and
 * body not at all. SMFIS_ACCEPT is never returned: it would hide every later recipient of
 * the message.
 */

#include <errno.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/engine.h"
#include "daemon/engine_calls.h"
#include "daemon/filter.h"
#include "os/log.h"

#define BACKLOG		1024
#define REPLY_ARG_SIZE	(2 * REPLY_TEXT_MAX + 1)

/* libmilter passes no argument of the caller's to its callbacks. */
static struct filter *served;

static const char *
get_macro(void *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)(uintptr_t)name);
}

static struct engine_macros
macros_of(SMFICTX *ctx)
{
	return (struct engine_macros){ get_macro, ctx };
}

/*
 * libmilter keeps the macros of a command until the next macros for the same command
 * come. An MTA that sends none would lend the last sender's login to the next sender, and
 * the last recipient's resolution to the next recipient: so what was read once is made
 * empty.
 */
static void
forget_macro(SMFICTX *ctx, const char *name)
{
	char *value = smfi_getsymval(ctx, (char *)(uintptr_t)name);

	if (value != NULL)
		*value = '\0';
}

static int
ask_for_macros(SMFICTX *ctx, int stage, const char *names)
{
	return smfi_setsymlist(ctx, stage, (char *)(uintptr_t)names);
}

/* A blank for no macros: an empty list would be the MTA's own. */
static int
ask_for_all_macros(SMFICTX *ctx)
{
	static const struct {
		int		 stage;
		const char	*names;
	} wanted[] = {
		{ SMFIM_CONNECT, "j v {daemon_name} {daemon_port}" },
		{ SMFIM_HELO, "{client_ptr} {auth_type} {auth_authen} {tls_version}" },
		{ SMFIM_ENVFROM, "i {client_addr} {mail_addr} {auth_type} {auth_authen} "
		    "{auth_ssf} {tls_version} {cipher} {cipher_bits} "
		    "{verify} {cert_subject} {cert_issuer} {cn_subject} {cn_issuer}" },
		{ SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host} {rcpt_addr}" },
		{ SMFIM_DATA, "i" },
		{ SMFIM_EOH, " " },
		{ SMFIM_EOM, "i" },
	};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (ask_for_macros(ctx, wanted[i].stage, wanted[i].names) != MI_SUCCESS)
			return -1;
	return 0;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long f2,
    unsigned long f3, unsigned long *actions_r, unsigned long *steps_r,
    unsigned long *f2_r, unsigned long *f3_r)
{
	const unsigned long unneeded =
	    SMFIP_NOUNKNOWN | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY;
	const unsigned long no_reply =
	    SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA;

	(void)f2;
	(void)f3;
	/* nobody has looked at the peer: libmilter did not call our accept() */
	if (!engine_calls_is_asked() && !filter_admits(served, NULL))
		return SMFIS_REJECT;
	*actions_r = actions & SMFIF_SETSYMLIST;
	*steps_r = (steps & (unneeded | SMFIP_RCPT_REJ)) | no_reply;
	*f2_r = 0;
	*f3_r = 0;
	/* without memory libmilter hangs up, and the MTA's default is in force */
	if ((actions & SMFIF_SETSYMLIST) != 0 && ask_for_all_macros(ctx) == -1)
		return SMFIS_REJECT;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *addr)
{
	struct engine_macros macros = macros_of(ctx);
	struct engine_client client = { .name = name, .port = -1 };
	struct engine_peer peer;

	if (engine_calls_peer(&peer) == 0)
		client.peer = &peer;
	client.addr = netaddr_of((const struct sockaddr *)addr);
	if (client.addr.family != NETADDR_NONE)
		client.port = (int)netaddr_port((const struct sockaddr *)addr);
	filter_close(served, smfi_getpriv(ctx));
	(void)smfi_setpriv(ctx, filter_connect(served, &client, &macros));
	return SMFIS_NOREPLY;
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct engine_macros macros = macros_of(ctx);

	filter_helo(served, smfi_getpriv(ctx), name, &macros);
	forget_macro(ctx, "{auth_type}");
	forget_macro(ctx, "{auth_authen}");
	return SMFIS_NOREPLY;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct engine_macros macros = macros_of(ctx);

	filter_mail(served, smfi_getpriv(ctx), argv[0], argv + 1, &macros);
	forget_macro(ctx, "{auth_type}");
	forget_macro(ctx, "{auth_authen}");
	return SMFIS_NOREPLY;
}

/* libmilter and the MTA read the text as a format: every percent sign has to be two. */
static void
double_percent(const char *text, char doubled[REPLY_ARG_SIZE])
{
	while (*text != '\0') {
		if (*text == '%')
			*doubled++ = '%';
		*doubled++ = *text++;
	}
	*doubled = '\0';
}

static sfsistat
give(SMFICTX *ctx, const struct reply *reply)
{
	char code[4], status[12], text[REPLY_ARG_SIZE];

	if (reply == NULL)
		return SMFIS_CONTINUE;
	memcpy(code, reply->code, sizeof(code));
	memcpy(status, reply->status, sizeof(status));
	double_percent(reply->text, text);
	/* should it fail, the MTA gives a text of its own */
	(void)smfi_setreply(ctx, code, status, text);
	return code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* "5.7.1" and nothing more. */
static int
is_status(const char *text)
{
	unsigned a, b, c;
	char more;

	return text != NULL && sscanf(text, "%1u.%3u.%3u%c", &a, &b, &c, &more) == 3;
}

/*
 * A recipient that the MTA has refused comes with the mailer "error" and a status for its
 * host. A recipient that only resolves to an error transport has a text there, and is a
 * recipient.
 */
static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct engine_macros macros = macros_of(ctx);
	const char *mailer = get_macro(ctx, "{rcpt_mailer}");
	const char *host = get_macro(ctx, "{rcpt_host}");
	const char *text = get_macro(ctx, "{rcpt_addr}");
	const struct reply *reply;

	if (mailer != NULL && strcmp(mailer, "error") == 0 && is_status(host))
		reply = filter_mta_reject(served, smfi_getpriv(ctx), argv[0], host,
		    text != NULL ? text : "", &macros);
	else
		reply = filter_rcpt(served, smfi_getpriv(ctx), argv[0], &macros);
	forget_macro(ctx, "{rcpt_mailer}");
	forget_macro(ctx, "{rcpt_host}");
	forget_macro(ctx, "{rcpt_addr}");
	return give(ctx, reply);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	struct engine_macros macros = macros_of(ctx);

	filter_data(served, smfi_getpriv(ctx), &macros);
	return SMFIS_NOREPLY;
}

/*
 * An MTA that has no event for DATA (protocol below 4) says only here that there was a
 * message.
 */
static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	struct engine_macros macros = macros_of(ctx);
	sfsistat status;

	filter_data(served, smfi_getpriv(ctx), &macros);
	status = give(ctx, filter_end_of_message(served, smfi_getpriv(ctx)));
	filter_abort(served, smfi_getpriv(ctx));
	return status;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	filter_abort(served, smfi_getpriv(ctx));
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	filter_close(served, smfi_getpriv(ctx));
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static struct smfiDesc
describe(void)
{
	static char name[] = "authrelay";

	return (struct smfiDesc){
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_eom = on_end_of_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};
}

int
engine_open(const char *socket, const char *shown)
{
	if (smfi_register(describe()) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS ||
	    smfi_settimeout(ENGINE_TIMEOUT_S) != MI_SUCCESS ||
	    smfi_setconn((char *)(uintptr_t)socket) != MI_SUCCESS) {
		log_error("%s: libmilter rejects this socket", shown);
		return -1;
	}
	if (smfi_opensocket(0) != MI_SUCCESS) {
		log_error("%s: cannot listen: %s", shown, strerror(errno));
		return -1;
	}
	return 0;
}

static int
admits(const struct engine_peer *peer)
{
	return filter_admits(served, peer);
}

int
engine_run(struct filter *filter, const struct selfcheck_place *own)
{
	served = filter;
	engine_calls_start(admits, own);
	(void)smfi_main();
	return -1;
}

void
engine_version(char *text_r, size_t size)
{
	unsigned major, minor, patch;

	(void)smfi_version(&major, &minor, &patch);
	(void)snprintf(text_r, size, "libmilter %u.%u.%u", major, minor, patch);
}
