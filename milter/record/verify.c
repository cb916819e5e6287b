/* milter/record/verify.c: verifier of audit files: chain, numbers and anchors */
/* SPDX-License-Identifier: ISC */

/*
 * What a line goes through: a line without a chain value is bare and waits for the next
 * value, which covers it or not. A line with a value is compared with the one that
 * follows from the lines before (verify_hash.c). If it fits, the run of good lines goes
 * on. If not, it is pending, with a guess from its number, and the next line decides:
 * one that follows from what the value should have been says that only the value was
 * changed; one that follows from the line before says that all between was added; else
 * the guess holds, and a new run begins. The first line of a file names the last value
 * of the file before. Anchors count, sign, and vouch for all lines up to them. One
 * thread, no lock.
 */

#include <stdlib.h>
#include <string.h>

#include "record/verify.h"
#include "record/verify_hash.h"

#define REST_MAX	(CHAIN_LINE_SIG_SIZE + 16)	/* of a line after its value */
#define NEW_CHAINS_MAX	100		/* each costs a look at all anchors */

/* A line with a chain value. */
struct seen {
	int			is_there;
	struct verify_place	place;
	unsigned char		value[CHAIN_SIZE];	/* as it says */
	int			is_other;	/* than what follows from before: */
	unsigned char		should[CHAIN_SIZE];
	char			rest[REST_MAX];
	size_t			rest_length;
	int			is_vouched;
	int			is_unsigned;	/* an anchor, and others are signed */
};

/* A line that does not follow; what the next one follows says more of it. */
struct pending {
	int			is_there;
	struct verify_finding	finding;
	struct seen		before;
};

struct verify {
	struct anchors		*anchors;
	const struct audit_key	*key;
	verify_reporter		*report;
	void			*arg;
	struct verify_hash	 hash;
	struct seen		 last;
	struct pending		 pending;
	const char		*file;
	uint64_t		 number;	/* of the line */
	uint64_t		 file_records;
	uint64_t		 run_from;	/* lines from here on follow each other */
	uint64_t		 count;		/* as anchors count */
	int			 is_counted;
	struct verify_place	 start;		/* of the chain, if the files have it */
	int			 starts_anew;
	unsigned		 new_chains;
	struct verify_result	 result;
};

static int
is_same(const unsigned char a[CHAIN_SIZE], const unsigned char b[CHAIN_SIZE])
{
	return memcmp(a, b, CHAIN_SIZE) == 0;
}

struct verify *
verify_new(struct anchors *anchors, const struct audit_key *key, verify_reporter *report,
    void *arg)
{
	struct verify *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	*v = (struct verify){ .anchors = anchors, .key = key, .report = report,
	    .arg = arg };
	if (verify_hash_init(&v->hash) == 0)
		return v;
	verify_free(v);
	return NULL;
}

void
verify_free(struct verify *v)
{
	if (v == NULL)
		return;
	verify_hash_clear(&v->hash);
	free(v);
}

/* The line where the good ones before a finding end: the last one, if in this file. */
static uint64_t
good_to(const struct verify *v, const struct seen *seen)
{
	return seen->is_there && seen->place.file == v->file ? seen->place.line : 0;
}

static void
weigh(struct verify *v, const struct verify_finding *finding)
{
	enum verify_verdict verdict = verify_kind_verdict(finding->kind);
	int is_first = verdict == VERIFY_IS_BROKEN ?
	    v->result.verdict != VERIFY_IS_BROKEN :
	    verdict == VERIFY_IS_UNKNOWN && v->result.verdict == VERIFY_IS_GOOD;

	if (!is_first)
		return;
	v->result.verdict = verdict;
	v->result.why = finding->kind;
	v->result.where = (struct verify_place){ .file = finding->file,
	    .line = finding->from, .seq = finding->seq_from };
}

/* What ends a run of good lines has those with it. */
static void
tell(struct verify *v, struct verify_finding *finding, uint64_t good)
{
	finding->file = finding->file == NULL ? v->file : finding->file;
	if (good >= v->run_from && good > 0) {
		finding->good_from = v->run_from;
		finding->good_to = good;
	}
	weigh(v, finding);
	v->report(v->arg, finding);
}

