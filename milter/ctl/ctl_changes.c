/* milter/ctl/ctl_changes.c: changed decisions, grouped by cause */
/* SPDX-License-Identifier: ISC */

/*
 * A group's key is its six texts, the decision then and the one now. They are of our own
 * words and of entries of configurations, so that strangers cannot make many of them.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/encode.h"
#include "core/json_write.h"
#include "ctl/ctl_changes.h"
#include "ctl/ctl_time.h"

#define CAUSE_TEXTS	3	/* verdict, reason, matched */
#define KEY_TEXTS	(2 * CAUSE_TEXTS)
#define EXAMPLE_MAX	600	/* longer texts make no example */
#define HASH_FIRST	UINT64_C(0xcbf29ce484222325)	/* FNV-1a */
#define HASH_FACTOR	UINT64_C(0x100000001b3)

static const enum record_key example_keys[] = {
	RECORD_KEY_CLIENT, RECORD_KEY_AUTH, RECORD_KEY_SENDER, RECORD_KEY_RCPT
};

#define EXAMPLE_TEXTS	(sizeof(example_keys) / sizeof(example_keys[0]))

void
ctl_changes_init(struct ctl_changes *changes)
{
	memset(changes, 0, sizeof(*changes));
}

void
ctl_changes_clear(struct ctl_changes *changes)
{
	for (size_t i = 0; i < changes->group_count; i++) {
		buf_clear(&changes->groups[i].key);
		for (size_t j = 0; j < CTL_CHANGES_EXAMPLES; j++)
			buf_clear(&changes->groups[i].examples[j].key);
	}
	free(changes->groups);
	changes->groups = NULL;
}

/* The text at a place of a key. */
static const char *
text_at(const struct buf *key, size_t place)
{
	const char *text = key->data;

	for (; place > 0; place--)
		text += strlen(text) + 1;
	return text;
}

static void
add_value(struct buf *key, const struct record_text *value)
{
	if (value->at != NULL)
		record_text_add(value, key);
	buf_putc(key, '\0');
}

static void
make_key(struct buf *key, const struct record_view *then, const struct replay *now)
{
	add_value(key, &then->value[RECORD_KEY_VERDICT]);
	add_value(key, &then->value[RECORD_KEY_REASON]);
	add_value(key, &then->value[RECORD_KEY_MATCHED]);
	buf_puts(key, policy_verdict_name(now->verdict));
	buf_putc(key, '\0');
	buf_puts(key, policy_reason_name(now->reason));
	buf_putc(key, '\0');
	buf_add(key, now->matched.data, now->matched.len);
	buf_putc(key, '\0');
}

static uint64_t
hash_of(const struct buf *key)
{
	uint64_t hash = HASH_FIRST;

	for (size_t i = 0; i < key->len; i++)
		hash = (hash ^ (unsigned char)key->data[i]) * HASH_FACTOR;
	return hash;
}

static int
is_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static struct ctl_changes_group *
find_group(const struct ctl_changes *changes, const struct buf *key, uint64_t hash)
{
	for (size_t i = 0; i < changes->group_count; i++)
		if (changes->groups[i].hash == hash &&
		    is_equal(&changes->groups[i].key, key))
			return &changes->groups[i];
	return NULL;
}

/* Takes the key over. NULL without memory. */
static struct ctl_changes_group *
add_group(struct ctl_changes *changes, struct buf *key, uint64_t hash)
{
	struct ctl_changes_group *group;

	if (changes->groups == NULL)
		changes->groups = calloc(CTL_CHANGES_GROUPS, sizeof(*changes->groups));
	if (changes->groups == NULL)
		return NULL;
	group = &changes->groups[changes->group_count++];
	group->hash = hash;
	group->key = *key;
	buf_init(key);
	for (size_t i = 0; i < CTL_CHANGES_EXAMPLES; i++)
		buf_init(&group->examples[i].key);
	return group;
}

/* A few that differ in more than their time. Returns -1 without memory. */
static int
add_example(struct ctl_changes_group *group, const struct record_view *view)
{
	struct ctl_changes_example *example = &group->examples[group->example_count];

	if (group->example_count == CTL_CHANGES_EXAMPLES)
		return 0;
	buf_reset(&example->key);
	for (size_t i = 0; i < EXAMPLE_TEXTS; i++)
		add_value(&example->key, &view->value[example_keys[i]]);
	if (example->key.failed)
		return -1;
	if (example->key.len > EXAMPLE_MAX)
		return 0;
	for (unsigned i = 0; i < group->example_count; i++)
		if (is_equal(&group->examples[i].key, &example->key))
			return 0;
	example->time_us = view->time_us;
	(void)snprintf(example->time, sizeof(example->time), "%.*s",
	    (int)view->value[RECORD_KEY_TIME].length, view->value[RECORD_KEY_TIME].at);
	group->example_count++;
	return 0;
}

