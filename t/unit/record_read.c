/* t/unit/record_read.c: lines of an audit file, read back */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "record/record_read.h"
#include "tap.h"

#define HEAD	"{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":17,\"event\":\"rcpt\""
#define TIMED(time)	"{\"v\":1,\"time\":\"" time "\",\"seq\":1,\"event\":\"stop\"}"
#define SAID(text)	HEAD ",\"rcpt\":\"" text "\"}"

static const char	whole[] =
    HEAD ",\"verdict\":\"reject\",\"reason\":\"relay-denied\",\"enforced\":true,"
    "\"reply\":\"550 5.7.1 No\",\"session\":\"6611f0c39c240.1f\",\"txn\":2,\"queue_id\":\"4Qx1\","
    "\"mta\":\"mx.example.org\",\"daemon\":\"smtpd\",\"client\":\"192.0.2.7\",\"client_port\":40000,"
    "\"client_name\":\"[192.0.2.7]\",\"helo\":\"pc\",\"tls\":\"TLSv1.3\",\"cipher\":\"AES\","
    "\"cert_subject\":\"one\",\"auth\":\"joe\",\"auth_realm\":\"r\",\"auth_type\":\"ANONYMOUS\",\"auth_clear\":true,"
    "\"auth_refused\":"
    "\"anonymous\",\"sender\":\"<>\",\"rcpt\":\"<a@example.com>\",\"rcpt_mta\":\"a@example.com\","
    "\"domain\":\"example.com\",\"matched\":\"x y\",\"mx\":\"not\",\"elapsed_us\":42,"
    "\"note\":\"n\",\"cut\":\"helo 300 ff\",\"count\":9,\"prev\":\"00\",\"chain\":\"ff\",\"sig\":\"a+/=\"}";

static void
test_whole(void)
{
	struct record_view	view;

	tap_is_int(record_read(whole, strlen(whole), &view), 0, "a line with every key");
	for (unsigned i = 0; i < RECORD_KEYS; i++)
		tap_ok(view.value[i].at != NULL, "it has %s",
		    record_keys[i].name);
	tap_is_int(view.time_us, 1795502082123456, "its time");
	tap_is_int((long long)view.seq, 17, "its number");
	tap_is_int(view.event, RECORD_RCPT, "its event");
	tap_is_int(view.enforced, 1, "enforced");
	tap_is_int(view.txn, 2, "its transaction");
	tap_is_int(view.client_port, 40000, "its port");
	tap_is_int(view.elapsed_us, 42, "how long it took");
	tap_is_int(view.count, 9, "its count");
	tap_ok(record_text_is(&view.value[RECORD_KEY_CLIENT], "192.0.2.7"), "its client");
	tap_ok(!record_text_is(&view.value[RECORD_KEY_CLIENT], "192.0.2.70"), "no longer one");
	tap_ok(!record_text_is(&view.value[RECORD_KEY_CLIENT], "192.0.2."), "no shorter one");
}

/* No front of a line is one, and nothing beyond it is looked at: a sanitizer would say. */
static void
test_cut(void)
{
	struct record_view	view;
	size_t			read = 0;

	for (size_t length = 0; length < strlen(whole); length++) {
		char	*line = malloc(length + 1);

		if (line == NULL)
			abort();
		memcpy(line, whole, length);
		read += record_read(line, length, &view) == 0;
		free(line);
	}
	tap_is_int((long long)read, 0, "no line that is cut off is read");
}

/* Each byte of the line, replaced by some others, is read or not, but never beyond its end. */
static void
test_changed(void)
{
	static const char	others[] = "\"\\{}:,0x \xff";
	char			line[sizeof whole];
	struct record_view	view;
	size_t			length = strlen(whole), read = 0;

	for (size_t i = 0; i < length; i++)
		for (size_t j = 0; j < sizeof others; j++) {
			memcpy(line, whole, length);
			line[i] = others[j];
			read += record_read(line, length, &view) == 0;
		}
	tap_ok(read > 0 && read < length * sizeof others, "a byte that is another");
}