static void
mark(struct verify *v, enum verify_kind kind, uint64_t from, uint64_t to,
    uint64_t seq_from, uint64_t seq_to)
{
	struct verify_finding finding = { .kind = kind, .file = v->file, .from = from,
	    .to = to, .seq_from = seq_from, .seq_to = seq_to };

	tell(v, &finding, 0);
}

static void
stop_run(struct verify *v, struct verify_finding *finding, uint64_t good)
{
	tell(v, finding, good);
	v->run_from = finding->to + 1;
	v->is_counted = 0;
}

static void
settle(struct verify *v, enum verify_kind kind)
{
	struct pending *pending = &v->pending;

	if (!pending->is_there)
		return;
	pending->is_there = 0;
	if (kind == VERIFY_ADDED)
		pending->finding.seq_from = pending->finding.seq_to = v->last.place.seq;
	pending->finding.kind = kind;
	stop_run(v, &pending->finding, good_to(v, &pending->before));
}

static void
settle_as_guessed(struct verify *v)
{
	settle(v, v->pending.finding.kind);
}

void
verify_file(struct verify *v, const char *name)
{
	v->file = name;
	v->number = v->file_records = 0;
	v->run_from = 1;
	verify_hash_reset_bare(&v->hash);
}

static void
bare_added(struct verify *v)
{
	struct verify_finding finding = { .kind = VERIFY_BARE, .from = v->hash.bare.from,
	    .to = v->number - 1 };

	settle_as_guessed(v);
	stop_run(v, &finding, good_to(v, &v->last));
	v->hash.bare.lines = 0;
}

/* The line follows the one before the misfit: all between is added. */
static void
skip_added(struct verify *v)
{
	v->pending.finding.to = v->number - 1;
	settle(v, VERIFY_ADDED);
	v->last.place.seq = v->pending.before.place.seq;
	v->hash.bare.lines = 0;
}

/* Whether no line agrees with it, and it may be of this chain, which ends before then. */
static int
is_missed(const struct verify *v, const struct anchor *anchor, const char *until)
{
	return !anchor->is_found && !anchor->is_reported &&
	    (!v->starts_anew || strcmp(anchor->time, v->start.time) >= 0) &&
	    (until == NULL || strcmp(anchor->time, until) < 0);
}

static void	end_chain(struct verify *, const char *until);

static void
note_numbers(struct verify *v, const struct chain_line *line)
{
	struct verify_finding finding = { .kind = VERIFY_NUMBER, .from = v->number,
	    .to = v->number, .seq_from = line->seq, .seq_to = v->last.place.seq };
	uint64_t before = v->last.place.seq;

	if (!line->has_seq || (v->last.is_there && line->seq <= before)) {
		stop_run(v, &finding, good_to(v, &v->last));
	} else if (v->last.is_there && line->seq > before + 1) {
		v->result.missing += line->seq - before - 1;
		mark(v, VERIFY_GAP, v->number, v->number, before + 1, line->seq - 1);
	}
}

static void
note_bare(struct verify *v)
{
	const struct verify_bare *bare = &v->hash.bare;

	if (bare->lines == 0)
		return;
	v->result.torn += bare->torn;
	mark(v, bare->torn == bare->lines ? VERIFY_TORN : VERIFY_COVERED, bare->from,
	    v->number - 1, 0, 0);
}

static void
start_chain(struct verify *v, const struct chain_line *line, int is_new)
{
	v->start = (struct verify_place){ .file = v->file, .line = v->number,
	    .seq = line->seq };
	memcpy(v->start.time, line->time, sizeof(v->start.time));
	v->starts_anew = is_new;
}

/* It names a file that is not the one before. */
static void
take_stranger(struct verify *v, const struct chain_line *line)
{
	uint64_t before = v->last.place.seq;
	struct verify_finding finding = { .kind = VERIFY_STRANGER, .from = v->number,
	    .to = v->number, .seq_from = before + 1,
	    .seq_to = line->has_seq && line->seq > before + 1 ? line->seq - 1 : 0 };

	stop_run(v, &finding, good_to(v, &v->last));
	v->run_from = v->number;
}

