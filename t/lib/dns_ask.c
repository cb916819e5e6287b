/* t/lib/dns_ask.c: asks name servers by milter/dns/dns.c and prints what came; for t/daemon/dns.t */
/* SPDX-License-Identifier: ISC */

/*
 * dns_ask [-a yes|no] [-f DESCRIPTORS] [-j THREADS] [-r RESOLV_CONF] [-s SERVER]... [-t MS]
 *	NAME/TYPE[+TYPE]...
 *
 * All questions are asked at once, each by -j threads; the answers are printed in the order
 * of the questions, a line for each type. At the end comes the number of descriptors that
 * stayed open.
 */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dns/dns.h"
#include "os/clock.h"

#define ASKED_MAX	2000

struct question {
	const struct dns	*dns;
	const char		*text;
	int64_t			 timeout;
	pthread_t		 thread;
	struct buf		 answer;
};

static void __attribute__((noreturn))
quit(const char *why)
{
	(void)fprintf(stderr, "dns_ask: %s\n", why);
	exit(1);
}

static long
descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	long count = 0;

	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count;
}

static enum rrset_type
type_of(const char *text)
{
	if (strcmp(text, "MX") == 0)
		return RRSET_MX;
	return strcmp(text, "A") == 0 ? RRSET_A : RRSET_AAAA;
}

static const char *
type_name(enum rrset_type type)
{
	switch (type) {
	case RRSET_A:
		return "A";
	case RRSET_MX:
		return "MX";
	case RRSET_AAAA:
		return "AAAA";
	}
	return "?";
}

static const char *
status_name(enum rrset_status status)
{
	switch (status) {
	case RRSET_FOUND:
		return "found";
	case RRSET_NODATA:
		return "nodata";
	case RRSET_NXDOMAIN:
		return "nxdomain";
	case RRSET_FAILURE:
		return "failure";
	}
	return "?";
}

static void
put_record(struct buf *text, const struct rrset *rrset, size_t i)
{
	char addr[NETADDR_TEXT_SIZE];

	if (rrset->mx == NULL) {
		netaddr_format(&rrset->addrs[i], addr);
		buf_printf(text, " %s", addr);
	} else
		buf_printf(text, " %u:%s", rrset->mx[i].preference,
		    rrset->mx[i].is_null ? "null" : rrset->mx[i].is_host ?
		    rrset->mx[i].host : "none");
}

static void
put_rrset(struct buf *text, const char *name, const struct rrset *rrset, int64_t timeout)
{
	const size_t shown = rrset->count > 3 ? 3 : rrset->count;

	buf_printf(text, "%s %s %s ttl=%u secure=%d cut=%d queries=%u count=%zu server=%s "
	    "over=%lld ms=%lld", name, type_name(rrset->type), status_name(rrset->status),
	    rrset->ttl, rrset->is_secure, rrset->is_cut, rrset->queries, rrset->count,
	    rrset->server, (long long)(rrset->elapsed_us > timeout ?
	    (rrset->elapsed_us - timeout) / 1000 : 0), (long long)(rrset->elapsed_us / 1000));
	for (size_t i = 0; i < shown; i++)
		put_record(text, rrset, i);
	if (rrset->status == RRSET_FAILURE)
		buf_printf(text, " why: %s", rrset->why);
	buf_putc(text, '\n');
}

static void *
ask(void *arg)
{
	struct question *question = arg;
	enum rrset_type types[DNS_TYPES_MAX];
	struct rrset rrsets[DNS_TYPES_MAX];
	char *name = strdup(question->text), *slash, *word, *save;
	size_t count = 0;

	if (name == NULL || (slash = strrchr(name, '/')) == NULL)
		quit("NAME/TYPE");
	*slash = '\0';
	for (word = strtok_r(slash + 1, "+", &save); word != NULL && count < DNS_TYPES_MAX;
	    word = strtok_r(NULL, "+", &save))
		types[count++] = type_of(word);
	dns_ask(question->dns, name, types, count, clock_monotonic_us() + question->timeout, rrsets);
	for (size_t i = 0; i < count; i++) {
		put_rrset(&question->answer, name, &rrsets[i], question->timeout);
		rrset_clear(&rrsets[i]);
	}
	free(name);
	return NULL;
}

/* Leaves so many that can be had. */
static void
limit_descriptors(long left)
{
	const struct rlimit limit = { 256, 256 };
	int fd, last = -1;

	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		quit("setrlimit");
	while ((fd = open("/dev/null", O_RDONLY)) != -1)
		last = fd;
	for (; left > 0; left--)
		(void)close(last--);
}

static void
ask_all(struct question *questions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&questions[i].thread, NULL, ask, &questions[i]) != 0)
			quit("no thread");
	for (size_t i = 0; i < count; i++) {
		(void)pthread_join(questions[i].thread, NULL);
		(void)fputs(questions[i].answer.data, stdout);
		buf_clear(&questions[i].answer);
	}
}

int
main(int argc, char **argv)
{
	static struct question questions[ASKED_MAX];
	static const char *servers[64];
	struct dns_options options = { .servers = servers, .trust_ad = CONF_TRUST_AD_AUTO };
	int64_t timeout = 2000000;
	long threads = 1, limit = -1, before;
	size_t count = 0;
	struct buf text;
	const char *why;
	struct dns *dns;
	int c;

	while ((c = getopt(argc, argv, "a:f:j:r:s:t:")) != -1)
		switch (c) {
		case 'a':
			options.trust_ad = strcmp(optarg, "yes") == 0 ?
			    CONF_TRUST_AD_YES : CONF_TRUST_AD_NO;
			break;
		case 'f':
			limit = atol(optarg);
			break;
		case 'j':
			threads = atol(optarg);
			break;
		case 'r':
			options.resolv_conf = optarg;
			break;
		case 's':
			if (options.count < 64)
				servers[options.count++] = optarg;
			break;
		case 't':
			timeout = atol(optarg) * 1000;
			break;
		default:
			quit("usage: see t/lib/dns_ask.c");
		}
	if ((dns = dns_open(&options, &why)) == NULL)
		quit(why);
	buf_init(&text);
	dns_describe(dns, &text);
	(void)printf("servers: %s\n", text.data);
	buf_clear(&text);
	before = descriptors();
	if (limit >= 0)
		limit_descriptors(limit);
	for (; optind < argc; optind++)
		for (long i = 0; i < threads && count < ASKED_MAX; i++)
			questions[count++] = (struct question){ .dns = dns,
			    .text = argv[optind], .timeout = timeout };
	ask_all(questions, count);
	/* a sanitizer needs some at the end */
	for (int fd = 3; limit >= 0 && fd < 256; fd++)
		(void)close(fd);
	if (limit < 0)
		(void)printf("left open: %ld\n", descriptors() - before);
	dns_close(dns);
	return fflush(stdout) == EOF;
}