static const struct {
	const char	*name;
	const char	*line;
	int		 want;
} lines[] = {
	{ "the least", HEAD "}", 0 },
	{ "an event of another time to come", "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\","
	    "\"seq\":1,\"event\":\"anchored\"}", 0 },
	{ "some keys", HEAD ",\"txn\":1,\"sig\":\"\"}", 0 },
	{ "nothing", "", -1 },
	{ "an object without keys", "{}", -1 },
	{ "no version", "{\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1,\"event\":\"rcpt\"}",
	    -1 },
	{ "no time", "{\"v\":1,\"seq\":1,\"event\":\"rcpt\"}", -1 },
	{ "no number", "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"event\":\"rcpt\"}", -1 },
	{ "no event", "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1}", -1 },
	{ "version 2", "{\"v\":2,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1,"
	    "\"event\":\"rcpt\"}", -1 },
	{ "version 0", "{\"v\":0,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1,"
	    "\"event\":\"rcpt\"}", -1 },
	{ "something behind it", HEAD "}}", -1 },
	{ "a blank behind it", HEAD "} ", -1 },
	{ "a blank in it", HEAD ", \"txn\":1}", -1 },
	{ "a comma at the end", HEAD ",}", -1 },
	{ "another order", HEAD ",\"txn\":1,\"reply\":\"x\"}", -1 },
	{ "a key twice", HEAD ",\"txn\":1,\"txn\":1}", -1 },
	{ "a key that is none", HEAD ",\"colour\":\"red\"}", -1 },
	{ "half a key", HEAD ",\"tx\":1}", -1 },
	{ "no key", HEAD ",\"\":1}", -1 },
	{ "a number for a text", HEAD ",\"auth\":1}", -1 },
	{ "a text for a number", HEAD ",\"txn\":\"1\"}", -1 },
	{ "null", HEAD ",\"auth\":null}", -1 },
	{ "a list", HEAD ",\"auth\":[]}", -1 },
	{ "an object", HEAD ",\"auth\":{}}", -1 },
	{ "false", HEAD ",\"enforced\":false}", 0 },
	{ "neither true nor false", HEAD ",\"enforced\":tru}", -1 },
	{ "truth that goes on", HEAD ",\"enforced\":truest}", -1 },
	{ "a number below 0", HEAD ",\"txn\":-1}", -1 },
	{ "a number with a point", HEAD ",\"txn\":1.0}", -1 },
	{ "a number with a nought in front", HEAD ",\"txn\":01}", -1 },
	{ "nought", HEAD ",\"txn\":0}", 0 },
	{ "the highest number", HEAD ",\"txn\":9223372036854775807}", 0 },
	{ "too high a number", HEAD ",\"txn\":9223372036854775808}", -1 },
	{ "the highest sequence number", "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\","
	    "\"seq\":18446744073709551615,\"event\":\"rcpt\"}", 0 },
	{ "too high a one", "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\","
	    "\"seq\":18446744073709551616,\"event\":\"rcpt\"}", -1 },
	{ "a leap day", TIMED("2028-02-29T23:59:59.999999Z"), 0 },
	{ "no leap day", TIMED("2026-02-29T00:00:00.000000Z"), -1 },
	{ "no leap day in 2100", TIMED("2100-02-29T00:00:00.000000Z"), -1 },
	{ "one in 2000", TIMED("2000-02-29T00:00:00.000000Z"), 0 },
	{ "the first second", TIMED("1970-01-01T00:00:00.000000Z"), 0 },
	{ "the last one", TIMED("9999-12-31T23:59:59.999999Z"), 0 },
	{ "before the first", TIMED("1969-12-31T23:59:59.999999Z"), -1 },
	{ "month 13", TIMED("2026-13-01T00:00:00.000000Z"), -1 },
	{ "month 0", TIMED("2026-00-01T00:00:00.000000Z"), -1 },
	{ "day 0", TIMED("2026-01-00T00:00:00.000000Z"), -1 },
	{ "day 31 of April", TIMED("2026-04-31T00:00:00.000000Z"), -1 },
	{ "hour 24", TIMED("2026-01-01T24:00:00.000000Z"), -1 },
	{ "minute 60", TIMED("2026-01-01T00:60:00.000000Z"), -1 },
	{ "second 60", TIMED("2026-01-01T00:00:60.000000Z"), -1 },
	{ "a time without Z", TIMED("2026-01-01T00:00:00.0000000"), -1 },
	{ "milliseconds", TIMED("2026-01-01T00:00:00.000Z"), -1 },
	{ "a raw line end", SAID("a\nb"), -1 },
	{ "a raw escape character", SAID("a\033b"), -1 },
	{ "UTF-8", SAID("\303\274\360\237\230\200"), 0 },
	{ "no UTF-8", SAID("\303"), -1 },
	{ "an overlong form", SAID("\300\257"), -1 },
	{ "short escapes", SAID("\\\"\\\\\\/\\b\\f\\n\\r\\t"), 0 },
	{ "an escape that is none", SAID("\\x41"), -1 },
	{ "an escape in octal", SAID("\\0"), -1 },
	{ "a long escape", SAID("\\u001b\\u202E"), 0 },
	{ "three digits", SAID("\\u001"), -1 },
	{ "no digits", SAID("\\u00g0"), -1 },
	{ "NUL", SAID("\\u0000"), -1 },
	{ "a surrogate pair", SAID("\\ud83d\\ude00"), 0 },
	{ "half a pair", SAID("\\ud83d"), -1 },
	{ "the other half", SAID("\\ude00"), -1 },
	{ "two first halves", SAID("\\ud83d\\ud83d"), -1 },
	{ "half a pair and a letter", SAID("\\ud83d\\u0041"), -1 },
};

