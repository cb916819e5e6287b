/* t/unit/record.c: the audit record as JSON and as key=value */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"
#include "tap.h"

#define HUGE_TEXT	65536
#define TEXTS		23	/* texts in a record */

static struct record
full_record(void)
{
	return (struct record){
		.time_us = 1795502082123456,
		.event = RECORD_RCPT,
		.verdict = "reject",
		.reason = "relay-denied",
		.enforced = 1,
		.reply = "550 5.7.1 Relaying denied; authenticate first",
		.session = "6611f0c39c240.1f",
		.txn = 2,
		.queue_id = "4Qx1",
		.mta = "mx.example.org",
		.daemon = "smtpd",
		.client = "192.0.2.7",
		.client_port = 40000,
		.client_name = "[192.0.2.7]",
		.helo = "client.example",
		.tls = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.cert_subject = "client one",
		.auth = "joe",
		.auth_realm = "mx.example.org",
		.auth_type = "ANONYMOUS",
		.auth_clear = 1,
		.auth_refused = "anonymous",
		.sender = "<joe@example.net>",
		.rcpt = "<ann@example.com>",
		.rcpt_mta = "ann@example.com",
		.domain = "example.com",
		.matched = "local-domains example.org",
		.mx = "example.com: not",
		.elapsed_us = 42,
		.count = -1,
	};
}

static void
texts_of(struct record *r, const char **at[TEXTS])
{
	const char	**all[TEXTS] = {
		&r->verdict, &r->reason, &r->reply, &r->session, &r->queue_id, &r->mta, &r->daemon,
		&r->client, &r->client_name, &r->helo, &r->tls, &r->cipher, &r->cert_subject,
		&r->auth, &r->auth_realm, &r->auth_type, &r->auth_refused, &r->sender, &r->rcpt,
		&r->rcpt_mta,
		&r->domain, &r->matched, &r->mx,
	};

	memcpy(at, all, sizeof all);
}

static void
json_of(struct buf *b, const struct record *record, uint64_t seq)
{
	buf_reset(b);
	record_json_head(b, record->time_us, seq);
	record_json_tail(b, record);
}

static void
line_of(struct buf *b, const struct record *record, uint64_t seq)
{
	buf_reset(b);
	record_line(b, record, seq);
}

static void
test_full(void)
{
	struct record	record = full_record();
	struct buf	b;

	buf_init(&b);
	json_of(&b, &record, 17);
	tap_is_str(b.data,
	    "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":17,\"event\":\"rcpt\","
	    "\"verdict\":\"reject\",\"reason\":\"relay-denied\",\"enforced\":true,"
	    "\"reply\":\"550 5.7.1 Relaying denied; authenticate first\","
	    "\"session\":\"6611f0c39c240.1f\",\"txn\":2,\"queue_id\":\"4Qx1\","
	    "\"mta\":\"mx.example.org\",\"daemon\":\"smtpd\",\"client\":\"192.0.2.7\","
	    "\"client_port\":40000,\"client_name\":\"[192.0.2.7]\",\"helo\":\"client.example\","
	    "\"tls\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\","
	    "\"cert_subject\":\"client one\",\"auth\":\"joe\",\"auth_realm\":\"mx.example.org\","
	    "\"auth_type\":\"ANONYMOUS\","
	    "\"auth_clear\":true,\"auth_refused\":\"anonymous\",\"sender\":\"<joe@example.net>\","
	    "\"rcpt\":\"<ann@example.com>\",\"rcpt_mta\":\"ann@example.com\","
	    "\"domain\":\"example.com\",\"matched\":\"local-domains example.org\","
	    "\"mx\":\"example.com: not\",\"elapsed_us\":42}\n", "everything, as JSON");
	line_of(&b, &record, 17);
	tap_is_str(b.data,
	    "verdict=reject reason=relay-denied event=rcpt enforced=true "
	    "reply=\"550 5.7.1 Relaying denied; authenticate first\" session=6611f0c39c240.1f "
	    "txn=2 queue_id=4Qx1 mta=mx.example.org daemon=smtpd client=192.0.2.7 "
	    "client_port=40000 client_name=[192.0.2.7] helo=client.example tls=TLSv1.3 "
	    "cipher=TLS_AES_256_GCM_SHA384 cert_subject=\"client one\" auth=joe auth_realm=mx.example.org "
	    "auth_type=ANONYMOUS auth_clear=true auth_refused=anonymous sender=<joe@example.net> "
	    "rcpt=<ann@example.com> rcpt_mta=ann@example.com domain=example.com "
	    "matched=\"local-domains example.org\" mx=\"example.com: not\" elapsed_us=42 "
	    "v=1 time=2026-11-24T06:34:42.123456Z seq=17", "everything, as key=value");
	buf_clear(&b);
}

