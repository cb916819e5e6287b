/* t/fuzz/smtp_reply.c: any bytes as what a mail server says */
/* SPDX-License-Identifier: ISC */

/* The first byte is how many of them come at once. */

#include <string.h>

#include "fuzz.h"
#include "probe/smtp_reply.h"

static size_t
lines_of(const char *bytes, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += bytes[i] == '\n';
	return count;
}

/* Told from the bytes: the last line has the code, and a blank or nothing behind it. */
static void
check_done(const struct smtp_reply *reply, const char *bytes, size_t used)
{
	const char *line, *end = bytes + used - 1;
	char code[4];

	fuzz_check(used > 3 && *end == '\n', "it ends with a line", "");
	line = memrchr(bytes, '\n', used - 1);
	line = line == NULL ? bytes : line + 1;
	end -= end > line && end[-1] == '\r';
	(void)snprintf(code, sizeof(code), "%03d", reply->code);
	fuzz_check(reply->code >= 200 && reply->code <= 599, "a code", code);
	fuzz_check(end - line >= 3 && memcmp(line, code, 3) == 0 &&
	    (end - line == 3 || line[3] == ' '), "the last line has it", code);
	fuzz_check(memcmp(bytes, code, 3) == 0, "and so has the first", code);
	fuzz_check(lines_of(bytes, used) <= SMTP_REPLY_LINES_MAX, "not too many", code);
	fuzz_check(lines_of(reply->text.data, reply->text.len) ==
	    lines_of(bytes, used) - 1, "as many lines of text", code);
	fuzz_check(reply->text.len < used, "no more text than was said", code);
}

static void
check_words(const struct smtp_reply *reply)
{
	const char *text = reply->text.data;
	const char *second = text == NULL ? NULL : memchr(text, '\n', reply->text.len);

	if (smtp_reply_has_parameter(reply, "AUTH", "PLAIN"))
		fuzz_check(smtp_reply_has_keyword(reply, "AUTH"), "a keyword", text);
	if (smtp_reply_has_keyword(reply, "STARTTLS"))
		fuzz_check(second != NULL && text + reply->text.len - second > 8,
		    "a line after the first", text);
}

/* Returns how many bytes were used. */
static size_t
read_reply(struct smtp_reply *reply, const char *bytes, size_t len, size_t step,
    enum smtp_reply_state *state_r)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t at = 0, part, used;

	smtp_reply_reset(reply);
	while (state == SMTP_REPLY_MORE && at < len) {
		part = len - at < step ? len - at : step;
		/* Of its own, so that a sanitizer sees each byte read beyond. */
		char *copy = malloc(part);
		if (copy == NULL)
			abort();
		memcpy(copy, bytes + at, part);
		state = smtp_reply_add(reply, copy, part, &used);
		free(copy);
		fuzz_check(used <= part && (used == part || state != SMTP_REPLY_MORE),
		    "all of it, unless it is over", "");
		at += used;
	}
	fuzz_check((reply->why != NULL) == (state == SMTP_REPLY_BAD), "a reason", "");
	*state_r = state;
	return at;
}

/* However the bytes come, it is the same reply, and the next begins at the same place. */
static size_t
check_reply(struct smtp_reply *reply, struct smtp_reply *whole, const char *bytes,
    size_t len, size_t step)
{
	enum smtp_reply_state state, whole_state;
	size_t used = read_reply(reply, bytes, len, step, &state);
	size_t whole_used = read_reply(whole, bytes, len, len, &whole_state);

	fuzz_check(state == whole_state, "the same", "");
	if (state != SMTP_REPLY_DONE)
		return len;
	fuzz_check(used == whole_used && reply->code == whole->code &&
	    reply->text.len == whole->text.len, "the same code and length", "");
	fuzz_check(reply->text.len == 0 || memcmp(reply->text.data, whole->text.data,
	    reply->text.len) == 0, "the same text", whole->text.data);
	check_done(reply, bytes, used);
	check_words(reply);
	return used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_reply reply, whole;
	const char *bytes = (const char *)data + 1;

	if (size < 2)
		return 0;
	smtp_reply_init(&reply);
	smtp_reply_init(&whole);
	for (size_t at = 0; at < size - 1;)
		at += check_reply(&reply, &whole, bytes + at, size - 1 - at,
		    data[0] % 64 + 1);
	smtp_reply_clear(&reply);
	smtp_reply_clear(&whole);
	return 0;
}