static void
test_lines(void)
{
	struct record_view	view;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		size_t	 length = strlen(lines[i].line);
		char	*line = malloc(length + 1);

		if (line == NULL)
			abort();
		memcpy(line, lines[i].line, length);
		tap_is_int(record_read(line, length, &view), lines[i].want, "%s",
		    lines[i].name);
		free(line);
	}
}

#define NAMED(event)	"{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":1,\"event\":\"" event "\"}"

static const struct {
	const char	*line;
	int		 want;
} events[] = {
	{ NAMED("rcpt"), RECORD_RCPT },
	{ NAMED("mta-reject"), RECORD_MTA_REJECT },
	{ NAMED("message"), RECORD_MESSAGE },
	{ NAMED("start"), RECORD_START },
	{ NAMED("reload"), RECORD_RELOAD },
	{ NAMED("stop"), RECORD_STOP },
	{ NAMED("anchor"), RECORD_ANCHOR },
	{ NAMED("mta"), RECORD_MTA },
	{ NAMED("flood"), RECORD_FLOOD },
	{ NAMED("another"), -1 },
	{ NAMED(""), -1 },
};

static void
test_events(void)
{
	struct record_view	view;

	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		(void)record_read(events[i].line, strlen(events[i].line), &view);
		tap_is_int(view.event, events[i].want, "the event in %s", events[i].line);
	}
}

static const struct {
	const char	*line;
	int64_t		 want;
} times[] = {
	{ TIMED("1970-01-01T00:00:00.000001Z"), 1 },
	{ TIMED("2000-03-01T00:00:00.000000Z"), 951868800000000 },
	{ TIMED("2028-02-29T12:00:00.000000Z"), 1835438400000000 },
	{ TIMED("9999-12-31T23:59:59.999999Z"), 253402300799999999 },
};

static void
test_times(void)
{
	struct record_view	view;

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		(void)record_read(times[i].line, strlen(times[i].line), &view);
		tap_is_int(view.time_us, times[i].want, "the time in %s", times[i].line);
	}
}