static void
test_events(void)
{
	static const struct {
		enum record_event	 event;
		const char		*name;
	} events[] = {
		{ RECORD_RCPT, "rcpt" },
		{ RECORD_MTA_REJECT, "mta-reject" },
		{ RECORD_MESSAGE, "message" },
		{ RECORD_START, "start" },
		{ RECORD_RELOAD, "reload" },
		{ RECORD_STOP, "stop" },
		{ RECORD_MTA, "mta" },
		{ RECORD_ANCHOR, "anchor" },
		{ RECORD_FLOOD, "flood" },
	};

	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		struct record	record;
		struct buf	b;
		char		want[200];

		memset(&record, 0x55, sizeof record);
		record_init(&record, events[i].event);
		buf_init(&b);
		json_of(&b, &record, 1);
		(void)snprintf(want, sizeof want, "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000000Z\","
		    "\"seq\":1,\"event\":\"%s\"}\n", events[i].name);
		tap_is_str(b.data, want, "only %s is known, as JSON", events[i].name);
		line_of(&b, &record, UINT64_MAX);
		(void)snprintf(want, sizeof want, "event=%s v=1 time=1970-01-01T00:00:00.000000Z "
		    "seq=18446744073709551615", events[i].name);
		tap_is_str(b.data, want, "only %s is known, as key=value", events[i].name);
		buf_clear(&b);
	}
}

/* What is known but empty or zero is written, what is not known is not. */
static void
test_known(void)
{
	struct record	record;
	struct buf	b;

	record_init(&record, RECORD_RCPT);
	record.enforced = 0;
	record.txn = 0;
	record.helo = "";
	record.sender = "<>";
	buf_init(&b);
	json_of(&b, &record, 1);
	tap_is_str(b.data != NULL ? strstr(b.data, ",\"event\"") : NULL,
	    ",\"event\":\"rcpt\",\"enforced\":false,\"txn\":0,\"helo\":\"\",\"sender\":\"<>\"}\n",
	    "false, zero and empty in JSON");
	line_of(&b, &record, 1);
	tap_is_str(b.data, "event=rcpt enforced=false txn=0 helo=\"\" sender=<> "
	    "v=1 time=1970-01-01T00:00:00.000000Z seq=1", "false, zero and empty in key=value");
	buf_clear(&b);
}

static const char *
time_text(struct buf *b, int64_t time_us)
{
	buf_reset(b);
	record_json_head(b, time_us, 1);
	buf_cut(b, b->len - strlen("\",\"seq\":1"));
	return b->data + strlen("{\"v\":1,\"time\":\"");
}

static void
test_time(void)
{
	static const struct {
		int64_t		 time_us;
		const char	*text;
	} times[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ 68169599999999, "1972-02-28T23:59:59.999999Z" },
		{ 68169600000000, "1972-02-29T00:00:00.000000Z" },
		{ 951782400000000, "2000-02-29T00:00:00.000000Z" },
		{ 4107542400000000, "2100-03-01T00:00:00.000000Z" },
		{ 253402300799999999, "9999-12-31T23:59:59.999999Z" },
		{ 253402300800000000, "9999-12-31T23:59:59.999999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999999Z" },
		{ -1, "1970-01-01T00:00:00.000000Z" },
		{ INT64_MIN, "1970-01-01T00:00:00.000000Z" },
	};
	struct buf	b;
	int		wrong = 0;

	buf_init(&b);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		tap_is_str(time_text(&b, times[i].time_us), times[i].text, "time %zu", i);
	/* every day of 1970 to 2500, and steps beyond, against the C library */
	for (int64_t day = 0; day < 2932896; day += day < 193600 ? 1 : 97) {
		time_t		seconds = (time_t)(day * 86400 + day * 7919 % 86400);
		struct tm	tm;
		char		want[40];

		gmtime_r(&seconds, &tm);
		strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000007Z", &tm);
		wrong += strcmp(time_text(&b, (int64_t)seconds * 1000000 + 7), want) != 0;
	}
	tap_is_int(wrong, 0, "the calendar is that of gmtime()");
	buf_clear(&b);
}

