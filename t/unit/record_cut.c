/* t/unit/record_cut.c: no record is longer than it may be, whatever is in it */
/* SPDX-License-Identifier: ISC */

/*
 * The line for syslog as it would be if there were 20 keys more, each of 22 bytes (a name
 * of 12, and a value cut to 8): with so much less room for those that there are.
 */
#define RECORD_LINE_MAX		(1023 - 20 * 22)
#define record_init		tight_init
#define record_json_head	tight_json_head
#define record_json_body	tight_json_body
#define record_json_tail	tight_json_tail
#define record_line		tight_line
#include "record/record.c"
#undef record_init
#undef record_json_head
#undef record_json_body
#undef record_json_tail
#undef record_line

#include <stdio.h>
#include <stdlib.h>

#include "record/record_cut.h"
#include "tap.h"

/* Each text of a record. */
#define FOR_TEXTS(key) \
	for (const struct record_key_row *key = record_keys; key < record_keys + RECORD_KEYS; key++) \
		if (key->kind == RECORD_KIND_TEXT && key->offset != 0)

#define HUGE_TEXT	70000
#define LINE_MAX_REAL	1023

/* Those of the daemon. */
void	record_init(struct record *, enum record_event);
void	record_json_head(struct buf *, int64_t time_us, uint64_t seq);
void	record_json_tail(struct buf *, const struct record *);
void	record_line(struct buf *, const struct record *, uint64_t seq);

static struct record
plain_record(void)
{
	struct record	record;

	record_init(&record, RECORD_RCPT);
	record.time_us = 1795502082123456;
	record.verdict = "reject";
	record.reason = "authentication-required";
	record.enforced = 0;
	record.session = "6611f0c39c240.ffffffffffffffff";
	record.client = "2001:0db8:ffff:ffff:ffff:ffff:ffff:ffff";
	record.auth_refused = "incomplete";
	record.txn = 4294967295;
	record.client_port = 65535;
	record.elapsed_us = 9999999999;
	return record;
}

/* Each text that may be cut. */
static void
fill(struct record *record, const char *text)
{

	FOR_TEXTS(key)
		if (key->max != 0)
			memcpy((char *)record + key->offset, &text, sizeof(text));
}

/* The longest line of the file that it can be in. */
static size_t
json_length(const struct record *record)
{
	struct record	sealed = *record;
	struct buf	b;
	size_t		length;

	sealed.prev = sealed.chain = "0123456789abcdef0123456789abcdef";
	buf_init(&b);
	record_json_head(&b, INT64_MAX, UINT64_MAX);
	record_json_tail(&b, &sealed);
	length = b.len;
	buf_clear(&b);
	return length;
}

#define SHA_A300	"9835fa6bf4e20a9b9ea812506302e989"	/* printf %0300d | tr 0 a | sha256sum | cut -c 1-32 */

static void
test_limits(void)
{
	static const struct {
		const char	*name;
		size_t		 max;
	} limits[] = {
		{ "reply", 512 }, { "queue_id", 64 }, { "mta", 255 }, { "daemon", 64 },
		{ "client_name", 255 }, { "helo", 255 }, { "tls", 64 }, { "cipher", 64 },
		{ "cert_subject", 255 }, { "auth", 255 }, { "auth_realm", 255 },
		{ "auth_type", 64 }, { "sender", 322 }, { "rcpt", 322 }, { "rcpt_mta", 322 },
		{ "domain", 255 }, { "matched", 512 }, { "mx", 512 }, { "note", 1024 },
	};
	size_t			 i = 0;
	char			*text = malloc(2000);

	FOR_TEXTS(key) {
		struct record		 record = plain_record();
		struct record_cut	 cut;
		const char		*at;

		if (key->max == 0)
			continue;
		if (text == NULL || i == sizeof limits / sizeof limits[0])
			break;
		tap_is_str(key->name, limits[i].name, "text %zu", i);
		memset(text, 'a', 2000);
		text[limits[i].max] = '\0';
		memcpy((char *)&record + key->offset, &text, sizeof text);
		tap_is_int(record_cut(&record, &cut), 0, "  as long as it may be");
		memcpy(&at, (char *)&cut.record + key->offset, sizeof at);
		tap_ok(at == text && cut.record.cut == NULL, "  is left alone");
		record_cut_clear(&cut);
		text[limits[i].max] = 'b';
		text[limits[i].max + 1] = '\0';
		tap_is_int(record_cut(&record, &cut), 0, "  one byte more");
		memcpy(&at, (char *)&cut.record + key->offset, sizeof at);
		tap_is_int((long long)strlen(at), (long long)limits[i].max, "  is cut to it");
		tap_is_str(at + strlen(at) - 4, "a...", "  and marked");
		record_cut_clear(&cut);
		i++;
	}
	tap_is_int((long long)i, sizeof limits / sizeof limits[0], "every text has a limit");
	free(text);
}