static const struct {
	const char	*line;
	const char	*want;
} texts[] = {
	{ SAID(""), "" },
	{ SAID("<a@b>"), "<a@b>" },
	{ SAID("a\\\"b\\\\c\\/d"), "a\"b\\c/d" },
	{ SAID("\\b\\f\\n\\r\\t"), "\b\f\n\r\t" },
	{ SAID("\\u0041\\u00fc\\u20AC\\ud83d\\ude00z"), "A\303\274\342\202\254\360\237\230\200z" },
	{ SAID("\\\\xff"), "\\xff" },
	{ SAID("\303\274"), "\303\274" },
};

static void
test_texts(void)
{
	struct record_view	view;
	struct buf		b;

	buf_init(&b);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		(void)record_read(texts[i].line, strlen(texts[i].line), &view);
		buf_reset(&b);
		buf_puts(&b, "");
		record_text_add(&view.value[RECORD_KEY_RCPT], &b);
		tap_is_str(b.data, texts[i].want, "the text in %s", texts[i].line);
	}
	buf_reset(&b);
	record_text_add(&view.value[RECORD_KEY_AUTH], &b);
	tap_is_int((long long)b.len, 0, "what is absent adds nothing");
	buf_clear(&b);
}

static const struct {
	const char	*cut;
	const char	*names;		/* that are cut */
} cut_lines[] = {
	{ "helo 300 0123", "helo" },
	{ "helo 300 0123, rcpt 400 4567", "helo rcpt" },
	{ "rcpt_mta 400 4567", "rcpt_mta" },
	{ "auth_realm 1 0", "auth_realm" },
	{ "helo 300 0123, ...", "helo rcpt rcpt_mta auth auth_realm" },
	{ "", "" }, { "helo", "" }, { "xhelo 1 0", "" }, { "helo 1 rcpt", "helo" }, { ",", "" },
	{ "helo 1,rcpt 2", "helo rcpt" }, { ", ", "" }, { ",,,", "" },
};

/* Which values are but a beginning; a record without the key has none. */
static void
test_cut_key(void)
{
	static const char	*names[] = { "helo", "rcpt", "rcpt_mta", "auth", "auth_realm" };
	struct record_view	view;
	char			line[400], got[100];

	for (size_t i = 0; i < sizeof cut_lines / sizeof cut_lines[0]; i++) {
		(void)snprintf(line, sizeof line, HEAD ",\"cut\":\"%s\"}", cut_lines[i].cut);
		tap_is_int(record_read(line, strlen(line), &view), 0, "cut is \"%s\"", cut_lines[i].cut);
		got[0] = '\0';
		for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
			if (record_is_cut(&view, record_key_find(names[j], strlen(names[j]))))
				(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s",
				    got[0] == '\0' ? "" : " ", names[j]);
		tap_is_str(got, cut_lines[i].names, "  what is cut");
	}
	(void)record_read(whole, strlen(whole), &view);
	tap_ok(!record_is_cut(&view, RECORD_KEY_RCPT), "another is not");
	(void)record_read(HEAD "}", strlen(HEAD "}"), &view);
	tap_ok(!record_is_cut(&view, RECORD_KEY_HELO), "without the key nothing is");
}

static void
test_names(void)
{
	tap_is_int(record_key_find("client_port", 11), RECORD_KEY_CLIENT_PORT, "a name");
	tap_is_int(record_key_find("client", 6), RECORD_KEY_CLIENT, "one that begins alike");
	tap_is_int(record_key_find("clien", 5), RECORD_KEYS, "half a name");
	tap_is_int(record_key_find("", 0), RECORD_KEYS, "no name");
}

int
main(void)
{
	test_whole();
	test_cut();
	test_changed();
	test_lines();
	test_events();
	test_times();
	test_texts();
	test_cut_key();
	test_names();
	return tap_done();
}
