/* t/unit/redact.c: no local part is left, and the same address has the same hash */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/redact.h"
#include "tap.h"

#define KEY	"0123456789abcdef"

static char	folder[TAP_FOLDER_SIZE];

static const char *
write_key(const char *text, mode_t mode)
{
	static char path[TAP_FOLDER_SIZE + 32];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/key", folder);
	(void)unlink(path);
	if ((fp = fopen(path, "w")) == NULL || fputs(text, fp) == EOF || fclose(fp) == EOF ||
	    chmod(path, mode) == -1) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
	return path;
}

/* What Python's hmac says: hmac.new(KEY, address.lower(), sha256).hexdigest()[:20]. */
static void
test_paths(const struct redact *redact)
{
	static const struct {
		const char	*path, *want;
	} rows[] = {
		{ "<joe@example.net>", "<~990ad5acff7f59509323@example.net>" },
		{ "<JOE@Example.NET>", "<~990ad5acff7f59509323@Example.NET>" },
		{ "joe@example.net", "~990ad5acff7f59509323@example.net" },
		{ "<ann@example.com>", "<~9f70eb4f1d9f0194d58b@example.com>" },
		{ "<>", "<>" },
		{ "", "" },
		{ "<postmaster>", "<~ea365f18031ff8cecf45>" },
		{ "<\"joe doe\"@example.net>", "<~9b634b09bb7bca3fc3fe@example.net>" },
		{ "<joe@[192.0.2.1]>", "<~cb7278656b6498cad893@[192.0.2.1]>" },
		{ "<j\xc3\xb6@b\xc3\xbc.example>", "<~d31c3de14bf0d06a9bfb@b\xc3\xbc.example>" },
		/* Where a domain should be is somebody's name. */
		{ "<@relay:joe>", "<~cc96a386e99c4d45209d>" },
		{ "joe@example.net> bob", "~ece9a7301ca3478c1338" },
	};
	struct redacted redacted;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int which = 0; which < 3; which++) {
			struct record record;
			const char **in = which == 0 ? &record.sender :
			    which == 1 ? &record.rcpt : &record.rcpt_mta;
			const char **out = which == 0 ? &redacted.record.sender :
			    which == 1 ? &redacted.record.rcpt : &redacted.record.rcpt_mta;

			record_init(&record, RECORD_RCPT);
			record.auth = "joe";
			*in = rows[i].path;
			tap_is_int(redact_record(redact, &record, &redacted), 0, "row %zu", i);
			tap_is_str(*out, rows[i].want, "row %zu: %s", i, rows[i].path);
			tap_is_str(redacted.record.auth, "joe", "row %zu: who logs in stays", i);
			redacted_clear(&redacted);
		}
}

#define JOE "~990ad5acff7f59509323"
#define ANN "~9f70eb4f1d9f0194d58b"

static void
test_replies(const struct redact *redact)
{
	static const struct {
		const char	*rcpt, *reply, *want;
	} rows[] = {
		{ "<joe@example.net>", "550 5.7.1 Relaying denied; authenticate first",
		    "550 5.7.1 Relaying denied; authenticate first" },
		{ "<joe@example.net>",
		    "5.1.1 550 5.1.1 <joe@example.net>: Recipient address rejected: User unknown",
		    "5.1.1 550 5.1.1 <" JOE "@example.net>: Recipient address rejected: User unknown" },
		{ "<joe@example.net>", "550 5.1.1 <joe>... User unknown",
		    "550 5.1.1 <" JOE ">... User unknown" },
		{ "<joe@example.net>", "550 5.1.1 joe... User unknown",
		    "550 5.1.1 " JOE "... User unknown" },
		{ "<joe@example.net>", "550 5.1.1 User JOE, of us: unknown",
		    "550 5.1.1 User " JOE ", of us: unknown" },
		{ "<joe@example.net>", "550 ask ann@example.com.", "550 ask " ANN "@example.com." },
		{ "<joe@example.net>", "550 <me.example>: Helo command rejected",
		    "550 <me.example>: Helo command rejected" },
		{ "<joe@example.net>", "550 <c.example[192.0.2.7]>: Client host rejected",
		    "550 <c.example[192.0.2.7]>: Client host rejected" },
		{ "<550@example.net>", "550 5.1.1 no", "550 5.1.1 no" },
		{ "<\"joe doe\"@example.net>", "550 5.1.1 <\"joe doe\"@example.net>: no",
		    "550 5.1.1 [...]" },
		{ "<\"joe doe\"@example.net>", "550 5.1.1 user \"joe doe\" is none",
		    "550 5.1.1 [...]" },
		{ "<joe@example.net>", "550 \"ann lee\"@example.com", "550 [...]" },
		{ "<joe@example.net>", "550 <ann@example.com", "550 <" ANN "@example.com" },
		{ "<joe@example.net>", "550 <", "550 <" },
		{ "<joe@example.net>", "550 <> @ \"", NULL },
	};
	struct redacted redacted;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;

		record_init(&record, RECORD_MTA_REJECT);
		record.rcpt = rows[i].rcpt;
		record.reply = rows[i].reply;
		record.helo = "me.example";
		record.client_name = "c.example";
		tap_is_int(redact_record(redact, &record, &redacted), 0, "reply %zu", i);
		if (rows[i].want != NULL)
			tap_is_str(redacted.record.reply, rows[i].want, "reply %zu: %s", i,
			    rows[i].reply);
		redacted_clear(&redacted);
	}
}

