/* t/unit/chain_line.c: lines of audit files, and anchors in lines of syslog */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "record/anchors.h"
#include "tap.h"

#define HEAD	"{\"v\":1,\"time\":\"2026-11-24T06:00:01.000000Z\",\"seq\":7,"
#define VALUE	"0123456789abcdef0123456789abcdef"
#define PREV	",\"prev\":\"ffffffffffffffffffffffffffffffff\""
#define CHAIN	",\"chain\":\"" VALUE "\""
#define SIG22	"AAAAAAAAAAAAAAAAAAAAAA"
#define SIG	",\"sig\":\"" SIG22 SIG22 SIG22 "AAAAAAAAAAAAAAAAAAAA==\""

static void
test_lines(void)
{
	static const struct {
		const char	*line;
		int		 is_chained;
		int		 has_prev, has_seq, is_anchor, has_sig;
	} rows[] = {
		{ HEAD "\"event\":\"rcpt\"" CHAIN "}", 1, 0, 1, 0, 0 },
		{ HEAD "\"event\":\"rcpt\"" PREV CHAIN "}", 1, 1, 1, 0, 0 },
		{ HEAD "\"event\":\"anchor\",\"count\":12" CHAIN "}", 1, 0, 1, 1, 0 },
		{ HEAD "\"event\":\"anchor\",\"count\":12" PREV CHAIN SIG "}", 1, 1, 1, 1, 1 },
		{ HEAD "\"event\":\"anchor\"" CHAIN "}", 1, 0, 1, 0, 0 },
		{ HEAD "\"event\":\"anchor\",\"count\":012" CHAIN "}", 1, 0, 1, 0, 0 },
		{ "x" CHAIN "}", 1, 0, 0, 0, 0 },
		{ CHAIN "}", 1, 0, 0, 0, 0 },
		{ "{\"v\":2,\"time\":\"2026-11-24T06:00:01.000000Z\",\"seq\":7,\"x\":1" CHAIN "}",
		    1, 0, 0, 0, 0 },
		{ "{\"v\":1,\"time\":\"2026-11-24T06:00:01.000000Z\",\"seq\":18446744073709551616,"
		    "\"x\":1" CHAIN "}", 1, 0, 0, 0, 0 },
		/* Only an anchor is signed, and nothing else may stand behind a value. */
		{ HEAD "\"event\":\"rcpt\"" CHAIN SIG "}", 0, 0, 0, 0, 0 },
		{ HEAD "\"event\":\"rcpt\"" CHAIN "} ", 0, 0, 0, 0, 0 },
		{ HEAD "\"event\":\"rcpt\"" CHAIN, 0, 0, 0, 0, 0 },
		{ HEAD "\"event\":\"rcpt\"" CHAIN ",\"x\":1}", 0, 0, 0, 0, 0 },
		{ HEAD "\"event\":\"rcpt\",\"chain\": \"" VALUE "\"}", 0, 0, 0, 0, 0 },
		{ HEAD "\"note\":\"\\\"chain\\\":\\\"" VALUE "\"}", 0, 0, 0, 0, 0 },
		{ HEAD "\"event\":\"anchor\",\"count\":12" CHAIN ",\"sig\":\"AAAA==\"}",
		    0, 0, 0, 0, 0 },
		{ "}", 0, 0, 0, 0, 0 },
		{ "", 0, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct chain_line line;
		char text[CHAIN_TEXT_SIZE];

		memset(&line, 0xa5, sizeof(line));
		tap_is_int(chain_line_parse(rows[i].line, strlen(rows[i].line), &line),
		    rows[i].is_chained, "row %zu: %s", i, rows[i].line);
		if (!rows[i].is_chained)
			continue;
		chain_format(line.value, text);
		tap_is_str(text, VALUE, "row %zu: its value", i);
		tap_is_int(line.has_prev, rows[i].has_prev, "row %zu: prev", i);
		tap_is_int((long long)line.seq, rows[i].has_seq ? 7 : 0, "row %zu: seq", i);
		tap_is_int((long long)line.count, rows[i].is_anchor ? 12 : 0, "row %zu: count", i);
		tap_is_int(line.sig[0] != '\0', rows[i].has_sig, "row %zu: sig", i);
		tap_is_int(memcmp(rows[i].line + line.value_at, CHAIN, strlen(CHAIN)), 0,
		    "row %zu: where the value is", i);
		tap_is_int((long long)(line.rest_at - line.value_at), (long long)strlen(CHAIN),
		    "row %zu: and what is behind it", i);
	}
}

#define MESSAGE	"event=anchor count=3 chain=" VALUE " v=1 time=2026-11-24T06:00:01.000000Z seq=9"

static void
test_syslog(void)
{
	static const struct {
		const char	*line;
		int		 count, unreadable;
	} rows[] = {
		{ "Nov 24 06:00:01 mx authrelay-milter[12]: " MESSAGE, 1, 0 },
		{ "Nov  4 06:00:01 mx authrelay-milter[12]: " MESSAGE, 1, 0 },
		{ "Nov 24 06:00:01 mx authrelay-milter: " MESSAGE, 1, 0 },
		{ "2026-11-24T06:00:01.000123+01:00 mx authrelay-milter[12]: " MESSAGE, 1, 0 },
		{ "2026-11-24T06:00:01.000123+01:00 mx authrelay-milter[12] " MESSAGE, 1, 0 },
		{ "<22>1 2026-11-24T06:00:01Z mx authrelay-milter 12 - - " MESSAGE, 1, 0 },
		{ MESSAGE, 1, 0 },
		{ HEAD "\"event\":\"anchor\",\"count\":12" CHAIN "}", 1, 0 },
		/* The program's other lines, and what strangers make others say. */
		{ "Nov 24 06:00:01 mx authrelay-milter[12]: event=rcpt helo=\"" MESSAGE "\"", 0, 0 },
		{ "Nov 24 06:00:01 mx postfix/smtpd[9]: NOQUEUE: helo=<" MESSAGE ">", 0, 0 },
		{ "Nov 24 06:00:01 mx postfix/smtpd[9]: warning: authrelay-milter[12]: " MESSAGE, 0, 0 },
		{ "Nov 24 06:00:01 mx postfix/smtpd[9]: " MESSAGE, 0, 0 },
		{ "Nov 24 06:00:01 mx authrelay-milter2[12]: " MESSAGE, 0, 0 },
		{ "<22>1 2026-11-24T06:00:01Z mx postfix authrelay-milter[1]: - " MESSAGE, 0, 0 },
		{ "a b c d e f g h i " MESSAGE, 0, 0 },
		{ HEAD "\"event\":\"rcpt\"" CHAIN "}", 0, 0 },
		{ "", 0, 0 },
		/* Ours, and damaged. */
		{ "Nov 24 06:00:01 mx authrelay-milter[12]: event=anchor count=3 chain=0123", 0, 1 },
		{ "Nov 24 06:00:01 mx authrelay-milter[12]: event=anchor count=x chain=" VALUE
		    " v=1 time=2026-11-24T06:00:01.000000Z seq=9", 0, 1 },
		{ "event=anchor ", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct anchors anchors;

		anchors_init(&anchors);
		tap_is_int(anchors_add_line(&anchors, rows[i].line, strlen(rows[i].line)), 0,
		    "%s", rows[i].line);
		tap_is_int((long long)anchors.count, rows[i].count, "row %zu: anchors", i);
		tap_is_int((long long)anchors.unreadable, rows[i].unreadable,
		    "row %zu: unreadable", i);
		anchors_clear(&anchors);
	}
}

static void
test_search(void)
{
	static const char *lines[] = { "seq=5", "seq=9", "seq=5", "seq=20", "seq=9" };
	static const struct {
		uint64_t	seq;
		size_t		count;
	} rows[] = { { 1, 0 }, { 5, 1 }, { 6, 0 }, { 9, 1 }, { 20, 1 }, { 21, 0 }, { 5, 1 }, { 9, 1 },
	    { 1, 0 }, { 20, 1 }, { 5, 1 } };
	struct anchors anchors;
	size_t count;

	anchors_init(&anchors);
	anchors_seal(&anchors);
	(void)anchors_at(&anchors, 5, &count);
	tap_is_int((long long)count, 0, "of none");
	for (size_t i = 0; i < 5; i++) {
		char text[200] = "event=anchor count=3 chain=" VALUE " time=t ";

		strcat(text, lines[i]);
		(void)anchors_add_line(&anchors, text, strlen(text));
	}
	anchors_seal(&anchors);
	tap_is_int((long long)anchors.count, 3, "none is there twice");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct anchor *found = anchors_at(&anchors, rows[i].seq, &count);

		tap_is_int((long long)count, (long long)rows[i].count, "how many have %llu",
		    (unsigned long long)rows[i].seq);
		if (count > 0)
			tap_is_int((long long)found->seq, (long long)rows[i].seq, "and they do");
	}
	anchors_clear(&anchors);
}

int
main(void)
{
	test_lines();
	test_syslog();
	test_search();
	return tap_done();
}
