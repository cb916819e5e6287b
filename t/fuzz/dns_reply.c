/* t/fuzz/dns_reply.c: any bytes as the reply of a name server */
/* SPDX-License-Identifier: ISC */

/*
 * The first byte says which type is asked for. The rest is a header without its id, and what
 * comes behind the question. What passes the check, ldns reads, with the right number of
 * records, each with all of its parts.
 */

#include <string.h>

#include "dns/dns_packet.h"
#include "fuzz.h"

#define HEADER	(DNS_REPLY_HEADER - 2)

static const enum rrset_type types[] = { RRSET_A, RRSET_AAAA, RRSET_MX };

static void
check_rrset(const struct rrset *rrset)
{
	const size_t max = rrset->type == RRSET_MX ? DNS_PACKET_MX_MAX : DNS_PACKET_ADDRS_MAX;

	fuzz_check(rrset->count <= max, "no more than there may be", "");
	fuzz_check(rrset->status == RRSET_FOUND || rrset->count == 0, "none without", "");
	fuzz_check(rrset->status != RRSET_FOUND || rrset->count > 0 || rrset->is_cut,
	    "found something", "");
	fuzz_check(rrset->ttl <= INT32_MAX, "a TTL", "");
	for (size_t i = 0; rrset->mx != NULL && i < rrset->count; i++)
		fuzz_check(rrset->mx[i].is_host == (rrset->mx[i].host[0] != '\0') &&
		    !(rrset->mx[i].is_host && rrset->mx[i].is_null) &&
		    strspn(rrset->mx[i].host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
		    strlen(rrset->mx[i].host), "a host", rrset->mx[i].host);
}

static uint8_t *
make_reply(const uint8_t *data, size_t size, const struct dns_query_bytes *query)
{
	uint8_t *reply = malloc(2 + size + query->question_size);

	if (reply == NULL)
		abort();
	memcpy(reply, query->bytes, 2);
	memcpy(reply + 2, data, HEADER);
	memcpy(reply + DNS_REPLY_HEADER, query->bytes + DNS_REPLY_HEADER,
	    query->question_size);
	memcpy(reply + DNS_REPLY_HEADER + query->question_size, data + HEADER, size - HEADER);
	return reply;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rrset rrset = { .type = types[size > 0 ? data[0] % 3 : 0] };
	struct dns_query_bytes query;
	struct dns_reply reply;
	const char *why;
	uint8_t *bytes;

	if (size < 1 + HEADER)
		return 0;
	fuzz_check(dns_packet_build("a.test", rrset.type, &query) == NULL, "a query", "");
	bytes = make_reply(data + 1, size - 1, &query);
	if (dns_reply_check(bytes, 2 + size - 1 + query.question_size, query.bytes,
	    query.question_size, &reply) == DNS_REPLY_READABLE) {
		why = dns_packet_read(bytes, &reply, &rrset);
		fuzz_check(why == NULL || strcmp(why, "malformed reply") != 0, "is read", "");
		if (why == NULL)
			check_rrset(&rrset);
		else
			fuzz_check(rrset.mx == NULL && rrset.addrs == NULL && rrset.count == 0,
			    "nothing of what was not read", "");
	}
	rrset_clear(&rrset);
	free(bytes);
	return 0;
}