/* The first line of a file, right in itself. */
static void
take_first(struct verify *v, const struct chain_line *line)
{
	int is_new = is_same(line->prev, verify_hash_zeros);

	if (v->pending.is_there && is_same(line->prev, v->last.should))
		settle(v, VERIFY_VALUE);
	settle_as_guessed(v);
	if (!v->last.is_there) {
		start_chain(v, line, is_new);
		if (!is_new)
			mark(v, VERIFY_EARLIER, v->number, v->number, line->seq,
			    line->seq);
	} else if (is_same(line->prev, v->last.value) ||
	    (v->last.is_other && is_same(line->prev, v->last.should))) {
		note_numbers(v, line);
	} else if (is_new && v->new_chains < NEW_CHAINS_MAX &&
	    strcmp(line->time, v->last.place.time) > 0) {
		v->new_chains++;
		end_chain(v, line->time);
		start_chain(v, line, 1);
		mark(v, VERIFY_NEW_CHAIN, v->number, v->number, line->seq, line->seq);
	} else {
		take_stranger(v, line);
	}
	note_bare(v);
	v->count = 0;
	v->is_counted = 1;
}

/* The number tells what may have happened; whether it did, the next line says. */
static void
guess(struct verify *v, const struct chain_line *line, struct verify_finding *finding)
{
	const struct verify_bare *bare = &v->hash.bare;
	uint64_t before = v->last.place.seq;

	*finding = (struct verify_finding){ .kind = VERIFY_CHANGED, .to = v->number,
	    .from = bare->lines > 0 ? bare->from : v->number, .seq_from = line->seq,
	    .seq_to = line->seq };
	if (v->file_records == 0 && !line->has_prev)
		finding->kind = VERIFY_HEADLESS;
	else if (!line->has_seq || !v->last.is_there)
		return;
	else if (line->seq <= before)
		finding->kind = VERIFY_ADDED;
	else if (line->seq - before - 1 > bare->lines) {
		finding->kind = VERIFY_MISSING;
		finding->seq_from = before + 1;
		finding->seq_to = line->seq - 1;
	}
}

static void
take_misfit(struct verify *v, const struct chain_line *line)
{
	settle_as_guessed(v);
	guess(v, line, &v->pending.finding);
	v->pending.before = v->last;
	v->pending.is_there = 1;
	v->is_counted = 0;
	if (!v->last.is_there)
		start_chain(v, line, 0);
}

static void
take_next(struct verify *v, const struct chain_line *line)
{
	settle_as_guessed(v);
	note_numbers(v, line);
	note_bare(v);
}

/* Finds where the line belongs, and says what is wrong with that. */
static void
place_line(struct verify *v, const char *text, const struct chain_line *line,
    const unsigned char computed[CHAIN_SIZE], const unsigned char other[CHAIN_SIZE])
{
	const struct seen *before = &v->pending.before, *last = &v->last;

	if (last->is_there && is_same(computed, line->value)) {
		take_next(v, line);
	} else if (v->pending.is_there && is_same(other, line->value)) {
		settle(v, VERIFY_VALUE);
		take_next(v, line);
	} else if (verify_hash_begins_file(&v->hash, text, line)) {
		take_first(v, line);
	} else if (v->pending.is_there && before->is_there &&
	    verify_hash_comes_from(&v->hash, before->value, before->rest,
	    before->rest_length, text, line)) {
		skip_added(v);
		take_next(v, line);
	} else if (v->hash.bare.lines > 0 && last->is_there &&
	    verify_hash_comes_from(&v->hash, last->value, last->rest, last->rest_length,
	    text, line)) {
		bare_added(v);
		take_next(v, line);
	} else if (v->hash.bare.lines > 0 && line->has_prev &&
	    verify_hash_comes_from(&v->hash, line->prev, NULL, 0, text, line)) {
		bare_added(v);
		take_first(v, line);
	} else {
		take_misfit(v, line);
	}
}

