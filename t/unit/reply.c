/* t/unit/reply.c: what the client is told */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "core/reply.h"
#include "tap.h"

#define T60	"012345678901234567890123456789012345678901234567890123456789"
#define T480	T60 T60 T60 T60 T60 T60 T60 T60

static const struct {
	const char	*line;
	int		 is_good;
} rows[] = {
	{ "550 5.7.1 Relaying denied; authenticate first",	1 },
	{ "554 5.7.1 x",					1 },
	{ "530 5.7.0 100% sure",				1 },
	{ "550 5.123.123 x",					1 },
	{ "550 5.7.1 " T480,					1 },
	{ "550 5.7.1 " T480 "x",				0 },
	{ "450 4.7.1 Relaying denied",				0 },
	{ "550 4.7.1 two classes",				0 },
	{ "450 5.7.1 two classes",				0 },
	{ "250 2.1.5 fine",					0 },
	{ "521 5.7.1 this ends the session",			0 },
	{ "560 5.7.1 no such code",				0 },
	{ "55 5.7.1 x",						0 },
	{ "5500 5.7.1 x",					0 },
	{ "550  5.7.1 x",					0 },
	{ "550 5.7 x",						0 },
	{ "550 5.7.1.2 x",					0 },
	{ "550 5x7.1 x",					0 },
	{ "550 5.:.1 x",					0 },
	{ "550 5.7.1 \x7f",					0 },
	{ "550 5.07.1 x",					0 },
	{ "550 5.7.1234 x",					0 },
	{ "550 5.7.1",						0 },
	{ "550 5.7.1 ",						0 },
	{ "550 5.7.1  x",					0 },
	{ "550",						0 },
	{ "550 Relaying denied",				0 },
	{ "550 5.7.1 two\r\nlines",				0 },
	{ "550 5.7.1 two\nlines",				0 },
	{ "550 5.7.1 a\ttab",					0 },
	{ "550 5.7.1 caf\xc3\xa9",				0 },
	{ "550 5.7.1 \x1b[31mred",				0 },
	{ " 550 5.7.1 x",					0 },
	{ "",							0 },
};

static void
check(size_t i)
{
	char line[REPLY_LINE_SIZE];
	struct reply reply;
	const char *why = reply_parse(rows[i].line, &reply);

	tap_ok((why == NULL) == rows[i].is_good, "%.40s: %s", rows[i].line, why == NULL ? "taken" : why);
	if (why == NULL) {
		reply_format(&reply, line);
		tap_is_str(line, rows[i].line, "  and comes back");
	}
}

/*
 * Every reason that is no permit has a reply whose two codes are of the class of its
 * verdict.
 */
static void
check_reason(enum policy_reason reason, char class, const struct reply *denied)
{
	const struct reply *reply = reply_for(reason, denied);

	tap_ok(reply->code[0] == class && reply->status[0] == class && reply->text[0] != '\0',
	    "%s: %s %s %s", policy_reason_name(reason), reply->code, reply->status, reply->text);
}

int
main(void)
{
	const struct reply denied = { "550", "5.7.1", "No" };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(i);
	check_reason(POLICY_AUTHENTICATION_REQUIRED, '5', &denied);
	check_reason(POLICY_OVERSIZED, '5', &denied);
	check_reason(POLICY_MALFORMED_ADDRESS, '5', &denied);
	check_reason(POLICY_ROUTED_ADDRESS, '5', &denied);
	check_reason(POLICY_DIVERGENCE, '5', &denied);
	check_reason(POLICY_RELAY_DENIED, '5', &denied);
	check_reason(POLICY_DNS_FAILURE, '4', &denied);
	check_reason(POLICY_TABLE_FAILURE, '4', &denied);
	check_reason(POLICY_INTERNAL, '4', &denied);
	check_reason(POLICY_TOO_MANY, '4', &denied);
	tap_ok(reply_for(POLICY_RELAY_DENIED, &denied) == &denied, "relaying is denied in the given words");
	tap_ok(reply_for(POLICY_ROUTED_ADDRESS, &denied) == &denied, "so is routing");
	tap_is_str(reply_for(POLICY_AUTHENTICATION_REQUIRED, &denied)->code, "530", "RFC 4954 has 530");
	tap_is_str(reply_for(POLICY_OVERSIZED, &denied)->code, "501", "too long is bad syntax");
	tap_is_str(reply_for(POLICY_DNS_FAILURE, &denied)->status, "4.4.3", "RFC 3463 has 4.4.3");
	tap_is_str(reply_for(POLICY_TOO_MANY, &denied)->status, "4.7.1", "Postfix has 4.7.1 for its limits");
	return tap_done();
}
