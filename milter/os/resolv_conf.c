/* milter/os/resolv_conf.c: reader of resolv.conf(5) */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/resolv_conf.h"

#define BLANK		" \t\n"
#define TIMEOUT_MAX	30	/* glibc's RES_MAXRETRANS */
#define ATTEMPTS_MAX	5	/* glibc's RES_MAXRETRY */

/* What follows the keyword, or NULL if the line has another one. */
static char *
after(char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	if (strncmp(line, keyword, len) != 0 || (line[len] != ' ' && line[len] != '\t'))
		return NULL;
	return line + len + strspn(line + len, " \t");
}

static void
add_server(struct resolv_conf *conf, char *address)
{
	struct nameserver *server = &conf->servers[conf->count];
	char text[INET_ADDRSTRLEN];
	struct in_addr v4;

	if (conf->count == RESOLV_CONF_SERVERS)
		return;
	address[strcspn(address, BLANK)] = '\0';
	/*
	 * inet_pton() does not know 127.1, and the C library's resolver does; inet_aton()
	 * takes white space at the end, and that does not.
	 */
	if (address[strspn(address, "0123456789abcdefABCDEFxX.")] == '\0' &&
	    inet_aton(address, &v4) != 0 &&
	    inet_ntop(AF_INET, &v4, text, sizeof(text)) != NULL)
		address = text;
	if (nameserver_make(address, strlen(address), NAMESERVER_PORT, server) == 0)
		conf->count++;
}

/* Within 1 and the maximum. */
static unsigned
number_of(const char *text, unsigned max)
{
	unsigned long number = strtoul(text, NULL, 10);

	if (text[0] == '-' || number < 1)
		return 1;
	return number > max ? max : (unsigned)number;
}

static void
add_options(struct resolv_conf *conf, char *options)
{
	char *save, *word;

	for (word = strtok_r(options, BLANK, &save); word != NULL;
	    word = strtok_r(NULL, BLANK, &save)) {
		if (strncmp(word, "timeout:", 8) == 0)
			conf->timeout = number_of(word + 8, TIMEOUT_MAX);
		else if (strncmp(word, "attempts:", 9) == 0)
			conf->attempts = number_of(word + 9, ATTEMPTS_MAX);
		else if (strcmp(word, "rotate") == 0)
			conf->rotate = 1;
		else if (strcmp(word, "trust-ad") == 0)
			conf->trust_ad = 1;
		else if (strcmp(word, "use-vc") == 0)
			conf->use_vc = 1;
	}
}

static void
add_line(struct resolv_conf *conf, char *line)
{
	char *rest;

	if ((rest = after(line, "nameserver")) != NULL)
		add_server(conf, rest);
	else if ((rest = after(line, "options")) != NULL)
		add_options(conf, rest);
}

static int
read_lines(FILE *fp, struct resolv_conf *conf)
{
	char *line = NULL;
	size_t size = 0;
	int error;

	errno = 0;
	while (getline(&line, &size, fp) != -1)
		add_line(conf, line);
	error = feof(fp) ? 0 : errno;
	free(line);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Those for which the C library goes on as if there were no file. */
static int
is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
	    error == ELOOP || error == EISDIR;
}

int
resolv_conf_read(const char *path, struct resolv_conf *conf_r)
{
	char loopback[] = "127.0.0.1";
	FILE *fp;
	int status, error;

	memset(conf_r, 0, sizeof(*conf_r));
	if ((fp = fopen(path, "re")) != NULL) {
		status = read_lines(fp, conf_r);
		error = errno;
		(void)fclose(fp);
		errno = error;
	} else
		status = -1;
	if (status == -1 && !is_missing(errno))
		return -1;
	if (conf_r->count == 0)
		add_server(conf_r, loopback);
	return 0;
}
