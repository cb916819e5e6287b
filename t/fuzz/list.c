/* t/fuzz/list.c: any text as a list file of networks, domains, or addresses */
/* SPDX-License-Identifier: ISC */

/* The first byte says which. */

#include <string.h>

#include "conf_checks.h"
#include "config/conf.h"
#include "config/conf_file.h"
#include "fuzz.h"

static const char *const lists[] = { "trusted-networks", "local-domains",
    "relay-domains", "own-addresses" };

static void
check_domain(const struct domset *set, const char *s, size_t len)
{
	char name[PATH_DOMAIN_SIZE + 2] = "x.";
	size_t dot = s[0] == '.';

	fuzz_check(path_domain(s + dot, len - dot, name + 2) == NULL, "a domain", s);
	/* what is below an entry with a dot, or the entry itself */
	const char *asked = dot ? name : name + 2;
	if (strlen(asked) <= 253)
		fuzz_check(domset_find(set, asked, strlen(asked)) != NULL, "is found", s);
}

static void
check_network(const struct netset *set, const char *s, size_t len)
{
	struct netset_network network, found;

	fuzz_check(netset_parse(s, len, &network) == NULL, "a network", s);
	fuzz_check(netset_find(set, &network.addr, &found), "is found", s);
	fuzz_check(found.bits >= network.bits, "in the narrowest", s);
}

/* Every line of a list that was taken is in the set. */
static void
check_lines(const struct conf *conf, size_t list, char *text)
{
	const struct policy *policy = &conf->policy;
	const struct buf buf = { .data = text, .len = strlen(text) };
	struct conf_file_line line = { .text = &buf };

	while (conf_file_next(&line)) {
		fuzz_check(line.why == NULL, "no fault in a line", line.entry);
		if (list == 0)
			check_network(policy->trusted_networks, line.entry, line.len);
		else if (list == 3)
			check_network(policy->own_addresses, line.entry, line.len);
		else
			check_domain(list == 1 ? policy->local_domains :
			    policy->relay_domains, line.entry, line.len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char list_path[FUZZ_PATH_SIZE], path[FUZZ_PATH_SIZE], text[128];
	size_t list = size == 0 ? 0 : data[0] % (sizeof(lists) / sizeof(lists[0]));
	size_t skipped = size > 0;
	char *lines = strndup((const char *)data + skipped, size - skipped);

	if (lines == NULL)
		abort();
	int list_fd = fuzz_file(data + skipped, size - skipped, list_path);
	(void)snprintf(text, sizeof(text), "no-local-domains = yes\n%s = { \"file:%s\" }\n", lists[list],
	    list_path);
	int fd = fuzz_file(text, strlen(text), path);
	struct conf *conf = conf_checks_read(path, NULL, 0);
	if (conf != NULL) {
		fuzz_check(strlen(lines) == size - skipped, "no NUL", lines);
		check_lines(conf, list, lines);
		conf_checks_print(conf);
	}
	conf_unref(conf);
	(void)close(fd);
	(void)close(list_fd);
	free(lines);
	return 0;
}