static void
test_hash(void)
{
	struct record		record = plain_record();
	struct record_cut	cut;
	char			text[301], want[400];

	memset(text, 'a', 300);
	text[300] = '\0';
	record.helo = text;
	record.rcpt = "<ann@example.com>";
	tap_is_int(record_cut(&record, &cut), 0, "a HELO name of 300 bytes");
	tap_is_str(cut.record.cut, "helo 300 " SHA_A300, "  has its length and its SHA-256");
	tap_ok(cut.record.rcpt == record.rcpt, "  what is short stays");
	(void)snprintf(want, sizeof want, ",\"cut\":\"helo 300 %s\"", SHA_A300);
	tap_ok(cut.body.data != NULL && strstr(cut.body.data, want) != NULL, "  in the file");
	record_cut_clear(&cut);

	/* what the session had kept of it, and of what */
	text[255] = '\0';
	tap_is_int(record_whole_set(&record.helo_whole, "abc", 3), 0, "a text of which the end was not kept");
	tap_is_str(record.helo_whole.hash, "ba7816bf8f01cfea414140de5dae2223", "  its SHA-256 as FIPS 180-4 has it");
	record.helo_whole.length = 8190;
	tap_is_int(record_cut(&record, &cut), 0, "  is cut");
	tap_is_str(cut.record.cut, "helo 8190 ba7816bf8f01cfea414140de5dae2223", "  by what it was");
	tap_is_int((long long)strlen(cut.record.helo), 255, "  and is no longer than another");
	record_cut_clear(&cut);
	record.helo = "short";
	tap_is_int(record_cut(&record, &cut), 0, "a short beginning");
	tap_is_str(cut.record.helo, "short...", "  is marked all the same");
	record_cut_clear(&cut);
}

/* A text ends between two characters, and what comes before it is what was sent. */
static void
test_characters(void)
{
	static const struct {
		const char	*unit;
		size_t		 want;	/* of 252 bytes in JSON, how many of the text */
	} rows[] = {
		{ "a", 252 }, { "\xc3\xa4", 252 }, { "\xe2\x82\xac", 252 }, { "\xf0\x9f\x98\x80", 252 },
		{ "\"", 126 }, { "\\", 50 }, { "\x01", 42 }, { "\xff", 50 }, { "\xe2\x80\xae", 126 },
		{ "\xf3\xa0\x81\x81", 84 }, { "\\x41", 124 },
	};
	char	text[2001];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct record		record = plain_record();
		struct record_cut	cut;
		size_t			unit = strlen(rows[i].unit);
		struct buf		b;

		for (size_t j = 0; j < 2000; j++)
			text[j] = rows[i].unit[j % unit];
		text[2000 - 2000 % unit] = '\0';
		record.helo = text;
		tap_is_int(record_cut(&record, &cut), 0, "characters %zu", i);
		tap_is_int((long long)strlen(cut.record.helo), (long long)rows[i].want + 3,
		    "  so many of its bytes, and the mark");
		tap_ok(strncmp(cut.record.helo, text, rows[i].want) == 0 &&
		    strcmp(cut.record.helo + rows[i].want, "...") == 0, "  its beginning");
		buf_init(&b);
		encode_json(&b, cut.record.helo, strlen(cut.record.helo));
		tap_ok(b.len <= 255 + 2, "  %zu bytes in the file", b.len - 2);
		buf_clear(&b);
		record_cut_clear(&cut);
	}
}

