/* milter/record/anchors.c: anchors of audit files, as kept in a log or a copy */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "record/anchors.h"

#define PROGRAM		"authrelay-milter"
#define EVENT		"event=anchor "
#define WORDS_MAX	8	/* in front of a message */
#define VALUE_MAX	128
#define APP_WORD	3	/* RFC 5424: <PRI>1 TIME HOST APP PROCID MSGID SD */
#define RFC5424_WORDS	7
#define ISO_TAG		2	/* TIME HOST TAG */
#define BSD_TAG		4	/* Mmm DD HH:MM:SS HOST TAG */

struct word {
	const char	*at;
	size_t		 length;
};

void
anchors_init(struct anchors *anchors)
{
	*anchors = (struct anchors){ 0 };
}

void
anchors_clear(struct anchors *anchors)
{
	free(anchors->list);
	anchors_init(anchors);
}

static int
add(struct anchors *anchors, const struct anchor *anchor)
{
	if (anchors->count == anchors->size) {
		size_t size = anchors->size == 0 ? 64 : 2 * anchors->size;
		struct anchor *list = reallocarray(anchors->list, size, sizeof(*list));

		if (list == NULL)
			return -1;
		anchors->list = list;
		anchors->size = size;
	}
	anchors->list[anchors->count++] = *anchor;
	return 0;
}

/* The program's name, which its process may follow. */
static int
is_ours(const struct word *word, const char *ends)
{
	size_t length = strlen(PROGRAM);

	return word->length >= length && memcmp(word->at, PROGRAM, length) == 0 &&
	    (word->length == length || strchr(ends, word->at[length]) != NULL);
}

/*
 * The words in front of the message. A stranger's text may look like them: so it is the
 * word in the place for that which names who speaks, or else the first one with a colon,
 * and the message follows at once.
 */
static int
is_said_by_us(const struct word *words, size_t count)
{
	if (count == 0)
		return 1;
	if (count == (ascii_is_digit(words[0].at[0]) ? ISO_TAG : BSD_TAG) + 1 &&
	    is_ours(&words[count - 1], "[:"))
		return 1;
	if (words[0].at[0] == '<' && count == RFC5424_WORDS && words[0].length >= 2 &&
	    memcmp(words[0].at + words[0].length - 2, ">1", 2) == 0)
		return is_ours(&words[APP_WORD], "");
	for (size_t i = 0; i < count; i++)
		if (words[i].length > 0 && words[i].at[words[i].length - 1] == ':')
			return i + 1 == count && is_ours(&words[i], "[:");
	return 0;
}

/* Returns what follows event=anchor, if that is what the daemon said. */
static const char *
find_message(const char *line, const char *end)
{
	struct word words[WORDS_MAX];
	size_t count = 0;

	while (line < end) {
		const char *space = memchr(line, ' ', (size_t)(end - line));

		if ((size_t)(end - line) >= strlen(EVENT) &&
		    memcmp(line, EVENT, strlen(EVENT)) == 0)
			return is_said_by_us(words, count) ? line + strlen(EVENT) : NULL;
		if (space == NULL || count == WORDS_MAX)
			return NULL;
		if (space > line)	/* days of one digit have two blanks before */
			words[count++] = (struct word){ line, (size_t)(space - line) };
		line = space + 1;
	}
	return NULL;
}

/* No value of an anchor has a blank in it. */
static int
value_of(const char *text, const char *end, const char *key, char value_r[VALUE_MAX])
{
	size_t length = strlen(key);

	while (text < end) {
		const char *stop = memchr(text, ' ', (size_t)(end - text));
		size_t size;

		if (stop == NULL)
			stop = end;
		if ((size_t)(stop - text) > length && memcmp(text, key, length) == 0) {
			text += length;
			if (stop - text >= 2 && *text == '"' && stop[-1] == '"') {
				text++;
				stop--;
			}
			if ((size = (size_t)(stop - text)) >= VALUE_MAX)
				return 0;
			memcpy(value_r, text, size);
			value_r[size] = '\0';
			return 1;
		}
		text = stop + 1;
	}
	return 0;
}

static int
number_of(const char *text, const char *end, const char *key, uint64_t *number_r)
{
	char value[VALUE_MAX];

	return value_of(text, end, key, value) &&
	    ascii_number(value, strlen(value), UINT64_MAX, number_r) == 0;
}

static int
parse(const char *text, const char *end, struct anchor *anchor)
{
	char value[VALUE_MAX];

	*anchor = (struct anchor){ 0 };
	if (!number_of(text, end, "seq=", &anchor->seq) ||
	    !number_of(text, end, "count=", &anchor->count) ||
	    !value_of(text, end, "chain=", value) ||
	    chain_parse(value, anchor->value) == -1 ||
	    !value_of(text, end, "time=", value) || strlen(value) >= sizeof(anchor->time))
		return 0;
	memcpy(anchor->time, value, strlen(value) + 1);
	if (!value_of(text, end, "sig=", value))
		return 1;
	if (strlen(value) >= sizeof(anchor->sig))
		return 0;
	memcpy(anchor->sig, value, strlen(value) + 1);
	return 1;
}

static int
add_record(struct anchors *anchors, const struct chain_line *line)
{
	struct anchor anchor = { .seq = line->seq, .count = line->count };

	if (!line->is_anchor)
		return 0;
	memcpy(anchor.value, line->value, sizeof(anchor.value));
	memcpy(anchor.time, line->time, sizeof(anchor.time));
	memcpy(anchor.sig, line->sig, sizeof(anchor.sig));
	return add(anchors, &anchor);
}

int
anchors_add_line(struct anchors *anchors, const char *line, size_t length)
{
	struct chain_line record;
	struct anchor anchor;
	const char *end = line + length, *message;

	if (length > 0 && line[0] == '{')
		return chain_line_parse(line, length, &record) ?
		    add_record(anchors, &record) : 0;
	if ((message = find_message(line, end)) == NULL)
		return 0;
	if (parse(message, end, &anchor))
		return add(anchors, &anchor);
	anchors->unreadable++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;
	int order;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if ((order = strcmp(x->time, y->time)) != 0 ||
	    (order = memcmp(x->value, y->value, CHAIN_SIZE)) != 0 ||
	    (order = strcmp(x->sig, y->sig)) != 0)
		return order;
	return x->count == y->count ? 0 : x->count < y->count ? -1 : 1;
}

void
anchors_seal(struct anchors *anchors)
{
	size_t kept = 0;

	if (anchors->count == 0)
		return;
	qsort(anchors->list, anchors->count, sizeof(*anchors->list), compare);
	for (size_t i = 1; i < anchors->count; i++)
		if (compare(&anchors->list[kept], &anchors->list[i]) != 0)
			anchors->list[++kept] = anchors->list[i];
	anchors->count = kept + 1;
	anchors->cursor = 0;
}

/* The first that is not below the number. */
static size_t
search(const struct anchors *anchors, uint64_t seq)
{
	size_t low = 0, high = anchors->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (anchors->list[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct anchor *
anchors_at(struct anchors *anchors, uint64_t seq, size_t *count_r)
{
	const struct anchor *list = anchors->list;
	size_t i = anchors->cursor, end;

	*count_r = 0;
	if (anchors->count == 0)
		return anchors->list;
	if ((i > 0 && list[i - 1].seq >= seq) ||
	    (i < anchors->count && list[i].seq < seq))
		i = anchors->cursor = search(anchors, seq);
	for (end = i; end < anchors->count && list[end].seq == seq; end++)
		;
	*count_r = end - i;
	return anchors->list + i;
}
