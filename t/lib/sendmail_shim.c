/* t/lib/sendmail_shim.c: preloaded into a private Sendmail: it asks no DNS, and logs to a file */
/* SPDX-License-Identifier: ISC */

/*
 * SHIM_LOG, SHIM_HOSTS (as hosts(5)) and SHIM_NAME say what it needs. They are read before
 * main(), where Sendmail wipes its environment. Answers are static: it has one thread.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char log_file[512];
static char hosts_file[512];
static char host_name[256] = "localhost.localdomain";

static void
take(char *to, size_t size, const char *variable)
{
	const char *value = getenv(variable);

	if (value != NULL)
		snprintf(to, size, "%s", value);
}

__attribute__((constructor)) static void
shim_start(void)
{
	take(log_file, sizeof(log_file), "SHIM_LOG");
	take(hosts_file, sizeof(hosts_file), "SHIM_HOSTS");
	take(host_name, sizeof(host_name), "SHIM_NAME");
}

static void
write_line(const char *format, va_list args)
{
	int saved = errno;
	char text[8192];
	char line[8300];
	int length, fd;

	vsnprintf(text, sizeof(text), format, args);
	length = snprintf(line, sizeof(line), "[%ld] %s\n", (long)getpid(), text);
	fd = open(log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0) {
		if (write(fd, line, (size_t)length) < 0)
			errno = 0;
		close(fd);
	}
	errno = saved;
}

void
openlog(const char *name, int option, int facility)
{
	(void)name;
	(void)option;
	(void)facility;
}

void
closelog(void)
{
}

void
syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	va_start(args, format);
	write_line(format, args);
	va_end(args);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)priority;
	(void)flag;
	va_start(args, format);
	write_line(format, args);
	va_end(args);
}

/* A name without a dot would cost a minute at each start. */
int
gethostname(char *name, size_t size)
{
	if (strlen(host_name) + 1 > size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name, host_name);
	return 0;
}

static struct hostent *
answer(const char *name, int family, const void *addr)
{
	static char found_name[256];
	static char found_addr[16];
	static char *no_aliases[1];
	static char *addrs[2];
	static struct hostent host;

	host.h_length = family == AF_INET ? 4 : 16;
	snprintf(found_name, sizeof(found_name), "%s", name);
	memcpy(found_addr, addr, (size_t)host.h_length);
	addrs[0] = found_addr;
	host.h_name = found_name;
	host.h_aliases = no_aliases;
	host.h_addrtype = family;
	host.h_addr_list = addrs;
	h_errno = 0;
	return &host;
}

/* One line: an address and a name. By name, or where that is NULL by address. */
static struct hostent *
match(char *line, const char *name, const void *addr, int family)
{
	unsigned char bytes[16];
	char *rest;
	const char *line_addr = strtok_r(line, " \t\n", &rest);
	const char *line_name = strtok_r(NULL, " \t\n", &rest);

	if (line_name == NULL || inet_pton(family, line_addr, bytes) != 1)
		return NULL;
	if (name != NULL ? strcasecmp(line_name, name) != 0 :
	    memcmp(addr, bytes, family == AF_INET ? 4 : 16) != 0)
		return NULL;
	return answer(line_name, family, bytes);
}

static struct hostent *
look_up(const char *name, const void *addr, int family)
{
	FILE *file = fopen(hosts_file, "re");
	struct hostent *host = NULL;
	char line[1024];

	while (file != NULL && host == NULL && fgets(line, sizeof(line), file) != NULL)
		host = match(line, name, addr, family);
	if (file != NULL)
		fclose(file);
	if (host == NULL)
		h_errno = HOST_NOT_FOUND;
	return host;
}

struct hostent *
gethostbyname2(const char *name, int family)
{
	unsigned char bytes[16];

	return inet_pton(family, name, bytes) == 1 ? answer(name, family, bytes) :
	    look_up(name, NULL, family);
}

struct hostent *
gethostbyname(const char *name)
{
	return gethostbyname2(name, AF_INET);
}

struct hostent *
gethostbyaddr(const void *addr, socklen_t length, int family)
{
	(void)length;
	return look_up(NULL, addr, family);
}

static int
no_answer(void)
{
	h_errno = HOST_NOT_FOUND;
	return -1;
}

int
res_query(const char *name, int class, int type, unsigned char *answer_r, int size)
{
	(void)name;
	(void)class;
	(void)type;
	(void)answer_r;
	(void)size;
	return no_answer();
}

int
res_search(const char *name, int class, int type, unsigned char *answer_r, int size)
{
	return res_query(name, class, type, answer_r, size);
}

int
res_querydomain(const char *name, const char *domain, int class, int type,
    unsigned char *answer_r, int size)
{
	(void)domain;
	return res_query(name, class, type, answer_r, size);
}