static void
remember(struct verify *v, const struct record_line *at, const struct chain_line *line,
    const unsigned char computed[CHAIN_SIZE])
{
	struct seen *last = &v->last;

	*last = (struct seen){ .is_there = 1, .is_other = v->pending.is_there,
	    .place = { .file = v->file, .line = v->number, .seq = line->seq } };
	memcpy(last->place.time, line->time, sizeof(last->place.time));
	memcpy(last->value, line->value, CHAIN_SIZE);
	memcpy(last->should, computed, CHAIN_SIZE);
	last->rest_length = at->length - line->rest_at + 1;
	memcpy(last->rest, at->at + line->rest_at, last->rest_length - 1);
	last->rest[last->rest_length - 1] = '\n';
	if (v->result.records++ == 0)
		v->result.first = last->place;
	v->file_records++;
	v->count++;
	verify_hash_go_on(&v->hash, last->value,
	    v->pending.is_there ? last->should : NULL, last->rest, last->rest_length);
}

/* Since the last line that something vouches for, all may be another's. */
static void
deny(struct verify *v, enum verify_kind kind)
{
	const struct verify_place *vouched = &v->result.vouched;
	uint64_t good = vouched->file == v->file ? vouched->line : 0;
	struct verify_finding finding = { .kind = kind, .from = good + 1, .to = v->number,
	    .seq_from = v->last.place.seq, .seq_to = v->last.place.seq };

	if (v->pending.is_there)	/* the line is at fault already */
		return;
	if (finding.from < v->run_from)
		finding.from = v->run_from;
	if (finding.from > finding.to)	/* denied already, by something else */
		finding.from = finding.to;
	stop_run(v, &finding, good);
}

static void
vouch(struct verify *v)
{
	v->last.is_vouched = 1;
	v->result.vouched = v->last.place;
}

/* The chain holds, and so only the signature can be another than the one that is kept. */
static void
compare_sig(struct verify *v, const struct chain_line *line, const struct anchor *anchor)
{
	vouch(v);
	if (anchor->count != line->count || strcmp(anchor->sig, line->sig) != 0)
		mark(v, VERIFY_SIGNATURE, v->number, v->number, line->seq, line->seq);
}

/* What anchors that were kept elsewhere say of the line. */
static void
compare_anchors(struct verify *v, const struct chain_line *line)
{
	size_t count, found = 0;
	struct anchor *anchor = anchors_at(v->anchors, line->seq, &count);

	for (size_t i = 0; i < count; i++)
		if (is_same(anchor[i].value, line->value)) {
			found++;
			anchor[i].is_found = 1;
			compare_sig(v, line, &anchor[i]);
		}
	/* A later one may be of a chain that begins after it. */
	for (size_t i = 0; found == 0 && i < count; i++)
		if (is_missed(v, &anchor[i], NULL) &&
		    strcmp(anchor[i].time, line->time) <= 0) {
			anchor[i].is_reported = 1;
			deny(v, VERIFY_ANCHOR);
		}
}

static void
take_anchor(struct verify *v, const struct chain_line *line)
{
	struct verify_result *result = &v->result;

	result->anchors++;
	if (v->is_counted && line->count != v->count)
		mark(v, VERIFY_COUNT, v->number, v->number, line->count, v->count);
	v->count = line->count;
	v->is_counted = 1;
	if (line->sig[0] == '\0') {
		v->last.is_unsigned = v->key != NULL && result->is_signed > 0;
		return;
	}
	result->is_signed++;
	if (v->key == NULL)
		return;
	if (audit_key_check(v->key, line->seq, line->value, line->count, line->sig)) {
		result->is_right++;
		vouch(v);
	} else {
		deny(v, VERIFY_SIGNATURE);
	}
}

static void
take_chained(struct verify *v, const struct record_line *at,
    const struct chain_line *line)
{
	unsigned char computed[CHAIN_SIZE] = { 0 }, other[CHAIN_SIZE] = { 0 };

	verify_hash_end(&v->hash, at->at, line, computed, other);
	place_line(v, at->at, line, computed, other);
	remember(v, at, line, computed);
	if (v->anchors != NULL && line->has_seq)
		compare_anchors(v, line);
	if (line->is_anchor)
		take_anchor(v, line);
}