/* An anchor's line has all that is in the file: it is what the file is compared with. */
static void
test_anchor(void)
{
	static const char	sig[] = "q6v9zn3vHqVBl0nTfGbLXhCmGT8dS1ieGQdCyqyxgX1tVdKyJZ0FqE4b0y3kN5"
	    "tWcXoYpUuLhRzEoZkzv8rmAQ==";
	struct record		record;
	struct buf		b;
	size_t			len;

	record_init(&record, RECORD_ANCHOR);
	record.count = 41;
	record.prev = "00000000000000000000000000000000";
	record.chain = "0123456789abcdef0123456789abcdef";
	record.sig = sig;
	buf_init(&b);
	line_of(&b, &record, 42);
	tap_is_str(b.data, "event=anchor count=41 prev=00000000000000000000000000000000 "
	    "chain=0123456789abcdef0123456789abcdef sig=\"q6v9zn3vHqVBl0nTfGbLXhCmGT8dS1ieGQdCyqyxg"
	    "X1tVdKyJZ0FqE4b0y3kN5tWcXoYpUuLhRzEoZkzv8rmAQ==\" v=1 "
	    "time=1970-01-01T00:00:00.000000Z seq=42", "an anchor as key=value");
	json_of(&b, &record, 42);
	len = b.len;
	buf_reset(&b);
	record_json_head(&b, record.time_us, 42);
	record_json_body(&b, &record);
	tap_is_int((long long)(b.len + strlen("}\n")), (long long)len, "the body is all but its end");
	tap_ok(strstr(b.data, ",\"count\":41,\"prev\":\"0") != NULL, "count, then the chain");
	buf_clear(&b);
}

/*
 * No control character, not too long, one mark, and the keys that say what was
 * decided.
 */
static int
is_good_line(const struct buf *b, int is_cut)
{
	const char	*end = " cut=yes";
	size_t		 tail = strlen(end);

	if (b->failed || b->len > RECORD_LINE_MAX || strlen(b->data) != b->len)
		return 0;
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->data[i] < 0x20 || b->data[i] == 0x7f)
			return 0;
	if ((b->len > tail && strcmp(b->data + b->len - tail, end) == 0) != is_cut)
		return 0;
	return strncmp(b->data, "verdict=", 8) == 0 && strstr(b->data, " event=rcpt ") != NULL &&
	    strstr(b->data, " seq=18446744073709551615") != NULL;
}

/* Every text is huge, of the bytes that grow most. */
static void
test_worst(void)
{
	static const char	*worst[] = {
		"\xf3\xa0\x81\x81", "\x1b", "\xff", "\"", "\\", "\\x41", "a", "a b", "\n",
		"\xe2\x82\xac", "\xf0\x9f\x93\xa7", "\xe2\x80\xae", "\xc2\x9b", "\xe2\x82", " ",
	};
	char			*text = malloc(HUGE_TEXT + 1);
	struct record		 record = full_record();
	const char		**at[TEXTS];
	struct buf		 b;

	if (text == NULL)
		abort();
	record.txn = record.client_port = record.elapsed_us = record.time_us = INT64_MAX;
	texts_of(&record, at);
	buf_init(&b);
	for (size_t w = 0; w < sizeof worst / sizeof worst[0]; w++) {
		size_t	len = strlen(worst[w]);

		for (size_t i = 0; i < HUGE_TEXT; i++)
			text[i] = worst[w][i % len];
		text[HUGE_TEXT] = '\0';
		for (size_t i = 0; i < TEXTS; i++)
			*at[i] = text;
		line_of(&b, &record, UINT64_MAX);
		tap_ok(is_good_line(&b, 1), "all texts huge, kind %zu: %zu bytes", w, b.len);
		json_of(&b, &record, UINT64_MAX);
		tap_ok(!b.failed && b.len > (size_t)HUGE_TEXT * TEXTS &&
		    strcmp(b.data + b.len - 2, "}\n") == 0 && strchr(b.data, '\n')[1] == '\0',
		    "all texts huge, kind %zu: one whole line of JSON", w);
	}
	buf_clear(&b);
	free(text);
}

/*
 * One text grows byte by byte: the line is whole as long as it fits, then cut, and
 * never too long.
 */
static void
test_edge(void)
{
	struct record	record = full_record();
	char		text[1200];
	struct buf	b;
	size_t		base, whole = 0;
	int		bad = 0;

	buf_init(&b);
	record.rcpt = "";
	line_of(&b, &record, UINT64_MAX);
	base = b.len - 2;
	for (size_t len = 1; len < sizeof text; len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		record.rcpt = text;
		line_of(&b, &record, UINT64_MAX);
		bad += !is_good_line(&b, base + len > RECORD_LINE_MAX);
		if (base + len <= RECORD_LINE_MAX)
			whole = b.len;
	}
	tap_is_int(bad, 0, "a text that grows");
	tap_is_int((long long)whole, RECORD_LINE_MAX, "the longest line is not cut");
	tap_ok(strstr(b.data, " auth=joe ") != NULL && strstr(b.data, "relay-denied") != NULL,
	    "short values stay whole beside a long one");
	tap_ok(strstr(b.data, " rcpt=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa") != NULL &&
	    strstr(b.data, "a...\" rcpt_mta=") != NULL, "the long one is marked where it was cut");
	buf_clear(&b);
}

