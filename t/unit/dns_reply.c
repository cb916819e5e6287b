/* t/unit/dns_reply.c: replies of name servers, byte by byte */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "dns/dns_packet.h"
#include "tap.h"

#define BYTES(s)	(s), sizeof(s) - 1
#define QUESTION	"\1a\4test\0\0\17\0\1"
#define ID		"\0\0"
#define COUNTS(an)	"\0\1\0" an "\0\0\0\0"
#define HEADER(an)	ID "\201\200" COUNTS(an)
#define MX(len)		"\300\14\0\17\0\1\0\0\1\54\0" len
#define GOOD		MX("\5") "\0\12\1b\0"

/* Queries have the id 0 here. */
static const struct {
	const char		*name;
	const char		*bytes;
	size_t			 len;
	enum dns_reply_kind	 want;
	unsigned		 rcode;
} rows[] = {
	{ "a good one", BYTES(HEADER("\1") QUESTION GOOD), DNS_REPLY_READABLE, 0 },
	{ "no answer", BYTES(HEADER("\0") QUESTION), DNS_REPLY_READABLE, 0 },
	{ "bytes at the end", BYTES(HEADER("\1") QUESTION GOOD "xyz"), DNS_REPLY_READABLE, 0 },
	{ "capitals in the question",
	    BYTES(HEADER("\1") "\1A\4tEsT\0\0\17\0\1" GOOD), DNS_REPLY_READABLE, 0 },
	{ "nothing", BYTES(""), DNS_REPLY_FOREIGN, 0 },
	{ "eleven bytes", BYTES("\0\0\201\200\0\1\0\0\0\0\0"), DNS_REPLY_FOREIGN, 0 },
	{ "another id", BYTES("\0\1\201\200" COUNTS("\1") QUESTION GOOD), DNS_REPLY_FOREIGN, 0 },
	{ "a query", BYTES("\0\0\1\200" COUNTS("\1") QUESTION GOOD), DNS_REPLY_FOREIGN, 0 },
	{ "another opcode", BYTES("\0\0\251\200" COUNTS("\1") QUESTION GOOD),
	    DNS_REPLY_FOREIGN, 0 },
	{ "another name", BYTES(HEADER("\1") "\1b\4test\0\0\17\0\1" GOOD), DNS_REPLY_FOREIGN, 0 },
	{ "another type", BYTES(HEADER("\1") "\1a\4test\0\0\1\0\1" GOOD), DNS_REPLY_FOREIGN, 0 },
	{ "another class", BYTES(HEADER("\1") "\1a\4test\0\0\17\0\3" GOOD),
	    DNS_REPLY_FOREIGN, 0 },
	{ "a bit that makes a bracket of a letter",
	    BYTES(HEADER("\1") "\1\101\4tes\64\0\0\17\0\1" GOOD), DNS_REPLY_FOREIGN, 0 },
	{ "two questions", BYTES("\0\0\201\200\0\2\0\0\0\0\0\0" QUESTION QUESTION),
	    DNS_REPLY_FOREIGN, 0 },
	{ "a question that is cut off", BYTES(HEADER("\0") "\1a\4tes"), DNS_REPLY_FOREIGN, 0 },
	{ "truncated", BYTES("\0\0\203\200" COUNTS("\1") QUESTION GOOD),
	    DNS_REPLY_TRUNCATED, 0 },
	{ "truncated in the midst", BYTES("\0\0\203\200" COUNTS("\7") QUESTION "\300"),
	    DNS_REPLY_TRUNCATED, 0 },
	{ "SERVFAIL", BYTES("\0\0\201\202" COUNTS("\0") QUESTION), DNS_REPLY_REFUSAL, 2 },
	{ "NXDOMAIN", BYTES("\0\0\201\203" COUNTS("\0") QUESTION), DNS_REPLY_READABLE, 3 },
	{ "a bare FORMERR", BYTES("\0\0\201\201\0\0\0\0\0\0\0\0"), DNS_REPLY_REFUSAL, 1 },
	{ "a bare NOTIMP", BYTES("\0\0\201\204\0\0\0\0\0\0\0\0"), DNS_REPLY_REFUSAL, 4 },
	{ "a bare NXDOMAIN", BYTES("\0\0\201\203\0\0\0\0\0\0\0\0"), DNS_REPLY_FOREIGN, 3 },
	{ "a bare FORMERR with another id", BYTES("\0\1\201\201\0\0\0\0\0\0\0\0"),
	    DNS_REPLY_FOREIGN, 0 },
	{ "BADVERS", BYTES(ID "\201\200\0\1\0\0\0\0\0\1" QUESTION "\0\0\51\4\320\1\0\0\0\0\0"),
	    DNS_REPLY_REFUSAL, 16 },
	{ "EDNS and nothing else",
	    BYTES(ID "\201\200\0\1\0\0\0\0\0\1" QUESTION "\0\0\51\4\320\0\0\0\0\0\0"),
	    DNS_REPLY_READABLE, 0 },
	{ "fewer records than it says", BYTES(HEADER("\2") QUESTION GOOD), DNS_REPLY_MALFORMED, 0 },
	{ "fewer records in ADDITIONAL",
	    BYTES(ID "\201\200\0\1\0\1\0\0\0\1" QUESTION GOOD), DNS_REPLY_MALFORMED, 0 },
	{ "more records than anybody reads", BYTES(ID "\201\200\0\1\1\221\0\0\0\0" QUESTION),
	    DNS_REPLY_TOO_MUCH, 0 },
	{ "more authorities than anybody reads",
	    BYTES(ID "\201\200\0\1\0\0\1\1\0\0" QUESTION), DNS_REPLY_MALFORMED, 0 },
	{ "MX without data", BYTES(HEADER("\1") QUESTION MX("\0")), DNS_REPLY_MALFORMED, 0 },
	{ "MX with half of its data", BYTES(HEADER("\1") QUESTION MX("\2") "\0\12"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "MX with a byte more", BYTES(HEADER("\1") QUESTION MX("\6") "\0\12\1b\0\0"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "MX with a byte less", BYTES(HEADER("\1") QUESTION MX("\4") "\0\12\1b\0"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "MX with a label of a reserved kind",
	    BYTES(HEADER("\1") QUESTION MX("\5") "\0\12\101b\0"), DNS_REPLY_MALFORMED, 0 },
	{ "MX that is a root", BYTES(HEADER("\1") QUESTION MX("\3") "\0\12\0"),
	    DNS_REPLY_READABLE, 0 },
	{ "a pointer back", BYTES(HEADER("\1") QUESTION MX("\4") "\0\12\300\14"),
	    DNS_REPLY_READABLE, 0 },
	{ "a pointer to itself", BYTES(HEADER("\1") QUESTION MX("\4") "\0\12\300\51"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "a pointer ahead", BYTES(HEADER("\1") QUESTION MX("\4") "\0\12\300\60"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "a pointer into the header", BYTES(HEADER("\1") QUESTION MX("\4") "\0\12\300\0"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "a pointer that is cut off", BYTES(HEADER("\1") QUESTION MX("\3") "\0\12\300"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "A with three bytes",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\1\0\1\0\0\0\0\0\3abc"), DNS_REPLY_MALFORMED, 0 },
	{ "A with four bytes",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\1\0\1\0\0\0\0\0\4abcd"), DNS_REPLY_READABLE, 0 },
	{ "AAAA with four bytes",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\34\0\1\0\0\0\0\0\4abcd"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "TXT that is not one",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\20\0\1\0\0\0\0\0\2\11a"), DNS_REPLY_READABLE, 0 },
	{ "CNAME with a byte more",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\5\0\1\0\0\0\0\0\4\1b\0\0"),
	    DNS_REPLY_MALFORMED, 0 },
	{ "SOA that is cut off",
	    BYTES(HEADER("\1") QUESTION "\300\14\0\6\0\1\0\0\0\0\0\2\0\0"), DNS_REPLY_MALFORMED, 0 },
};

#define COUNT	(sizeof(rows) / sizeof(rows[0]))

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static uint8_t *
copy_of(size_t i, size_t len)
{
	uint8_t *bytes = malloc(len > 0 ? len : 1);

	if (bytes == NULL)
		abort();
	memcpy(bytes, rows[i].bytes, len);
	return bytes;
}

static void
test_row(size_t i, const struct dns_query_bytes *query)
{
	uint8_t *bytes = copy_of(i, rows[i].len);
	struct rrset rrset = { .type = RRSET_MX };
	struct dns_reply reply;
	const enum dns_reply_kind kind = dns_reply_check(bytes, rows[i].len, query->bytes,
	    query->question_size, &reply);
	const char *why;

	tap_is_int(kind, rows[i].want, "%s", rows[i].name);
	tap_is_int(reply.rcode, rows[i].rcode, "%s: the rcode", rows[i].name);
	if (kind == DNS_REPLY_READABLE) {
		why = dns_packet_read(bytes, &reply, &rrset);
		tap_ok(why == NULL || strcmp(why, "malformed reply") != 0, "%s: ldns reads it",
		    rows[i].name);
		rrset_clear(&rrset);
	}
	free(bytes);
}

/* Whatever it is cut down to, nothing behind the end is looked at. */
static void
test_cut(size_t i, const struct dns_query_bytes *query)
{
	struct dns_reply reply;

	for (size_t len = 0; len < rows[i].len; len++) {
		uint8_t *bytes = copy_of(i, len);

		(void)dns_reply_check(bytes, len, query->bytes, query->question_size, &reply);
		free(bytes);
	}
}

int
main(void)
{
	struct dns_query_bytes query;

	tap_is_str(dns_packet_build("a.test", RRSET_MX, &query), NULL, "a query is made");
	tap_is_int((long long)query.question_size, sizeof(QUESTION) - 1, "with one question");
	tap_ok(memcmp(query.bytes, "\0\0\1\40\0\1\0\0\0\0\0\1" QUESTION "\0\0\51\4\320",
	    12 + sizeof(QUESTION) - 1 + 5) == 0, "RD, AD, and EDNS of 1232 bytes");
	tap_is_int((long long)query.len, 12 + (long long)sizeof(QUESTION) - 1 + 11,
	    "and nothing else");
	for (size_t i = 0; i < COUNT; i++) {
		test_row(i, &query);
		test_cut(i, &query);
	}
	return tap_done();
}
