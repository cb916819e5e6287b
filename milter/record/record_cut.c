/* milter/record/record_cut.c: limit on the size of an audit record */
/* SPDX-License-Identifier: ISC */

/*
 * What a stranger sends is written for each of his recipients, and escapes make a byte
 * six. So what counts is what is written, not what was sent.
 */

#include <string.h>

#include "core/encode.h"
#include "record/chain.h"
#include "record/record_cut.h"
#include "record/record_key.h"

#define MARK		"..."
#define MARK_LENGTH	(sizeof(MARK) - 1)
#define ESCAPE_MAX	6	/* bytes of JSON for one of a text */
#define CUT_MAX		512	/* bytes in the key cut; ten texts */

/*
 * {"v":1,"time":"...","seq":N before a body; ,"prev":"...","chain":"..."} and an LF after
 * it.
 */
#define HEAD_MAX	(sizeof("{\"v\":1,\"time\":\"\",\"seq\":") - 1 + 27 + 20)
#define TAIL_MAX	(sizeof(",\"prev\":\"\",\"chain\":\"\"}\n") - 1 + 2 * 32)
#define BODY_MAX	(RECORD_JSON_MAX - HEAD_MAX - TAIL_MAX)

static const size_t caps[] = {
	RECORD_JSON_MAX, 320, 288, 256, 224, 192, 160, 128, 112, 96, 80, 64, 48, 32, 24,
	16, 8
};

#define CAP_COUNT	(sizeof(caps) / sizeof(caps[0]))

/* One text that is known and may be cut. */
struct text {
	const struct record_key_row *key;
	const char		*at;
	size_t			 length;
	size_t			 kept;		/* bytes of it */
	int			 is_cut;
	size_t			 place;		/* of what was kept, in texts */
	struct record_whole	 whole;		/* length 0: not asked for yet */
};

struct cutter {
	const struct record	*record;
	struct record_cut	*cut;
	struct text		 texts[RECORD_KEYS];
	size_t			 count;
};

static const char *
get_text(const struct record *record, const struct record_key_row *key)
{
	const char *text;

	memcpy(&text, (const char *)record + key->offset, sizeof(text));
	return text;
}

static void
set_text(struct record *record, const struct record_key_row *key, const char *text)
{
	memcpy((char *)record + key->offset, &text, sizeof(text));
}

static void
find_texts(struct cutter *cutter)
{
	const struct record_key_row *key;
	const char *at;

	for (size_t i = 0; i < RECORD_KEYS; i++) {
		key = &record_keys[i];
		if (key->max == 0 || (at = get_text(cutter->record, key)) == NULL)
			continue;
		struct text *text = &cutter->texts[cutter->count++];
		text->key = key;
		text->at = at;
		text->length = strlen(at);
		text->whole.length = 0;
		if (key->whole_offset != 0)
			memcpy(&text->whole, (const char *)cutter->record +
			    key->whole_offset, sizeof(text->whole));
		text->is_cut = text->whole.length != 0;
	}
}

/* Returns 1 if it is to be cut. */
static int
cut_text(struct text *text, size_t cap)
{
	size_t max = cap < text->key->max ? cap : text->key->max;

	text->kept = text->length;
	if (!text->is_cut && (text->length <= max / ESCAPE_MAX ||
	    encode_json_fit(text->at, text->length, max) == text->length))
		return 0;
	text->is_cut = 1;
	text->kept = encode_json_fit(text->at, text->length, max - MARK_LENGTH);
	return 1;
}

int
record_whole_set(struct record_whole *whole_r, const char *text, size_t length)
{
	unsigned char hash[CHAIN_SIZE];

	_Static_assert(RECORD_HASH_SIZE == CHAIN_TEXT_SIZE,
	    "a hash is as long as a chain value");
	if (chain_hash(text, length, hash) == -1)
		return -1;
	whole_r->length = length;
	chain_format(hash, whole_r->hash);
	return 0;
}

/* "helo 8190 HASH, sender 4000 HASH"; what has no room is three dots. */
static int
describe_cuts(struct cutter *cutter)
{
	struct buf *texts = &cutter->cut->texts;
	size_t start = texts->len, end;

	for (size_t i = 0; i < cutter->count; i++) {
		struct text *text = &cutter->texts[i];

		if (!text->is_cut)
			continue;
		if (text->whole.length == 0 &&
		    record_whole_set(&text->whole, text->at, text->length) == -1)
			return -1;
		end = texts->len;
		buf_printf(texts, "%s%s %zu %s", end > start ? ", " : "", text->key->name,
		    text->whole.length, text->whole.hash);
		if (texts->len - start <= CUT_MAX - sizeof(", " MARK))
			continue;
		buf_cut(texts, end);
		buf_puts(texts, ", " MARK);
		break;
	}
	buf_putc(texts, '\0');
	return 0;
}

/* Cuts what is longer than the cap; returns how many texts are cut, or -1. */
static int
apply(struct cutter *cutter, size_t cap)
{
	struct record_cut *cut = cutter->cut;
	int count = 0;
	size_t place;

	buf_reset(&cut->texts);
	for (size_t i = 0; i < cutter->count; i++) {
		struct text *text = &cutter->texts[i];

		if (!cut_text(text, cap))
			continue;
		text->place = cut->texts.len;
		buf_add(&cut->texts, text->at, text->kept);
		buf_add(&cut->texts, MARK, sizeof(MARK));
		count++;
	}
	if (count == 0)
		return 0;
	place = cut->texts.len;
	if (describe_cuts(cutter) == -1 || cut->texts.failed)
		return -1;
	for (size_t i = 0; i < cutter->count; i++)
		if (cutter->texts[i].is_cut)
			set_text(&cut->record, cutter->texts[i].key,
			    cut->texts.data + cutter->texts[i].place);
	cut->record.cut = cut->texts.data + place;
	return count;
}

/* Whether its JSON is short enough. */
static int
fits(struct record_cut *cut)
{
	buf_reset(&cut->body);
	record_json_body(&cut->body, &cut->record);
	return cut->body.len <= BODY_MAX;
}

int
record_cut(const struct record *record, struct record_cut *cut_r)
{
	struct cutter cutter;

	cutter.record = record;
	cutter.cut = cut_r;
	cutter.count = 0;
	*cut_r = (struct record_cut){ .record = *record };
	find_texts(&cutter);
	for (size_t i = 0; i < CAP_COUNT; i++) {
		if (apply(&cutter, caps[i]) == -1)
			return -1;
		if (fits(cut_r))
			return cut_r->body.failed ? -1 : 0;
	}
	while (cutter.count > 0) {
		set_text(&cut_r->record, cutter.texts[--cutter.count].key, NULL);
		if (fits(cut_r))
			break;
	}
	return cut_r->body.failed ? -1 : 0;
}

void
record_cut_clear(struct record_cut *cut)
{
	buf_clear(&cut->texts);
	buf_clear(&cut->body);
}