/*
 * Of a sender whose end was not kept neither the domain is sure nor is there a hash without
 * the key: hmac.new(KEY, whole.hash, sha256).hexdigest()[:32].
 */
static void
test_start(const struct redact *redact)
{
	struct record record;
	struct redacted redacted;

	record_init(&record, RECORD_MTA_REJECT);
	record.sender = "<\"joe@secret";
	record.rcpt = "<ann@example.com>";
	record.reply = "550 5.7.1 joe may not send";
	record.sender_whole = (struct record_whole){ 4000, "2d711642b726b04401627ca9fbac32f5" };
	tap_is_int(redact_record(redact, &record, &redacted), 0, "the beginning of a sender");
	tap_is_str(redacted.record.sender, "~668d903c5dcbf5f6c57f", "is hashed as a whole");
	tap_is_int((long long)redacted.record.sender_whole.length, 4000, "its length stays");
	tap_is_str(redacted.record.sender_whole.hash, "067b443921046c2baafaa862a4e7dd9a", "its hash has the key in it");
	tap_is_str(redacted.record.reply, "550 5.7.1 [...]", "of the server's words the code stays");
	redacted_clear(&redacted);
	record.event = RECORD_RCPT;
	tap_is_int(redact_record(redact, &record, &redacted), 0, "the same, not refused by the server");
	tap_is_str(redacted.record.reply, record.reply, "our own words stay");
	redacted_clear(&redacted);
	tap_is_int(redact_record(NULL, &record, &redacted), 0, "no key");
	tap_is_str(redacted.record.sender_whole.hash, record.sender_whole.hash, "the hash stays");
	redacted_clear(&redacted);
}

static void
test_none(const struct redact *redact)
{
	struct record record;
	struct redacted redacted;

	record_init(&record, RECORD_START);
	record.note = "1.0.0";
	tap_is_int(redact_record(redact, &record, &redacted), 0, "nothing to hide");
	tap_ok(redacted.record.sender == NULL && redacted.record.reply == NULL &&
	    redacted.record.event == RECORD_START, "nothing comes of it");
	tap_is_str(redacted.record.note, "1.0.0", "the note stays");
	redacted_clear(&redacted);
	record.sender = "<joe@example.net>";
	tap_is_int(redact_record(NULL, &record, &redacted), 0, "no key");
	tap_ok(redacted.record.sender == record.sender, "hides nothing");
	redacted_clear(&redacted);
}

static void
test_files(void)
{
	static char longest[1026];
	static const struct {
		const char	*text;
		mode_t		 mode;
		const char	*why;
	} rows[] = {
		{ KEY, 0600, NULL },
		{ KEY, 0400, NULL },
		{ KEY, 0640, "group or others" },
		{ KEY, 0602, "group or others" },
		{ "0123456789abcde\n", 0600, "16 bytes" },
		{ "", 0600, "16 bytes" },
		{ longest, 0600, "1024 bytes" },
		{ longest + 1, 0600, NULL },
	};

	memset(longest, 'k', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = NULL;
		struct redact *redact = redact_read(write_key(rows[i].text, rows[i].mode), &why);

		tap_ok((redact != NULL) == (rows[i].why == NULL), "key %zu: read or not", i);
		if (rows[i].why != NULL)
			tap_ok(strstr(why, rows[i].why) != NULL, "key %zu: %s", i, why);
		redact_unref(redact);
	}
}

int
main(void)
{
	const char *why;
	struct redact *redact, *other;

	tap_folder(folder);
	redact = redact_read(write_key(KEY "\n", 0600), &why);
	other = redact_ref(redact);
	redact_unref(redact);
	tap_ok(other != NULL, "the key is read: its line end is not part of it");
	if (other != NULL) {
		test_paths(other);
		test_replies(other);
		test_start(other);
		test_none(other);
	}
	redact_unref(other);
	test_files();
	(void)unlink(write_key("", 0600));
	(void)rmdir(folder);
	return tap_done();
}