static const char	*const kinds[] = {
	"a", "\"", "\\", "\\x41", "\x01", "\n", "\x7f", "\xff", "\xe2\x82", "\xe2\x80\xae",
	"\xf3\xa0\x81\x81", "\xf0\x9f\x98\x80", "a b", "...", ", helo 1 ",
};

/* All texts at once, of any length: no line of the file is too long, none has a control. */
static void
test_worst(void)
{
	static const size_t	lengths[] = { 1, 7, 40, 90, 255, 322, 600, 2048, HUGE_TEXT };
	char			*text = malloc(HUGE_TEXT + 1);
	size_t			 longest = 0, too_long = 0, unclean = 0, longest_line = 0, lost = 0;

	for (size_t k = 0; text != NULL && k < sizeof kinds / sizeof kinds[0]; k++)
		for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
			struct record		 record = plain_record();
			struct record_cut	 cut;
			struct buf		 line;
			size_t			 length;

			for (size_t i = 0; i < lengths[l]; i++)
				text[i] = kinds[k][i % strlen(kinds[k])];
			text[lengths[l]] = '\0';
			fill(&record, text);
			if (record_cut(&record, &cut) == -1)
				lost++;
			length = json_length(&cut.record);
			longest = length > longest ? length : longest;
			too_long += length > RECORD_JSON_MAX;
			for (size_t i = 0; i < cut.body.len; i++)
				unclean += (unsigned char)cut.body.data[i] < ' ';
			FOR_TEXTS(key) {
				const char	*at;

				memcpy(&at, (char *)&cut.record + key->offset, sizeof at);
				lost += key->max != 0 && at == NULL;
			}
			buf_init(&line);
			record_line(&line, &cut.record, UINT64_MAX);
			longest_line = line.len > longest_line ? line.len : longest_line;
			buf_clear(&line);
			record_cut_clear(&cut);
		}
	tap_is_int((long long)too_long, 0, "no line of the file is longer than %d bytes",
	    RECORD_JSON_MAX);
	tap_ok(longest > RECORD_JSON_MAX - 200, "  the longest has %zu", longest);
	tap_is_int((long long)unclean, 0, "  none has a control character");
	tap_is_int((long long)lost, 0, "  and no key is left out");
	tap_ok(longest_line <= LINE_MAX_REAL && longest_line > LINE_MAX_REAL - 200,
	    "the longest line for syslog has %zu", longest_line);
	free(text);
}

/* One huge text leaves the others alone, and what is cut is cut to one length. */
static void
test_shares(void)
{
	char			*huge = malloc(HUGE_TEXT + 1);
	struct record		 record = plain_record();
	struct record_cut	 cut;

	if (huge == NULL)
		abort();
	memset(huge, 'x', HUGE_TEXT);
	huge[HUGE_TEXT] = '\0';
	record.helo = record.sender = record.rcpt = record.rcpt_mta = record.client_name = huge;
	record.reply = "550 5.7.1 Relaying denied; authenticate first";
	record.auth = "joe@example.com";
	record.matched = "trusted-networks 192.0.2.0/24";
	tap_is_int(record_cut(&record, &cut), 0, "five huge texts");
	tap_ok(cut.record.reply == record.reply && cut.record.auth == record.auth &&
	    cut.record.matched == record.matched, "  leave the others whole");
	tap_ok(strlen(cut.record.helo) == strlen(cut.record.sender) &&
	    strlen(cut.record.helo) == strlen(cut.record.rcpt_mta), "  all are cut to one length");
	tap_ok(strlen(cut.record.rcpt) >= 80, "  of %zu bytes", strlen(cut.record.rcpt));
	tap_ok(strstr(cut.record.cut, "client_name 70000 ") == cut.record.cut &&
	    strstr(cut.record.cut, ", helo 70000 ") != NULL &&
	    strstr(cut.record.cut, ", sender 70000 ") != NULL &&
	    strstr(cut.record.cut, ", rcpt 70000 ") != NULL &&
	    strstr(cut.record.cut, ", rcpt_mta 70000 ") != NULL, "  each has its hash");
	record_cut_clear(&cut);
	free(huge);
}

