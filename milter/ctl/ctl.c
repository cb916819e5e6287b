/* milter/ctl/ctl.c: authrelayctl, from its first word to a command */
/* SPDX-License-Identifier: ISC */

#include <confuse.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/ctl_filter.h"

#define SOURCE_USAGE	"[-c FILE] [-o 'SETTING = VALUE']..."

static const struct command {
	const char	*name;
	int		(*run)(int, char **);
	const char	*usage;
} commands[] = {
	{ "check", ctl_check, SOURCE_USAGE },
	{ "explain", ctl_explain, SOURCE_USAGE " [--json]\n"
	    "           [--client ADDRESS|unknown | --local] [--client-name NAME]\n"
	    "           [--daemon NAME] [--port PORT] [--auth USER] [--mech MECHANISM]\n"
	    "           [--ssf BITS] [--tls[=VERSION]] [--tls-bits BITS]\n"
	    "           [--cert-subject TEXT] [--cert-issuer TEXT] [--utf8]\n"
	    "           [--sender TEXT] [--rcpt-mta ADDRESS]\n"
	    "           [--rcpt ADDRESS | --raw-rcpt TEXT]" },
	{ "log", ctl_log, SOURCE_USAGE " [-f [-n LINES]]\n" CTL_FILTER_USAGE
	    "           [--field KEY,...] [FILE...]" },
	{ "keygen", ctl_keygen, "FILE" },
	{ "mx", ctl_mx, SOURCE_USAGE " DOMAIN" },
	{ "probe", ctl_probe, "--local USER@DOMAIN [--external DOMAIN]\n"
	    "           [--relay-domain DOMAIN] [--name NAME] [--source ADDRESS]\n"
	    "           [--starttls | --tls | --no-tls] [--tls-verify] [--ca-file FILE]\n"
	    "           [--auth USER [--password-file FILE] [--allow-plaintext-auth]]\n"
	    "           [--data] [--quick] [--timeout SECONDS] [--delay SECONDS]\n"
	    "           [--json | --nagios] [--client ADDRESS]\n"
	    "           [--yes-i-run-this-server] HOST[:PORT] | --milter SOCKET | --list" },
	{ "replay", ctl_replay, "--config FILE [-o 'SETTING = VALUE']... [--live] [--json]\n"
	    CTL_FILTER_USAGE
	    "           FILE..." },
	{ "report", ctl_report, SOURCE_USAGE " [--top NUMBER]\n" CTL_FILTER_USAGE
	    "           [--json | --html FILE] [FILE...]" },
	{ "verify", ctl_verify, "[--anchors SYSLOGFILE]... [--pubkey FILE] [--json] FILE..." },
};

#define EX_LATER	2
#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

int
ctl_source_init(struct ctl_source *source, int argc)
{
	source->file = AUTHRELAY_CONF;
	source->count = 0;
	source->overrides = calloc((size_t)argc + 1, sizeof(*source->overrides));
	return source->overrides == NULL ? -1 : 0;
}

void
ctl_source_clear(struct ctl_source *source)
{
	free(source->overrides);
	source->overrides = NULL;
}

struct conf *
ctl_source_read(const struct ctl_source *source)
{
	struct conf *conf;
	struct buf errors;

	buf_init(&errors);
	conf = conf_read(source->file, source->overrides, source->count, &errors);
	if (errors.data != NULL)
		(void)fputs(errors.data, stderr);
	buf_clear(&errors);
	return conf;
}

static void
print_usage(FILE *fp, const char *name)
{
	const char *before = "usage:";

	for (size_t i = 0; i < COMMANDS; i++) {
		if (name != NULL && strcmp(name, commands[i].name) != 0)
			continue;
		(void)fprintf(fp, "%s %s %s %s\n", before, CTL_PROGRAM, commands[i].name,
		    commands[i].usage);
		before = "      ";
	}
	if (name == NULL)
		(void)fprintf(fp, "       %s --help | --version\n", CTL_PROGRAM);
}

int
ctl_usage(const char *command)
{
	print_usage(stderr, command);
	return EX_USAGE;
}

int
ctl_no_memory(void)
{
	(void)fprintf(stderr, "%s: out of memory\n", CTL_PROGRAM);
	return EX_OSERR;
}

int
ctl_verdict_status(enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_PERMIT:
		return 0;
	case POLICY_REJECT:
		return 1;
	case POLICY_TEMPFAIL:
	case POLICY_NEED:
		break;
	}
	return EX_LATER;
}

const char *
ctl_variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL ? "" : value;
}

int
ctl_has_colour(void)
{
	return *ctl_variable("NO_COLOR") == '\0' &&
	    strcmp(ctl_variable("TERM"), "dumb") != 0;
}

int
ctl_write(const struct buf *out)
{
	if (out->failed)
		return ctl_no_memory();
	/* fflush() does not know of what fwrite() could not hand on */
	if ((out->len == 0 || fwrite(out->data, 1, out->len, stdout) == out->len) &&
	    fflush(stdout) != EOF)
		return 0;
	(void)fprintf(stderr, "%s: standard output cannot be written\n", CTL_PROGRAM);
	return EX_IOERR;
}

static int
is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return ctl_usage(NULL);
	if (is_one_of(argv[1], "-h", "--help")) {
		print_usage(stdout, NULL);
		return 0;
	}
	if (is_one_of(argv[1], "-V", "--version")) {
		(void)printf("%s %s\nlibconfuse %s\nlibidn2 %s\n", CTL_PROGRAM,
		    AUTHRELAY_VERSION, confuse_version, idn2_check_version(NULL));
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return ctl_usage(NULL);
}