static void
test_failed(void)
{
	struct record	record = full_record();
	struct buf	b;

	buf_init(&b);
	buf_puts(&b, "before");
	b.failed = 1;
	record_line(&b, &record, 1);
	tap_ok(b.failed && strcmp(b.data, "before") == 0, "without memory nothing is added");
	buf_reset(&b);
	buf_puts(&b, "before ");
	record_line(&b, &record, 1);
	tap_ok(strncmp(b.data, "before verdict=reject ", 22) == 0, "what was there stays");
	buf_clear(&b);
}

static int
put_sample(FILE *fp, const struct record *record, uint64_t *seq)
{
	struct buf	b;
	int		ok;

	buf_init(&b);
	json_of(&b, record, ++*seq);
	ok = !b.failed && fwrite(b.data, 1, b.len, fp) == b.len;
	buf_clear(&b);
	return ok;
}

static int
put_sparse(FILE *fp, enum record_event event, uint64_t *seq)
{
	struct record	record;

	record_init(&record, event);
	record.time_us = 1795502082123456;
	if (event == RECORD_MTA_REJECT || event == RECORD_MESSAGE) {
		record.session = "6611f0c39c240.1f";
		record.txn = 1;
		record.queue_id = "4Qx1";
		record.sender = "<>";
	}
	if (event == RECORD_START || event == RECORD_RELOAD)
		record.note = "mode, local-domains";
	if (event == RECORD_START)
		record.prev = "00000000000000000000000000000000";
	if (event == RECORD_ANCHOR) {
		record.count = 4;
		record.sig = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
	}
	record.chain = "0123456789abcdef0123456789abcdef";
	if (event == RECORD_MTA_REJECT) {
		record.verdict = "tempfail";
		record.reason = "mta-reject";
		record.reply = "4.3.0 try again";
		record.enforced = 1;
		record.rcpt = "<ann@example.com>";
	}
	return put_sample(fp, &record, seq);
}

/* Strange bytes in every text that a stranger can choose. */
static int
put_strange(FILE *fp, const char *text, uint64_t *seq)
{
	struct record	record = full_record();

	record.queue_id = record.mta = record.daemon = record.client_name = record.helo = text;
	record.tls = record.cipher = record.cert_subject = record.auth = record.auth_type = text;
	record.sender = record.rcpt = record.rcpt_mta = record.matched = record.mx = text;
	record.cut = "helo 8190 0123456789abcdef0123456789abcdef";
	return put_sample(fp, &record, seq);
}

/* Records for a reader of JSON to look at: t/build/schema.t. */
static int
write_samples(const char *file)
{
	static const char	*strange[] = {
		"", "\"", "\\", "\\x41", "\n\r\t\b\f", "\033[31m", "\177", "\xc2\x80\xc2\x9f", "\xff\xfe",
		"\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xae", "\xd8\x9c", "\xe2\x81\xa6\xe2\x81\xa9",
		"\xe2\x80\x8b\xe2\x80\x8d\xe2\x81\xa0\xe2\x81\xa4\xef\xbb\xbf\xc2\xad", "\xef\xbf\xb9",
		"\xf3\xa0\x80\x80\xf3\xa0\x81\xbf", "\xef\xb7\x90\xef\xbf\xbe\xf4\x8f\xbf\xbf",
		"\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "gr\xc3\xbc\xc3\x9f. \xf0\x9f\x93\xa7",
		"\",\"verdict\":\"permit", "}\n{\"v\":1", "\\\",\\", "\\u000a", "\xe2\x82\"",
	};
	struct record		 record = full_record();
	uint64_t		 seq = 0;
	FILE			*fp = fopen(file, "w");
	int			 ok = fp != NULL;

	ok = ok && put_sparse(fp, RECORD_START, &seq) && put_sample(fp, &record, &seq);
	ok = ok && put_sparse(fp, RECORD_RELOAD, &seq) && put_sparse(fp, RECORD_MTA_REJECT, &seq);
	for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
		ok = ok && put_strange(fp, strange[i], &seq);
	ok = ok && put_sparse(fp, RECORD_MESSAGE, &seq) && put_sparse(fp, RECORD_STOP, &seq) &&
	    put_sparse(fp, RECORD_ANCHOR, &seq);
	if (fp != NULL && fclose(fp) != 0)
		ok = 0;
	if (!ok)
		perror(file);
	return ok ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--samples") == 0)
		return write_samples(argv[2]);
	test_full();
	test_events();
	test_known();
	test_anchor();
	test_time();
	test_worst();
	test_edge();
	test_failed();
	return tap_done();
}