static void
set_all(struct record *record, const char *text)
{

	FOR_TEXTS(key)
		memcpy((char *)record + key->offset, &text, sizeof(text));
}

/* With a room that the keys of today fill to the last: nothing fails, and nothing loops. */
static void
test_line(void)
{
	struct record		 record = plain_record();
	char			 text[601], name[40];
	struct buf		 line;
	int			 missing = 0;

	memset(text, '"', 600);
	text[600] = '\0';
	set_all(&record, text);
	record.count = record.txn = record.client_port = record.elapsed_us = INT64_MAX;
	buf_init(&line);
	record_line(&line, &record, UINT64_MAX);
	tap_ok(line.len > 800 && line.len <= LINE_MAX_REAL,
	    "every key has 600 quotation marks: %zu bytes", line.len);
	tap_ok(strstr(line.data, " sig=\"") != NULL, "  no key is left out");
	tap_ok(strcmp(line.data + line.len - 8, " cut=yes") == 0, "  and the last word says so");
	buf_reset(&line);
	tight_line(&line, &record, UINT64_MAX);
	tap_ok(line.len > 0 && line.len <= RECORD_LINE_MAX,
	    "with 20 keys more there is a line, too: %zu bytes of %d", line.len, RECORD_LINE_MAX);
	tap_ok(strcmp(line.data + line.len - 8, " cut=yes") == 0, "  and the last word says so");

	/* what a recipient's record can have */
	record.note = record.prev = record.chain = record.sig = NULL;
	record.count = -1;
	buf_reset(&line);
	tight_line(&line, &record, UINT64_MAX);
	FOR_TEXTS(key) {
		const char	*at;

		memcpy(&at, (char *)&record + key->offset, sizeof at);
		(void)snprintf(name, sizeof name, " %s=\"", key->name);
		missing += at != NULL && strcmp(key->name, "verdict") != 0 &&
		    strcmp(key->name, "cut") != 0 && strstr(line.data, name) == NULL;
	}
	tap_is_int(missing, 0, "a recipient's record has each of its keys, with 20 more");
	buf_clear(&line);
}

/* What the record itself has lost stays in the line, as long as there is room. */
static void
test_line_cut(void)
{
	struct record		record = plain_record();
	struct record_cut	cut;
	char			text[2049];
	struct buf		line;

	memset(text, 'a', 2048);
	text[2048] = '\0';
	record.helo = text;
	buf_init(&line);
	if (record_cut(&record, &cut) == 0)
		record_line(&line, &cut.record, 1);
	tap_ok(line.data != NULL && strstr(line.data, "aaa... ") != NULL, "a cut value is marked in the line, too");
	tap_ok(line.data != NULL && strstr(line.data, " seq=1 cut=\"helo 2048 ") != NULL,
	    "  and the last word has its hash");
	record_cut_clear(&cut);
	buf_clear(&line);
}

int
main(void)
{
	test_limits();
	test_hash();
	test_characters();
	test_worst();
	test_shares();
	test_line();
	test_line_cut();
	return tap_done();
}