void
verify_line(struct verify *v, const struct record_line *at)
{
	struct chain_line line;
	int is_new = at->number != v->number;

	v->number = at->number;
	v->result.lines += (uint64_t)is_new;
	if (is_new && at->has_end && !at->is_part &&
	    chain_line_parse(at->at, at->length, &line))
		take_chained(v, at, &line);
	else
		verify_hash_bare(&v->hash, at, is_new);
}

/* Lines at the end of a file that no value covers. */
static void
end_bare(struct verify *v)
{
	const struct verify_bare *bare = &v->hash.bare;
	struct verify_finding finding = { .kind = VERIFY_BARE, .from = bare->from,
	    .to = v->number };

	if (bare->lines == 0)
		return;
	if (v->file_records == 0)
		finding.kind = VERIFY_EMPTY;
	else if (bare->lines == bare->torn + (uint64_t)bare->is_open)
		finding.kind = VERIFY_PARTIAL;
	stop_run(v, &finding, good_to(v, &v->last));
}

void
verify_file_end(struct verify *v, int is_read)
{
	const struct seen *last = &v->last;

	settle_as_guessed(v);
	end_bare(v);
	if (!is_read)
		mark(v, VERIFY_UNREADABLE, v->number + 1, v->number + 1, 0, 0);
	if (good_to(v, last) >= v->run_from)
		mark(v, VERIFY_GOOD, v->run_from, last->place.line, 0, 0);
	if (good_to(v, last) != 0 && last->is_unsigned && !last->is_vouched)
		mark(v, VERIFY_UNSIGNED, last->place.line, last->place.line,
		    last->place.seq, last->place.seq);
}

int
verify_last(const struct verify *v, unsigned char value_r[CHAIN_SIZE])
{
	if (!v->last.is_there)
		return 0;
	memcpy(value_r, v->last.value, CHAIN_SIZE);
	return 1;
}

/* Counts the anchors of the chain that no line agrees with; the highest tells the cut. */
static uint64_t
judge_anchors(struct verify *v, const char *until)
{
	uint64_t highest = 0;

	for (size_t i = 0; v->anchors != NULL && i < v->anchors->count; i++) {
		struct anchor *anchor = &v->anchors->list[i];
		struct verify_finding finding = { .kind = VERIFY_ANCHOR,
		    .file = v->last.place.file, .seq_from = anchor->seq,
		    .seq_to = anchor->seq };

		if (anchor->seq < v->start.seq || !is_missed(v, anchor, until))
			continue;
		anchor->is_reported = 1;
		if (anchor->seq > v->last.place.seq)
			highest = anchor->seq;
		else
			tell(v, &finding, 0);
	}
	return highest;
}

/* The chain that we are in is at its end. */
static void
end_chain(struct verify *v, const char *until)
{
	const struct verify_place *last = &v->last.place, *vouched = &v->result.vouched;
	uint64_t highest = judge_anchors(v, until);
	struct verify_finding finding = { .kind = VERIFY_CUT, .file = last->file,
	    .from = last->line, .to = last->line, .seq_from = last->seq + 1,
	    .seq_to = highest };

	if (highest == 0 && v->last.is_vouched)
		return;
	if (highest == 0) {
		finding.kind = VERIFY_UNANCHORED;
		finding.from = vouched->file == last->file ? vouched->line + 1 : 1;
		finding.seq_from = finding.seq_to = last->seq;
	}
	tell(v, &finding, 0);
}

int
verify_end(struct verify *v, struct verify_result *result)
{
	if (v->last.is_there)
		end_chain(v, NULL);
	else if (v->result.verdict == VERIFY_IS_GOOD)
		mark(v, VERIFY_EMPTY, 0, 0, 0, 0);
	for (size_t i = 0; v->anchors != NULL && i < v->anchors->count; i++) {
		v->result.found += (uint64_t)v->anchors->list[i].is_found;
		v->result.older += (uint64_t)!(v->anchors->list[i].is_found ||
		    v->anchors->list[i].is_reported);
	}
	v->result.last = v->last.place;
	*result = v->result;
	return v->hash.has_failed ? -1 : 0;
}
