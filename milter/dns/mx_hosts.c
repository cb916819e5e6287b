/* milter/dns/mx_hosts.c: mail exchangers of a domain, sorted by preference */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "dns/mx_hosts.h"

#define NAME_MAX_LEN	253	/* RFC 1035 §2.3.4, as text */
#define LABEL_MAX_LEN	63

static int
is_name_character(char c)
{
	return ascii_is_lower(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

int
mx_is_host_name(const char *name)
{
	size_t labels = 0, len = strlen(name);
	int has_letter;

	if (len > NAME_MAX_LEN)
		return 0;
	for (const char *s = name;; s++) {
		const char *label = s;
		for (has_letter = 0; is_name_character(*s); s++)
			has_letter |= !ascii_is_digit(*s);
		if (s == label || s - label > LABEL_MAX_LEN)
			return 0;
		labels++;
		if (*s == '\0')
			return labels >= 2 && has_letter;
		if (*s != '.')
			return 0;
	}
}

static int
compare_hosts(const void *a, const void *b)
{
	const struct mx_host *one = a, *other = b;

	if (one->preference != other->preference)
		return one->preference < other->preference ? -1 : 1;
	return strcmp(one->name, other->name);
}

static void
drop_duplicates(struct mx_hosts *hosts)
{
	struct mx_host *list = hosts->list;
	size_t kept = 0, j;

	for (size_t i = 0; i < hosts->count; i++) {
		for (j = 0; j < kept; j++)
			if (list[i].is_host && list[j].is_host &&
			    strcmp(list[i].name, list[j].name) == 0)
				break;
		if (j == kept)
			list[kept++] = list[i];
	}
	hosts->count = kept;
}

static void
add_host(struct mx_hosts *hosts, unsigned preference, const char *name, int is_host)
{
	struct mx_host *host = &hosts->list[hosts->count++];

	host->preference = preference;
	host->is_host = is_host && mx_is_host_name(name);
	if (host->is_host)
		memcpy(host->name, name, strlen(name) + 1);
}

const char *
mx_hosts_read(struct mx_hosts *hosts, const struct rrset *rrset)
{
	if (rrset->is_cut || rrset->count > MX_RECORDS_MAX)
		return "more than 100 MX records, or aliases without an end";
	/* RFC 7505 §3 forbids company; a set with it in is as Postfix has it */
	for (size_t i = 0; i < rrset->count; i++)
		if (rrset->mx[i].is_null)
			return rrset->count == 1 ? "null MX" :
			    "null MX beside other MX records";
	for (size_t i = 0; i < rrset->count; i++)
		add_host(hosts, rrset->mx[i].preference, rrset->mx[i].host,
		    rrset->mx[i].is_host);
	qsort(hosts->list, hosts->count, sizeof(hosts->list[0]), compare_hosts);
	drop_duplicates(hosts);
	return NULL;
}

void
mx_hosts_set_implicit(struct mx_hosts *hosts, const char *domain)
{
	add_host(hosts, 0, domain, 1);
}

int
mx_hosts_is_best(const struct mx_hosts *hosts, size_t host)
{
	return hosts->list[host].preference == hosts->list[0].preference;
}

size_t
mx_hosts_find(const struct mx_hosts *hosts, const struct domset *names)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct mx_host *host = &hosts->list[i];
		if (host->is_host &&
		    domset_find(names, host->name, strlen(host->name)) != NULL)
			return i;
	}
	return MX_NO_HOST;
}