static int
add_to_group(struct ctl_changes *changes, struct buf *key, const struct record_view *view,
    int was_permitted)
{
	uint64_t hash = hash_of(key);
	struct ctl_changes_group *group = find_group(changes, key, hash);

	if (group == NULL && changes->group_count == CTL_CHANGES_GROUPS) {
		changes->others++;
		return 0;
	}
	if (group == NULL && (group = add_group(changes, key, hash)) == NULL)
		return -1;
	group->count++;
	group->is_refused_now = was_permitted;
	return add_example(group, view);
}

static int
add_changed(struct ctl_changes *changes, const struct record_view *view,
    const struct replay *now, int was_permitted)
{
	struct buf key;
	int status;

	buf_init(&key);
	make_key(&key, view, now);
	status = key.failed ? -1 : add_to_group(changes, &key, view, was_permitted);
	buf_clear(&key);
	return status;
}

static void
add_unknown(struct ctl_changes *changes, unsigned unknown)
{
	changes->unknown++;
	for (unsigned i = 0; i < REPLAY_UNKNOWN_COUNT; i++)
		if ((unknown & 1u << i) != 0)
			changes->unknown_for[i]++;
}

int
ctl_changes_add(struct ctl_changes *changes, const struct record_view *view,
    const struct replay *now)
{
	const struct record_text *verdict = &view->value[RECORD_KEY_VERDICT];
	const struct record_text *reason = &view->value[RECORD_KEY_REASON];
	int was_permitted = record_text_is(verdict, "permit");

	changes->decisions++;
	if (now->unknown != 0) {
		add_unknown(changes, now->unknown);
		return 0;
	}
	if (record_text_is(verdict, policy_verdict_name(now->verdict))) {
		changes->same++;
		changes->other_reason +=
		    !record_text_is(reason, policy_reason_name(now->reason));
		return 0;
	}
	changes->changed++;
	changes->refused_now += was_permitted != 0;
	changes->permitted_now += now->verdict == POLICY_PERMIT;
	return add_changed(changes, view, now, was_permitted);
}

/* What will be missed first, then the most. */
static int
compare_groups(const void *a, const void *b)
{
	const struct ctl_changes_group *one = a, *other = b;

	if (one->is_refused_now != other->is_refused_now)
		return other->is_refused_now - one->is_refused_now;
	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	return one->key.len != other->key.len ? (one->key.len < other->key.len ? -1 : 1) :
	    memcmp(one->key.data, other->key.data, one->key.len);
}

static void
sort_groups(struct ctl_changes *changes)
{
	if (changes->group_count > 1)
		qsort(changes->groups, changes->group_count, sizeof(*changes->groups),
		    compare_groups);
}

/*
 * For a reader
 */

static void
write_word(struct buf *out, const char *text)
{
	if (*text == '\0')
		buf_putc(out, '-');
	else
		(void)encode_word(out, text, strlen(text), SIZE_MAX);
}

/* Words that authrelay wrote, a blank between them; they are safe in quotation marks. */
static void
write_words(struct buf *out, const char *text)
{
	struct buf word;

	buf_init(&word);
	write_word(&word, text);
	if (word.failed)
		out->failed = 1;
	else if (word.len > 1 && word.data[0] == '"')
		buf_add(out, word.data + 1, word.len - 2);
	else
		buf_add(out, word.data, word.len);
	buf_clear(&word);
}

static void
write_example(const struct ctl_changes_example *example, struct buf *out)
{
	char time[CTL_TIME_SIZE];

	ctl_time_format(example->time_us, time);
	buf_printf(out, "          %s", time);
	for (size_t i = 0; i < EXAMPLE_TEXTS; i++) {
		buf_puts(out, example_keys[i] == RECORD_KEY_RCPT ? " -> " : "  ");
		write_word(out, text_at(&example->key, i));
	}
	buf_putc(out, '\n');
}

static void
write_cause(const char *when, const struct buf *key, size_t place, struct buf *out)
{
	buf_printf(out, "          %s ", when);
	write_word(out, text_at(key, place));
	buf_putc(out, ' ');
	write_word(out, text_at(key, place + 1));
	if (*text_at(key, place + 2) != '\0') {
		buf_puts(out, ": ");
		write_words(out, text_at(key, place + 2));
	}
	buf_putc(out, '\n');
}

static void
write_group(const struct ctl_changes_group *group, struct buf *out)
{
	buf_printf(out, "\n%9" PRIu64 " ", group->count);
	write_word(out, text_at(&group->key, 0));
	buf_puts(out, " -> ");
	write_word(out, text_at(&group->key, CAUSE_TEXTS));
	buf_putc(out, '\n');
	write_cause("then", &group->key, 0, out);
	write_cause("now ", &group->key, CAUSE_TEXTS, out);
	for (unsigned i = 0; i < group->example_count; i++)
		write_example(&group->examples[i], out);
}

static void
write_count(const char *name, uint64_t count, struct buf *out)
{
	buf_printf(out, "%-28s%9" PRIu64 "\n", name, count);
}

