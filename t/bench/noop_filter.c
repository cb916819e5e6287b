/* t/bench/noop_filter.c: a filter that does nothing, for what libmilter alone costs */
/* SPDX-License-Identifier: ISC */

#include <libmilter/mfapi.h>

#include <err.h>
#include <stdint.h>
#include <string.h>

/* The negotiation, the callbacks and the backlog are the daemon's. */

static int
ask(SMFICTX *ctx, int stage, const char *names)
{
	return smfi_setsymlist(ctx, stage, (char *)(uintptr_t)names);
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long f2,
    unsigned long f3, unsigned long *actions_r, unsigned long *steps_r,
    unsigned long *f2_r, unsigned long *f3_r)
{
	(void)f2;
	(void)f3;
	*actions_r = actions & SMFIF_SETSYMLIST;
	*steps_r = (steps & (SMFIP_NOUNKNOWN | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY |
	    SMFIP_RCPT_REJ)) | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA;
	*f2_r = 0;
	*f3_r = 0;
	if (ask(ctx, SMFIM_CONNECT, "j v {daemon_name} {daemon_port}") != MI_SUCCESS ||
	    ask(ctx, SMFIM_ENVFROM, "i {mail_addr} {auth_type} {auth_authen}") != MI_SUCCESS ||
	    ask(ctx, SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host} {rcpt_addr}") != MI_SUCCESS)
		return SMFIS_REJECT;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *addr)
{
	(void)ctx;
	(void)name;
	(void)addr;
	return SMFIS_NOREPLY;
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return SMFIS_NOREPLY;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_NOREPLY;
}

/* Every second recipient of the load is one to refuse, by a reply as the daemon's. */
static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	static char code[] = "550", status[] = "5.7.1";
	static char text[] = "Relaying denied; authenticate first";

	if (strstr(argv[0], "outside") == NULL)
		return SMFIS_CONTINUE;
	(void)smfi_setreply(ctx, code, status, text);
	return SMFIS_REJECT;
}

static sfsistat
on_nothing(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_NOREPLY;
}

int
main(int argc, char **argv)
{
	static char name[] = "noop";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_eom = on_nothing,
		.xxfi_abort = on_nothing,
		.xxfi_close = on_nothing,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 2)
		errx(64, "usage: noop_filter SOCKET");
	if (smfi_register(filter) != MI_SUCCESS || smfi_setbacklog(1024) != MI_SUCCESS ||
	    smfi_setconn(argv[1]) != MI_SUCCESS)
		errx(1, "libmilter does not take %s", argv[1]);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