static void
write_unknown(const struct ctl_changes *changes, struct buf *out)
{
	write_count("cannot tell", changes->unknown, out);
	for (unsigned i = 0; i < REPLAY_UNKNOWN_COUNT; i++)
		if (changes->unknown_for[i] > 0)
			buf_printf(out, "%9" PRIu64 " without %s\n",
			    changes->unknown_for[i],
			    replay_unknown_name((enum replay_unknown)i));
}

void
ctl_changes_write(struct ctl_changes *changes, struct buf *out)
{
	sort_groups(changes);
	write_count("decisions", changes->decisions, out);
	write_count("the same", changes->same, out);
	if (changes->other_reason > 0)
		write_count("  for another reason", changes->other_reason, out);
	write_count("changed", changes->changed, out);
	if (changes->refused_now > 0)
		write_count("  permitted, now refused", changes->refused_now, out);
	if (changes->permitted_now > 0)
		write_count("  refused, now permitted", changes->permitted_now, out);
	if (changes->unknown > 0)
		write_unknown(changes, out);
	if (changes->bad_lines > 0)
		write_count("lines that are not records", changes->bad_lines, out);
	for (size_t i = 0; i < changes->group_count; i++)
		write_group(&changes->groups[i], out);
	if (changes->others > 0)
		buf_printf(out, "\n%9" PRIu64 " others, beyond %d causes\n",
		    changes->others, CTL_CHANGES_GROUPS);
}

/*
 * As JSON
 */

/* A text of a record's value: what looks like \xNN in it stays as it is. */
static void
json_text(struct buf *out, const char *text)
{
	size_t length;

	buf_putc(out, '"');
	for (; *text != '\0'; text += length) {
		struct buf piece;

		if (*text == '\\') {
			buf_puts(out, "\\\\");
			length = 1;
			continue;
		}
		length = strcspn(text, "\\");
		buf_init(&piece);
		encode_json(&piece, text, length);
		if (piece.failed)
			out->failed = 1;
		else
			buf_add(out, piece.data + 1, piece.len - 2);
		buf_clear(&piece);
	}
	buf_putc(out, '"');
}

/* Nothing where the text is empty. */
static void
json_member(struct buf *out, const char *name, const char *text)
{
	if (*text == '\0')
		return;
	json_write_key(out, name);
	json_text(out, text);
}

static void
json_cause(const char *when, const struct buf *key, size_t place, struct buf *out)
{
	json_write_open(out, when, '{');
	json_member(out, "verdict", text_at(key, place));
	json_member(out, "reason", text_at(key, place + 1));
	json_member(out, "matched", text_at(key, place + 2));
	json_write_close(out, '}');
}

static void
json_example(const struct ctl_changes_example *example, struct buf *out)
{
	json_write_open(out, NULL, '{');
	json_member(out, "time", example->time);
	for (size_t i = 0; i < EXAMPLE_TEXTS; i++)
		json_member(out, record_keys[example_keys[i]].name,
		    text_at(&example->key, i));
	json_write_close(out, '}');
}

static void
json_group(const struct ctl_changes_group *group, struct buf *out)
{
	json_write_open(out, NULL, '{');
	json_write_number(out, "count", group->count);
	json_cause("then", &group->key, 0, out);
	json_cause("now", &group->key, CAUSE_TEXTS, out);
	json_write_open(out, "examples", '[');
	for (unsigned i = 0; i < group->example_count; i++)
		json_example(&group->examples[i], out);
	json_write_close(out, ']');
	json_write_close(out, '}');
}

static void
json_unknown(const struct ctl_changes *changes, struct buf *out)
{
	json_write_number(out, "cannot_tell", changes->unknown);
	json_write_open(out, "cannot_tell_without", '{');
	for (unsigned i = 0; i < REPLAY_UNKNOWN_COUNT; i++)
		if (changes->unknown_for[i] > 0)
			json_write_number(out,
			    replay_unknown_name((enum replay_unknown)i),
			    changes->unknown_for[i]);
	json_write_close(out, '}');
}

void
ctl_changes_write_json(struct ctl_changes *changes, struct buf *out)
{
	sort_groups(changes);
	json_write_open(out, NULL, '{');
	json_write_number(out, "lines", changes->lines);
	json_write_number(out, "bad_lines", changes->bad_lines);
	json_write_number(out, "decisions", changes->decisions);
	json_write_number(out, "same", changes->same);
	json_write_number(out, "other_reason", changes->other_reason);
	json_write_number(out, "changed", changes->changed);
	json_write_number(out, "refused_now", changes->refused_now);
	json_write_number(out, "permitted_now", changes->permitted_now);
	json_unknown(changes, out);
	json_write_open(out, "groups", '[');
	for (size_t i = 0; i < changes->group_count; i++)
		json_group(&changes->groups[i], out);
	json_write_close(out, ']');
	json_write_number(out, "others", changes->others);
	buf_puts(out, "}\n");
}
